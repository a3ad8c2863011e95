package store

import (
	"cmp"
	"context"
	"fmt"

	"yunwei/defect"
)

// Page is a page of cases.
type Page struct {
	Items      []defect.Case
	Total      int    // of all pages, defect.MaxDepth at most
	TotalExact bool   // false when there are more
	Next       string // cursor of the next page, empty after the last
}

// Defect returns a case with its policy; ErrNotFound.
func (s *Store) Defect(ctx context.Context, number string) (defect.Case, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	found, err := s.find(ctx, number)
	if err != nil {
		return defect.Case{}, fmt.Errorf("case %s: %w", number, err)
	}
	return found.Case, nil
}

// List returns a page of the cases that q asks for; where own is not empty, of those that this user reported. The caller
// has checked q: its page and size are within the limits, its text has the SearchLength of MinSearch or is empty. ErrCursor when
// q.After is not a cursor that a list of the same order gave.
func (s *Store) List(ctx context.Context, q defect.Query, own string) (Page, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	order := orderOf(q.Sort)
	after, err := parseCursor(q.After, order)
	if err != nil {
		return Page{}, err
	}
	w := window{order: order, after: after, size: cmp.Or(q.Size, defect.DefaultPageSize)}
	if after == nil {
		w.offset = (max(q.Page, 1) - 1) * w.size
	}
	list := s.listed
	if q.Text != "" {
		list = s.searched
	}
	hits, err := list(ctx, filterOf(q, own), w)
	if err != nil {
		return Page{}, fmt.Errorf("list cases: %w", err)
	}
	page := Page{Total: min(hits.total, s.bounds.depth), TotalExact: hits.total <= s.bounds.depth}
	more := len(hits.ids) > w.size
	ids := hits.ids[:min(w.size, len(hits.ids))]
	if page.Items, err = s.cases(ctx, ids); err != nil {
		return Page{}, fmt.Errorf("list cases: %w", err)
	}
	if more && len(page.Items) > 0 {
		page.Next = order.cursor(&page.Items[len(page.Items)-1], ids[len(ids)-1])
	}
	return page, nil
}

// window is the part of a list that a page shows.
type window struct {
	order  order
	after  *cursor // exclusive; nil from the beginning
	offset int
	size   int
}

// rows is how many rows of the list have to be known for the page, and for whether another follows.
func (w window) rows() int { return w.offset + w.size + 1 }

// hits are the IDs of a page's cases in order, and of the next one where there is one, and how many there are in all,
// counted up to one beyond the depth.
type hits struct {
	ids   []int64
	total int
}

// listed answers a list without a text.
func (s *Store) listed(ctx context.Context, f filter, w window) (hits, error) {
	total, err := s.count(ctx, f)
	if err != nil || total == 0 || w.after == nil && w.offset >= total {
		return hits{total: total}, err
	}
	// Few rows are found by their filter and sorted; many are met soon by following the order. Left to itself a
	// database guesses, and reads all rows when it guesses wrong.
	follow := total > s.bounds.sorted || f.easy() && w.order.column == "id"
	statement, args := f.after(w.order, w.after).selectIDs(w.order, follow)
	var ids []int64
	err = s.read.SelectContext(ctx, &ids, statement+" LIMIT ? OFFSET ?", append(args, w.size+1, w.offset)...)
	return hits{ids: ids, total: total}, err
}

// count counts the rows that a filter leaves, up to one beyond the depth.
func (s *Store) count(ctx context.Context, f filter) (int, error) {
	if s.crowds.known(f) {
		return s.bounds.depth + 1, nil
	}
	where, args := f.where()
	var n int
	err := s.read.GetContext(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM defects"+where+" LIMIT ?) counted", append(args, s.bounds.depth+1)...)
	if err == nil && n > s.bounds.depth {
		s.crowds.remember(f)
	}
	return n, err
}

// cases reads cases by ID, in the order of the IDs. Their policies are few, and remembered.
func (s *Store) cases(ctx context.Context, ids []int64) ([]defect.Case, error) {
	found, err := s.casesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]defect.Case, 0, len(ids))
	for _, id := range ids {
		if c, ok := found[id]; ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// casesOf reads cases with their policies, by the IDs of their rows.
func (s *Store) casesOf(ctx context.Context, ids []int64) (map[int64]defect.Case, error) {
	out := make(map[int64]defect.Case, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	found, err := casesByID(ctx, s.read, ids)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if out[f.ID], err = s.whole(ctx, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whole makes the case of its texts and its policy; ErrDamaged when they are not what was written.
func (s *Store) whole(ctx context.Context, d docRow) (defect.Case, error) {
	c, err := d.read()
	if err == nil {
		c.Policy, err = s.policy(ctx, d.PolicyDigest)
	}
	return c, err
}
