package store

import (
	"context"
	"fmt"
	"slices"

	"yunwei/defect"
)

// Placed is a case with its policy, and the cursor from which a walk over the open cases goes on behind it.
type Placed struct {
	defect.Case
	Place string
}

// openStages are those of cases that have not ended.
var openStages = slices.DeleteFunc(defect.Stages(), defect.Stage.Ended)

// OpenCases walks over the cases that have not ended, the oldest first, behind the given place, at most limit of them.
// A case that ends or is submitted meanwhile disturbs the walk no more than that. ErrCursor for a place that no walk gave.
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
	cases, err := s.cases(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("walk over the open cases: %w", err)
	}
	out := make([]Placed, len(cases))
	for i, c := range cases {
		out[i] = Placed{Case: c, Place: order.cursor(&cases[i], ids[i])}
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
