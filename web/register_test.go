package web_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/defect"
	"yunwei/desk"
)

// registerFake is a register of one device with one program on it, and records what it is asked.
type registerFake struct {
	assetQuery asset.Query
	assetSaved asset.Asset
	assetFile  string // its name and what it held
	assetDry   bool
	assetWrong error // what changes are answered with
}

var (
	server   = asset.Asset{Number: "P-01", Name: "前置<服务器>", Kind: asset.Hardware, Vendor: "华为", Model: "RH2288H V3", Unit: "台", Quantity: 5, System: "OA", Accepted: "2024-03-01", State: asset.InUse, Revision: 2}
	database = asset.Asset{Number: "P-04", Name: "前置机数据库", Kind: asset.Software, Quantity: 1, Parent: "P-01", State: asset.InUse, Revision: 1}
)

func keeps(by desk.Caller) bool {
	return by.Has(defect.RoleAgent, defect.RoleTechnician, defect.RoleLiaison, defect.RoleAdmin)
}

func (registerFake) MayReadAssets(by desk.Caller) error {
	if !defect.SeesAll(by.Person) {
		return apperr.New(apperr.Forbidden, apperr.ReasonAssetsRead, nil)
	}
	return nil
}

func (registerFake) MayKeepAssets(by desk.Caller) error {
	if !keeps(by) {
		return apperr.New(apperr.Forbidden, apperr.ReasonAssetsKeep, nil)
	}
	return nil
}

func (registerFake) AssetDay() asset.Date { return "2026-11-23" }

func (f *registerFake) Assets(_ context.Context, by desk.Caller, q asset.Query) (asset.List, error) {
	f.assetQuery = q
	list := asset.List{Items: []asset.Asset{server, database}, Total: 3, Next: "P-04"}
	if q.After == "P-04" {
		list.Items, list.Next = []asset.Asset{{Number: "P-05", Name: "=1+1", Kind: asset.Attached, Quantity: 1, State: asset.Spare}}, ""
	}
	return list, f.MayReadAssets(by)
}

func (f *registerFake) AssetFacets(_ context.Context, by desk.Caller) (asset.Facets, error) {
	return asset.Facets{Systems: []string{"OA"}, Vendors: []string{"华为"}, Models: []string{"RH2288H V3"}}, f.MayReadAssets(by)
}

func (f *registerFake) Asset(_ context.Context, by desk.Caller, number string) (asset.View, error) {
	if err := f.MayReadAssets(by); err != nil {
		return asset.View{}, err
	}
	switch asset.Key(number) {
	case "p-01":
		return asset.View{Asset: server, Warranty: asset.InWarranty, Children: []asset.Asset{database}, MoreChildren: true}, nil
	case "p-04":
		return asset.View{Asset: database, Warranty: asset.UnknownWarranty, Parents: []asset.Asset{server}}, nil
	}
	return asset.View{}, apperr.New(apperr.NotFound, apperr.ReasonAssetUnknown, apperr.Args{"number": number})
}

func (f *registerFake) AssetForReport(_ context.Context, _ desk.Caller, number string) (asset.Asset, error) {
	if asset.Key(number) == "p-01" {
		return server, nil
	}
	return asset.Asset{}, apperr.New(apperr.NotFound, apperr.ReasonAssetUnknown, nil)
}

func (f *registerFake) AssetHistory(context.Context, desk.Caller, string, int, int) (asset.History, error) {
	return asset.History{Next: 2, Items: []asset.Change{{Revision: 2, By: "liaison", Name: "接口人", At: now, Fields: []asset.FieldChange{{Field: "state", From: "spare", To: "in_use"}}}}}, nil
}

func (f *registerFake) AddAsset(_ context.Context, by desk.Caller, a asset.Asset) (asset.Asset, error) {
	f.assetSaved = a
	if err := f.MayKeepAssets(by); err != nil {
		return a, err
	}
	a.Number = "A-000001"
	return a, f.assetWrong
}

func (f *registerFake) ChangeAsset(_ context.Context, by desk.Caller, a asset.Asset) (asset.Asset, error) {
	f.assetSaved = a
	if err := f.MayKeepAssets(by); err != nil {
		return a, err
	}
	return a, f.assetWrong
}

func (f *registerFake) ImportAssets(_ context.Context, _ desk.Caller, name string, body io.Reader, dry bool) (asset.ImportResult, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return asset.ImportResult{}, err
	}
	f.assetFile, f.assetDry = name+": "+string(content), dry
	return asset.ImportResult{Applied: !dry, Added: 1, Refused: 1, Ignored: []string{"颜色"}, Rows: []asset.RowFate{
		{Row: 2, Number: "A-1", Name: "交换机", Fate: asset.FateChanged, Changes: []asset.FieldChange{{Field: "state", From: "spare", To: "in_use"}}},
		{Row: 3, Name: "坏行", Fate: asset.FateRefused, Errors: []asset.CellError{{Row: 3, Column: "C", Heading: "数量", Field: "quantity", Reason: apperr.FieldRequired}}},
	}}, f.assetWrong
}

func TestRegister_ListsAndNarrows(t *testing.T) {
	f, h := newSite(t)
	w := as(t, h, "technician", "zh").get("/assets?q=华为&kind=hardware&state=in_use&warranty=in&system=旧系统&model=RH2288H+V3&parent=R-1&after=P-00")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, asset.Query{Text: "华为", Kind: "hardware", State: "in_use", Warranty: "in", System: "旧系统", Model: "RH2288H V3", Parent: "R-1", After: "P-00", PageSize: 50}, f.assetQuery)
	page := w.Body.String()
	runsOurModulesOnly(t, page)
	for _, text := range []string{`href="/assets/P-01"`, "前置&lt;服务器&gt;", "质保期内", "2027-02-28", `value="旧系统" selected`, `value="RH2288H V3" selected`, `name="parent" value="R-1"`, "after=P-04", "/assets/export?", `href="/assets/new"`, `aria-current="page">资产`} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, as(t, h, "auditor", "zh").get("/assets").Body.String(), "/assets/new", "who only reads")
	require.Equal(t, http.StatusForbidden, as(t, h, "reporter", "zh").get("/assets").Code)
	require.NotContains(t, as(t, h, "reporter", "zh").get("/").Body.String(), `href="/assets"`)
}

func TestRegister_ComesAsAFile(t *testing.T) {
	f, h := newSite(t)
	w := as(t, h, "auditor", "en").get("/assets/export?format=csv&vendor=x")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "x", f.assetQuery.Vendor)
	require.Contains(t, w.Header().Get("Content-Type"), "csv")
	for _, text := range []string{"RH2288H V3", "P-05", "'=1+1", "In use"} {
		require.Contains(t, w.Body.String(), text, "all pages of them, in the reader's words, and nothing that a spreadsheet runs")
	}
	require.Equal(t, http.StatusForbidden, as(t, h, "reporter", "zh").get("/assets/export").Code)
	require.Contains(t, as(t, h, "agent", "zh").get("/assets/template").Header().Get("Content-Disposition"), ".xlsx")
	require.Equal(t, http.StatusForbidden, as(t, h, "auditor", "zh").get("/assets/template").Code)
}

func TestAsset_ShowsAllThatIsKnown(t *testing.T) {
	f, h := newSite(t)
	s := report()
	s.AssetID = "P-01"
	f.open(people["reporter"], s)
	page := as(t, h, "agent", "zh").get("/assets/p-01").Body.String()
	runsOurModulesOnly(t, page)
	for _, text := range []string{"质保期内", "至 2027-02-28", `href="/defects/new?asset=P-01"`, `href="/assets/P-04"`, `href="/assets?parent=P-01"`, `href="/defects?asset_id=P-01"`, "状态: 备用 → 在用", "接口人", `href="?before=2#changes"`, `href="/assets/P-01/change"`, "登录&lt;script&gt;"} {
		require.Contains(t, page, text)
	}
	require.Equal(t, "P-01", f.queries[len(f.queries)-1].AssetID)
	require.Contains(t, as(t, h, "agent", "en").get("/assets/P-04").Body.String(), `› <a href="/assets/P-01">`)
	require.Equal(t, http.StatusNotFound, as(t, h, "agent", "zh").get("/assets/X-99").Code)
	require.Equal(t, http.StatusForbidden, as(t, h, "reporter", "zh").get("/assets/P-01").Code)
}

func TestAssetForm_SavedAndRefused(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	require.Contains(t, b.get("/assets/new?parent=P-01").Body.String(), `value="P-01"`)
	fields := url.Values{"name": {" 交换机 "}, "kind": {"hardware"}, "quantity": {"2"}, "state": {"spare"}, "accepted": {"2026-01-02"}, "note": {"备注"}}
	w := b.post("/assets/new", fields)
	require.Equal(t, "/assets/A-000001?did=added", w.Header().Get("Location"), w.Body)
	require.Equal(t, asset.Asset{Name: "交换机", Kind: asset.Hardware, Quantity: 2, State: asset.Spare, Accepted: "2026-01-02", Note: "备注"}, f.assetSaved)

	form := b.get("/assets/P-01/change").Body.String()
	require.Contains(t, form, `name="_version" value="2"`)
	require.NotContains(t, form, `name="number"`, "it never changes")
	fields.Set("_version", "2")
	require.Equal(t, "/assets/P-01?did=saved", b.post("/assets/P-01/change", fields).Header().Get("Location"))
	require.Equal(t, 2, f.assetSaved.Revision)
	require.Equal(t, "P-01", f.assetSaved.Number)

	var wrong apperr.Fields
	wrong.Add("parent", apperr.FieldAssetCircle, nil)
	f.assetWrong = wrong.Err()
	w = b.post("/assets/P-01/change", fields)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="asset-parent-error"`)
	require.Contains(t, w.Body.String(), "备注")
	f.assetWrong = apperr.New(apperr.StaleVersion, apperr.ReasonAssetVersion, nil)
	w = b.post("/assets/P-01/change", fields)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), `role="alert"`)
	require.Contains(t, w.Body.String(), `name="_version" value="2"`, "who has not looked does not overwrite")
	for _, path := range []string{"/assets/new", "/assets/P-01/change", "/assets/import"} {
		require.Equal(t, http.StatusForbidden, as(t, h, "auditor", "zh").get(path).Code, path)
	}
	require.Equal(t, http.StatusForbidden, as(t, h, "auditor", "zh").post("/assets/new", fields).Code)
}

func TestAssetImport_LooksFirst(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "deputy", "zh")
	kind, body := fileForm(t, url.Values{"apply": {"false"}}, "assets.csv", "名称,数量\n交换机,1\n")
	w := b.do(http.MethodPost, "/assets/import", kind, body)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code, w.Body)
	require.True(t, f.assetDry)
	require.Equal(t, "assets.csv: 名称,数量\n交换机,1\n", f.assetFile)
	for _, text := range []string{"状态: 备用 → 在用", "C 数量", "颜色", "不接受"} {
		require.Contains(t, w.Body.String(), text)
	}
	kind, body = fileForm(t, url.Values{"apply": {"true"}}, "assets.csv", "名称\n交换机\n")
	require.Contains(t, b.do(http.MethodPost, "/assets/import", kind, body).Body.String(), "已导入")
	require.False(t, f.assetDry)
	var wrong apperr.Fields
	wrong.Add("file", apperr.FieldAssetSheet, nil)
	f.assetWrong = wrong.Err()
	kind, body = fileForm(t, nil, "picture.png", "x")
	w = b.do(http.MethodPost, "/assets/import", kind, body)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `role="alert"`)
}

func TestNew_OnAnAsset(t *testing.T) {
	_, h := newSite(t)
	page := as(t, h, "reporter", "zh").get("/defects/new?asset=p-01").Body.String()
	require.Contains(t, page, `value="P-01"`, "as the register writes it")
	require.Contains(t, page, `value="OA"`)
	require.Contains(t, page, `action="/defects/new?asset=p-01"`)
	require.Contains(t, page, `data-draft="new-p-01"`, "what was begun about another matter is not put in its place")
	require.Contains(t, as(t, h, "reporter", "zh").get("/defects/new").Body.String(), `action="/defects/new" enctype="multipart/form-data" class="report" id="report" data-draft="new"`)
	page = as(t, h, "reporter", "zh").get("/defects/new?asset=" + url.QueryEscape(`"<x>`)).Body.String()
	require.Contains(t, page, "&lt;x&gt;")
	require.NotContains(t, page, `"<x>`)
}
