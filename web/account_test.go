package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// accountFake is what the desk does about accounts and who has signed in.
type accountFake struct {
	told    []string // what it was asked to change
	denied  error    // what changes are answered with
	renewed string   // what takes the place of tokens
	subs    []defect.Substitution
	subsErr error
	query   desk.UserQuery
}

func (f *fakeConsole) SignOutEverywhere(_ context.Context, by desk.Caller) error {
	f.told = append(f.told, "sign out everywhere "+by.Username)
	return f.denied
}

func (f *fakeConsole) ChangePassword(_ context.Context, from string, by desk.Caller, old, password string) (desk.Session, error) {
	f.told = append(f.told, fmt.Sprint("password of ", by.Username, " from ", from, " ", old, " ", password))
	return desk.Session{Token: "token-technician", ExpiresAt: now.Add(12 * time.Hour)}, f.denied
}

func (f *fakeConsole) OwnAccount(_ context.Context, by desk.Caller) (desk.Account, error) {
	return desk.Account{Person: by.Person, Contact: desk.Contact{Unit: "信息中心"}}, nil
}

func (f *fakeConsole) Substitutable(by desk.Caller) (absent, substitutes []defect.Person) {
	if by.Has(defect.RoleSupervisor) {
		return []defect.Person{by.Person}, []defect.Person{people["agent"], people["deputy"]}
	}
	if by.Has(defect.RoleLiaison) {
		return []defect.Person{people["supervisor"]}, []defect.Person{people["agent"]}
	}
	return nil, nil
}

func (f *fakeConsole) Substitute(_ context.Context, by desk.Caller, sub defect.Substitution) (defect.Substitution, error) {
	f.told = append(f.told, fmt.Sprint(by.Username, ": ", sub.Substitute, " for ", sub.Username, " until ", sub.Until.UTC().Format(time.RFC3339), " ", sub.Reason))
	return sub, f.denied
}

func (f *fakeConsole) Substitutions(context.Context, desk.Caller, int64, int) ([]defect.Substitution, bool, error) {
	return f.subs, false, f.subsErr
}

func (f *fakeConsole) EndSubstitution(_ context.Context, _ desk.Caller, id int64) error {
	f.told = append(f.told, fmt.Sprint("end ", id))
	return f.denied
}

func (f *fakeConsole) MayManageUsers(by desk.Caller) error {
	if !by.Has(defect.RoleAdmin) {
		return apperr.New(apperr.Forbidden, apperr.ReasonUsers, nil)
	}
	return nil
}

func anAccount() desk.Account {
	return desk.Account{Person: defect.Person{Username: "li", Name: "李雷", Roles: []defect.Role{defect.RoleAgent}}, Contact: desk.Contact{Unit: "运维部", Phone: "123", Email: "li@example.org"}, Version: 4, CreatedAt: now, UpdatedAt: now}
}

func (f *fakeConsole) Users(_ context.Context, by desk.Caller, q desk.UserQuery) (desk.UserPage, error) {
	f.query = q
	if q.Text == "nobody" {
		return desk.UserPage{}, nil
	}
	closed := anAccount()
	closed.Username, closed.Disabled = "old", true
	return desk.UserPage{Items: []desk.Account{anAccount(), closed}, Total: 72, Next: "old"}, f.MayManageUsers(by)
}

func (f *fakeConsole) User(_ context.Context, by desk.Caller, username string) (desk.Account, error) {
	a := anAccount()
	switch username {
	case "li":
	case "admin":
		a.Person = people["admin"]
	default:
		return desk.Account{}, apperr.New(apperr.NotFound, apperr.ReasonUserUnknown, apperr.Args{"username": username})
	}
	return a, f.MayManageUsers(by)
}

func (f *fakeConsole) AddUser(_ context.Context, by desk.Caller, a desk.Account, password string) (desk.Account, string, error) {
	if err := f.MayManageUsers(by); err != nil {
		return a, "", err
	}
	f.told = append(f.told, fmt.Sprint("add ", a.Username, a.Name, a.Roles, a.Contact, password))
	if password == "" {
		return a, "abcd-efgh", f.denied
	}
	return a, "", f.denied
}

func (f *fakeConsole) ChangeAccount(_ context.Context, by desk.Caller, username string, c desk.AccountChange) (desk.Account, error) {
	if err := f.MayManageUsers(by); err != nil {
		return desk.Account{}, err
	}
	said := "change " + username
	if c.Name != nil {
		said += fmt.Sprint(" ", *c.Name, *c.Unit, *c.Phone, *c.Email, c.Roles, c.Version)
	}
	if c.Disabled != nil {
		said += fmt.Sprint(" ", *c.Disabled)
	}
	f.told = append(f.told, said)
	return anAccount(), f.denied
}

func (f *fakeConsole) SetPassword(_ context.Context, by desk.Caller, username, password string) (string, error) {
	if err := f.MayManageUsers(by); err != nil {
		return "", err
	}
	f.told = append(f.told, "set password "+username+" "+password)
	if password == "" && f.denied == nil {
		return "abcd-efgh", nil
	}
	return "", f.denied
}

func TestSession_IsKeptWhileItIsUsed(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	require.Empty(t, b.get("/defects").Result().Cookies())
	f.renewed = "token-technician"
	b.header.Set("Sec-Fetch-Dest", "empty")
	require.Empty(t, b.get("/defects").Result().Cookies(), "what a script asks for on its own keeps nobody signed in")
	b.header.Del("Sec-Fetch-Dest") // which browsers do not tell a site without TLS
	b.header.Set("X-Unasked", "true")
	require.Empty(t, b.get("/defects").Result().Cookies())
	require.Contains(t, b.get("/static/live.js").Body.String(), `headers: { "X-Unasked": "true" }`)
	b.header.Del("X-Unasked")
	withFiles(f, defect.File{ID: "png", Name: "a.png", Type: "image/png", Size: 3, Sum: "s1"})
	require.Empty(t, b.get("/attachments/png/picture?small=true").Result().Cookies(), "a part of a page, which may be loaded anew")
	b.header.Set("Sec-Fetch-Dest", "document")
	w := b.get("/defects")
	require.Len(t, w.Result().Cookies(), 1)
	cookie := w.Result().Cookies()[0]
	require.Equal(t, []any{"yunwei_session", "token-technician", true, http.SameSiteLaxMode, 12 * 60 * 60}, []any{cookie.Name, cookie.Value, cookie.HttpOnly, cookie.SameSite, cookie.MaxAge})
}

// Who signs out leaves no draft behind for whoever sits down next, whichever way they take.
func TestSignOut_EveryWayForgetsDrafts(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "agent", "zh")
	ways := regexp.MustCompile(`action="[^"]*/sign-out"`).FindAllString(b.get("/account").Body.String(), -1)
	require.Equal(t, []string{`action="/sign-out"`, `action="/account/sign-out"`}, ways)
	require.Contains(t, b.get("/static/draft.js").Body.String(), `querySelectorAll('form[action$="/sign-out"]')`)
}

func TestSession_ThatHasEndedSaysSo(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "agent", "en")
	b.cookies["yunwei_session"] = "over"
	w := b.get("/defects")
	require.Equal(t, "/sign-in?to=%2Fdefects&ended=true", w.Header().Get("Location"))
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), "Your session has ended")
	require.NotContains(t, b.get("/sign-in").Body.String(), "Your session has ended")
	for from, to := range map[string]string{"http://example.com/users/li?did=saved": "%2Fusers%2Fli%3Fdid%3Dsaved", "https://evil.example/x": "%2Fusers%2Fli%2Fstate", "": "%2Fusers%2Fli%2Fstate"} {
		b.header.Set("Referer", from)
		w = b.post("/users/li/state", nil)
		require.Equal(t, "/sign-in?to="+to+"&ended=true", w.Header().Get("Location"), "of a form, back to the page that it stands on")
	}
}

func TestAccount_SpeaksBothLanguages(t *testing.T) {
	f, h := newSite(t)
	f.subs = []defect.Substitution{
		{ID: 7, Username: "supervisor", Substitute: "deputy", By: "supervisor", From: now.Add(-time.Hour), Until: now.Add(time.Hour), Reason: "出差"},
		{ID: 6, Username: "supervisor", Substitute: "agent", By: "supervisor", From: now.Add(-3 * time.Hour), Until: now.Add(-time.Hour)},
	}
	for language, says := range map[string][]string{
		"zh": {"我的账号", "信息中心", "主管领导", "修改口令", "退出全部登录", "接口人 代 主管一 签字", "生效中", "已到期", "提前结束", "出差"},
		"en": {"My account", "supervisor", "Change the password", "Sign out everywhere", "接口人 signs for 主管一", "in force", "over", "End now"},
	} {
		for username := range people {
			b := as(t, h, username, language)
			for _, target := range []string{"/account", "/account?did=password", "/manage", "/users", "/users/li", "/users/none", "/add-user"} {
				w := b.get(target)
				page := w.Body.String()
				require.NotContains(t, []int{500, 303}, w.Code, target)
				require.Empty(t, rawKey.FindString(page), "%s of %s in %s", target, username, language)
				require.NotContains(t, page, "no value", target)
				require.NotContains(t, page, "ZgotmplZ", target)
				require.Less(t, len(page), 60_000)
			}
		}
		page := as(t, h, "supervisor", language).get("/account").Body.String()
		for _, text := range says {
			require.Contains(t, page, text, language)
		}
		require.Equal(t, 1, strings.Count(page, "/end\""), "what is over is not ended")
	}
	require.Contains(t, as(t, h, "agent", "zh").get("/account").Body.String(), `href="/account">服务台`)
	require.NotContains(t, as(t, h, "agent", "zh").get("/account").Body.String(), `action="/account/substitutes"`)
	f.subsErr = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	require.Equal(t, http.StatusOK, as(t, h, "supervisor", "zh").get("/account").Code, "the rest is there while SQL is away")
}

func TestAccount_ChangesThePassword(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	w := b.post("/account/password", url.Values{"old": {"old word"}, "new": {"new word 1"}, "again": {"new word 2"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="password-again-error">两次输入的内容不一致`)
	require.NotContains(t, w.Body.String(), "new word")
	require.Empty(t, f.told)

	var wrong apperr.Fields
	wrong.Add("old", apperr.FieldPassword, nil)
	f.denied = wrong.Err()
	good := url.Values{"old": {"old word"}, "new": {"new word"}, "again": {"new word"}}
	w = b.post("/account/password", good)
	require.Contains(t, w.Body.String(), `id="password-old-error">口令不正确`)
	f.denied = &apperr.Error{Code: apperr.TooManyRequests, Reason: apperr.ReasonTooMany, RetryAfter: time.Second}
	w = b.post("/account/password", good)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))

	f.denied = nil
	w = b.post("/account/password", good)
	require.Equal(t, "/account?did=password", w.Header().Get("Location"))
	require.Equal(t, "password of agent from 192.0.2.1 old word new word", f.told[len(f.told)-1])
	require.Equal(t, "token-technician", b.cookies["yunwei_session"], "the session goes on under a new token")
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), "口令已修改")
}

func TestAccount_SignsOutEverywhere(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	w := b.post("/account/sign-out", nil)
	require.Equal(t, "/sign-in?everywhere=true", w.Header().Get("Location"))
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), "已退出全部登录")
	require.Equal(t, []string{"sign out everywhere agent"}, f.told)
	require.NotContains(t, b.cookies, "yunwei_session")
	b = as(t, h, "agent", "zh")
	f.denied = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	require.Equal(t, http.StatusServiceUnavailable, b.post("/account/sign-out", nil).Code)
	require.NotContains(t, b.cookies, "yunwei_session", "this browser forgets it all the same")
}

func TestAccount_NamesASubstitute(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "supervisor", "zh")
	w := b.post("/account/substitutes", url.Values{"from": {"soon"}, "reason": {"出差"}})
	for _, text := range []string{`id="naming-substitute-error">必填`, `id="naming-from-error">`, `id="naming-until-error">必填`, `value="出差"`} {
		require.Contains(t, w.Body.String(), text)
	}
	form := url.Values{"substitute": {"deputy"}, "until": {"2026-11-25T18:00"}, "reason": {"出差"}}
	w = b.post("/account/substitutes", form)
	require.Equal(t, "/account?did=named#substitutes", w.Header().Get("Location"))
	require.Equal(t, []string{"supervisor: deputy for  until 2026-11-25T10:00:00Z 出差"}, f.told, "as the clocks of the site show")
	var wrong apperr.Fields
	wrong.Add("substitute", apperr.FieldNoSubstitute, nil)
	f.denied = wrong.Err()
	w = b.post("/account/substitutes", form)
	require.Contains(t, w.Body.String(), `value="deputy" selected`)
	require.Contains(t, w.Body.String(), `id="naming-substitute-error"`)
	f.denied = nil
	require.Equal(t, http.StatusSeeOther, b.post("/account/substitutes/7/end", nil).Code)
	require.Equal(t, "end 7", f.told[len(f.told)-1])
	require.Equal(t, http.StatusNotFound, b.post("/account/substitutes/x/end", nil).Code)
	require.Contains(t, as(t, h, "deputy", "zh").get("/account").Body.String(), `name="username" required`, "who arranges says for whom")
}

func TestUsers_AreForAdministrators(t *testing.T) {
	f, h := newSite(t)
	for username := range people {
		if username == "admin" {
			continue
		}
		b := as(t, h, username, "zh")
		for _, target := range []string{"/users", "/users/li", "/add-user"} {
			require.Equal(t, http.StatusForbidden, b.get(target).Code, target)
		}
		for _, target := range []string{"/users/li", "/users/li/state", "/users/li/password", "/add-user"} {
			require.Equal(t, http.StatusForbidden, b.post(target, url.Values{"state": {"disabled"}}).Code, target)
		}
		require.NotContains(t, b.get("/manage").Body.String(), `href="/users"`)
	}
	require.Empty(t, f.told)
	require.Contains(t, as(t, h, "admin", "zh").get("/manage").Body.String(), `href="/users"`)
	require.NotContains(t, as(t, h, "reporter", "zh").get("/").Body.String(), `href="/manage"`)
}

func TestUsers_FiltersStandInTheAddress(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "admin", "en")
	page := b.get("/users?q=%E6%9D%8E&role=agent&state=disabled&after=a&lang=en").Body.String()
	yes := true
	require.Equal(t, desk.UserQuery{Text: "李", Role: defect.RoleAgent, Disabled: &yes, After: "a", Limit: 50}, f.query)
	for _, text := range []string{`value="李"`, `value="agent" selected`, `value="disabled" selected`, `href="/users?q=%E6%9D%8E&amp;role=agent&amp;state=disabled"`, `href="/users?after=old&amp;q=%E6%9D%8E&amp;role=agent&amp;state=disabled" rel="next"`, "72"} {
		require.Contains(t, page, text)
	}
	require.Contains(t, b.get("/users?q=nobody").Body.String(), "No account fits")
}

func TestUsers_AddedAndTheirPasswordShownOnce(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "admin", "zh")
	form := url.Values{"username": {" li "}, "name": {"李雷"}, "unit": {"运维部"}, "phone": {"1"}, "email": {"a@b.cn"}, "roles": {"agent", "expert"}}
	w := b.post("/add-user", form)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "abcd-efgh")
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, []string{"add li李雷[agent expert] {运维部 1 a@b.cn}"}, f.told)
	form.Set("password", "chosen word")
	w = b.post("/add-user", form)
	require.Equal(t, "/users/li?did=added", w.Header().Get("Location"))

	taken := apperr.New(apperr.Conflict, apperr.ReasonUserTaken, apperr.Args{"username": "li"})
	taken.Fields = []apperr.Field{{Field: "username", Reason: apperr.FieldTaken}, {Field: "roles[0]", Reason: apperr.FieldRequired}}
	f.denied = taken
	w = b.post("/add-user", form)
	require.Equal(t, http.StatusConflict, w.Code)
	for _, text := range []string{`id="user-username-error">该用户名已被使用`, `id="user-roles-error">必填`, `value="李雷"`, `value="expert" checked`} {
		require.Contains(t, w.Body.String(), text)
	}
	require.NotContains(t, w.Body.String(), "chosen word")
}

func TestUsers_Changed(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "admin", "zh")
	page := b.get("/users/li").Body.String()
	for _, text := range []string{`name="_version" value="4"`, `value="运维部"`, `value="agent" checked`, `action="/users/li/password"`, `name="state" value="disabled"`} {
		require.Contains(t, page, text)
	}
	own := b.get("/users/admin").Body.String()
	require.NotContains(t, own, `name="state"`)
	require.NotContains(t, own, `action="/users/admin/password"`)

	form := url.Values{"_version": {"4"}, "name": {"李磊"}, "unit": {""}, "phone": {"2"}, "email": {""}, "roles": {"admin"}}
	w := b.post("/users/li", form)
	require.Equal(t, "/users/li?did=saved", w.Header().Get("Location"))
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), "已保存")
	require.Equal(t, "/users/li?did=disabled", b.post("/users/li/state", url.Values{"state": {"disabled"}}).Header().Get("Location"))
	require.Equal(t, http.StatusBadRequest, b.post("/users/li/state", url.Values{"state": {"gone"}}).Code)
	require.Contains(t, b.post("/users/li/password", url.Values{"password": {""}}).Body.String(), "abcd-efgh")
	require.Equal(t, "/users/li?did=password", b.post("/users/li/password", url.Values{"password": {"chosen word"}}).Header().Get("Location"))
	require.Equal(t, []string{"change li 李磊2[admin] 4", "change li true", "set password li ", "set password li chosen word"}, f.told)

	f.denied = apperr.New(apperr.Conflict, apperr.ReasonUserVersion, nil)
	w = b.post("/users/li", form)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), "已被他人修改")
	require.Contains(t, w.Body.String(), `value="李磊"`, "what was typed is kept")
	f.denied = apperr.New(apperr.Conflict, apperr.ReasonLastAdmin, nil)
	require.Contains(t, b.post("/users/li/state", url.Values{"state": {"disabled"}}).Body.String(), "最后一名")
	var wrong apperr.Fields
	wrong.Add("password", apperr.FieldTooShort, apperr.Args{"limit": "8"})
	f.denied = wrong.Err()
	w = b.post("/users/li/password", url.Values{"password": {"short"}})
	require.Contains(t, w.Body.String(), `id="word-password-error"`)
}
