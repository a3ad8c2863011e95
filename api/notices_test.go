package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/notice"
)

func TestNotices_AnswerAsDocumented(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body, asked, answer string
	}{
		"inbox": {"GET", "/me/notices?unread=true&after=9&page_size=5", "", "inbox true 9 5", `{"items": [{"id": 7, "number": "7K3M-Q9XT-WA5C", "topic": "breach", "severity": 2,
			"subject": "[S2] Promise broken: handling plan 7K3M-Q9XT-WA5C t",
			"text": "The promise for the handling plan is broken. It was due at 2026-11-23 17:00.\n\nCase: 7K3M-Q9XT-WA5C\nTitle: t\nSystem: OA\nSeverity: 2\nTime: 2026-11-23 17:00",
			"at": "2026-11-23T09:00:00Z", "read_at": null}], "unread": 1, "next": 7}`},
		"read":     {"POST", "/me/notices/read", `{"up_to": 7}`, "read up to 7", `{"read": 2}`},
		"settings": {"GET", "/me/notice-settings", "", "settings", `{"language": "zh", "ways": [], "quiet": [], "hours": null}`},
		"set settings": {
			"PUT", "/me/notice-settings", `{"language": "en", "ways": [{"channel": "dingtalk", "address": "13800000000"}, {"channel": "mail", "address": "a@example.org"}], "quiet": ["22:00-07:00"], "hours": "5x8"}`,
			"set settings", `{"language": "en", "ways": [{"channel": "dingtalk", "address": "13800000000"}, {"channel": "mail", "address": "a@example.org"}], "quiet": ["22:00-07:00"], "hours": "5x8"}`,
		},
		"notices": {
			"GET", "/notices?state=failed,given_up&channel=mail&number=G2JR-VZ1K-6GG9&username=agent", "",
			"notices {Username:agent Channel:mail States:[failed given_up] Number:G2JR-VZ1K-6GG9 Unread:false Before:0 Limit:20}",
			`{"items": [` + failedNotice + `], "next": null}`,
		},
		"retry": {"POST", "/notices/7/retry", "", "retry 7", failedNotice},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			w := s.ask(c.method, "/api/v1"+c.path, c.body, "Accept-Language", "en")
			require.Equal(t, 200, w.Code, w.Body)
			require.JSONEq(t, c.answer, w.Body.String())
			require.Equal(t, []string{c.asked}, s.asked)
		})
	}
}

const failedNotice = `{"id": 7, "key": "7K3M-Q9XT-WA5C.3.agent.mail", "number": "7K3M-Q9XT-WA5C", "seq": 3, "topic": "breach", "severity": 2, "username": "agent", "channel": "mail",
	"address": "a@example.org", "state": "failed", "tries": 2, "error": "down: refused", "next_try": "2026-11-23T09:01:00Z", "held_until": null, "created_at": "2026-11-23T09:00:00Z", "done_at": null}`

func TestNotices_InTheReadersLanguage(t *testing.T) {
	s := newSite(t)
	var answer struct{ Items []struct{ Subject string } }
	require.NoError(t, json.Unmarshal(s.ask("GET", "/api/v1/me/notices", "").Body.Bytes(), &answer))
	require.Equal(t, "[2级] 已超时:处理方案 7K3M-Q9XT-WA5C t", answer.Items[0].Subject)
}

func TestNotices_WrongFieldsAreNamed(t *testing.T) {
	for body, field := range map[string]string{
		`{"ways": [{"channel": "mail", "address": "a@b"}, {"channel": "pigeon"}]}`: "ways[1].channel",
		`{"ways": [{"address": "a@b"}]}`:                                           "ways[0].channel",
		`{"ways": ["mail"]}`:                                                       "ways[0]",
		`{"ways": {"channel": "mail"}}`:                                            "ways",
		`{"ways": [{"channel": "mail", "secret": "x"}]}`:                           "ways[0].secret",
		`{"quiet": ["22:00-07:00", "at night"]}`:                                   "quiet[1]",
		`{"quiet": ["1","2","3","4","5","6"]}`:                                     "quiet",
		`{"language": "fr"}`:                                                       "language",
		`{"colour": "red"}`:                                                        "colour",
		`{"ways": [{"channel": "mail", "address": 7}]}`:                            "ways[0].address",
		`{"ways": [{"channel": "mail", "channel": "wecom"}]}`:                      "ways.channel",
	} {
		s := newSite(t)
		p := s.refused(s.ask("PUT", "/api/v1/me/notice-settings", body), 422, "invalid")
		require.Equal(t, field, p.Errors[0].Field, body)
		require.NotRegexp(t, `^field\.`, p.Errors[0].Message)
		require.Empty(t, s.asked)
	}
	for path, field := range map[string]string{
		"/me/notices?page_size=201": "page_size", "/me/notices?after=x": "after", "/notices?state=lost": "state", "/notices?channel=pigeon": "channel", "/notices?number=1": "number",
	} {
		s := newSite(t)
		require.Equal(t, field, s.refused(s.ask("GET", "/api/v1"+path, ""), 422, "invalid").Errors[0].Field, path)
	}
	s := newSite(t)
	require.Equal(t, "up_to", s.refused(s.ask("POST", "/api/v1/me/notices/read", "{}"), 422, "invalid").Errors[0].Field)
	s.refused(s.ask("POST", "/api/v1/notices/x/retry", ""), 404, "not_found")
}

func TestNotices_WhoMayNotIsNotToldOfMistakes(t *testing.T) {
	s := newSite(t)
	s.may = apperr.New(apperr.Forbidden, apperr.ReasonNoticeRole, apperr.Args{"roles": "@role.admin,@role.auditor"})
	p := s.refused(s.ask("GET", "/api/v1/notices?state=lost", ""), 403, "forbidden")
	require.Contains(t, p.Detail, "系统管理员、审计员")
}

func TestNotices_SettingsSurviveARound(t *testing.T) {
	s := newSite(t)
	s.settings = notice.Settings{Language: "en", Ways: []notice.Way{{Channel: notice.Webhook, Address: "138"}}, Quiet: []notice.Quiet{{From: 60, To: 120}}, Hours: "5x8"}
	want := s.settings
	text := s.ask("GET", "/api/v1/me/notice-settings", "").Body.String()
	w := s.ask("PUT", "/api/v1/me/notice-settings", text)
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, want, s.settings)
	require.JSONEq(t, text, w.Body.String(), "what was read can be written")
}
