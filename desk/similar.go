package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

const (
	// maxSimilar is how many similar cases are shown: more than a caller listens to are none.
	maxSimilar = 5
	// usedReports is how many reports suggestions come from, maxSuggestions how many there are of each kind.
	usedReports    = 200
	maxSuggestions = 50
)

// Similar returns the open cases that the caller may see and whose titles are most like the given one, the best first, a few
// at most: none for a title that says nothing yet. It is Unavailable while SQL is away.
func (d *Desk) Similar(ctx context.Context, by Caller, title, system string) ([]View, error) {
	var found []defect.Case
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		found, err = d.store.Similar(ctx, title, system, ownOnly(by), maxSimilar)
		return err
	})
	if err != nil {
		return nil, apperr.Of(err)
	}
	out := make([]View, 0, len(found))
	for _, c := range found {
		if c.VisibleTo(by.Person) {
			out = append(out, d.view(by, c))
		}
	}
	return out, nil
}

// Suggestions are what earlier reports named, what they named most first.
type Suggestions struct {
	Systems, Modules, Assets []string
	Units                    []string // of reporters; for who files for others
}

// Suggestions returns what the latest reports that the caller may see have named; with a system, those of that system.
// Without SQL it is Unavailable.
func (d *Desk) Suggestions(ctx context.Context, by Caller, system string) (Suggestions, error) {
	var used []store.Used
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		used, err = d.store.Used(ctx, system, ownOnly(by), usedReports)
		return err
	})
	if err != nil {
		return Suggestions{}, apperr.Of(err)
	}
	out := Suggestions{
		Systems: mostUsed(used, func(u store.Used) string { return u.System }),
		Modules: mostUsed(used, func(u store.Used) string { return u.Module }),
		Assets:  mostUsed(used, func(u store.Used) string { return u.AssetID }),
	}
	if defect.FilesForOthers(by.Person) {
		out.Units = mostUsed(used, func(u store.Used) string { return u.Unit })
	}
	return out, nil
}

// ownOnly is the user whose cases alone a caller may see; empty for who sees all.
func ownOnly(by Caller) string {
	if defect.SeesAll(by.Person) {
		return ""
	}
	return by.Username
}

// mostUsed returns what reports named, what most of them did first, and of those the latest.
func mostUsed(used []store.Used, of func(store.Used) string) []string {
	times, first := map[string]int{}, map[string]int{}
	for i, u := range used {
		name := of(u)
		if name == "" {
			continue
		}
		times[name]++
		if times[name] == 1 {
			first[name] = i
		}
	}
	out := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(first[a], first[b]))
	})
	return out[:min(maxSuggestions, len(out))]
}
