package store

import (
	"context"

	"yunwei/defect"
)

// SetBounds makes a store do as it does when there is much, with little.
func (s *Store) SetBounds(depth, sorted, asked, absorbDocs, segmentDocs int) {
	s.bounds = bounds{depth: depth, sorted: sorted, asked: asked, absorbDocs: absorbDocs, segmentDocs: segmentDocs}
}

// Fold and FoldQuery say how texts are compared.
func Fold(text string) string      { return fold(text) }
func FoldQuery(text string) string { return foldQuery(text) }

// Row returns the case as Project reads it, to compare.
func (s *Store) Row(ctx context.Context, number string) (defect.Case, error) {
	found, err := s.find(ctx, number)
	return found.Case, err
}

// Forget removes a case, as nothing else does.
func (s *Store) Forget(ctx context.Context, number string) error {
	found, err := s.find(ctx, number)
	if err != nil {
		return nil
	}
	for _, table := range []string{"defects", "defect_docs", "events", "search_tail"} {
		if err := s.Exec(ctx, "DELETE FROM "+table+" WHERE id = ?", found.id); err != nil {
			return err
		}
	}
	return nil
}

// Exec lets a test break the tables.
func (s *Store) Exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.write.ExecContext(ctx, statement, args...)
	return err
}
