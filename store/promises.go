package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// promiseRow is a promise as it lies in its table.
type promiseRow struct {
	StartedAt  int64             `db:"started_at"`
	ID         int64             `db:"id"` // of the case's row
	N          int               `db:"n"`
	Number     string            `db:"number"`
	Clock      defect.ClockName  `db:"clock"`
	Nth        int               `db:"nth"`
	Cycle      int               `db:"cycle"`
	Severity   defect.Severity   `db:"severity"`
	Month      int               `db:"month"`
	SystemKey  string            `db:"system_key"`
	UnitKey    string            `db:"unit_key"`
	Person     string            `db:"person"`
	DueAt      int64             `db:"due_at"`
	EndedAt    int64             `db:"ended_at"`
	State      defect.ClockState `db:"state"`
	Outcome    defect.Outcome    `db:"outcome"`
	Met        bool              `db:"met"`
	Counted    int64             `db:"counted"`
	LateBy     int64             `db:"late_by"`
	Contractor int64             `db:"contractor"`
	Client     int64             `db:"client"`
	SparePart  int64             `db:"spare_part"`
}

// promiseKey are the columns that name a promise for ever, promiseRest those beside them.
var (
	promiseKey  = []string{"started_at", "id", "n"}
	promiseRest = []string{
		"number", "clock", "nth", "cycle", "severity", "month", "system_key", "unit_key", "person", "due_at", "ended_at", "state", "outcome", "met",
		"counted", "late_by", "contractor", "client", "spare_part",
	}
)

// promiseColumns are all of them.
var promiseColumns = strings.Join(slices.Concat(promiseKey, promiseRest), ", ")

// promiseRows returns the rows of a case's promises.
func promiseRows(c *defect.Case, id int64) []promiseRow {
	promises := c.Promises()
	out := make([]promiseRow, len(promises))
	for i, p := range promises {
		out[i] = promiseRow{
			StartedAt: micros(p.StartedAt), ID: id, N: p.N, Number: plain(c.Number), Clock: p.Clock, Nth: p.Nth, Cycle: p.Cycle,
			Severity: p.Severity, Month: p.Month, SystemKey: textKey(p.System), UnitKey: textKey(p.Unit), Person: nameKey(p.Person),
			DueAt: micros(p.DueAt), EndedAt: micros(p.EndedAt), State: p.State, Outcome: p.Outcome, Met: p.Met,
			Counted: p.Counted.Microseconds(), LateBy: p.LateBy.Microseconds(),
			Contractor: p.Sides.Contractor.Microseconds(), Client: p.Sides.Client.Microseconds(), SparePart: p.Sides.SparePart.Microseconds(),
		}
	}
	return out
}

// changedPromises returns the rows of next that old had not, or had otherwise.
func changedPromises(old, next *defect.Case, id int64) []promiseRow {
	rows := promiseRows(next, id)
	if old.Seq == 0 {
		return rows
	}
	before := promiseRows(old, id)
	return slices.DeleteFunc(rows, func(r promiseRow) bool { return r.N <= len(before) && before[r.N-1] == r })
}

// putPromises writes rows over those that are there.
func (s *Store) putPromises(ctx context.Context, tx *sqlx.Tx, rows []promiseRow) error {
	for some := range slices.Chunk(rows, promiseBatch) {
		if _, err := tx.NamedExecContext(ctx, s.engine.statements.putPromises, some); err != nil {
			return fmt.Errorf("write promises: %w", err)
		}
	}
	return nil
}

// promiseBatch is how many rows one statement writes: SQLite takes 32,766 values.
const promiseBatch = 500

// insertPromises begins the statement that writes promises; each engine ends it in its own words.
func insertPromises() string {
	return "INSERT INTO promises (" + promiseColumns + ") VALUES (:" + strings.ReplaceAll(promiseColumns, ", ", ", :") + ")"
}

// overwrite returns the assignments of columns from the row that was to be inserted.
func overwrite(columns []string, inserted string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = " + fmt.Sprintf(inserted, c)
	}
	return strings.Join(sets, ", ")
}

// names remembers which names of systems and units are stored.
type names struct {
	mu   sync.Mutex
	keys map[string]bool
}

// maxNames bounds how many are remembered; forgetting costs a statement that changes nothing.
const maxNames = 10_000

func (n *names) known(key string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.keys[key]
}

func (n *names) remember(key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.keys == nil || len(n.keys) >= maxNames {
		n.keys = map[string]bool{}
	}
	n.keys[key] = true
}

// keepNames stores what the keys of a case's system and unit stand for, once.
func (s *Store) keepNames(ctx context.Context, c *defect.Case) error {
	for _, name := range []string{c.Submission.System, c.Submission.Reporter.Unit} {
		key := textKey(name)
		if name == "" || s.names.known(key) {
			continue
		}
		if _, err := s.write.ExecContext(ctx, s.engine.statements.keepName, key, name); err != nil {
			return fmt.Errorf("keep a name: %w", err)
		}
		s.names.remember(key)
	}
	return nil
}

// fillBatch is how many cases get their promises in one transaction.
const fillBatch = 200

// fillPromises writes the promises of the cases that have none, which an earlier release has stored. It is safe to
// repeat and to break off: what is there is left alone.
func (s *Store) fillPromises(ctx context.Context) error {
	for after := int64(-1); ; {
		limited, cancel := context.WithTimeout(ctx, absorbPatience)
		ids, err := s.fillSome(limited, after)
		cancel()
		if err != nil {
			return fmt.Errorf("write the promises of earlier cases: %w", err)
		}
		if len(ids) < fillBatch {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

// fillSome does so for some cases after a place, and returns which.
func (s *Store) fillSome(ctx context.Context, after int64) ([]int64, error) {
	ids, err := s.withoutPromises(ctx, after)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	found, err := casesByID(ctx, s.read, ids)
	if err != nil {
		return nil, err
	}
	for _, f := range found { // what was submitted never changes
		c, err := f.read()
		if err != nil {
			return nil, err
		}
		if err := s.keepNames(ctx, &c); err != nil {
			return nil, err
		}
		if _, err := s.policy(ctx, f.PolicyDigest); err != nil {
			return nil, err
		}
	}
	return ids, s.inTx(ctx, func(tx *sqlx.Tx) error { return s.fill(ctx, tx, ids) })
}

func (s *Store) withoutPromises(ctx context.Context, after int64) ([]int64, error) {
	var ids []int64
	err := s.read.SelectContext(ctx, &ids, `SELECT d.id FROM defects d WHERE d.id > ? AND NOT EXISTS (SELECT 1 FROM promises p WHERE p.id = d.id)
ORDER BY d.id LIMIT ?`, after, fillBatch)
	return ids, err
}

// fill writes the promises of some cases, whose rows it holds so that no step of theirs comes in between.
func (s *Store) fill(ctx context.Context, tx *sqlx.Tx, ids []int64) error {
	hold, args, err := sqlx.In("UPDATE defects SET seq = seq WHERE id IN (?)", ids)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, hold, args...); err != nil {
		return err
	}
	found, err := casesByID(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, f := range found {
		c, err := f.read()
		if err != nil {
			return err
		}
		if c.Policy, err = s.policy(ctx, f.PolicyDigest); err != nil {
			return err
		}
		if err := s.putPromises(ctx, tx, promiseRows(&c, f.ID)); err != nil {
			return err
		}
	}
	return nil
}

// docRow is a case's texts with its ID.
type docRow struct {
	ID int64 `db:"id"`
	Docs
}

// casesByID reads the texts of cases, in no particular order.
func casesByID(ctx context.Context, from sqlx.QueryerContext, ids []int64) ([]docRow, error) {
	statement, args, err := sqlx.In("SELECT id, policy_digest, submission, doc FROM defect_docs WHERE id IN (?)", ids)
	if err != nil {
		return nil, err
	}
	var found []docRow
	err = sqlx.SelectContext(ctx, from, &found, statement, args...)
	return found, err
}
