package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
	"yunwei/notice"
)

// maxNoticeError bounds what is kept of an error, in bytes.
const maxNoticeError = 500

// dueNotices looks for the next notices of a channel, severity 1 first; one walk along the index for each severity. The
// first argument of each is the channel, then now and a limit.
const dueNotices = `SELECT id, severity, address, alone, due_at FROM (
SELECT * FROM (SELECT id, severity, address, alone, due_at FROM notices WHERE channel = ? AND severity = 1 AND due_at <= ? ORDER BY due_at LIMIT ?) s1
UNION ALL SELECT * FROM (SELECT id, severity, address, alone, due_at FROM notices WHERE channel = ? AND severity = 2 AND due_at <= ? ORDER BY due_at LIMIT ?) s2
UNION ALL SELECT * FROM (SELECT id, severity, address, alone, due_at FROM notices WHERE channel = ? AND severity = 3 AND due_at <= ? ORDER BY due_at LIMIT ?) s3
UNION ALL SELECT * FROM (SELECT id, severity, address, alone, due_at FROM notices WHERE channel = ? AND severity = 4 AND due_at <= ? ORDER BY due_at LIMIT ?) s4
) due ORDER BY severity, due_at, id LIMIT ?`

type dueRow struct {
	ID       int64  `db:"id"`
	Severity int    `db:"severity"`
	Address  string `db:"address"`
	Alone    bool   `db:"alone"`
	DueAt    int64  `db:"due_at"`
}

func (s *Store) dueNotices(ctx context.Context, channel string, now time.Time, limit int) ([]dueRow, error) {
	var args []any
	for range 4 {
		args = append(args, channel, micros(now), limit)
	}
	var rows []dueRow
	if err := s.read.SelectContext(ctx, &rows, dueNotices, append(args, limit)...); err != nil {
		return nil, fmt.Errorf("look for notices to send: %w", err)
	}
	return rows, nil
}

// NoticesDue reports whether a notice waits to be sent over a channel now.
func (s *Store) NoticesDue(ctx context.Context, channel string, now time.Time) (bool, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	rows, err := s.dueNotices(ctx, channel, now, 1)
	return len(rows) > 0, err
}

// Company bounds among how many of those that wait company is looked for, for a message that holds several.
const company = 500

// LeaseNotices hands out the next notices of a channel whose time has come, severity 1 first, and returns them in hand of
// the lease. The first is always the one that is most due; what may go with it is said by l.Together.
func (s *Store) LeaseNotices(ctx context.Context, l notice.Lease) ([]notice.Notice, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	among := l.Limit
	if l.Together == notice.ByAddress {
		among = max(company, l.Limit)
	}
	due, err := s.dueNotices(ctx, l.Channel, l.Now, among)
	if err != nil {
		return nil, err
	}
	ids := inCompany(due, l)
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []noticeRow
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		take, args, err := sqlx.In("UPDATE notices SET tries = tries + 1, state = ?, lease = ?, due_at = ? WHERE id IN (?) AND due_at <= ? AND state <> ?",
			notice.Sending, l.Name, micros(l.Until), ids, micros(l.Now), notice.Sending)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, take, args...); err != nil {
			return err
		}
		taken, args, err := sqlx.In(selectNotices+"WHERE id IN (?) AND lease = ? ORDER BY severity, id", ids, l.Name)
		if err != nil {
			return err
		}
		return tx.SelectContext(ctx, &rows, taken, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("take notices in hand: %w", err)
	}
	return noticesOf(rows), nil
}

// inCompany returns which of those that are due go with the first.
func inCompany(due []dueRow, l notice.Lease) []int64 {
	var ids []int64
	for i, r := range due {
		switch {
		case len(ids) == l.Limit:
			return ids
		case l.Together == notice.Apart || i == 0:
		case due[0].Alone || r.Alone, l.Together == notice.ByAddress && r.Address != due[0].Address:
			continue
		}
		ids = append(ids, r.ID)
	}
	return ids
}

// ReclaimNotices makes those whose lease has run out unknown, so that they are sent again, and returns how many there were:
// nobody knows how far whoever had them in hand came.
func (s *Store) ReclaimNotices(ctx context.Context, now time.Time) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	done, err := s.write.ExecContext(ctx, "UPDATE notices SET state = ?, lease = '', error = ?, due_at = ? WHERE state = ? AND due_at <= ?",
		notice.Unknown, "whoever had it in hand went away", micros(now), notice.Sending, micros(now))
	if err != nil {
		return 0, fmt.Errorf("take over what was being sent: %w", err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// SettleNotices writes down how the sending of notices in hand of a lease went. What is no longer in its hand is left alone.
// What is tried again, or over the next way, waits for its reader's hours as it did at first.
func (s *Store) SettleNotices(ctx context.Context, with notice.Settlement) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	readers, err := s.readersOf(ctx, with)
	if err == nil {
		err = s.inTx(ctx, func(tx *sqlx.Tx) error {
			if err := settleSent(ctx, tx, with); err != nil {
				return err
			}
			for _, o := range with.Outcomes {
				if o.State == notice.Sent {
					continue
				}
				if err := settleNotice(ctx, tx, with, o, readers[o.ID]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("write down what was sent: %w", err)
	}
	return nil
}

// reader is who a notice is for, as far as that says when it may reach them.
type reader struct {
	notice.Settings
	severity defect.Severity
	policy   defect.Policy
}

// wanted is Settings.Wanted.
func (r reader) wanted(at time.Time) time.Time { return r.Wanted(&r.policy, r.severity, at) }

// readersOf returns the readers of the notices that did not arrive, by the IDs of these.
func (s *Store) readersOf(ctx context.Context, with notice.Settlement) (map[int64]reader, error) {
	var ids []int64
	for _, o := range with.Outcomes {
		if o.State != notice.Sent {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nobody is asked about
	}
	query, args, err := sqlx.In(`SELECT n.id, n.severity, s.doc, x.policy_digest FROM notices n LEFT JOIN notice_settings s ON s.username = n.username
LEFT JOIN defects d ON d.number = n.about AND n.seq > 0 LEFT JOIN defect_docs x ON x.id = d.id WHERE n.id IN (?)`, ids)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID       int64           `db:"id"`
		Severity defect.Severity `db:"severity"`
		Doc      sql.NullString  `db:"doc"`
		Digest   sql.NullString  `db:"policy_digest"`
	}
	if err := s.read.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, err
	}
	out := make(map[int64]reader, len(rows))
	for _, row := range rows {
		r := reader{severity: row.Severity, policy: with.Policy}
		if err := readSettings(row.Doc, &r.Settings); err != nil {
			return nil, err
		}
		if row.Digest.Valid {
			// A policy that cannot be read must not keep what was sent from being written down: it would be sent again.
			if p, err := s.policy(ctx, row.Digest.String); err == nil {
				r.policy = p
			}
		}
		out[row.ID] = r
	}
	return out, nil
}

func settleSent(ctx context.Context, tx *sqlx.Tx, with notice.Settlement) error {
	var sent []int64
	for _, o := range with.Outcomes {
		if o.State == notice.Sent {
			sent = append(sent, o.ID)
		}
	}
	if len(sent) == 0 {
		return nil
	}
	query, args, err := sqlx.In("UPDATE notices SET state = ?, error = '', due_at = ?, done_at = ?, lease = '' WHERE id IN (?) AND lease = ?",
		notice.Sent, int64(never), micros(with.Now), sent, with.Lease)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, query, args...)
	return err
}

func settleNotice(ctx context.Context, tx *sqlx.Tx, with notice.Settlement, o notice.Outcome, r reader) error {
	due, held, doneAt, uncounted, alone := micros(o.Next), int64(0), int64(0), 0, 0
	if wanted := r.wanted(o.Next); wanted.After(o.Next) {
		due, held = micros(wanted), micros(wanted)
	}
	if o.State.Done() {
		due, held, doneAt = never, 0, micros(with.Now)
	}
	if o.Untried {
		uncounted = 1
	}
	if o.Alone {
		alone = 1
	}
	done, err := tx.ExecContext(ctx, `UPDATE notices SET state = ?, error = CASE WHEN ? = 1 THEN error ELSE ? END, due_at = ?, done_at = ?, tries = tries - ?,
held_until = CASE WHEN held_until > ? THEN held_until ELSE ? END, alone = CASE WHEN alone > ? THEN alone ELSE ? END, lease = '' WHERE id = ? AND lease = ?`,
		o.State, uncounted, clip(o.Error, maxNoticeError), due, doneAt, uncounted, held, held, alone, alone, o.ID, with.Lease)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 || !o.PassOn {
		return err
	}
	return passOn(ctx, tx, with.Now, o.ID, r)
}

// passOn makes the same notice over the person's next way, unless that was done before: only the way that was taken last
// has a next one. It is chosen by what the person wants now.
func passOn(ctx context.Context, tx *sqlx.Tx, now time.Time, id int64, to reader) error {
	var r noticeRow
	if err := tx.GetContext(ctx, &r, selectNotices+"WHERE id = ?", id); err != nil {
		return err
	}
	var tried []string
	err := tx.SelectContext(ctx, &tried, "SELECT channel FROM notices WHERE about = ? AND seq = ? AND username = ? AND channel <> ? ORDER BY id", r.About, r.Seq, r.Username, notice.Inbox)
	if err != nil {
		return err
	}
	way, ok := to.NextWay(tried)
	if !ok || tried[len(tried)-1] != r.Channel {
		return nil
	}
	at := to.wanted(now)
	r.Channel, r.Address, r.State, r.Tries, r.Error = way.Channel, way.Address, notice.Pending, 0, ""
	r.DueAt, r.HeldUntil, r.Since, r.CreatedAt, r.DoneAt = micros(at), 0, micros(at), micros(now), 0
	if at.After(now) {
		r.HeldUntil = micros(at)
	}
	_, err = tx.NamedExecContext(ctx, insertNotices, r)
	return err
}

// clip cuts a text to a length in bytes, between characters.
func clip(text string, limit int) string {
	text = strings.ToValidUTF8(text, "?")
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// RetryNotice makes a notice due now, as if it had never been tried, and returns it. ErrNotFound; ErrConflict when it has
// arrived, or somebody has it in hand.
func (s *Store) RetryNotice(ctx context.Context, id int64, now time.Time) (notice.Notice, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var r noticeRow
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE notices SET state = ?, tries = 0, due_at = ?, since = ?, done_at = 0, held_until = 0 WHERE id = ? AND state NOT IN (?, ?)",
			notice.Pending, micros(now), micros(now), id, notice.Sent, notice.Sending); err != nil {
			return err
		}
		err := tx.GetContext(ctx, &r, selectNotices+"WHERE id = ?", id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err == nil && r.State != notice.Pending:
			return ErrConflict
		}
		return err
	})
	if err != nil {
		return notice.Notice{}, fmt.Errorf("send notice %d again: %w", id, err)
	}
	s.wakeSender()
	return r.notice(), nil
}

// ReserveSlot takes a place in the limit of a channel and returns the time of it: now, when the message may go at once. A
// later time is when to ask again; no place is taken then. All processes share the limit.
func (s *Store) ReserveSlot(ctx context.Context, channel string, now time.Time, limit notice.Limit) (time.Time, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	for range maxRaces {
		at, err := s.reserveSlot(ctx, channel, now, limit)
		if !isRace(err) {
			if err != nil {
				err = fmt.Errorf("the limit of %s: %w", channel, err)
			}
			return at, err
		}
	}
	return now.Add(limit.Every()), nil // others are quicker; there will be a place after theirs
}

func (s *Store) reserveSlot(ctx context.Context, channel string, now time.Time, limit notice.Limit) (time.Time, error) {
	var free int64
	err := s.write.GetContext(ctx, &free, "SELECT free_at FROM channels WHERE name = ?", channel)
	known := !errors.Is(err, sql.ErrNoRows)
	if err != nil && known {
		return time.Time{}, err
	}
	next, at := limit.Reserve(fromMicros(free), now)
	if at.After(now) {
		return at, nil
	}
	if !known {
		_, err := s.write.ExecContext(ctx, "INSERT INTO channels (name, free_at) VALUES (?, ?)", channel, micros(next))
		return at, err
	}
	done, err := s.write.ExecContext(ctx, "UPDATE channels SET free_at = ? WHERE name = ? AND free_at = ?", micros(next), channel, free)
	if err != nil {
		return at, err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return at, err
	}
	return at, errRace
}

// RestChannel lets nothing over a channel before a time: it has asked for that.
func (s *Store) RestChannel(ctx context.Context, channel string, until time.Time, limit notice.Limit) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	free := micros(limit.FreeAfter(until))
	if _, err := s.write.ExecContext(ctx, "UPDATE channels SET free_at = ? WHERE name = ? AND free_at < ?", free, channel, free); err != nil {
		return fmt.Errorf("let %s rest: %w", channel, err)
	}
	return nil
}
