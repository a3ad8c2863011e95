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
	"yunwei/roster"
)

type presenceRow struct {
	ID       string  `db:"id"`
	Roster   string  `db:"roster"`
	Shift    string  `db:"shift"`
	Username string  `db:"username"`
	At       int64   `db:"at"`
	OutAt    int64   `db:"out_at"`
	NoteIn   string  `db:"note_in"`
	NoteOut  string  `db:"note_out"`
	Present  *string `db:"present"` // the user name while they are there: nobody is there twice
}

const presenceColumns = "id, roster, shift, username, at, out_at, note_in, note_out"

func (r presenceRow) presence() roster.Presence {
	return roster.Presence{
		ID: r.ID, Roster: r.Roster, Shift: r.Shift, Username: r.Username, In: fromMicros(r.At), Out: fromMicros(r.OutAt), NoteIn: r.NoteIn, NoteOut: r.NoteOut,
	}
}

// SignIn notes that somebody has come on duty; ErrConflict when they are there already.
func (s *Store) SignIn(ctx context.Context, p roster.Presence) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	name := nameKey(p.Username)
	_, err := s.write.NamedExecContext(ctx, `INSERT INTO duty_presence (id, roster, shift, username, at, out_at, note_in, note_out, present)
VALUES (:id, :roster, :shift, :username, :at, :out_at, :note_in, :note_out, :present)`,
		presenceRow{ID: plain(p.ID), Roster: plain(p.Roster), Shift: p.Shift, Username: name, At: micros(p.In), NoteIn: p.NoteIn, Present: &name})
	if isDuplicate(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("sign %q in: %w", p.Username, err)
	}
	return nil
}

// SignOut notes that somebody has gone, and returns their stay; ErrNotFound when they are not there.
func (s *Store) SignOut(ctx context.Context, username string, at time.Time, note string) (roster.Presence, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var row presenceRow
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		err := tx.GetContext(ctx, &row, "SELECT "+presenceColumns+" FROM duty_presence WHERE present = ?", nameKey(username))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		row.OutAt, row.NoteOut = max(micros(at), row.At), note
		done, err := tx.ExecContext(ctx, "UPDATE duty_presence SET out_at = ?, note_out = ?, present = NULL WHERE id = ? AND present IS NOT NULL", row.OutAt, row.NoteOut, row.ID)
		if err != nil {
			return err
		}
		return oneRow(done, ErrNotFound)
	})
	if err != nil {
		return roster.Presence{}, fmt.Errorf("sign %q out: %w", username, err)
	}
	return row.presence(), nil
}

// PresenceFilter narrows a list of stays; zero values do not. One of Roster and Username at most is looked for along an
// index.
type PresenceFilter struct {
	Roster   string
	Username string
	Present  bool // only those who are there
}

// Presences lists stays, the latest first, after the one with the given ID, at most limit; ErrCursor.
func (s *Store) Presences(ctx context.Context, f PresenceFilter, after string, limit int) ([]roster.Presence, error) {
	l := newest{table: "duty_presence", columns: presenceColumns, at: "at"}
	if f.Present {
		l.where("out_at = 0")
	}
	if f.Roster != "" {
		l.where("roster = ?", plain(f.Roster))
	}
	if f.Username != "" {
		l.where("username = ?", nameKey(f.Username))
	}
	var rows []presenceRow
	if err := s.newest(ctx, l, after, limit, &rows); err != nil {
		return nil, err
	}
	out := make([]roster.Presence, len(rows))
	for i, r := range rows {
		out[i] = r.presence()
	}
	return out, nil
}

type logRow struct {
	ID       string `db:"id"`
	Roster   string `db:"roster"`
	Shift    string `db:"shift"`
	At       int64  `db:"at"`
	Username string `db:"username"`
	Number   string `db:"number"`
	Body     string `db:"body"`
}

// AddLog adds a line to the duty log.
func (s *Store) AddLog(ctx context.Context, e roster.LogEntry) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	_, err := s.write.NamedExecContext(ctx, `INSERT INTO duty_log (id, roster, shift, at, username, number, body) VALUES (:id, :roster, :shift, :at, :username, :number, :body)`,
		logRow{ID: plain(e.ID), Roster: plain(e.Roster), Shift: e.Shift, At: micros(e.At), Username: nameKey(e.By), Number: e.Case, Body: e.Text})
	if err != nil {
		return fmt.Errorf("write the duty log: %w", err)
	}
	return nil
}

// Log lists the lines of the duty log in [from, to), of one roster where it is given, the latest first, after the one with
// the given ID, at most limit; ErrCursor. A zero time bounds nothing.
func (s *Store) Log(ctx context.Context, name string, from, to time.Time, after string, limit int) ([]roster.LogEntry, error) {
	l := newest{table: "duty_log", columns: "id, roster, shift, at, username, number, body", at: "at"}
	if name != "" {
		l.where("roster = ?", plain(name))
	}
	if !from.IsZero() {
		l.where("at >= ?", ceilMicros(from))
	}
	if !to.IsZero() {
		l.where("at < ?", ceilMicros(to))
	}
	var rows []logRow
	if err := s.newest(ctx, l, after, limit, &rows); err != nil {
		return nil, err
	}
	out := make([]roster.LogEntry, len(rows))
	for i, r := range rows {
		out[i] = roster.LogEntry{ID: r.ID, Roster: r.Roster, Shift: r.Shift, At: fromMicros(r.At), By: r.Username, Text: r.Body, Case: r.Number}
	}
	return out, nil
}

type handOverRow struct {
	ID             string `db:"id"`
	Roster         string `db:"roster"`
	Shift          string `db:"shift"`
	At             int64  `db:"at"`
	FromUser       string `db:"from_user"`
	ToUser         string `db:"to_user"`
	OpenCases      int    `db:"open_cases"` // -1: nobody could say
	Note           string `db:"note"`
	AcknowledgedAt int64  `db:"acknowledged_at"`
	Remark         string `db:"remark"`
}

const handOverColumns = "id, roster, shift, at, from_user, to_user, open_cases, note, acknowledged_at, remark"

func (r handOverRow) handOver() roster.HandOver {
	return roster.HandOver{
		ID: r.ID, Roster: r.Roster, Shift: r.Shift, At: fromMicros(r.At), From: r.FromUser, To: r.ToUser, OpenCases: max(r.OpenCases, 0), OpenKnown: r.OpenCases >= 0,
		Note: r.Note, AcknowledgedAt: fromMicros(r.AcknowledgedAt), Remark: r.Remark,
	}
}

// AddHandOver keeps a hand-over note.
func (s *Store) AddHandOver(ctx context.Context, h roster.HandOver) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	row := handOverRow{ID: plain(h.ID), Roster: plain(h.Roster), Shift: h.Shift, At: micros(h.At), FromUser: nameKey(h.From), ToUser: nameKey(h.To), OpenCases: h.OpenCases, Note: h.Note}
	if !h.OpenKnown {
		row.OpenCases = -1
	}
	_, err := s.write.NamedExecContext(ctx, `INSERT INTO hand_overs (id, roster, shift, at, from_user, to_user, open_cases, note, acknowledged_at, remark)
VALUES (:id, :roster, :shift, :at, :from_user, :to_user, :open_cases, :note, :acknowledged_at, :remark)`, row)
	if err != nil {
		return fmt.Errorf("keep a hand-over: %w", err)
	}
	return nil
}

// HandOver returns a hand-over note; ErrNotFound.
func (s *Store) HandOver(ctx context.Context, id string) (roster.HandOver, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var row handOverRow
	err := s.read.GetContext(ctx, &row, "SELECT "+handOverColumns+" FROM hand_overs WHERE id = ?", plain(id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return roster.HandOver{}, fmt.Errorf("hand-over %q: %w", id, err)
	}
	return row.handOver(), nil
}

// AcknowledgeHandOver notes that a hand-over was read by who comes; ErrConflict when that was noted before.
func (s *Store) AcknowledgeHandOver(ctx context.Context, id string, at time.Time, remark string) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	done, err := s.write.ExecContext(ctx, "UPDATE hand_overs SET acknowledged_at = ?, remark = ? WHERE id = ? AND acknowledged_at = 0", micros(at), remark, plain(id))
	if err == nil {
		err = oneRow(done, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("acknowledge hand-over %q: %w", id, err)
	}
	return nil
}

// HandOvers lists hand-over notes, of one roster where it is given, with pending only those not yet acknowledged, the
// latest first, after the one with the given ID, at most limit; ErrCursor.
func (s *Store) HandOvers(ctx context.Context, name string, pending bool, after string, limit int) ([]roster.HandOver, error) {
	l := newest{table: "hand_overs", columns: handOverColumns, at: "at"}
	if pending {
		l.where("acknowledged_at = 0")
	}
	if name != "" {
		l.where("roster = ?", plain(name))
	}
	var rows []handOverRow
	if err := s.newest(ctx, l, after, limit, &rows); err != nil {
		return nil, err
	}
	out := make([]roster.HandOver, len(rows))
	for i, r := range rows {
		out[i] = r.handOver()
	}
	return out, nil
}

// Workload returns how much each of some people has in hand: the open cases assigned to them, counted along an index, and when
// the latest case was submitted that they have or had. Whoever has none is there too.
func (s *Store) Workload(ctx context.Context, usernames []string) ([]roster.Candidate, error) {
	if len(usernames) == 0 {
		return nil, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var parts []string
	var args []any
	for _, name := range usernames {
		parts = append(parts, "SELECT ? AS username, (SELECT COUNT(*) FROM defects WHERE assignee = ? AND stage IN ("+placeholders("?", len(workStages))+")) AS open_cases, (SELECT MAX(id) FROM defects WHERE assignee = ?) AS last_id")
		args = append(args, name, nameKey(name))
		args = append(append(args, workStages...), nameKey(name))
	}
	var rows []struct {
		Username string        `db:"username"`
		Open     int           `db:"open_cases"`
		Last     sql.NullInt64 `db:"last_id"`
	}
	if err := s.read.SelectContext(ctx, &rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, fmt.Errorf("count open cases: %w", err)
	}
	out := make([]roster.Candidate, len(rows))
	for i, r := range rows {
		out[i] = roster.Candidate{Username: r.Username, Open: r.Open}
		if r.Last.Valid {
			out[i].Last = fromMicros(r.Last.Int64 >> idRoom)
		}
	}
	return out, nil
}

// workStages are those in which a case is somebody's work; once replied it waits for the reporter.
var workStages = func() (out []any) {
	for _, stage := range defect.Stages() {
		if !stage.Ended() && stage != defect.Replied {
			out = append(out, stage)
		}
	}
	return out
}()
