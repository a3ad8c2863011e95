package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	enums "go.temporal.io/api/enums/v1"
	namespace "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"yunwei/contract"
	"yunwei/store"
)

const (
	// retention is how long Temporal shows a case that has ended. The store keeps it for ever.
	retention = 90 * 24 * time.Hour
	// serverPatience is how long the dev server may take to answer, and to end.
	serverPatience = 60 * time.Second
	// temporalDatabase is the dev server's file in the data folder.
	temporalDatabase = "temporal.db"
	// maxLaunches bounds how often it is started where any free ports will do.
	maxLaunches = 5
)

// temporalServer is the Temporal that dev works with: its own child, or one that was there (process nil).
type temporalServer struct {
	address   string // "" leaves it to Temporal's own variables
	ui        string
	namespace string
	process   *os.Process
	exit      <-chan error
	logFile   string
}

// startTemporal starts the dev server, unless TEMPORAL_ADDRESS names one. What it needs is looked at first.
func (s devCommand) startTemporal(ctx context.Context, p *parts, folder *dataFolder) (*temporalServer, error) {
	ns := or(os.Getenv("TEMPORAL_NAMESPACE"), "default")
	if address := os.Getenv("TEMPORAL_ADDRESS"); address != "" {
		return &temporalServer{namespace: ns, address: address}, nil
	}
	binary, err := findTemporal()
	if err != nil {
		return nil, err
	}
	if err := dropUnfinished(ctx, folder.path(temporalDatabase)); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		t, err := s.launchTemporal(ctx, p, folder, binary, ns)
		// A port that was free a moment ago may be somebody else's by now; another may do where any will.
		if anyPort := s.TemporalPort == 0 || s.TemporalUIPort == 0; !errors.Is(err, errEnded) || !anyPort || attempt == maxLaunches {
			return t, err
		}
	}
}

// errEnded says that the dev server ended by itself.
var errEnded = errors.New("temporal ended")

func (s devCommand) launchTemporal(ctx context.Context, p *parts, folder *dataFolder, binary, ns string) (*temporalServer, error) {
	port, err := freePort(ctx, "temporal-port", s.TemporalPort)
	if err != nil {
		return nil, err
	}
	uiPort, err := freePort(ctx, "temporal-ui-port", s.TemporalUIPort)
	if err != nil {
		return nil, err
	}
	t := &temporalServer{
		namespace: ns, logFile: folder.path("temporal.log"),
		address: net.JoinHostPort("127.0.0.1", port), ui: "http://" + net.JoinHostPort("127.0.0.1", uiPort),
	}
	log, err := os.OpenFile(t.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the log of Temporal: %w", err)
	}
	defer log.Close()                                            // the child has its own
	cmd := exec.Command(binary, serverArgs(ns, port, uiPort)...) //nolint:gosec,noctx // our own CLI; it is ended by us, in order
	cmd.Dir = folder.root                                        // it names its database by a URL that it does not escape: a path would be cut at its first "?"
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, withoutTemporal(os.Environ())
	if t.exit, err = startBound(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	t.process = cmd.Process
	p.onClose(t.stop)
	if err := t.await(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// dropUnfinished removes a dev server's database whose making was cut short: the server would take the file for a whole
// one and never start again. Its namespace is made last, and without one it cannot have held anything.
func dropUnfinished(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if whole, err := store.SQLiteHas(ctx, path, "namespaces"); err != nil || whole {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an unfinished database: %w", err)
		}
	}
	return nil
}

// serverArgs: on loopback, histories flushed to disk before they are acknowledged, activities started with the workflow
// task that asked for them.
func serverArgs(ns, port, uiPort string) []string {
	return []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--port", port, "--ui-ip", "127.0.0.1", "--ui-port", uiPort, "--namespace", ns,
		"--db-filename", temporalDatabase, "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2",
		"--dynamic-config-value", "system.enableActivityEagerExecution=true",
		"--dynamic-config-value", "frontend.namespaceRPS=10000",
		// Tasks that wait go by the priority of their case.
		"--dynamic-config-value", "matching.useNewMatcher=true",
		"--log-level", "warn", "--log-format", "json",
	}
}

// withoutTemporal keeps the variables that are meant for our client from the server.
func withoutTemporal(env []string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, "TEMPORAL_") {
			out = append(out, e)
		}
	}
	return out
}

// findTemporal returns the Temporal CLI: the one beside this program, or the one on PATH.
func findTemporal() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "temporal")
		if info, err := os.Stat(beside); err == nil && !info.IsDir() {
			return beside, nil
		}
	}
	onPath, err := exec.LookPath("temporal")
	if err != nil {
		return "", errors.New("the Temporal CLI is missing: `make build` puts it beside this program; one on PATH will do as well; or name a server with TEMPORAL_ADDRESS")
	}
	return onPath, nil
}

// freePort returns the port, any free one for 0, or an error when it is taken.
func freePort(ctx context.Context, flag string, port int) (string, error) {
	l, err := listen(ctx, flag, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return "", err
	}
	_, free, err := net.SplitHostPort(l.Addr().String())
	return free, errors.Join(err, l.Close())
}

// await waits until the server takes connections, or has ended.
func (t *temporalServer) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	for {
		var d net.Dialer
		if conn, err := d.DialContext(ctx, "tcp", t.address); err == nil {
			return conn.Close()
		}
		select {
		case <-t.exit:
			return t.failure()
		case <-ctx.Done():
			return fmt.Errorf("temporal did not answer on %s in %v: see %s", t.address, serverPatience, t.logFile)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ended is closed, or gives a value, when the child ends; it never does for a server that is not ours.
func (t *temporalServer) ended() <-chan error { return t.exit }

// failure says what the child said last.
func (t *temporalServer) failure() error {
	b, err := os.ReadFile(t.logFile)
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if err != nil || len(lines) == 0 {
		return fmt.Errorf("%w: see %s", errEnded, t.logFile)
	}
	return fmt.Errorf("%w: %s (see %s)", errEnded, lines[len(lines)-1], t.logFile)
}

// stop ends the child, in order while it listens, and by force when it does not.
func (t *temporalServer) stop() error {
	if err := t.process.Signal(syscall.SIGTERM); err != nil {
		return nil //nolint:nilerr // it has ended already
	}
	select {
	case <-t.exit:
	case <-time.After(serverPatience / 4):
		if err := t.process.Kill(); err == nil {
			<-t.exit
		}
	}
	return nil
}

// prepare brings the namespace to what cases need: search attributes, and ended cases that stay visible. A server that is
// not ours keeps its own retention.
func (t *temporalServer) prepare(ctx context.Context, p *parts) error {
	return patiently(ctx, p.log, "prepare Temporal's namespace", func(ctx context.Context) error {
		if err := addAttributes(ctx, p.client, t.namespace); err != nil {
			return err
		}
		if t.process == nil {
			return nil
		}
		_, err := p.client.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: t.namespace,
			Config:    &namespace.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
		})
		return err
	})
}

func addAttributes(ctx context.Context, c client.Client, ns string) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: ns})
	if err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	missing := map[string]enums.IndexedValueType{}
	for name, kind := range contract.AttributeTypes() {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: ns, SearchAttributes: missing})
	if _, ok := errors.AsType[*serviceerror.AlreadyExists](err); ok || err == nil {
		return nil
	}
	return fmt.Errorf("search attributes: %w", err)
}
