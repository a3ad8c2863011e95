package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
	"yunwei/notice"
)

// maxWaiting bounds how many cases that wait for a signature a substitute is told of one by one.
const maxWaiting = 200

// TellSubstitute tells somebody that they stand in for an absent supervisor, or that this has ended; once. While it is in
// force they are also told of every case that waits for a signature, as the supervisor was when it began to wait. The policy
// is whose zone and calendars tell people's hours.
func (s *Store) TellSubstitute(ctx context.Context, sub defect.Substitution, policy defect.Policy) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	people, err := s.people(ctx)
	if err != nil {
		return fmt.Errorf("tell a substitute: %w", err)
	}
	absent := sub.Username
	if p, ok := notice.Named(people, absent); ok {
		absent = p.Name
	}
	if err := s.Announce(ctx, notice.OfSubstitution(sub, absent, policy)); err != nil {
		return err
	}
	substitute, ok := notice.Named(people, sub.Substitute)
	if !ok || !sub.In(s.now()) {
		return nil
	}
	if err := s.tellWaiting(ctx, substitute); err != nil {
		return fmt.Errorf("tell a substitute what waits for a signature: %w", err)
	}
	s.wakeSender()
	return nil
}

// tellWaiting writes, for every case that waits for a signature which the person may give, the notice that asks for it. One
// that is there stays.
func (s *Store) tellWaiting(ctx context.Context, p notice.Person) error {
	hits, err := s.listed(ctx, filterOf(defect.Query{Stages: []defect.Stage{defect.SignOff}}, ""), window{order: orderOf(defect.SortOldest), size: maxWaiting})
	if err != nil {
		return err
	}
	ids := hits.ids[:min(maxWaiting, len(hits.ids))]
	cases, err := s.cases(ctx, ids)
	if err != nil {
		return err
	}
	proposals, err := s.proposals(ctx, ids)
	if err != nil {
		return err
	}
	for i := range cases {
		c := &cases[i]
		proposal, ok := proposals[c.Number]
		if !ok {
			return fmt.Errorf("the proposal of case %s: %w", c.Number, ErrNotFound)
		}
		n, ok := notice.OfWaiting(c, proposal, p)
		if !ok {
			continue // it has moved on, or is not theirs to sign
		}
		rows, err := rowsTo(n, p.Settings, &c.Policy, s.now())
		if err != nil {
			return err
		}
		for _, r := range rows {
			if _, err := s.write.NamedExecContext(ctx, insertNotices, r); err != nil && !isDuplicate(err) {
				return fmt.Errorf("add a notice: %w", err)
			}
		}
	}
	return nil
}

// proposals returns the latest proposal of each of some cases, by number.
func (s *Store) proposals(ctx context.Context, ids []int64) (map[string]defect.Event, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	statement, args, err := sqlx.In(`SELECT d.number, e.doc FROM (
SELECT id, MAX(seq) AS seq FROM events WHERE id IN (?) AND kind = ? GROUP BY id
) latest JOIN events e ON e.id = latest.id AND e.seq = latest.seq JOIN defects d ON d.id = e.id`, ids, string(defect.ActPropose))
	if err != nil {
		return nil, fmt.Errorf("read proposals: %w", err)
	}
	var rows []struct {
		Number string `db:"number"`
		Doc    string `db:"doc"`
	}
	if err := s.read.SelectContext(ctx, &rows, statement, args...); err != nil {
		return nil, fmt.Errorf("read proposals: %w", err)
	}
	out := make(map[string]defect.Event, len(rows))
	for _, r := range rows {
		var e defect.Event
		if err := json.Unmarshal([]byte(r.Doc), &e); err != nil {
			return nil, fmt.Errorf("read the proposal of case %s: %w", r.Number, err)
		}
		out[r.Number] = e
	}
	return out, nil
}
