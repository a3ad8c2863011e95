package defect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
)

func shippedText(t *testing.T) string {
	t.Helper()
	return `name: test
timezone: "+08:00"
calendars:
  7x24: {always: true}
  5x8: {days: [mon, tue, wed, thu, fri], hours: ["08:30-12:00", "13:30-18:00"], holidays: cn}
severities:
  1: {name: {zh: 紧急, en: critical}, calendar: 7x24, response: 30m, plan: 2h, resolve: 12h, sign_offs: 1}
  2: {name: {zh: 严重, en: major}, calendar: 7x24, response: 30m, plan: 2h, resolve: 24h, sign_offs: 1}
  3: {name: {zh: 较严重, en: moderate}, calendar: 7x24, response: 30m, plan: 2h, resolve: 48h, sign_offs: 1}
  4: {name: {zh: 普通, en: minor}, calendar: 5x8, response: 30m, plan: 2h, resolve: 5d, sign_offs: 2}
onsite: 2h
spare_part: 24h
service_report: 24h
auto_close: {limit: 5wd, calendar: 5x8}
pause: {waiting_reporter: [plan, resolve], waiting_spare: []}
warn_at: [50%, 80%]
escalation:
  - {clock: response, at: 100%, notify: [liaison]}
  - {clock: response, after: 30m, notify: [supervisor]}
`
}

func TestShippedPolicies_PromiseWhatThePlanSays(t *testing.T) {
	require.Equal(t, "om-plan-2019", defect.DefaultPolicy().Name)
	for name, want := range map[string][4]time.Duration{
		"om-plan":        {12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 120 * time.Hour},
		"om-plan-strict": {12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour},
	} {
		p, err := defect.ShippedPolicy(name)
		require.NoError(t, err)
		for i, resolve := range want {
			s := p.Severities[defect.Severity(i+1)]
			cal := p.Calendars[s.Calendar]
			require.Equal(t, resolve, s.Resolve.On(cal))
			require.Equal(t, 30*time.Minute, s.Response.On(cal))
			require.Equal(t, 2*time.Hour, s.Plan.On(cal))
		}
		require.Equal(t, 2*time.Hour, p.Onsite.Limit.Counted)
		require.Equal(t, 24*time.Hour, p.SparePart.Limit.Counted)
		require.Equal(t, 24*time.Hour, p.ServiceReport.Limit.Counted)
		require.Equal(t, 40*time.Hour, p.AutoClose.Limit.On(p.Calendars["5x8"]))
	}
	_, err := defect.ShippedPolicy("none")
	require.Error(t, err)
}

func TestParsePolicy_ReadsEverything(t *testing.T) {
	p, err := defect.ParsePolicy([]byte(shippedText(t)))
	require.NoError(t, err)
	require.Equal(t, 8*3600, p.Offset)
	require.True(t, p.Calendars["7x24"].Always)
	require.Equal(t, []calendar.Span{{From: 510, To: 720}, {From: 810, To: 1080}}, p.Calendars["5x8"].Week[time.Monday])
	require.Empty(t, p.Calendars["5x8"].Week[time.Sunday])
	require.NotEmpty(t, p.Calendars["5x8"].Exceptions)
	require.Equal(t, 2, p.Severities[4].SignOffs)
	require.Equal(t, "较严重", p.Severities[3].Name["zh"])
	require.Equal(t, defect.Term{Limit: calendar.Limit{Days: 5}, Calendar: "5x8"}, p.AutoClose)
	require.Equal(t, []defect.ClockName{defect.ClockPlan, defect.ClockResolve}, p.Pause[defect.WaitingReporter])
	require.Equal(t, []int{50, 80}, p.WarnAt)
	require.Equal(t, "response after 30m", p.Escalation[1].String())
	ladder, err := defect.ParsePolicy([]byte(strings.Replace(shippedText(t), "[supervisor]}", `[on_duty, assignee, "user:wang.fang"], repeat: 15m, times: 3, level: onsite}`, 1)))
	require.NoError(t, err)
	require.Equal(t, defect.Rule{
		Clock: defect.ClockResponse, After: calendar.Limit{Counted: 30 * time.Minute}, Notify: []string{"on_duty", "assignee", "user:wang.fang"},
		Repeat: calendar.Limit{Counted: 15 * time.Minute}, Times: 3, Level: defect.LevelOnsite,
	}, ladder.Escalation[1])
	other, err := defect.ParsePolicy([]byte(shippedText(t) + "# changed\n"))
	require.NoError(t, err)
	require.NotEqual(t, p.Hash, other.Hash)
}

func TestParsePolicy_NamesLineAndReason(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		line     int
		says     string
	}{
		"unknown setting":       {"onsite: 2h", "onsite: 2h\nonsight: 2h", 12, "unknown"},
		"a setting twice":       {"onsite: 2h", "onsite: 2h\nonsite: 3h", 12, "twice"},
		"a missing setting":     {"onsite: 2h\n", "", 1, "missing"},
		"a severity is missing": {"  3: {name: {zh: 较严重, en: moderate}, calendar: 7x24, response: 30m, plan: 2h, resolve: 48h, sign_offs: 1}\n", "", 7, "missing"},
		"no zone":               {`"+08:00"`, "Asia/Shanghai", 2, "write it as +08:00"},
		"never opens":           {"days: [mon, tue, wed, thu, fri], ", "days: [], ", 5, "never opens"},
		"overlapping hours":     {`"13:30-18:00"`, `"11:30-18:00"`, 5, "overlaps"},
		"bad hours":             {`"13:30-18:00"`, `"13:30-25:00"`, 5, "hours"},
		"unknown day":           {"[mon, tue", "[moon, tue", 5, "moon"},
		"unknown holidays":      {"holidays: cn", "holidays: de", 5, "cn"},
		"always and hours":      {"{always: true}", `{always: true, hours: ["08:00-09:00"]}`, 4, "nothing else"},
		"unknown calendar":      {"critical}, calendar: 7x24", "critical}, calendar: 8x24", 7, "8x24"},
		"bad limit":             {"response: 30m, plan: 2h, resolve: 12h", "response: soon, plan: 2h, resolve: 12h", 7, "not a limit"},
		"no limit at all":       {"spare_part: 24h", "spare_part: 0h", 12, "more than nothing"},
		"a limit past all":      {"spare_part: 24h", "spare_part: 3651d", 12, "too long"},
		"a list for a limit":    {"response: 30m, plan: 2h, resolve: 12h", "response: [30m], plan: 2h, resolve: 12h", 7, "severities.1.response: write a limit"},
		"no sign-off":           {"resolve: 24h, sign_offs: 1", "resolve: 24h, sign_offs: 0", 8, "1 to 9"},
		"bad percentage":        {"[50%, 80%]", "[50%, 100%]", 16, "percentage"},
		"falling percentages":   {"[50%, 80%]", "[80%, 50%]", 16, "rising"},
		"unknown clock":         {"{clock: response, at: 100%", "{clock: respond, at: 100%", 18, "respond"},
		"at and after":          {"at: 100%", "at: 100%, after: 1h", 18, "either"},
		"neither at nor after":  {"at: 100%, ", "", 18, "either"},
		"unknown role":          {"[liaison]", "[king]", 18, "king"},
		"nobody":                {"[liaison]", "[]", 18, "at least one"},
		"a rule twice":          {"{clock: response, after: 30m, notify: [supervisor]}", "{clock: response, at: 100%, notify: [supervisor]}", 19, "already"},
		"repeats without end":   {"[supervisor]}", "[supervisor], repeat: 30m}", 19, "for ever"},
		"times of nothing":      {"[supervisor]}", "[supervisor], times: 3}", 19, "for ever"},
		"too many times":        {"[supervisor]}", "[supervisor], repeat: 30m, times: 49}", 19, "1 to 48"},
		"times in words":        {"[supervisor]}", "[supervisor], repeat: 30m, times: often}", 19, "1 to 48"},
		"no such level":         {"[supervisor]}", "[supervisor], level: desk}", 19, "desk"},
		"no such account":       {"[liaison]", `["user:Wang Fang"]`, 18, "user name"},
		"unknown pause":         {"[plan, resolve]", "[plan, lunch]", 15, "lunch"},
		"an alias":              {"onsite: 2h", "onsite: &x 2h\nservice_level: *x", 12, ""},
		"a list for a mapping":  {"{always: true}", "[always]", 4, "mapping"},
		"not YAML":              {"onsite: 2h", "onsite: {", 0, "YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(shippedText(t), c.old, c.new, 1)
			require.NotEqual(t, shippedText(t), text)
			_, err := defect.ParsePolicy([]byte(text))
			var wrong defect.PolicyErrors
			require.ErrorAs(t, err, &wrong)
			if c.line > 0 {
				require.Equal(t, c.line, wrong[0].Line, err)
			}
			require.Contains(t, err.Error(), c.says)
		})
	}
	for _, text := range []string{"", "[]", "name: x\n---\nname: y\n", strings.Repeat("#", 1<<20+1)} {
		_, err := defect.ParsePolicy([]byte(text))
		require.ErrorAs(t, err, new(defect.PolicyErrors))
	}
}

func TestParsePolicy_TellsAllMistakesAtOnce(t *testing.T) {
	text := strings.NewReplacer("onsite: 2h", "onsite: soon", "[50%, 80%]", "[0%]", "cn}", "xx}").Replace(shippedText(t))
	_, err := defect.ParsePolicy([]byte(text))
	var wrong defect.PolicyErrors
	require.ErrorAs(t, err, &wrong)
	require.Len(t, wrong, 3)
	require.IsIncreasing(t, []int{wrong[0].Line, wrong[1].Line, wrong[2].Line})
}

func TestParsePolicy_NightsAndOwnDays(t *testing.T) {
	text := strings.Replace(shippedText(t), "  7x24: {always: true}\n", `  7x24: {always: true}
  nights: {week: {mon: ["22:00-06:00"], sat: ["08:00-12:00", "13:00-24:00"]}, exceptions: [{date: 2026-11-23, off: true, name: 停电}]}
`, 1)
	p, err := defect.ParsePolicy([]byte(text))
	require.NoError(t, err)
	c := p.Calendars["nights"]
	require.Equal(t, []calendar.Span{{From: 22 * 60, To: 30 * 60}}, c.Week[time.Monday])
	require.Equal(t, 1440, c.Week[time.Saturday][1].To)
	require.Equal(t, []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 11, Day: 23}, Off: true, Name: "停电"}}, c.Exceptions)
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("name: x"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("calendars: {x: {week: {mon: [\"08:00-09:00\"]}}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := defect.ParsePolicy(text)
		if err != nil {
			return
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for _, s := range p.Severities {
			cal := p.Calendars[s.Calendar]
			require.False(t, cal.Add(at, s.Response.On(cal)).IsZero())
		}
	})
}
