package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
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

func (s *Store) promiseReport(ctx context.Context, q defect.PromiseQuery) (report defect.PromiseReport, err error) {
	tx, err := s.read.BeginTxx(ctx, s.engine.snapshot)
	if err != nil {
		return report, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	column := dimensions[q.By]
	groups, err := countPromises(ctx, tx, q, column)
	if err != nil {
		return report, fmt.Errorf("count: %w", err)
	}
	if err := rankPromises(ctx, tx, q, column, groups); err != nil {
		return report, fmt.Errorf("rank: %w", err)
	}
	total := map[string]*defect.PromiseGroup{"": &report.Total}
	if err := rankPromises(ctx, tx, q, "''", total); err != nil {
		return report, fmt.Errorf("rank all: %w", err)
	}
	names := map[string]string{}
	if q.By == defect.BySystem || q.By == defect.ByUnit {
		if names, err = namesOf(ctx, tx, groups); err != nil {
			return report, fmt.Errorf("read the names: %w", err)
		}
	}
	for key, g := range groups {
		g.Key = key
		if name, ok := names[key]; ok {
			g.Key = name
		}
		report.Groups = append(report.Groups, *g)
		report.Total.Add(*g)
	}
	slices.SortFunc(report.Groups, func(a, b defect.PromiseGroup) int { return strings.Compare(a.Key, b.Key) })
	return report, nil
}

// countPromises counts and sums up, by group.
func countPromises(ctx context.Context, tx *sqlx.Tx, q defect.PromiseQuery, column string) (map[string]*defect.PromiseGroup, error) {
	where, args := promiseWhere(q)
	var counts []struct {
		Key        string         `db:"k"`
		Outcome    defect.Outcome `db:"outcome"`
		N          int            `db:"n"`
		Timed      int            `db:"timed"`
		Contractor int64          `db:"contractor"`
		Client     int64          `db:"client"`
		SparePart  int64          `db:"spare_part"`
	}
	err := tx.SelectContext(ctx, &counts, "SELECT "+column+` AS k, outcome, COUNT(*) AS n, CAST(SUM(met) AS SIGNED) AS timed,
CAST(SUM(contractor) AS SIGNED) AS contractor, CAST(SUM(client) AS SIGNED) AS client, CAST(SUM(spare_part) AS SIGNED) AS spare_part
FROM promises`+where+" GROUP BY "+column+", outcome", args...)
	if err != nil {
		return nil, err
	}
	groups := map[string]*defect.PromiseGroup{}
	for _, c := range counts {
		g := groups[c.Key]
		if g == nil {
			g = &defect.PromiseGroup{}
			groups[c.Key] = g
		}
		part := defect.PromiseGroup{
			Promised: c.N, Timed: c.Timed,
			Sides: defect.Sums{Contractor: fromDuration(c.Contractor), Client: fromDuration(c.Client), SparePart: fromDuration(c.SparePart)},
		}
		switch c.Outcome {
		case defect.OutcomeMet:
			part.Met = c.N
		case defect.OutcomeBroken:
			part.Broken = c.N
		case defect.OutcomeRunning:
			part.Running = c.N
		case defect.OutcomeCancelled:
			part.Cancelled = c.N
		}
		g.Add(part)
	}
	return groups, nil
}

// rankPromises finds the percentiles by group, of the service time that it took to meet a promise: the nearest rank is
// the least r with r/n >= p.
func rankPromises(ctx context.Context, tx *sqlx.Tx, q defect.PromiseQuery, column string, groups map[string]*defect.PromiseGroup) error {
	q.Timed = true
	where, args := promiseWhere(q)
	var ranks []struct {
		Key     string `db:"k"`
		P50     int64  `db:"p50"`
		P90     int64  `db:"p90"`
		Longest int64  `db:"longest"`
	}
	err := tx.SelectContext(ctx, &ranks, `SELECT k,
  MAX(CASE WHEN 100 * (r - 1) < 50 * n THEN counted END) AS p50, MAX(CASE WHEN 100 * (r - 1) < 90 * n THEN counted END) AS p90, MAX(counted) AS longest
FROM (SELECT `+column+` AS k, counted, ROW_NUMBER() OVER (PARTITION BY `+column+` ORDER BY counted) AS r, COUNT(*) OVER (PARTITION BY `+column+`) AS n
  FROM promises`+where+") ranked GROUP BY k", args...)
	if err != nil {
		return err
	}
	for _, r := range ranks {
		if g := groups[r.Key]; g != nil {
			g.P50, g.P90, g.Longest = fromDuration(r.P50), fromDuration(r.P90), fromDuration(r.Longest)
		}
	}
	return nil
}

// namesOf returns what the keys of systems or units stand for.
func namesOf[V any](ctx context.Context, from sqlx.QueryerContext, keys map[string]V) (map[string]string, error) {
	asked := make([]string, 0, len(keys))
	for key := range keys {
		asked = append(asked, key)
	}
	out := map[string]string{}
	for some := range slices.Chunk(asked, promiseBatch) {
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

// CasePromise is a promise with the number of its case.
type CasePromise struct {
	Number string
	defect.Promise
}

// promiseCursor is a place in a list of promises: behind a row.
type promiseCursor struct {
	StartedAt int64 `json:"s"`
	ID        int64 `json:"i"`
	N         int   `json:"n"`
}

// Promises lists the promises that q asks for, by start, at most limit of them. next is the cursor to go on after, empty
// after the last. ErrCursor for a cursor that no list of promises gave.
func (s *Store) Promises(ctx context.Context, q defect.PromiseQuery, after string, limit int) (list []CasePromise, next string, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	where, args := promiseWhere(q)
	if after != "" {
		place, err := parsePromiseCursor(after)
		if err != nil {
			return nil, "", err
		}
		where += " AND started_at >= ? AND (started_at > ? OR id > ? OR (id = ? AND n > ?))"
		args = append(args, place.StartedAt, place.StartedAt, place.ID, place.ID, place.N)
	}
	var rows []promiseRow
	err = s.read.SelectContext(ctx, &rows, "SELECT "+strings.Join(slices.Concat(promiseKey, promiseRest), ", ")+" FROM promises"+where+
		" ORDER BY started_at, id, n LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list promises: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		b, err := json.Marshal(promiseCursor{StartedAt: last.StartedAt, ID: last.ID, N: last.N})
		if err != nil {
			return nil, "", fmt.Errorf("write a cursor: %w", err)
		}
		next = base64.RawURLEncoding.EncodeToString(b)
	}
	list, err = s.promisesOf(ctx, rows)
	return list, next, err
}

func parsePromiseCursor(text string) (promiseCursor, error) {
	var place promiseCursor
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &place)
	}
	if err != nil || place.ID <= 0 || place.N <= 0 {
		return place, fmt.Errorf("a list of promises: %w", ErrCursor)
	}
	return place, nil
}

func (s *Store) promisesOf(ctx context.Context, rows []promiseRow) ([]CasePromise, error) {
	keys := map[string]bool{}
	for _, r := range rows {
		keys[r.SystemKey], keys[r.UnitKey] = true, true
	}
	names, err := namesOf(ctx, s.read, keys)
	if err != nil {
		return nil, fmt.Errorf("read the names of systems and units: %w", err)
	}
	out := make([]CasePromise, len(rows))
	for i, r := range rows {
		out[i] = CasePromise{Number: r.Number, Promise: defect.Promise{
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
