package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/notice"
)

// noticeFake is what the desk does about everybody's notices, and about how somebody wants to be told.
type noticeFake struct {
	asked    desk.NoticeQuery
	none     bool
	retried  []int64
	settings notice.Settings
	refused  error
}

func (f *fakeConsole) MayReadNotices(by desk.Caller) error {
	if !by.Has(defect.RoleAdmin, defect.RoleAuditor) {
		return apperr.New(apperr.Forbidden, apperr.ReasonNoticeRole, apperr.Args{"roles": "@role.admin,@role.auditor"})
	}
	return nil
}

func (f *fakeConsole) MayRetryNotices(by desk.Caller) error {
	if !by.Has(defect.RoleAdmin) {
		return apperr.New(apperr.Forbidden, apperr.ReasonNoticeRole, apperr.Args{"roles": "@role.admin"})
	}
	return nil
}

func (f *fakeConsole) Notices(_ context.Context, by desk.Caller, q desk.NoticeQuery) (desk.NoticePage, error) {
	f.noticeFake.asked = q
	if err := f.MayReadNotices(by); err != nil || f.none {
		return desk.NoticePage{}, err
	}
	n := notice.Notice{
		ID: 7, About: firstNumber, Seq: 3, Severity: 2, At: now, Topic: notice.Breach, Username: "agent", Channel: notice.Mail, Address: "a@example.org", State: notice.Failed, Tries: 2,
		Error: "down: <refused>", DueAt: now.Add(time.Minute), CreatedAt: now,
		Args: notice.Args{notice.ArgTitle: "登录<b>", notice.ArgSystem: "OA", notice.ArgClock: "plan", notice.ArgDueAt: "2026-11-23T17:00:00+08:00", notice.ArgAt: "2026-11-23T17:00:05+08:00"},
	}
	sent := n
	sent.ID, sent.State, sent.Channel, sent.Error = 6, notice.Sent, notice.Inbox, ""
	return desk.NoticePage{Items: []notice.Notice{n, sent}, Next: 6}, nil
}

func (f *fakeConsole) RetryNotice(_ context.Context, by desk.Caller, id int64) (notice.Notice, error) {
	if err := f.MayRetryNotices(by); err != nil {
		return notice.Notice{}, err
	}
	f.retried = append(f.retried, id)
	return notice.Notice{}, f.refused
}

func (f *fakeConsole) NoticeSettings(context.Context, desk.Caller) (notice.Settings, error) {
	return f.settings, f.away
}

func (f *fakeConsole) SetNoticeSettings(_ context.Context, _ desk.Caller, s notice.Settings) error {
	if f.refused == nil {
		f.settings = s
	}
	return f.refused
}

func TestNotices_SpeakBothLanguages(t *testing.T) {
	f, h := newSite(t)
	f.settings = notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: "a@example.org"}}, Quiet: []notice.Quiet{{From: 1320, To: 420}}}
	for language, says := range map[string][]string{
		"zh": {"未送达,将重试", "已试 2 次", "电子邮件", "站内", "登录&lt;b&gt;", "down: &lt;refused&gt;", "服务台", "立即重发"},
		"en": {"failed, tried again", "tried 2 times", "mail", "inbox", "Send again now"},
	} {
		for username := range people {
			b := as(t, h, username, language)
			for _, target := range []string{"/notices", "/notices?state=sent", "/notices?number=x", "/account/notices", "/account/notices?did=saved"} {
				w := b.get(target)
				page := w.Body.String()
				require.NotContains(t, []int{500, 303}, w.Code, target)
				require.Empty(t, rawKey.FindString(page), "%s of %s in %s", target, username, language)
				require.NotContains(t, page, "no value", target)
				require.NotContains(t, page, "ZgotmplZ", target)
			}
		}
		page := as(t, h, "admin", language).get("/notices").Body.String()
		for _, text := range says {
			require.Contains(t, page, text, language)
		}
	}
}

func TestNotices_ForWhomTheyAre(t *testing.T) {
	f, h := newSite(t)
	for username, status := range map[string]int{"admin": 200, "auditor": 200, "agent": 403, "reporter": 403} {
		require.Equal(t, status, as(t, h, username, "zh").get("/notices").Code, username)
	}
	require.NotContains(t, as(t, h, "auditor", "zh").get("/notices").Body.String(), "/retry")
	require.Equal(t, http.StatusForbidden, as(t, h, "auditor", "zh").post("/notices/7/retry", nil).Code)
	require.Empty(t, f.retried)
	require.Contains(t, as(t, h, "auditor", "zh").get("/manage").Body.String(), `href="/notices"`)
}

func TestNotices_FiltersStandInTheAddressAndStayAfterARetry(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "admin", "zh")
	number := defect.NewNumber([8]byte{1})
	page := b.get("/notices?state=failed&channel=mail&username=Agent&number=" + number + "&after=9").Body.String()
	require.Equal(t, desk.NoticeQuery{States: []notice.State{notice.Failed}, Channel: notice.Mail, Username: "agent", Number: number, Before: 9, Limit: 50}, f.noticeFake.asked)
	for _, text := range []string{`value="failed" selected`, `value="mail" selected`, `value="Agent"`, `rel="next"`, `after=6`} {
		require.Contains(t, page, text)
	}
	back := hidden.FindStringSubmatch(page)
	require.Equal(t, "back", back[1])
	w := b.post("/notices/7/retry", url.Values{"back": {"state=failed&channel=mail"}})
	require.Equal(t, "/notices?channel=mail&did=retried&state=failed", w.Header().Get("Location"))
	require.Equal(t, []int64{7}, f.retried)
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), "已安排立即重发")
	w = b.post("/notices/7/retry", url.Values{"back": {"//evil.example"}})
	require.Regexp(t, `^/notices\?`, w.Header().Get("Location"), "nobody is sent elsewhere")
	require.Equal(t, http.StatusNotFound, b.post("/notices/x/retry", nil).Code)
	f.refused = apperr.New(apperr.Conflict, apperr.ReasonNoticeSent, nil)
	require.Equal(t, http.StatusConflict, b.post("/notices/7/retry", nil).Code)
	b.get("/notices")
	require.Empty(t, f.noticeFake.asked.States, "the desk knows what had better be looked into")
	b.get("/notices?state=any")
	require.Equal(t, notice.States(), f.noticeFake.asked.States)
	w = b.get("/notices?number=123")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="number-error"`)
	f.none = true
	require.Contains(t, b.get("/notices").Body.String(), "没有未送达的通知")
	require.Contains(t, b.get("/notices?state=sent").Body.String(), "没有符合条件的通知")
}

func TestSettings_SurviveARound(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	form := url.Values{
		"language": {"en"}, "hours": {"5x8"}, "channel": {"", "mail", "dingtalk"}, "address": {"", " a@example.org ", ""}, "quiet_from": {"22:00", ""}, "quiet_to": {"07:00", ""},
	}
	w := b.post("/account/notices", form)
	require.Equal(t, "/account/notices?did=saved", w.Header().Get("Location"), w.Body)
	require.Equal(t, notice.Settings{Language: "en", Hours: "5x8", Ways: []notice.Way{{Channel: notice.Mail, Address: "a@example.org"}, {Channel: notice.DingTalk}}, Quiet: []notice.Quiet{{From: 1320, To: 420}}}, f.settings)
	page := b.get(w.Header().Get("Location")).Body.String()
	for _, text := range []string{"已保存", `value="mail" selected`, `value="a@example.org"`, `value="dingtalk" selected`, `value="22:00"`, `value="07:00"`, `value="5x8" selected`, `value="en" selected`, `id="channel-4"`, `id="quiet-from-2"`} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, `id="channel-5"`, "there are two lines to spare")
}

func TestSettings_RefusedBesideTheirLines(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	w := b.post("/account/notices", url.Values{"quiet_from": {"", "22:00", "23:00"}, "quiet_to": {"", "07:00", ""}, "channel": {"mail"}, "address": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="quiet-3-error"`)
	require.NotContains(t, w.Body.String(), `id="quiet-2-error"`)
	require.Zero(t, f.settings)
	var wrong apperr.Fields
	wrong.Add("ways[0].address", apperr.FieldAddress, nil)
	wrong.Add("hours", apperr.FieldEnum, apperr.Args{"accepted": "5x8"})
	f.refused = wrong.Err()
	w = b.post("/account/notices", url.Values{"channel": {"", "mail"}, "address": {"", "x"}, "hours": {"lunch"}})
	for _, text := range []string{`id="way-2-error"`, `id="settings-hours-error"`, `value="x"`} {
		require.Contains(t, w.Body.String(), text)
	}
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	require.Equal(t, http.StatusServiceUnavailable, b.get("/account/notices").Code)
	require.Equal(t, fmt.Sprint(2), b.get("/account/notices").Header().Get("Retry-After"))
}
