package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
	"yunwei/notice"
)

// peopleAge is how long the people whom notices call are remembered.
const peopleAge = 5 * time.Second

// maxNoticeError bounds what is kept of an error, in bytes.
const maxNoticeError = 500

// outbox is what the writing of notices needs: who there is, and somebody to wake.
type outbox struct {
	mu     sync.Mutex
	people []notice.Person
	read   time.Time
	wake   func()
}

// OnNotices makes the store call wake whenever it has written notices that somebody had better send. It must not block.
func (s *Store) OnNotices(wake func()) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.wake = wake
}

func (s *Store) wakeSender() {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	if s.outbox.wake != nil {
		s.outbox.wake()
	}
}

type noticeRow struct {
	ID        int64            `db:"id"`
	CaseID    int64            `db:"case_id"`
	Seq       int              `db:"seq"`
	Username  string           `db:"username"`
	Channel   string           `db:"channel"`
	Address   string           `db:"address"`
	Language  string           `db:"language"`
	Topic     notice.Topic     `db:"topic"`
	Clock     defect.ClockName `db:"clock"`
	Severity  defect.Severity  `db:"severity"`
	At        int64            `db:"at"`
	State     notice.State     `db:"state"`
	Tries     int              `db:"tries"`
	Error     string           `db:"error"`
	DueAt     int64            `db:"due_at"`
	HeldUntil int64            `db:"held_until"`
	CreatedAt int64            `db:"created_at"`
	DoneAt    int64            `db:"done_at"`
	ReadAt    int64            `db:"read_at"`
	// of the case
	Number     string `db:"number"`
	Submission string `db:"submission"`
}

const (
	insertNotices = `INSERT INTO notices (case_id, seq, username, channel, address, language, topic, clock, severity, at, state, tries, error, lease, due_at, held_until, created_at, done_at, read_at)
VALUES (:case_id, :seq, :username, :channel, :address, :language, :topic, :clock, :severity, :at, :state, :tries, :error, '', :due_at, :held_until, :created_at, :done_at, :read_at)`
	selectNotices = `SELECT n.id, n.case_id, n.seq, n.username, n.channel, n.address, n.language, n.topic, n.clock, n.severity, n.at, n.state, n.tries, n.error,
n.due_at, n.held_until, n.created_at, n.done_at, n.read_at, d.number, x.submission
FROM notices n JOIN defects d ON d.id = n.case_id JOIN defect_docs x ON x.id = n.case_id `
)

func (r noticeRow) notice() notice.Notice {
	n := notice.Notice{
		ID: r.ID, Number: r.Number, Severity: r.Severity, Seq: r.Seq, At: fromMicros(r.At), Topic: r.Topic, Clock: r.Clock, Username: r.Username,
		Channel: r.Channel, Address: r.Address, Language: r.Language, State: r.State, Tries: r.Tries, Error: r.Error,
		HeldUntil: fromMicros(r.HeldUntil), CreatedAt: fromMicros(r.CreatedAt), DoneAt: fromMicros(r.DoneAt), ReadAt: fromMicros(r.ReadAt),
	}
	if r.DueAt != never {
		n.DueAt = fromMicros(r.DueAt)
	}
	var s defect.Submission
	if err := json.Unmarshal([]byte(r.Submission), &s); err == nil { // a title is not worth failing for
		n.Title = s.Title
	}
	return n
}

// noticesFor returns the rows that new events of a case call for: everybody's inbox, and everybody's first way.
func (s *Store) noticesFor(ctx context.Context, id int64, c *defect.Case, fresh []defect.Event) ([]noticeRow, error) {
	var out []noticeRow
	for _, e := range fresh {
		calls := notice.Calls(c, e)
		if len(calls) == 0 {
			continue
		}
		people, err := s.people(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range notice.Recipients(calls, e.Actor.Username, c, people) {
			out = append(out, s.noticesTo(r, id, c, e)...)
		}
	}
	return out, nil
}

func (s *Store) noticesTo(r notice.Recipient, id int64, c *defect.Case, e defect.Event) []noticeRow {
	now := s.now()
	n := noticeRow{
		CaseID: id, Seq: e.Seq, Username: nameKey(r.Username), Channel: notice.Inbox, Language: r.Language, Topic: r.Topic, Severity: c.Severity,
		At: micros(e.At), State: notice.Sent, DueAt: never, CreatedAt: micros(now), DoneAt: micros(now),
	}
	if e.Timing != nil {
		n.Clock = e.Timing.Clock
	}
	out := []noticeRow{n}
	if way, ok := r.NextWay(""); ok {
		wanted := r.Wanted(c, now)
		n.Channel, n.Address, n.State, n.DueAt, n.DoneAt = way.Channel, way.Address, notice.Pending, micros(wanted), 0
		if wanted.After(now) {
			n.HeldUntil = micros(wanted)
		}
		out = append(out, n)
	}
	return out
}

// people returns everybody who can be told things, as of a few seconds ago.
func (s *Store) people(ctx context.Context) ([]notice.Person, error) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	if age := s.now().Sub(s.outbox.read); s.outbox.people != nil && age >= 0 && age < peopleAge {
		return s.outbox.people, nil
	}
	var rows []struct {
		userRow
		Doc sql.NullString `db:"doc"`
	}
	err := s.read.SelectContext(ctx, &rows, `SELECT u.username, u.name, u.roles, s.doc FROM users u
LEFT JOIN notice_settings s ON s.username = u.username WHERE u.disabled = 0 ORDER BY u.username`)
	if err != nil {
		return nil, fmt.Errorf("read whom to tell: %w", err)
	}
	people := make([]notice.Person, len(rows))
	for i, r := range rows {
		people[i].Person = r.user().Person
		if err := readSettings(r.Doc, &people[i].Settings); err != nil {
			return nil, err
		}
	}
	s.outbox.people, s.outbox.read = people, s.now()
	return people, nil
}

func readSettings(doc sql.NullString, into *notice.Settings) error {
	if !doc.Valid {
		return nil
	}
	if err := json.Unmarshal([]byte(doc.String), into); err != nil {
		return fmt.Errorf("read how somebody wants to be told: %w", err)
	}
	return nil
}

// NoticeSettings returns how somebody wants to be told; the zero Settings where they have not said.
func (s *Store) NoticeSettings(ctx context.Context, username string) (notice.Settings, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var doc sql.NullString
	var out notice.Settings
	err := s.read.GetContext(ctx, &doc, "SELECT doc FROM notice_settings WHERE username = ?", nameKey(username))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return out, fmt.Errorf("notice settings of %q: %w", username, err)
	}
	return out, readSettings(doc, &out)
}

// SetNoticeSettings keeps how somebody wants to be told of what happens from now on.
func (s *Store) SetNoticeSettings(ctx context.Context, username string, settings notice.Settings) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	doc, err := json.Marshal(settings)
	if err == nil {
		err = s.inTx(ctx, func(tx *sqlx.Tx) error {
			if _, err := tx.ExecContext(ctx, "DELETE FROM notice_settings WHERE username = ?", nameKey(username)); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO notice_settings (username, doc) VALUES (?, ?)", nameKey(username), string(doc))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("notice settings of %q: %w", username, err)
	}
	s.outbox.mu.Lock()
	s.outbox.people = nil
	s.outbox.mu.Unlock()
	return nil
}

// HoldChannel makes holder the one who may send over a channel until the given time, if nobody else is. It reports
// whether holder is.
func (s *Store) HoldChannel(ctx context.Context, channel, holder string, now, until time.Time) (bool, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	done, err := s.write.ExecContext(ctx, "UPDATE channels SET holder = ?, until = ? WHERE name = ? AND (holder = ? OR until <= ?)",
		holder, micros(until), channel, holder, micros(now))
	if err == nil {
		var n int64
		if n, err = done.RowsAffected(); err == nil && n > 0 {
			return true, nil
		}
	}
	if err == nil {
		_, err = s.write.ExecContext(ctx, "INSERT INTO channels (name, holder, until) VALUES (?, ?, ?)", channel, holder, micros(until))
		if isDuplicate(err) {
			return false, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("hold the channel %s: %w", channel, err)
	}
	return true, nil
}

// LeaseNotices hands out the next notices of a channel whose time has come, severity 1 first, at most limit of them, and
// returns them in hand of lease, until the given time. One whose lease ran out comes as Unknown, and nobody knows
// whether it was sent.
func (s *Store) LeaseNotices(ctx context.Context, channel, lease string, now, until time.Time, limit int) ([]notice.Notice, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var ids []int64
	for severity := 1; severity <= 4 && len(ids) < limit; severity++ {
		var some []int64
		err := s.write.SelectContext(ctx, &some, "SELECT id FROM notices WHERE channel = ? AND severity = ? AND due_at <= ? ORDER BY due_at LIMIT ?",
			channel, severity, micros(now), limit-len(ids))
		if err != nil {
			return nil, fmt.Errorf("look for notices to send: %w", err)
		}
		ids = append(ids, some...)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []noticeRow
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		take, args, err := sqlx.In("UPDATE notices SET tries = tries + 1, error = CASE state WHEN 'sending' THEN 'unknown' ELSE error END, state = 'sending', lease = ?, due_at = ? WHERE id IN (?) AND due_at <= ?",
			lease, micros(until), ids, micros(now))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, take, args...); err != nil {
			return err
		}
		taken, args, err := sqlx.In(selectNotices+"WHERE n.id IN (?) AND n.lease = ? ORDER BY n.severity, n.id", ids, lease)
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

func noticesOf(rows []noticeRow) []notice.Notice {
	out := make([]notice.Notice, len(rows))
	for i, r := range rows {
		out[i] = r.notice()
	}
	return out
}

// Outcome is how the sending of a notice went.
type Outcome struct {
	ID    int64
	State notice.State // Sent, Failed, Unknown or GivenUp
	Error string
	Next  time.Time // of Failed and Unknown
	// Instead makes a notice over the person's next way; only with GivenUp.
	Instead *notice.Way
}

// SettleNotices writes down how the sending of notices in hand of lease went. What is no longer in its hand is left alone.
func (s *Store) SettleNotices(ctx context.Context, lease string, now time.Time, outcomes []Outcome) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		for _, o := range outcomes {
			if err := settleNotice(ctx, tx, lease, now, o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write down what was sent: %w", err)
	}
	return nil
}

func settleNotice(ctx context.Context, tx *sqlx.Tx, lease string, now time.Time, o Outcome) error {
	due, doneAt := int64(never), micros(now)
	if !o.State.Done() {
		due, doneAt = micros(o.Next), 0
	}
	done, err := tx.ExecContext(ctx, "UPDATE notices SET state = ?, error = ?, due_at = ?, done_at = ?, lease = '' WHERE id = ? AND lease = ?",
		o.State, clip(o.Error, maxNoticeError), due, doneAt, o.ID, lease)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 || o.Instead == nil {
		return err
	}
	var r noticeRow
	if err := tx.GetContext(ctx, &r, selectNotices+"WHERE n.id = ?", o.ID); err != nil {
		return err
	}
	var there int
	err = tx.GetContext(ctx, &there, "SELECT COUNT(*) FROM notices WHERE case_id = ? AND seq = ? AND username = ? AND channel = ?", r.CaseID, r.Seq, r.Username, o.Instead.Channel)
	if err != nil || there > 0 {
		return err
	}
	r.Channel, r.Address, r.State, r.Tries, r.Error, r.DueAt, r.DoneAt, r.CreatedAt = o.Instead.Channel, o.Instead.Address, notice.Pending, 0, "", micros(now), 0, micros(now)
	_, err = tx.NamedExecContext(ctx, insertNotices, r)
	return err
}

func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// NoticeQuery asks for notices. What is empty does not matter.
type NoticeQuery struct {
	Username string
	Channel  string
	States   []notice.State
	Number   string
	Unread   bool
	Before   int64 // ID; the newest come first
	Limit    int
}

// Notices lists notices, the newest first.
func (s *Store) Notices(ctx context.Context, q NoticeQuery) ([]notice.Notice, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	where, args := []string{"1 = 1"}, []any{}
	add := func(given bool, condition string, values ...any) {
		if given {
			where, args = append(where, condition), append(args, values...)
		}
	}
	add(q.Username != "", "n.username = ?", nameKey(q.Username))
	add(q.Channel != "", "n.channel = ?", q.Channel)
	add(len(q.States) > 0, "n.state IN ("+placeholders("?", len(q.States))+")", anys(q.States)...)
	add(q.Number != "", "d.number = ?", plain(q.Number))
	add(q.Unread, "n.read_at = 0")
	add(q.Before > 0, "n.id < ?", q.Before)
	var rows []noticeRow
	err := s.read.SelectContext(ctx, &rows, selectNotices+"WHERE "+strings.Join(where, " AND ")+" ORDER BY n.id DESC LIMIT ?", append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	return noticesOf(rows), nil
}

// ReadNotices marks somebody's inbox as read, up to and with an ID, and returns how many were not.
func (s *Store) ReadNotices(ctx context.Context, username string, upTo int64) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	done, err := s.write.ExecContext(ctx, "UPDATE notices SET read_at = ? WHERE username = ? AND channel = ? AND read_at = 0 AND id <= ?",
		micros(s.now()), nameKey(username), notice.Inbox, upTo)
	if err != nil {
		return 0, fmt.Errorf("mark notices as read: %w", err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}
