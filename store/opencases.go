package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"yunwei/defect"
)

// Placed is a case with its policy, and the cursor from which a walk over the open cases goes on behind it.
type Placed struct {
	defect.Case
	Place string
	Err   error // ErrDamaged for a case that cannot be read, of which nothing but the number is known; nil otherwise
}

// openStages are those of cases that have not ended.
var openStages = slices.DeleteFunc(defect.Stages(), defect.Stage.Ended)

// OpenCases walks over the cases that have not ended, the oldest first, behind the given place, at most limit of them.
// A case that ends or is submitted meanwhile disturbs the walk no more than that, and one that cannot be read no more
// than that it says so. ErrCursor for a place that no walk gave.
func (s *Store) OpenCases(ctx context.Context, after string, limit int) ([]Placed, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	f, order, place, err := openFrom(after)
	if err != nil {
		return nil, err
	}
	// Few cases are open among the many that have ended: they are found by their stage and sorted.
	statement, args := f.after(order, place).selectIDs(order, false)
	var ids []int64
	if err := s.read.SelectContext(ctx, &ids, statement+" LIMIT ?", append(args, limit)...); err != nil {
		return nil, fmt.Errorf("walk over the open cases: %w", err)
	}
	out, err := s.placed(ctx, ids, order)
	if err != nil {
		return nil, fmt.Errorf("walk over the open cases: %w", err)
	}
	return out, nil
}

// placed reads the cases of a walk, each by itself: one that cannot be read keeps nobody from the others.
func (s *Store) placed(ctx context.Context, ids []int64, o order) ([]Placed, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	docs, err := casesByID(ctx, s.read, ids)
	if err != nil {
		return nil, err
	}
	numbers, err := byCase[row](ctx, s.read, "SELECT id, number FROM defects WHERE id IN (?)", ids)
	if err != nil {
		return nil, err
	}
	var out []Placed
	for _, id := range ids {
		if len(numbers[id]) == 0 { // forgotten meanwhile
			continue
		}
		p := Placed{Err: fmt.Errorf("there are no texts of it: %w", ErrDamaged)}
		if i := slices.IndexFunc(docs, func(d docRow) bool { return d.ID == id }); i >= 0 {
			p.Case, p.Err = s.whole(ctx, docs[i])
		}
		switch {
		case errors.Is(p.Err, ErrDamaged):
			p.Case = defect.Case{Number: numbers[id][0].Number}
		case p.Err != nil:
			return nil, p.Err
		}
		p.Place = o.cursor(&p.Case, id)
		out = append(out, p)
	}
	return out, nil
}

// OpenCasesLeft counts the cases of a walk behind a place, up to one beyond defect.MaxDepth.
func (s *Store) OpenCasesLeft(ctx context.Context, after string) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	f, order, place, err := openFrom(after)
	if err != nil {
		return 0, err
	}
	where, args := f.after(order, place).where()
	var n int
	if err := s.read.GetContext(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM defects"+where+" LIMIT ?) counted", append(args, defect.MaxDepth+1)...); err != nil {
		return 0, fmt.Errorf("count the open cases: %w", err)
	}
	return n, nil
}

func openFrom(after string) (filter, order, *cursor, error) {
	o := orderOf(defect.SortOldest)
	place, err := parseCursor(after, o)
	return filterOf(defect.Query{Stages: openStages}, ""), o, place, err
}
