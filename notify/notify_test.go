package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/notify"
)

func TestCompose_OneIsWhole(t *testing.T) {
	w := notify.Writer{URL: "https://desk.example.org"}
	n := breach("agent", notice.Mail, "agent@example.org")
	n.HeldUntil = monday.Add(time.Hour)
	m, taken := w.Compose([]notice.Notice{n}, notify.Traits{})
	require.Equal(t, 1, taken)
	require.Equal(t, n.Key(), m.Key)
	require.Equal(t, []string{"agent@example.org"}, m.To)
	require.Equal(t, `响应时限已超过,到期时间为 2026-11-23 17:00。

问题单:7K3M-Q9XT-WA5C
标题:登录失败
系统:OA
级别:2级
时间:2026-11-23 17:00

本通知按您的接收时间发出,原定 2026-11-23 17:00。

查看:https://desk.example.org/defects/7K3M-Q9XT-WA5C`, m.Text)
}

func TestCompose_ForTheReporter(t *testing.T) {
	n := breach("reporter", notice.Mail, "r@example.org")
	n.Topic, n.Audience, n.Args[notice.ArgMessage] = notice.InfoWanted, notice.Reporter, "哪一层?"
	m, _ := notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{})
	require.Equal(t, "请补充信息 7K3M-Q9XT-WA5C 登录失败", m.Subject)
	require.Equal(t, "您好,为尽快解决您的问题,我们需要您补充以下信息:\n> 哪一层?\n\n问题单:7K3M-Q9XT-WA5C\n标题:登录失败", m.Text)
	n.Language = "en"
	m, _ = notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{})
	require.True(t, strings.HasPrefix(m.Text, "Hello, to solve your problem we need to know:\n> 哪一层?"))
	n.Topic = notice.Breach // has no text of its own for reporters
	m, _ = notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{})
	require.NotContains(t, m.Text, "<no value>")
	require.NotContains(t, m.Subject, "notice.")
}

func TestCompose_OfARuleThatRaisesTheLevel(t *testing.T) {
	for topic, want := range map[notice.Topic]string{notice.OnsiteWanted: "somebody on site (resolve at 50%). It is due at ", notice.ExpertWanted: "an expert (resolve at 50%). It is due at "} {
		n := breach("technician", notice.Mail, "t@example.org")
		n.Topic, n.Language, n.Args[notice.ArgRule] = topic, "en", "resolve at 50%"
		m, _ := notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{})
		require.Contains(t, m.Text, want)
		n.Args = notice.Args{notice.ArgActor: "李雷", notice.ArgMessage: "why"}
		m, _ = notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{})
		require.Contains(t, m.Text, "李雷 asks for ")
	}
}

// The year after the last holiday notice: what falls due in it may still move, and every text that names such a time says so.
func TestCompose_ADueTimeThatMayMove(t *testing.T) {
	policy := defect.DefaultPolicy()
	for severity, targets := range policy.Severities {
		targets.Calendar = "5x8"
		policy.Severities[severity] = targets
	}
	policy.Escalation = []defect.Rule{{Clock: defect.ClockResolve, At: 50, Notify: []string{string(defect.RoleLiaison)}, Level: defect.LevelExpert}}
	at := time.Date(2026, 12, 31, 8, 0, 0, 0, time.UTC)
	s := defect.Submission{Title: "登录失败", System: "OA", Severity: 2, Reporter: defect.Reporter{Username: "reporter"}}
	c, _ := defect.Open("7K3M-Q9XT-WA5C", s, policy, defect.Person{Username: "reporter"}, at, defect.Keyed{})
	told := map[string]int{}
	people := []notice.Person{
		{Person: defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}}, {Person: defect.Person{Username: "liaison", Roles: []defect.Role{defect.RoleLiaison}}},
		{Person: defect.Person{Username: "expert", Roles: []defect.Role{defect.RoleExpert}}},
	}
	tell := func(e defect.Event) {
		moves := e.Timing.Clock == defect.ClockResolve && e.Kind != defect.KindBreach
		for _, r := range notice.Recipients(notice.Calls(&c, e), "", &c, people) {
			for tag, says := range map[string]string{"zh": "(暂定:所依据的节假日安排尚未公布)", "en": "(provisional: the holidays that it depends on are not published yet)"} {
				r.Language = tag
				m, _ := notify.Writer{}.Compose([]notice.Notice{notice.Of(&c, e, r)}, notify.Traits{})
				require.Equal(t, moves, strings.Contains(m.Text, says), "%s of %s to %s: %s", e.Kind, e.Timing.Clock, r.Username, m.Text)
			}
			told[string(r.Topic)]++
		}
	}
	for due := c.NextDue(); !due.IsZero(); due = c.NextDue() {
		for _, e := range c.Expire(due) {
			tell(e)
		}
	}
	require.Positive(t, told["warning"])
	require.Positive(t, told["breach"], "what is broken moves no more")
	require.Positive(t, told["escalation"])
	require.Positive(t, told["expert_wanted"])
}

// A reporter would lead whoever signs to a page of their own.
func TestCompose_WhatPeopleWroteMakesNoLineOfOurs(t *testing.T) {
	const lure = "Read and sign, until 2026-11-24 09:00, for you alone: https://evil.example/sign/1"
	for _, br := range []string{"\n", "\r", "\r\n", "\n\n", "\v", "\f", "\u0085", "\u2028", "\u2029"} {
		for _, topic := range []notice.Topic{notice.SignOff, notice.Commented, notice.VerifyFailed, notice.SpareWanted, notice.Regraded} {
			n := breach("supervisor", notice.Mail, "s@example.org")
			n.Topic, n.Language = topic, "en"
			for _, name := range []string{notice.ArgTitle, notice.ArgSystem, notice.ArgActor, notice.ArgRule, notice.ArgOf, notice.ArgMessage, notice.ArgDueAt} {
				n.Args[name] = "a" + br + lure + br + "b"
			}
			m, _ := notify.Writer{URL: "https://desk.example.org"}.Compose([]notice.Notice{n}, notify.Traits{})
			lines := strings.FieldsFunc(m.Text, func(r rune) bool { return strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r) })
			for _, line := range lines {
				require.False(t, strings.HasPrefix(line, "Read and sign"), "%q", m.Text)
			}
		}
	}
}

func TestCompose_EveryTopicInEveryLanguage(t *testing.T) {
	for _, topic := range []notice.Topic{
		notice.Submitted, notice.Urgent, notice.Acknowledged, notice.Assigned, notice.InfoWanted, notice.InfoProvided, notice.SignOff, notice.Approved, notice.Rejected,
		notice.VerifyWanted, notice.VerifyFailed, notice.ReplyWanted, notice.ReportWanted, notice.Replied, notice.Accepted, notice.Reopened, notice.OnsiteWanted, notice.ExpertWanted,
		notice.SpareWanted, notice.Regraded, notice.Commented, notice.Converted, notice.Withdrawn, notice.Duplicate, notice.Closed, notice.Warning, notice.Breach, notice.Escalation,
		notice.RosterGap, notice.Drift, notice.Test, notice.SwapAsked, notice.SwapAgreed, notice.SwapRefused, notice.HandedOver,
	} {
		for _, language := range []string{"zh", "en"} {
			for _, seq := range []int{0, 4} {
				for _, audience := range []notice.Audience{notice.Staff, notice.Reporter} {
					n := notice.Notice{About: "7K3M-Q9XT-WA5C", Seq: seq, Severity: 1, At: monday, Topic: topic, Audience: audience, Language: language}
					m, _ := notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{})
					for _, text := range []string{m.Subject, m.Text} {
						require.NotContains(t, text, "<no value>", topic)
						require.NotContains(t, text, "notice.", topic)
						require.NotContains(t, text, "{{", topic)
					}
				}
			}
		}
	}
}

func many(n int) []notice.Notice {
	list := make([]notice.Notice, n)
	for i := range list {
		list[i] = breach(fmt.Sprint("agent", i%3), notice.WeCom, fmt.Sprint("u", i%3))
		list[i].Seq, list[i].Args[notice.ArgTitle] = i/3+1, strings.Repeat("标", 200)
	}
	return list
}

func TestCompose_AsMuchAsThereIsRoomFor(t *testing.T) {
	traits := notify.Traits{Room: 1900}
	list := many(60)
	told := 0
	for len(list) > 0 {
		m, taken := notify.Writer{URL: "https://desk.example.org"}.Compose(list, traits)
		require.Positive(t, taken)
		require.LessOrEqual(t, len(m.Subject)+len(m.Text), traits.Room)
		require.True(t, utf8.ValidString(m.Text))
		require.Len(t, m.Items, taken)
		require.LessOrEqual(t, len(m.To), 3)
		told += strings.Count(m.Text, "•")
		list = list[taken:]
	}
	require.Equal(t, 20, told, "each event once, none dropped")
}

func TestCompose_ALongOneIsCut(t *testing.T) {
	n := breach("agent", notice.WeCom, "")
	n.Topic = notice.Commented
	n.Args[notice.ArgMessage], n.Args[notice.ArgTitle] = strings.Repeat("长", 300), strings.Repeat("题", 200)
	m, _ := notify.Writer{}.Compose([]notice.Notice{n}, notify.Traits{Room: 1000})
	require.LessOrEqual(t, len(m.Subject)+len(m.Text), 1000)
	require.True(t, utf8.ValidString(m.Text))
	require.Contains(t, m.Subject, n.About)
}

func TestCompose_TheSameKeyForTheSameNotices(t *testing.T) {
	a, _ := notify.Writer{}.Compose(many(6), notify.Traits{Personal: true})
	b, _ := notify.Writer{}.Compose(many(6), notify.Traits{Personal: true})
	c, _ := notify.Writer{}.Compose(many(7), notify.Traits{Personal: true})
	require.Equal(t, a.Key, b.Key)
	require.NotEqual(t, a.Key, c.Key)
	require.Equal(t, "6 条通知", a.Subject)
}
