package web

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/lang"
)

// The hidden fields of a form, which no field of a document is named like.
const (
	fieldAction  = "_action"
	fieldVersion = "_version" // of the case, that its author saw
	fieldSeq     = "_seq"     // of the latest event that they saw
	fieldKey     = "_key"     // idempotency key, so that a form that is sent twice does one thing
)

// filled is a form as it was filled in, and why it was refused. There is nothing of either in a new one.
type filled struct {
	values url.Values
	err    error // in words for people
}

// newKey returns an idempotency key for a form.
func newKey() string { return uuid.NewString() }

// control is a field as a form shows it.
type control struct {
	Name, ID, Label string
	Kind            controlKind
	Value           string
	Required        bool
	Max             int    // characters; 0: any number
	Low, High       int    // bounds of a number
	Step            string // of a number
	Options         []option
	Hint, Error     string
	List            string // the ID of a list of suggestions
	Fill            string // what a browser may fill in
	Focus           bool   // where the page begins
	Wide            bool   // it takes a line of its own where others stand side by side
}

// controlKind is how a field is filled in; of an input, it is its type in HTML.
type controlKind string

const (
	kindLine     controlKind = "text"
	kindArea     controlKind = "area"
	kindNumber   controlKind = "number"
	kindEmail    controlKind = "email"
	kindPhone    controlKind = "tel"
	kindPassword controlKind = "password"
	kindTime     controlKind = "datetime-local" // of the site
	kindDate     controlKind = "date"
	kindSelect   controlKind = "select"
	kindRadio    controlKind = "radio"
	kindChecks   controlKind = "checks" // several choices of which any may be taken
)

// group reports whether a field is several inputs, which share a legend.
func (c control) group() bool { return c.Kind == kindRadio || c.Kind == kindChecks }

// Attributes returns what every kind of field has in common: what may be filled in, and how it is told to be wrong, and
// described, to who does not see it. A group is neither filled in nor wrong: what it holds is.
func (c control) Attributes() template.HTMLAttr {
	var out strings.Builder
	say := func(when bool, attribute string) {
		if when {
			out.WriteString(" " + attribute)
		}
	}
	say(c.Required && !c.group(), "required")
	say(c.Max > 0 && !c.group(), `maxlength="`+strconv.Itoa(c.Max)+`"`)
	say(c.Focus && !c.group(), "autofocus")
	say(c.Error != "" && !c.group(), `aria-invalid="true"`)
	var by []string
	if c.Error != "" {
		by = append(by, c.ID+"-error")
	}
	if c.Hint != "" {
		by = append(by, c.ID+"-hint")
	}
	say(len(by) > 0, `aria-describedby="`+html.EscapeString(strings.Join(by, " "))+`"`)
	return template.HTMLAttr(out.String()) //nolint:gosec // made of names of ours
}

// option is a choice of a control.
type option struct {
	Value, Label string
	Chosen       bool
}

// few is how many choices are all shown at once.
const few = 3

// lines are the texts that are no longer than a line.
var lines = []string{"title", "system", "module", "asset_id", "version_before", "version_after", "part", "name", "unit", "phone", "for"}

// hints are what somebody who fills in a field has to know besides its name, by the field's name.
var hints = map[string]string{"explanation": "web.hint.explanation", "satisfaction": "web.hint.satisfaction"}

// formOf draws fields: with what was typed, what is wrong with it, and the choices and suggestions that are not the fields' own, by name.
// Fields are named prefix and name; id keeps the forms of a page apart.
type formOf struct {
	l       lang.Lang
	id      string
	values  url.Values
	wrong   map[string]string
	choices map[string][]option
	lists   map[string]string // the IDs of lists of suggestions
}

func (f formOf) controls(fields []defect.Field, prefix string) []control {
	var out []control
	for _, field := range fields {
		if field.Type == defect.TypeObject {
			out = append(out, f.controls(field.Fields, prefix+field.Name+".")...)
			continue
		}
		out = append(out, f.control(field, prefix))
	}
	return out
}

func (f formOf) control(field defect.Field, prefix string) control {
	name := prefix + field.Name
	c := control{
		Name: name, ID: f.id + "-" + strings.ReplaceAll(name, ".", "-"), Label: f.l.Term("input." + name), Kind: kindOf(field),
		Value: f.values.Get(name), Required: field.Required, Error: f.wrong[name], Options: slices.Clone(f.choices[name]),
		List: f.lists[name],
	}
	if key, ok := hints[name]; ok {
		c.Hint = f.l.Term(key)
	}
	switch {
	case c.Kind == kindNumber:
		c.Low, c.High, c.Step = field.Min, field.Max, "1"
		if field.Type == defect.TypeNumber {
			c.Step = "any"
		}
	case c.Options == nil:
		for _, value := range choicesOf(field) {
			c.Options = append(c.Options, option{Value: value, Label: optionLabel(f.l, field, value)})
		}
	}
	if c.Kind != kindNumber {
		c.Max = field.Max
	}
	if len(c.Options) > 0 {
		c.Kind = kindSelect
		if len(c.Options) <= few && c.Required {
			c.Kind = kindRadio
		}
	}
	for i := range c.Options {
		c.Options[i].Chosen = c.Options[i].Value == c.Value
	}
	if c.Kind == kindSelect {
		c.Options = orNone(c.Options)
	}
	return c
}

// orNone are the choices of which none is chosen at first.
func orNone(options []option) []option { return append([]option{{}}, options...) }

func kindOf(f defect.Field) controlKind {
	switch f.Type {
	case defect.TypeInteger, defect.TypeNumber:
		if choicesOf(f) == nil {
			return kindNumber
		}
	case defect.TypeEmail:
		return kindEmail
	case defect.TypeTime:
		return kindTime
	case defect.TypeText:
		if f.Name == "phone" {
			return kindPhone
		}
		if !slices.Contains(lines, f.Name) {
			return kindArea
		}
	default:
	}
	return kindLine
}

// maxScale is how many steps a scale has at most, to be shown as choices.
const maxScale = 5

// choicesOf returns the only values of a field; nil when there are too many to choose from.
func choicesOf(f defect.Field) []string {
	switch {
	case f.Type == defect.TypeBool:
		return []string{"true", "false"}
	case f.Type == defect.TypeInteger && f.Max-f.Min < maxScale:
		var out []string
		for n := f.Min; n <= f.Max; n++ {
			out = append(out, strconv.Itoa(n))
		}
		return out
	}
	return f.Enum
}

// optionLabel names a value of a field. What is not one of a few has no name but itself.
func optionLabel(l lang.Lang, f defect.Field, value string) string {
	switch {
	case f.Name == "kind":
		return l.Term("fix_kind." + value)
	case len(f.Enum) > 0, f.Name == "severity", f.Type == defect.TypeBool:
		return l.Term(f.Name + "." + value)
	}
	return value
}

// readFields returns the document that a form's values make, for defect.CheckFields. What cannot be read as its type stays a
// text, which is told there. Times are those of the given zone.
func readFields(fields []defect.Field, values url.Values, prefix string, zone *time.Location) map[string]any {
	doc := map[string]any{}
	for _, f := range fields {
		if f.Type == defect.TypeObject {
			if inner := readFields(f.Fields, values, prefix+f.Name+".", zone); len(inner) > 0 {
				doc[f.Name] = inner
			}
			continue
		}
		text := strings.ReplaceAll(values.Get(prefix+f.Name), "\r\n", "\n")
		if strings.TrimSpace(text) == "" {
			continue
		}
		doc[f.Name] = readValue(f, text, zone)
	}
	return doc
}

// localForm is how browsers write a local time.
const localForm = "2006-01-02T15:04"

// localTime reads a local time of the site from a form, and whether something was filled in.
func (p *pages) localTime(values url.Values, name string, wrong *apperr.Fields) (time.Time, bool) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.ParseInLocation(localForm, text, p.zone)
	if err != nil {
		wrong.Add(name, apperr.FieldTime, nil)
	}
	return at, true
}

func readValue(f defect.Field, text string, zone *time.Location) any {
	switch f.Type {
	case defect.TypeInteger, defect.TypeNumber:
		if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n
		}
	case defect.TypeBool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case defect.TypeTime:
		if at, err := time.ParseInLocation(localForm, text, zone); err == nil {
			return at.Format(time.RFC3339)
		}
	case defect.TypeEmail, defect.TypeUser, defect.TypeCase:
		return strings.TrimSpace(text)
	default:
	}
	return text
}

// countOf reads a count of an address or a form; what is none is 0.
func countOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// bind fills a struct from a document that CheckFields has found right.
func bind(doc map[string]any, into any) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write a form again: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("bind a checked form: %w", err)
	}
	return nil
}

// labelled puts the name that people know a field by before what is wrong with it. A field that pages do not know has none.
func labelled(l lang.Lang, field, text string) string {
	key := "input." + field
	label := l.Term(key)
	if label == key {
		return text
	}
	return l.Text("web.problem.field", apperr.Args{"field": label, "text": text})
}

// wrongFields says what is wrong with each field that an error names; what it says of fields that the form does not show
// comes back as one text.
func wrongFields(l lang.Lang, err error, shown []control) (wrong map[string]string, rest string) {
	wrong = map[string]string{}
	e := apperr.Of(err)
	if e == nil {
		return wrong, ""
	}
	var others []string
	for _, f := range e.Fields {
		text := l.Text(f.Reason, f.Args)
		if slices.ContainsFunc(shown, func(c control) bool { return c.Name == f.Field }) {
			wrong[f.Field] = text
			continue
		}
		others = append(others, labelled(l, f.Field, text))
	}
	if len(e.Fields) == 0 || len(others) == 0 {
		others = append([]string{l.Text(e.Reason, e.Args)}, others...)
	}
	return wrong, strings.Join(others, " ")
}
