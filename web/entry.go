package web

import (
	"html"
	"html/template"
	"strings"

	"yunwei/apperr"
	"yunwei/lang"
)

// entry is a field of a form that is not drawn from the fields of a document.
type entry struct {
	Name, ID, Label string
	Kind            entryKind
	Value           string
	Fill            string // what a browser may fill in, of a password
	Required, Wide  bool
	Max             int // characters; 0: any number
	Options         []option
	Hint, Error     string
}

// About returns the attributes by which the field is told to be wrong, and described, to who does not see it.
func (e entry) About() template.HTMLAttr {
	out, described := "", []string{}
	if e.Error != "" {
		out, described = ` aria-invalid="true"`, append(described, e.ID+"-error")
	}
	if e.Hint != "" {
		described = append(described, e.ID+"-hint")
	}
	if len(described) > 0 {
		out += ` aria-describedby="` + html.EscapeString(strings.Join(described, " ")) + `"`
	}
	return template.HTMLAttr(out) //nolint:gosec // made of names of ours
}

type entryKind string

const (
	entryLine     entryKind = "line"
	entryArea     entryKind = "area"
	entryEmail    entryKind = "email"
	entryTime     entryKind = "time"
	entryDate     entryKind = "date"
	entryPassword entryKind = "password"
	entrySelect   entryKind = "select"
	entryChecks   entryKind = "checks"
)

// entries is a form that is being drawn.
type entries struct {
	l     lang.Lang
	id    string            // keeps the forms of a page apart
	wrong map[string]string // what is wrong, by field
	list  []entry
}

// add draws one more field; what is wrong with it stands beside it.
func (f *entries) add(e entry) {
	e.ID = f.id + "-" + e.Name
	e.Error = f.wrong[e.Name]
	f.list = append(f.list, e)
}

// faults says what is wrong with each of the named fields; what an error says beside that comes back as one text. Of a list,
// the field is named for all its elements.
func faults(l lang.Lang, err error, names ...string) (wrong map[string]string, rest string) {
	shown := make([]control, len(names))
	for i, name := range names {
		shown[i].Name = name
	}
	e := apperr.Of(err)
	if e == nil {
		return map[string]string{}, ""
	}
	told := *e
	told.Fields = nil
	for _, f := range e.Fields {
		f.Field = listName(f.Field)
		told.Fields = append(told.Fields, f)
	}
	return wrongFields(l, &told, shown)
}

// listName is the name of the list that an element belongs to.
func listName(field string) string {
	name, _, _ := strings.Cut(field, "[")
	return name
}
