package web

import (
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// rosterWeek is a week of a roster: a row per day, a column per shift.
type rosterWeek struct {
	First, Last         string
	Before, Next, Today string // other weeks
	This                bool   // it is the one that we are in
	Shifts              []shiftHead
	Days                []rosterDay
	Away                bool // who is on duty then cannot be said while SQL is away
	Wrong               string
}

// shiftHead names a column.
type shiftHead struct {
	Name string
	Kind roster.Kind
}

// rosterDay is a day of a week.
type rosterDay struct {
	Date, Label string
	Today       bool
	Mark        dayMark
	Holiday     string // as the notice calls it
	Cells       []cellView
	Problems    []problemView
}

// dayMark says what a holiday notice makes of a day.
type dayMark string

const (
	dayOff         dayMark = "off"
	dayWork        dayMark = "work"        // a make-up workday
	dayProvisional dayMark = "provisional" // no notice rules it yet
)

// cellView is who has a shift on a day.
type cellView struct {
	Shift string
	Parts []assignmentView
}

// problemView is what is wrong with a stretch of time, in short.
type problemView struct {
	Problem roster.Problem
	What    string
}

// monday returns the first day of the week of a day.
func monday(d calendar.Date) calendar.Date { return d.AddDays(-(int(d.Weekday()) + 6) % 7) }

// week returns the week that an address asks for, this one unless it names a day of another.
func (p *pages) week(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, findings []roster.Finding) (rosterWeek, error) {
	today := r.Timezone.Date(p.now())
	first := monday(today)
	if asked, err := calendar.ParseDate(c.Query("week")); err == nil {
		first = monday(asked)
	}
	at := func(d calendar.Date) string { return tabWeek.path(r.Name) + "?week=" + d.String() }
	out := rosterWeek{
		First: first.String(), Last: first.AddDays(6).String(), Before: at(first.AddDays(-7)), Next: at(first.AddDays(7)), Today: tabWeek.path(r.Name),
		This: first == monday(today),
	}
	list, err := p.dutyInWeek(c, by, r, first, &out.Away)
	switch {
	case apperr.Is(err, apperr.Invalid):
		_, out.Wrong = wrongFields(l, forPeople(c, err), nil)
	case err != nil:
		return out, err
	}
	out.Shifts = columnsOf(r, list)
	told := p.assignmentViews(l, by, list, r.Timezone)
	for n := range 7 {
		day := first.AddDays(n)
		d := rosterDay{Date: day.String(), Label: dayLabel(l, day), Today: day == today, Problems: p.problemsOn(l, r, day, findings)}
		d.Mark, d.Holiday = markOf(r.Working, day)
		for _, s := range out.Shifts {
			cell := cellView{Shift: s.Name}
			for i, a := range list {
				if a.Shift == s.Name && r.Timezone.Date(a.From) == day {
					cell.Parts = append(cell.Parts, told[i])
				}
			}
			d.Cells = append(d.Cells, cell)
		}
		out.Days = append(out.Days, d)
	}
	return out, nil
}

// dutyInWeek returns who is on duty in the shifts that begin in a week. While SQL is away it notes so, and returns what is
// known of the time to come.
func (p *pages) dutyInWeek(c *gin.Context, by desk.Caller, r roster.Roster, first calendar.Date, away *bool) ([]roster.Assignment, error) {
	// What begins on the day before and ends on the day after is not cut.
	from, to := r.Timezone.At(first.AddDays(-1), 0), r.Timezone.At(first.AddDays(8), 0)
	list, err := p.desk.DutyBetween(c, by, r.Name, from, to)
	if *away = apperr.Is(err, apperr.Unavailable); *away {
		list, err = p.dutyToCome(c, by, r.Name, to)
	}
	return slices.DeleteFunc(joined(list), func(a roster.Assignment) bool {
		d := r.Timezone.Date(a.From)
		return d.Before(first) || !d.Before(first.AddDays(7))
	}), err
}

// dutyToCome returns what of a stretch of time is known while SQL is away: from now on.
func (p *pages) dutyToCome(c *gin.Context, by desk.Caller, name string, to time.Time) ([]roster.Assignment, error) {
	if !p.now().Before(to) {
		return nil, nil
	}
	list, err := p.desk.DutyBetween(c, by, name, p.now(), to)
	return list, ifNotAway(err, new(bool))
}

// joined puts parts of a shift together that say the same: the saving of a roster parts them.
func joined(list []roster.Assignment) []roster.Assignment {
	var out []roster.Assignment
	for _, a := range list {
		i := slices.IndexFunc(out, func(b roster.Assignment) bool {
			return b.Shift == a.Shift && b.To.Equal(a.From) && slices.Equal(a.People, b.People) && slices.Equal(a.Changes, b.Changes) && a.To.Sub(b.From) <= 24*time.Hour
		})
		if i >= 0 {
			out[i].To = a.To
			continue
		}
		out = append(out, a)
	}
	return out
}

// columnsOf returns the shifts of a week: those of the week's plan, and those of holidays and earlier plans that somebody
// has in it.
func columnsOf(r roster.Roster, list []roster.Assignment) []shiftHead {
	var out []shiftHead
	add := func(name string, kind roster.Kind) {
		if !slices.ContainsFunc(out, func(s shiftHead) bool { return s.Name == name }) {
			out = append(out, shiftHead{name, kind})
		}
	}
	for _, s := range r.Shifts {
		add(s.Name, s.Kind)
	}
	for _, a := range list {
		add(a.Shift, a.Kind)
	}
	return out
}

// markOf says what the holiday notice that a roster knows makes of a day.
func markOf(working calendar.Calendar, d calendar.Date) (mark dayMark, holiday string) {
	for _, e := range working.Exceptions {
		switch {
		case e.Date != d:
		case e.Off:
			return dayOff, e.Name
		default:
			return dayWork, e.Name
		}
	}
	if !working.KnownThrough.IsZero() && working.KnownThrough.Before(d) {
		return dayProvisional, ""
	}
	return "", ""
}

// ofWholeRoster are the problems of a roster as a whole, which no day is to blame for.
var ofWholeRoster = []roster.Problem{roster.ProblemOutdated, roster.ProblemProvisional, roster.ProblemNone}

// problemsOn returns what is wrong with a day, each thing once.
func (p *pages) problemsOn(l lang.Lang, r roster.Roster, d calendar.Date, findings []roster.Finding) []problemView {
	begin, end := r.Timezone.At(d, 0), r.Timezone.At(d.AddDays(1), 0)
	var out []problemView
	for _, f := range findings {
		if slices.Contains(ofWholeRoster, f.Problem) || !f.From.Before(end) || !begin.Before(f.To) {
			continue
		}
		from, to := f.From, f.To
		if from.Before(begin) {
			from = begin
		}
		if to.After(end) {
			to = end
		}
		v := problemView{Problem: f.Problem, What: hoursOf(l, r.Timezone, from, to) + " " + p.concerned(l, f)}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// concerned says whom or what a finding is about.
func (p *pages) concerned(l lang.Lang, f roster.Finding) string {
	var parts []string
	if f.Person != "" {
		parts = append(parts, nameIn(p.desk.Names(f.Person), f.Person))
	}
	switch {
	case len(f.Shifts) > 0:
		parts = append(parts, strings.Join(f.Shifts, l.Term("list.separator")))
	case f.Kind != "":
		parts = append(parts, l.Term("duty_kind."+string(f.Kind)))
	}
	return strings.Join(parts, " ")
}

// findingView is a finding in a sentence.
type findingView struct {
	Problem roster.Problem
	Text    string
}

func (p *pages) findingViews(l lang.Lang, list []roster.Finding) []findingView {
	out := make([]findingView, 0, len(list))
	for _, f := range list {
		reason, args := f.Text()
		if f.Person != "" {
			args["person"] = nameIn(p.desk.Names(f.Person), f.Person)
		}
		out = append(out, findingView{Problem: f.Problem, Text: l.Text(reason, args)})
	}
	return out
}
