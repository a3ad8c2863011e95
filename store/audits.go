package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/apperr"
	"yunwei/defect"
)

// maxDetail bounds what is kept of what was found, in bytes.
const maxDetail = 4000

// Audit is a run of the nightly audit.
type Audit struct {
	ID        string // of the workflow's run
	StartedAt time.Time
	EndedAt   time.Time // zero while it goes on
	Checked   int       // cases
	Findings  int
}

// BeginAudit notes that an audit has begun. Safe to repeat.
func (s *Store) BeginAudit(ctx context.Context, id string, at time.Time) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	_, err := s.write.ExecContext(ctx, "INSERT INTO audits (id, started_at, ended_at, checked, findings) VALUES (?, ?, 0, 0, 0)", plain(id), micros(at))
	if err != nil && !isDuplicate(err) {
		return fmt.Errorf("begin audit %s: %w", id, err)
	}
	return nil
}

// NoteAudit brings an audit up to how many cases it has checked so far; ended is zero while it goes on. How many findings
// it has is counted. Safe to repeat.
func (s *Store) NoteAudit(ctx context.Context, id string, checked int, ended time.Time) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	_, err := s.write.ExecContext(ctx, "UPDATE audits SET checked = ?, ended_at = ?, findings = (SELECT COUNT(*) FROM audit_findings f WHERE f.audit_id = audits.id) WHERE id = ?",
		checked, micros(ended), plain(id))
	if err != nil {
		return fmt.Errorf("note audit %s: %w", id, err)
	}
	return nil
}

// AddFinding keeps what an audit found, and reports whether it was not known yet: of one audit, case, kind and subject it
// keeps one.
func (s *Store) AddFinding(ctx context.Context, id string, d defect.Drift) (bool, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	_, err := s.write.ExecContext(ctx, "INSERT INTO audit_findings (audit_id, number, kind, subject, found_at, detail) VALUES (?, ?, ?, ?, ?, ?)",
		plain(id), plain(d.Number), d.Kind, clip(d.Subject, 64), micros(d.FoundAt), detailOf(d))
	if isDuplicate(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("keep what audit %s found of case %s: %w", id, d.Number, err)
	}
	return true, nil
}

// detail is a fact as it is stored.
type detail struct {
	Fact defect.DriftFact `json:"fact"`
	Args apperr.Args      `json:"args,omitempty"`
}

// detailOf returns what is kept of a fact; arguments that are too long for it are cut.
func detailOf(d defect.Drift) string {
	args := maps.Clone(d.Args)
	for limit := maxDetail; ; limit /= 2 {
		for name, value := range args {
			args[name] = clip(value, limit)
		}
		b, err := json.Marshal(detail{Fact: d.Fact, Args: args})
		if err != nil || len(b) <= maxDetail { // words can be written
			return string(b)
		}
	}
}

// factOf reads it. Before there were facts, a sentence was kept.
func factOf(text string) (defect.DriftFact, apperr.Args) {
	var d detail
	if err := json.Unmarshal([]byte(text), &d); err != nil || d.Fact == "" {
		return defect.FactToldBefore, apperr.Args{"text": text}
	}
	return d.Fact, d.Args
}

// Audits lists the audits, the latest first, at most limit of them, and the cursor to go on after; ErrCursor.
func (s *Store) Audits(ctx context.Context, after string, limit int) ([]Audit, string, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	place := auditCursor{StartedAt: never}
	if after != "" {
		if err := readCursor(after, &place); err != nil || place.ID == "" {
			return nil, "", fmt.Errorf("a list of audits: %w", ErrCursor)
		}
	}
	var rows []struct {
		ID        string `db:"id"`
		StartedAt int64  `db:"started_at"`
		EndedAt   int64  `db:"ended_at"`
		Checked   int    `db:"checked"`
		Findings  int    `db:"findings"`
	}
	err := s.read.SelectContext(ctx, &rows, `SELECT id, started_at, ended_at, checked, findings FROM audits
WHERE started_at <= ? AND (started_at < ? OR id < ?) ORDER BY started_at DESC, id DESC LIMIT ?`, place.StartedAt, place.StartedAt, place.ID, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list audits: %w", err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = writeCursor(auditCursor{StartedAt: rows[limit-1].StartedAt, ID: rows[limit-1].ID})
	}
	out := make([]Audit, len(rows))
	for i, r := range rows {
		out[i] = Audit{ID: r.ID, StartedAt: fromMicros(r.StartedAt), EndedAt: fromMicros(r.EndedAt), Checked: r.Checked, Findings: r.Findings}
	}
	return out, next, nil
}

// Findings lists what an audit found, by case, at most limit of it, and the cursor to go on after; ErrCursor, and
// ErrNotFound for no such audit.
func (s *Store) Findings(ctx context.Context, id, after string, limit int) ([]defect.Drift, string, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var place findingCursor
	if after != "" {
		if err := readCursor(after, &place); err != nil {
			return nil, "", fmt.Errorf("a list of findings: %w", ErrCursor)
		}
	}
	var there int
	if err := s.read.GetContext(ctx, &there, "SELECT COUNT(*) FROM audits WHERE id = ?", plain(id)); err != nil {
		return nil, "", fmt.Errorf("find audit %s: %w", id, err)
	}
	if there == 0 {
		return nil, "", fmt.Errorf("audit %s: %w", id, ErrNotFound)
	}
	var rows []struct {
		Number  string           `db:"number"`
		Kind    defect.DriftKind `db:"kind"`
		Subject string           `db:"subject"`
		FoundAt int64            `db:"found_at"`
		Detail  string           `db:"detail"`
	}
	err := s.read.SelectContext(ctx, &rows, `SELECT number, kind, subject, found_at, detail FROM audit_findings WHERE audit_id = ?
AND number >= ? AND (number > ? OR kind > ? OR (kind = ? AND subject > ?)) ORDER BY number, kind, subject LIMIT ?`,
		plain(id), place.Number, place.Number, place.Kind, place.Kind, place.Subject, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list what audit %s found: %w", id, err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = writeCursor(findingCursor{Number: last.Number, Kind: string(last.Kind), Subject: last.Subject})
	}
	out := make([]defect.Drift, len(rows))
	for i, r := range rows {
		out[i] = defect.Drift{Number: r.Number, Kind: r.Kind, Subject: r.Subject, FoundAt: fromMicros(r.FoundAt)}
		out[i].Fact, out[i].Args = factOf(r.Detail)
	}
	return out, next, nil
}

// auditCursor and findingCursor are places in lists: behind a row.
type (
	auditCursor struct {
		StartedAt int64  `json:"s"`
		ID        string `json:"i"`
	}
	findingCursor struct {
		Number  string `json:"n"`
		Kind    string `json:"k"`
		Subject string `json:"s"`
	}
)

// writeCursor writes a place as callers get it.
func writeCursor(place any) string {
	b, err := json.Marshal(place)
	if err != nil { // numbers and words
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// readCursor reads a place that a caller gives back.
func readCursor(text string, place any) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, place)
}

// Recorded returns a case as it is stored, with all that should say the same; ErrNotFound.
func (s *Store) Recorded(ctx context.Context, number string) (defect.Recorded, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var ids []int64
	if err := s.read.SelectContext(ctx, &ids, "SELECT id FROM defects WHERE number = ?", plain(number)); err != nil {
		return defect.Recorded{}, fmt.Errorf("find case %s: %w", number, err)
	}
	found, err := s.recorded(ctx, ids)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return defect.Recorded{}, fmt.Errorf("read case %s as it is recorded: %w", number, err)
	}
	return found[0], nil
}

// RecordedQuery narrows cases to be read as they are recorded.
type RecordedQuery struct {
	From, To time.Time // of submission, [From, To); zero does not narrow
	Open     bool      // those that have not ended, or have not by all that is recorded of them
}

// statement finds the rows of the next cases after a place.
func (q RecordedQuery) statement(after int64, limit int) (string, []any) {
	if !q.From.IsZero() {
		after = max(after, idAt(ceilMicros(q.From))-1)
	}
	statement, args := "SELECT id FROM defects WHERE id > ?", []any{after}
	if !q.To.IsZero() {
		statement, args = statement+" AND id < ?", append(args, idAt(ceilMicros(q.To)))
	}
	if q.Open {
		statement += looksOpen
	}
	return statement + " ORDER BY id LIMIT ?", append(args, limit)
}

// Recordings reads cases as they are recorded, in the order of their submission, at most limit of them after a place;
// from 0 on the first ones. The place to go on after is 0 when there are no more.
func (s *Store) Recordings(ctx context.Context, q RecordedQuery, after int64, limit int) ([]defect.Recorded, int64, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	statement, args := q.statement(after, limit)
	var ids []int64
	if err := s.read.SelectContext(ctx, &ids, statement, args...); err != nil {
		return nil, 0, fmt.Errorf("find recorded cases: %w", err)
	}
	out, err := s.recorded(ctx, ids)
	if err != nil {
		return nil, 0, fmt.Errorf("read recorded cases: %w", err)
	}
	if len(ids) < limit {
		return out, 0, nil
	}
	return out, ids[len(ids)-1], nil
}

// Walked returns which of the given cases a walk over Recordings that are open meets, by number.
func (s *Store) Walked(ctx context.Context, numbers []string) (map[string]bool, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	out := map[string]bool{}
	if len(numbers) == 0 {
		return out, nil
	}
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = plain(n)
	}
	var found []string
	err := s.read.SelectContext(ctx, &found, "SELECT number FROM defects WHERE number IN ("+placeholders("?", len(numbers))+")"+looksOpen, args...)
	if err != nil {
		return nil, fmt.Errorf("find recorded cases by number: %w", err)
	}
	for _, n := range numbers {
		out[n] = slices.Contains(found, plain(n))
	}
	return out, nil
}

// looksOpen finds the rows of cases that have not ended, and of those that are said to have ended and still promise
// something: an audit must not trust the column that it checks. The database works it out of both.
const looksOpen = " AND looks_open = 1"

// recorded reads cases by the IDs of their rows. It reads several times: a case that moves meanwhile differs from itself,
// and has to be read again.
func (s *Store) recorded(ctx context.Context, ids []int64) ([]defect.Recorded, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	docs, err := casesByID(ctx, s.read, ids)
	if err != nil {
		return nil, err
	}
	events, err := byCase[eventRow](ctx, s.read, "SELECT id, seq, kind, at, sum, idem_key, doc FROM events WHERE id IN (?) ORDER BY id, seq", ids)
	if err != nil {
		return nil, err
	}
	rows, err := byCase[row](ctx, s.read, `SELECT id, number, seq, stage, severity, category, assignee, reporter, system_key, asset_key, overdue, waiting,
created_at, updated_at, next_due, submit_key FROM defects WHERE id IN (?)`, ids)
	if err != nil {
		return nil, err
	}
	promises, err := byCase[promiseRow](ctx, s.read, "SELECT "+promiseColumns+" FROM promises WHERE id IN (?) ORDER BY id, started_at, n", ids)
	if err != nil {
		return nil, err
	}
	var out []defect.Recorded
	for _, id := range ids {
		i := slices.IndexFunc(docs, func(d docRow) bool { return d.ID == id })
		if i < 0 || len(rows[id]) == 0 {
			if len(rows[id]) > 0 {
				out = append(out, damaged(rows[id][0], defect.FactNoTexts, nil))
			}
			continue
		}
		r, err := s.recording(ctx, docs[i], rows[id][0], events[id])
		if err == nil && r.Damage == nil {
			r.Stale, err = stale(&r.Case, docs[i], rows[id], promises[id])
			r.Stale = append(staleEvents(r, events[id]), r.Stale...)
		}
		switch {
		case errors.Is(err, ErrDamaged):
			r = damaged(rows[id][0], defect.FactUnreadable, apperr.Args{"why": err.Error()})
		case err != nil:
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// damaged is a case of which no more than its row can be read.
func damaged(r row, fact defect.DriftFact, args apperr.Args) defect.Recorded {
	return defect.Recorded{
		Case: defect.Case{Number: r.Number}, Place: r.ID, Damage: &defect.Drift{Number: r.Number, Kind: defect.DriftCase, Fact: fact, Args: args},
	}
}

// ofCase is a row that belongs to a case.
type ofCase interface{ caseID() int64 }

func (r row) caseID() int64        { return r.ID }
func (r eventRow) caseID() int64   { return r.ID }
func (r promiseRow) caseID() int64 { return r.ID }

// byCase reads the rows of some cases.
func byCase[R ofCase](ctx context.Context, from sqlx.QueryerContext, statement string, ids []int64) (map[int64][]R, error) {
	statement, args, err := sqlx.In(statement, ids)
	if err != nil {
		return nil, err
	}
	var rows []R
	if err := sqlx.SelectContext(ctx, from, &rows, statement, args...); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	out := map[int64][]R{}
	for _, r := range rows {
		out[r.caseID()] = append(out[r.caseID()], r)
	}
	return out, nil
}

// recording is a case as its texts and events say; damaged when the texts are those of a case of another number than its
// row has. ErrDamaged when they cannot be read.
func (s *Store) recording(ctx context.Context, d docRow, of row, events []eventRow) (defect.Recorded, error) {
	c, err := s.whole(ctx, d)
	if err != nil {
		return defect.Recorded{}, err
	}
	if plain(c.Number) != of.Number {
		return damaged(of, defect.FactOtherTexts, apperr.Args{"number": c.Number}), nil
	}
	r := defect.Recorded{Case: c, Place: d.ID}
	for _, row := range events {
		var e defect.Event
		if err := json.Unmarshal([]byte(row.Doc), &e); err != nil {
			e = defect.Event{Seq: row.Seq} // it is found out by its sum
		}
		r.Events, r.Sums = append(r.Events, e), append(r.Sums, row.Sum)
	}
	return r, nil
}

// stale compares the columns and the promises of a case with what they should be.
func stale(c *defect.Case, d docRow, rows []row, promises []promiseRow) ([]defect.Drift, error) {
	want, err := rowOf(c, d.PolicyDigest, 0)
	if err != nil {
		return nil, err
	}
	var out []defect.Drift
	if len(rows) != 1 {
		return []defect.Drift{{Number: c.Number, Kind: defect.DriftRow, Fact: defect.FactNoRow}}, nil
	}
	for column, is := range columnsOf(rows[0]) {
		if should := columnsOf(want)[column]; is != should {
			out = append(out, defect.Drift{
				Number: c.Number, Kind: defect.DriftRow, Subject: column, Fact: defect.FactDiffers, Args: defect.Differs(fmt.Sprint(is), fmt.Sprint(should)),
			})
		}
	}
	slices.SortFunc(out, func(a, b defect.Drift) int { return strings.Compare(a.Subject, b.Subject) })
	wanted := promiseRows(c, d.ID)
	for i := range max(len(wanted), len(promises)) {
		if is, should := promiseText(promises, i), promiseText(wanted, i); is != should {
			out = append(out, defect.Drift{
				Number: c.Number, Kind: defect.DriftPromise, Subject: strconv.Itoa(i + 1), Fact: defect.FactDiffers, Args: defect.Differs(is, should),
			})
		}
	}
	return out, nil
}

// promiseText is all that a row of a promise says, by column; empty for none.
func promiseText(rows []promiseRow, i int) string {
	if i >= len(rows) {
		return ""
	}
	return fmt.Sprintf("%+v", rows[i])
}

// staleEvents compares the columns of events with what the events say. One that cannot be read is found out by its sum.
func staleEvents(r defect.Recorded, rows []eventRow) []defect.Drift {
	var out []defect.Drift
	for i, e := range r.Events {
		if is := rows[i]; e.Kind != "" && (is.Kind != e.Kind || is.At != micros(e.At)) {
			out = append(out, defect.Drift{
				Number: r.Case.Number, Kind: defect.DriftEvent, Subject: strconv.Itoa(is.Seq), Fact: defect.FactEventColumns, Args: apperr.Args{
					"is": string(is.Kind), "is_at": fromMicros(is.At).Format(time.RFC3339Nano), "should": string(e.Kind), "should_at": e.At.UTC().Format(time.RFC3339Nano),
				},
			})
		}
	}
	return out
}

// columnsOf returns the columns of a row that follow from its case, by name.
func columnsOf(r row) map[string]any {
	key := ""
	if r.SubmitKey != nil {
		key = *r.SubmitKey
	}
	return map[string]any{
		"number": r.Number, "seq": r.Seq, "stage": r.Stage, "severity": r.Severity, "category": r.Category, "assignee": r.Assignee, "reporter": r.Reporter,
		"system_key": r.SystemKey, "asset_key": r.AssetKey, "overdue": r.Overdue, "waiting": r.Waiting, "created_at": r.CreatedAt, "updated_at": r.UpdatedAt,
		"next_due": r.NextDue, "submit_key": key,
	}
}
