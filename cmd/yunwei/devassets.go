package main

import (
	"context"
	"fmt"
	"time"

	"yunwei/asset"
	"yunwei/store"
)

// demoAssets puts the plan's own list of assets into a register that is empty.
func demoAssets(ctx context.Context, db *store.Store) error {
	list, err := db.Assets(ctx, asset.Query{PageSize: 1}, "")
	if err != nil || list.Total > 0 {
		return err
	}
	now := time.Now().UTC()
	var saves []store.AssetSave
	for _, a := range asset.Sample() {
		a.Revision, a.UpdatedAt = 1, now
		saves = append(saves, store.AssetSave{Asset: a, Change: asset.Change{Revision: 1, At: now, By: "admin", Name: "管理员", Fields: asset.Changes(asset.Asset{}, a)}})
	}
	if err := db.SaveAssets(ctx, saves); err != nil {
		return fmt.Errorf("demo assets: %w", err)
	}
	return nil
}
