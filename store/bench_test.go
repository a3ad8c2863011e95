package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

// newest is when the latest case of the measurements was submitted.
var newest = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// sizes are how many cases the lists are measured with: YUNWEI_BENCH_ROWS, apart by commas.
func sizes(b *testing.B) []int {
	b.Helper()
	var out []int
	for _, s := range strings.FieldsFunc(os.Getenv("YUNWEI_BENCH_ROWS"), func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(s)
		require.NoError(b, err)
		out = append(out, n)
	}
	if len(out) == 0 {
		return []int{2000}
	}
	return out
}

// load stores so many cases: 19 of 20 ended over the last three years, the others open for some weeks at most. Every one
// says 故障, one of a hundred 百里挑一, one of a thousand 千载难逢, three of all 独一无二.
func load(b *testing.B, s *store.Store, n int) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // the same every time
	var open, ended []defect.Case
	for len(open) < 500 || len(ended) < 500 {
		steps := 60
		if len(open) < 500 {
			steps = 6
		}
		c, _ := storetest.Life(r, storetest.Submission(r, 500, 30), newest.AddDate(0, 0, -20), steps, defect.Keyed{})
		if c.Closed() {
			ended = append(ended, c)
		} else {
			open = append(open, c)
		}
	}
	const batch = 250
	for i := 0; i < n; i += batch {
		var samples []store.Sample
		for j := i; j < min(i+batch, n); j++ {
			samples = append(samples, sample(r, open, ended, j, n))
		}
		require.NoError(b, s.Load(b.Context(), samples))
	}
	began := time.Now()
	require.NoError(b, s.Absorb(b.Context()))
	b.Logf("%d texts into the search index: %v", n, time.Since(began).Round(time.Millisecond))
	require.NoError(b, s.Analyze(b.Context()))
}

func sample(r *rand.Rand, open, ended []defect.Case, i, n int) store.Sample {
	c, age := ended[r.IntN(len(ended))], r.Int64N(int64(3*365*24*time.Hour))
	if i%20 == 0 {
		c, age = open[r.IntN(len(open))], r.Int64N(int64(30*24*time.Hour))
	}
	c.Number = storetest.Number(r)
	c.Submission = storetest.Submission(r, 500, 30)
	c.Submission.Title = "【故障】" + c.Submission.Title
	switch {
	case i%(n/2-1) == 1:
		c.Submission.Description += "独一无二"
	case i%1000 == 7:
		c.Submission.Description += "千载难逢"
	case i%100 == 3:
		c.Submission.Description += "百里挑一"
	}
	if c.Assignee != "" {
		c.Assignee = fmt.Sprint("technician", r.IntN(40))
	}
	at := newest.Add(-time.Duration(age))
	out := store.Sample{Case: c, At: at.UnixMicro(), Updated: at.Add(time.Duration(r.Int64N(int64(72 * time.Hour)))).UnixMicro()}
	if !c.NextPromise().IsZero() {
		out.Due = at.Add(time.Duration(r.Int64N(int64(96 * time.Hour)))).UnixMicro()
	}
	return out
}

var openStages = slices.DeleteFunc(defect.Stages(), defect.Stage.Ended)

// asked are the lists that are measured; r chooses what varies.
var asked = []struct {
	name string
	own  bool
	q    func(r *rand.Rand) defect.Query
}{
	{name: "first page", q: func(*rand.Rand) defect.Query { return defect.Query{} }},
	{name: "page 500", q: func(*rand.Rand) defect.Query { return defect.Query{Page: 500} }},
	{name: "page of 200", q: func(*rand.Rand) defect.Query { return defect.Query{Size: 200} }},
	{name: "oldest", q: func(*rand.Rand) defect.Query { return defect.Query{Sort: defect.SortOldest} }},
	{name: "updated", q: func(*rand.Rand) defect.Query { return defect.Query{Sort: defect.SortUpdated} }},
	{name: "due", q: func(*rand.Rand) defect.Query { return defect.Query{Sort: defect.SortDue} }},
	{name: "severity", q: func(*rand.Rand) defect.Query { return defect.Query{Sort: defect.SortSeverity} }},
	{name: "closed", q: func(*rand.Rand) defect.Query { return defect.Query{Stages: []defect.Stage{defect.Closed}} }},
	{name: "submitted by due", q: func(*rand.Rand) defect.Query {
		return defect.Query{Stages: []defect.Stage{defect.Submitted}, Sort: defect.SortDue}
	}},
	{name: "open by due", q: func(*rand.Rand) defect.Query { return defect.Query{Stages: openStages, Sort: defect.SortDue} }},
	{name: "open, severe, by due", q: func(*rand.Rand) defect.Query {
		return defect.Query{Stages: openStages, Severities: []defect.Severity{1, 2}, Sort: defect.SortDue}
	}},
	{name: "of an assignee", q: func(r *rand.Rand) defect.Query { return defect.Query{Assignee: technician(r)} }},
	{name: "of an assignee, closed, updated", q: func(r *rand.Rand) defect.Query {
		return defect.Query{Assignee: technician(r), Stages: []defect.Stage{defect.Closed}, Sort: defect.SortUpdated}
	}},
	{name: "of an assignee, open, by due", q: func(r *rand.Rand) defect.Query {
		return defect.Query{Assignee: technician(r), Stages: openStages, Sort: defect.SortDue}
	}},
	{name: "overdue", q: func(*rand.Rand) defect.Query { return defect.Query{Overdue: new(true), Sort: defect.SortDue} }},
	{name: "waiting, severe", q: func(*rand.Rand) defect.Query {
		return defect.Query{Waiting: new(true), Severities: []defect.Severity{1}}
	}},
	{name: "system, severe, updated", q: func(r *rand.Rand) defect.Query {
		return defect.Query{System: system(r), Severities: []defect.Severity{1, 2}, Sort: defect.SortUpdated}
	}},
	{name: "closed, severe, business", q: func(*rand.Rand) defect.Query {
		return defect.Query{Stages: []defect.Stage{defect.Closed}, Severities: []defect.Severity{1}, Category: defect.Business}
	}},
	{name: "converted, severity 4, updated", q: func(*rand.Rand) defect.Query {
		return defect.Query{Stages: []defect.Stage{defect.Converted}, Severities: []defect.Severity{4}, Sort: defect.SortUpdated}
	}},
	{name: "own", own: true, q: func(*rand.Rand) defect.Query { return defect.Query{} }},
	{name: "a month, severe", q: func(r *rand.Rand) defect.Query {
		from := newest.AddDate(0, -1-r.IntN(30), 0)
		return defect.Query{From: from, To: from.AddDate(0, 1, 0), Severities: []defect.Severity{1, 2}}
	}},
	{name: "q all", q: text("故障")},
	{name: "q all, 4 characters", q: text("【故障】")},
	{name: "q common", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: common(r)} }},
	{name: "q common, page 400", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: common(r), Page: 400} }},
	{name: "q common and common", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: common(r) + common(r)} }},
	{name: "q 1%", q: text("百里挑一")},
	{name: "q 0.1%", q: text("千载难逢")},
	{name: "q three", q: text("独一无二")},
	{name: "q nothing", q: text("绝无仅有")},
	{name: "q ascii", q: text("oracle")},
	{name: "q number", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: storetest.Number(r)} }},
	{name: "q part of a number", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: storetest.Number(r)[5:10]} }},
	{name: "q long", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: storetest.Text(r, 20)} }},
	{name: "q all, updated", q: func(*rand.Rand) defect.Query { return defect.Query{Text: "故障", Sort: defect.SortUpdated} }},
	{name: "q all, open, by due", q: func(*rand.Rand) defect.Query {
		return defect.Query{Text: "故障", Stages: openStages, Sort: defect.SortDue}
	}},
	{name: "q common, closed, updated", q: func(r *rand.Rand) defect.Query {
		return defect.Query{Text: common(r), Stages: []defect.Stage{defect.Closed}, Sort: defect.SortUpdated}
	}},
	{name: "q common, of an assignee", q: func(r *rand.Rand) defect.Query { return defect.Query{Text: common(r), Assignee: technician(r)} }},
	{name: "q 1%, closed", q: func(*rand.Rand) defect.Query {
		return defect.Query{Text: "百里挑一", Stages: []defect.Stage{defect.Closed}}
	}},
	{name: "q common, own", own: true, q: func(r *rand.Rand) defect.Query { return defect.Query{Text: common(r)} }},
}

func text(q string) func(*rand.Rand) defect.Query {
	return func(*rand.Rand) defect.Query { return defect.Query{Text: q} }
}

func technician(r *rand.Rand) string { return fmt.Sprint("technician", r.IntN(40)) }
func system(r *rand.Rand) string     { return fmt.Sprintf("系统%d", r.IntN(30)) }

func common(r *rand.Rand) string {
	return []string{"登录", "数据库", "服务器", "打印机", "光模块", "浏览器", "缓慢", "证书", "日志", "超时"}[r.IntN(10)]
}

// BenchmarkList measures lists and searches at each of YUNWEI_BENCH_ROWS sizes, on every engine: go test -run xxx -bench
// List -benchtime 300x.
func BenchmarkList(b *testing.B) {
	for _, n := range sizes(b) {
		storetest.EachB(b, func(b *testing.B, db storetest.DB) {
			b.Helper()
			s := db.Open(b)
			b.Run(strconv.Itoa(n), func(b *testing.B) {
				load(b, s, n)
				for _, a := range asked {
					b.Run(a.name, func(b *testing.B) { measure(b, s, a.q, a.own) })
				}
			})
		})
	}
}

func measure(b *testing.B, s *store.Store, query func(*rand.Rand) defect.Query, mine bool) {
	b.Helper()
	r := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // the same every time
	timed(b, func() func() (int, error) {
		q, own := query(r), ""
		if mine {
			own = fmt.Sprint("reporter", 1+r.IntN(499))
		}
		return func() (int, error) {
			page, err := s.List(b.Context(), q, own)
			return page.Total, err
		}
	})
}

// timed measures what each call of next makes up, and tells how much it found.
func timed(b *testing.B, next func() func() (int, error)) {
	b.Helper()
	var took []time.Duration
	var total, calls int
	ask := func() {
		one := next()
		began := time.Now()
		found, err := one()
		took = append(took, time.Since(began))
		require.NoError(b, err)
		total += found
		calls++
	}
	for range 20 {
		ask()
	}
	took, total, calls = took[:0], 0, 0
	for b.Loop() {
		ask()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(total)/float64(calls), "found")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkReport measures what the form of a report asks while somebody fills it in, at each of YUNWEI_BENCH_ROWS sizes.
func BenchmarkReport(b *testing.B) {
	for _, n := range sizes(b) {
		storetest.EachB(b, func(b *testing.B, db storetest.DB) {
			b.Helper()
			s, r := db.Open(b), seeded(3)
			b.Run(strconv.Itoa(n), func(b *testing.B) {
				load(b, s, n)
				for name, own := range map[string]string{"all": "", "own": "reporter7"} {
					b.Run("similar, "+name, func(b *testing.B) {
						timed(b, func() func() (int, error) {
							title, system := "【故障】"+storetest.Text(r, 12), system(r)
							return func() (int, error) {
								found, err := s.Similar(b.Context(), title, system, own, 5)
								return len(found), err
							}
						})
					})
					b.Run("used, "+name, func(b *testing.B) {
						timed(b, func() func() (int, error) {
							return func() (int, error) {
								found, err := s.Used(b.Context(), system(r), own, 200)
								return len(found), err
							}
						})
					})
				}
			})
		})
	}
}

// BenchmarkProject measures what a step costs.
func BenchmarkProject(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db storetest.DB) {
		b.Helper()
		s, r := db.Open(b), seeded(1)
		b.Run("submit", func(b *testing.B) {
			for b.Loop() {
				c, events := storetest.Life(r, storetest.Submission(r, 5, 5), newest, 0, defect.Keyed{})
				_, err := s.Project(b.Context(), c.Number, &c, events)
				require.NoError(b, err)
			}
		})
		b.Run("step", func(b *testing.B) {
			var c defect.Case
			var events []defect.Event
			next := 0
			for b.Loop() {
				if next >= len(events) {
					b.StopTimer()
					c, events = storetest.Life(r, storetest.Submission(r, 5, 5), newest, 30, defect.Keyed{})
					_, err := s.Project(b.Context(), c.Number, &c, events[:1])
					require.NoError(b, err)
					next = 1
					b.StartTimer()
					continue
				}
				_, err := s.Project(b.Context(), c.Number, nil, events[next:next+1])
				require.NoError(b, err)
				next++
			}
		})
		c, events := life(77)
		_, err := s.Project(b.Context(), c.Number, &c, events)
		require.NoError(b, err)
		b.Run("known", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Project(b.Context(), c.Number, nil, light(events[len(events)-2:]))
				require.NoError(b, err)
			}
		})
	})
}
