package api

import (
	"context"
	"io"
	"net/http"

	"yunwei/asset"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
)

// assetDesk is what the API asks of the desk about assets.
type assetDesk interface {
	MayReadAssets(by desk.Caller) error
	MayKeepAssets(by desk.Caller) error
	Assets(ctx context.Context, by desk.Caller, q asset.Query) (asset.List, error)
	Asset(ctx context.Context, by desk.Caller, number string) (asset.View, error)
	AssetHistory(ctx context.Context, by desk.Caller, number string, before, limit int) (asset.History, error)
	AddAsset(ctx context.Context, by desk.Caller, a asset.Asset) (asset.Asset, error)
	ChangeAsset(ctx context.Context, by desk.Caller, a asset.Asset) (asset.Asset, error)
	ImportAssets(ctx context.Context, by desk.Caller, name string, body io.Reader, dry bool) (asset.ImportResult, error)
}

func (a *api) assetRoutes() []route {
	const tag = "assets"
	read := func(r *request) error { return a.desk.MayReadAssets(r.by) }
	keep := func(r *request) error { return a.desk.MayKeepAssets(r.by) }
	revision := defect.Field{Name: "revision", Type: defect.TypeInteger, Min: 1, Max: 1 << 31, Required: true}
	dry := []param{{Field: defect.Field{Name: "dry_run", Type: defect.TypeBool}, summary: "Only say what would become of each row."}}
	return []route{
		{method: http.MethodGet, path: "/assets", id: "assets", tag: tag, summary: "The register of assets, by number; as CSV or a workbook where format says so.", query: assetParams(), slow: true, status: http.StatusOK, answer: assetsBody{}, handle: a.assets, may: read},
		{method: http.MethodPost, path: "/assets", id: "add-asset", tag: tag, summary: "Add an asset, under a number that is suggested where none is given.", body: asset.Fields(), status: http.StatusCreated, answer: asset.Asset{}, handle: a.addAsset, may: keep},
		{method: http.MethodPost, path: "/assets/import", id: "import-assets", tag: tag, summary: "Add and change assets as a csv or xlsx file has them, all or none.", query: dry, upload: true, slow: true, status: http.StatusOK, answer: assetImportBody{}, handle: a.importAssets, may: keep},
		{method: http.MethodGet, path: "/assets/:number", id: "asset", tag: tag, summary: "Read an asset, with what it is a part of and the first of its parts.", status: http.StatusOK, answer: assetViewBody{}, handle: a.asset, may: read},
		{method: http.MethodPut, path: "/assets/:number", id: "change-asset", tag: tag, summary: "Change an asset to what is given; revision is that of the asset which was seen.", body: append(asset.Fields()[1:], revision), status: http.StatusOK, answer: asset.Asset{}, handle: a.changeAsset, may: keep},
		{method: http.MethodGet, path: "/assets/:number/history", id: "asset-history", tag: tag, summary: "The changes of an asset, the latest first.", query: beforeParams(), status: http.StatusOK, answer: assetHistoryBody{}, handle: a.assetHistory, may: read},
	}
}

func assetParams() []param {
	text := func(name, summary string) param {
		return param{Field: defect.Field{Name: name, Type: defect.TypeText, Max: defect.MaxTitle}, summary: summary}
	}
	enum := func(name, summary string, values []string) param {
		return param{Field: defect.Field{Name: name, Type: defect.TypeText, Enum: values}, summary: summary}
	}
	return []param{
		text("q", "Part of number, name, vendor, model, serial, location, owner, system or address."),
		enum("kind", "What they are.", names(asset.Kinds())), enum("state", "Where they are in their life.", names(asset.States())),
		enum("warranty", "Whether they are in their warranty today.", names(asset.Warranties())),
		text("owner", "Whose they are."), text("system", "The system that they serve."), text("model", "Their model."), text("vendor", "Who made them."),
		text("parent", "The number of what they are parts of."), text("after", "The `next` of the answer before."),
		pageSize(asset.MaxPageSize, "Assets an answer, 20 when none is given; files hold all."),
		enum("format", "A file instead of JSON.", []string{formatCSV, formatXLSX}),
	}
}

type assetsBody struct {
	Items []asset.Asset `json:"items"`
	Total int           `json:"total" doc:"Counted up to 10,000; one more says that there are more."`
	Next  *string       `json:"next"`
}

type assetViewBody struct {
	Asset        asset.Asset    `json:"asset"`
	Warranty     asset.Warranty `json:"warranty"`
	Parents      []asset.Asset  `json:"parents"`
	Children     []asset.Asset  `json:"children"`
	MoreChildren bool           `json:"more_children"`
}

type assetHistoryBody struct {
	Items []asset.Change `json:"items"`
	Next  int            `json:"next" doc:"The revision before which there is more; 0 when there is none."`
}

func (a *api) assets(r *request) (any, error) {
	q := asset.Query{
		Text: r.text("q"), Kind: asset.Kind(r.text("kind")), State: asset.State(r.text("state")), Warranty: asset.Warranty(r.text("warranty")), Owner: r.text("owner"),
		System: r.text("system"), Model: r.text("model"), Vendor: r.text("vendor"), Parent: r.text("parent"), After: r.text("after"), PageSize: r.integer("page_size", asset.DefaultPageSize),
	}
	if format := r.text("format"); format != "" {
		if format == formatCSV {
			return nil, a.download(r, "assets").CSV(r.Context, a.assetTable(r, q))
		}
		return nil, a.download(r, "assets").XLSX(r.Context, a.assetTable(r, q))
	}
	list, err := a.desk.Assets(r, r.by, q)
	if err != nil {
		return nil, err
	}
	return assetsBody{Items: append([]asset.Asset{}, list.Items...), Total: list.Total, Next: given(list.Next)}, nil
}

func (a *api) assetTable(r *request, q asset.Query) edge.Table {
	l := language(r.Context)
	return edge.Table{Name: l.Term("asset.facts"), Headings: l.AssetHeadings(), Rows: func(yield func([]any) error) error {
		return desk.EachAsset(r, a.desk, r.by, q, func(one asset.Asset) error { return yield(l.AssetRow(one)) })
	}}
}

func (a *api) asset(r *request) (any, error) {
	v, err := a.desk.Asset(r, r.by, r.Param("number"))
	if err != nil {
		return nil, err
	}
	return assetViewBody{Asset: v.Asset, Warranty: v.Warranty, Parents: append([]asset.Asset{}, v.Parents...), Children: append([]asset.Asset{}, v.Children...), MoreChildren: v.MoreChildren}, nil
}

func (a *api) addAsset(r *request) (any, error) {
	var in asset.Asset
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	added, err := a.desk.AddAsset(r, r.by, in)
	if err != nil {
		return nil, err
	}
	r.Header("Location", prefix+"/assets/"+added.Number)
	return added, nil
}

func (a *api) changeAsset(r *request) (any, error) {
	var in asset.Asset
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	in.Number = r.Param("number")
	changed, err := a.desk.ChangeAsset(r, r.by, in)
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func (a *api) assetHistory(r *request) (any, error) {
	h, err := a.desk.AssetHistory(r, r.by, r.Param("number"), r.integer("before", 0), r.integer("page_size", asset.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	return assetHistoryBody{Items: append([]asset.Change{}, h.Items...), Next: h.Next}, nil
}

func (a *api) importAssets(r *request) (any, error) {
	part, err := r.file(desk.MaxAssetFile)
	if err != nil {
		return nil, err
	}
	dry := r.boolean("dry_run")
	result, err := a.desk.ImportAssets(r, r.by, part.FileName(), part, dry != nil && *dry)
	if err != nil {
		return nil, err
	}
	return importBodyOf(result, language(r.Context)), nil
}

// assetImportBody is asset.ImportResult with its errors in words.
type assetImportBody struct {
	asset.ImportResult
	Rows []assetRowBody `json:"rows"`
}

type assetRowBody struct {
	asset.RowFate
	Errors []assetCellBody `json:"errors,omitempty"`
}

type assetCellBody struct {
	asset.CellError
	Message string `json:"message" doc:"What is amiss, in the language of Accept-Language."`
}

func importBodyOf(result asset.ImportResult, l lang.Lang) assetImportBody {
	out := assetImportBody{ImportResult: result, Rows: make([]assetRowBody, len(result.Rows))}
	for i, row := range result.Rows {
		out.Rows[i].RowFate = row
		for _, e := range row.Errors {
			out.Rows[i].Errors = append(out.Rows[i].Errors, assetCellBody{CellError: e, Message: l.Text(e.Reason, e.Args)})
		}
	}
	return out
}
