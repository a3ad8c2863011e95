package web

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// submitDesk is what the form of a report asks of the desk, besides what cases do.
type submitDesk interface {
	Similar(ctx context.Context, by desk.Caller, title, system string) ([]desk.View, error)
	Suggestions(ctx context.Context, by desk.Caller, system string) (desk.Suggestions, error)
	reportFileDesk
}

const newPath = listPath + "/new"

func (p *pages) submitRoutes(e *gin.Engine) {
	e.GET(newPath, p.known(p.blank))
	e.POST(newPath, readThrough, p.known(p.submit))
	e.GET(listPath+"/similar", p.known(p.similarPart))
	e.GET(listPath+"/suggestions", p.known(p.suggestionsPart))
}

// newPage is the form of a report.
type newPage struct {
	Controls []control // what the problem is and where
	Details  []control // the rest of it
	Reporter []control // who has it
	Errors   []control // those of all that are wrong, in the order of the form
	OnBehalf bool      // an agent may name somebody else
	Key      string
	Wrong    string
	Asset    string   // that it was opened on, by number: it has drafts of its own
	Typed    bool     // it shows what was typed: no draft is put in its place
	Sent     string   // the key with which that was sent
	Later    bool     // nobody knows what became of it, or somebody is away: it may be sent again as it is
	Lost     []string // the names of files that came with it and have to be chosen again
	Most     int      // files
	Largest  int      // bytes of one

	Similar     similarCases
	Suggestions desk.Suggestions
}

// similarCases are the open cases like the one that is being reported.
type similarCases struct {
	Items []desk.View
	Asked bool // somebody looked for them
	Away  bool // they cannot be had while SQL is away
}

// triedReport is the form of a report as it was sent, and what became of it.
type triedReport struct {
	filled
	key   string
	typed bool
	lost  []string
}

// askedAsset names in the address of the form the asset that a report is about.
const askedAsset = "asset"

// blank shows the form of a report. follows in its address names the case that it takes up again, asset what it is about.
func (p *pages) blank(c *gin.Context, by desk.Caller) {
	if err := p.desk.MaySubmit(by); err != nil {
		p.fail(c, err)
		return
	}
	values := url.Values{"follows": {c.Query("follows")}, "channel": {string(defect.ChannelPhone)}} // how most cases come that an agent files
	if number := c.Query(askedAsset); number != "" {
		values.Set("asset_id", number)
		a, err := p.desk.AssetForReport(c, by, number)
		if err == nil {
			values.Set("asset_id", a.Number)
			values.Set("system", a.System)
		} else if !apperr.Is(err, apperr.NotFound) {
			p.log.WarnContext(c, "a form goes without what is known of its asset", "error", err)
		}
	}
	p.showNew(c, by, http.StatusOK, triedReport{filled: filled{values: values}, key: newKey()})
}

func (p *pages) showNew(c *gin.Context, by desk.Caller, status int, tried triedReport) {
	l := language(c)
	out := newPage{
		OnBehalf: defect.FilesForOthers(by.Person), Asset: c.Query(askedAsset), Key: tried.key, Typed: tried.typed, Sent: tried.values.Get(fieldKey), Lost: tried.lost,
		Most: maxReportFiles, Largest: desk.MaxFileSize, Later: apperr.Is(tried.err, apperr.Unavailable),
	}
	fields := reportFields(by)
	draw := formOf{l: l, id: "new", values: tried.values, lists: suggested}
	if tried.err != nil {
		draw.wrong, out.Wrong = wrongFields(l, tried.err, draw.controls(fields, ""))
	}
	for _, f := range fields {
		switch {
		case f.Type == defect.TypeObject || f.Name == "channel":
			out.Reporter = append(out.Reporter, draw.controls([]defect.Field{f}, "")...)
		case slices.Contains(reportDetails, f.Name):
			out.Details = append(out.Details, draw.control(f, ""))
		default:
			one := draw.control(f, "")
			if f.Name == "severity" {
				one.Hint = l.Term("web.hint.severity")
			}
			out.Controls = append(out.Controls, one)
		}
	}
	out.attend()
	if e := apperr.Of(tried.err); e != nil && len(e.Fields) > 0 && len(e.Fields) == len(out.Errors) {
		out.Wrong = "" // each is told by itself
	}
	if !out.Later { // who is away is not asked again
		p.helpWith(c, by, tried, &out)
	}
	p.show(c, status, "new", l.Term("web.new.title"), out)
}

// attend finds what is wrong and where to begin: at the first mistake; an agent, who has somebody on the phone, with their name.
func (n *newPage) attend() {
	parts := [][]control{n.Controls, n.Details, n.Reporter}
	if n.OnBehalf {
		parts = [][]control{n.Reporter, n.Controls, n.Details}
	}
	for _, part := range parts {
		for i := range part {
			if part[i].Error != "" {
				part[i].Focus = len(n.Errors) == 0
				n.Errors = append(n.Errors, part[i])
			}
		}
	}
	if i := slices.IndexFunc(n.Reporter, func(c control) bool { return c.Name == "reporter.name" }); i >= 0 && !n.Typed {
		n.Reporter[i].Focus = true
	}
}

// helpWith adds what earlier reports have to say. The form does without while SQL is away.
func (p *pages) helpWith(c *gin.Context, by desk.Caller, tried triedReport, out *newPage) {
	var err error
	if out.Suggestions, err = p.desk.Suggestions(c, by, ""); err != nil {
		p.log.WarnContext(c, "a form goes without suggestions", "error", err)
	}
	if tried.typed && err == nil {
		out.Similar = p.similarTo(c, by, tried.values.Get("title"), tried.values.Get("system"))
	}
}

// reportFields returns the fields of a report that a person fills in, in the order of the form: who reports for themselves is
// known by name and comes by the web.
func reportFields(by desk.Caller) []defect.Field {
	fields := defect.SubmissionFields()
	slices.SortStableFunc(fields, func(a, b defect.Field) int {
		return cmp.Compare(slices.Index(reportOrder, a.Name), slices.Index(reportOrder, b.Name))
	})
	if defect.FilesForOthers(by.Person) {
		return fields
	}
	fields = slices.DeleteFunc(fields, func(f defect.Field) bool { return f.Name == "channel" })
	for i := range fields {
		fields[i].Fields = slices.DeleteFunc(fields[i].Fields, func(f defect.Field) bool { return f.Name == "name" })
	}
	return fields
}

// reportOrder is how a problem is told: what it is and where, how bad, and then the rest.
var reportOrder = []string{"channel", "title", "system", "module", "asset_id", "severity", "description", "impact", "occurred_at", "follows", "reporter"}

// reportDetails are the fields that come when it is known whether the problem has been reported already.
var reportDetails = []string{"description", "impact", "occurred_at", "follows"}

// suggested are the fields for which earlier reports have suggestions, with the lists that hold them.
var suggested = map[string]string{"system": "used-systems", "module": "used-modules", "asset_id": "used-assets", "reporter.unit": "used-units"}

// readThrough takes in what is left of a form with files whose author has to sign in again: without that a browser tells them
// of a broken line and not where to go.
func readThrough(c *gin.Context) {
	c.Next()
	if c.Writer.Status() == http.StatusSeeOther {
		_, _ = io.Copy(io.Discard, io.LimitReader(c.Request.Body, maxReport)) // what does not come is missed by nobody
	}
}

// submit files the report of a form, and puts its files on the case. A file that is refused keeps no report from its case.
func (p *pages) submit(c *gin.Context, by desk.Caller) {
	if c.Query("similar") != "" {
		p.similarPage(c, by)
		return
	}
	sent, err := readReport(c)
	if err != nil {
		p.fail(c, err)
		return
	}
	key := sent.values.Get(fieldKey)
	v, err := p.file(c, by, sent.values, key)
	switch {
	case err == nil:
		refused := p.attachAll(c, by, v.Number, sent)
		c.Redirect(http.StatusSeeOther, caseOf(v.Number, key, refused))
	case apperr.Is(err, apperr.Forbidden):
		sent.drain()
		p.fail(c, err)
	default:
		if apperr.Is(err, apperr.Invalid) {
			key = newKey() // another report than the one that was refused
		}
		status, was := p.refused(c, sent.values, err)
		p.showNew(c, by, status, triedReport{filled: was, key: key, typed: true, lost: sent.drain()})
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

// similarTo looks for the open cases like a report.
func (p *pages) similarTo(c *gin.Context, by desk.Caller, title, system string) similarCases {
	if strings.TrimSpace(title) == "" {
		return similarCases{}
	}
	found, err := p.desk.Similar(c, by, title, system)
	if err != nil {
		p.log.WarnContext(c, "a form goes without similar cases", "error", err)
	}
	return similarCases{Items: found, Asked: true, Away: err != nil}
}

// similarPart is what the page shows beside the form while somebody types.
func (p *pages) similarPart(c *gin.Context, by desk.Caller) {
	p.showPart(c, "new", "similar", p.similarTo(c, by, c.Query("title"), c.Query("system")))
}

// similarPage shows the form as it was filled in, with the similar cases: for browsers without scripts.
func (p *pages) similarPage(c *gin.Context, by desk.Caller) {
	if err := readForm(c); err != nil {
		p.fail(c, err)
		return
	}
	if err := p.desk.MaySubmit(by); err != nil {
		p.fail(c, err)
		return
	}
	values := c.Request.PostForm
	lost := slices.DeleteFunc(slices.Clone(values["file"]), func(name string) bool { return name == "" })
	p.showNew(c, by, http.StatusOK, triedReport{filled: filled{values: values}, key: cmp.Or(values.Get(fieldKey), newKey()), typed: true, lost: lost})
}

// suggestionsPart are the suggestions for a system that somebody has chosen.
func (p *pages) suggestionsPart(c *gin.Context, by desk.Caller) {
	found, err := p.desk.Suggestions(c, by, c.Query("system"))
	if err != nil {
		p.fail(c, err)
		return
	}
	p.showPart(c, "new", "suggestions", found)
}
