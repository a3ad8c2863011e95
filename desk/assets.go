package desk

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/defect"
	"yunwei/store"
)

// MayReadAssets returns why the caller may not read the register of assets, or nil. It is the contractor's and the auditors'.
func (d *Desk) MayReadAssets(by Caller) error {
	if !defect.SeesAll(by.Person) {
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

// AssetDay is today at the site, by which warranties are told.
func (d *Desk) AssetDay() asset.Date { return asset.Date(d.now().In(d.Zone()).Format(time.DateOnly)) }

// Assets lists assets by number. Forbidden.
func (d *Desk) Assets(ctx context.Context, by Caller, q asset.Query) (asset.List, error) {
	if err := d.MayReadAssets(by); err != nil {
		return asset.List{}, err
	}
	return d.assets(ctx, q)
}

func (d *Desk) assets(ctx context.Context, q asset.Query) (list asset.List, err error) {
	if q.PageSize <= 0 {
		q.PageSize = asset.DefaultPageSize
	}
	q.PageSize = min(q.PageSize, asset.MaxPageSize)
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.Assets(ctx, q, d.AssetDay())
		return err
	})
	return list, ofAsset(err, "")
}

// Asset returns an asset and where it stands. Forbidden, NotFound.
func (d *Desk) Asset(ctx context.Context, by Caller, number string) (asset.View, error) {
	if err := d.MayReadAssets(by); err != nil {
		return asset.View{}, err
	}
	a, err := d.storedAsset(ctx, number)
	if err != nil {
		return asset.View{}, err
	}
	v := asset.View{Asset: a, Warranty: a.WarrantyOn(d.AssetDay())}
	if v.Parents, err = d.above(ctx, a); err != nil {
		return asset.View{}, err
	}
	children, err := d.assets(ctx, asset.Query{Parent: a.Number, PageSize: asset.MaxChildren})
	v.Children, v.MoreChildren = children.Items, children.Next != ""
	return v, err
}

// above returns what an asset is a part of, the outermost first.
func (d *Desk) above(ctx context.Context, a asset.Asset) ([]asset.Asset, error) {
	var out []asset.Asset
	for a.Parent != "" && len(out) < asset.MaxDepth {
		parent, err := d.storedAsset(ctx, a.Parent)
		if err != nil {
			return nil, err
		}
		out, a = append(out, parent), parent
	}
	slices.Reverse(out)
	return out, nil
}

func (d *Desk) storedAsset(ctx context.Context, number string) (a asset.Asset, err error) {
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		a, err = d.store.Asset(ctx, number)
		return err
	})
	return a, ofAsset(err, number)
}

// ofAsset is what an error of the store means to who looks after the assets.
func ofAsset(err error, number string) error {
	args := apperr.Args{"number": cut(number, maxUsername)}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return apperr.New(apperr.NotFound, apperr.ReasonAssetUnknown, args)
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrParent):
		return apperr.New(apperr.StaleVersion, apperr.ReasonAssetVersion, nil)
	}
	return apperr.Of(err)
}

// AssetForReport returns what whoever reports a defect may know of an asset: number, name, kind, model, location, owner,
// system and state. NotFound.
func (d *Desk) AssetForReport(ctx context.Context, _ Caller, number string) (asset.Asset, error) {
	a, err := d.storedAsset(ctx, number)
	return asset.Asset{Number: a.Number, Name: a.Name, Kind: a.Kind, Model: a.Model, Location: a.Location, Owner: a.Owner, System: a.System, State: a.State}, err
}

// AssetHistory returns the changes of an asset before a revision, or the latest where before is 0, the latest first.
// Forbidden, NotFound.
func (d *Desk) AssetHistory(ctx context.Context, by Caller, number string, before, limit int) (asset.History, error) {
	if err := d.MayReadAssets(by); err != nil {
		return asset.History{}, err
	}
	if _, err := d.storedAsset(ctx, number); err != nil {
		return asset.History{}, err
	}
	if before <= 0 {
		before = math.MaxInt32
	}
	limit = max(min(limit, asset.MaxPageSize), 1)
	var h asset.History
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		h.Items, err = d.store.AssetHistory(ctx, number, before, limit+1)
		return err
	})
	if len(h.Items) > limit {
		h.Items, h.Next = h.Items[:limit], h.Items[limit-1].Revision
	}
	return h, ofAsset(err, number)
}

// AssetFacets returns the values that lists are filtered by. Forbidden.
func (d *Desk) AssetFacets(ctx context.Context, by Caller) (f asset.Facets, err error) {
	if err := d.MayReadAssets(by); err != nil {
		return f, err
	}
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		f, err = d.store.AssetFacets(ctx)
		return err
	})
	return f, ofAsset(err, "")
}

// assetLister is what EachAsset goes on: the desk, and what stands for it in tests.
type assetLister interface {
	Assets(ctx context.Context, by Caller, q asset.Query) (asset.List, error)
}

// EachAsset calls each with every asset that q finds, by number, and ends at its first error. The errors are those of Assets.
func EachAsset(ctx context.Context, from assetLister, by Caller, q asset.Query, each func(asset.Asset) error) error {
	q.After, q.PageSize = "", asset.MaxPageSize
	for {
		page, err := from.Assets(ctx, by, q)
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			if err := each(a); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}
