package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// newPage is the form of a report.
type newPage struct {
	Controls []control // of the problem
	Reporter []control // of who has it
	OnBehalf bool      // an agent may name somebody else
	Key      string
	Wrong    string
}

// blank shows the form of a report. follows in its address names the case that it takes up again.
func (p *pages) blank(c *gin.Context, by desk.Caller) {
	if err := p.desk.MaySubmit(by); err != nil {
		p.fail(c, err)
		return
	}
	values := url.Values{"follows": {c.Query("follows")}, "channel": {string(defect.ChannelPhone)}} // how most cases come that an agent files
	p.showNew(c, by, http.StatusOK, values, newKey(), nil)
}

func (p *pages) showNew(c *gin.Context, by desk.Caller, status int, values url.Values, key string, err error) {
	l := language(c)
	out := newPage{OnBehalf: defect.FilesForOthers(by.Person), Key: key}
	fields := reportFields(by)
	draw := formOf{l: l, id: "new", values: values}
	if err != nil {
		draw.wrong, out.Wrong = wrongFields(l, forPeople(c, err), draw.controls(fields, ""))
	}
	for _, f := range fields {
		if f.Type == defect.TypeObject {
			out.Reporter = draw.controls([]defect.Field{f}, "")
			continue
		}
		out.Controls = append(out.Controls, draw.control(f, ""))
	}
	p.show(c, status, "new", l.Term("web.new.title"), out)
}

// reportFields returns the fields of a report that a person fills in: who reports for themselves is known by name and comes
// by the web.
func reportFields(by desk.Caller) []defect.Field {
	fields := defect.SubmissionFields()
	if defect.FilesForOthers(by.Person) {
		return fields
	}
	fields = slices.DeleteFunc(fields, func(f defect.Field) bool { return f.Name == "channel" })
	for i := range fields {
		fields[i].Fields = slices.DeleteFunc(fields[i].Fields, func(f defect.Field) bool { return f.Name == "name" })
	}
	return fields
}

// submit files the report of a form.
func (p *pages) submit(c *gin.Context, by desk.Caller) {
	if err := readForm(c); err != nil {
		p.fail(c, err)
		return
	}
	values, key := c.Request.PostForm, c.PostForm(fieldKey)
	v, err := p.file(c, by, values, key)
	switch {
	case err == nil:
		c.Redirect(http.StatusSeeOther, "/defects/"+v.Number)
	case apperr.Is(err, apperr.Forbidden):
		p.fail(c, err)
	default:
		if apperr.Is(err, apperr.Invalid) {
			key = newKey() // another report than the one that was refused
		}
		p.showNew(c, by, p.refuse(c, err), values, key, err)
	}
}

func (p *pages) file(c *gin.Context, by desk.Caller, values url.Values, key string) (desk.View, error) {
	if err := p.desk.MaySubmit(by); err != nil {
		return desk.View{}, err
	}
	fields := reportFields(by)
	doc := readFields(fields, values, "", p.zone)
	var wrong apperr.Fields
	defect.CheckFields(fields, doc, &wrong)
	if err := wrong.Err(); err != nil {
		return desk.View{}, err
	}
	var s defect.Submission
	if err := bind(doc, &s); err != nil {
		return desk.View{}, err
	}
	s.Channel = cmp.Or(s.Channel, defect.ChannelWeb)
	v, _, err := p.desk.Submit(c, by, s, key)
	return v, err
}
