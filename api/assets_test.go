package api_test

import (
	"context"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/desk"
)

// fakeRegister is a register of assets that holds the sample and lets everybody in.
type fakeRegister struct{}

func (fakeRegister) MayReadAssets(desk.Caller) error { return nil }
func (fakeRegister) MayKeepAssets(desk.Caller) error { return nil }
func (fakeRegister) Assets(context.Context, desk.Caller, asset.Query) (asset.List, error) {
	return asset.List{Items: asset.Sample(), Total: 13}, nil
}

func (fakeRegister) Asset(context.Context, desk.Caller, string) (asset.View, error) {
	return asset.View{Asset: asset.Sample()[0], Warranty: asset.UnknownWarranty, Children: asset.Sample()[1:2]}, nil
}

func (fakeRegister) AssetHistory(context.Context, desk.Caller, string, int, int) (asset.History, error) {
	return asset.History{Items: []asset.Change{{Revision: 1, By: "liaison", Fields: []asset.FieldChange{{Field: "name", To: "n"}}}}}, nil
}

func (fakeRegister) AddAsset(_ context.Context, _ desk.Caller, a asset.Asset) (asset.Asset, error) {
	return a, nil
}

func (fakeRegister) ChangeAsset(_ context.Context, _ desk.Caller, a asset.Asset) (asset.Asset, error) {
	return a, nil
}

func (fakeRegister) ImportAssets(context.Context, desk.Caller, asset.Sheet, bool) (asset.ImportResult, error) {
	return asset.ImportResult{Rows: []asset.RowFate{{Row: 2, Number: "S-1", Fate: asset.FateRefused, Errors: []asset.CellError{{Row: 2, Column: "C", Reason: apperr.FieldRequired}}}}, Refused: 1}, nil
}

func (fakeRegister) ExportAssets(context.Context, desk.Caller, asset.Query) ([]asset.Asset, error) {
	return nil, nil
}
