package web

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"yunwei/asset"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
)

// registerDesk is what the pages ask of the desk about assets.
type registerDesk interface {
	MayReadAssets(by desk.Caller) error
	MayKeepAssets(by desk.Caller) error
	AssetDay() asset.Date
	Assets(ctx context.Context, by desk.Caller, q asset.Query) (asset.List, error)
	AssetFacets(ctx context.Context, by desk.Caller) (asset.Facets, error)
	Asset(ctx context.Context, by desk.Caller, number string) (asset.View, error)
	// AssetForReport returns an asset to whoever reports a defect on it.
	AssetForReport(ctx context.Context, by desk.Caller, number string) (asset.Asset, error)
	AssetHistory(ctx context.Context, by desk.Caller, number string, before, limit int) (asset.History, error)
	AddAsset(ctx context.Context, by desk.Caller, a asset.Asset) (asset.Asset, error)
	ChangeAsset(ctx context.Context, by desk.Caller, a asset.Asset) (asset.Asset, error)
	ImportAssets(ctx context.Context, by desk.Caller, name string, body io.Reader, dry bool) (asset.ImportResult, error)
}

// The pages of the register. What it holds stands below registerPath by number; no number is like one of the words.
const (
	registerPath       = "/assets"
	newAssetPath       = registerPath + "/new"
	importAssetsPath   = registerPath + "/import"
	exportAssetsPath   = registerPath + "/export"
	templateAssetsPath = registerPath + "/template"
	// registerShown is how many assets a page of the list has.
	registerShown = 50
)

func (p *pages) registerRoutes(e *gin.Engine) {
	e.GET(registerPath, p.known(p.register))
	e.GET(exportAssetsPath, p.known(p.exportAssets))
	e.GET(newAssetPath, p.known(p.blankAsset))
	e.POST(newAssetPath, p.posted(p.addAsset))
	e.GET(importAssetsPath, p.known(p.importForm))
	e.POST(importAssetsPath, p.known(p.importAssets))
	e.GET(templateAssetsPath, p.known(p.importTemplate))
	e.GET(registerPath+"/:number", p.known(p.asset))
	e.GET(registerPath+"/:number/change", p.known(p.assetForm))
	e.POST(registerPath+"/:number/change", p.posted(p.changeAsset))
}

// registerOf is the page of an asset.
func registerOf(number string) string { return registerPath + "/" + url.PathEscape(number) }

// registerView is the list of assets with its filters.
type registerView struct {
	Text                             string
	Kinds, States, Warranties        []option
	Systems, Owners, Vendors, Models []option
	Parent                           string // whose parts these are; empty for all assets
	Items                            []assetLine
	Total                            int
	More                             bool // there are more than are counted
	Filtered, Keeps                  bool
	CSV, XLSX                        string // where what is found comes as a file
	Pager                            pager
}

// assetLine is an asset as a list shows it.
type assetLine struct {
	asset.Asset
	Warranty asset.Warranty
	Ends     asset.Date
}

func linesOf(list []asset.Asset, today asset.Date) []assetLine {
	out := make([]assetLine, len(list))
	for i, a := range list {
		out[i] = assetLine{Asset: a, Warranty: a.WarrantyOn(today), Ends: a.Ends()}
	}
	return out
}

// assetQuery reads what an address asks of the register.
func assetQuery(values url.Values) asset.Query {
	return asset.Query{
		Text: values.Get("q"), Kind: asset.Kind(values.Get("kind")), State: asset.State(values.Get("state")), Warranty: asset.Warranty(values.Get("warranty")),
		System: values.Get("system"), Owner: values.Get("owner"), Vendor: values.Get("vendor"), Model: values.Get("model"), Parent: values.Get("parent"), After: values.Get("after"), PageSize: registerShown,
	}
}

// register lists assets. All that narrows the list stands in its address.
func (p *pages) register(c *gin.Context, by desk.Caller) {
	l, values := language(c), c.Request.URL.Query()
	q := assetQuery(values)
	list, err := p.desk.Assets(c, by, q)
	if err != nil {
		p.fail(c, err)
		return
	}
	facets, err := p.desk.AssetFacets(c, by)
	if err != nil {
		p.fail(c, err)
		return
	}
	narrowed := q
	narrowed.After, narrowed.PageSize = "", 0
	out := registerView{
		Text: q.Text, Kinds: chosenOf(l, "asset.kind.", asset.Kinds(), q.Kind), States: chosenOf(l, "asset.state.", asset.States(), q.State),
		Warranties: chosenOf(l, "asset.warranty.", asset.Warranties(), q.Warranty),
		Systems:    theirs(facets.Systems, q.System), Owners: theirs(facets.Owners, q.Owner), Vendors: theirs(facets.Vendors, q.Vendor),
		Models: theirs(facets.Models, q.Model), Parent: q.Parent,
		Items: linesOf(list.Items, p.desk.AssetDay()), Total: min(list.Total, asset.MaxTotal), More: list.Total > asset.MaxTotal,
		Filtered: narrowed != asset.Query{}, Keeps: p.desk.MayKeepAssets(by) == nil,
		CSV: addressOf(exportAssetsPath, values, "format", "csv"), XLSX: addressOf(exportAssetsPath, values, "format", "xlsx"),
		Pager: around(registerPath, values, q.After, list.Next),
	}
	p.show(c, http.StatusOK, "register", l.Term("asset.facts"), out)
}

// chosenOf are the values of a term as choices.
func chosenOf[T ~string](l lang.Lang, prefix string, all []T, chosen T) []option {
	out := make([]option, len(all))
	for i, one := range all {
		out[i] = option{Value: string(one), Label: l.Term(prefix + string(one)), Chosen: one == chosen}
	}
	return out
}

// theirs are texts as choices; one that is chosen and is no longer among them stays to be seen.
func theirs(all []string, chosen string) []option {
	var out []option
	found := chosen == ""
	for _, one := range all {
		found = found || one == chosen
		out = append(out, option{Value: one, Label: one, Chosen: one == chosen})
	}
	if !found {
		out = append(out, option{Value: chosen, Label: chosen, Chosen: true})
	}
	return out
}

// exportAssets sends the assets that the filters of an address find as a file.
func (p *pages) exportAssets(c *gin.Context, by desk.Caller) {
	l, values := language(c), c.Request.URL.Query()
	rows := func(yield func([]any) error) error {
		return desk.EachAsset(c, p.desk, by, assetQuery(values), func(a asset.Asset) error { return yield(l.AssetRow(a)) })
	}
	send := p.sendBook
	if values.Get("format") == "csv" {
		send = p.sendCSV
	}
	send(c, edge.Table{Name: l.Term("asset.facts"), Headings: l.AssetHeadings(), Rows: rows})
}

// importTemplate sends an empty sheet with the headings that an import knows.
func (p *pages) importTemplate(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayKeepAssets(by); err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	none := func(func([]any) error) error { return nil }
	p.sendBook(c, edge.Table{Name: l.Term("asset.facts"), Headings: l.AssetHeadings(), Rows: none})
}
