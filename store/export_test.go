package store

import (
	"context"
	"errors"
	"strings"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// SetBounds makes a store do as it does when there is much, with little.
func (s *Store) SetBounds(depth, sorted, asked, absorbDocs, segmentDocs int) {
	s.bounds = bounds{depth: depth, sorted: sorted, asked: asked, absorbDocs: absorbDocs, segmentDocs: segmentDocs, page: s.bounds.page}
}

// SetPage makes a store read what it reads whole in small pages.
func (s *Store) SetPage(rows int) { s.bounds.page = rows }

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
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, table := range []string{"defects", "defect_docs", "events", "search_tail", "promises"} {
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

// Plans returns how the engine reads the pages of lists, by what is listed; of changes those since a time.
func (s *Store) Plans(ctx context.Context, since int64) (map[string]string, error) {
	type statement struct {
		text string
		args []any
	}
	statements := map[string]statement{}
	for by, key := range map[defect.Dimension]string{defect.ByPerson: "person7", defect.BySystem: "system7", defect.ByUnit: "unit7"} {
		text, args, err := promisePage(defect.PromiseQuery{By: by, Keyed: true, Key: key}, "", 100)
		if err != nil {
			return nil, err
		}
		statements["promises by "+string(by)] = statement{text, args}
		text, args, err = promisePage(defect.PromiseQuery{By: by, Keyed: true, Key: key}, writeCursor(promiseCursor{StartedAt: 1, ID: 1, N: 1}), 100)
		if err != nil {
			return nil, err
		}
		statements["more promises by "+string(by)] = statement{text, args}
	}
	text, args := NoticeQuery{Username: "person7", Limit: 100, Before: 1 << 40}.statement()
	statements["notices"] = statement{text, args}
	text, args = RecordedQuery{Open: true}.statement(1, 50)
	statements["audit"] = statement{text, args}
	statements["changes"] = statement{changePage(""), []any{since, since, "", 50}}
	statements["changes of a roster"] = statement{changePage(ofRoster), []any{"roster7", never, since, since, "", 50}}
	out := map[string]string{}
	for what, st := range statements {
		plan, err := s.plan(ctx, st.text, st.args)
		if err != nil {
			return nil, err
		}
		out[what] = plan
	}
	return out, nil
}

// plan returns how the engine carries out a statement.
func (s *Store) plan(ctx context.Context, statement string, args []any) (string, error) {
	if s.engine.name == "mysql" {
		var plan string
		err := s.read.GetContext(ctx, &plan, "EXPLAIN FORMAT=JSON "+statement, args...)
		return plan, err
	}
	var steps []struct {
		ID      int    `db:"id"`
		Parent  int    `db:"parent"`
		Notused int    `db:"notused"`
		Detail  string `db:"detail"`
	}
	err := s.read.SelectContext(ctx, &steps, "EXPLAIN QUERY PLAN "+statement, args...)
	var out []string
	for _, step := range steps {
		out = append(out, step.Detail)
	}
	return strings.Join(out, "\n"), err
}

// Tables lists the tables there are.
func (s *Store) Tables(ctx context.Context) ([]string, error) {
	var names []string
	statement := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if s.engine.name == "mysql" {
		statement = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
	}
	err := s.read.SelectContext(ctx, &names, statement)
	return names, err
}

// KillOthers cuts every other connection to the database.
func (s *Store) KillOthers(ctx context.Context) error {
	var ids []int
	if err := s.read.SelectContext(ctx, &ids, "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.Exec(ctx, "KILL ?", id); err != nil {
			return err
		}
	}
	return nil
}

// Hold keeps others from writing to a case until the lock is freed.
func (s *Store) Hold(ctx context.Context, number string) (free func() error, err error) {
	tx, err := s.write.BeginTxx(ctx, nil)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE defects SET severity = severity WHERE number = ?", number)
	return tx.Rollback, err
}

// Sample is a case to be loaded by the thousand, as if it had been submitted and changed at other times than its own.
type Sample struct {
	defect.Case
	At, Updated, Due int64 // microseconds; Due 0 for none
}

// Load stores cases without events, fast: for measurements only.
func (s *Store) Load(ctx context.Context, samples []Sample) error {
	var rows []row
	var tails []tailRow
	for _, c := range samples {
		digest, err := s.keepPolicy(ctx, c.Policy)
		if err != nil {
			return err
		}
		r, err := rowOf(&c.Case, digest, 0)
		if err != nil {
			return err
		}
		r.ID += idAt(c.At) - idAt(r.CreatedAt)
		r.CreatedAt, r.UpdatedAt, r.NextDue = c.At, c.Updated, never
		if c.Due > 0 {
			r.NextDue = c.Due
		}
		rows = append(rows, r)
		tails = append(tails, tailRow{r.ID, searchBody(c.Case)})
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		for _, statement := range []string{insertDefect, insertDocs} {
			if _, err := tx.NamedExecContext(ctx, statement, rows); err != nil {
				return err
			}
		}
		_, err := tx.NamedExecContext(ctx, "INSERT INTO search_tail (id, body) VALUES (:id, :body)", tails)
		return err
	})
}

type tailRow struct {
	ID   int64  `db:"id"`
	Body []byte `db:"body"`
}

// Analyze gives the planners fresh statistics.
func (s *Store) Analyze(ctx context.Context) error {
	if s.engine.name == "sqlite" {
		return s.Exec(ctx, "ANALYZE")
	}
	return s.Exec(ctx, "ANALYZE TABLE defects, defect_docs, search_postings, promises, notices, roster_changes")
}

// LoadPromises stores so many promises, like the given ones but in other cases, a minute apart: for measurements only.
func (s *Store) LoadPromises(ctx context.Context, like []defect.CasePromise, n int) error {
	var rows []promiseRow
	for i := range n {
		p := like[i%len(like)]
		row := promiseRow{
			StartedAt: micros(p.StartedAt) + int64(i)*60e6, ID: int64(i + 1), N: 1, Number: p.Number, Clock: p.Clock, Nth: 1, Cycle: 1, Severity: p.Severity,
			Month: p.Month + i%12, SystemKey: textKey(p.System), UnitKey: textKey(p.Unit), Person: p.Person, State: p.State, Outcome: p.Outcome, Met: p.Met,
			Counted: p.Counted.Microseconds() + int64(i), Contractor: p.Sides.Contractor.Microseconds(), Client: p.Sides.Client.Microseconds(),
		}
		rows = append(rows, row)
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error { return s.putPromises(ctx, tx, rows) })
}

// AddNotices adds so many pending notices over a channel, for one after the other of some people.
func (s *Store) AddNotices(ctx context.Context, channel string, n int, to ...string) error {
	rows := make([]noticeRow, n)
	for i := range rows {
		rows[i] = noticeRow{About: "case", Seq: i + 1, Username: to[i%len(to)], Channel: channel, Severity: 3, State: "pending", Args: "{}"}
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error { return addNotices(ctx, tx, rows) })
}
