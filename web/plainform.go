package web

import (
	"strings"

	"yunwei/apperr"
	"yunwei/lang"
)

// plainForm is a form that is being drawn whose fields are not those of a document.
type plainForm struct {
	l     lang.Lang
	id    string            // keeps the forms of a page apart
	wrong map[string]string // what is wrong, by field
	list  []control
}

// add draws one more field; what is wrong with it stands beside it. A browser fills in only what it is told to.
func (f *plainForm) add(c control) {
	c.ID, c.Error = f.id+"-"+c.Name, f.wrong[c.Name]
	if c.Kind == kindLine || c.Kind == kindEmail {
		c.Fill = "off"
	}
	f.list = append(f.list, c)
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

// lineFaults says what is wrong with the lines of the lists of a form; what an error says beside that comes back as an error.
// The desk counts the lines that hold something: lines names them by their places in the form.
func lineFaults(l lang.Lang, err error, lines map[string][]int) (wrong map[string]map[int]string, rest error) {
	wrong = map[string]map[int]string{}
	e := apperr.Of(err)
	if e == nil {
		return wrong, nil
	}
	told := *e
	told.Fields = nil
	for _, f := range e.Fields {
		list, place, isLine := strings.Cut(f.Field, "[")
		held, known := lines[list]
		if !isLine || !known {
			told.Fields = append(told.Fields, f)
			continue
		}
		place, _, _ = strings.Cut(place, "]")
		if i := countOf(place); i < len(held) {
			if wrong[list] == nil {
				wrong[list] = map[int]string{}
			}
			wrong[list][held[i]] = l.Text(f.Reason, f.Args)
		}
	}
	return wrong, &told
}
