package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts a process that ends with this one, also when this one is killed. Linux binds a child's life to the
// thread that started it, so that a thread is kept for it.
func startBound(cmd *exec.Cmd) (<-chan error, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // of its own group: Ctrl-C is ours to pass on
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
			close(ended)
		}
	}()
	return ended, <-started
}

// lockFile takes a file for this process until the file is closed or the process ends.
func lockFile(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}
