package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// programmers are words that are for them.
var programmers = []string{"JSON", "multipart", "Idempotency-Key", "RFC 3339", "游标", "cursor"}

func TestProblems_AreToldInWordsForPeople(t *testing.T) {
	away := apperr.New(apperr.Unavailable, apperr.ReasonTemporalAway, nil)
	for name, c := range map[string]struct {
		ask  func(*fakeDesk, *browser) string
		says string
	}{
		"a page, Temporal away": {func(f *fakeDesk, b *browser) string {
			f.away = away
			return b.get("/defects").Body.String()
		}, "流程服务暂时没有应答。"},
		"a step, Temporal away": {func(f *fakeDesk, b *browser) string {
			form := step(b.t, b, defect.ActComment, url.Values{"message": {"备注"}})
			f.refuse = away
			return b.post("/defects/"+firstNumber, form).Body.String()
		}, "不会重复办理"},
		"a key that was used": {func(f *fakeDesk, b *browser) string {
			form := step(b.t, b, defect.ActComment, url.Values{"message": {"备注"}})
			f.refuse = apperr.New(apperr.Conflict, apperr.ReasonKeyReused, nil)
			return b.post("/defects/"+firstNumber, form).Body.String()
		}, "已经提交过"},
		"notices read up to nothing": {func(_ *fakeDesk, b *browser) string {
			return b.post("/notices/read", url.Values{"up_to": {"x"}}).Body.String()
		}, "请刷新页面"},
		"a form that is none": {func(_ *fakeDesk, b *browser) string {
			return b.do("POST", "/notices/read", "application/x-www-form-urlencoded", strings.NewReader("%zz")).Body.String()
		}, "请刷新页面"},
		"a file that did not come": {func(_ *fakeDesk, b *browser) string {
			return b.do("POST", "/defects/"+firstNumber+"/attachments", "multipart/form-data", strings.NewReader("")).Body.String()
		}, "重新选择文件"},
		"a field that is not drawn": {func(f *fakeDesk, b *browser) string {
			form := step(b.t, b, defect.ActComment, url.Values{"message": {"备注"}})
			f.refuse = &apperr.Error{Code: apperr.Invalid, Reason: apperr.ReasonInvalid, Fields: []apperr.Field{{Field: "asset_id", Reason: apperr.FieldRequired}, {Field: "Idempotency-Key", Reason: apperr.FieldKey}}}
			page := b.post("/defects/"+firstNumber, form).Body.String()
			require.NotContains(b.t, page, "asset_id:")
			return page
		}, "设备编号:必填。"},
	} {
		t.Run(name, func(t *testing.T) {
			f, h := newSite(t)
			f.open(people["reporter"], report())
			page := c.ask(f, as(t, h, "agent", "zh"))
			require.Contains(t, page, c.says)
			for _, word := range programmers {
				require.NotContains(t, tag.ReplaceAllString(page, " "), word)
			}
		})
	}
}

func TestProblem_PromisesNothingThatWasNotTyped(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	page := b.get("/defects").Body.String()
	require.Contains(t, page, "重试")
	require.NotContains(t, page, "填写的内容")
	page = b.post("/notices/read", url.Values{"up_to": {"3"}}).Body.String()
	require.Contains(t, page, "返回上一页")
}

func TestProblem_TellsTheRequestOfABug(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "en")
	f.away = errors.New("secret")
	w := b.get("/defects")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	id := w.Header().Get("X-Request-Id")
	require.NotEmpty(t, id)
	require.Equal(t, 1, strings.Count(w.Body.String(), id))
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	w = b.get("/defects")
	require.NotContains(t, w.Body.String(), w.Header().Get("X-Request-Id"), "nobody is asked to pass it on")
}
