package e2e

import (
	"io"
	"net"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailbox is a real mail server that keeps what it takes.
type mailbox struct {
	mu     sync.Mutex
	got    []*mail.Message
	bodies []string
}

// NewSession implements smtp.Backend.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }

// Mail implements smtp.Session, as the following do.
func (*mailbox) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes every address.
func (*mailbox) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Reset has nothing to do.
func (*mailbox) Reset() {}

// Logout has nothing to do.
func (*mailbox) Logout() error { return nil }

// Data keeps the message.
func (m *mailbox) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got, m.bodies = append(m.got, message), append(m.bodies, string(body))
	return nil
}

// keys counts the messages by what they are known by.
func (m *mailbox) keys() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]int{}
	for _, message := range m.got {
		out[message.Header.Get("X-Yunwei-Notice")]++
	}
	return out
}

// serve takes mail at an address until the test ends.
func (m *mailbox) serve(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := smtp.NewServer(m)
	server.Domain = "mail.example.org"
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// TestNotices_AfterAnOutage: the mail server is away, the desk is killed meanwhile, and when both are back everything
// arrives once: the report, and the promise that broke meanwhile.
func TestNotices_AfterAnOutage(t *testing.T) {
	s := fresh(t)
	address := free(t)
	s.env = append(s.env, "YUNWEI_SMTP=smtp://"+address+"?from=desk@example.org&starttls=off", "YUNWEI_URL=https://desk.example.org")
	s.start(s.policy("2s", "1h", "1h")...)
	agent := s.as("agent")
	settings := fields{"language": "en", "ways": []fields{{"channel": "mail", "address": "agent@example.org"}}}
	require.Equal(t, http.StatusOK, agent.do(http.MethodPut, "/api/v1/me/notice-settings", settings).status)
	number := s.as("reporter").submit(report())
	require.Eventually(t, func() bool {
		a := s.as("admin").do(http.MethodGet, "/api/v1/notices?number="+number, nil)
		return strings.Contains(string(a.raw), `"state":"failed"`) && strings.Contains(string(a.raw), "down")
	}, waitLimit, waitTick, "what has not arrived is listed")
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(kinds(agent.events(number)), " "), "breach") }, waitLimit, waitTick)
	s.kill(syscall.SIGKILL)
	s.start()
	box := &mailbox{}
	box.serve(t, address)
	breach := ""
	require.Eventually(t, func() bool {
		keys := box.keys()
		for key := range keys {
			if key != number+".1.agent.mail" && strings.HasPrefix(key, number) {
				breach = key
			}
		}
		return keys[number+".1.agent.mail"] > 0 && breach != ""
	}, time.Minute, waitTick)
	agent = s.as("agent")
	require.Eventually(t, func() bool {
		a := s.as("admin").do(http.MethodGet, "/api/v1/notices?number="+number+"&state=pending,sending,failed,unknown,given_up", nil)
		return string(a.raw) == `{"items":[],"next":null}`
	}, startLimit, waitTick, "each at its next try, which comes later with every failure")
	for key, n := range box.keys() {
		require.Equal(t, 1, n, key)
	}
	inbox := agent.do(http.MethodGet, "/api/v1/me/notices", nil, "Accept-Language", "en")
	require.Contains(t, string(inbox.raw), "New case to acknowledge")
	require.Contains(t, string(inbox.raw), "Promise broken: response")
}

// TestNotify_Test sends one from the command line.
func TestNotify_Test(t *testing.T) {
	box, address := &mailbox{}, free(t)
	box.serve(t, address)
	cmd := exec.CommandContext(t.Context(), binary(t, "yunwei"), "notify", "test", "mail", "--to", "somebody@example.org")
	cmd.Env = append(os.Environ(), "YUNWEI_SMTP=smtp://"+address+"?from=desk@example.org&starttls=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "mail has taken the test\n", string(out))
	require.Len(t, box.keys(), 1)
}
