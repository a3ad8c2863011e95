package desk

import (
	"context"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/defect"
)

// AssetFile is a sheet of assets as it was sent.
type AssetFile struct {
	Name    string // with its ending: .csv or .xlsx
	Content []byte
}

// MaxAssetFile is how large a sheet of assets may be, in bytes.
const MaxAssetFile = 8 << 20

// MayReadAssets returns why the caller may not read the register of assets, or nil. It is the contractor's and the auditors'.
func (d *Desk) MayReadAssets(by Caller) error {
	if !by.Has(defect.RoleAgent, defect.RoleTechnician, defect.RoleBusiness, defect.RoleSupervisor, defect.RoleLiaison, defect.RoleExpert, defect.RoleInspector, defect.RoleAdmin, defect.RoleAuditor) {
		return apperr.New(apperr.Forbidden, apperr.ReasonAssetsRead, nil)
	}
	return nil
}

// MayKeepAssets returns why the caller may not change the register of assets, or nil.
func (d *Desk) MayKeepAssets(by Caller) error {
	if !by.Has(defect.RoleAgent, defect.RoleTechnician, defect.RoleLiaison, defect.RoleAdmin) {
		return apperr.New(apperr.Forbidden, apperr.ReasonAssetsKeep, nil)
	}
	return nil
}

// Assets lists assets by number. Forbidden, Invalid.
func (d *Desk) Assets(ctx context.Context, by Caller, q asset.Query) (asset.List, error) {
	return asset.List{}, errAway
}

// Asset returns an asset and where it stands. Forbidden, NotFound.
func (d *Desk) Asset(ctx context.Context, by Caller, number string) (asset.View, error) {
	return asset.View{}, errAway
}

// AssetForReport returns what whoever reports a defect may know of an asset: number, name, kind, model, location, owner,
// system and state. NotFound.
func (d *Desk) AssetForReport(ctx context.Context, by Caller, number string) (asset.Asset, error) {
	return asset.Asset{}, errAway
}

// AssetHistory returns the changes of an asset before a revision, or the latest where before is 0, the latest first.
// Forbidden, NotFound.
func (d *Desk) AssetHistory(ctx context.Context, by Caller, number string, before, limit int) (asset.History, error) {
	return asset.History{}, errAway
}

// AssetFacets returns the values that lists are filtered by. Forbidden.
func (d *Desk) AssetFacets(ctx context.Context, by Caller) (asset.Facets, error) {
	return asset.Facets{}, errAway
}

// AddAsset adds an asset and returns it, under a number that is suggested where it has none. Forbidden, Invalid, Conflict for
// a number that another has.
func (d *Desk) AddAsset(ctx context.Context, by Caller, a asset.Asset) (asset.Asset, error) {
	return asset.Asset{}, errAway
}

// ChangeAsset changes an asset to what it is given as, and returns it; Revision is that of the asset which its author saw.
// Forbidden, NotFound, Invalid, StaleVersion.
func (d *Desk) ChangeAsset(ctx context.Context, by Caller, a asset.Asset) (asset.Asset, error) {
	return asset.Asset{}, errAway
}

// ImportAssets adds and changes assets as a sheet has them, or says what would become of each row when it is dry. Forbidden;
// Invalid for a sheet that is none: rows that are refused are told of by the result.
func (d *Desk) ImportAssets(ctx context.Context, by Caller, sheet asset.Sheet, dry bool) (asset.ImportResult, error) {
	return asset.ImportResult{}, errAway
}

// ReadAssetFile reads a csv or an xlsx file of assets. Invalid, by the field "file".
func ReadAssetFile(f AssetFile) (asset.Sheet, error) {
	return nil, errAway
}

// ExportAssets returns all assets that are asked for, by number. Forbidden, Invalid.
func (d *Desk) ExportAssets(ctx context.Context, by Caller, q asset.Query) ([]asset.Asset, error) {
	return nil, errAway
}
