package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"yunwei/defect"
)

// order is one of defect.Sorts. Cases that it holds equal come in the order of their submission, forwards or backwards as
// the order goes.
type order struct {
	sort       defect.Sort
	column     string // of defects, one of an index with the ID
	descending bool
	key        func(*defect.Case) int64
}

// orders, as defect.Sorts lists them. Of cases of one severity the one that waits longest comes first.
var orders = []order{
	{sort: defect.SortNewest, column: "id", descending: true, key: func(*defect.Case) int64 { return 0 }},
	{sort: defect.SortOldest, column: "id", key: func(*defect.Case) int64 { return 0 }},
	{sort: defect.SortUpdated, column: "updated_at", descending: true, key: func(c *defect.Case) int64 { return micros(c.UpdatedAt) }},
	{sort: defect.SortDue, column: "next_due", key: dueKey},
	{sort: defect.SortSeverity, column: "severity", key: func(c *defect.Case) int64 { return int64(c.Severity) }},
}

// orderOf returns the order of a sort, the first where none is asked for.
func orderOf(by defect.Sort) order {
	i := slices.IndexFunc(orders, func(o order) bool { return o.sort == by })
	return orders[max(i, 0)]
}

func dueKey(c *defect.Case) int64 {
	if due := c.NextPromise(); !due.IsZero() {
		return micros(due)
	}
	return never
}

// clause returns the order as SQL. Where it is not to be followed along an index it orders by something that none has.
func (o order) clause(follow bool) string {
	var by []string
	for _, column := range slices.Compact([]string{o.column, "id"}) {
		if !follow {
			column += " + 0"
		}
		if o.descending {
			column += " DESC"
		}
		by = append(by, column)
	}
	return " ORDER BY " + strings.Join(by, ", ")
}

// cursor is a place in a list: behind a row.
type cursor struct {
	Sort defect.Sort `json:"s"`
	Key  int64       `json:"k,omitempty"`
	ID   int64       `json:"i"`
}

// cursor returns the place behind a case, as callers get it.
func (o order) cursor(c *defect.Case, id int64) string {
	b, err := json.Marshal(cursor{Sort: o.sort, Key: o.key(c), ID: id})
	if err != nil { // two numbers and a word
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads what a caller gives back: nil for none, ErrCursor for anything that a list in this order did not give.
func parseCursor(text string, o order) (*cursor, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no cursor is no fault
	}
	var c cursor
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.ID <= 0 || c.Sort != o.sort {
		return nil, fmt.Errorf("a list by %s: %w", o.sort, ErrCursor)
	}
	return &c, nil
}
