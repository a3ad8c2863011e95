package web

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/lang"
	"yunwei/roster"
)

// tone is how urgent something is; each has a shape and a colour of its own.
type tone string

const (
	toneCalm tone = "calm"
	toneSoon tone = "soon" // as much of the time is used up as the policy warns of
	toneLate tone = "late"
	toneRest tone = "rest" // it stands still
	toneDone tone = "done"
)

// clockView is a promise as it is told.
type clockView struct {
	Name defect.ClockName
	Tone tone
	Word string    // its state
	Due  time.Time // zero while nobody can say
	Warn time.Time // when Tone becomes toneSoon; zero when it does not
	Left string    // how long until then, or since; empty when it no longer matters
	// MayMove: Due depends on holidays that nobody has published yet.
	MayMove bool
}

// clockOf tells a promise of a case.
func (p *pages) clockOf(l lang.Lang, c *defect.Case, k defect.Clock) clockView {
	v := clockView{Name: k.Name, Tone: toneDone, Word: l.Term("clock_state." + string(k.State())), Due: k.DueAt, MayMove: c.Provisional(k)}
	switch {
	case k.Overdue():
		v.Tone = toneLate
	case !k.Live():
		if k.State() == defect.ClockBreached {
			v.Tone = toneLate
		}
		return v
	case k.State() == defect.ClockPaused:
		v.Tone = toneRest
		return v
	case k.Warned():
		v.Tone, v.Word = toneSoon, l.Term("web.clock.soon")
	default:
		v.Tone = toneCalm
	}
	v.Left, v.Warn = p.left(l, k.DueAt), c.WarnsAt(k)
	return v
}

// left says how long there is until a time, or how long it has been.
func (p *pages) left(l lang.Lang, at time.Time) string {
	d := at.Sub(p.now())
	if d < 0 {
		return l.Text("web.clock.over", apperr.Args{"span": span(l, -d)})
	}
	return l.Text("web.clock.left", apperr.Args{"span": span(l, d)})
}

// span says how long something takes, to two units.
func span(l lang.Lang, d time.Duration) string {
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	args := apperr.Args{"days": strconv.Itoa(days), "hours": strconv.Itoa(hours), "minutes": strconv.Itoa(minutes)}
	switch {
	case days > 0:
		return l.Text("web.span.days", args)
	case hours > 0:
		return l.Text("web.span.hours", args)
	}
	return l.Text("web.span.minutes", args)
}

// weekdayKey is the key of the name of a day of the week.
func weekdayKey(d time.Weekday) string { return "weekday." + string(roster.Days()[(int(d)+6)%7]) }

// size says how large a file is.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%d kB", bytes>>10)
	}
	return fmt.Sprintf("%d B", bytes)
}

// eventView is a line of the timeline.
type eventView struct {
	At      time.Time
	Title   string
	Who     string // empty for what happened without a caller
	Role    defect.Role
	For     string // for whom they spoke
	Details []detail
	Alarm   bool // a promise is broken or about to be, or somebody was called
}

// detail is what somebody filled in.
type detail struct{ Label, Text string }

// eventOf puts an event into words.
func (p *pages) eventOf(l lang.Lang, e defect.Event) (eventView, error) {
	v := eventView{At: e.At, Who: e.Actor.Name, Role: e.Actor.Role, For: e.OnBehalfOf, Title: l.Term("action." + string(e.Kind))}
	if v.Who == "" {
		v.Who = e.Actor.Username
	}
	switch {
	case e.Input != nil:
		details, err := p.details(l, defect.Action(e.Kind), *e.Input)
		if err != nil {
			return v, err
		}
		v.Details = details
	case e.Timing != nil:
		v.Alarm = e.Kind != defect.KindAutoClose
		v.Title = l.Text(apperr.Reason("event."+string(e.Kind)), apperr.Args{"clock": "@clock." + string(e.Timing.Clock), "percent": strconv.Itoa(e.Timing.Percent)})
	case e.Refusal != nil:
		v.Title = l.Term("event.refused")
		v.Details = []detail{{Label: l.Term("web.case.why"), Text: l.Term("title." + e.Refusal.Code)}}
	default:
		v.Title = l.Term("event.submit")
	}
	return v, nil
}

// details returns what was filled in for a step, in the order of its form.
func (p *pages) details(l lang.Lang, a defect.Action, in defect.Input) ([]detail, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("write a step: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read a step: %w", err)
	}
	var out []detail
	for _, f := range defect.InputFields(a) {
		value, ok := doc[f.Name]
		if !ok {
			continue
		}
		said := fmt.Sprint(value)
		if f.Type == defect.TypeUser {
			said = nameIn(p.desk.Names(said), said)
		}
		out = append(out, detail{Label: l.Term("input." + f.Name), Text: optionLabel(l, f, said)})
	}
	if in.File != nil {
		out = append(out, detail{Label: l.Term("input.file"), Text: in.File.Name})
	}
	if why := in.Assignment; why != nil {
		out = append(out, detail{Label: l.Term("web.case.why"), Text: l.Text(apperr.Reason("assignment."+string(why.Code)), why.Args)})
	}
	return out, nil
}

// nameIn returns the name of an account, or its user name where nobody knows it.
func nameIn(names map[string]string, username string) string {
	if name := names[username]; name != "" {
		return name
	}
	return username
}
