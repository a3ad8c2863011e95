package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// overrideView is an override as it is told.
type overrideView struct {
	roster.Override
	Span, ByName, InsteadName, CancelledByName string
	PeopleNames                                []string
	Over, Cancel                               bool // it has no effect any more; the reader may cancel it
}

// swapView is a swap as it is told.
type swapView struct {
	roster.Swap
	Roster, ByName, WithName, GiveSpan, TakeSpan, CancelledByName string
	State                                                         string // as people read it: taken back is a state of its own
	Answer, Cancel                                                bool
}

// The lists of changes; a page goes on with one of them at a time.
const (
	partSwaps     = "swaps"
	partOverrides = "overrides"
)

func (p *pages) fillChanges(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	path, after := out.Tab.path(out.Name), ""
	if part := c.Query("part"); part == partSwaps || part == partOverrides {
		out.Part, after = part, c.Query("after")
	}
	if out.Part != partOverrides {
		swaps, next, err := p.desk.Swaps(c, by, r.Name, after, dutyShown)
		if err != nil {
			return err
		}
		out.Swaps = p.swapViews(l, by, r, swaps)
		out.MoreSwaps = around(path, url.Values{"part": {partSwaps}}, "", next).Next
	}
	if out.Part != partSwaps {
		overrides, next, err := p.desk.Overrides(c, by, r.Name, after, dutyShown)
		if err != nil {
			return err
		}
		out.Overrides = p.overrideViews(l, by, r, overrides)
		out.MoreOverrides = around(path, url.Values{"part": {partOverrides}}, "", next).Next
	}
	if out.Part != "" {
		out.Pager.First = path
	}
	return nil
}

// spanOf writes a stretch of time in the zone of a roster.
func spanOf(l lang.Lang, zone roster.Zone, from, to time.Time) string {
	return dayLabel(l, zone.Date(from)) + " " + hoursOf(l, zone, from, to)
}

func (p *pages) overrideViews(l lang.Lang, by desk.Caller, r roster.Roster, list []roster.Override) []overrideView {
	var usernames []string
	for _, o := range list {
		usernames = append(usernames, append([]string{o.By, o.Instead, o.CancelledBy}, o.People...)...)
	}
	names := p.desk.Names(usernames...)
	out := make([]overrideView, 0, len(list))
	for _, o := range list {
		v := overrideView{
			Override: o, Span: spanOf(l, r.Timezone, o.From, o.To), ByName: nameIn(names, o.By), InsteadName: nameIn(names, o.Instead),
			CancelledByName: nameIn(names, o.CancelledBy), Over: !o.Live(p.now()), Cancel: p.desk.MayCancelOverride(by, o) == nil,
		}
		for _, person := range o.People {
			v.PeopleNames = append(v.PeopleNames, nameIn(names, person))
		}
		out = append(out, v)
	}
	return out
}

func (p *pages) swapViews(l lang.Lang, by desk.Caller, r roster.Roster, list []roster.Swap) []swapView {
	var usernames []string
	for _, w := range list {
		usernames = append(usernames, w.By, w.With, w.CancelledBy)
	}
	names := p.desk.Names(usernames...)
	out := make([]swapView, 0, len(list))
	for _, w := range list {
		v := swapView{
			Swap: w, Roster: r.Name, ByName: nameIn(names, w.By), WithName: nameIn(names, w.With), CancelledByName: nameIn(names, w.CancelledBy),
			GiveSpan: spanOf(l, r.Timezone, w.Give.From, w.Give.To), TakeSpan: spanOf(l, r.Timezone, w.Take.From, w.Take.To),
			State: string(w.State), Answer: p.desk.MayAnswerSwap(by, w) == nil, Cancel: p.desk.MayCancelSwap(by, w) == nil,
		}
		if !w.CancelledAt.IsZero() {
			v.State = "cancelled"
		}
		out = append(out, v)
	}
	return out
}

// upcoming returns what is to come of a roster, as the choices of a swap: the reader's own, and the others'.
func (p *pages) upcoming(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster) (mine, others []option, err error) {
	now := p.now()
	// From the beginning of what goes on and to its end, so that a choice is whole and stays the same while somebody fills in
	// the form.
	last := now.Add(mineWithin)
	list, err := p.desk.DutyBetween(c, by, r.Name, now.Add(-24*time.Hour), last.Add(24*time.Hour))
	if apperr.Is(err, apperr.Unavailable) {
		list, err = p.desk.DutyBetween(c, by, r.Name, now, last.Add(24*time.Hour))
	}
	if err != nil {
		return nil, nil, err
	}
	names := p.desk.Names(roster.People(list)...)
	for _, a := range list {
		if !a.To.After(now) || !a.From.Before(last) {
			continue
		}
		label := spanOf(l, r.Timezone, a.From, a.To) + " " + a.Shift
		for _, person := range a.People {
			value := strings.Join([]string{person, a.From.Format(time.RFC3339Nano), a.To.Format(time.RFC3339Nano)}, spanSeparator)
			if person == me(by) {
				mine = append(mine, option{Value: value, Label: label})
				continue
			}
			if len(others) < maxChoices {
				others = append(others, option{Value: value, Label: nameIn(names, person) + " · " + label})
			}
		}
	}
	slices.SortStableFunc(others, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	return mine, others, nil
}

// maxChoices is how many shifts of others a swap may choose from, the next ones first: a page stays small.
const maxChoices = 300

// spanSeparator stands between the parts of a choice of a swap.
const spanSeparator = "|"

// readSpan reads a choice of a swap; false for what is none.
func readSpan(value string) (person string, span roster.Span, ok bool) {
	parts := strings.Split(value, spanSeparator)
	if len(parts) != 3 {
		return "", roster.Span{}, false
	}
	from, errFrom := time.Parse(time.RFC3339Nano, parts[1])
	to, errTo := time.Parse(time.RFC3339Nano, parts[2])
	return parts[0], roster.Span{From: from, To: to}, errFrom == nil && errTo == nil
}
