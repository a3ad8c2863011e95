//go:build !linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// startBound starts a process. Only Linux ends it when this one is killed; elsewhere it has to be ended by hand then.
func startBound(cmd *exec.Cmd) (<-chan error, error) {
	ended := make(chan error, 1)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		ended <- cmd.Wait()
		close(ended)
	}()
	return ended, nil
}

// lockFile takes a file for this process until the file is closed or the process ends.
func lockFile(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}
