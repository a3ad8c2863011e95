// Package e2e drives the real binary with the real Temporal dev server as its users do: over HTTP, the command line and
// the Temporal CLI. It knows none of the program's packages.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	password   = "correct horse battery"
	startLimit = 2 * time.Minute
	waitLimit  = 30 * time.Second
	waitTick   = 50 * time.Millisecond
)

var readyLine = regexp.MustCompile(`^ready: (http://\S+) temporal=(\S+) ui=(\S+)$`)

// binary returns the path of a built program: in the folder that YUNWEI_E2E_BIN names, or in bin.
func binary(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("YUNWEI_E2E_BIN")
	if folder == "" {
		folder = filepath.Join("..", "bin")
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	require.NoError(t, err)
	require.FileExists(t, path, "run `make build` first")
	return path
}

// site is a running `yunwei dev`.
type site struct {
	t        *testing.T
	data     string
	env      []string
	args     []string
	url      string
	temporal string
	cmd      *exec.Cmd
	stderr   *os.File
	exited   chan error
}

// fresh returns a site on a new data folder, not yet started.
func fresh(t *testing.T) *site {
	t.Helper()
	data := filepath.Join(t.TempDir(), "数据 100% & more?") // the names of folders are people's own
	require.NoError(t, os.MkdirAll(data, 0o700))
	return &site{t: t, data: data, env: []string{"YUNWEI_DEMO_PASSWORD=" + password}}
}

// start starts the site and waits for its ready line. It ends with the test.
func (s *site) start(args ...string) *site {
	s.t.Helper()
	if args != nil {
		s.args = args
	}
	line, err := s.launch()
	require.NoError(s.t, err, s.log())
	m := readyLine.FindStringSubmatch(line)
	require.NotNil(s.t, m, line)
	s.url, s.temporal = m[1], m[2]
	return s
}

// launch starts the process and returns the first line of its standard output.
func (s *site) launch() (string, error) {
	s.t.Helper()
	args := append([]string{"dev", "--data", s.data, "--http", "127.0.0.1:0", "--temporal-port", "0", "--temporal-ui-port", "0"}, s.args...)
	s.cmd = exec.Command(binary(s.t, "yunwei"), args...)
	s.cmd.Env = append(cleanEnv(), s.env...)
	out, err := s.cmd.StdoutPipe()
	require.NoError(s.t, err)
	s.stderr, err = os.OpenFile(filepath.Join(s.data, "stderr.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	require.NoError(s.t, err)
	s.cmd.Stderr = s.stderr
	require.NoError(s.t, s.cmd.Start())
	first, exited := make(chan string, 1), make(chan error, 1)
	s.exited = exited
	cmd := s.cmd
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			select {
			case first <- lines.Text():
			default:
			}
		}
		exited <- cmd.Wait()
		close(exited)
	}()
	s.t.Cleanup(func() { s.kill(syscall.SIGTERM) })
	select {
	case line := <-first:
		return line, nil
	case err := <-exited:
		return "", fmt.Errorf("ended before it was ready: %w", err)
	case <-time.After(startLimit):
		return "", fmt.Errorf("not ready after %v", startLimit)
	}
}

// cleanEnv is the environment without settings of ours and Temporal's.
func cleanEnv() []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "YUNWEI_") && !strings.HasPrefix(e, "TEMPORAL_") {
			out = append(out, e)
		}
	}
	return out
}

// kill ends the process and waits for its end.
func (s *site) kill(sig os.Signal) {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig)
	select {
	case <-s.exited:
	case <-time.After(startLimit):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	_ = s.stderr.Close()
}

// log returns what the process wrote to standard error, its end.
func (s *site) log() string {
	b, _ := os.ReadFile(filepath.Join(s.data, "stderr.log"))
	return string(b[max(0, len(b)-4000):])
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.raw) }

// get walks the body: get("reporter", "name").
func (a answer) get(path ...string) any {
	var v any = a.body
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func (a answer) text(path ...string) string { return fmt.Sprint(a.get(path...)) }

// person is somebody who is signed in.
type person struct {
	site  *site
	name  string
	token string
}

func (s *site) as(username string) *person {
	s.t.Helper()
	nobody := &person{site: s}
	a := nobody.do(http.MethodPost, "/api/v1/sessions", map[string]string{"username": username, "password": password})
	require.Equal(s.t, http.StatusCreated, a.status, a)
	return &person{site: s, name: username, token: a.text("token")}
}

// do makes a request; header holds names and values in turn. A body that is not text or bytes goes as JSON.
func (p *person) do(method, path string, body any, header ...string) answer {
	p.site.t.Helper()
	a, err := p.try(method, path, body, header...)
	require.NoError(p.site.t, err, p.site.log())
	return a
}

// try is do for when the other side may be gone.
func (p *person) try(method, path string, body any, header ...string) (answer, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.site.url+path, r)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			return a, fmt.Errorf("%w: %s", err, a.raw)
		}
	}
	return a, nil
}

// send sends a file of a name, with the texts of its form before it.
func (p *person) send(path, filename string, content []byte, texts fields) answer {
	p.site.t.Helper()
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	for name, text := range texts {
		require.NoError(p.site.t, m.WriteField(name, text.(string)))
	}
	part, err := m.CreateFormFile("file", filename)
	require.NoError(p.site.t, err)
	_, err = part.Write(content)
	require.NoError(p.site.t, err)
	require.NoError(p.site.t, m.Close())
	return p.do(http.MethodPost, path, form.Bytes(), "Content-Type", m.FormDataContentType())
}

type fields = map[string]any

// report is a submission that is taken as it is.
func report() fields {
	return fields{"title": "网络时断时续", "description": "上午起登录经常失败", "severity": 2, "system": "OA"}
}

// submit files a report and returns its number.
func (p *person) submit(f fields, header ...string) string {
	p.site.t.Helper()
	a := p.do(http.MethodPost, "/api/v1/defects", f, header...)
	require.Equal(p.site.t, http.StatusCreated, a.status, a)
	return a.text("number")
}

func (p *person) act(number, action string, f fields, header ...string) answer {
	p.site.t.Helper()
	return p.do(http.MethodPost, "/api/v1/defects/"+number+"/actions/"+action, f, header...)
}

// must is act for a step that is taken.
func (p *person) must(number, action string, f fields) answer {
	p.site.t.Helper()
	a := p.act(number, action, f)
	require.Equal(p.site.t, http.StatusOK, a.status, a)
	return a
}

func (p *person) read(number string) answer {
	p.site.t.Helper()
	a := p.do(http.MethodGet, "/api/v1/defects/"+number, nil)
	require.Equal(p.site.t, http.StatusOK, a.status, a)
	return a
}

// events returns the timeline of a case.
func (p *person) events(number string) []fields {
	p.site.t.Helper()
	a := p.do(http.MethodGet, "/api/v1/defects/"+number+"/events", nil)
	require.Equal(p.site.t, http.StatusOK, a.status, a)
	var out []fields
	items, ok := a.body["items"].([]any)
	require.True(p.site.t, ok, a)
	for i, item := range items {
		e, ok := item.(map[string]any)
		require.True(p.site.t, ok, a)
		require.InDelta(p.site.t, i+1, e["seq"], 0, "seq has a gap")
		out = append(out, e)
	}
	return out
}

// kinds returns the kinds of events.
func kinds(events []fields) []string {
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprint(e["kind"]))
	}
	return out
}

// temporalCLI runs the pinned Temporal CLI against the site's server.
func (s *site) temporalCLI(args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(s.t, "temporal"), append(args, "--address", s.temporal)...)
	cmd.Env = cleanEnv()
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, string(out))
	return string(out)
}

// policy writes a policy file and returns the arguments that choose it. Its promises are a few seconds long.
func (s *site) policy(response, plan, resolve string) []string {
	s.t.Helper()
	text, err := os.ReadFile("testdata/policy.yaml")
	require.NoError(s.t, err)
	r := strings.NewReplacer("RESPONSE", response, "PLAN", plan, "RESOLVE", resolve)
	file := filepath.Join(s.data, "policy.yaml")
	require.NoError(s.t, os.WriteFile(file, []byte(r.Replace(string(text))), 0o600))
	return []string{"--policy", file}
}
