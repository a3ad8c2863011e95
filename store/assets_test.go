package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/asset"
	"yunwei/store"
	"yunwei/store/storetest"
)

func save(a asset.Asset) store.AssetSave {
	a.UpdatedAt = time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC)
	return store.AssetSave{Asset: a, Change: asset.Change{Revision: a.Revision, At: a.UpdatedAt, By: "liaison", Name: "接口人", Fields: asset.Changes(asset.Asset{}, a)}}
}

func device(number, parent string) asset.Asset {
	return asset.Asset{Number: number, Name: "前置服务器", Kind: asset.Hardware, Model: "RH2288H V3", Vendor: "华为", Quantity: 1, Parent: parent, State: asset.InUse, Accepted: "2023-11-26", Revision: 1}
}

func TestAssets_KeptFoundAndChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		other := device("A-000041", "")
		other.Name, other.Kind, other.System, other.Accepted = "达梦数据库", asset.Software, "OA", ""
		require.NoError(t, s.SaveAssets(ctx, []store.AssetSave{save(device("SRV-1", "RACK-1")), save(device("RACK-1", "")), save(other)}))
		require.ErrorIs(t, s.SaveAssets(ctx, []store.AssetSave{save(device("srv-1", ""))}), store.ErrConflict)

		found, err := s.Asset(ctx, "srv-1")
		require.NoError(t, err)
		require.Equal(t, save(device("SRV-1", "RACK-1")).Asset, found)
		for name, c := range map[string]struct {
			q    asset.Query
			want []string
		}{
			"all":         {asset.Query{}, []string{"A-000041", "RACK-1", "SRV-1"}},
			"text":        {asset.Query{Text: "置服"}, []string{"RACK-1", "SRV-1"}},
			"model":       {asset.Query{Text: "rh2288h v3", Kind: asset.Hardware}, []string{"RACK-1", "SRV-1"}},
			"percent":     {asset.Query{Text: "%"}, nil},
			"parent":      {asset.Query{Parent: "rack-1"}, []string{"SRV-1"}},
			"unknown":     {asset.Query{Warranty: asset.UnknownWarranty}, []string{"A-000041"}},
			"in warranty": {asset.Query{Warranty: asset.InWarranty}, []string{"RACK-1", "SRV-1"}},
			"out":         {asset.Query{Warranty: asset.OutOfWarranty}, nil},
			"system":      {asset.Query{System: "OA", State: asset.InUse}, []string{"A-000041"}},
		} {
			c.q.PageSize = 10
			list, err := s.Assets(ctx, c.q, "2026-11-25")
			require.NoError(t, err, name)
			var numbers []string
			for _, a := range list.Items {
				numbers = append(numbers, a.Number)
			}
			require.Equal(t, c.want, numbers, name)
			require.Equal(t, len(c.want), list.Total, name)
		}
		page, err := s.Assets(ctx, asset.Query{After: "a-000041", PageSize: 1}, "2026-11-25")
		require.NoError(t, err)
		require.Equal(t, "RACK-1", page.Next)
		next, err := s.NextAssetNumber(ctx)
		require.NoError(t, err)
		require.Equal(t, 42, next)
		facets, err := s.AssetFacets(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"OA"}, facets.Systems)
	})
}

func TestAssets_RefuseARevisionThatPassedAndACircle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		require.NoError(t, s.SaveAssets(ctx, []store.AssetSave{save(device("RACK-1", "")), save(device("SRV-1", "RACK-1"))}))
		second := device("RACK-1", "")
		second.Revision, second.Location = 2, "机房"
		require.NoError(t, s.SaveAssets(ctx, []store.AssetSave{save(second)}))
		require.ErrorIs(t, s.SaveAssets(ctx, []store.AssetSave{save(device("NEW-1", "")), save(second)}), store.ErrConflict)
		_, err := s.Asset(ctx, "NEW-1")
		require.ErrorIs(t, err, store.ErrNotFound, "all or nothing")
		third := second
		third.Revision, third.Parent = 3, "SRV-1"
		require.ErrorIs(t, s.SaveAssets(ctx, []store.AssetSave{save(third)}), store.ErrParent)
		require.ErrorIs(t, s.SaveAssets(ctx, []store.AssetSave{save(device("NEW-1", "GONE-1"))}), store.ErrParent)
		history, err := s.AssetHistory(ctx, "rack-1", 3, 10)
		require.NoError(t, err)
		require.Len(t, history, 2)
		require.Equal(t, 2, history[0].Revision)
		require.Contains(t, history[0].Fields, asset.FieldChange{Field: "location", To: "机房"})
	})
}
