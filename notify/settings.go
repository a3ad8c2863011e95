package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	stdmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"yunwei/notice"
)

// Settings say which channels there are, each by a URL; an empty one is a channel that is not set up. Every URL may hold
// rate=N/DURATION, how many messages the channel takes, or rate=0, without a limit.
type Settings struct {
	// SMTP is smtp://user:password@host:587?from=ADDRESS, with STARTTLS, or smtps://… with TLS from the start. starttls=optional
	// and starttls=off are for servers within the house; ca=FILE names the certificates to trust.
	SMTP     string
	DingTalk string // the robot's address, with &secret= when it is to sign
	WeCom    string // the robot's address
	Feishu   string // the robot's address, with ?secret= when it is to sign
	Webhook  string
	// WebhookSecret signs what the webhook is sent.
	WebhookSecret string
}

// Channels returns the channels that are set up. An error says which setting is wrong, and repeats none of it.
func Channels(s Settings, now func() time.Time) ([]Channel, error) {
	p := poster{client: newHTTPClient(), now: now}
	var out []Channel
	for _, c := range []struct {
		flag, value string
		open        func(*url.URL) (Channel, error)
	}{
		{"smtp", s.SMTP, func(u *url.URL) (Channel, error) { return newMail(u, now) }},
		{"dingtalk", s.DingTalk, robotOf(newDingTalk, p)},
		{"wecom", s.WeCom, robotOf(newWeCom, p)},
		{"feishu", s.Feishu, robotOf(newFeishu, p)},
		{"webhook", s.Webhook, func(u *url.URL) (Channel, error) { return newHook(u, s.WebhookSecret, p) }},
	} {
		if c.value == "" {
			continue
		}
		u, err := url.Parse(c.value)
		if err != nil {
			return nil, fmt.Errorf("--%s is no URL; in user name and password, characters other than letters and digits are written as %%40 for @, %%2F for /, and so on", c.flag)
		}
		channel, err := c.open(u)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", c.flag, err)
		}
		out = append(out, channel)
	}
	return out, nil
}

// takeQuery takes a parameter out of a URL.
func takeQuery(u *url.URL, name string) string {
	q := u.Query()
	value := q.Get(name)
	if q.Has(name) {
		q.Del(name)
		u.RawQuery = q.Encode()
	}
	return value
}

// onlyKnown refuses a URL that says something which nobody would heed, and one that says something twice. The error repeats
// no name that is not known: it may hold a part of the password.
func onlyKnown(u *url.URL, names ...string) error {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("what follows the question mark is not written as name=value&name=value")
	}
	for name, values := range q {
		if !slices.Contains(names, name) || len(values) > 1 {
			return fmt.Errorf("after the question mark, only these are known, each once: %s", strings.Join(names, ", "))
		}
	}
	return nil
}

// takeLimit takes the limit out of a URL. It is nil when none is given.
func takeLimit(u *url.URL) (*notice.Limit, error) {
	text := takeQuery(u, "rate")
	switch text {
	case "":
		return nil, nil //nolint:nilnil // not given is not wrong
	case "0":
		return &notice.Limit{}, nil
	}
	count, per, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	span, spanErr := time.ParseDuration(per)
	if err != nil || spanErr != nil || n < 1 || span <= 0 {
		return nil, errors.New("rate is N/DURATION, such as 20/1m, or 0 for no limit")
	}
	const burst = 3
	return &notice.Limit{N: n, Per: span, Burst: min(burst, max(1, n/5))}, nil
}

type robotSettings struct {
	address, secret string
	limit           *notice.Limit
}

func (s robotSettings) limitOr(standard notice.Limit) notice.Limit {
	if s.limit != nil {
		return *s.limit
	}
	return standard
}

func robotOf(open func(robotSettings, poster) Channel, p poster) func(*url.URL) (Channel, error) {
	return func(u *url.URL) (Channel, error) {
		s, err := readHTTP(u)
		if err != nil {
			return nil, err
		}
		return open(s, p), nil
	}
}

func readHTTP(u *url.URL) (robotSettings, error) {
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return robotSettings{}, errors.New("the address begins with https:// and names a host")
	}
	// The address has parameters of its vendor; ours are told from them by their names alone.
	for name, values := range u.Query() {
		for _, ours := range []string{"rate", "secret"} {
			if strings.EqualFold(name, ours) && (name != ours || len(values) > 1) {
				return robotSettings{}, fmt.Errorf("%s is written in small letters, and once", ours)
			}
		}
	}
	limit, err := takeLimit(u)
	if err != nil {
		return robotSettings{}, err
	}
	secret := takeQuery(u, "secret")
	return robotSettings{address: u.String(), secret: secret, limit: limit}, nil
}

func newHook(u *url.URL, secret string, p poster) (Channel, error) {
	s, err := readHTTP(u)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		secret = s.secret
	}
	if secret == "" {
		return nil, errors.New("it is signed, and needs --webhook-secret")
	}
	return &Hook{address: s.address, secret: secret, limit: s.limitOr(notice.Limit{}), poster: p}, nil
}

const (
	portSubmission = 587
	portTLS        = 465
)

func newMail(u *url.URL, now func() time.Time) (Channel, error) {
	if err := onlyKnown(u, "from", "starttls", "ca", "rate"); err != nil {
		return nil, err
	}
	limit, err := takeLimit(u)
	if err != nil {
		return nil, err
	}
	if u.Hostname() == "" {
		return nil, errors.New("it names a host: smtp://user:password@host:587?from=ADDRESS")
	}
	from, err := stdmail.ParseAddress(u.Query().Get("from"))
	if err != nil {
		return nil, errors.New("from is the mail address that notices come from")
	}
	m := &Mail{host: u.Hostname(), from: from, now: now, options: []mail.Option{mail.WithoutNoop()}}
	if limit != nil {
		m.limit = *limit
	}
	if err := m.secure(u); err != nil {
		return nil, err
	}
	if user := u.User.Username(); user != "" {
		password, _ := u.User.Password()
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(user), mail.WithPassword(password))
	}
	return m, nil
}

// secure sets how the connection is made.
func (m *Mail) secure(u *url.URL) error {
	port := portSubmission
	switch {
	case u.Scheme == "smtps" && u.Query().Has("starttls"):
		return errors.New("starttls is for smtp://; smtps:// has TLS from the start")
	case u.Scheme == "smtps":
		port = portTLS
		m.options = append(m.options, mail.WithSSL())
	case u.Scheme != "smtp":
		return errors.New("it begins with smtp:// or smtps://")
	default:
		policies := map[string]mail.TLSPolicy{"": mail.TLSMandatory, "optional": mail.TLSOpportunistic, "off": mail.NoTLS}
		policy, ok := policies[u.Query().Get("starttls")]
		if !ok {
			return errors.New("starttls is optional or off; it is needed when nothing is said")
		}
		m.options = append(m.options, mail.WithTLSPolicy(policy))
	}
	if text := u.Port(); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			return errors.New("the port is none")
		}
		port = n
	}
	m.options = append(m.options, mail.WithPort(port))
	if file := u.Query().Get("ca"); file != "" {
		roots, err := trusted(file)
		if err != nil {
			return err
		}
		m.options = append(m.options, mail.WithTLSConfig(&tls.Config{ServerName: u.Hostname(), RootCAs: roots, MinVersion: tls.VersionTLS12}))
	}
	return nil
}

func trusted(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("read the certificates to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("ca names a file without a certificate")
	}
	return pool, nil
}
