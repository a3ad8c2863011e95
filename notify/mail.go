package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdmail "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"yunwei/defect"
	"yunwei/notice"
)

// mailTimeout bounds the dialogue up to the message, and again from there on.
const mailTimeout = 10 * time.Second

// Mail sends mail through an SMTP server, one connection a message.
type Mail struct {
	host    string
	from    *stdmail.Address
	options []mail.Option
	limit   notice.Limit
	now     func() time.Time
}

// Name implements Channel.
func (*Mail) Name() string { return notice.Mail }

// Traits implements Channel.
func (m *Mail) Traits() Traits { return Traits{Limit: m.limit, Personal: true} }

// Send implements Channel.
func (m *Mail) Send(ctx context.Context, message Message) error {
	letter, err := m.letter(message)
	if err != nil {
		return err
	}
	client, err := mail.NewClient(m.host, append(slices.Clip(m.options), mail.WithTimeout(timeLeft(ctx)))...)
	if err != nil {
		return failed(Refused, "the settings of mail: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return greeted(err)
	}
	defer func() { _ = client.CloseWithSMTPClient(conn) }() // the message is on its way or not, whatever the farewell
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	err = client.SendWithSMTPClient(conn, letter)
	if err == nil || letter.IsDelivered() {
		return nil
	}
	return delivered(err)
}

// timeLeft is how long each half of the dialogue may take: the library knows no deadline but this.
func timeLeft(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return mailTimeout
	}
	return min(mailTimeout, max(time.Millisecond, time.Until(deadline)/2))
}

// letter writes the message as mail. It is one that nobody shall answer automatically, and that the reader's mailbox
// recognises when it comes twice.
func (m *Mail) letter(message Message) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	letter.FromMailAddress(m.from)
	if err := letter.To(message.To...); err != nil || len(message.To) == 0 {
		return nil, failed(Permanent, "no mail address: %q", message.To)
	}
	letter.SetMessageIDWithValue(defect.Digest(message.Key) + "@" + domainOf(m.from.Address))
	letter.SetDateWithValue(m.now())
	letter.Subject(message.Subject)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetGenHeader("X-Auto-Response-Suppress", "All")
	for _, i := range message.Items {
		letter.SetGenHeader("X-Yunwei-Notice", append(letter.GetGenHeader("X-Yunwei-Notice"), i.Key())...)
	}
	letter.SetGenHeader(mail.HeaderContentLang, string(message.Language))
	letter.SetBodyString(mail.TypeTextPlain, message.Text+"\n")
	return letter, nil
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

// greeted says what an error before any message means: the server is away, or does not want us.
func greeted(err error) error {
	reply, ok := errors.AsType[*textproto.Error](err)
	switch {
	case ok && reply.Code >= 500 && reply.Code != 554:
		return failed(Refused, "the mail server does not let us in: %w", err)
	case isUntrusted(err), errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "does not support"):
		return failed(Refused, "the mail server does not fit its settings: %w", err)
	}
	return failed(Down, "the mail server: %w", err)
}

func isUntrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// delivered says what an error with the message means.
func delivered(err error) error {
	e, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return failed(Temporary, "mail: %w", err)
	}
	code, cause := e.ErrorCode(), oneLine(err)
	switch {
	case code == 421:
		return failed(Down, "mail: %w", cause)
	case code >= 500 && e.Reason == mail.ErrSMTPMailFrom:
		return failed(Refused, "the mail server does not take our sender: %w", cause)
	case code >= 500:
		return failed(Permanent, "mail: %w", cause)
	case code >= 400:
		return failed(Temporary, "mail: %w", cause)
	case e.Reason == mail.ErrSMTPDataClose:
		return failed(Unclear, "the mail server went away over the message: %w", cause)
	case e.Reason == mail.ErrConnCheck:
		return failed(Down, "mail: %w", cause)
	}
	return failed(Temporary, "mail: %w", cause)
}

// oneLine is an error without line breaks: replies of mail servers have them.
func oneLine(err error) error {
	return fmt.Errorf("%s", strings.Join(strings.Fields(err.Error()), " "))
}
