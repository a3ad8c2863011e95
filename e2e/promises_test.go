package e2e

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ladder is a policy of seconds whose rules call again. ZONE, WORK and RESOLVE are filled in.
const ladder = `name: ladder
timezone: "ZONE"
calendars:
  7x24: {always: true}
  work: {days: [mon, tue, wed, thu, fri, sat, sun], hours: ["WORK"]}
severities:
  1: {name: {zh: 紧急, en: critical}, calendar: 7x24, response: 2s, plan: 1h, resolve: 12h, sign_offs: 1}
  2: {name: {zh: 严重, en: major}, calendar: 7x24, response: 2s, plan: 1h, resolve: 24h, sign_offs: 1}
  3: {name: {zh: 较严重, en: moderate}, calendar: work, response: 1h, plan: 1h, resolve: RESOLVE, sign_offs: 1}
  4: {name: {zh: 普通, en: minor}, calendar: 7x24, response: 1h, plan: 2h, resolve: 5d, sign_offs: 1}
onsite: 2h
spare_part: 24h
service_report: 24h
auto_close: 5d
pause: {waiting_reporter: [plan, resolve]}
warn_at: [50%]
escalation:
  - {clock: response, at: 100%, notify: [on_duty]}
  - {clock: response, after: 1s, notify: [liaison], repeat: 1s, times: 2}
`

// noon is a zone in which it is about noon now, so that no test meets midnight.
func noon() *time.Location {
	offset := 12 - time.Now().UTC().Hour()
	return time.FixedZone("", offset*3600)
}

func (s *site) ladder() []string {
	s.t.Helper()
	zone := time.Now().In(noon()).Format("-07:00")
	text := strings.NewReplacer("ZONE", zone, "WORK", "00:00-13:05", "RESOLVE", "2h").Replace(ladder)
	file := filepath.Join(s.data, "policy.yaml")
	require.NoError(s.t, os.WriteFile(file, []byte(text), 0o600))
	return []string{"--policy", file}
}

// calls returns the escalations of a timeline, each with how often its rule had called before.
func calls(events []fields) []string {
	var out []string
	for _, e := range events {
		if data, ok := e["data"].(map[string]any); ok && e["kind"] == "escalation" {
			out = append(out, strings.TrimSuffix(fmt.Sprintf("%v %v", data["rule"], data["repeat"]), " <nil>"))
		}
	}
	return out
}

// topics counts what somebody was told of a case, by topic.
func (p *person) topics(number string) map[string]int {
	p.site.t.Helper()
	a := p.do(http.MethodGet, "/api/v1/me/notices?page_size=100", nil)
	require.Equal(p.site.t, http.StatusOK, a.status, a)
	out := map[string]int{}
	items, _ := a.get("items").([]any)
	for _, item := range items {
		if n, ok := item.(map[string]any); ok && n["number"] == number {
			out[fmt.Sprint(n["topic"])]++
		}
	}
	return out
}

// TestPromises_OnTheRealProcess: warning, breach, each escalation once and in order, an acknowledged case silent, a pause that
// moves the due time by working time, and the report that adds up.
func TestPromises_OnTheRealProcess(t *testing.T) {
	s := fresh(t)
	s.start(s.ladder()...)
	reporter, agent, liaison, expert := s.as("reporter"), s.as("agent"), s.as("liaison"), s.as("expert")

	duty := fields{"timezone": "+08:00", "shifts": []fields{{
		"name": "热线", "kind": "hotline", "start": "00:00", "end": "24:00",
		"rotation": fields{"every": "week", "anchor": "2026-01-05", "groups": [][]string{{"expert"}}},
	}}}
	saved := liaison.do(http.MethodPut, "/api/v1/rosters/site", fields{"plan": duty, "reason": "排班"})
	require.Equal(t, http.StatusCreated, saved.status, saved)
	onDuty := agent.do(http.MethodGet, "/api/v1/duty", nil)
	require.Contains(t, string(onDuty.raw), `"people":["expert"]`)

	number, silent := reporter.submit(report()), reporter.submit(report())
	agent.must(silent, "acknowledge", fields{})
	require.Equal(t, "expert", agent.read(silent).text("assignee"), "to whoever is on duty, where nobody was named")
	ladder := []string{"response at 100%", "response after 1s", "response after 1s 1", "response after 1s 2"}
	require.Eventually(t, func() bool { return len(calls(agent.events(number))) == len(ladder) }, waitLimit, waitTick)
	require.Equal(t, ladder, calls(agent.events(number)), "each once and in order")
	require.Equal(t, []string{"submit", "warn", "breach"}, kinds(agent.events(number))[:3])
	require.Equal(t, []string{"submit", "acknowledge"}, kinds(agent.events(silent)), "an acknowledged case is silent")
	require.Equal(t, 1, expert.topics(number)["escalation"])
	require.Equal(t, 3, liaison.topics(number)["escalation"])
	require.Equal(t, 1, agent.topics(number)["breach"])

	critical := report()
	critical["severity"] = 1
	urgent := reporter.submit(critical)
	require.Equal(t, 1, liaison.topics(urgent)["urgent"], "severity 1 is told to those who answer for it, at once")
	require.Equal(t, 1, s.as("supervisor").topics(urgent)["urgent"])

	s.pauses(reporter, agent)
	s.addsUp(liaison)
}

func resolveOf(t *testing.T, a answer) (due time.Time, paused float64) {
	t.Helper()
	clocks, _ := a.get("clocks").([]any)
	for _, c := range clocks {
		k, ok := c.(map[string]any)
		if !ok || k["name"] != "resolve" {
			continue
		}
		if text, ok := k["due_at"].(string); ok {
			var err error
			due, err = time.Parse(time.RFC3339Nano, text)
			require.NoError(t, err)
		}
		paused, _ = k["paused_for"].(float64)
	}
	return due, paused
}

// pauses checks that a pause moves the due time by working time.
func (s *site) pauses(reporter, agent *person) {
	s.t.Helper()
	minor := report()
	minor["severity"] = 3
	number := reporter.submit(minor)
	agent.must(number, "acknowledge", fields{})
	before, _ := resolveOf(s.t, agent.read(number))
	require.Less(s.t, before.In(noon()).Hour(), 3, "it goes on tomorrow, when the desk opens at midnight")
	agent.must(number, "request_info", fields{"message": "?"})
	none, _ := resolveOf(s.t, agent.read(number))
	require.Zero(s.t, none, "while the answer is awaited nothing is due")
	reporter.must(number, "provide_info", fields{"message": "!"})
	after, paused := resolveOf(s.t, agent.read(number))
	require.Positive(s.t, paused)
	require.InDelta(s.t, paused, after.Sub(before).Seconds(), 1e-5)
	explained := agent.do(http.MethodGet, "/api/v1/defects/"+number+"/clocks/resolve/explain", nil)
	require.InDelta(s.t, paused, explained.get("sums", "client"), 1e-5, "and it was the client's time")
	counted := 0.0
	intervals, _ := explained.get("intervals").([]any)
	for _, i := range intervals {
		counted += i.(map[string]any)["counted"].(float64)
	}
	require.InDelta(s.t, 7200, counted, 1e-5)
}

// addsUp checks that every figure of the report is as many promises as its link leads to, and that the figures make up their
// sum.
func (s *site) addsUp(liaison *person) {
	s.t.Helper()
	from, to := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	a := liaison.do(http.MethodGet, "/api/v1/reports/promises?by=severity&from="+from+"&to="+to, nil)
	require.Equal(s.t, http.StatusOK, a.status, a)
	groups, _ := a.get("groups").([]any)
	require.Len(s.t, groups, 3)
	sums := map[string]float64{}
	for _, g := range groups {
		group := g.(map[string]any)
		sum := 0.0
		links, _ := group["links"].(map[string]any)
		for _, outcome := range []string{"met", "broken", "running", "cancelled"} {
			figure := group[outcome].(float64)
			sums[outcome] += figure
			sum += figure
			behind := liaison.do(http.MethodGet, fmt.Sprint(links[outcome])+"&page_size=200", nil)
			require.Equal(s.t, http.StatusOK, behind.status, behind)
			items, _ := behind.get("items").([]any)
			require.Len(s.t, items, int(figure), outcome)
		}
		require.InDelta(s.t, group["promised"], sum, 0)
	}
	require.InDelta(s.t, a.get("totals", "promised"), sums["met"]+sums["broken"]+sums["running"]+sums["cancelled"], 0)
	require.GreaterOrEqual(s.t, sums["broken"], 1.0)
	csv := liaison.do(http.MethodGet, "/api/v1/reports/promises?by=month&format=csv&from="+from+"&to="+to, nil, "Accept-Language", "zh")
	require.Contains(s.t, string(csv.raw), "承诺数")
}

var signLink = regexp.MustCompile(`https?://\S+/sign/[A-Za-z0-9_-]+`)

// TestSignOff_FromTheLinkOfANotice: the mail that asks for a signature brings a page on which it is given, once; a substitute
// who was named meanwhile gets a link of their own.
func TestSignOff_FromTheLinkOfANotice(t *testing.T) {
	box, address := &mailbox{}, free(t)
	box.serve(t, address)
	s := fresh(t)
	s.env = append(s.env, "YUNWEI_SMTP=smtp://"+address+"?from=desk@example.org&starttls=off")
	s.start()
	for _, who := range []string{"supervisor", "liaison"} {
		way := fields{"language": "en", "ways": []fields{{"channel": "mail", "address": who + "@example.org"}}}
		require.Equal(t, http.StatusOK, s.as(who).do(http.MethodPut, "/api/v1/me/notice-settings", way).status)
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	named := s.as("supervisor2").do(http.MethodPost, "/api/v1/substitutions", fields{"substitute": "liaison", "until": until, "reason": "出差"})
	require.Equal(t, http.StatusCreated, named.status, named)

	agent, technician := s.as("agent"), s.as("technician")
	number := s.as("reporter").submit(report())
	agent.must(number, "acknowledge", fields{})
	agent.must(number, "classify", fields{"category": "technical"})
	technician.must(number, "propose", fields{"cause": "光模块老化", "plan": "更换光模块", "rollback": "换回"})
	links := map[string]string{}
	require.Eventually(t, func() bool {
		for to, text := range box.texts() {
			if found := signLink.FindString(text); found != "" {
				links[to] = found
			}
		}
		return links["supervisor@example.org"] != "" && links["liaison@example.org"] != ""
	}, waitLimit, waitTick)

	page := func(link string, form url.Values) (int, string) {
		t.Helper()
		var resp *http.Response
		var err error
		if form == nil {
			resp, err = http.Get(link)
		} else {
			resp, err = http.PostForm(link, form)
		}
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	status, text := page(links["liaison@example.org"]+"?lang=en", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "更换光模块")
	require.Equal(t, "sign_off", agent.read(number).text("stage"), "reading signs nothing")
	status, text = page(links["liaison@example.org"]+"?lang=en", url.Values{"decision": {"reject"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, text, "This is required.")
	status, text = page(links["liaison@example.org"]+"?lang=en", url.Values{"decision": {"approve"}, "comment": {"ok"}})
	require.Equal(t, http.StatusOK, status, text)
	require.Contains(t, text, "You have decided: approve")
	events := agent.events(number)
	last := events[len(events)-1]
	require.Equal(t, "sign", last["kind"])
	require.Equal(t, "liaison", last["actor"].(map[string]any)["username"])
	require.Equal(t, "主管二", last["data"].(map[string]any)["on_behalf_of"], "both names stand in the record")
	read := agent.read(number)
	require.Equal(t, "resolution", read.text("stage"))
	require.Contains(t, string(read.raw), `"by":"liaison","for":"supervisor2"`)
	status, _ = page(links["supervisor@example.org"], url.Values{"decision": {"approve"}})
	require.Equal(t, http.StatusConflict, status, "it is decided")
	status, _ = page(links["supervisor@example.org"]+"x", nil)
	require.Equal(t, http.StatusForbidden, status)
}

// texts returns the latest text that each address was sent.
func (m *mailbox) texts() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]string{}
	for i, message := range m.got {
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.bodies[i])))
		if err != nil {
			continue
		}
		to := strings.Trim(message.Header.Get("To"), "<>")
		if signLink.Match(text) || out[to] == "" {
			out[to] = string(text)
		}
	}
	return out
}
