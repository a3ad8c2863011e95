package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yunwei/asset"
	"yunwei/defect"
	"yunwei/store"
)

// demoAssets puts the plan's own list of assets into a register that is empty, in the name of the demo liaison.
func demoAssets(ctx context.Context, db *store.Store) error {
	list, err := db.Assets(ctx, asset.Query{PageSize: 1}, "")
	if err != nil || list.Total > 0 {
		return err
	}
	all, err := asset.Sample()
	if err != nil {
		return err
	}
	now, keeper := time.Now().UTC(), demoUsers[slices.IndexFunc(demoUsers, func(p defect.Person) bool { return p.Has(defect.RoleLiaison) })]
	var saves []store.AssetSave
	for _, a := range all {
		a.Revision, a.UpdatedAt = 1, now
		saves = append(saves, store.AssetSave{Asset: a, Change: asset.Change{Revision: 1, At: now, By: keeper.Username, Name: keeper.Name, Fields: asset.Changes(asset.Asset{}, a)}})
	}
	if err := db.SaveAssets(ctx, saves); err != nil {
		return fmt.Errorf("demo assets: %w", err)
	}
	return nil
}
