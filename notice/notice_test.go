package notice_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/notice"
)

// Monday, 17:00 at the site.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, time.FixedZone("", 8*3600)).UTC()
}

func person(name string, roles ...defect.Role) notice.Person {
	return notice.Person{Person: defect.Person{Username: name, Name: "名" + name, Roles: roles}}
}

var town = []notice.Person{
	person("agent", defect.RoleAgent), person("agent2", defect.RoleAgent), person("business", defect.RoleBusiness), person("expert", defect.RoleExpert),
	person("liaison", defect.RoleLiaison), person("reporter", defect.RoleReporter), person("stranger", defect.RoleReporter),
	person("supervisor", defect.RoleSupervisor), person("technician", defect.RoleTechnician),
}

// story is a case that people act on.
type story struct {
	t *testing.T
	c defect.Case
	e defect.Event
}

func begin(t *testing.T, severity defect.Severity) *story {
	t.Helper()
	s := &story{t: t}
	s.c, s.e = defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "登录失败", System: "OA", Severity: severity, Reporter: defect.Reporter{Username: "reporter", Name: "王芳"}},
		defect.DefaultPolicy(), person("reporter", defect.RoleReporter).Person, monday, defect.Keyed{})
	return s
}

func (s *story) do(by string, a defect.Action, in defect.Input) *story {
	s.t.Helper()
	for _, p := range town {
		if p.Username == by {
			e, err := s.c.Do(defect.Command{Action: a, By: p.Person, Input: in}, s.c.UpdatedAt.Add(time.Minute))
			require.NoError(s.t, err)
			s.e = e
		}
	}
	return s
}

// told returns who is told of the latest event, and of what.
func (s *story) told(people []notice.Person) map[string]notice.Topic {
	out := map[string]notice.Topic{}
	for _, r := range notice.Recipients(notice.Calls(&s.c, s.e), s.e.Actor.Username, &s.c, people) {
		require.NotContains(s.t, out, r.Username, "told once")
		out[r.Username] = r.Topic
	}
	return out
}

func TestCalls_ThroughALife(t *testing.T) {
	yes := true
	type told = map[string]notice.Topic
	s := begin(t, 2)
	require.Equal(t, told{"agent": notice.Submitted, "agent2": notice.Submitted}, s.told(town))
	s.do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	require.Equal(t, told{"technician": notice.Assigned, "reporter": notice.Acknowledged}, s.told(town))
	s.do("agent", defect.ActRequestInfo, defect.Input{Message: "哪一层?"})
	require.Equal(t, told{"reporter": notice.InfoWanted}, s.told(town))
	s.do("reporter", defect.ActProvideInfo, defect.Input{Message: "三层"})
	require.Equal(t, told{"technician": notice.InfoProvided}, s.told(town))
	s.do("agent", defect.ActClassify, defect.Input{Category: defect.Technical})
	require.Empty(t, s.told(town))
	s.do("technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"})
	require.Equal(t, told{"supervisor": notice.SignOff}, s.told(town))
	s.do("supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Approve})
	require.Equal(t, told{"technician": notice.Approved}, s.told(town))
	s.do("technician", defect.ActComplete, defect.Input{Summary: "s", Kind: defect.Final})
	require.Equal(t, told{"agent": notice.VerifyWanted, "agent2": notice.VerifyWanted}, s.told(town))
	s.do("agent", defect.ActVerify, defect.Input{Passed: &yes, Method: "m"})
	require.Equal(t, told{"agent2": notice.ReplyWanted, "technician": notice.ReportWanted}, s.told(town), "whoever acts is not told")
	s.do("agent", defect.ActReply, defect.Input{Message: "好了"})
	require.Equal(t, told{"reporter": notice.Replied}, s.told(town))
	s.do("reporter", defect.ActReopen, defect.Input{Reason: "没有"})
	require.Equal(t, told{"agent": notice.Reopened, "agent2": notice.Reopened, "technician": notice.Reopened}, s.told(town))
}

func TestCalls_Severity1ReachesTheChiefsAtOnce(t *testing.T) {
	s := begin(t, 1)
	require.Equal(t, map[string]notice.Topic{
		"agent": notice.Submitted, "agent2": notice.Submitted, "liaison": notice.Urgent, "supervisor": notice.Urgent,
	}, s.told(town))
	s = begin(t, 3)
	s.do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	s.do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"})
	require.Equal(t, map[string]notice.Topic{"technician": notice.Regraded, "liaison": notice.Urgent, "supervisor": notice.Urgent}, s.told(town))
}

func TestCalls_OfARule(t *testing.T) {
	s := begin(t, 2)
	onDuty := append([]notice.Person{}, town...)
	onDuty[3].OnDuty = true // expert
	for name, c := range map[string]struct {
		notified []string
		people   []notice.Person
		want     []string
	}{
		"a role":                {[]string{"supervisor"}, town, []string{"supervisor"}},
		"nobody in hand":        {[]string{"assignee"}, town, []string{"agent", "agent2"}},
		"who is on duty":        {[]string{"on_duty"}, onDuty, []string{"expert"}},
		"nobody is on duty":     {[]string{"on_duty"}, town, []string{"agent", "agent2", "liaison"}},
		"a person":              {[]string{"user:technician"}, town, []string{"technician"}},
		"a person who is gone":  {[]string{"user:nobody"}, town, []string{"agent", "agent2", "liaison"}},
		"the reporter's own":    {[]string{"user:reporter"}, town, []string{"reporter"}},
		"another reporter":      {[]string{"user:stranger"}, town, []string{"agent", "agent2", "liaison"}},
		"several, each once":    {[]string{"on_duty", "expert", "user:expert", "supervisor"}, onDuty, []string{"expert", "supervisor"}},
		"a role that is no one": {[]string{"inspector"}, town, []string{"agent", "agent2", "liaison"}},
		"one of two is gone":    {[]string{"user:nobody", "supervisor"}, town, []string{"agent", "agent2", "liaison", "supervisor"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := defect.Event{Seq: 2, Kind: defect.KindEscalation, At: monday, Timing: &defect.Timing{Clock: defect.ClockResponse, Notified: c.notified}}
			var got []string
			for _, r := range notice.Recipients(notice.Calls(&s.c, e), "", &s.c, c.people) {
				require.Equal(t, notice.Escalation, r.Topic)
				got = append(got, r.Username)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestCalls_OfARuleThatRaisesTheLevel(t *testing.T) {
	type told = map[string]notice.Topic
	s := begin(t, 2)
	for name, c := range map[string]struct {
		level    defect.Level
		notified []string
		without  string
		want     told
	}{
		"on site":           {defect.LevelOnsite, []string{"supervisor"}, "", told{"supervisor": notice.Escalation, "technician": notice.OnsiteWanted}},
		"an expert":         {defect.LevelExpert, []string{"supervisor"}, "", told{"supervisor": notice.Escalation, "expert": notice.ExpertWanted}},
		"it was so already": {"", []string{"supervisor"}, "", told{"supervisor": notice.Escalation}},
		"named, too":        {defect.LevelExpert, []string{"expert"}, "", told{"expert": notice.Escalation}},
		"nobody is there":   {defect.LevelExpert, []string{"supervisor"}, "expert", told{"supervisor": notice.Escalation, "agent": notice.ExpertWanted, "agent2": notice.ExpertWanted, "liaison": notice.ExpertWanted}},
	} {
		t.Run(name, func(t *testing.T) {
			s.e = defect.Event{Seq: 2, Kind: defect.KindEscalation, At: monday, Timing: &defect.Timing{Clock: defect.ClockResolve, Notified: c.notified, Level: c.level}}
			require.Equal(t, c.want, s.told(slices.DeleteFunc(slices.Clone(town), func(p notice.Person) bool { return p.Username == c.without })))
		})
	}
}

func TestRecipients_WhenWhoHasItInHandIsGone(t *testing.T) {
	s := begin(t, 1).do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	left := slices.DeleteFunc(slices.Clone(town), func(p notice.Person) bool { return p.Username == "technician" })
	for kind, topic := range map[defect.Kind]notice.Topic{defect.KindWarn: notice.Warning, defect.KindBreach: notice.Breach, defect.KindEscalation: notice.Escalation} {
		s.e = defect.Event{Seq: 3, Kind: kind, At: monday, Timing: &defect.Timing{Clock: defect.ClockResponse, Notified: []string{defect.NotifyAssignee}}}
		require.Equal(t, map[string]notice.Topic{"technician": topic}, s.told(town))
		require.Equal(t, map[string]notice.Topic{"agent": topic, "agent2": topic, "liaison": topic}, s.told(left), kind)
	}
	s.do("agent", defect.ActComment, defect.Input{Message: "m"})
	require.Equal(t, map[string]notice.Topic{"reporter": notice.Commented}, s.told(left), "what is only good to know waits for whoever takes it")
}

func TestOf_TellsTheReporterLess(t *testing.T) {
	s := begin(t, 2).do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"}).do("agent", defect.ActRequestInfo, defect.Input{Message: "哪一层?"})
	n := notice.Of(&s.c, s.e, notice.Recipient{Person: town[5], Topic: notice.InfoWanted})
	require.Equal(t, notice.Reporter, n.Audience)
	require.Equal(t, "哪一层?", n.Args[notice.ArgMessage])
	require.Equal(t, "2026-11-23T17:02:00+08:00", n.Args[notice.ArgAt], "in the site's zone")
	require.Equal(t, "7K3M-Q9XT-WA5C.3.reporter.mail", n.Over(notice.Way{Channel: notice.Mail, Address: "r@example.org"}).Key())
	staff := notice.Of(&s.c, s.e, notice.Recipient{Person: town[0], Topic: notice.InfoWanted})
	require.Equal(t, notice.Staff, staff.Audience)
}

func TestWanted_WaitsForHoursAndQuiet(t *testing.T) {
	policy := defect.DefaultPolicy()
	office := notice.Settings{Hours: "5x8"}
	night := notice.Settings{Quiet: []notice.Quiet{{From: 22 * 60, To: 7 * 60}}}
	both := notice.Settings{Hours: "5x8", Quiet: []notice.Quiet{{From: 8 * 60, To: 9 * 60}, {From: 13 * 60, To: 14 * 60}}}
	never := notice.Settings{Hours: "5x8", Quiet: []notice.Quiet{{From: 8 * 60, To: 18*60 + 30}}}
	for name, c := range map[string]struct {
		settings notice.Settings
		severity defect.Severity
		at, want time.Time
	}{
		"in hours":                       {office, 3, at(23, 10, 0), at(23, 10, 0)},
		"at noon":                        {office, 3, at(23, 12, 10), at(23, 13, 30)},
		"after hours":                    {office, 4, at(23, 19, 0), at(24, 8, 30)},
		"on Friday evening":              {office, 3, at(27, 18, 0), at(30, 8, 30)},
		"severity 2 does not wait":       {office, 2, at(28, 3, 0), at(28, 3, 0)},
		"severity 1 does not wait":       {office, 1, at(28, 3, 0), at(28, 3, 0)},
		"at night":                       {night, 2, at(23, 23, 0), at(24, 7, 0)},
		"after midnight":                 {night, 4, at(24, 1, 0), at(24, 7, 0)},
		"when quiet ends":                {night, 4, at(24, 7, 0), at(24, 7, 0)},
		"severity 1 comes through quiet": {night, 1, at(24, 1, 0), at(24, 1, 0)},
		"hours and quiet":                {both, 3, at(23, 19, 0), at(24, 9, 0)},
		"quiet after the noon pause":     {both, 3, at(23, 12, 30), at(23, 14, 0)},
		"they never meet":                {never, 3, at(23, 10, 0), at(23, 10, 0)},
		"an unknown calendar":            {notice.Settings{Hours: "gone"}, 3, at(28, 3, 0), at(28, 3, 0)},
		"nothing said":                   {notice.Settings{}, 4, at(28, 3, 0), at(28, 3, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.settings.Wanted(&policy, c.severity, c.at).UTC())
		})
	}
}

func TestNextWay_ByPreference(t *testing.T) {
	s := notice.Settings{Ways: []notice.Way{{Channel: notice.DingTalk}, {Channel: notice.Mail, Address: "a@b"}}}
	for name, c := range map[string]struct {
		tried []string
		want  string
	}{
		"the first":                  {nil, notice.DingTalk},
		"after the first":            {[]string{notice.DingTalk}, notice.Mail},
		"after both":                 {[]string{notice.DingTalk, notice.Mail}, ""},
		"after one that is no more":  {[]string{notice.Feishu}, notice.DingTalk},
		"one was put before another": {[]string{notice.Mail}, notice.DingTalk},
	} {
		t.Run(name, func(t *testing.T) {
			way, ok := s.NextWay(c.tried)
			require.Equal(t, c.want, way.Channel)
			require.Equal(t, c.want != "", ok)
		})
	}
}

func TestSettings_CheckedByField(t *testing.T) {
	for name, c := range map[string]struct {
		settings notice.Settings
		want     []string
	}{
		"good":              {notice.Settings{Language: "en", Hours: "5x8", Ways: []notice.Way{{Channel: notice.Mail, Address: "a@example.org"}, {Channel: notice.DingTalk, Address: "+8613800000000"}, {Channel: notice.Webhook}}}, nil},
		"a language":        {notice.Settings{Language: "fr"}, []string{"language"}},
		"hours":             {notice.Settings{Hours: "lunch"}, []string{"hours"}},
		"a channel":         {notice.Settings{Ways: []notice.Way{{Channel: "pigeon"}}}, []string{"ways[0].channel"}},
		"a channel twice":   {notice.Settings{Ways: []notice.Way{{Channel: notice.WeCom}, {Channel: notice.WeCom, Address: "x"}}}, []string{"ways[1].channel"}},
		"no mail address":   {notice.Settings{Ways: []notice.Way{{Channel: notice.Mail}}}, []string{"ways[0].address"}},
		"a header":          {notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: "a@b\r\nBcc: c@d"}}}, []string{"ways[0].address"}},
		"two addresses":     {notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: "a@b,c@d"}}}, []string{"ways[0].address"}},
		"everybody":         {notice.Settings{Ways: []notice.Way{{Channel: notice.Feishu, Address: "all"}}}, []string{"ways[0].address"}},
		"everybody (WeCom)": {notice.Settings{Ways: []notice.Way{{Channel: notice.WeCom, Address: "@all"}}}, []string{"ways[0].address"}},
		"too many":          {notice.Settings{Quiet: make([]notice.Quiet, 6)}, []string{"quiet"}},
	} {
		t.Run(name, func(t *testing.T) {
			var wrong apperr.Fields
			c.settings.Check([]string{"5x8", "7x24"}, &wrong)
			var got []string
			for _, f := range wrong {
				got = append(got, f.Field)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestParseQuiet_ReadsWhatItWrites(t *testing.T) {
	for text, want := range map[string]notice.Quiet{"22:00-07:00": {From: 1320, To: 420}, "00:00-06:30": {To: 390}} {
		q, ok := notice.ParseQuiet(text)
		require.True(t, ok, text)
		require.Equal(t, want, q)
		require.Equal(t, text, q.String())
	}
	for _, text := range []string{"", "22:00", "24:00-07:00", "22:00-7:00", "22:60-07:00", "22:00-22:00", " 22:00-07:00"} {
		_, ok := notice.ParseQuiet(text)
		require.False(t, ok, text)
	}
}

// However many ask, and whenever: no span of Per sees more than N.
func TestLimit_HoldsInEverySpan(t *testing.T) {
	for _, limit := range []notice.Limit{{N: 18, Per: time.Minute, Burst: 3}, {N: 20, Per: time.Minute, Burst: 1}, {N: 90, Per: time.Minute, Burst: 3}, {N: 5, Per: time.Second, Burst: 4}} {
		var free time.Time
		var sent []time.Time
		now := monday
		for range 5000 {
			next, at := limit.Reserve(free, now)
			if at.After(now) {
				require.Equal(t, free.UTC(), next.UTC(), "nothing was taken")
				now = at
				continue
			}
			free = next
			sent = append(sent, now)
			if len(sent)%40 == 0 {
				now = now.Add(3 * limit.Per) // a pause fills the bucket, and no more
			}
		}
		for i := range sent {
			n := 0
			for j := i; j < len(sent) && sent[j].Sub(sent[i]) < limit.Per; j++ {
				n++
			}
			require.LessOrEqual(t, n, limit.N)
		}
		require.Greater(t, len(sent), 1000)
		next, at := limit.Reserve(limit.FreeAfter(monday.Add(time.Hour)), monday)
		require.Equal(t, monday.Add(time.Hour), at, "it rests until then")
		require.Equal(t, limit.FreeAfter(monday.Add(time.Hour)), next)
	}
}

func TestWanted_OnTheSitesZone(t *testing.T) {
	policy := defect.Policy{Offset: 8 * 3600, Calendars: map[string]calendar.Calendar{}}
	s := notice.Settings{Quiet: []notice.Quiet{{From: 12 * 60, To: 13 * 60}}}
	want := at(23, 13, 0)
	require.Equal(t, want, s.Wanted(&policy, 3, at(23, 12, 30)))
}
