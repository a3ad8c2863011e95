package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// Tallies are sums that are kept up with every event, so that asking for them counts nothing: cases by stage and
// severity, promises by how they ended. Each is spread over slots, so that cases which move at the same time rarely wait
// for each other.
const tallySlots = 16

// Count is how many cases are in a stage with a severity.
type Count struct {
	Stage    defect.Stage
	Severity defect.Severity
	N        int
}

// PromiseCount is how many promises of a name were met in time, and how many were broken (met late or not at all), ever.
type PromiseCount struct {
	Clock         defect.ClockName
	Met, Breached int
}

const (
	tallyCase    = "case"
	tallyPromise = "promise"
	tallyMet     = "met"
	tallyBroken  = "breached"
)

// tallies returns by how much a step of a case changes the sums.
func tallies(old, next defect.Case) map[string]int {
	sums := map[string]int{}
	add := func(c defect.Case, n int) {
		if c.Seq == 0 {
			return
		}
		sums[fmt.Sprintf("%s %s %d", tallyCase, c.Stage, c.Severity)] += n
		for _, k := range c.Clocks {
			switch {
			case !k.BreachedAt.IsZero():
				sums[fmt.Sprintf("%s %s %s", tallyPromise, k.Name, tallyBroken)] += n
			case !k.MetAt.IsZero():
				sums[fmt.Sprintf("%s %s %s", tallyPromise, k.Name, tallyMet)] += n
			}
		}
	}
	add(old, -1)
	add(next, +1)
	maps.DeleteFunc(sums, func(_ string, n int) bool { return n == 0 })
	return sums
}

// addTallies adds to the sums, always in the same order: no two transactions wait for each other.
func (s *Store) addTallies(ctx context.Context, tx *sqlx.Tx, slot int, sums map[string]int) error {
	if len(sums) == 0 {
		return nil
	}
	var args []any
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		args = append(args, name, slot, sums[name])
	}
	statement := s.engine.statements.addTally + placeholders("(?, ?, ?)", len(sums)) + s.engine.statements.addTallyTo
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("add up: %w", err)
	}
	return nil
}

// Counts returns how many cases there are by stage and severity; what there is none of is left out.
func (s *Store) Counts(ctx context.Context) ([]Count, error) {
	var out []Count
	err := s.tallied(ctx, tallyCase, func(stage, severity string, n int) error {
		level, err := strconv.Atoi(severity)
		if err != nil {
			return err
		}
		out = append(out, Count{Stage: defect.Stage(stage), Severity: defect.Severity(level), N: n})
		return nil
	})
	return out, err
}

// PromiseCounts returns how promises were kept, for every name that any was ended under, in the order of
// defect.ClockNames.
func (s *Store) PromiseCounts(ctx context.Context) ([]PromiseCount, error) {
	byClock := map[defect.ClockName]PromiseCount{}
	err := s.tallied(ctx, tallyPromise, func(name, how string, n int) error {
		clock := defect.ClockName(name)
		count := byClock[clock]
		count.Clock = clock
		if how == tallyMet {
			count.Met = n
		} else {
			count.Breached = n
		}
		byClock[clock] = count
		return nil
	})
	place := func(name defect.ClockName) int { return slices.Index(defect.ClockNames(), name) }
	return slices.SortedFunc(maps.Values(byClock), func(a, b PromiseCount) int { return cmp.Compare(place(a.Clock), place(b.Clock)) }), err
}

// tallied tells the sums of a kind, by name.
func (s *Store) tallied(ctx context.Context, kind string, tell func(a, b string, n int) error) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var sums []struct {
		Name string `db:"name"`
		N    int    `db:"n"`
	}
	err := s.read.SelectContext(ctx, &sums, "SELECT name, CAST(SUM(n) AS SIGNED) AS n FROM tallies WHERE name LIKE ? GROUP BY name ORDER BY name", kind+" %")
	if err != nil {
		return fmt.Errorf("read the sums: %w", err)
	}
	for _, sum := range sums {
		parts := strings.Split(sum.Name, " ")
		if sum.N == 0 {
			continue
		}
		if len(parts) != 3 {
			return fmt.Errorf("read the sum %q: %w", sum.Name, ErrNotFound)
		}
		if err := tell(parts[1], parts[2], sum.N); err != nil {
			return fmt.Errorf("read the sum %q: %w", sum.Name, err)
		}
	}
	return nil
}
