package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

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
	if err := s.Announce(ctx, ofSubstitution(sub, people, policy)); err != nil {
		return err
	}
	i := slices.IndexFunc(people, func(p notice.Person) bool { return p.Username == sub.Substitute })
	if i < 0 || !sub.In(s.now()) {
		return nil
	}
	if err := s.tellWaiting(ctx, people[i]); err != nil {
		return fmt.Errorf("tell a substitute what waits for a signature: %w", err)
	}
	s.wakeSender()
	return nil
}

func ofSubstitution(sub defect.Substitution, people []notice.Person, policy defect.Policy) notice.Announcement {
	topic, at := notice.Substitute, sub.CreatedAt
	if !sub.EndedAt.IsZero() {
		topic, at = notice.SubstituteEnded, sub.EndedAt
	}
	absent := sub.Username
	if i := slices.IndexFunc(people, func(p notice.Person) bool { return p.Username == sub.Username }); i >= 0 {
		absent = people[i].Name
	}
	return notice.Announcement{
		Key: "substitution " + strconv.FormatInt(sub.ID, 10) + " " + string(topic), Topic: topic, Users: []string{sub.Substitute}, Severity: 2, At: at, Policy: policy,
		Args: notice.Args{
			notice.ArgActor: absent, notice.ArgFrom: notice.At(sub.From, policy.Zone()), notice.ArgUntil: notice.At(sub.Until, policy.Zone()), notice.ArgDetail: sub.Reason,
		},
	}
}

// tellWaiting writes, for every case that waits for a signature which the person may give, the notice that asks for it.
func (s *Store) tellWaiting(ctx context.Context, p notice.Person) error {
	hits, err := s.listed(ctx, filterOf(defect.Query{Stages: []defect.Stage{defect.SignOff}}, ""), window{order: orderOf(defect.SortOldest), size: maxWaiting})
	if err != nil {
		return err
	}
	cases, err := s.cases(ctx, hits.ids[:min(maxWaiting, len(hits.ids))])
	if err != nil {
		return err
	}
	for i := range cases {
		c, err := s.Defect(ctx, cases[i].Number)
		if err != nil || c.May(defect.ActSign, p.Person) != nil {
			continue // it has moved on, or is not theirs to sign
		}
		if err := s.tellProposal(ctx, &c, p); err != nil {
			return err
		}
	}
	return nil
}

// tellProposal writes the notice of a case's latest proposal to a person who was not called when it was made. One that is
// there stays.
func (s *Store) tellProposal(ctx context.Context, c *defect.Case, p notice.Person) error {
	var doc string
	err := s.read.GetContext(ctx, &doc, `SELECT e.doc FROM events e JOIN defects d ON d.id = e.id
WHERE d.number = ? AND e.kind = ? ORDER BY e.seq DESC LIMIT 1`, plain(c.Number), string(defect.ActPropose))
	if err != nil {
		return fmt.Errorf("the proposal of case %s: %w", c.Number, err)
	}
	var e defect.Event
	if err := json.Unmarshal([]byte(doc), &e); err != nil {
		return fmt.Errorf("read the proposal of case %s: %w", c.Number, err)
	}
	rows, err := rowsTo(notice.Of(c, e, notice.Recipient{Person: p, Topic: notice.SignOff}), p.Settings, &c.Policy, s.now())
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := s.write.NamedExecContext(ctx, insertNotices, r); err != nil && !isDuplicate(err) {
			return fmt.Errorf("add a notice: %w", err)
		}
	}
	return nil
}
