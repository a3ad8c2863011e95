package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

const (
	// changesShown is how many changes of an asset a page has.
	changesShown = 20
	// assetCases is how many of its cases the page of an asset has; the list has all.
	assetCases = 5
)

// assetPage is all that is known of an asset.
type assetPage struct {
	asset.View
	Ends     asset.Date
	Facts    []detail
	Parts    []assetLine
	Cases    []caseRow
	AllCases string // where all of its cases are listed
	Changes  []assetChange
	Before   int // where the history goes on; 0 at its end
	Keeps    bool
	Reports  bool
	Did      string
}

// assetChange is a change of an asset in words.
type assetChange struct {
	asset.Change
	Moves []assetMove
}

// assetMove is what a change made of a fact.
type assetMove struct{ Label, From, To string }

// factOf puts what an asset has in a field into words.
func factOf(l lang.Lang, field, value string) string {
	if value != "" && (field == "kind" || field == "state") {
		return l.Term("asset." + field + "." + value)
	}
	return value
}

// movesOf puts what became of an asset's fields into words.
func movesOf(l lang.Lang, changed []asset.FieldChange) []assetMove {
	out := make([]assetMove, len(changed))
	for i, f := range changed {
		out[i] = assetMove{Label: l.Term("asset.field." + f.Field), From: factOf(l, f.Field, f.From), To: factOf(l, f.Field, f.To)}
	}
	return out
}

// asset shows an asset: what it is, what it belongs to, its cases and what became of it.
func (p *pages) asset(c *gin.Context, by desk.Caller) {
	number := c.Param("number")
	v, err := p.desk.Asset(c, by, number)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	history, err := p.desk.AssetHistory(c, by, v.Number, countOf(c.Query("before")), changesShown)
	if err != nil {
		p.fail(c, err)
		return
	}
	q := defect.Query{AssetID: v.Number, Size: assetCases}
	cases, err := p.desk.Defects(c, by, q)
	if err != nil {
		p.fail(c, err)
		return
	}
	out := assetPage{
		View: v, Ends: v.Ends(), Parts: linesOf(v.Children, p.desk.AssetDay()), Before: history.Next, Did: didOf(c, l),
		Keeps: p.desk.MayKeepAssets(by) == nil, Reports: defect.MaySubmit(by.Person), AllCases: listPath + "?" + url.Values{"asset_id": {v.Number}}.Encode(),
	}
	out.Cases = p.caseRows(l, cases.Items)
	for _, f := range asset.Fields() {
		if f.Name == "number" || f.Name == "name" || f.Name == "parent" {
			continue
		}
		if text := factOf(l, f.Name, v.Text(f.Name)); text != "" {
			out.Facts = append(out.Facts, detail{Label: l.Term("asset.field." + f.Name), Text: text})
		}
	}
	for _, change := range history.Items {
		out.Changes = append(out.Changes, assetChange{Change: change, Moves: movesOf(l, change.Fields)})
	}
	p.show(c, http.StatusOK, "asset", v.Name, out)
}

// assetFormPage is the form of an asset; of a new one without a number.
type assetFormPage struct {
	Number   string
	Revision int
	Title    string
	Wrong    string
	Form     []control
}

// longFacts are the fields of an asset that take a line of their own.
var longFacts = map[string]bool{"name": true, "note": true}

func (p *pages) blankAsset(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayKeepAssets(by); err != nil {
		p.fail(c, err)
		return
	}
	p.showAssetForm(c, http.StatusOK, asset.Asset{Kind: asset.Hardware, Quantity: 1, State: asset.InUse, Parent: c.Query("parent")}, filled{})
}

func (p *pages) assetForm(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayKeepAssets(by); err != nil {
		p.fail(c, err)
		return
	}
	v, err := p.desk.Asset(c, by, c.Param("number"))
	if err != nil {
		p.fail(c, err)
		return
	}
	p.showAssetForm(c, http.StatusOK, v.Asset, filled{})
}

// showAssetForm shows the form of an asset, as it is or as it was filled in.
func (p *pages) showAssetForm(c *gin.Context, status int, a asset.Asset, was filled) {
	l := language(c)
	out := assetFormPage{Number: a.Number, Revision: a.Revision, Title: l.Term("web.asset.add")}
	if a.Revision > 0 {
		out.Title = l.Text("web.asset.changing", apperr.Args{"name": cmp.Or(a.Name, a.Number)})
	}
	f := plainForm{l: l, id: "asset"}
	var names []string
	for _, field := range asset.Fields() {
		names = append(names, field.Name)
	}
	f.wrong, out.Wrong = faults(l, was.err, names...)
	for _, field := range asset.Fields() {
		if field.Name == "number" && a.Revision > 0 {
			continue // it never changes
		}
		value := a.Text(field.Name)
		if was.values != nil {
			value = was.values.Get(field.Name)
		}
		f.add(assetControl(l.Term("asset.field."+field.Name), field, value, chosenOf(l, "asset."+field.Name+".", field.Enum, value)))
	}
	for i := range f.list {
		switch f.list[i].Name {
		case "number":
			f.list[i].Hint = l.Term("web.asset.number_hint")
		case "parent":
			f.list[i].Hint = l.Term("web.asset.parent_hint")
		case "warranty_until":
			f.list[i].Hint = l.Text("web.asset.warranty_hint", apperr.Args{"years": strconv.Itoa(asset.WarrantyYears)})
		}
	}
	out.Form = f.list
	p.show(c, status, "asset-form", out.Title, out)
}

// assetControl draws a field of an asset.
func assetControl(label string, field defect.Field, value string, choices []option) control {
	out := control{Name: field.Name, Label: label, Kind: kindLine, Max: field.Max, Value: value, Required: field.Required, Wide: longFacts[field.Name]}
	switch {
	case len(field.Enum) > 0:
		out.Kind, out.Options, out.Max = kindSelect, choices, 0
	case field.Type == defect.TypeDate:
		out.Kind, out.Max = kindDate, 0
	case field.Type == defect.TypeInteger:
		out.Kind, out.Low, out.High, out.Step, out.Max = kindNumber, field.Min, field.Max, "1", 0
	case field.Name == "note":
		out.Kind = kindArea
	}
	return out
}

// assetIn is an asset as a form has it.
func assetIn(values url.Values) asset.Asset {
	var a asset.Asset
	for _, f := range asset.Fields() {
		a.Set(f.Name, values.Get(f.Name))
	}
	return a
}

func (p *pages) addAsset(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	added, err := p.desk.AddAsset(c, by, assetIn(values))
	switch {
	case apperr.Is(err, apperr.Forbidden):
		p.fail(c, err)
	case err != nil:
		status, was := p.refused(c, values, err)
		p.showAssetForm(c, status, asset.Asset{}, was)
	default:
		c.Redirect(http.StatusSeeOther, registerOf(added.Number)+"?did=added")
	}
}

// changeAsset saves an asset as its form has it. One that somebody else has changed meanwhile is shown with what was typed, on
// the revision that the author saw: they look first.
func (p *pages) changeAsset(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	a := assetIn(values)
	a.Number, a.Revision = c.Param("number"), countOf(values.Get(fieldVersion))
	changed, err := p.desk.ChangeAsset(c, by, a)
	switch {
	case err == nil:
		c.Redirect(http.StatusSeeOther, registerOf(changed.Number)+"?did=saved")
	case apperr.Is(err, apperr.Forbidden), apperr.Is(err, apperr.NotFound):
		p.fail(c, err)
	default:
		status, was := p.refused(c, values, err)
		p.showAssetForm(c, status, a, was)
	}
}
