package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

const known = 120 // cases in the tests of lists

// fill stores cases that live through a few steps, some at the same instant.
func fill(t *testing.T, s *store.Store, seed uint64, n int) []defect.Case {
	t.Helper()
	r := seeded(seed)
	var all []defect.Case
	for i := range n {
		at := monday.Add(time.Duration(r.IntN(n/3+1)) * time.Hour)
		c, events := storetest.Life(r, storetest.Submission(r, 4, 3), at, r.IntN(12), defect.Keyed{})
		_, err := s.Project(t.Context(), c.Number, &c, events)
		require.NoError(t, err)
		all = append(all, c)
		if i == n/2 { // the first half into the index, the second stays in the tail
			require.NoError(t, s.Absorb(t.Context()))
		}
	}
	return all
}

// oracle answers a query the slow way. Cases that an order holds equal come in any order.
func oracle(all []defect.Case, q defect.Query, own string) []defect.Case {
	text := store.FoldQuery(q.Text)
	var out []defect.Case
	for _, c := range all {
		s := c.Submission
		fields := []string{store.Fold(s.Title), store.Fold(s.Description), store.Fold(c.Number), store.Fold(strings.ReplaceAll(c.Number, "-", ""))}
		switch {
		case len(q.Stages) > 0 && !slices.Contains(q.Stages, c.Stage),
			len(q.Severities) > 0 && !slices.Contains(q.Severities, c.Severity),
			q.Category != "" && q.Category != c.Category,
			q.Assignee != "" && !strings.EqualFold(q.Assignee, c.Assignee),
			q.Reporter != "" && !strings.EqualFold(q.Reporter, s.Reporter.Username),
			own != "" && own != s.Reporter.Username,
			q.System != "" && q.System != s.System,
			q.AssetID != "" && q.AssetID != s.AssetID,
			q.Overdue != nil && *q.Overdue != c.Overdue(),
			q.Waiting != nil && *q.Waiting != (len(c.Waiting) > 0),
			!q.From.IsZero() && c.CreatedAt.Before(q.From),
			!q.To.IsZero() && !c.CreatedAt.Before(q.To),
			q.Text != "" && !slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(f, text) }):
			continue
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b defect.Case) int { return compare(q.Sort, a, b) })
	return out
}

func compare(by defect.Sort, a, b defect.Case) int {
	due := func(c defect.Case) int64 {
		if at := c.NextPromise(); !at.IsZero() {
			return at.UnixMicro()
		}
		return 1 << 62
	}
	switch by {
	case defect.SortOldest:
		return a.CreatedAt.Compare(b.CreatedAt)
	case defect.SortUpdated:
		return b.UpdatedAt.Compare(a.UpdatedAt)
	case defect.SortDue:
		return cmp.Compare(due(a), due(b))
	case defect.SortSeverity:
		return cmp.Compare(a.Severity, b.Severity)
	case defect.SortNewest:
	}
	return b.CreatedAt.Compare(a.CreatedAt)
}

// randomQuery asks for what some of the cases are.
func randomQuery(t *rapid.T, all []defect.Case) (defect.Query, string) {
	like := all[rapid.IntRange(0, len(all)-1).Draw(t, "like")]
	now := func(label string) bool { return rapid.IntRange(0, 5).Draw(t, label) == 0 }
	q := defect.Query{Sort: rapid.SampledFrom(append(defect.Sorts(), "")).Draw(t, "sort"), Size: rapid.IntRange(3, 40).Draw(t, "size")}
	own := ""
	if now("stages") {
		q.Stages = rapid.SliceOfN(rapid.SampledFrom(defect.Stages()), 1, 6).Draw(t, "stages")
	}
	if now("severities") {
		q.Severities = rapid.SliceOfN(rapid.SampledFrom([]defect.Severity{1, 2, 3, 4}), 1, 3).Draw(t, "severities")
	}
	if now("category") {
		q.Category = like.Category
	}
	if now("assignee") {
		q.Assignee = strings.ToUpper(like.Assignee)
	}
	if now("reporter") {
		q.Reporter = like.Submission.Reporter.Username
	}
	if now("own") {
		own = like.Submission.Reporter.Username
	}
	if now("system") {
		q.System = like.Submission.System
	}
	if now("asset") {
		q.AssetID = like.Submission.AssetID
	}
	if now("overdue") {
		q.Overdue = new(rapid.Bool().Draw(t, "overdue"))
	}
	if now("waiting") {
		q.Waiting = new(rapid.Bool().Draw(t, "waiting"))
	}
	if now("from") {
		q.From = like.CreatedAt.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "shift")))
	}
	if now("to") {
		q.To = like.CreatedAt.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "shift")))
	}
	if rapid.Bool().Draw(t, "text") {
		q.Text = somewhere(t, like)
	}
	return q, own
}

// somewhere is a piece of what a case says, or of its number.
func somewhere(t *rapid.T, c defect.Case) string {
	s := []rune(rapid.SampledFrom([]string{c.Submission.Title, c.Submission.Description, c.Number, strings.ReplaceAll(c.Number, "-", ""), "系统", "登录失败"}).Draw(t, "field"))
	from := rapid.IntRange(0, len(s)-2).Draw(t, "at")
	to := min(len(s), from+rapid.IntRange(2, 9).Draw(t, "length"))
	piece := string(s[from:to])
	if rapid.Bool().Draw(t, "capitals") {
		piece = strings.ToUpper(piece)
	}
	if len([]rune(store.FoldQuery(piece))) < store.MinSearch {
		return "系统"
	}
	return piece
}

func numbers(cases []defect.Case) []string {
	out := make([]string, len(cases))
	for i, c := range cases {
		out[i] = c.Number
	}
	return out
}

// Whatever is asked for comes, in its order, each case once, by pages and by cursors, and is counted.
func TestList_AnyQuery(t *testing.T) {
	bounds := map[string]func(*store.Store){
		"few":  func(*store.Store) {},
		"many": func(s *store.Store) { s.SetBounds(40, 10, 5, 16, 30) },
	}
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		s.SetBounds(10_000, 4000, 1000, 16, 30) // several segments, and several batches in each
		all := fill(t, s, 20, known)
		for name, set := range bounds {
			t.Run(name, func(t *testing.T) {
				other := db.Open(t)
				set(other)
				rapid.Check(t, func(t *rapid.T) {
					q, own := randomQuery(t, all)
					checkQuery(t, other, all, q, own, map[string]int{"few": 10_000, "many": 40}[name])
				})
			})
		}
	})
}

func checkQuery(t *rapid.T, s *store.Store, all []defect.Case, q defect.Query, own string, depth int) {
	ctx := context.Background()
	want := oracle(all, q, own)
	var walked []defect.Case
	for after := ""; ; {
		page := q
		page.After = after
		got, err := s.List(ctx, page, own)
		require.NoError(t, err)
		require.Equal(t, min(len(want), depth), got.Total)
		require.Equal(t, len(want) <= depth, got.TotalExact)
		require.LessOrEqual(t, len(got.Items), q.Size)
		walked = append(walked, got.Items...)
		if after = got.Next; after == "" {
			break
		}
		require.Len(t, got.Items, q.Size)
		require.LessOrEqual(t, len(walked), len(want), "the list has no end")
	}
	require.ElementsMatch(t, numbers(want), numbers(walked))
	require.True(t, slices.IsSortedFunc(walked, func(a, b defect.Case) int { return compare(q.Sort, a, b) }))
	for page := 1; (page-1)*q.Size < depth; page++ { // pages tell the same as the cursors did
		q.Page = page
		got, err := s.List(ctx, q, own)
		require.NoError(t, err)
		from := min((page-1)*q.Size, len(walked))
		require.Equal(t, numbers(walked[from:min(from+q.Size, len(walked))]), numbers(got.Items))
		require.Equal(t, from+q.Size < len(walked), got.Next != "")
		if len(got.Items) == 0 {
			break
		}
	}
}

func TestList_GivesWholeCases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		all := fill(t, s, 21, 20)
		page, err := s.List(t.Context(), defect.Query{Size: 200}, "")
		require.NoError(t, err)
		require.Len(t, page.Items, len(all))
		for _, got := range page.Items {
			i := slices.IndexFunc(all, func(c defect.Case) bool { return c.Number == got.Number })
			requireSame(t, all[i], got)
		}
	})
}

func TestList_BetweenTimesFarAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		fill(t, s, 21, 3)
		year := func(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }
		for _, text := range []string{"", "系统"} {
			every, err := s.List(t.Context(), defect.Query{Text: text}, "")
			require.NoError(t, err)
			for _, c := range []struct {
				q   defect.Query
				all bool
			}{
				{defect.Query{From: year(1601)}, true}, {defect.Query{From: year(1900)}, true}, {defect.Query{From: year(2256)}, false}, {defect.Query{From: year(9999)}, false},
				{defect.Query{To: year(1601)}, false}, {defect.Query{To: year(1900)}, false}, {defect.Query{To: year(2256)}, true}, {defect.Query{To: year(9999)}, true},
				{defect.Query{From: year(1601), To: year(9999)}, true}, {defect.Query{From: year(9999), To: year(9999)}, false},
			} {
				c.q.Text = text
				page, err := s.List(t.Context(), c.q, "")
				require.NoError(t, err)
				want := 0
				if c.all {
					want = every.Total
				}
				require.Equal(t, want, page.Total, "%v", c.q)
			}
		}
	})
}

func TestList_WithACursorOfNoList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		fill(t, s, 22, 10)
		page, err := s.List(ctx, defect.Query{Size: 2, Sort: defect.SortDue}, "")
		require.NoError(t, err)
		require.NotEmpty(t, page.Next)
		for _, q := range []defect.Query{
			{After: page.Next}, {After: page.Next, Sort: defect.SortSeverity}, {After: "!"}, {After: "e30"}, {After: page.Next + "A", Sort: defect.SortDue},
			{After: "bnVsbA", Sort: defect.SortDue}, {After: "W10", Sort: defect.SortDue}, {After: " ", Sort: defect.SortDue},
		} {
			_, err := s.List(ctx, q, "")
			require.ErrorIs(t, err, store.ErrCursor, q.After)
			require.False(t, store.IsUnavailable(err))
		}
	})
}

// A step shows in every list at once.
func TestList_AfterAStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), seeded(23)
		c, first := defect.Open(storetest.Number(r), storetest.Submission(r, 1, 1), storetest.Policy(), storetest.People()[0], monday, defect.Keyed{})
		project := func(events ...defect.Event) {
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
		}
		count := func(q defect.Query) int {
			page, err := s.List(ctx, q, "")
			require.NoError(t, err)
			require.Len(t, page.Items, page.Total)
			return page.Total
		}
		project(first)
		require.Equal(t, 1, count(defect.Query{Stages: []defect.Stage{defect.Submitted}, Text: c.Submission.Title}))
		require.Equal(t, 0, count(defect.Query{Overdue: new(true)}))
		project(c.Expire(monday.Add(time.Hour))...)
		require.Equal(t, 1, count(defect.Query{Overdue: new(true)}))
		step, err := c.Do(defect.Command{Action: defect.ActAcknowledge, By: storetest.People()[1]}, monday.Add(time.Hour))
		require.NoError(t, err)
		project(step)
		require.Equal(t, 0, count(defect.Query{Overdue: new(true)}))
		require.Equal(t, 0, count(defect.Query{Stages: []defect.Stage{defect.Submitted}}))
		require.Equal(t, 1, count(defect.Query{Stages: []defect.Stage{defect.Analysis}, Assignee: "agent"}))
	})
}

func TestSearch_Substrings(t *testing.T) {
	texts := []struct{ title, description string }{
		{"光模块损坏", "机房三号交换机的光模块损坏，需要更换。"},
		{"模块加载失败", "Windows 客户端升级后 ＯＡ系统 无法登录\r\n\r\n请尽快处理 100%_OK"},
		{"登录慢", "早上登录很慢；下午录登正常。登，录"},
		{"ß und İstanbul ﬁn", "emoji 😀😁 混排 a\u200bb"},
		{"重复重复重复", "aaaaab ababab"},
	}
	found := map[string][]int{
		"光模块": {0}, "模块": {0, 1}, "块损": {0}, "光损": {}, "模块损坏": {0}, "损坏需": {}, "坏，需": {0},
		"OA系统": {1}, "oa系": {1}, "系统 无法": {1}, "ｏａ系统": {1}, "无法登录 请尽快": {1}, "windows": {1}, "NDOWS 客": {1}, "100%_ok": {1}, "0%": {1}, "%_": {1}, "__": {},
		"登录": {1, 2}, "录登": {2}, "登录很": {2}, "登，录": {2}, "  登录  ": {1, 2},
		"istan": {3}, "fin": {3}, "😀😁": {3}, "ab": {3, 4}, "a\u200bb": {3, 4},
		"重复重": {4}, "重复重复重复": {4}, "重复重复重复重": {}, "复机": {}, "aaab": {4}, "babab": {4}, "bababa": {},
		"损坏机房": {}, "登": {}, "": {}, "不存在": {}, "'; --": {},
	}
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), seeded(24)
		var cases []defect.Case
		for i, text := range texts {
			submission := storetest.Submission(r, 1, 1)
			submission.Title, submission.Description = text.title, text.description
			c, events := storetest.Life(r, submission, monday.Add(time.Duration(i)*time.Minute), 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
			cases = append(cases, c)
		}
		check := func(text string, want ...defect.Case) {
			t.Helper()
			page, err := s.List(ctx, defect.Query{Text: text, Sort: defect.SortOldest}, "")
			require.NoError(t, err)
			require.Equal(t, numbers(want), numbers(page.Items), "%q", text)
			require.Equal(t, len(want), page.Total)
		}
		checkAll := func() {
			for text, places := range found {
				if text == "" {
					continue // asks for everything
				}
				want := []defect.Case{}
				for _, i := range places {
					want = append(want, cases[i])
				}
				check(text, want...)
			}
			number := cases[2].Number
			plain := strings.ReplaceAll(number, "-", "")
			for _, text := range []string{number, strings.ToLower(number), plain, strings.ToLower(plain), " " + number + " ", number[3:8], plain[2:9], strings.ReplaceAll(plain, "0", "O")} {
				check(text, cases[2])
			}
		}
		checkAll()
		require.NoError(t, s.Absorb(ctx))
		require.NoError(t, s.Absorb(ctx)) // nothing left to do
		checkAll()
		page, err := s.List(ctx, defect.Query{Text: "登"}, "")
		require.NoError(t, err)
		require.Equal(t, store.Page{Items: []defect.Case{}, TotalExact: true}, page)
	})
}

// Texts that move into the index while others search are found all the same, once.
func TestSearch_WhileTextsMove(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, other, ctx := db.Open(t), db.Open(t), t.Context()
		s.SetBounds(10_000, 4000, 1000, 8, 20)
		r := seeded(25)
		for i := range 60 {
			submission := storetest.Submission(r, 1, 1)
			submission.Title = "网络中断"
			c, events := storetest.Life(r, submission, monday.Add(-time.Duration(i)*time.Minute), 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
		}
		moved := make(chan error, 1)
		go func() { moved <- s.Absorb(ctx) }()
		for done := false; !done; {
			select {
			case err := <-moved:
				require.NoError(t, err)
				done = true
			default:
			}
			page, err := other.List(ctx, defect.Query{Text: "络中断", Size: 200}, "")
			require.NoError(t, err)
			require.Len(t, page.Items, 60)
			require.Equal(t, 60, page.Total)
		}
	})
}

// Two processes that move texts at once move each text once.
func TestAbsorb_AtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		ctx, r := t.Context(), seeded(26)
		stores := []*store.Store{db.Open(t), db.Open(t), db.Open(t)}
		for i := range 40 {
			submission := storetest.Submission(r, 1, 1)
			submission.Title = "网络中断"
			c, events := storetest.Life(r, submission, monday.Add(time.Duration(i)), 0, defect.Keyed{})
			_, err := stores[0].Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
		}
		moved := make(chan error)
		for _, s := range stores {
			s.SetBounds(10_000, 4000, 1000, 4, 10)
			go func() { moved <- s.Absorb(ctx) }()
		}
		for range stores {
			require.NoError(t, <-moved)
		}
		require.NoError(t, stores[0].Absorb(ctx))
		page, err := stores[1].List(ctx, defect.Query{Text: "网络中断", Size: 200}, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 40)
	})
}

// However texts and queries look, what is found is what contains it.
func TestSearch_AnyText(t *testing.T) {
	alphabet := rapid.SampledFrom([]rune("登录系统aAbＢ ，0oOl\n\u00a0é😀"))
	text := func(least, most int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(alphabet, least, most).Draw(t, "text")) })
	}
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), rand.New(rand.NewPCG(27, 1)) //nolint:gosec // for tests
		s.SetBounds(10_000, 4000, 1000, 7, 12)
		var all []defect.Case
		for i := range 40 {
			submission := storetest.Submission(r, 1, 1)
			submission.Title, submission.Description = text(1, 12).Example(i), text(1, 40).Example(100+i)
			c, events := storetest.Life(r, submission, monday.Add(time.Duration(i)*time.Second), 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
			all = append(all, c)
			if i == 30 {
				require.NoError(t, s.Absorb(ctx))
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			q := defect.Query{Text: text(2, 6).Draw(t, "q"), Sort: defect.SortOldest, Size: 100}
			if len([]rune(store.FoldQuery(q.Text))) < store.MinSearch {
				return
			}
			page, err := s.List(context.Background(), q, "")
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(numbers(oracle(all, q, ""))), fmt.Sprint(numbers(page.Items)))
		})
	})
}

// Whatever bytes a caller sends, they find nothing and break nothing.
func TestList_AnyBytes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		fill(t, s, 28, 6)
		for _, odd := range []string{"\xff\xfe", "\x00\x01", "王 ", "a'b\\", "\u202e\u202e", strings.Repeat("长", 3000), "%%", "😀 ", "agent "} {
			for _, q := range []defect.Query{
				{Text: odd}, {Assignee: odd}, {Reporter: odd}, {System: odd}, {AssetID: odd}, {Category: defect.Category(strings.ToValidUTF8(odd, "?"))},
			} {
				page, err := s.List(ctx, q, "")
				require.NoError(t, err)
				require.Empty(t, page.Items, odd)
			}
			_, err := s.Attachment(ctx, odd)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, _, err = s.CaseByKey(ctx, odd)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = s.User(ctx, odd)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
	})
}
