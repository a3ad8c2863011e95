package api_test

import (
	"context"
	"io"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/desk"
)

var devices = []asset.Asset{
	{Number: "S-1", Name: "server", Kind: asset.Hardware, Quantity: 1, State: asset.InUse, Revision: 1},
	{Number: "S-2", Name: "disk", Kind: asset.Attached, Quantity: 2, State: asset.InUse, Parent: "S-1", Revision: 1},
}

// fakeRegister is a register of two assets that lets everybody in.
type fakeRegister struct{}

func (fakeRegister) MayReadAssets(desk.Caller) error { return nil }
func (fakeRegister) MayKeepAssets(desk.Caller) error { return nil }
func (fakeRegister) Assets(context.Context, desk.Caller, asset.Query) (asset.List, error) {
	return asset.List{Items: devices, Total: 2}, nil
}

func (fakeRegister) Asset(context.Context, desk.Caller, string) (asset.View, error) {
	return asset.View{Asset: devices[0], Warranty: asset.UnknownWarranty, Children: devices[1:]}, nil
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

func (fakeRegister) ImportAssets(context.Context, desk.Caller, string, io.Reader, bool) (asset.ImportResult, error) {
	return asset.ImportResult{Rows: []asset.RowFate{{Row: 2, Number: "S-1", Fate: asset.FateRefused, Errors: []asset.CellError{{Row: 2, Column: "C", Reason: apperr.FieldRequired}}}}, Refused: 1}, nil
}
