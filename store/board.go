package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"yunwei/defect"
)

// Watched is a promise to keep an eye on, and its case as it is now.
type Watched struct {
	defect.Case
	Clock defect.Clock
}

// Watch is the first of some promises to keep an eye on, the soonest due first.
type Watch struct {
	Items      []Watched
	Total      int  // of all such promises, defect.MaxDepth at most
	TotalExact bool // false when there are more
}

// Broken returns the promises that are broken and that somebody still waits for, at most limit of them, the one that fell
// due first before the others.
func (s *Store) Broken(ctx context.Context, limit int) (Watch, error) {
	return s.watch(ctx, limit, "outcome = ? AND ended_at = 0", defect.OutcomeBroken)
}

// DueBefore returns the promises that run, can still be kept and fall due before an instant, at most limit of them, the
// soonest first. One that a pause keeps open is not among them: nobody can say when it falls due.
func (s *Store) DueBefore(ctx context.Context, until time.Time, limit int) (Watch, error) {
	return s.watch(ctx, limit, "outcome = ? AND ended_at = 0 AND due_at > 0 AND due_at < ?", defect.OutcomeRunning, ceilMicros(until))
}

// watch counts the promises of a condition and reads the first of them with their cases.
func (s *Store) watch(ctx context.Context, limit int, where string, args ...any) (Watch, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var total int
	count := "SELECT COUNT(*) FROM (SELECT 1 FROM promises WHERE " + where + " LIMIT ?) counted"
	if err := s.read.GetContext(ctx, &total, count, slices.Concat(args, []any{s.bounds.depth + 1})...); err != nil {
		return Watch{}, fmt.Errorf("count promises to watch: %w", err)
	}
	w := Watch{Total: min(total, s.bounds.depth), TotalExact: total <= s.bounds.depth}
	var first []struct {
		ID int64 `db:"id"`
		N  int   `db:"n"`
	}
	list := "SELECT id, n FROM promises WHERE " + where + " ORDER BY due_at, started_at, id, n LIMIT ?"
	if err := s.read.SelectContext(ctx, &first, list, slices.Concat(args, []any{limit})...); err != nil {
		return Watch{}, fmt.Errorf("list promises to watch: %w", err)
	}
	ids := make([]int64, len(first))
	for i, p := range first {
		ids[i] = p.ID
	}
	slices.Sort(ids)
	cases, err := s.casesOf(ctx, slices.Compact(ids))
	if err != nil {
		return Watch{}, fmt.Errorf("read cases to watch: %w", err)
	}
	for _, p := range first {
		// A step may have come in between: what nobody waits for any more is left out.
		if c, ok := cases[p.ID]; ok && p.N <= len(c.Clocks) && c.Clocks[p.N-1].Live() {
			w.Items = append(w.Items, Watched{Case: c, Clock: c.Clocks[p.N-1]})
		}
	}
	return w, nil
}

// Span is what happened in a stretch of time.
type Span struct {
	Submitted int // cases
	Ended     int // cases that left the desk, in whatever way
	Kept      int // promises that were met in time
	Broken    int // promises whose due time passed without that
}

// Rate is the share of the promises decided that were kept, and whether any was decided.
func (s Span) Rate() (float64, bool) {
	decided := s.Kept + s.Broken
	if decided == 0 {
		return 0, false
	}
	return float64(s.Kept) / float64(decided), true
}

// endedStages are those of cases in which nothing happens any more.
var endedStages = anys(slices.DeleteFunc(defect.Stages(), func(s defect.Stage) bool { return !s.Ended() }))

// Spans counts what happened between each of some instants and the next, in order. Every promise counts when it is decided:
// when it is met, or at its due time when that passes.
func (s *Store) Spans(ctx context.Context, cuts []time.Time) ([]Span, error) {
	if len(cuts) < 2 {
		return nil, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	// Each figure of a span is counted along an index; days are not of one length, so that no division groups them.
	one := "SELECT ? AS n, (SELECT COUNT(*) FROM defects WHERE id >= ? AND id < ?) AS submitted, " +
		"(SELECT COUNT(*) FROM defects WHERE stage IN (" + placeholders("?", len(endedStages)) + ") AND updated_at >= ? AND updated_at < ?) AS ended, " +
		"(SELECT COUNT(*) FROM promises WHERE outcome = ? AND ended_at >= ? AND ended_at < ?) AS kept, " +
		"(SELECT COUNT(*) FROM promises WHERE outcome = ? AND due_at >= ? AND due_at < ?) AS broken"
	var parts []string
	var args []any
	for i := range len(cuts) - 1 {
		from, to := ceilMicros(cuts[i]), ceilMicros(cuts[i+1])
		parts = append(parts, one)
		args = append(args, i, idAt(from), idAt(to))
		args = append(append(args, endedStages...), from, to)
		args = append(args, defect.OutcomeMet, from, to, defect.OutcomeBroken, from, to)
	}
	var rows []struct {
		N int `db:"n"`
		Span
	}
	if err := s.read.SelectContext(ctx, &rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, fmt.Errorf("count what happened: %w", err)
	}
	out := make([]Span, len(rows))
	for _, r := range rows {
		out[r.N] = r.Span
	}
	return out, nil
}
