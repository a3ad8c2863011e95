package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/notice"
	"yunwei/notify"
)

// endpoint is an HTTP server that answers as its test says, and keeps what it was sent.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	header http.Header
	answer string
	got    []request
}

type request struct {
	*http.Request
	body []byte
	doc  map[string]any
}

func newEndpoint(t *testing.T, answer string) *endpoint {
	t.Helper()
	e := &endpoint{status: http.StatusOK, answer: answer, header: http.Header{}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		got := request{Request: r, body: body}
		_ = json.Unmarshal(body, &got.doc)
		e.got = append(e.got, got)
		for name, values := range e.header {
			w.Header()[name] = values
		}
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, e.answer)
	}))
	t.Cleanup(e.Close)
	return e
}

func TestDingTalk_SignsAndMentions(t *testing.T) {
	e := newEndpoint(t, `{"errcode":0,"errmsg":"ok"}`)
	c := channel(t, notify.Settings{DingTalk: e.URL + "/robot/send?access_token=token&secret=SEC123"})
	n := breach("agent", notice.DingTalk, "13800000000")
	n.Args[notice.ArgTitle] = "登录 @all {{.number}}"
	m := compose(c, n, breach("agent2", notice.DingTalk, "user-1"))
	require.NoError(t, c.Send(t.Context(), m))
	got := e.got[0]
	require.Equal(t, "application/json; charset=utf-8", got.Header.Get("Content-Type"))
	q := got.URL.Query()
	require.Equal(t, "token", q.Get("access_token"))
	require.False(t, q.Has("secret"), "the secret stays here")
	stamp := fmt.Sprint(monday.UnixMilli())
	require.Equal(t, stamp, q.Get("timestamp"))
	mac := hmac.New(sha256.New, []byte("SEC123"))
	mac.Write([]byte(stamp + "\nSEC123"))
	require.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), q.Get("sign"))
	require.Equal(t, "text", got.doc["msgtype"])
	require.Equal(t, map[string]any{"atMobiles": []any{"13800000000"}, "atUserIds": []any{"user-1"}, "isAtAll": false}, got.doc["at"])
	content := got.doc["text"].(map[string]any)["content"].(string)
	require.Contains(t, content, "响应时限已超过,到期时间为 2026-11-23 17:00。")
	require.Contains(t, content, "登录 @all {{.number}}", "what somebody wrote stays a text")
	require.Contains(t, content, "https://desk.example.org/defects/7K3M-Q9XT-WA5C")
	require.True(t, strings.HasSuffix(content, " @13800000000 @user-1"))
	require.Equal(t, 1, strings.Count(content, "已超时"), "one event is told once to a group")
}

func TestWeCom_AsDocumented(t *testing.T) {
	e := newEndpoint(t, `{"errcode":0,"errmsg":"ok"}`)
	c := channel(t, notify.Settings{WeCom: e.URL + "/cgi-bin/webhook/send?key=k"})
	require.NoError(t, c.Send(t.Context(), compose(c, breach("agent", notice.WeCom, "wangfang"))))
	text := e.got[0].doc["text"].(map[string]any)
	require.Equal(t, "text", e.got[0].doc["msgtype"])
	require.Equal(t, []any{"wangfang"}, text["mentioned_list"])
	require.Equal(t, []any{}, text["mentioned_mobile_list"])
	require.Equal(t, "k", e.got[0].URL.Query().Get("key"))
}

func TestFeishu_SignsAndKeepsTextsTexts(t *testing.T) {
	e := newEndpoint(t, `{"code":0,"msg":"success","data":{}}`)
	c := channel(t, notify.Settings{Feishu: e.URL + "/open-apis/bot/v2/hook/x?secret=s"})
	n := breach("agent", notice.Feishu, "ou_1")
	n.Language = "en"
	n.Args[notice.ArgTitle] = `<at user_id="all">`
	require.NoError(t, c.Send(t.Context(), compose(c, n)))
	doc := e.got[0].doc
	stamp := fmt.Sprint(monday.Unix())
	require.Equal(t, stamp, doc["timestamp"])
	require.Equal(t, base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(stamp+"\ns")).Sum(nil)), doc["sign"])
	require.Equal(t, "post", doc["msg_type"])
	post := doc["content"].(map[string]any)["post"].(map[string]any)["en_us"].(map[string]any)
	require.Contains(t, post["title"], "Promise broken")
	at := 0
	for _, line := range post["content"].([]any) {
		for _, part := range line.([]any) {
			switch part := part.(map[string]any); part["tag"] {
			case "at":
				require.Equal(t, "ou_1", part["user_id"])
				at++
			default:
				require.Equal(t, "text", part["tag"])
			}
		}
	}
	require.Equal(t, 1, at, "nothing that somebody wrote mentions anybody")
	require.Empty(t, e.got[0].URL.RawQuery)
}

func TestRobots_WhatACodeMeans(t *testing.T) {
	settings := map[string]func(url string) notify.Settings{
		notice.DingTalk: func(u string) notify.Settings { return notify.Settings{DingTalk: u} },
		notice.WeCom:    func(u string) notify.Settings { return notify.Settings{WeCom: u} },
		notice.Feishu:   func(u string) notify.Settings { return notify.Settings{Feishu: u} },
	}
	for name, c := range map[string]struct {
		channel, answer string
		status          int
		want            notify.Kind
	}{
		"DingTalk: too fast":        {notice.DingTalk, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`, 200, notify.Limited},
		"DingTalk: sign":            {notice.DingTalk, `{"errcode":310000,"errmsg":"sign not match"}`, 200, notify.Refused},
		"DingTalk: token":           {notice.DingTalk, `{"errcode":300001,"errmsg":"token is not exist"}`, 200, notify.Refused},
		"DingTalk: busy":            {notice.DingTalk, `{"errcode":-1,"errmsg":"系统繁忙"}`, 200, notify.Temporary},
		"DingTalk: what it says":    {notice.DingTalk, `{"errcode":430102,"errmsg":"含有不合适的文本"}`, 200, notify.Permanent},
		"WeCom: too fast":           {notice.WeCom, `{"errcode":45009,"errmsg":"api freq out of limit"}`, 200, notify.Limited},
		"WeCom: key":                {notice.WeCom, `{"errcode":93000,"errmsg":"invalid webhook url"}`, 200, notify.Refused},
		"WeCom: what it says":       {notice.WeCom, `{"errcode":40058,"errmsg":"invalid Request Parameter"}`, 200, notify.Permanent},
		"Feishu: too fast":          {notice.Feishu, `{"code":11232,"msg":"create message trigger rate limit"}`, 200, notify.Limited},
		"Feishu: too fast, as 400":  {notice.Feishu, `{"code":99991400,"msg":"request trigger frequency limit"}`, 400, notify.Limited},
		"Feishu: sign":              {notice.Feishu, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`, 200, notify.Refused},
		"Feishu: what it says":      {notice.Feishu, `{"code":9499,"msg":"Bad Request"}`, 200, notify.Permanent},
		"429":                       {notice.Feishu, ``, 429, notify.Limited},
		"away":                      {notice.DingTalk, `<html>`, 503, notify.Down},
		"broken":                    {notice.DingTalk, `oops`, 500, notify.Temporary},
		"gone":                      {notice.DingTalk, ``, 404, notify.Refused},
		"an answer that is none":    {notice.WeCom, `hello`, 200, notify.Unclear},
		"an answer without a code":  {notice.WeCom, `{}`, 200, notify.Unclear},
		"moved":                     {notice.WeCom, ``, 302, notify.Refused},
		"a code comes before an OK": {notice.WeCom, `{"errcode":45033,"errmsg":"concurrency"}`, 200, notify.Limited},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, c.answer)
			e.status = c.status
			e.header.Set("Location", "https://elsewhere.example.org")
			robot := channel(t, settings[c.channel](e.URL+"/send?access_token=geheim"))
			err := robot.Send(t.Context(), compose(robot, breach("agent", c.channel, "")))
			require.Error(t, err)
			require.Equal(t, c.want, notify.KindOf(err), err)
			require.NotContains(t, err.Error(), "geheim")
			require.Len(t, e.got, 1)
		})
	}
}

func TestWebhook_SignedAndRecognised(t *testing.T) {
	e := newEndpoint(t, "")
	c := channel(t, notify.Settings{Webhook: e.URL + "/notices?tenant=1", WebhookSecret: "geheim"})
	m := compose(c, breach("agent", notice.Webhook, "+8613800000000"))
	require.NoError(t, c.Send(t.Context(), m))
	got := e.got[0]
	require.Equal(t, "7K3M-Q9XT-WA5C.4.agent.webhook", got.Header.Get("Idempotency-Key"))
	stamp := got.Header.Get("X-Yunwei-Timestamp")
	require.Equal(t, fmt.Sprint(monday.Unix()), stamp)
	mac := hmac.New(sha256.New, []byte("geheim"))
	mac.Write([]byte(stamp + "." + string(got.body)))
	require.Equal(t, fmt.Sprintf("v1=%x", mac.Sum(nil)), got.Header.Get("X-Yunwei-Signature"))
	require.Equal(t, "1", got.URL.Query().Get("tenant"))
	require.Equal(t, []any{"+8613800000000"}, got.doc["to"])
	item := got.doc["notices"].([]any)[0].(map[string]any)
	require.Equal(t, "7K3M-Q9XT-WA5C", item["number"])
	require.Equal(t, "breach", item["topic"])
	require.InDelta(t, 2, item["severity"], 0)
	require.Equal(t, "agent", item["username"])
}

func TestWebhook_WhatAStatusMeans(t *testing.T) {
	for status, want := range map[int]notify.Kind{
		400: notify.Permanent, 401: notify.Refused, 403: notify.Refused, 404: notify.Refused, 408: notify.Temporary, 409: notify.Permanent, 413: notify.Permanent, 422: notify.Permanent,
		429: notify.Limited, 500: notify.Temporary, 502: notify.Down, 503: notify.Down, 504: notify.Down, 301: notify.Refused,
	} {
		e := newEndpoint(t, "")
		e.status = status
		e.header.Set("Retry-After", "90")
		c := channel(t, notify.Settings{Webhook: e.URL, WebhookSecret: "s"})
		err := c.Send(t.Context(), compose(c, breach("agent", notice.Webhook, "")))
		require.Equal(t, want, notify.KindOf(err), status)
		if want == notify.Limited {
			var f *notify.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, 90*time.Second, f.After)
		}
	}
}

func TestWebhook_AnAnswerThatIsLost(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	c := channel(t, notify.Settings{Webhook: s.URL + "/geheim", WebhookSecret: "s"})
	err := c.Send(t.Context(), compose(c, breach("agent", notice.Webhook, "")))
	require.Equal(t, notify.Unclear, notify.KindOf(err), err)
	require.NotContains(t, err.Error(), "geheim")
	s.Close()
	err = c.Send(t.Context(), compose(c, breach("agent", notice.Webhook, "")))
	require.Equal(t, notify.Down, notify.KindOf(err), err)
	require.NotContains(t, err.Error(), "geheim")
}

func TestSettings_WrongOnesAreNamedAndNotRepeated(t *testing.T) {
	const word = "geheim"
	for name, s := range map[string]notify.Settings{
		"smtp: another scheme":  {SMTP: "https://desk:" + word + "@mail.example.org?from=a@b.org"},
		"smtp: no sender":       {SMTP: "smtp://desk:" + word + "@mail.example.org"},
		"smtp: no host":         {SMTP: "smtp://?from=a@b.org"},
		"smtp: unreadable":      {SMTP: "smtp://desk:" + word + "%@mail.example.org"},
		"smtp: starttls":        {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&starttls=perhaps"},
		"smtp: no certificate":  {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&ca=/nowhere"},
		"smtp: port":            {SMTP: "smtp://desk:" + word + "@mail.example.org:99999?from=a@b.org"},
		"smtp: unknown":         {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&tls=none"},
		"smtp: unknown, secret": {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&geheim"},
		"smtp: twice":           {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&starttls=optional&starttls=off"},
		"smtp: a broken query":  {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&starttls=o%ff%;"},
		"smtp: broken and rate": {SMTP: "smtp://desk:" + word + "@mail.example.org?from=a@b.org&rate=5/1s&starttls=o%ff%;"},
		"smtp: both TLS":        {SMTP: "smtps://desk:" + word + "@mail.example.org?from=a@b.org&starttls=off"},
		"dingtalk: Rate":        {DingTalk: "https://oapi.dingtalk.com/robot/send?access_token=geheim&Rate=5/1s"},
		"feishu: secret twice":  {Feishu: "https://open.feishu.cn/open-apis/bot/v2/hook/geheim?secret=geheim&secret=b"},
		"dingtalk: no address":  {DingTalk: "geheim"},
		"dingtalk: rate":        {DingTalk: "https://oapi.dingtalk.com/robot/send?access_token=geheim&rate=fast"},
		"wecom: a password":     {WeCom: "https://a:" + word + "@qyapi.weixin.qq.com"},
		"feishu: no host":       {Feishu: "https:///geheim"},
		"webhook: not signed":   {Webhook: "https://gateway.example.org/geheim"},
		"webhook: not readable": {Webhook: "https://gateway example.org/geheim", WebhookSecret: "geheim"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := notify.Channels(s, time.Now)
			require.Error(t, err)
			flag, _, _ := strings.Cut(name, ":")
			require.Contains(t, err.Error(), "--"+flag)
			require.NotContains(t, err.Error(), "gehe")
		})
	}
}

func TestSettings_OfMailAllTogether(t *testing.T) {
	for _, query := range []string{"", "&starttls=optional", "&starttls=off&rate=20/1m"} {
		_, err := notify.Channels(notify.Settings{SMTP: "smtp://desk:p@mail.example.org?from=a@b.org" + query}, time.Now)
		require.NoError(t, err, query)
	}
	_, err := notify.Channels(notify.Settings{SMTP: "smtp://mail.example.org?from=a@b.org&tls=none"}, time.Now)
	require.EqualError(t, err, "--smtp: after the question mark, only these are known, each once: from, starttls, ca, rate")
}

func TestSettings_Rate(t *testing.T) {
	for rate, want := range map[string]notice.Limit{
		"":                {N: 18, Per: time.Minute, Burst: 3},
		"&rate=0":         {},
		"&rate=5/1s":      {N: 5, Per: time.Second, Burst: 1},
		"&rate=100%2F1m":  {N: 100, Per: time.Minute, Burst: 3},
		"&rate=20/1m30s":  {N: 20, Per: 90 * time.Second, Burst: 3},
		"&secret=s&x=y&z": {N: 18, Per: time.Minute, Burst: 3},
	} {
		c := channel(t, notify.Settings{DingTalk: "https://oapi.dingtalk.com/robot/send?access_token=t" + rate})
		require.Equal(t, want, c.Traits().Limit, rate)
	}
}
