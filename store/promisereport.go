package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// dimensions are the columns that reports group by.
var dimensions = map[defect.Dimension]string{
	defect.BySeverity: "severity", defect.ByMonth: "month", defect.BySystem: "system_key", defect.ByUnit: "unit_key",
	defect.ByPerson: "person", defect.ByClock: "clock",
}

// reportPatience is how long a report may take.
const reportPatience = 30 * time.Second

// PromiseReport counts the promises that q asks for, by q.By, which is one of defect.Dimensions. All its figures are
// of one moment. It takes half a minute at most.
func (s *Store) PromiseReport(ctx context.Context, q defect.PromiseQuery) (defect.PromiseReport, error) {
	ctx, cancel := context.WithTimeout(ctx, reportPatience)
	defer cancel()
	report, err := s.promiseReport(ctx, q)
	if err != nil {
		return defect.PromiseReport{}, fmt.Errorf("report on promises: %w", err)
	}
	return report, nil
}

// promiseReport adds up in one reading: what the database would sort three times for its percentiles, it tells faster than
// it sorts, and one statement sees one moment.
func (s *Store) promiseReport(ctx context.Context, q defect.PromiseQuery) (report defect.PromiseReport, err error) {
	where, args := promiseWhere(q)
	rows, err := s.read.QueryContext(ctx, "SELECT "+dimensions[q.By]+", outcome, met, counted, contractor, client, spare_part FROM promises"+where, args...)
	if err != nil {
		return report, err
	}
	defer rows.Close()
	var sums defect.PromiseSums
	for rows.Next() {
		var key, outcome sql.RawBytes
		var met bool
		var counted, contractor, client, spare int64
		if err := rows.Scan(&key, &outcome, &met, &counted, &contractor, &client, &spare); err != nil {
			return report, err
		}
		sums.Add(string(key), defect.Figure{
			Outcome: defect.Outcome(outcome), Met: met, Counted: fromDuration(counted),
			Sides: defect.Sums{Contractor: fromDuration(contractor), Client: fromDuration(client), SparePart: fromDuration(spare)},
		})
	}
	if err := rows.Err(); err != nil {
		return report, err
	}
	report = sums.Report()
	if q.By == defect.BySystem || q.By == defect.ByUnit {
		err = s.nameGroups(ctx, &report)
	}
	return report, err
}

// nameGroups gives groups of systems or units their names.
func (s *Store) nameGroups(ctx context.Context, report *defect.PromiseReport) error {
	keys := make([]string, len(report.Groups))
	for i, g := range report.Groups {
		keys[i] = g.Key
	}
	names, err := namesOf(ctx, s.read, keys)
	if err != nil {
		return fmt.Errorf("read the names: %w", err)
	}
	for i := range report.Groups {
		if name, ok := names[report.Groups[i].Key]; ok {
			report.Groups[i].Key = name
		}
	}
	report.Sort()
	return nil
}

// namesOf returns what the keys of systems or units stand for.
func namesOf(ctx context.Context, from sqlx.QueryerContext, keys []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(keys, promiseBatch) {
		statement, args, err := sqlx.In("SELECT name_key, name FROM promise_names WHERE name_key IN (?)", some)
		if err != nil {
			return nil, err
		}
		var found []struct {
			Key  string `db:"name_key"`
			Name string `db:"name"`
		}
		if err := sqlx.SelectContext(ctx, from, &found, statement, args...); err != nil {
			return nil, err
		}
		for _, f := range found {
			out[f.Key] = f.Name
		}
	}
	return out, nil
}

// promiseWhere returns what q asks for as SQL.
func promiseWhere(q defect.PromiseQuery) (string, []any) {
	all, args := []string{"1 = 1"}, []any(nil)
	add := func(condition string, value any) { all, args = append(all, condition), append(args, value) }
	if !q.From.IsZero() {
		add("started_at >= ?", ceilMicros(q.From))
	}
	if !q.To.IsZero() {
		add("started_at < ?", ceilMicros(q.To))
	}
	if q.Clock != "" {
		add("clock = ?", q.Clock)
	}
	if q.Keyed {
		add(dimensions[q.By]+" = ?", promiseGroupKey(q))
	}
	if q.Outcome != "" {
		add("outcome = ?", q.Outcome)
	}
	if q.Timed {
		add("met = ?", 1)
	}
	return " WHERE " + strings.Join(all, " AND "), args
}

// promiseGroupKey is the group that q names, as its column holds it.
func promiseGroupKey(q defect.PromiseQuery) any {
	switch q.By {
	case defect.BySystem, defect.ByUnit:
		return textKey(q.Key)
	case defect.ByPerson:
		return nameKey(q.Key)
	case defect.BySeverity, defect.ByMonth:
		n, err := strconv.Atoi(q.Key)
		if err != nil {
			return -1 // no such group
		}
		return n
	case defect.ByClock:
	}
	return q.Key
}

// promiseCursor is a place in a list of promises: behind a row.
type promiseCursor struct {
	StartedAt int64 `json:"s"`
	ID        int64 `json:"i"`
	N         int   `json:"n"`
}

// Promises lists the promises that q asks for, by start, at most limit of them. next is the cursor to go on after, empty
// after the last. ErrCursor for a cursor that no list of promises gave.
func (s *Store) Promises(ctx context.Context, q defect.PromiseQuery, after string, limit int) (list []defect.CasePromise, next string, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	statement, args, err := promisePage(q, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	var rows []promiseRow
	if err := s.read.SelectContext(ctx, &rows, statement, args...); err != nil {
		return nil, "", fmt.Errorf("list promises: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = writeCursor(promiseCursor{StartedAt: last.StartedAt, ID: last.ID, N: last.N})
	}
	list, err = s.promisesOf(ctx, rows)
	return list, next, err
}

// promisePage reads the next promises of a list.
func promisePage(q defect.PromiseQuery, after string, limit int) (string, []any, error) {
	where, args := promiseWhere(q)
	if after != "" {
		place, err := parsePromiseCursor(after)
		if err != nil {
			return "", nil, err
		}
		where += " AND started_at >= ? AND (started_at > ? OR id > ? OR (id = ? AND n > ?))"
		args = append(args, place.StartedAt, place.StartedAt, place.ID, place.ID, place.N)
	}
	return "SELECT " + promiseColumns + " FROM promises" + where + " ORDER BY started_at, id, n LIMIT ?", append(args, limit), nil
}

func parsePromiseCursor(text string) (promiseCursor, error) {
	var place promiseCursor
	err := readCursor(text, &place)
	if err != nil || place.ID <= 0 || place.N <= 0 {
		return place, fmt.Errorf("a list of promises: %w", ErrCursor)
	}
	return place, nil
}

func (s *Store) promisesOf(ctx context.Context, rows []promiseRow) ([]defect.CasePromise, error) {
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.SystemKey, r.UnitKey)
	}
	slices.Sort(keys)
	names, err := namesOf(ctx, s.read, slices.Compact(keys))
	if err != nil {
		return nil, fmt.Errorf("read the names of systems and units: %w", err)
	}
	out := make([]defect.CasePromise, len(rows))
	for i, r := range rows {
		out[i] = defect.CasePromise{Number: r.Number, Promise: defect.Promise{
			N: r.N, Clock: r.Clock, Nth: r.Nth, Cycle: r.Cycle, Severity: r.Severity, Person: r.Person, Unit: names[r.UnitKey], System: names[r.SystemKey],
			Month: r.Month, StartedAt: fromMicros(r.StartedAt), DueAt: fromMicros(r.DueAt), EndedAt: fromMicros(r.EndedAt), State: r.State,
			Outcome: r.Outcome, Met: r.Met, Counted: fromDuration(r.Counted), LateBy: fromDuration(r.LateBy),
			Sides: defect.Sums{Contractor: fromDuration(r.Contractor), Client: fromDuration(r.Client), SparePart: fromDuration(r.SparePart)},
		}}
	}
	return out, nil
}

// fromDuration is a duration as the tables hold it, in microseconds.
func fromDuration(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
