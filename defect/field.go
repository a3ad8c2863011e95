package defect

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yunwei/apperr"
	"yunwei/calendar"
)

// FieldType is what a field holds.
type FieldType string

// The types of fields. A user is an account's name, a case is a case's number.
const (
	TypeText    FieldType = "text"
	TypeInteger FieldType = "integer"
	TypeNumber  FieldType = "number"
	TypeBool    FieldType = "boolean"
	TypeTime    FieldType = "time"
	TypeEmail   FieldType = "email"
	TypeUser    FieldType = "user"
	TypeCase    FieldType = "case"
	TypeObject  FieldType = "object"
	TypeList    FieldType = "list"
	TypeDate    FieldType = "date"     // 2026-02-17
	TypeClock   FieldType = "clock"    // a time of day: 08:30, up to 24:00
	TypeZone    FieldType = "timezone" // a fixed one: +08:00
)

// Field describes one field of a document that people send. The same description checks the document, whichever way
// it came, and draws its schema and its form.
type Field struct {
	Name     string
	Type     FieldType
	Required bool
	Min, Max int      // of a number its bounds, of a text its length in characters, of a list its length
	Enum     []string // the only texts that are taken
	Fields   []Field  // of an object
	Item     *Field   // of a list: what each element is; its own name counts for nothing
}

func text(name string, limit int) Field { return Field{Name: name, Type: TypeText, Max: limit} }

func enum[T ~string](name string, values []T) Field {
	f := Field{Name: name, Type: TypeText}
	for _, v := range values {
		f.Enum = append(f.Enum, string(v))
	}
	return f
}

func (f Field) required() Field { f.Required = true; return f }

// CheckFields adds to wrong all that is amiss with doc, a JSON object decoded into a map (numbers as float64 or
// json.Number). A null is as good as nothing.
func CheckFields(fields []Field, doc map[string]any, wrong *apperr.Fields) {
	checkObject(fields, doc, "", wrong)
}

func checkObject(fields []Field, doc map[string]any, prefix string, wrong *apperr.Fields) {
	names := slices.Sorted(maps.Keys(doc)) //workflowcheck:ignore sorted, so that the map's own order is not seen
	for _, name := range names {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			wrong.Add(prefix+Printable(name), apperr.FieldUnknown, nil)
		}
	}
	for _, f := range fields {
		v, given := doc[f.Name]
		if !given || v == nil || f.empty(v) {
			if f.Required {
				wrong.Add(prefix+f.Name, apperr.FieldRequired, nil)
			}
			continue
		}
		f.check(v, prefix, wrong)
	}
}

// empty reports whether v says nothing: a text without anything to see, where the field takes any text. Elsewhere it is of
// the wrong type, or none of the texts that are taken.
func (f Field) empty(v any) bool {
	s, ok := v.(string)
	if !ok {
		return false
	}
	switch f.Type {
	case TypeText, TypeEmail, TypeUser, TypeCase:
		return s == "" || len(f.Enum) == 0 && blank(s)
	case TypeInteger, TypeNumber, TypeBool, TypeTime, TypeObject, TypeList, TypeDate, TypeClock, TypeZone:
	}
	return false
}

// blank reports whether a text has nothing to see: only blanks, and characters that merely steer how others look.
func blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && r != brailleBlank && !unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
	})
}

// brailleBlank is a pattern of no dots, which Unicode counts among the signs.
const brailleBlank = '\u2800'

// Printable keeps a caller's own key short and harmless where it is repeated.
func Printable(name string) string {
	r := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, name))
	return string(r[:min(len(r), 40)])
}

func (f Field) check(v any, prefix string, wrong *apperr.Fields) {
	name := prefix + f.Name
	bad := func() { wrong.Add(name, apperr.FieldType, apperr.Args{"expected": "@type." + string(f.Type)}) }
	switch f.Type {
	case TypeObject:
		if doc, ok := v.(map[string]any); ok {
			checkObject(f.Fields, doc, name+".", wrong)
			return
		}
		bad()
	case TypeList:
		list, ok := v.([]any)
		if !ok {
			bad()
			return
		}
		f.checkList(list, prefix, wrong)
	case TypeBool:
		if _, ok := v.(bool); !ok {
			bad()
		}
	case TypeInteger, TypeNumber:
		n, ok := number(v)
		if !ok || f.Type == TypeInteger && n != math.Trunc(n) {
			bad()
			return
		}
		if n < float64(f.Min) || n > float64(f.Max) {
			wrong.Add(name, apperr.FieldRange, apperr.Args{"min": strconv.Itoa(f.Min), "max": strconv.Itoa(f.Max)})
		}
	case TypeText, TypeTime, TypeEmail, TypeUser, TypeCase, TypeDate, TypeClock, TypeZone:
		s, ok := v.(string)
		if !ok {
			bad()
			return
		}
		f.checkText(s, name, wrong)
	}
}

// checkList checks the elements of a list; they are named by their index: groups[0].
func (f Field) checkList(list []any, prefix string, wrong *apperr.Fields) {
	if f.Max > 0 && len(list) > f.Max {
		wrong.Add(prefix+f.Name, apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(f.Max)})
		return
	}
	for i, v := range list {
		item := *f.Item
		item.Name = f.Name + "[" + strconv.Itoa(i) + "]"
		if s, ok := v.(string); v == nil || ok && strings.TrimSpace(s) == "" {
			wrong.Add(prefix+item.Name, apperr.FieldRequired, nil)
			continue
		}
		item.check(v, prefix, wrong)
	}
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case json.Number:
		x, err := n.Float64()
		return x, err == nil
	}
	return 0, false
}

func (f Field) checkText(s, name string, wrong *apperr.Fields) {
	switch {
	case f.Max > 0 && utf8.RuneCountInString(s) > f.Max:
		wrong.Add(name, apperr.FieldTooLong, apperr.Args{"limit": strconv.Itoa(f.Max)})
	case hasControl(s):
		wrong.Add(name, apperr.FieldControl, nil)
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, s):
		wrong.Add(name, apperr.FieldEnum, apperr.Args{"accepted": strings.Join(f.Enum, ", ")})
	default:
		if form, ok := forms[f.Type]; ok && !form.is(s) {
			wrong.Add(name, form.reason, nil)
		}
	}
}

// forms are what texts of a type have to look like.
var forms = map[FieldType]struct {
	is     func(string) bool
	reason apperr.Reason
}{
	TypeTime:  {isTime, apperr.FieldTime},
	TypeEmail: {isEmail, apperr.FieldEmail},
	TypeCase:  {isNumber, apperr.FieldNumber},
	TypeDate:  {isDate, apperr.FieldDate},
	TypeClock: {isClock, apperr.FieldClock},
	TypeZone:  {isZone, apperr.FieldTimezone},
}

// hasControl reports whether a text holds anything invisible that does not belong in one: control characters other than
// line breaks, marks that turn the direction of what follows, broken UTF-8.
func hasControl(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		switch r {
		case '\n', '\r':
			return false
		case '\u2028', '\u2029', '\ufeff', '\ufffe', '\uffff':
			return true
		}
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	})
}

// The years of times that are taken: what is further away is a mistake, and the zero time always means that none was given.
const (
	firstYear = 1900
	lastYear  = 9999
)

// isTime reports whether a text is a time in RFC 3339 that can be written as it was read. The standard library also takes
// hours of one digit, a comma before the fraction and offsets of a day.
func isTime(s string) bool {
	const fixed = "2006-01-02T15:04:05"
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !strings.HasPrefix(s, t.Format(fixed)) || s[len(fixed)] == ',' {
		return false
	}
	if _, offset := t.Zone(); offset <= -24*60*60 || offset >= 24*60*60 {
		return false
	}
	zone := strings.HasSuffix(s, "Z") || strings.HasSuffix(s, "-00:00") || strings.HasSuffix(s, t.Format("-07:00"))
	return zone && min(t.Year(), t.UTC().Year()) >= firstYear && max(t.Year(), t.UTC().Year()) <= lastYear
}

func isDate(s string) bool {
	_, err := calendar.ParseDate(s)
	return err == nil
}

func isClock(s string) bool {
	_, err := calendar.ParseClock(s)
	return err == nil
}

func isZone(s string) bool {
	_, err := calendar.ParseOffset(s)
	return err == nil
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isNumber(s string) bool {
	_, ok := ParseNumber(s)
	return ok
}

// document returns v, which must marshal to an object, as the map that CheckFields reads.
func document(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write what is to be checked: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read what is to be checked: %w", err)
	}
	return doc, nil
}
