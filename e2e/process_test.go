package e2e

import (
	"context"
	"database/sql"
	"encoding/base64"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// once runs a command that is expected to end by itself, and returns its exit status and what it said.
func once(t *testing.T, env []string, input string, args ...string) (int, string, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t, "yunwei"), args...)
	var out, errs strings.Builder
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = append(cleanEnv(), env...), strings.NewReader(input), &out, &errs
	err := cmd.Run()
	require.NoError(t, ctx.Err(), "it did not end")
	if err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestDev_WhenItCannotStart(t *testing.T) {
	var lc net.ListenConfig
	taken, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	bad := filepath.Join(dir, "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("name: x\ntimezone: here\n"), 0o600))
	lonely := filepath.Join(dir, "yunwei")
	program, err := os.ReadFile(binary(t, "yunwei"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(lonely, program, 0o700))

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"the HTTP port is taken":     {[]string{"--http", taken.Addr().String()}, "--http"},
		"the Temporal port is taken": {[]string{"--http", "127.0.0.1:0", "--temporal-port", port}, "--temporal-port"},
		"the UI port is taken":       {[]string{"--http", "127.0.0.1:0", "--temporal-port", "0", "--temporal-ui-port", port}, "--temporal-ui-port"},
		"the ports are one":          {[]string{"--http", "127.0.0.1:0", "--temporal-port", "7999", "--temporal-ui-port", "7999"}, "--temporal-port and --temporal-ui-port are both 7999"},
		"the folder is a file":       {[]string{"--data", file}, "--data"},
		"the policy is bad":          {[]string{"--policy", bad}, "bad.yaml:2"},
		"the policy is missing":      {[]string{"--policy", file + "x"}, "read the policy"},
		"an option is unknown":       {[]string{"--nonsense"}, "--nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"dev", "--data", filepath.Join(dir, "data")}, c.args...)
			status, out, errs := once(t, nil, "", args...)
			require.NotZero(t, status)
			require.Empty(t, out)
			require.Contains(t, errs, c.says)
		})
	}
	t.Run("the Temporal CLI is missing", func(t *testing.T) {
		cmd := exec.Command(lonely, "dev", "--data", filepath.Join(dir, "data"), "--http", "127.0.0.1:0")
		cmd.Env = []string{"PATH=" + dir, "HOME=" + dir}
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "Temporal CLI is missing")
		require.Equal(t, 1, strings.Count(strings.TrimSpace(string(out)), "\n")+1, "one clear line: %s", out)
	})
}

// TestDev_EndsWithAllItStarted: after SIGTERM and after SIGKILL nothing keeps the ports, and a second start goes on
// where the first was.
func TestDev_EndsWithAllItStarted(t *testing.T) {
	s := fresh(t).start()
	number := s.as("reporter").submit(report())
	require.NoError(t, filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var info fs.FileInfo
			info, err = d.Info()
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
		}
		return err
	}))
	token := s.as("agent").token
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		temporal := s.temporal
		s.kill(sig)
		require.Eventually(t, func() bool {
			conn, err := net.DialTimeout("tcp", temporal, time.Second)
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		}, waitLimit, waitTick, "Temporal still answers after %v", sig)
		s.start()
		agent := &person{site: s, name: "agent", token: token} // the same password as before ends no session
		require.Equal(t, "submitted", agent.read(number).text("stage"))
	}
}

// TestDev_WhenTheFirstStartWasCutShort: a database that the Temporal server had begun to make, and no more, is made anew.
func TestDev_WhenTheFirstStartWasCutShort(t *testing.T) {
	for name, begun := range map[string]string{"before the schema": "", "in the schema": "CREATE TABLE namespaces (id INTEGER)"} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.Join(s.data, "temporal.db")}).String())
			require.NoError(t, err)
			_, err = db.Exec("PRAGMA journal_mode = wal;" + begun)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			s.start().as("reporter").submit(report())
		})
	}
}

// TestDev_TwoBesideEachOther: any two run on different folders and ports, none on one folder.
func TestDev_TwoBesideEachOther(t *testing.T) {
	one, two := fresh(t).start(), fresh(t).start()
	number := one.as("reporter").submit(report())
	require.Equal(t, http.StatusNotFound, two.as("agent").do(http.MethodGet, "/api/v1/defects/"+number, nil).status)
	status, _, errs := once(t, nil, "", "dev", "--data", one.data, "--http", "127.0.0.1:0", "--temporal-port", "0", "--temporal-ui-port", "0")
	require.NotZero(t, status)
	require.Contains(t, errs, "another yunwei runs on the data folder")
}

// TestMigrate_UpAndDownOnAFile: every step can be taken and taken back, one at a time; what is there stays, `status` says
// how far it is, and a process whose tables lack a step is not ready until it is taken.
func TestMigrate_UpAndDownOnAFile(t *testing.T) {
	dir := t.TempDir()
	env := []string{
		"YUNWEI_DATABASE=sqlite://" + filepath.Join(dir, "yunwei.db"), "YUNWEI_BLOB=file://" + dir,
		"YUNWEI_TOKEN_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), "TEMPORAL_ADDRESS=" + freeAddress(t),
	}
	run := func(args ...string) string {
		t.Helper()
		status, out, errs := once(t, env, "a long password\n", args...)
		require.Zero(t, status, errs)
		return out
	}
	status := func() (done, pending int) {
		t.Helper()
		out := run("migrate", "status")
		for line := range strings.Lines(out) {
			require.Regexp(t, `^(done|pending) +\d{5} \w+\.sql\n$`, line)
			if strings.HasPrefix(line, "done") {
				require.Zero(t, pending, "a step is done that follows one that is not: %s", out)
				done++
			} else {
				pending++
			}
		}
		return done, pending
	}
	done, all := status()
	require.Zero(t, done)
	require.Positive(t, all)
	run("migrate", "up")
	run("migrate", "up") // again does nothing
	done, pending := status()
	require.Equal(t, []int{all, 0}, []int{done, pending})
	run("user", "add", "zhang", "--role", "agent")

	run("migrate", "down")
	done, pending = status()
	require.Equal(t, []int{all - 1, 1}, []int{done, pending})
	s := &site{t: t, data: dir, url: "http://" + background(t, env, "serving", "serve", "--http", freeAddress(t))}
	database := func() answer {
		t.Helper()
		list, _ := (&person{site: s}).do(http.MethodGet, "/readyz", nil).get("dependencies").([]any)
		for _, one := range list {
			if d := (answer{body: one.(map[string]any)}); d.text("name") == "database" {
				return d
			}
		}
		require.Fail(t, "it says nothing of the database")
		return answer{}
	}
	require.Equal(t, "false", database().text("ok"))
	run("migrate", "up")
	require.Equal(t, "true", database().text("ok"))
	require.Contains(t, run("user", "list"), "zhang", "what was there stays")

	for range all {
		run("migrate", "down")
	}
	done, pending = status()
	require.Equal(t, []int{0, all}, []int{done, pending})
	failed, _, errs := once(t, env, "", "migrate", "down")
	require.NotZero(t, failed)
	require.Contains(t, errs, "no step is done")
	run("migrate", "up")
	_, pending = status()
	require.Zero(t, pending)
}

func TestCommands_OnTheirOwnDatabase(t *testing.T) {
	env := []string{"YUNWEI_DATABASE=sqlite://" + filepath.Join(t.TempDir(), "yunwei.db")}
	run := func(input string, args ...string) string {
		t.Helper()
		status, out, errs := once(t, env, input, args...)
		require.Zero(t, status, errs)
		return out
	}
	run("", "migrate", "up")
	require.NotContains(t, run("", "migrate", "status"), "pending")
	run("a long password\n", "user", "add", "zhang", "--name", "张三", "--role", "agent,liaison")
	require.Contains(t, run("", "user", "list"), "zhang")
	run("another password\n", "user", "passwd", "zhang")
	run("", "user", "disable", "zhang")
	require.Contains(t, run("", "user", "list"), "disabled")
	require.Contains(t, run("", "version"), "yunwei")

	for name, c := range map[string]struct {
		input string
		args  []string
		says  string
	}{
		"the password is short":  {"short\n", []string{"user", "add", "li", "--role", "agent"}, "8"},
		"the account exists":     {"a long password\n", []string{"user", "add", "zhang", "--role", "agent"}, "exists"},
		"the account is unknown": {"", []string{"user", "disable", "nobody"}, "no account"},
		"the role is unknown":    {"a long password\n", []string{"user", "add", "li", "--role", "king"}, "role"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, errs := once(t, env, c.input, c.args...)
			require.NotZero(t, status)
			require.Contains(t, errs, c.says)
			require.NotContains(t, errs, "a long password")
		})
	}
}
