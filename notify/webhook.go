package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"yunwei/defect"
	"yunwei/notice"
)

// The headers of a webhook. The signature is "v1=" and the hexadecimal HMAC-SHA256, under the secret, of the timestamp
// (seconds since 1970), a dot and the body.
const (
	HeaderKey       = "Idempotency-Key"
	HeaderTimestamp = "X-Yunwei-Timestamp"
	HeaderSignature = "X-Yunwei-Signature"
)

// Hook posts messages as JSON to a gateway of the site: for text messages, telephone calls and whatever else.
type Hook struct {
	address string
	secret  string
	limit   notice.Limit
	poster  poster
}

// Name implements Channel.
func (*Hook) Name() string { return notice.Webhook }

// Traits implements Channel.
func (h *Hook) Traits() Traits { return Traits{Limit: h.limit, Personal: true} }

// hookBody is what a webhook is sent.
type hookBody struct {
	Key      string     `json:"key"`
	To       []string   `json:"to"`
	Language string     `json:"language"`
	Subject  string     `json:"subject"`
	Text     string     `json:"text"`
	Notices  []hookItem `json:"notices"`
}

type hookItem struct {
	Key      string          `json:"key"`
	Username string          `json:"username"`
	Number   string          `json:"number"`
	Topic    notice.Topic    `json:"topic"`
	Severity defect.Severity `json:"severity"`
	At       time.Time       `json:"at"`
	Subject  string          `json:"subject"`
	Text     string          `json:"text"`
	Link     string          `json:"link"`
}

// Send implements Channel.
func (h *Hook) Send(ctx context.Context, m Message) error {
	doc := hookBody{Key: m.Key, To: append([]string{}, m.To...), Language: string(m.Language), Subject: m.Subject, Text: m.Text}
	for _, i := range m.Items {
		doc.Notices = append(doc.Notices, hookItem{
			Key: i.Key(), Username: i.Username, Number: i.Number(), Topic: i.Topic, Severity: i.Severity, At: i.At, Subject: i.Subject, Text: i.Text, Link: i.Link,
		})
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return failed(Permanent, "write the message: %w", err)
	}
	stamp := strconv.FormatInt(h.poster.now().Unix(), 10)
	header := http.Header{}
	header.Set(HeaderKey, m.Key)
	header.Set(HeaderTimestamp, stamp)
	header.Set(HeaderSignature, Sign(h.secret, stamp, body))
	_, err = h.poster.post(ctx, h.address, header, body)
	return err
}

// Sign returns the signature of a webhook's body.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
