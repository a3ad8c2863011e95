package notify_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"yunwei/lang"
	"yunwei/notice"
	"yunwei/notify"
)

// mailServer is a real SMTP server, told by its tests how to behave.
type mailServer struct {
	t        *testing.T
	server   *smtp.Server
	address  string
	ca       string // file with its certificate
	implicit bool

	mu     sync.Mutex
	refuse map[string]*smtp.SMTPError // by command: auth, mail, rcpt, data
	only   string                     // the address that rcpt refuses; all when empty
	drop   int                        // how many messages it takes and goes away over
	got    []letter
}

type letter struct {
	from, to string
	*mail.Message
	body string
}

// mailOption changes a server before it starts.
type mailOption func(*mailServer)

func plainText(m *mailServer) { m.server.TLSConfig, m.server.AllowInsecureAuth = nil, true }
func fromStart(m *mailServer) { m.implicit = true }

func newMailServer(t *testing.T, options ...mailOption) *mailServer {
	t.Helper()
	m := &mailServer{t: t, refuse: map[string]*smtp.SMTPError{}}
	m.server = smtp.NewServer(m)
	m.server.Domain, m.server.ReadTimeout, m.server.WriteTimeout = "mail.example.org", 10*time.Second, 10*time.Second
	m.server.ErrorLog = quiet{}
	m.server.TLSConfig, m.ca = certificate(t)
	for _, o := range options {
		o(m)
	}
	m.start("127.0.0.1:0")
	t.Cleanup(m.stop)
	return m
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (m *mailServer) start(address string) {
	m.t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(m.t, err)
	m.address = l.Addr().String()
	if m.implicit {
		l = tls.NewListener(l, m.server.TLSConfig)
	}
	go func() { _ = m.server.Serve(l) }()
}

func (m *mailServer) stop() { _ = m.server.Close() }

// again starts a stopped server at its old address.
func (m *mailServer) again() {
	m.t.Helper()
	old := m.server
	m.server = smtp.NewServer(m)
	m.server.Domain, m.server.TLSConfig, m.server.AllowInsecureAuth, m.server.ErrorLog = old.Domain, old.TLSConfig, old.AllowInsecureAuth, quiet{}
	m.start(m.address)
}

func (m *mailServer) refuses(command string, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse[command] = &smtp.SMTPError{Code: code, Message: "not now\nnot so"}
	if code == 0 {
		delete(m.refuse, command)
	}
}

func (m *mailServer) letters() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letter{}, m.got...)
}

// NewSession implements smtp.Backend.
func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &mailSession{server: m, conn: c}, nil
}

type mailSession struct {
	server   *mailServer
	conn     *smtp.Conn
	from, to string
}

func (s *mailSession) asked(command string) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if e := s.server.refuse[command]; e != nil {
		return e
	}
	return nil
}

func (*mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if err := s.asked("auth"); err != nil {
			return err
		}
		if user != "desk" || password != "geheim" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.asked("mail")
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.server.only != "" && s.server.only != to {
		return nil
	}
	return s.asked("rcpt")
}

func (s *mailSession) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	if err := s.asked("data"); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.got = append(s.server.got, letter{s.from, s.to, message, string(body)})
	if s.server.drop > 0 {
		s.server.drop--
		return errors.Join(s.conn.Conn().Close(), errors.New("gone"))
	}
	return nil
}

func (*mailSession) Reset()        {}
func (*mailSession) Logout() error { return nil }

// certificate makes one for 127.0.0.1, and a file that says to trust it.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, file
}

// channel opens the one channel that settings set up.
func channel(t *testing.T, s notify.Settings) notify.Channel {
	t.Helper()
	list, err := notify.Channels(s, func() time.Time { return monday })
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

// Monday, 17:00 at the site.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// breach is a notice that a promise was broken.
func breach(username, channel, address string) notice.Notice {
	return notice.Notice{
		About: "7K3M-Q9XT-WA5C", Seq: 4, Severity: 2, At: monday, Topic: notice.Breach, Username: username, Channel: channel, Address: address, State: notice.Sending, Tries: 1, Since: monday,
		Args: notice.Args{
			notice.ArgTitle: "登录失败", notice.ArgSystem: "OA", notice.ArgClock: "response", notice.ArgDueAt: "2026-11-23T17:00:00+08:00", notice.ArgAt: "2026-11-23T17:00:02+08:00",
		},
	}
}

func compose(c notify.Channel, notices ...notice.Notice) notify.Message {
	m, _ := notify.Writer{URL: "https://desk.example.org"}.Compose(notices, c.Traits())
	return m
}

func (m *mailServer) url(scheme, more string) string {
	return scheme + "://desk:geheim@" + m.address + "?from=%E8%BF%90%E7%BB%B4+%3Cdesk@example.org%3E&ca=" + m.ca + more
}

func TestMail_ArrivesAndIsRecognised(t *testing.T) {
	for name, c := range map[string]struct {
		options []mailOption
		scheme  string
	}{
		"STARTTLS":           {nil, "smtp"},
		"TLS from the start": {[]mailOption{fromStart}, "smtps"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newMailServer(t, c.options...)
			mails := channel(t, notify.Settings{SMTP: server.url(c.scheme, "")})
			m := compose(mails, breach("agent", notice.Mail, "agent@example.org"))
			require.NoError(t, mails.Send(t.Context(), m))
			require.NoError(t, mails.Send(t.Context(), m), "a second time")
			got := server.letters()
			require.Len(t, got, 2)
			require.Equal(t, "desk@example.org", got[0].from)
			require.Equal(t, "agent@example.org", got[0].to)
			require.Equal(t, got[0].Header.Get("Message-ID"), got[1].Header.Get("Message-ID"))
			require.Regexp(t, `^<[A-Za-z0-9_-]{24}@example\.org>$`, got[0].Header.Get("Message-ID"))
			require.Equal(t, "auto-generated", got[0].Header.Get("Auto-Submitted"))
			require.Equal(t, "7K3M-Q9XT-WA5C.4.agent.mail", got[0].Header.Get("X-Yunwei-Notice"))
			subject, err := new(mime.WordDecoder).DecodeHeader(got[0].Header.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, "[2级] 已超时:响应 7K3M-Q9XT-WA5C 登录失败", subject)
			other := compose(mails, breach("agent2", notice.Mail, "agent2@example.org"))
			require.NoError(t, mails.Send(t.Context(), other))
			require.NotEqual(t, got[0].Header.Get("Message-ID"), server.letters()[2].Header.Get("Message-ID"))
		})
	}
}

func TestMail_WhatAFailureMeans(t *testing.T) {
	for name, c := range map[string]struct {
		command string
		code    int
		want    notify.Kind
	}{
		"an unknown mailbox":      {"rcpt", 550, notify.Permanent},
		"a full mailbox":          {"rcpt", 452, notify.Temporary},
		"greylisted":              {"rcpt", 451, notify.Temporary},
		"a refused text":          {"data", 554, notify.Permanent},
		"a busy server":           {"data", 451, notify.Temporary},
		"our sender is not taken": {"mail", 553, notify.Refused},
		"a sender to try later":   {"mail", 451, notify.Temporary},
		"closing":                 {"mail", 421, notify.Down},
		"a wrong password":        {"auth", 535, notify.Refused},
		"auth to try later":       {"auth", 454, notify.Down},
	} {
		t.Run(name, func(t *testing.T) {
			server := newMailServer(t)
			server.refuses(c.command, c.code)
			mails := channel(t, notify.Settings{SMTP: server.url("smtp", "")})
			err := mails.Send(t.Context(), compose(mails, breach("agent", notice.Mail, "agent@example.org")))
			require.Error(t, err)
			require.Equal(t, c.want, notify.KindOf(err), err)
			require.NotContains(t, err.Error(), "geheim")
			require.NotContains(t, err.Error(), "\n")
			require.Empty(t, server.letters())
		})
	}
}

func TestMail_WhenTheServerIsNotAsExpected(t *testing.T) {
	m := func(c notify.Channel) notify.Message {
		return compose(c, breach("agent", notice.Mail, "agent@example.org"))
	}
	kind := func(c notify.Channel) notify.Kind {
		err := c.Send(t.Context(), m(c))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "geheim")
		return notify.KindOf(err)
	}
	plain := newMailServer(t, plainText)
	require.Equal(t, notify.Refused, kind(channel(t, notify.Settings{SMTP: plain.url("smtp", "")})), "the password is not sent in clear")
	within := channel(t, notify.Settings{SMTP: "smtp://" + plain.address + "?from=desk@example.org&starttls=off"})
	require.NoError(t, within.Send(t.Context(), m(within)))

	server := newMailServer(t)
	untrusted := "smtp://desk:geheim@" + server.address + "?from=desk@example.org"
	require.Equal(t, notify.Refused, kind(channel(t, notify.Settings{SMTP: untrusted})))

	mails := channel(t, notify.Settings{SMTP: server.url("smtp", "")})
	server.mu.Lock()
	server.drop = 1
	server.mu.Unlock()
	require.Equal(t, notify.Unclear, kind(mails), "it went away over the message, and may have taken it")
	require.Len(t, server.letters(), 1)

	bad := compose(mails, breach("agent", notice.Mail, "no address"))
	require.Equal(t, notify.Permanent, notify.KindOf(mails.Send(t.Context(), bad)))
	server.stop()
	require.Equal(t, notify.Down, kind(mails))
}

func TestMail_EndsWithItsDeadline(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	require.NoError(t, err)
	defer l.Close()
	mails := channel(t, notify.Settings{SMTP: "smtp://" + l.Addr().String() + "?from=desk@example.org&starttls=off"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err = mails.Send(ctx, compose(mails, breach("agent", notice.Mail, "agent@example.org")))
	require.Equal(t, notify.Down, notify.KindOf(err))
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestMail_InTheReadersLanguage(t *testing.T) {
	server := newMailServer(t)
	mails := channel(t, notify.Settings{SMTP: server.url("smtp", "")})
	n := breach("agent", notice.Mail, "agent@example.org")
	n.Language = "en"
	m := compose(mails, n)
	require.Equal(t, lang.English, m.Language)
	require.NoError(t, mails.Send(t.Context(), m))
	got := server.letters()[0]
	require.Equal(t, "en", got.Header.Get("Content-Language"))
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "[S2] Promise broken: response 7K3M-Q9XT-WA5C 登录失败", subject)
}
