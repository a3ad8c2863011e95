package calendar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ParseNotice reads a holiday notice: a year's as JSON, in the form of the source that cn/README.md names, or one or
// more years' as iCalendar. Its error is Mistakes: every mistake with its line and field.
func ParseNotice(text []byte) (Change, error) {
	var wrong Mistakes
	if len(text) > MaxNotice {
		wrong.add(0, "", FaultSize)
		return Change{}, wrong
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var years []Year
	switch start := bytes.TrimSpace(text); {
	case bytes.HasPrefix(start, []byte("{")):
		r := jsonNotice{text: text, Decoder: json.NewDecoder(bytes.NewReader(text))}
		years, wrong = []Year{r.year()}, r.wrong
	case bytes.HasPrefix(start, []byte("BEGIN:VCALENDAR")):
		r := icsNotice{}
		years = r.years(text)
		wrong = r.wrong
	default:
		wrong.add(1, "", FaultUnreadable)
	}
	if err := wrong.err(); err != nil {
		return Change{}, err
	}
	return Change{Years: years}, nil
}

// noted is a day of a notice with the line that it stands on.
type noted struct {
	Exception
	line  int
	field string // of the day
}

// check adds what is wrong with a day by itself.
func (n noted) check(wrong *Mistakes) {
	if !n.Date.real() || !isYear(n.Date.Year) {
		wrong.add(n.line, n.field+"date", FaultDate)
	}
	if !isName(n.Name) {
		wrong.add(n.line, n.field+"name", FaultName)
	}
}

// belongs reports whether the notice of a year can rule a day.
func belongs(d Date, year int) bool {
	return d.Year == year || d.Year == year-1 && d.Month == time.December
}

// byDate returns the days in order. A date that stands there twice is a mistake.
func byDate(days []noted, wrong *Mistakes) []Exception {
	slices.SortStableFunc(days, func(a, b noted) int { return a.Date.Compare(b.Date) })
	out := make([]Exception, 0, len(days))
	for i, d := range days {
		if i > 0 && days[i-1].Date == d.Date {
			wrong.add(d.line, d.field+"date", FaultTwice)
		}
		out = append(out, d.Exception)
	}
	return out
}

// jsonNotice reads the JSON form token by token, so that it can say where a mistake is.
type jsonNotice struct {
	*json.Decoder
	text  []byte
	wrong Mistakes
	days  []noted
	// Lines are counted once, as they are asked for in their order.
	counted int // bytes
	breaks  int // line breaks in them
}

// line is that of an offset.
func (r *jsonNotice) line(offset int64) int {
	end := int(min(offset, int64(len(r.text))))
	if end < r.counted {
		r.counted, r.breaks = 0, 0
	}
	r.breaks += bytes.Count(r.text[r.counted:end], []byte("\n"))
	r.counted = end
	return 1 + r.breaks
}

func (r *jsonNotice) here() int { return r.line(r.InputOffset()) }

func (r *jsonNotice) year() Year {
	var y Year
	seen := map[string]int{}
	err := r.fields(func(key string) error {
		line := r.here()
		if seen[key] > 0 {
			r.wrong.add(line, key, FaultTwice)
		}
		seen[key] = line
		return r.field(key, &y)
	})
	if err == nil {
		if _, err = r.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errBroken
		}
	}
	if err != nil {
		r.wrong.add(r.broken(), "", FaultUnreadable)
		return y
	}
	for _, key := range []string{"year", "days"} {
		if seen[key] == 0 {
			r.wrong.add(1, key, FaultMissing)
		}
	}
	if seen["year"] > 0 && !isYear(y.Year) {
		r.wrong.add(seen["year"], "year", FaultYear)
	}
	r.check(y.Year, seen["days"])
	y.Days = byDate(r.days, &r.wrong)
	return y
}

var errBroken = errors.New("broken JSON")

// broken returns the line of what cannot be read on.
func (r *jsonNotice) broken() int {
	read := r.text[:r.InputOffset()]
	rest := r.text[len(read):]
	return r.line(int64(len(r.text) - len(bytes.TrimLeft(rest, " \t\r\n,:"))))
}

// fields calls read after every key of the object that comes next.
func (r *jsonNotice) fields(read func(key string) error) error {
	if t, err := r.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errBroken)
	}
	for r.More() {
		t, err := r.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return errBroken
		}
		if err := read(key); err != nil {
			return err
		}
	}
	_, err := r.Token()
	return err
}

func (r *jsonNotice) field(key string, y *Year) error {
	switch {
	case key == "days":
		return r.list()
	case key == "year":
		return r.value(&y.Year, key, FaultYear)
	case key == "papers":
		return r.value(&y.Papers, key, FaultName)
	case !strings.HasPrefix(key, "$"): // $schema and $id say what the file is
		r.wrong.add(r.here(), plainField(key), FaultUnknown)
	}
	var skipped json.RawMessage
	return r.Decode(&skipped)
}

// plainField keeps a file's own key short and harmless where it is repeated.
func plainField(key string) string {
	key = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, key)
	return key[:min(len(key), maxDayName)]
}

// value reads a value; one of another type is a mistake and is left out.
func (r *jsonNotice) value(into any, field string, f Fault) error {
	err := r.Decode(into)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		r.wrong.add(r.here(), field, f)
		return nil
	}
	return err
}

// list reads the days.
func (r *jsonNotice) list() error {
	if t, err := r.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(err, errBroken)
	}
	for i := 1; r.More(); i++ {
		if i > MaxNoticeDays {
			r.wrong.add(r.here(), "days", FaultSize)
			return errBroken
		}
		var raw json.RawMessage
		if err := r.Decode(&raw); err != nil {
			return err
		}
		r.day(raw, r.line(r.InputOffset()-int64(len(raw))), fmt.Sprintf("days[%d].", i-1))
	}
	_, err := r.Token()
	return err
}

// day reads one day.
func (r *jsonNotice) day(raw []byte, line int, field string) {
	var d struct {
		Name     *string `json:"name"`
		Date     *string `json:"date"`
		IsOffDay *bool   `json:"isOffDay"`
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&d); err != nil {
		f := FaultUnknown
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			f = map[string]Fault{"name": FaultName, "date": FaultDate, "isOffDay": FaultOff}[e.Field]
			field += e.Field
		}
		if f == "" {
			f = FaultUnreadable
		}
		r.wrong.add(line, strings.TrimSuffix(field, "."), f)
		return
	}
	for name, missing := range map[string]bool{"name": d.Name == nil, "date": d.Date == nil, "isOffDay": d.IsOffDay == nil} {
		if missing {
			r.wrong.add(line, field+name, FaultMissing)
		}
	}
	if d.Name == nil || d.Date == nil || d.IsOffDay == nil {
		return
	}
	date, err := ParseDate(*d.Date)
	if err != nil {
		r.wrong.add(line, field+"date", FaultDate)
		return
	}
	one := noted{Exception: Exception{Date: date, Off: *d.IsOffDay, Name: *d.Name}, line: line, field: field}
	one.check(&r.wrong)
	r.days = append(r.days, one)
}

// check checks what the days mean together.
func (r *jsonNotice) check(year, line int) {
	newYear := false
	for _, d := range r.days {
		if !belongs(d.Date, year) {
			r.wrong.add(d.line, d.field+"date", FaultOutside)
		}
		newYear = newYear || d.Off && d.Date == Date{year, time.January, 1}
	}
	if len(r.wrong) == 0 && !newYear {
		r.wrong.add(line, "days", FaultNothing)
	}
}
