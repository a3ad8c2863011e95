package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/store/storetest"
)

func (f *fakeDesk) MayReport(desk.Caller) error { return f.may }
func (f *fakeDesk) MayAudit(desk.Caller) error  { return f.may }
func (f *fakeDesk) Zone() *time.Location        { return time.FixedZone("", 8*3600) }

func (f *fakeDesk) Audits(_ context.Context, _ desk.Caller, after string, limit int) ([]desk.Audit, string, error) {
	return []desk.Audit{{ID: "a1", StartedAt: now, Checked: 7, Findings: 1}}, "n", f.ask(fmt.Sprint("audits ", after, limit))
}

func (f *fakeDesk) Findings(_ context.Context, _ desk.Caller, id, after string, limit int) ([]defect.Drift, string, error) {
	return []defect.Drift{{Number: "7K3M-Q9XT-WA5C", Kind: defect.DriftClock, Subject: "plan 2", Fact: defect.FactEvents, Args: apperr.Args{"count": "3", "seq": "4"}, FoundAt: now}}, "", f.ask(fmt.Sprint("findings ", id, after, limit))
}

// ofGroup reports whether a promise is in the group that q names.
func ofGroup(p defect.CasePromise, q defect.PromiseQuery) bool {
	return !q.Keyed || q.Key == map[defect.Dimension]string{
		defect.BySeverity: strconv.Itoa(int(p.Severity)), defect.ByMonth: strconv.Itoa(p.Month), defect.BySystem: p.System, defect.ByUnit: p.Unit,
		defect.ByPerson: p.Person, defect.ByClock: string(p.Clock),
	}[q.By]
}

// matching returns the promises that q asks for.
func (f *fakeDesk) matching(q defect.PromiseQuery) []defect.CasePromise {
	var out []defect.CasePromise
	for _, p := range f.promises {
		if (q.From.IsZero() || !p.StartedAt.Before(q.From)) && (q.To.IsZero() || p.StartedAt.Before(q.To)) && (q.Clock == "" || p.Clock == q.Clock) &&
			ofGroup(p, q) && (q.Outcome == "" || p.Outcome == q.Outcome) && (!q.Timed || p.Met) {
			out = append(out, p)
		}
	}
	return out
}

func (f *fakeDesk) PromiseReport(ctx context.Context, _ desk.Caller, q defect.PromiseQuery) (defect.PromiseReport, error) {
	if deadline, bounded := ctx.Deadline(); bounded {
		f.left = time.Until(deadline)
	}
	var sums defect.PromiseSums
	for _, p := range f.matching(q) {
		sums.Add(p.Key(q.By), p.Figure())
	}
	report := sums.Report()
	return report, f.ask("report " + string(q.By))
}

// Promises pages by row, its cursor is where to go on.
func (f *fakeDesk) Promises(_ context.Context, _ desk.Caller, q defect.PromiseQuery, after string, limit int) ([]defect.CasePromise, string, error) {
	if f.page != nil {
		list, next := f.page(after, limit)
		return list, next, f.fail
	}
	list := f.matching(q)
	from, _ := strconv.Atoi(after)
	list = list[min(from, len(list)):]
	next := ""
	if len(list) > limit {
		list, next = list[:limit], strconv.Itoa(from+limit)
	}
	return list, next, f.fail
}

// promised is a site with the promises of some random lives.
func promised(t testing.TB) *site {
	t.Helper()
	s := newSite(t)
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // for tests
	for i := range 30 {
		report := storetest.Submission(r, 3, 3)
		report.Reporter.Unit = []string{"", "财务处", `=HYPERLINK("http://x")`, "+86 10"}[i%4]
		c, _ := storetest.Life(r, report, now.Add(time.Duration(i)*time.Hour), r.IntN(30), defect.Keyed{})
		for _, p := range c.Promises() {
			s.promises = append(s.promises, defect.CasePromise{Number: c.Number, Promise: p})
		}
	}
	return s
}

type reportAnswer struct {
	Groups []groupAnswer
	Totals groupAnswer
	Next   *string
}

type groupAnswer struct {
	Key                                              *string
	Promised, Met, Broken, Running, Cancelled, Timed int
	Rate, P50                                        *float64
	Cases                                            string
	Links                                            map[string]string
}

func (s *site) report(path string) reportAnswer {
	s.t.Helper()
	w := s.ask("GET", path, "")
	require.Equal(s.t, 200, w.Code, w.Body)
	var answer reportAnswer
	require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &answer))
	return answer
}

// count follows an address to its last page.
func (s *site) count(address string) int {
	s.t.Helper()
	n := 0
	for path := address + map[bool]string{true: "&", false: "?"}[strings.Contains(address, "?")] + "page_size=9"; ; {
		w := s.ask("GET", path, "")
		require.Equal(s.t, 200, w.Code, w.Body)
		var page struct {
			Items []struct{ Explain string }
			Next  *string
		}
		require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &page))
		n += len(page.Items)
		if page.Next == nil {
			return n
		}
		path = strings.Split(path, "&after=")[0] + "&after=" + *page.Next
	}
}

func TestPromiseReport_LinksToWhatItCounts(t *testing.T) {
	s := promised(t)
	for _, by := range []string{"severity", "unit"} {
		answer := s.report("/api/v1/reports/promises?from=2026-11-23T10:00:00Z&to=2026-11-24T17:00:00%2B08:00&by=" + by)
		require.NotEmpty(t, answer.Groups)
		sum := 0
		for _, g := range append(answer.Groups, answer.Totals) {
			require.Equal(t, g.Promised, g.Met+g.Broken+g.Running+g.Cancelled)
			require.Equal(t, g.Promised, s.count(g.Cases), g.Cases)
			for name, n := range map[string]int{"met": g.Met, "broken": g.Broken, "running": g.Running, "cancelled": g.Cancelled, "timed": g.Timed} {
				require.Equal(t, n, s.count(g.Links[name]), g.Links[name])
			}
			sum += g.Promised
		}
		require.Equal(t, 2*answer.Totals.Promised, sum)
	}
}

func TestPromiseReport_PageByPage(t *testing.T) {
	s := promised(t)
	whole := s.report("/api/v1/reports/promises?by=unit")
	require.Len(t, whole.Groups, 4)
	require.Nil(t, whole.Groups[0].Key, "those that name no unit")
	var got []groupAnswer
	for path := "/api/v1/reports/promises?by=unit&page_size=1"; ; {
		page := s.report(path)
		got = append(got, page.Groups...)
		require.Equal(t, whole.Totals, page.Totals)
		if page.Next == nil {
			break
		}
		path = "/api/v1/reports/promises?by=unit&page_size=1&after=" + *page.Next
	}
	require.Equal(t, whole.Groups, got)
}

func TestPromiseReport_OfNothing(t *testing.T) {
	s := newSite(t)
	w := s.ask("GET", "/api/v1/reports/promises", "")
	require.JSONEq(t, `{"from":null,"to":null,"by":"severity","clock":null,"groups":[],"next":null,"totals":{"key":null,"promised":0,"met":0,"broken":0,
"running":0,"cancelled":0,"rate":null,"timed":0,"p50":null,"p90":null,"longest":null,"sums":{"contractor":0,"client":0,"spare_part":0},
"cases":"/api/v1/reports/promises/cases","links":{"met":"/api/v1/reports/promises/cases?outcome=met","broken":"/api/v1/reports/promises/cases?outcome=broken",
"running":"/api/v1/reports/promises/cases?outcome=running","cancelled":"/api/v1/reports/promises/cases?outcome=cancelled","timed":"/api/v1/reports/promises/cases?timed=true"}}}`, w.Body.String())
}

func TestReports_Refuse(t *testing.T) {
	for path, field := range map[string]string{
		"/api/v1/reports/promises?by=colour":                            "by",
		"/api/v1/reports/promises?from=yesterday":                       "from",
		"/api/v1/reports/promises?format=pdf":                           "format",
		"/api/v1/reports/promises?page_size=201":                        "page_size",
		"/api/v1/reports/promises?after=x":                              "after",
		"/api/v1/reports/promises?clock=wall":                           "clock",
		"/api/v1/reports/promises/cases?key=OA":                         "by",
		"/api/v1/reports/promises/cases?by=unit&key=a&none=true":        "key",
		"/api/v1/reports/promises/cases?outcome=lost":                   "outcome",
		"/api/v1/reports/promises/cases?format=xlsx":                    "format",
		"/api/v1/reports/promises/cases?page_size=0":                    "page_size",
		"/api/v1/audits?page_size=1000":                                 "page_size",
		"/api/v1/audits/a1/findings?colour=red":                         "colour",
		"/api/v1/reports/promises?from=2026-11-23T00:00:00Z&timed=true": "timed",
	} {
		s := newSite(t)
		p := s.refused(s.ask("GET", path, ""), 422, "invalid")
		require.Equal(t, field, p.Errors[0].Field, path)
		s.may = apperr.New(apperr.Forbidden, apperr.ReasonReports, nil)
		s.refused(s.ask("GET", path, ""), 403, "forbidden")
	}
}

func TestReports_HaveTheTimeThatTheyNeed(t *testing.T) {
	s := newSite(t)
	s.report("/api/v1/reports/promises?by=severity")
	require.Greater(t, s.left, 30*time.Second, "the store's own bound comes first")
}

func TestExports_AreHarmlessAndInTheCallersLanguage(t *testing.T) {
	s := promised(t)
	for language, want := range map[string][]string{
		"":   {"单位", "承诺数", "按时完成", "超时", "进行中", "已取消", "按时率", "已完成数", "用时中位数(秒)", "用时 P90(秒)", "最长用时(秒)", "运维方用时(秒)", "等待用户(秒)", "等待备件(秒)"},
		"en": {"unit", "promised", "met", "broken", "running", "cancelled", "share kept", "completed", "median time (s)", "90th percentile (s)", "longest time (s)", "contractor's time (s)", "client's time (s)", "waiting for parts (s)"},
	} {
		w := s.ask("GET", "/api/v1/reports/promises?by=unit&format=csv", "", "Accept-Language", language)
		require.Equal(t, 200, w.Code, w.Body)
		require.Equal(t, "text/csv; charset=utf-8", w.Header().Get("Content-Type"))
		require.Equal(t, strconv.Itoa(w.Body.Len()), w.Header().Get("Content-Length"))
		text, marked := strings.CutPrefix(w.Body.String(), "\ufeff")
		require.True(t, marked, "so that spreadsheets read UTF-8")
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		require.Equal(t, want, lines[0])
		require.Len(t, lines, 6, "the headings, four units and all")
		require.Equal(t, []string{"'+86 10", `'=HYPERLINK("http://x")`, "财务处"}, []string{lines[2][0], lines[3][0], lines[4][0]})
		require.Equal(t, strconv.Itoa(len(s.promises)), lines[5][1])

		w = s.ask("GET", "/api/v1/reports/promises?by=unit&format=xlsx", "", "Accept-Language", language)
		require.Equal(t, 200, w.Code)
		book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
		require.NoError(t, err)
		sheets := book.GetSheetList()
		require.Equal(t, map[string][]string{"": {"汇总", "明细"}, "en": {"Figures", "Cases"}}[language], sheets)
		rows, err := book.GetRows(sheets[0])
		require.NoError(t, err)
		require.Equal(t, want, rows[0])
		require.Equal(t, `=HYPERLINK("http://x")`, rows[3][0])
		require.Equal(t, plainRows(lines[1:]), plainRows(rows[1:]), "the same figures as the CSV of the same moment")
		formula, err := book.GetCellFormula(sheets[0], "A4")
		require.NoError(t, err)
		require.Empty(t, formula, "a text, whatever it begins with")
		cases, err := book.GetRows(sheets[1])
		require.NoError(t, err)
		require.Len(t, cases, len(s.promises)+1)
		require.Equal(t, s.promises[0].Number, cases[1][0])
		require.Equal(t, s.promises[0].StartedAt.Add(8*time.Hour).Format("2006-01-02 15:04:05"), cases[1][8], "as the site's clock shows it")
		require.NoError(t, book.Close())
	}
	w := s.ask("GET", "/api/v1/reports/promises/cases?outcome=broken&format=csv", "", "Accept-Language", "en")
	lines, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, len(s.matching(defect.PromiseQuery{Outcome: defect.OutcomeBroken}))+1)
	s.fail = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	s.refused(s.ask("GET", "/api/v1/reports/promises/cases?format=csv", ""), 503, "unavailable")
}

// plainRows is the rows of a file without what its kind adds or takes away: the apostrophe before a formula, empty cells at
// the end, the last digit of a share.
func plainRows(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = append(slices.Clone(row), make([]string, 14-len(row))...)
		out[i][0], out[i][6] = strings.TrimPrefix(out[i][0], "'"), ""
	}
	return out
}

func TestAudits_AreShown(t *testing.T) {
	s := newSite(t)
	w := s.ask("GET", "/api/v1/audits?page_size=5", "")
	require.JSONEq(t, `{"items":[{"id":"a1","started_at":"2026-11-23T09:00:00Z","ended_at":null,"checked":7,"findings":1,"found":"/api/v1/audits/a1/findings"}],"next":"n"}`, w.Body.String())
	w = s.ask("GET", "/api/v1/audits/a1/findings?after=c", "")
	require.JSONEq(t, `{"items":[{"number":"7K3M-Q9XT-WA5C","kind":"clock","subject":"plan 2","detail":"共有 3 个事件,问题单已到第 4 个。","found_at":"2026-11-23T09:00:00Z"}],"next":null}`, w.Body.String())
	require.Equal(t, []string{"audits 5", "findings a1c20"}, s.asked)
	require.Contains(t, s.ask("GET", "/api/v1/audits/a1/findings", "", "Accept-Language", "en").Body.String(), `"detail":"There are 3 events; the case is at 4."`)
}

// BenchmarkExport writes a workbook and a CSV of 200,000 promises.
func BenchmarkExport(b *testing.B) {
	s := promised(b)
	for few := s.promises; len(s.promises) < 200_000; {
		s.promises = append(s.promises, few...)
	}
	all := s.promises[:200_000]
	s.page = func(after string, limit int) ([]defect.CasePromise, string) {
		from, err := strconv.Atoi("0" + after)
		require.NoError(b, err)
		if to := from + limit; to < len(all) {
			return all[from:to], strconv.Itoa(to)
		}
		return all[from:], ""
	}
	for _, path := range []string{"promises?format=xlsx", "promises/cases?format=csv"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				w := s.ask("GET", "/api/v1/reports/"+path, "")
				require.Equal(b, 200, w.Code)
				b.ReportMetric(float64(w.Body.Len()), "bytes")
			}
		})
	}
}
