// Command bench measures the real program against the bare minimum that Temporal could do, side by side on the same
// server in the same run, and prints both. It is no test: a figure that falls short is printed as it is.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

const clients = 16

// row is one line of the table.
type row struct {
	what         string
	ours, theirs string
	ratio        float64 // ours to theirs, or a figure against its bound; see wanted
	wanted       string
	ok           bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	only := flag.String("only", "", "names of parts to run, by commas: submissions, lives, promises, lists")
	rounds := flag.Int("rounds", 3, "how often the sides take turns")
	histories := flag.String("histories", "", "record histories into this folder instead, for the replay test")
	shape := flag.String("shape", "v1", "version of the recorded shape; a new one for a changed orchestration")
	rows := flag.Int("rows", 200_000, "cases in the large list")
	flag.Parse()
	if *histories != "" {
		return record(ctx, *histories, *shape)
	}
	wanted := func(part string) bool { return *only == "" || strings.Contains(","+*only+",", ","+part+",") }

	var table []row
	if wanted("submissions") || wanted("lives") || wanted("promises") {
		s, err := startSite(ctx)
		if err != nil {
			return err
		}
		defer s.stop()
		for _, part := range []struct {
			name    string
			measure func(context.Context, *site, int) ([]row, error)
		}{{"submissions", submissions}, {"lives", lives}, {"promises", promises}} {
			if !wanted(part.name) {
				continue
			}
			got, err := part.measure(ctx, s, *rounds)
			if err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
			table = append(table, got...)
		}
	}
	if wanted("lists") {
		got, err := lists(ctx, *rows)
		if err != nil {
			return fmt.Errorf("lists: %w", err)
		}
		table = append(table, got...)
	}
	return show(table)
}

func show(table []row) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nWHAT\tOURS\tTHE OTHER SIDE\tRATIO\tWANTED\t")
	for _, r := range table {
		verdict := "ok"
		if !r.ok {
			verdict = "FALLS SHORT"
		}
		ratio := "-"
		if r.ratio > 0 {
			ratio = fmt.Sprintf("%.2f", r.ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.ours, r.theirs, ratio, r.wanted, verdict)
	}
	return w.Flush()
}

// against makes a row of two rates.
func against(what string, ours, theirs, atLeast float64) row {
	ratio := ours / theirs
	return row{what: what, ours: fmt.Sprintf("%.1f/s", ours), theirs: fmt.Sprintf("%.1f/s", theirs), ratio: ratio, wanted: fmt.Sprintf(">= %.1f", atLeast), ok: ratio >= atLeast}
}

// site is a running `yunwei dev` on a folder of its own, and a Temporal client of the bench's.
type site struct {
	url     string
	client  client.Client
	command *exec.Cmd
	folder  string
	tokens  map[string]string
}

const demoPassword = "bench bench bench"

var readyLine = regexp.MustCompile(`^ready: (http://\S+) temporal=(\S+)`)

// startSite starts the built binary with any further arguments.
func startSite(ctx context.Context, args ...string) (*site, error) {
	folder, err := os.MkdirTemp("", "yunwei-bench-")
	if err != nil {
		return nil, err
	}
	args = append([]string{"dev", "--data", folder, "--http", "127.0.0.1:0", "--temporal-port", "0", "--temporal-ui-port", "0", "--log-level", "error"}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join("bin", "yunwei"), args...)
	cmd.Env = append(os.Environ(), "YUNWEI_DEMO_PASSWORD="+demoPassword)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start bin/yunwei (run `make build` first): %w", err)
	}
	s := &site{command: cmd, folder: folder, tokens: map[string]string{}}
	line, err := bufio.NewReader(out).ReadString('\n')
	m := readyLine.FindStringSubmatch(line)
	if err != nil || m == nil {
		s.stop()
		return nil, errors.New("bin/yunwei did not get ready")
	}
	s.url = m[1]
	s.client, err = client.Dial(client.Options{HostPort: m[2], Logger: quiet{}})
	if err != nil {
		s.stop()
		return nil, err
	}
	for _, name := range []string{"reporter", "agent", "technician", "supervisor", "liaison"} {
		if s.tokens[name], err = s.signIn(ctx, name); err != nil {
			s.stop()
			return nil, err
		}
	}
	return s, nil
}

func (s *site) stop() {
	if s.client != nil {
		s.client.Close()
	}
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait()
	_ = os.RemoveAll(s.folder)
}

// quiet is a logger that says nothing.
type quiet struct{}

var _ log.Logger = quiet{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// rate runs n jobs over the clients and returns how many a second were done.
func rate(ctx context.Context, n int, job func(ctx context.Context, i int) error) (float64, error) {
	began := time.Now()
	if err := spread(ctx, n, job); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
