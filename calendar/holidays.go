package calendar

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"sync"
	"time"
)

// cn holds one file a year, as published by the source that cn/README.md names.
//
//go:embed cn/*.json
var cn embed.FS

// Notice is what the known holiday notices of a set rule: the days that do not follow the ordinary week, by date, and
// the last day that a notice rules.
type Notice struct {
	Exceptions   []Exception
	KnownThrough Date
}

// China is the set of the statutory holidays of mainland China, with their make-up workdays.
const China = "cn"

// sites are the names of the sets that a site keeps for itself.
var sites = regexp.MustCompile(`^site(-[a-z0-9]{1,32})?$`)

// KnownSet reports whether there is a set of holidays of this name: cn is mainland China, site is what the only site
// of a deployment makes of it, site-NAME one of several.
func KnownSet(name string) bool { return name == China || sites.MatchString(name) }

// SetForm says which names KnownSet accepts.
const SetForm = "cn is accepted, mainland China, and site or site-NAME (small letters and digits), which begin with it"

// BaseOf returns the set that a set builds on; empty for one that stands by itself.
func BaseOf(name string) string {
	if sites.MatchString(name) {
		return China
	}
	return ""
}

// Holidays returns the days of a set as this release knows them, and false for a name that KnownSet does not accept.
// The caller owns what it gets.
func Holidays(name string) (Notice, bool) { return InForce(name, nil, nil) }

// Year is the notice of one year: its days off and workdays. A December day can be ruled by the notice of the next
// year.
type Year struct {
	Year   int         `json:"year"`
	Papers []string    `json:"papers,omitempty"` // where the notice was published
	Days   []Exception `json:"days"`             // by date
}

// Change is one change of a set of holidays, and only one of its parts is given: notices of whole years, single days by
// hand, or the number (from 1, by order) of an earlier change that is taken back.
type Change struct {
	Years   []Year      `json:"years,omitempty"`
	Days    []Exception `json:"days,omitempty"`
	Reverts int         `json:"reverts,omitempty"`
}

// InForce returns what a set rules after its changes, in their order; base are the changes of the set that it builds
// on. The later notice of a year replaces the earlier one, as an amended notice does. Days by hand prevail over every
// notice, whichever came first, until they are taken back: somebody entered them for what the notice does not know.
// KnownThrough ends with the last year before the first gap. It is false for a name that KnownSet does not accept.
func InForce(name string, changes, base []Change) (Notice, bool) {
	var n Notice
	var years []Year
	switch {
	case name == China:
		shipped, err := chinese()
		if err != nil {
			return Notice{}, false // an embedded file that does not read never leaves the tests
		}
		years = slices.Clone(shipped)
	case KnownSet(name):
		n, _ = InForce(BaseOf(name), base, nil)
	default:
		return Notice{}, false
	}
	changes = standing(changes)
	for _, c := range changes {
		for _, y := range c.Years {
			years = slices.DeleteFunc(years, func(x Year) bool { return x.Year == y.Year })
			years = append(years, y)
		}
	}
	slices.SortFunc(years, func(a, b Year) int { return a.Year - b.Year })
	for _, y := range years {
		n.put(y.Days...)
		if n.KnownThrough.IsZero() || y.Year == n.KnownThrough.Year+1 {
			n.KnownThrough = Date{y.Year, time.December, 31}
		}
	}
	for _, c := range changes {
		n.put(c.Days...)
	}
	return n, true
}

// standing returns the changes that were not taken back. Taking back what takes back lets the first change stand again.
func standing(changes []Change) []Change {
	back := make([]bool, len(changes))
	for i := len(changes) - 1; i >= 0; i-- {
		if n := changes[i].Reverts; n > 0 && n <= i && !back[i] {
			back[n-1] = true
		}
	}
	var out []Change
	for i, c := range changes {
		if !back[i] {
			out = append(out, c)
		}
	}
	return out
}

var chinese = sync.OnceValues(func() ([]Year, error) { return readNotices(cn, "cn") })

// readNotices reads a folder of one file a year.
func readNotices(files fs.FS, folder string) ([]Year, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return nil, fmt.Errorf("list the notices: %w", err)
	}
	var out []Year
	for _, entry := range entries {
		text, err := fs.ReadFile(files, folder+"/"+entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the notice %s: %w", entry.Name(), err)
		}
		change, err := ParseNotice(text)
		if err != nil {
			return nil, fmt.Errorf("read the notice %s: %w", entry.Name(), err)
		}
		out = append(out, change.Years...)
	}
	return out, nil
}

// put adds exceptions in their places, instead of earlier ones of the same dates.
func (n *Notice) put(days ...Exception) {
	for _, e := range days {
		i := search(n.Exceptions, e.Date)
		if i < len(n.Exceptions) && n.Exceptions[i].Date == e.Date {
			n.Exceptions[i] = e
			continue
		}
		n.Exceptions = slices.Insert(n.Exceptions, i, e)
	}
}

// Set returns the set of holidays that the calendar follows; empty when it follows none. Calendars that were written
// before sets had names follow mainland China if they know of any notice.
func (c Calendar) Set() string {
	switch {
	case c.Always:
		return ""
	case c.Follows == "" && !c.KnownThrough.IsZero():
		return China
	}
	return c.Follows
}

// WithHolidays returns the calendar under another state of the set that it follows. Its own days go on to prevail. A
// calendar that follows no set stays as it is.
func (c Calendar) WithHolidays(n Notice) Calendar {
	if c.Set() == "" {
		return c
	}
	days := Notice{Exceptions: slices.Clone(n.Exceptions)}
	days.put(c.Own...)
	c.Follows, c.Exceptions, c.KnownThrough = c.Set(), days.Exceptions, n.KnownThrough
	return c
}

// OwnDays returns the calendar's own days. Of a calendar that was written before they were kept apart, they are those
// that no notice of this release tells, so that the answer is for what is about to be decided, not for what is replayed.
func (c Calendar) OwnDays() []Exception {
	if c.Follows != "" || c.Set() == "" {
		return c.Own
	}
	shipped, _ := Holidays(China)
	var out []Exception
	for _, e := range c.Exceptions {
		if i := search(shipped.Exceptions, e.Date); i == len(shipped.Exceptions) || shipped.Exceptions[i] != e {
			out = append(out, e)
		}
	}
	return out
}

// Ruling is what a set rules of a day.
type Ruling string

// The rulings; the empty one leaves the day to the week.
const (
	DayOff  Ruling = "off"
	Workday Ruling = "workday"
)

// DayChange is a day that a change makes count otherwise, or by another name.
type DayChange struct {
	Date   Date   `json:"date"`
	Before Ruling `json:"before"`
	After  Ruling `json:"after"`
	Name   string `json:"name"` // the latest known
}

// Effect is what a change does to a set.
type Effect struct {
	Days    []DayChange `json:"days"` // by date
	Through Date        `json:"known_through,omitzero"`
	Before  Date        `json:"known_through_before,omitzero"`
}

// IsNothing reports whether the set is as it was.
func (e Effect) IsNothing() bool { return len(e.Days) == 0 && e.Through == e.Before }

// EffectOf compares two states of a set.
func EffectOf(before, after Notice) Effect {
	out := Effect{Days: []DayChange{}, Through: after.KnownThrough, Before: before.KnownThrough}
	a, b := before.Exceptions, after.Exceptions
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Date.Before(b[0].Date):
			out.Days = append(out.Days, DayChange{Date: a[0].Date, Before: a[0].ruling(), Name: a[0].Name})
			a = a[1:]
		case len(a) == 0 || b[0].Date.Before(a[0].Date):
			out.Days = append(out.Days, DayChange{Date: b[0].Date, After: b[0].ruling(), Name: b[0].Name})
			b = b[1:]
		default:
			if a[0] != b[0] {
				out.Days = append(out.Days, DayChange{Date: b[0].Date, Before: a[0].ruling(), After: b[0].ruling(), Name: b[0].Name})
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}

func (e Exception) ruling() Ruling {
	if e.Off {
		return DayOff
	}
	return Workday
}

// Revision is a change of a set of holidays, as it was made.
type Revision struct {
	Set      string
	N        int // from 1, without gaps
	Change   Change
	Effect   Effect // on the set as it was then
	Document string // the name of the file that it came in, if it did
	By       string // a user name, or who used the command line
	Why      string
	At       time.Time
	// Key and Print are digests of an idempotency key and of the request made with it, empty where there was none.
	Key, Print string
}
