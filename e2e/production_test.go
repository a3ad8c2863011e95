package e2e

import (
	"bufio"
	"encoding/base64"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProduction_ServeAndWorkers runs the production shape: migrate once, accounts by command, one process that serves and
// two that work, one of which is killed.
func TestProduction_ServeAndWorkers(t *testing.T) {
	temporal := temporalServer(t)
	dir := t.TempDir()
	env := []string{
		"YUNWEI_DATABASE=sqlite://" + filepath.Join(dir, "yunwei.db"), "YUNWEI_BLOB=file://" + filepath.Join(dir, "files"),
		"YUNWEI_TOKEN_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), "TEMPORAL_ADDRESS=" + temporal,
	}
	run := func(input string, args ...string) {
		t.Helper()
		status, _, errs := once(t, env, input, args...)
		require.Zero(t, status, errs)
	}
	run("", "migrate", "up")
	for _, name := range []string{"reporter", "agent", "technician", "supervisor"} {
		run(password+"\n", "user", "add", name, "--role", name)
	}
	s := &site{t: t, temporal: temporal, data: dir}
	require.Eventually(t, func() bool {
		cmd := exec.Command(binary(t, "temporal"), "operator", "search-attribute", "create", "--address", temporal,
			"--name", "Stage", "--type", "Keyword", "--name", "Category", "--type", "Keyword", "--name", "Assignee", "--type", "Keyword",
			"--name", "Severity", "--type", "Int", "--name", "NextDue", "--type", "Datetime", "--name", "Breached", "--type", "Bool")
		cmd.Env = cleanEnv()
		return cmd.Run() == nil
	}, waitLimit, waitTick)

	s.url = "http://" + background(t, env, "serving", "serve", "--http", freeAddress(t))
	first := daemon(t, env, "worker", "--metrics", freeAddress(t))
	workers := freeAddress(t)
	daemon(t, env, "worker", "--metrics", workers)

	reporter, agent, technician := s.as("reporter"), s.as("agent"), s.as("technician")
	number := reporter.submit(report())
	agent.must(number, "acknowledge", fields{"assignee": "technician"})
	require.NoError(t, first.Process.Kill())
	require.Eventually(t, func() bool {
		a := agent.act(number, "classify", fields{"category": "technical"})
		return a.status == http.StatusOK || a.text("code") == "wrong_stage" // the answer of the first try may have been lost
	}, startLimit, waitTick, "the other worker takes over")
	technician.must(number, "propose", fields{"cause": "c", "plan": "p"})
	require.NotEmpty(t, s.as("supervisor").read(number).text("sign_off_code"), "serve asks signals for a code")
	require.Equal(t, []string{"submit", "acknowledge", "classify", "propose"}, kinds(agent.events(number)))

	// Who looks at another process learns of it, too.
	other := "http://" + background(t, env, "serving", "serve", "--http", freeAddress(t))
	heard := follow(t, other, s.as("supervisor").token, number)
	agent.must(number, "comment", fields{"message": "m"})
	require.Equal(t, "5", <-heard)

	serving := scrape(t, s.url)
	require.InDelta(t, 1, serving[`yunwei_http_requests_total{method="POST",route="/api/v1/defects",status="201"}`], 0)
	require.InDelta(t, 1, serving[`yunwei_defects{severity="2",stage="sign_off"}`], 0)
	require.InDelta(t, 1, serving[`yunwei_promises_total{clock="plan",outcome="met"}`], 0)
	require.Positive(t, serving.sum("temporal_request", `operation="StartWorkflowExecution"`))
	require.Eventually(t, func() bool { return scrape(t, "http://"+workers).sum("yunwei_journal_lag_seconds_count") > 0 }, waitLimit, waitTick)
	working := scrape(t, "http://"+workers)
	require.Positive(t, working.sum("temporal_workflow_task_execution_latency_seconds_count"))
	require.Empty(t, working.of("yunwei_http_requests_total"), "it serves nobody")

	status, _, errs := once(t, append(env, "YUNWEI_TOKEN_KEY=short"), "", "serve")
	require.NotZero(t, status)
	require.Contains(t, errs, "token key")
}

// follow listens at a process, as a page does, for changes to a case, and passes on what is told.
func follow(t *testing.T, url, token, number string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/live?seq=4&number="+number, http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Cookie", "yunwei_session="+token)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() }) // which ends the reading
	require.Equal(t, http.StatusOK, resp.StatusCode)
	heard := make(chan string, 10)
	go func() {
		defer close(heard)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if seq, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				heard <- seq
			}
		}
	}()
	return heard
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// daemon starts a command that runs until the test ends.
func daemon(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary(t, "yunwei"), args...)
	cmd.Env = append(cleanEnv(), env...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	return cmd
}

// background starts a command whose last argument is its address, and waits until its log says a word.
func background(t *testing.T, env []string, word string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary(t, "yunwei"), args...)
	cmd.Env = append(cleanEnv(), env...)
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		told := false
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if !told && strings.Contains(lines.Text(), word) {
				told = true
				close(said)
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-done
		_ = cmd.Wait()
	})
	select {
	case <-said:
	case <-done:
		t.Fatalf("%v ended", args)
	}
	return args[len(args)-1]
}
