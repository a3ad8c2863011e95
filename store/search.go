package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
)

const (
	// firstSegments is how many segments are read at first; each time that was not enough, twice as many.
	firstSegments = 4
	// tendEvery is after how many searches a tail that was left behind, by a process that ended, is taken up.
	tendEvery = 64
	// firstWalk and maxWalk are how many rows of an order are read at first and at most at a time.
	firstWalk = 500
	maxWalk   = 8000
)

// searched answers a list with a text.
func (s *Store) searched(ctx context.Context, f filter, w window) (hits, error) {
	if utf8.RuneCountInString(f.text) < MinSearch {
		return hits{}, nil
	}
	if s.searches.Add(1)%tendEvery == 1 {
		s.absorbSoon()
	}
	if f.open() && w.order.column == "id" {
		return s.searchedByTime(ctx, f, w)
	}
	found, err := s.match(ctx, f, w.order.descending, math.MaxInt)
	if err != nil || len(found) == 0 {
		return hits{}, err
	}
	if len(found) <= s.bounds.asked {
		return s.askAbout(ctx, f, w, found)
	}
	return s.meet(ctx, f, w, found)
}

// searchedByTime answers a list by time of submission that asks for nothing but a text: the index has that order.
func (s *Store) searchedByTime(ctx context.Context, f filter, w window) (hits, error) {
	enough := max(s.bounds.depth+1, w.rows())
	if w.after != nil {
		enough = math.MaxInt
	}
	found, err := s.match(ctx, f, w.order.descending, enough)
	if err != nil {
		return hits{}, err
	}
	h := hits{ids: found, total: min(len(found), s.bounds.depth+1)}
	if w.after != nil {
		behind, at := slices.BinarySearchFunc(h.ids, w.after.ID, w.order.compareIDs)
		if at {
			behind++
		}
		h.ids = h.ids[behind:]
	}
	h.ids = h.ids[min(w.offset, len(h.ids)):]
	h.ids = h.ids[:min(w.size+1, len(h.ids))]
	return h, nil
}

func (o order) compareIDs(a, b int64) int {
	if o.descending {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// askAbout has the database filter and sort the cases that were found.
func (s *Store) askAbout(ctx context.Context, f filter, w window, found []int64) (hits, error) {
	f.from, f.to = math.MinInt64, math.MaxInt64 // they are within
	f.conditions = append(slices.Clip(f.conditions), condition{column: "id", values: anyIDs(found)})
	total := len(found)
	if len(f.conditions) > 1 {
		where, args := f.where()
		if err := s.read.GetContext(ctx, &total, "SELECT COUNT(*) FROM defects"+where, args...); err != nil {
			return hits{}, fmt.Errorf("count what was found: %w", err)
		}
	}
	if total == 0 {
		return hits{}, nil
	}
	statement, args := f.after(w.order, w.after).selectIDs(w.order, false)
	var ids []int64
	err := s.read.SelectContext(ctx, &ids, statement+" LIMIT ? OFFSET ?", append(args, w.size+1, w.offset)...)
	return hits{ids: ids, total: min(total, s.bounds.depth+1)}, err
}

func anyIDs(ids []int64) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// meet follows the order through the rows that the filter leaves, and picks those that were found.
func (s *Store) meet(ctx context.Context, f filter, w window, found []int64) (hits, error) {
	slices.Sort(found)
	enough := max(w.rows(), s.bounds.depth+1)
	if f.open() {
		enough = w.rows() // how many there are is known
	}
	if w.after != nil && f.open() {
		enough = 0
	}
	h := hits{total: len(found)}
	ids, err := s.walk(ctx, f, w.order, nil, found, enough)
	if err != nil {
		return hits{}, err
	}
	if !f.open() {
		h.total = len(ids)
	}
	h.total = min(h.total, s.bounds.depth+1)
	if w.after != nil {
		if ids, err = s.walk(ctx, f, w.order, w.after, found, w.size+1); err != nil {
			return hits{}, err
		}
	}
	ids = ids[min(w.offset, len(ids)):]
	h.ids = ids[:min(w.size+1, len(ids))]
	return h, nil
}

// walk returns the first of the found cases, which are sorted, in the given order behind a place.
func (s *Store) walk(ctx context.Context, f filter, o order, behind *cursor, found []int64, enough int) ([]int64, error) {
	var met []int64
	for size := firstWalk; len(met) < enough; size = min(size*4, maxWalk) {
		where, args := f.after(o, behind).where()
		var rows []struct {
			ID  int64 `db:"id"`
			Key int64 `db:"k"`
		}
		statement := "SELECT id, " + o.column + " AS k FROM defects" + where + o.clause(true) + " LIMIT ?"
		if err := s.read.SelectContext(ctx, &rows, statement, append(args, size)...); err != nil {
			return nil, fmt.Errorf("follow the order: %w", err)
		}
		for _, r := range rows {
			if _, ok := slices.BinarySearch(found, r.ID); ok {
				met = append(met, r.ID)
			}
		}
		if len(rows) < size {
			break
		}
		last := rows[len(rows)-1]
		behind = &cursor{ID: last.ID, Key: last.Key}
	}
	return met[:min(len(met), enough)], nil
}

// match returns the IDs of the cases that hold the filter's text, within its bounds of time, in the order of their
// submission, backwards if newest. It may stop when it has the first so many; whether there are more is not said.
func (s *Store) match(ctx context.Context, f filter, newest bool, enough int) ([]int64, error) {
	// The tail first: a text that moves meanwhile is then found twice, never missed.
	ids, err := s.matchTail(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("search the latest: %w", err)
	}
	segments, err := s.loadSegments(ctx)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	segments = slices.DeleteFunc(segments, func(g *segment) bool { return g.docs == 0 || g.last < f.from || g.first >= f.to })
	by := order{descending: newest}.compareIDs
	slices.SortFunc(segments, func(a, b *segment) int { return by(a.edge(newest), b.edge(newest)) })
	for n := firstSegments; len(segments) > 0; n *= 2 {
		now := segments[:min(n, len(segments))]
		segments = segments[len(now):]
		more, err := s.matchSegments(ctx, f, now)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		ids = append(ids, more...)
		slices.SortFunc(ids, by)
		ids = slices.Compact(ids)
		if len(ids) >= enough && (len(segments) == 0 || by(ids[enough-1], segments[0].edge(newest)) < 0) {
			return ids[:enough], nil
		}
	}
	slices.SortFunc(ids, by)
	return ids, nil
}

func (s *Store) matchTail(ctx context.Context, f filter) ([]int64, error) {
	var ids []int64
	err := s.read.SelectContext(ctx, &ids, "SELECT id FROM search_tail WHERE INSTR(body, ?) > 0 AND id >= ? AND id < ? ORDER BY id", []byte(f.text), f.from, f.to)
	return ids, err
}

// matchSegments returns the IDs of the cases of some segments that hold the text, in no particular order.
func (s *Store) matchSegments(ctx context.Context, f filter, segments []*segment) ([]int64, error) {
	query := parts(f.text)
	var grams []gram
	for _, p := range query {
		grams = append(grams, p.gram)
	}
	found, err := s.readPostings(ctx, grams, segments)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, g := range segments {
		all := make([]*postings, len(query))
		for i, p := range query {
			all[i] = newPostings(p.offset, found.of(g, p.gram))
		}
		for _, doc := range together(all) {
			// What came after the segment was looked up was in the tail when that was searched, or was not there.
			if doc < len(g.ids) && g.ids[doc] >= f.from && g.ids[doc] < f.to {
				ids = append(ids, g.ids[doc])
			}
		}
	}
	return ids, nil
}

// readPostings reads the buckets of some grams in some segments.
func (s *Store) readPostings(ctx context.Context, grams []gram, segments []*segment) (rowsByPlace, error) {
	var bucketIDs, segmentIDs []int
	for _, g := range grams {
		bucketIDs = append(bucketIDs, g.bucket())
	}
	for _, g := range segments {
		segmentIDs = append(segmentIDs, g.number)
	}
	slices.Sort(bucketIDs)
	statement, args, err := sqlx.In("SELECT bucket, segment, postings FROM search_postings WHERE bucket IN (?) AND segment IN (?)", slices.Compact(bucketIDs), segmentIDs)
	if err != nil {
		return nil, err
	}
	var rows []postingsRow
	if err := s.read.SelectContext(ctx, &rows, statement, args...); err != nil {
		return nil, err
	}
	out := make(rowsByPlace, len(rows))
	for _, r := range rows {
		out[place{r.Segment, r.Bucket}] = r.Postings
	}
	return out, nil
}

// rowsByPlace are rows of the index, by where they lie.
type rowsByPlace map[place][]byte

type place struct{ segment, bucket int }

// of returns the records of a gram in a segment.
func (r rowsByPlace) of(g *segment, one gram) [][]byte {
	return records(r[place{g.number, one.bucket()}], one)
}

type postingsRow struct {
	Bucket   int    `db:"bucket"`
	Segment  int    `db:"segment"`
	Postings []byte `db:"postings"`
}

// segment is some thousand cases of the index.
type segment struct {
	number      int
	docs        int
	first, last int64   // the least and the greatest ID
	ids         []int64 // by place
}

// edge is the end of a segment that a search comes to first.
func (g *segment) edge(newest bool) int64 {
	if newest {
		return g.last
	}
	return g.first
}

// segments remembers which cases are in which segment. What a segment has, it keeps; the last one grows.
type segments struct {
	mu    sync.Mutex
	known map[int]*segment
}

// loadSegments returns all segments.
func (s *Store) loadSegments(ctx context.Context) ([]*segment, error) {
	var rows []segmentRow
	if err := s.read.SelectContext(ctx, &rows, "SELECT segment, docs, size, first_id, last_id FROM search_segments"); err != nil {
		return nil, err
	}
	s.segments.mu.Lock()
	defer s.segments.mu.Unlock()
	var changed []int
	for _, r := range rows {
		if g := s.segments.known[r.Segment]; g == nil || g.docs < r.Docs {
			changed = append(changed, r.Segment)
		}
	}
	if len(changed) > 0 {
		if err := s.readSegments(ctx, changed); err != nil {
			return nil, err
		}
	}
	out := make([]*segment, 0, len(rows))
	for _, r := range rows {
		out = append(out, s.segments.known[r.Segment])
	}
	return out, nil
}

type segmentRow struct {
	Segment int    `db:"segment"`
	Docs    int    `db:"docs"`
	Size    int64  `db:"size"`
	First   int64  `db:"first_id"`
	Last    int64  `db:"last_id"`
	IDs     []byte `db:"ids"`
}

func (s *Store) readSegments(ctx context.Context, numbers []int) error {
	statement, args, err := sqlx.In("SELECT segment, docs, size, first_id, last_id, ids FROM search_segments WHERE segment IN (?)", numbers)
	if err != nil {
		return err
	}
	var rows []segmentRow
	if err := s.read.SelectContext(ctx, &rows, statement, args...); err != nil {
		return err
	}
	if s.segments.known == nil {
		s.segments.known = map[int]*segment{}
	}
	for _, r := range rows {
		g := &segment{number: r.Segment, docs: r.Docs, first: r.First, last: r.Last}
		for b := r.IDs; len(b) >= 8; b = b[8:] {
			g.ids = append(g.ids, int64(binary.BigEndian.Uint64(b))) //nolint:gosec // an ID
		}
		s.segments.known[r.Segment] = g
	}
	return nil
}
