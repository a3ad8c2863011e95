package defect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"yunwei/calendar"
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// maxCalendars bounds what every case has to carry.
const maxCalendars = 20

// calendars reads the calendars of a policy. One that cannot be counted on is a mistake at its line.
func (r *policyReader) calendars(s section) map[string]calendar.Calendar {
	out := map[string]calendar.Calendar{}
	n := s.need("calendars")
	if n == nil {
		return out
	}
	all := r.section(n, s.at("calendars"))
	if len(all.keys) == 0 || len(all.keys) > maxCalendars {
		r.add(n, s.at("calendars"), "name 1 to %d calendars", maxCalendars)
	}
	for name, one := range all.keys {
		before := len(r.wrong)
		c := r.calendar(one, all.at(name), name)
		if len(r.wrong) == before {
			if err := c.Validate(); err != nil {
				r.add(one, all.at(name), "%v", err)
			}
		}
		out[name] = c // also a wrong one, so that who names it is not blamed
	}
	return out
}

func (r *policyReader) calendar(n *yaml.Node, path, name string) calendar.Calendar {
	s := r.section(n, path, "always", "days", "hours", "week", "holidays", "exceptions")
	c := calendar.Calendar{Name: name, Offset: r.offset}
	if always := s.keys["always"]; always != nil {
		if always.Value != "true" || len(s.keys) > 1 {
			r.add(always, s.at("always"), "write `always: true` and nothing else, or give days and hours")
		}
		c.Always = true
		return c
	}
	switch {
	case s.keys["week"] != nil && (s.keys["days"] != nil || s.keys["hours"] != nil):
		r.add(s.keys["week"], s.at("week"), "write either `week`, or `days` and `hours`")
	case s.keys["week"] != nil:
		w := r.section(s.keys["week"], s.at("week"), weekdays...)
		for _, day := range weekdays {
			c.Week[weekdayOf(day)] = r.hours(w, day)
		}
	default:
		hours := r.hours(s, "hours")
		for _, day := range s.list("days", "days") {
			if name := oneOf(r, day, s.at("days"), weekdays); name != "" {
				c.Week[weekdayOf(name)] = slices.Clone(hours)
			}
		}
	}
	r.holidays(s, &c)
	r.exceptions(s, &c)
	return c
}

func weekdayOf(name string) time.Weekday {
	return time.Weekday((slices.Index(weekdays, name) + 1) % 7)
}

// hours reads spans such as "08:30-12:00"; one that ends before it begins runs over midnight.
func (r *policyReader) hours(s section, key string) []calendar.Span {
	var out []calendar.Span
	for _, n := range s.list(key, "hours") {
		from, to, ok := strings.Cut(n.Value, "-")
		begin, errFrom := calendar.ParseClock(strings.TrimSpace(from))
		end, errTo := calendar.ParseClock(strings.TrimSpace(to))
		if !ok || errFrom != nil || errTo != nil || begin == minutesADay || begin == end {
			r.add(n, s.at(key), "%q are no hours: write them as \"08:30-12:00\", over midnight as \"22:00-06:00\"", n.Value)
			continue
		}
		if end < begin {
			end += minutesADay
		}
		out = append(out, calendar.Span{From: begin, To: end})
	}
	slices.SortFunc(out, func(a, b calendar.Span) int { return a.From - b.From })
	return out
}

const minutesADay = 24 * 60

func (r *policyReader) holidays(s section, c *calendar.Calendar) {
	n := s.keys["holidays"]
	if n == nil {
		return
	}
	notice, ok := calendar.Holidays(n.Value)
	if !ok {
		r.add(n, s.at("holidays"), "the holidays of %q are not known: %s", n.Value, calendar.SetForm)
		return
	}
	c.Follows, c.Exceptions, c.KnownThrough = n.Value, notice.Exceptions, notice.KnownThrough
}

// exceptions reads the site's own days off and workdays, which prevail over the notices.
func (r *policyReader) exceptions(s section, c *calendar.Calendar) {
	for i, n := range s.list("exceptions", "days") {
		one := r.section(n, fmt.Sprintf("%s.%d", s.at("exceptions"), i+1), "date", "off", "name")
		date, err := calendar.ParseDate(one.text("date"))
		if node := one.keys["date"]; node != nil && err != nil {
			r.add(node, one.at("date"), "%v", err)
		}
		off := one.text("off")
		if node := one.keys["off"]; node != nil && off != "true" && off != "false" {
			r.add(node, one.at("off"), "write true for a day off, false for a workday")
		}
		e := calendar.Exception{Date: date, Off: off == "true", Name: one.text("name")}
		c.Exceptions = withException(c.Exceptions, e)
		if c.Follows != "" {
			c.Own = withException(c.Own, e)
		}
	}
}

func withException(all []calendar.Exception, e calendar.Exception) []calendar.Exception {
	i, found := slices.BinarySearchFunc(all, e, func(a, b calendar.Exception) int { return a.Date.Compare(b.Date) })
	if found {
		all[i] = e
		return all
	}
	return slices.Insert(all, i, e)
}
