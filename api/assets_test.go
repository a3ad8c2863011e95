package api_test

import (
	"context"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/desk"
)

// fakeRegister is a register of assets that holds none and lets everybody in.
type fakeRegister struct{}

func (fakeRegister) MayReadAssets(desk.Caller) error { return nil }
func (fakeRegister) MayKeepAssets(desk.Caller) error { return nil }
func (fakeRegister) Assets(context.Context, desk.Caller, asset.Query) (asset.List, error) {
	return asset.List{}, nil
}

func (fakeRegister) Asset(context.Context, desk.Caller, string) (asset.View, error) {
	return asset.View{}, apperr.New(apperr.NotFound, apperr.ReasonAssetUnknown, nil)
}

func (fakeRegister) AssetHistory(context.Context, desk.Caller, string, int, int) (asset.History, error) {
	return asset.History{}, apperr.New(apperr.NotFound, apperr.ReasonAssetUnknown, nil)
}

func (fakeRegister) AddAsset(_ context.Context, _ desk.Caller, a asset.Asset) (asset.Asset, error) {
	return a, nil
}

func (fakeRegister) ChangeAsset(_ context.Context, _ desk.Caller, a asset.Asset) (asset.Asset, error) {
	return a, nil
}

func (fakeRegister) ImportAssets(context.Context, desk.Caller, asset.Sheet, bool) (asset.ImportResult, error) {
	return asset.ImportResult{}, nil
}

func (fakeRegister) ExportAssets(context.Context, desk.Caller, asset.Query) ([]asset.Asset, error) {
	return nil, nil
}
