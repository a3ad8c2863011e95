package defect

import (
	"encoding/json"
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
	Item     *Field   // of a list: what each of its values is; its name does not matter
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
			wrong.Add(prefix+printable(name), apperr.FieldUnknown, nil)
		}
	}
	for _, f := range fields {
		v, given := doc[f.Name]
		if s, ok := v.(string); !given || v == nil || ok && strings.TrimSpace(s) == "" {
			if f.Required {
				wrong.Add(prefix+f.Name, apperr.FieldRequired, nil)
			}
			continue
		}
		f.check(v, prefix, wrong)
	}
}

// printable keeps a caller's own key short and harmless where it is repeated.
func printable(name string) string {
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
		f.checkList(list, name, wrong)
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
	case TypeText, TypeTime, TypeEmail, TypeUser, TypeCase:
		s, ok := v.(string)
		if !ok {
			bad()
			return
		}
		f.checkText(s, name, wrong)
	}
}

// checkList checks each value of a list; the faults are told by its place, from 0.
func (f Field) checkList(list []any, name string, wrong *apperr.Fields) {
	if len(list) > f.Max {
		wrong.Add(name, apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(f.Max)})
		return
	}
	for i, v := range list {
		item := *f.Item
		item.Name = strconv.Itoa(i)
		item.check(v, name+".", wrong)
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
	case f.Type == TypeTime && !isTime(s):
		wrong.Add(name, apperr.FieldTime, nil)
	case f.Type == TypeEmail && !isEmail(s):
		wrong.Add(name, apperr.FieldEmail, nil)
	case f.Type == TypeCase && !isNumber(s):
		wrong.Add(name, apperr.FieldNumber, nil)
	}
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

func isTime(s string) bool {
	t, err := time.Parse(time.RFC3339, s)
	return err == nil && t.Year() >= 1
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
func document(v any) map[string]any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil
	}
	return doc
}
