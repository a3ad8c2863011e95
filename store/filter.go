package store

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"yunwei/defect"
)

// filter is what a list asks of its rows.
type filter struct {
	conditions []condition
	// From, To bound the ID: the time of submission. [from, to); the least and the greatest ID bound nothing, and are
	// nobody's.
	from, to int64
	text     string // folded
}

// condition is that a column has one of some values.
type condition struct {
	column string
	values []any
}

// fixed are the columns that no event changes.
var fixed = []string{"reporter", "system_key", "asset_key"}

func filterOf(q defect.Query, own string) filter {
	f := filter{from: math.MinInt64, to: math.MaxInt64, text: foldQuery(q.Text)}
	add := func(column string, given bool, values ...any) {
		if given {
			f.conditions = append(f.conditions, condition{column, values})
		}
	}
	add("stage", len(q.Stages) > 0, anys(q.Stages)...)
	add("severity", len(q.Severities) > 0, anys(q.Severities)...)
	add("category", q.Category != "", q.Category)
	add("assignee", q.Assignee != "", nameKey(q.Assignee))
	add("reporter", own != "", nameKey(own))
	add("reporter", q.Reporter != "", nameKey(q.Reporter))
	add("system_key", q.System != "", textKey(q.System))
	add("asset_key", q.AssetID != "", textKey(q.AssetID))
	add("overdue", q.Overdue != nil, flag(q.Overdue))
	add("waiting", q.Waiting != nil, flag(q.Waiting))
	if !q.From.IsZero() {
		f.from = idAt(ceilMicros(q.From))
	}
	if !q.To.IsZero() {
		f.to = idAt(ceilMicros(q.To))
	}
	return f
}

func anys[T comparable](values []T) []any {
	var out []any
	for _, v := range values {
		if !slices.Contains(out, any(v)) {
			out = append(out, v)
		}
	}
	return out
}

func flag(b *bool) int {
	if b != nil && *b {
		return 1
	}
	return 0
}

// ceilMicros is the first microsecond that is not before t.
func ceilMicros(t time.Time) int64 {
	at := t.UnixMicro()
	if time.UnixMicro(at).Before(t) {
		at++
	}
	return at
}

// open reports whether the filter leaves every row, but for the bounds of its IDs.
func (f filter) open() bool { return len(f.conditions) == 0 }

// easy reports whether an index holds just the rows of the filter in the order of their IDs.
func (f filter) easy() bool {
	return f.open() || len(f.conditions) == 1 && len(f.conditions[0].values) == 1
}

// where returns the filter as SQL.
func (f filter) where() (string, []any) {
	var all []string
	var args []any
	for _, c := range f.conditions {
		if len(c.values) == 1 {
			all = append(all, c.column+" = ?")
		} else {
			all = append(all, c.column+" IN ("+placeholders("?", len(c.values))+")")
		}
		args = append(args, c.values...)
	}
	if f.from != math.MinInt64 {
		all, args = append(all, "id >= ?"), append(args, f.from)
	}
	if f.to != math.MaxInt64 {
		all, args = append(all, "id < ?"), append(args, f.to)
	}
	if len(all) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(all, " AND "), args
}

// key names the filter in a memory of filters.
func (f filter) key() string {
	return fmt.Sprintf("%v %d %d %q", f.conditions, f.from, f.to, f.text)
}

// grows reports whether a row that the filter leaves is left for ever.
func (f filter) grows() bool {
	return !slices.ContainsFunc(f.conditions, func(c condition) bool { return !slices.Contains(fixed, c.column) })
}

// crowds remembers filters that leave more rows than are counted. Cases are never deleted: what does not change
// about them never leaves fewer again.
type crowds struct {
	mu   sync.Mutex
	keys map[string]bool
}

const maxCrowds = 1000

func (c *crowds) known(f filter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.grows() && c.keys[f.key()]
}

func (c *crowds) remember(f filter) {
	if !f.grows() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= maxCrowds {
		c.keys = map[string]bool{}
	}
	c.keys[f.key()] = true
}

// ordered is a filter that goes on behind a place in an order.
type ordered struct {
	filter
	beyond string
	args   []any
}

// after returns the part of the list that comes behind a cursor.
func (f filter) after(o order, c *cursor) ordered {
	if c == nil {
		return ordered{filter: f}
	}
	sign := ">"
	if o.descending {
		sign = "<"
	}
	if o.column == "id" {
		return ordered{filter: f, beyond: "id " + sign + " ?", args: []any{c.ID}}
	}
	return ordered{
		filter: f,
		beyond: fmt.Sprintf("%[1]s %[2]s= ? AND (%[1]s %[2]s ? OR id %[2]s ?)", o.column, sign),
		args:   []any{c.Key, c.Key, c.ID},
	}
}

// where returns the filter and the place as SQL.
func (o ordered) where() (string, []any) {
	where, args := o.filter.where()
	switch {
	case o.beyond == "":
		return where, args
	case where == "":
		where = " WHERE "
	default:
		where += " AND "
	}
	return where + o.beyond, append(args, o.args...)
}

// selectIDs returns a statement for the IDs in order. With follow an index that has the order may be followed; without,
// the rows are found first and sorted then.
func (o ordered) selectIDs(by order, follow bool) (string, []any) {
	where, args := o.where()
	return "SELECT id FROM defects" + where + by.clause(follow), args
}
