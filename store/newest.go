package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// newest is a list of the rows of a table, the newest first: by a column of times and the ID, which an index with the
// columns of the conditions before them has.
type newest struct {
	table, columns, at string
	conditions         []string
	args               []any
}

func (l *newest) where(condition string, args ...any) {
	l.conditions = append(l.conditions, condition)
	l.args = append(l.args, args...)
}

// newest reads a page: the rows after the one with the given ID, from the first where it is empty, at most limit of them.
// ErrCursor when no row has the ID.
func (s *Store) newest(ctx context.Context, l newest, after string, limit int, into any) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if after != "" {
		var at int64
		err := s.read.GetContext(ctx, &at, "SELECT "+l.at+" FROM "+l.table+" WHERE id = ?", plain(after))
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrCursor
		}
		if err != nil {
			return fmt.Errorf("list %s after %q: %w", l.table, after, err)
		}
		l.where(l.at+" <= ?", at)
		l.where("("+l.at+" < ? OR id < ?)", at, plain(after))
	}
	statement := "SELECT " + l.columns + " FROM " + l.table
	if len(l.conditions) > 0 {
		statement += " WHERE " + strings.Join(l.conditions, " AND ")
	}
	if err := s.read.SelectContext(ctx, into, statement+" ORDER BY "+l.at+" DESC, id DESC LIMIT ?", append(l.args, limit)...); err != nil {
		return fmt.Errorf("list %s: %w", l.table, err)
	}
	return nil
}
