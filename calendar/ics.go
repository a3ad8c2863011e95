package calendar

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// icsNotice reads the iCalendar form: all-day events, marked by what Apple's calendar of Chinese holidays writes
// (X-APPLE-SPECIAL-DAY) or by the end of their summary. The library reads the properties; the lines are told apart here,
// since it does not say on which line it is.
type icsNotice struct {
	wrong Mistakes
	days  []noted
	apple bool // the file marks its days off and workdays, so that other events are feasts to know of and no more
}

// property is a line of an event.
type property struct {
	ics.BaseProperty
	line int
}

// event is what is used of an event.
type event struct {
	line int
	of   map[string]property
}

// used are the properties that matter. A repeating event is no notice: nobody knows the holidays of all years.
var used = []string{"SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "X-APPLE-SPECIAL-DAY"}

// marked splits a summary such as 春节 休, 春节(班), 春节假期 or 国庆节 补班 第1天/共2天 into name and mark, markedBefore one
// such as 休|春节. Brackets, bars and colons come in the width of Chinese characters too (FF08, FF09, FF5C, FF1A).
var (
	marked       = regexp.MustCompile(`^(.+?)[\s(\x{FF08}]*(休|休假|假期|放假|班|补班|上班)[)\x{FF09}]?(?:\s*第\d+天/共\d+天)?$`)
	markedBefore = regexp.MustCompile(`^([休班])\s*[|:\x{FF5C}\x{FF1A}]\s*(.+)$`)
)

// years returns what the file rules. A year is ruled when its New Year's Day is among the days off, as it always is; a
// day of December belongs to its own year when that is ruled too, and to the next otherwise.
func (r *icsNotice) years(text []byte) []Year {
	events := r.events(text)
	if len(r.wrong) > 0 {
		return nil // without its form, there is no telling what it says
	}
	r.apple = slices.ContainsFunc(events, func(e event) bool { return e.special() != "" })
	for _, e := range events {
		r.event(e)
	}
	days := byDate(r.days, &r.wrong)
	ruled := map[int]*Year{}
	for _, d := range days {
		if d.Off && d.Date.Month == time.January && d.Date.Day == 1 {
			ruled[d.Date.Year] = &Year{Year: d.Date.Year}
		}
	}
	if len(ruled) == 0 && len(r.wrong) == 0 {
		r.wrong.add(1, "", FaultNothing)
	}
	for i, d := range days {
		y := ruled[d.Date.Year]
		if y == nil && d.Date.Month == time.December {
			y = ruled[d.Date.Year+1]
		}
		if y == nil {
			r.wrong.add(r.days[i].line, "DTSTART", FaultOutside)
			continue
		}
		y.Days = append(y.Days, d)
	}
	var out []Year
	for _, y := range slices.Sorted(maps.Keys(ruled)) {
		out = append(out, *ruled[y])
	}
	return out
}

// events returns the events of a file. What stands inside them, such as an alarm, is left out.
func (r *icsNotice) events(text []byte) []event {
	var out []event
	var inside []string // the components that are open
	for _, l := range unfold(text) {
		p, ok := r.property(l)
		component := strings.ToUpper(strings.TrimSpace(p.Value))
		n := len(inside) - 1
		switch {
		case !ok:
		case p.IANAToken == "BEGIN":
			if inside = append(inside, component); component == "VEVENT" {
				out = append(out, event{line: l.line, of: map[string]property{}})
			}
		case p.IANAToken == "END":
			if n < 0 || inside[n] != component {
				r.wrong.add(l.line, "END", FaultUnreadable)
				return out
			}
			inside = inside[:n]
		case n >= 0 && inside[n] == "VEVENT":
			r.note(out[len(out)-1], p)
		}
	}
	if len(inside) > 0 {
		r.wrong.add(1+bytes.Count(text, []byte("\n")), "END", FaultMissing)
	}
	return out
}

// property reads a line, if it matters: a description can be long, and says nothing here.
func (r *icsNotice) property(l content) (property, bool) {
	name, _, ok := strings.Cut(l.text, ":")
	name, _, _ = strings.Cut(strings.ToUpper(name), ";")
	if ok && name != "BEGIN" && name != "END" && !slices.Contains(used, name) {
		return property{}, false
	}
	p, err := ics.ParseProperty(ics.ContentLine(l.text[:min(len(l.text), maxProperty)]))
	if !ok || err != nil || p == nil || len(l.text) > maxProperty {
		r.wrong.add(l.line, "", FaultUnreadable)
		return property{}, false
	}
	p.IANAToken = name
	return property{*p, l.line}, true
}

// note keeps a property of an event.
func (r *icsNotice) note(e event, p property) {
	if _, twice := e.of[p.IANAToken]; twice {
		r.wrong.add(p.line, p.IANAToken, FaultTwice)
	}
	e.of[p.IANAToken] = p
}

// maxProperty bounds a line that is read, in bytes.
const maxProperty = 2000

// content is a line of content and the line of the file on which it begins.
type content struct {
	text string
	line int
}

// unfold joins what was broken over several lines.
func unfold(text []byte) []content {
	var out []content
	var open strings.Builder
	begun := 0
	finish := func() {
		if open.Len() > 0 {
			out = append(out, content{text: open.String(), line: begun})
		}
		open.Reset()
	}
	for i, l := range strings.Split(string(text), "\n") {
		l = strings.TrimSuffix(l, "\r")
		switch {
		case l == "":
		case (l[0] == ' ' || l[0] == '\t') && open.Len() > 0:
			open.WriteString(l[1:])
		default:
			finish()
			open.WriteString(l)
			begun = i + 1
		}
	}
	finish()
	return out
}

// event reads the days of one event.
func (r *icsNotice) event(e event) {
	summary, special := ics.FromText(e.of["SUMMARY"].Value), e.special()
	if r.apple && special == "" {
		return
	}
	name, off, ok := kindOf(strings.TrimSpace(summary), special)
	if !ok {
		r.wrong.add(max(e.line, e.of["SUMMARY"].line), "SUMMARY", FaultOff)
		return
	}
	first, last, ok := r.span(e)
	for d := first; ok && !last.Before(d); d = d.AddDays(1) {
		if len(r.days) == MaxNoticeDays {
			r.wrong.add(e.line, "", FaultSize)
			return
		}
		one := noted{Exception: Exception{Date: d, Off: off, Name: name}, line: e.line}
		one.check(&r.wrong)
		r.days = append(r.days, one)
	}
}

// What Apple writes for a day off and for a make-up workday.
const (
	appleOff  = "WORK-HOLIDAY"
	appleWork = "ALTERNATE-WORKDAY"
)

// special returns Apple's mark of a day off or a workday, if the event has one.
func (e event) special() string {
	if s := strings.ToUpper(strings.TrimSpace(e.of["X-APPLE-SPECIAL-DAY"].Value)); s == appleOff || s == appleWork {
		return s
	}
	return ""
}

// kindOf tells a day off from a workday, and its name.
func kindOf(summary, special string) (name string, off, ok bool) {
	name, mark := summary, ""
	if m := markedBefore.FindStringSubmatch(summary); m != nil {
		name, mark = m[2], m[1]
	} else if m := marked.FindStringSubmatch(summary); m != nil {
		name, mark = m[1], m[2]
	}
	if special != "" {
		return name, special == appleOff, true
	}
	return name, !strings.HasSuffix(mark, "班"), mark != ""
}

// span returns the first and the last day of an event; the end that a file writes is the day after.
func (r *icsNotice) span(e event) (first, last Date, ok bool) {
	start, given := e.of["DTSTART"]
	if !given {
		r.wrong.add(e.line, "DTSTART", FaultMissing)
		return first, last, false
	}
	for _, name := range []string{"DURATION", "RRULE"} {
		if p, ok := e.of[name]; ok {
			r.wrong.add(p.line, name, FaultSpan)
			return first, last, false
		}
	}
	first, ok = r.date(start, "DTSTART")
	last = first
	if end, given := e.of["DTEND"]; ok && given {
		last, ok = r.date(end, "DTEND")
		last = last.AddDays(-1)
		if days := last.number() - first.number() + 1; ok && (days < 1 || days > maxSpan) {
			r.wrong.add(end.line, "DTEND", FaultSpan)
			return first, last, false
		}
	}
	return first, last, ok
}

// date reads 20260217. A time of day is a mistake: an event of some hours is no day off.
func (r *icsNotice) date(p property, name string) (Date, bool) {
	t, err := time.Parse("20060102", strings.TrimSpace(p.Value))
	if err != nil || !isYear(t.Year()) {
		r.wrong.add(p.line, name, FaultDate)
		return Date{}, false
	}
	return DateOf(t), true
}
