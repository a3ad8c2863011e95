package e2e

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// TestPromise_BrokenWhileTheProcessWasDown: a promise that fell due over a SIGKILL is broken once, at its due time, and
// says how late that was noticed; one that still runs is kept.
func TestPromise_BrokenWhileTheProcessWasDown(t *testing.T) {
	s := fresh(t)
	s.start(s.policy("4s", "1h", "2h")...)
	agent := s.as("agent")
	number := s.as("reporter").submit(report())
	due := parseTime(t, answer{body: firstClock(t, agent.read(number))}.text("due_at"))
	s.kill(syscall.SIGKILL)
	waitUntil(t, due.Add(time.Second))

	s.start()
	agent = s.as("agent")
	require.Eventually(t, func() bool { return answer{body: firstClock(t, agent.read(number))}.text("state") == "breached" }, waitLimit, waitTick)
	clock := firstClock(t, agent.read(number))
	require.Equal(t, clock["due_at"], clock["breached_at"])
	require.Greater(t, clock["late_by"], 0.5)
	require.Eventually(t, func() bool { return len(agent.events(number)) >= 3 }, waitLimit, waitTick)
	require.Equal(t, []string{"submit", "breach", "escalation"}, kinds(agent.events(number)), "no warning for a promise that broke meanwhile")

	agent.must(number, "acknowledge", fields{})
	require.Equal(t, "breached", firstClock(t, agent.read(number))["state"], "met late stays breached")
	require.NotNil(t, firstClock(t, agent.read(number))["met_at"])
}

func firstClock(t *testing.T, a answer) map[string]any {
	t.Helper()
	clocks, ok := a.get("clocks").([]any)
	require.True(t, ok, a)
	c, ok := clocks[0].(map[string]any)
	require.True(t, ok, a)
	return c
}

func parseTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at
}

func waitUntil(t *testing.T, at time.Time) {
	t.Helper()
	require.Eventually(t, func() bool { return time.Now().After(at) }, time.Until(at)+waitLimit, waitTick)
}

// TestKill_UnderLoad: whatever was acknowledged before a SIGKILL is there exactly once after the restart.
func TestKill_UnderLoad(t *testing.T) {
	s := fresh(t).start()
	var mu sync.Mutex
	acked := map[string][]string{} // number -> kinds that were acknowledged
	reporter, agent := s.as("reporter"), s.as("agent")
	enough := make(chan struct{})
	var load sync.WaitGroup
	for worker := range 6 {
		load.Go(func() {
			for i := range 200 {
				a, err := reporter.try(http.MethodPost, "/api/v1/defects", report(), "Idempotency-Key", fmt.Sprintf("%d-%d", worker, i))
				if err != nil || a.status != http.StatusCreated {
					return
				}
				number := a.text("number")
				mu.Lock()
				acked[number] = []string{"submit"}
				if len(acked) == 30 {
					close(enough)
				}
				mu.Unlock()
				a, err = agent.try(http.MethodPost, "/api/v1/defects/"+number+"/actions/acknowledge", fields{})
				if err != nil || a.status != http.StatusOK {
					return
				}
				mu.Lock()
				acked[number] = append(acked[number], "acknowledge")
				mu.Unlock()
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(startLimit):
		t.Fatal("the load did not get going: " + s.log())
	}
	s.kill(syscall.SIGKILL)
	load.Wait()

	s.start()
	agent = s.as("agent")
	for number, want := range acked {
		got := kinds(agent.events(number))
		require.Equal(t, want, got[:len(want)])
		require.LessOrEqual(t, len(got), 2, "an unanswered step may be there, once")
	}
}

// TestKey_RepeatedAfterTheRestart: the same key of the same caller is the same case, another body is refused.
func TestKey_RepeatedAfterTheRestart(t *testing.T) {
	s := fresh(t).start()
	number := s.as("reporter").submit(report(), "Idempotency-Key", "k1")
	s.kill(syscall.SIGKILL)
	s.start()
	reporter := s.as("reporter")
	again := reporter.do(http.MethodPost, "/api/v1/defects", report(), "Idempotency-Key", "k1")
	require.Equal(t, http.StatusOK, again.status, again)
	require.Equal(t, number, again.text("number"))
	other := report()
	other["title"] = "another"
	require.Equal(t, http.StatusUnprocessableEntity, reporter.do(http.MethodPost, "/api/v1/defects", other, "Idempotency-Key", "k1").status)
	require.NotEqual(t, number, s.as("agent").submit(report(), "Idempotency-Key", "k1"), "a key is its caller's")
}

// gate is a TCP proxy that can be shut, or fall silent: what is said to it then is taken, and nobody answers.
type gate struct {
	mu     sync.Mutex
	target string
	open   bool
	silent bool
	conns  map[net.Conn]bool
	l      net.Listener
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{target: target, open: true, conns: map[net.Conn]bool{}, l: l}
	var done sync.WaitGroup
	done.Go(g.accept)
	t.Cleanup(func() {
		_ = l.Close()
		g.shut()
		done.Wait()
	})
	return g
}

func (g *gate) accept() {
	for {
		in, err := g.l.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		open, silent := g.open, g.silent
		if open && silent {
			g.conns[in] = true
		}
		g.mu.Unlock()
		if !open {
			_ = in.Close()
			continue
		}
		if silent {
			continue
		}
		var d net.Dialer
		out, err := d.DialContext(context.Background(), "tcp", g.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		g.mu.Lock()
		g.conns[in], g.conns[out] = true, true
		g.mu.Unlock()
		go g.pipe(in, out)
		go g.pipe(out, in)
	}
}

func (g *gate) pipe(from, to net.Conn) {
	_, _ = io.Copy(muffled{to, g}, from)
	_, _ = from.Close(), to.Close()
}

// muffled is the side of a gate that hears nothing while the gate is silent.
type muffled struct {
	io.Writer
	gate *gate
}

// Write implements io.Writer.
func (m muffled) Write(b []byte) (int, error) {
	m.gate.mu.Lock()
	silent := m.gate.silent
	m.gate.mu.Unlock()
	if silent {
		return len(b), nil
	}
	return m.Writer.Write(b)
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = false
	for c := range g.conns {
		_ = c.Close()
	}
	clear(g.conns)
}

// silence leaves connections as they are, and lets nothing through any more.
func (g *gate) silence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent = true
}

// reopen lets new connections through. Those that met silence are cut: what was said there is lost.
func (g *gate) reopen() {
	g.shut()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.silent = true, false
}

// mysqlGate returns the URL of a new, empty database behind a gate, on the first server that YUNWEI_TEST_MYSQL names.
func mysqlGate(t *testing.T) (*gate, string) {
	t.Helper()
	servers := strings.FieldsFunc(os.Getenv("YUNWEI_TEST_MYSQL"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(servers) == 0 {
		require.Empty(t, os.Getenv("CI"), "CI starts a server")
		t.Skip("YUNWEI_TEST_MYSQL names no server; .ci/run starts one")
	}
	u, err := url.Parse(servers[0])
	require.NoError(t, err)
	name := fmt.Sprintf("yunwei_e2e_%d", time.Now().UnixNano())
	secret, _ := u.User.Password()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = u.User.Username(), secret, "tcp", u.Host
	connector, err := mysql.NewConnector(cfg)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	_, err = db.ExecContext(context.Background(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = db.ExecContext(context.Background(), "DROP DATABASE "+name)
		_ = db.Close()
	})
	g := newGate(t, u.Host)
	u.Host, u.Path = g.l.Addr().String(), "/"+name
	return g, u.String()
}

// TestDatabaseDown_StepsGoOn: with SQL away, submissions, steps and reads of one case succeed, lists answer 503, and all
// of it shows once SQL is back.
func TestDatabaseDown_StepsGoOn(t *testing.T) {
	g, database := mysqlGate(t)
	s := fresh(t)
	s.start("--database", database)
	reporter, agent := s.as("reporter"), s.as("agent")
	before := reporter.submit(report())

	g.shut()
	began := time.Now()
	during := reporter.submit(report(), "Idempotency-Key", "while-away")
	require.Equal(t, during, reporter.do(http.MethodPost, "/api/v1/defects", report(), "Idempotency-Key", "while-away").text("number"))
	require.Equal(t, "analysis", agent.must(before, "acknowledge", fields{"assignee": "technician"}).text("stage"))
	require.Equal(t, "analysis", agent.must(during, "acknowledge", fields{}).text("stage"))
	require.Equal(t, "analysis", agent.read(before).text("stage"))
	list := agent.do(http.MethodGet, "/api/v1/defects", nil)
	require.Equal(t, http.StatusServiceUnavailable, list.status, list)
	require.NotEmpty(t, list.header.Get("Retry-After"))
	require.Less(t, time.Since(began), 20*time.Second, "nothing waits for SQL")
	ready := agent.do(http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusServiceUnavailable, ready.status, ready)

	g.reopen()
	require.Eventually(t, func() bool {
		a := agent.do(http.MethodGet, "/api/v1/defects?stage=analysis", nil)
		return a.status == http.StatusOK && a.text("total") == "2"
	}, waitLimit, waitTick)
	require.Equal(t, []string{"submit", "acknowledge"}, kinds(agent.events(during)))
}

// TestDatabaseSilent_StepsGoOn: a database whose server takes what it is told and never answers is worse than one that is
// away, and is borne as well: lists are refused within seconds, steps and reads of one case go on, and all of it shows
// once the database answers.
func TestDatabaseSilent_StepsGoOn(t *testing.T) {
	g, database := mysqlGate(t)
	s := fresh(t)
	s.start("--database", database)
	reporter, agent := s.as("reporter"), s.as("agent")
	before := reporter.submit(report())

	g.silence()
	timed := func(what string, limit time.Duration, do func()) {
		t.Helper()
		began := time.Now()
		do()
		t.Logf("%s: %v", what, time.Since(began))
		require.Less(t, time.Since(began), limit, what)
	}
	list := func() {
		t.Helper()
		a := agent.do(http.MethodGet, "/api/v1/defects", nil)
		require.Equal(t, http.StatusServiceUnavailable, a.status, a)
		require.NotEmpty(t, a.header.Get("Retry-After"))
		require.Equal(t, "unavailable", a.text("code"))
	}
	timed("the first list", 12*time.Second, list)
	during := ""
	timed("a report", 12*time.Second, func() { during = reporter.submit(report(), "Idempotency-Key", "while-silent") })
	timed("a step", 12*time.Second, func() {
		require.Equal(t, "analysis", agent.must(before, "acknowledge", fields{"assignee": "technician"}).text("stage"))
	})
	timed("a step of the new case", 12*time.Second, func() {
		require.Equal(t, "analysis", agent.must(during, "acknowledge", fields{}).text("stage"))
	})
	timed("a case", 12*time.Second, func() { require.Equal(t, "analysis", agent.read(before).text("stage")) })
	timed("twenty lists at once", 12*time.Second, func() {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if a, err := agent.try(http.MethodGet, "/api/v1/defects", nil); err != nil || a.status != http.StatusServiceUnavailable {
					t.Error(a, err)
				}
			})
		}
		all.Wait()
	})
	timed("readiness", 5*time.Second, func() {
		require.Equal(t, http.StatusServiceUnavailable, agent.do(http.MethodGet, "/readyz", nil).status)
	})
	timed("life", time.Second, func() { require.Equal(t, http.StatusOK, agent.do(http.MethodGet, "/healthz", nil).status) })

	g.reopen()
	require.Eventually(t, func() bool {
		a := agent.do(http.MethodGet, "/api/v1/defects?stage=analysis", nil)
		return a.status == http.StatusOK && a.text("total") == "2"
	}, startLimit, waitTick)
	require.Equal(t, []string{"submit", "acknowledge"}, kinds(agent.events(during)))
	require.Equal(t, []string{"submit", "acknowledge"}, kinds(agent.events(before)))
}

// TestDatabaseSilent_FromTheStart: a process that comes up before its database answers serves, is not ready, and refuses
// within seconds what it cannot know, on the pages too.
func TestDatabaseSilent_FromTheStart(t *testing.T) {
	g := newGate(t, "")
	g.silence()
	dir := t.TempDir()
	env := []string{
		"YUNWEI_DATABASE=mysql://yunwei:secret@" + g.l.Addr().String() + "/yunwei", "YUNWEI_BLOB=file://" + dir,
		"YUNWEI_TOKEN_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), "TEMPORAL_ADDRESS=" + temporalServer(t),
	}
	s := &site{t: t, data: dir, url: "http://" + background(t, env, "serving", "serve", "--http", freeAddress(t))}
	nobody := &person{site: s}
	began := time.Now()
	require.Equal(t, http.StatusOK, nobody.do(http.MethodGet, "/healthz", nil).status)
	require.Equal(t, http.StatusServiceUnavailable, nobody.do(http.MethodGet, "/readyz", nil).status)
	a := nobody.do(http.MethodPost, "/api/v1/sessions", fields{"username": "agent", "password": password})
	require.Equal(t, http.StatusServiceUnavailable, a.status, a)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NotContains(t, string(a.raw), "secret")
	require.Equal(t, http.StatusOK, nobody.do(http.MethodGet, "/sign-in", nil).status)
	require.Less(t, time.Since(began), 12*time.Second)
}

// TestTemporalDown_NothingHalfDone: with Temporal away a submission and a step are refused with 503 and Retry-After,
// reading goes on, and afterwards nothing of the refused is there.
func TestTemporalDown_NothingHalfDone(t *testing.T) {
	g := newGate(t, temporalServer(t))
	s := fresh(t)
	s.env = append(s.env, "TEMPORAL_ADDRESS="+g.l.Addr().String())
	s.start()
	reporter, agent := s.as("reporter"), s.as("agent")
	number := reporter.submit(report())

	g.shut()
	for _, a := range []answer{reporter.do(http.MethodPost, "/api/v1/defects", report()), agent.act(number, "acknowledge", fields{})} {
		require.Equal(t, http.StatusServiceUnavailable, a.status, a)
		require.NotEmpty(t, a.header.Get("Retry-After"))
		require.Equal(t, "unavailable", a.text("code"))
	}
	require.Equal(t, "submitted", agent.read(number).text("stage"))

	g.reopen()
	var again answer
	require.Eventually(t, func() bool {
		again = agent.act(number, "acknowledge", fields{}, "Idempotency-Key", "k") // what a try without an answer did counts
		return again.status == http.StatusOK
	}, startLimit, waitTick, "%v", &again) // connections come back after a pause of up to ten seconds
	require.Equal(t, "1", agent.do(http.MethodGet, "/api/v1/defects", nil).text("total"))
	require.Equal(t, []string{"submit", "acknowledge"}, kinds(agent.events(number)))
}

// temporalServer starts a dev server in memory and returns its address.
func temporalServer(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	cmd := exec.Command(binary(t, "temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", port, "--log-level", "error")
	cmd.Env = cleanEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address := net.JoinHostPort("127.0.0.1", port)
	require.Eventually(t, func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		return err == nil && conn.Close() == nil
	}, waitLimit, waitTick)
	return address
}
