package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
	"yunwei/notice"
)

// maxRaces bounds how often a projection begins anew because others wrote at the same time.
const maxRaces = 20

// Project brings the events of a case into SQL, with the notices that they call for, and returns the case as it is there
// then, policy included. It is one transaction, safe to repeat: an event that is known is compared, one that is new is
// added. The row follows by applying the new events; whole, where given, is the case as of the last event or later, from
// which a case that SQL does not know is made.
//
// ErrGap: the events do not join on to those that are known, or a new one came without what its author wrote
// (defect.Event.Light). ErrDiverged: one is known with another content. Nothing was written then.
//
// told are those who know of new events already: their notices are written as sent.
func (s *Store) Project(ctx context.Context, number string, whole *defect.Case, events []defect.Event, told ...notice.Told) (defect.Case, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if whole != nil && whole.Number != number {
		return defect.Case{}, fmt.Errorf("project case %s: that is case %s: %w", number, whole.Number, ErrDiverged)
	}
	events = inOrder(events)
	var err error
	for attempt := range maxRaces {
		var c defect.Case
		if c, err = s.project(ctx, number, whole, events, told, attempt); !isRace(err) {
			if err != nil {
				err = fmt.Errorf("project case %s: %w", number, err)
			}
			return c, err
		}
	}
	return defect.Case{}, fmt.Errorf("project case %s, %d times: %w", number, maxRaces, err)
}

// project looks first and writes second. That nobody else wrote in between, the keys of the events see to.
func (s *Store) project(ctx context.Context, number string, whole *defect.Case, events []defect.Event, told []notice.Told, attempt int) (defect.Case, error) {
	old, err := s.find(ctx, number)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return defect.Case{}, err
	}
	known := err == nil
	at, _ := slices.BinarySearchFunc(events, old.Case.Seq+1, func(e defect.Event, seq int) int { return cmp.Compare(e.Seq, seq) })
	if err := s.compare(ctx, old.id, events[:at]); err != nil {
		return defect.Case{}, err
	}
	fresh := events[at:]
	if len(fresh) == 0 {
		if !known {
			return defect.Case{}, fmt.Errorf("no event of an unknown case: %w", ErrGap)
		}
		return old.Case, nil
	}
	if err := joinOn(old.Case.Seq, fresh); err != nil {
		return defect.Case{}, err
	}
	next, fromWhole, err := advance(old.Case, whole, fresh)
	if err != nil {
		return defect.Case{}, err
	}
	digest := old.digest
	if !known {
		if err := s.keepNames(ctx, &next); err != nil {
			return defect.Case{}, err
		}
	}
	if fromWhole {
		if digest, err = s.keepPolicy(ctx, next.Policy); err != nil {
			return defect.Case{}, err
		}
	}
	r, err := rowOf(&next, digest, attempt)
	if err != nil {
		return defect.Case{}, err
	}
	if known {
		r.ID, r.Before = old.id, old.Case.Seq
	}
	notices, err := s.noticesFor(ctx, old.Case, &next, fresh, told)
	if err != nil {
		return defect.Case{}, err
	}
	return next, s.put(ctx, old.Case, next, r, fresh, notices)
}

// inOrder returns the events by seq, each once; those that contradict each other both stay, to be found out.
func inOrder(events []defect.Event) []defect.Event {
	bySeq := func(a, b defect.Event) int { return cmp.Compare(a.Seq, b.Seq) }
	if !slices.IsSortedFunc(events, bySeq) {
		events = slices.SortedStableFunc(slices.Values(events), bySeq)
	}
	// Of two that are the same, the one that came with its texts is of more use.
	out := make([]defect.Event, 0, len(events))
	for _, e := range events {
		if n := len(out); n > 0 && out[n-1].Seq == e.Seq && out[n-1].Sum == e.Sum {
			if out[n-1].IsLight() {
				out[n-1] = e
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

// joinOn checks that new events follow on the given seq without a gap, and are whole.
func joinOn(seq int, fresh []defect.Event) error {
	for i, e := range fresh {
		switch {
		case i > 0 && e.Seq == fresh[i-1].Seq:
			return fmt.Errorf("event %d came twice: %w", e.Seq, ErrDiverged)
		case e.Seq != seq+1+i:
			return fmt.Errorf("event %d after %d: %w", e.Seq, seq+i, ErrGap)
		case !e.Whole():
			// Without its texts; or a newer program wrote it, which has to store it then.
			return fmt.Errorf("event %d is not whole: %w", e.Seq, ErrGap)
		}
	}
	return nil
}

// advance returns the case after the new events, and whether it comes from whole, with a policy that may be new.
func advance(old defect.Case, whole *defect.Case, fresh []defect.Event) (next defect.Case, fromWhole bool, err error) {
	last := fresh[len(fresh)-1].Seq
	switch {
	case whole != nil && whole.Seq == last:
		return whole.Clone(), true, nil
	case old.Seq > 0:
		for _, e := range fresh {
			old.Apply(e)
		}
		return old, false, nil
	case whole == nil:
		return defect.Case{}, false, fmt.Errorf("events of an unknown case: %w", ErrGap)
	}
	return defect.Replay(*whole, fresh), true, nil
}

// compare checks that events are known as they are.
func (s *Store) compare(ctx context.Context, id int64, events []defect.Event) error {
	if len(events) == 0 {
		return nil
	}
	var known []struct {
		Seq int    `db:"seq"`
		Sum string `db:"sum"`
	}
	err := s.read.SelectContext(ctx, &known, "SELECT seq, sum FROM events WHERE id = ? AND seq BETWEEN ? AND ? ORDER BY seq", id, events[0].Seq, events[len(events)-1].Seq)
	if err != nil {
		return fmt.Errorf("compare with what is known: %w", err)
	}
	sums := make(map[int]string, len(known))
	for _, k := range known {
		sums[k.Seq] = k.Sum
	}
	for _, e := range events {
		if sums[e.Seq] != e.Sum {
			return fmt.Errorf("event %d is %s and not %s: %w", e.Seq, sums[e.Seq], e.Sum, ErrDiverged)
		}
	}
	return nil
}

// put writes events and row, the promises that they changed, the files and the notices that they call for. It is errRace, or a
// duplicate, when somebody else has done so meanwhile.
func (s *Store) put(ctx context.Context, old, next defect.Case, r row, fresh []defect.Event, notices []noticeRow) error {
	events, err := eventRows(r.ID, fresh)
	if err != nil {
		return err
	}
	isNew := old.Seq == 0
	promises := changedPromises(&old, &next, r.ID)
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		if isNew {
			err = insert(ctx, tx, r, searchBody(next))
		} else {
			err = s.update(ctx, tx, r)
		}
		if err != nil {
			return err
		}
		if _, err := tx.NamedExecContext(ctx, "INSERT INTO events (id, seq, kind, at, sum, idem_key, doc) VALUES (:id, :seq, :kind, :at, :sum, :idem_key, :doc)", events); err != nil {
			return fmt.Errorf("add events: %w", err)
		}
		if err := addAttachments(ctx, tx, next.Number, fresh); err != nil {
			return err
		}
		if err := addNotices(ctx, tx, notices); err != nil {
			return err
		}
		if err := s.putPromises(ctx, tx, promises); err != nil {
			return err
		}
		if err := s.addTallies(ctx, tx, int(r.ID%tallySlots), tallies(old, next)); err != nil {
			return err
		}
		// Last, so that its place in the order of changes is held for as short as can be.
		if _, err := tx.ExecContext(ctx, "INSERT INTO feed (number, seq) VALUES (?, ?)", next.Number, next.Seq); err != nil {
			return fmt.Errorf("add to the feed: %w", err)
		}
		return nil
	})
	if err == nil && isNew && r.ID%absorbEvery == 0 {
		s.absorbSoon()
	}
	if err == nil && len(notices) > 0 {
		s.wakeSender()
	}
	return err
}

func insert(ctx context.Context, tx *sqlx.Tx, r row, body []byte) error {
	for _, statement := range []string{insertDefect, insertDocs} {
		if _, err := tx.NamedExecContext(ctx, statement, r); err != nil {
			return fmt.Errorf("add the case: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO search_tail (id, body) VALUES (?, ?)", r.ID, body); err != nil {
		return fmt.Errorf("add the case to the search: %w", err)
	}
	return nil
}

func (s *Store) update(ctx context.Context, tx *sqlx.Tx, r row) error {
	for i, statement := range s.engine.statements.advance {
		done, err := tx.NamedExecContext(ctx, statement, r)
		if err != nil {
			return fmt.Errorf("change the case: %w", err)
		}
		if n, err := done.RowsAffected(); i == 0 && err == nil && n == 0 {
			return fmt.Errorf("change the case: %w", errRace)
		}
	}
	return nil
}

// eventRow is an event as it lies in its table.
type eventRow struct {
	ID   int64       `db:"id"`
	Seq  int         `db:"seq"`
	Kind defect.Kind `db:"kind"`
	At   int64       `db:"at"`
	Sum  string      `db:"sum"`
	Key  *string     `db:"idem_key"`
	Doc  string      `db:"doc"`
}

func eventRows(id int64, events []defect.Event) ([]eventRow, error) {
	out := make([]eventRow, len(events))
	for i, e := range events {
		doc, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("write event %d: %w", e.Seq, err)
		}
		out[i] = eventRow{ID: id, Seq: e.Seq, Kind: e.Kind, At: micros(e.At), Sum: e.Sum, Doc: string(doc)}
		if e.Key != "" {
			key := plain(e.Key)
			out[i].Key = &key
		}
	}
	return out, nil
}

// stored is a case as it is in SQL.
type stored struct {
	defect.Case
	id     int64
	digest string // of its policy
}

// find returns a case with its policy; ErrNotFound.
func (s *Store) find(ctx context.Context, number string) (stored, error) {
	var r struct {
		ID int64 `db:"id"`
		Docs
	}
	err := s.read.GetContext(ctx, &r, "SELECT x.id, x.policy_digest, x.submission, x.doc FROM defects d JOIN defect_docs x ON x.id = d.id WHERE d.number = ?", plain(number))
	if errors.Is(err, sql.ErrNoRows) {
		return stored{}, ErrNotFound
	}
	if err != nil {
		return stored{}, fmt.Errorf("read the case: %w", err)
	}
	c, err := r.read()
	if err != nil {
		return stored{}, err
	}
	c.Policy, err = s.policy(ctx, r.PolicyDigest)
	return stored{Case: c, id: r.ID, digest: r.PolicyDigest}, err
}
