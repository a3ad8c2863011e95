package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// A case is looked for among the latest open ones by the title of another: so much is read of the tables and of the index
// of substrings, whatever there is in them. What lies further back has been open for long, and is known.
const (
	// similarOpen is how many cases of each open stage are looked at, similarOwn how many of a system or a reporter.
	similarOpen = 500
	similarOwn  = 1000
	// similarGrams is how many grams of a title are looked up, in so many segments; similarTail how many texts that have not
	// reached the index.
	similarGrams    = 16
	similarSegments = 12
	similarTail     = 1000
	// similarRead is how many of the cases that have most grams in common are read and compared.
	similarRead = 40
)

// How alike two titles must be, from 0 to 1; those of one system need less, and count for more.
const (
	alike         = 0.4
	alikeInSystem = 0.3
	sameSystem    = 0.2
)

// Similar returns the open cases whose titles are most like the given one, the best first, at most limit of them; where own
// is not empty, among those that this user reported. Cases of the given system come before others of the same likeness.
func (s *Store) Similar(ctx context.Context, title, system, own string, limit int) ([]defect.Case, error) {
	title = beginning(title, defect.MaxTitle)
	grams := titleGrams(title)
	if len(grams) == 0 {
		return nil, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	open, err := s.latestOpen(ctx, system, own)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	ids, err := s.sharing(ctx, grams, open)
	if err != nil {
		return nil, fmt.Errorf("look for similar cases: %w", err)
	}
	cases, err := s.cases(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read similar cases: %w", err)
	}
	return mostAlike(cases, title, system, limit), nil
}

// beginning returns a text up to so many characters.
func beginning(text string, limit int) string {
	for i := range text {
		if limit == 0 {
			return text[:i]
		}
		limit--
	}
	return text
}

// titleGrams returns pairs of neighbouring characters of a title, spread evenly over it when it has many.
func titleGrams(title string) []gram {
	var all []gram
	q := []rune(fold(title))
	for i := 0; i+1 < len(q); i++ {
		g := gramOf(q[i], q[i+1])
		if q[i] != ' ' && q[i+1] != ' ' && !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	if len(all) <= similarGrams {
		return all
	}
	out := make([]gram, similarGrams)
	for i := range out {
		out[i] = all[i*len(all)/similarGrams]
	}
	return out
}

// latestOpen returns the IDs of the cases that are looked at.
func (s *Store) latestOpen(ctx context.Context, system, own string) (map[int64]bool, error) {
	var parts []string
	var args []any
	latest := func(column string, value any, limit int) {
		parts = append(parts, "SELECT id, stage FROM (SELECT id, stage FROM defects WHERE "+column+" = ? ORDER BY id DESC LIMIT ?) latest")
		args = append(args, value, limit)
	}
	if own != "" {
		latest("reporter", nameKey(own), similarOwn)
	} else {
		for _, stage := range openStages {
			latest("stage", stage, similarOpen)
		}
		if system != "" {
			latest("system_key", textKey(system), similarOwn)
		}
	}
	var rows []struct {
		ID    int64        `db:"id"`
		Stage defect.Stage `db:"stage"`
	}
	if err := s.read.SelectContext(ctx, &rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, fmt.Errorf("the latest open cases: %w", err)
	}
	out := map[int64]bool{}
	for _, r := range rows {
		if !r.Stage.Ended() {
			out[r.ID] = true
		}
	}
	return out, nil
}

// sharing returns those of the open cases whose titles have most of the grams, the most first.
func (s *Store) sharing(ctx context.Context, grams []gram, open map[int64]bool) ([]int64, error) {
	shared := map[int64]int{}
	// The tail first: a text that moves meanwhile is then found twice, never missed.
	if err := s.shareTail(ctx, grams, open, shared); err != nil {
		return nil, err
	}
	if err := s.shareSegments(ctx, grams, open, shared); err != nil {
		return nil, err
	}
	ids := slices.SortedFunc(maps.Keys(shared), func(a, b int64) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(b, a))
	})
	return ids[:min(similarRead, len(ids))], nil
}

// shareTail counts the grams in the titles of the latest texts.
func (s *Store) shareTail(ctx context.Context, grams []gram, open map[int64]bool, shared map[int64]int) error {
	var rows []struct {
		ID   int64  `db:"id"`
		Body []byte `db:"body"`
	}
	// A title is the beginning of its text.
	err := s.read.SelectContext(ctx, &rows, "SELECT id, SUBSTR(body, 1, ?) AS body FROM search_tail ORDER BY id DESC LIMIT ?", defect.MaxTitle*utf8.UTFMax, similarTail)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !open[r.ID] {
			continue
		}
		title, _, _ := strings.Cut(string(r.Body), string(fieldEnd))
		for _, g := range grams {
			if strings.Contains(title, g.String()) {
				shared[r.ID]++
			}
		}
	}
	return nil
}

// shareSegments counts the grams at the beginning of the texts in the index.
func (s *Store) shareSegments(ctx context.Context, grams []gram, open map[int64]bool, shared map[int64]int) error {
	segments, err := s.loadSegments(ctx)
	if err != nil {
		return err
	}
	ids := slices.Collect(maps.Keys(open))
	first, last := slices.Min(ids), slices.Max(ids)
	segments = slices.DeleteFunc(segments, func(g *segment) bool { return g.docs == 0 || g.last < first || g.first > last })
	slices.SortFunc(segments, func(a, b *segment) int { return cmp.Compare(b.last, a.last) })
	segments = segments[:min(similarSegments, len(segments))]
	if len(segments) == 0 {
		return nil
	}
	found, err := s.readPostings(ctx, grams, segments)
	if err != nil {
		return err
	}
	for _, g := range segments {
		for _, one := range grams {
			for p := newPostings(0, found.of(g, one)); p.next(); {
				if p.doc < len(g.ids) && open[g.ids[p.doc]] && len(p.starts()) > 0 && p.starts()[0] < defect.MaxTitle {
					shared[g.ids[p.doc]]++
				}
			}
		}
	}
	return nil
}

// mostAlike returns the cases whose titles are like the given one, the best first.
func mostAlike(cases []defect.Case, title, system string, limit int) []defect.Case {
	said := termsOf(title)
	likeness := make(map[string]float64, len(cases))
	for _, c := range cases {
		how := said.likeness(termsOf(c.Submission.Title))
		switch same := system != "" && fold(system) == fold(c.Submission.System); {
		case same && how >= alikeInSystem:
			likeness[c.Number] = how + sameSystem
		case how >= alike:
			likeness[c.Number] = how
		}
	}
	cases = slices.DeleteFunc(cases, func(c defect.Case) bool { return likeness[c.Number] == 0 || c.Stage.Ended() })
	slices.SortStableFunc(cases, func(a, b defect.Case) int {
		return cmp.Or(cmp.Compare(likeness[b.Number], likeness[a.Number]), b.CreatedAt.Compare(a.CreatedAt))
	})
	return cases[:min(limit, len(cases))]
}

// terms are what a title says: words, and pairs of neighbouring Chinese characters, each with its weight. A word weighs as
// much as it has pairs, so that short words, which every title has, count for little.
type terms map[string]int

func termsOf(title string) terms {
	out := terms{}
	var word []rune
	end := func() {
		switch {
		case len(word) == 0:
		case !unicode.Is(unicode.Han, word[0]):
			out[string(word)] = max(len(word)-1, 1)
		default:
			for i := 0; i+1 < len(word); i++ {
				out[string(word[i:i+2])] = 1
			}
		}
		word = word[:0]
	}
	for _, r := range fold(title) {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			end()
			continue
		}
		if len(word) > 0 && unicode.Is(unicode.Han, r) != unicode.Is(unicode.Han, word[0]) {
			end()
		}
		word = append(word, r)
	}
	end()
	return out
}

// likeness says how alike two titles are, from 0 to 1: how much of what the first says the second says, and the other way
// about. The first may be half typed.
func (t terms) likeness(other terms) float64 {
	return 0.6*t.within(other) + 0.4*other.within(t)
}

// within says how much of what one title says another says, too.
func (t terms) within(other terms) float64 {
	all, met := 0, 0
	for term, weight := range t {
		all += weight
		if other.say(term) {
			met += weight
		}
	}
	return float64(met) / float64(max(all, 1))
}

// begins is how many characters of a word are enough to tell it by.
const begins = 3

func (t terms) say(term string) bool {
	if _, ok := t[term]; ok {
		return true
	}
	for one := range t {
		short, long := term, one
		if len(short) > len(long) {
			short, long = long, short
		}
		if utf8.RuneCountInString(short) >= begins && strings.HasPrefix(long, short) {
			return true
		}
	}
	return false
}

// Used is what a report named.
type Used struct {
	System  string `json:"system"`
	Module  string `json:"module"`
	AssetID string `json:"asset_id"`
	Unit    string `json:"-"`
}

// Used returns what the latest reports named, the latest first, at most limit of them: those of a system where it is not
// empty, and those that a user reported where own is not.
func (s *Store) Used(ctx context.Context, system, own string, limit int) ([]Used, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	where, args := "", []any{}
	switch {
	case own != "":
		where, args = " WHERE reporter = ?", append(args, nameKey(own))
	case system != "":
		where, args = " WHERE system_key = ?", append(args, textKey(system))
	}
	var ids []int64
	if err := s.read.SelectContext(ctx, &ids, "SELECT id FROM defects"+where+" ORDER BY id DESC LIMIT ?", append(args, limit)...); err != nil || len(ids) == 0 {
		return nil, err
	}
	statement, args, err := sqlx.In("SELECT submission FROM defect_docs WHERE id IN (?) ORDER BY id DESC", ids)
	if err != nil {
		return nil, err
	}
	var texts []string
	if err := s.read.SelectContext(ctx, &texts, statement, args...); err != nil {
		return nil, fmt.Errorf("what reports named: %w", err)
	}
	var out []Used
	for _, text := range texts {
		var said struct {
			Used
			Reporter defect.Reporter `json:"reporter"`
		}
		if json.Unmarshal([]byte(text), &said) != nil { // one that is damaged names nothing
			continue
		}
		said.Unit = said.Reporter.Unit
		if system == "" || said.System == system {
			out = append(out, said.Used)
		}
	}
	return out, nil
}
