package desk

import (
	"context"
	"errors"
	"io"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/store"
)

// suggestions is how often another number is suggested when somebody else was given the one before at the same time.
const suggestions = 5

// AddAsset adds an asset and returns it, under a number that is suggested where it has none. Forbidden, Invalid, Conflict for
// a number that another has.
func (d *Desk) AddAsset(ctx context.Context, by Caller, a asset.Asset) (asset.Asset, error) {
	if err := d.MayKeepAssets(by); err != nil {
		return asset.Asset{}, err
	}
	a = a.Tidied()
	a.Revision = 1
	open := a.Number == ""
	for try := 1; ; try++ {
		if open {
			next, err := d.nextAsset(ctx)
			if err != nil {
				return asset.Asset{}, err
			}
			a.Number = asset.Suggested(next)
		}
		if err := d.checkAsset(ctx, a); err != nil {
			return asset.Asset{}, err
		}
		saved, err := d.saveAssets(ctx, by, []asset.Asset{a}, nil)
		switch {
		case err == nil:
			return saved[0], nil
		case !errors.Is(err, store.ErrConflict):
			return asset.Asset{}, ofAsset(err, a.Number)
		case !open || try == suggestions:
			taken := apperr.New(apperr.Conflict, apperr.ReasonAssetTaken, apperr.Args{"number": a.Number})
			taken.Fields = []apperr.Field{{Field: "number", Reason: apperr.FieldAssetTaken}}
			return asset.Asset{}, taken
		}
	}
}

func (d *Desk) nextAsset(ctx context.Context) (n int, err error) {
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		n, err = d.store.NextAssetNumber(ctx)
		return err
	})
	return n, ofAsset(err, "")
}

// checkAsset returns what is amiss with an asset, its parent too.
func (d *Desk) checkAsset(ctx context.Context, a asset.Asset) error {
	wrong := a.Check(d.AssetDay())
	if err := wrong.Err(); err != nil || a.Parent == "" {
		return err
	}
	parents, err := d.assetParents(ctx, []string{asset.Key(a.Parent)})
	if err != nil {
		return err
	}
	a.CheckParent(parents, &wrong)
	return wrong.Err()
}

func (d *Desk) assetParents(ctx context.Context, keys []string) (parents map[string]string, err error) {
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		parents, err = d.store.AssetParents(ctx, keys)
		return err
	})
	return parents, ofAsset(err, "")
}

// saveAssets saves assets and returns them as they are kept; before holds, by key, those that there were. Its errors are the
// store's.
func (d *Desk) saveAssets(ctx context.Context, by Caller, all []asset.Asset, before map[string]asset.Asset) ([]asset.Asset, error) {
	now := d.now().UTC()
	saves := make([]store.AssetSave, len(all))
	out := make([]asset.Asset, len(all))
	for i, a := range all {
		was := before[asset.Key(a.Number)]
		a.Revision, a.UpdatedAt = was.Revision+1, now
		out[i] = a
		saves[i] = store.AssetSave{Asset: a, Change: asset.Change{Revision: a.Revision, At: now, By: by.Username, Name: by.Name, Fields: asset.Changes(was, a)}}
	}
	err := d.write(ctx, listPatience, func(ctx context.Context) error { return d.store.SaveAssets(ctx, saves) })
	if err == nil {
		d.log.InfoContext(ctx, "assets were saved", "assets", len(all), "first", out[0].Number, "by", by.Username)
	}
	return out, err
}

// ChangeAsset changes an asset to what it is given as, and returns it; Revision is that of the asset which its author saw. A
// change that changes nothing is none. Forbidden, NotFound, Invalid, StaleVersion.
func (d *Desk) ChangeAsset(ctx context.Context, by Caller, a asset.Asset) (asset.Asset, error) {
	if err := d.MayKeepAssets(by); err != nil {
		return asset.Asset{}, err
	}
	before, err := d.storedAsset(ctx, a.Number)
	if err != nil {
		return asset.Asset{}, err
	}
	if a.Revision != before.Revision {
		return asset.Asset{}, apperr.New(apperr.StaleVersion, apperr.ReasonAssetVersion, nil)
	}
	a.Number = before.Number
	a = a.Tidied()
	if len(asset.Changes(before, a)) == 0 {
		return before, nil
	}
	if err := d.checkAsset(ctx, a); err != nil {
		return asset.Asset{}, err
	}
	saved, err := d.saveAssets(ctx, by, []asset.Asset{a}, map[string]asset.Asset{asset.Key(a.Number): before})
	if err != nil {
		return asset.Asset{}, ofAsset(err, a.Number)
	}
	return saved[0], nil
}

// ImportAssets adds and changes assets as a file of a name (csv or xlsx) has them, all or none, or says what would become of each
// row when it is dry. Forbidden, before the file is read; Unreadable; TooLarge; Invalid for a file that holds no sheet of assets; StaleVersion when somebody else changed one meanwhile. Rows that are refused
// are told of by the result.
func (d *Desk) ImportAssets(ctx context.Context, by Caller, name string, body io.Reader, dry bool) (asset.ImportResult, error) {
	if err := d.MayKeepAssets(by); err != nil {
		return asset.ImportResult{}, err
	}
	sheet, err := readAssetFile(name, body)
	if err != nil {
		return asset.ImportResult{}, err
	}
	r, err := asset.Read(sheet)
	if err != nil {
		return asset.ImportResult{}, err
	}
	keys := r.Keys()
	parents, err := d.assetParents(ctx, keys)
	if err != nil {
		return asset.ImportResult{}, err
	}
	next, err := d.nextAsset(ctx)
	if err != nil {
		return asset.ImportResult{}, err
	}
	var known map[string]asset.Asset
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		known, err = d.store.AssetsByKey(ctx, keys)
		return err
	})
	if err != nil {
		return asset.ImportResult{}, ofAsset(err, "")
	}
	result, all := r.Apply(known, parents, next, d.AssetDay())
	if dry || result.Refused > 0 {
		return result, nil
	}
	if len(all) > 0 {
		if _, err := d.saveAssets(ctx, by, all, known); err != nil {
			return asset.ImportResult{}, ofAsset(err, "")
		}
	}
	result.Applied = true
	return result, nil
}
