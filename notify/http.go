package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	httpTimeout = 15 * time.Second
	maxAnswer   = 64 << 10
)

// newHTTPClient returns a client that follows nobody: an address that moved is a setting to mend, and what is sent is not
// for somebody else.
func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // the standard library says that it is one
	transport.MaxIdleConnsPerHost = 8
	return &http.Client{
		Transport:     transport,
		Timeout:       httpTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// poster posts JSON.
type poster struct {
	client *http.Client
	now    func() time.Time
}

// post sends a body and returns the answer of one who took it over HTTP, which says nothing of what it made of it. The
// address, which holds a token, is in no error.
func (p poster) post(ctx context.Context, address string, header http.Header, body []byte) ([]byte, error) {
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) { written.Store(i.Err == nil) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, failed(Refused, "the address is none")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, unanswered(err, written.Load())
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, unanswered(err, true)
	}
	return answer, p.refused(resp)
}

// unanswered says what it means that no answer came.
func unanswered(err error, written bool) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if written {
		return failed(Unclear, "no answer: %w", err)
	}
	return failed(Down, "cannot be reached: %w", err)
}

// refused says what a status means; nil for success.
func (p poster) refused(resp *http.Response) error {
	status := resp.StatusCode
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests:
		return &Failure{Kind: Limited, After: p.retryAfter(resp), cause: errors.New(resp.Status)}
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return failed(Down, "%s", resp.Status)
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return failed(Temporary, "%s", resp.Status)
	case status < 400, status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return failed(Refused, "%s", resp.Status)
	}
	return failed(Permanent, "%s", resp.Status)
}

// maxRetryAfter bounds how long a channel can ask to be left alone.
const maxRetryAfter = time.Hour

func (p poster) retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), maxRetryAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(p.now())), maxRetryAfter)
	}
	return 0
}

// robot is a group robot: JSON over HTTP, and an answer whose code, not its status, tells success.
type robot struct {
	name    string
	traits  Traits
	address string
	secret  string
	poster  poster
	// request returns the address to post to and what to post.
	request func(r *robot, m Message) (string, any)
	kinds   map[int]Kind // of codes that are not permanent
}

// Name implements Channel.
func (r *robot) Name() string { return r.name }

// Traits implements Channel.
func (r *robot) Traits() Traits { return r.traits }

// Send implements Channel.
func (r *robot) Send(ctx context.Context, m Message) error {
	address, doc := r.request(r, m)
	body, err := json.Marshal(doc)
	if err != nil {
		return failed(Permanent, "write the message: %w", err)
	}
	answer, err := r.poster.post(ctx, address, nil, body)
	if code := codeOf(answer); code != nil && *code != 0 {
		return r.code(*code, textOf(answer))
	} else if err == nil && code == nil {
		return failed(Unclear, "an answer that is none")
	}
	return err
}

// code says what the code of an answer means.
func (r *robot) code(code int, text string) error {
	kind, ok := r.kinds[code]
	if !ok {
		kind = Permanent
	}
	f := failed(kind, "%d %s", code, clip(text, 200))
	if kind == Limited {
		f.After = r.traits.Limit.Per // its penalty lasts longer when it is tried sooner
	}
	return f
}

// robotAnswer is what the three answer with, under one name or another.
type robotAnswer struct {
	ErrCode *int   `json:"errcode"` // DingTalk, WeCom
	Code    *int   `json:"code"`    // Feishu
	ErrMsg  string `json:"errmsg"`
	Msg     string `json:"msg"`
}

func codeOf(answer []byte) *int {
	var a robotAnswer
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil
	}
	if a.ErrCode != nil {
		return a.ErrCode
	}
	return a.Code
}

func textOf(answer []byte) string {
	var a robotAnswer
	if err := json.Unmarshal(answer, &a); err != nil {
		return ""
	}
	return a.ErrMsg + a.Msg
}

// whole is subject and text as one, for robots that know no subject.
func whole(m Message) string { return fmt.Sprintf("%s\n\n%s", m.Subject, m.Text) }
