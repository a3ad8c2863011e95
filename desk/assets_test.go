package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/asset"
)

func TestAssets_AddedChangedAndImported(t *testing.T) {
	v := newTown(t)
	ctx, by := t.Context(), v.as("technician")
	_, err := v.AddAsset(ctx, v.as("reporter"), asset.Asset{Name: "服务器", Kind: asset.Hardware})
	requireCode(t, apperr.Forbidden, err)
	a, err := v.AddAsset(ctx, by, asset.Asset{Name: "服务器", Kind: asset.Hardware})
	require.NoError(t, err)
	require.Equal(t, "A-000001", a.Number)
	_, err = v.AddAsset(ctx, by, asset.Asset{Number: "a-000001", Name: "另一台", Kind: asset.Hardware})
	requireCode(t, apperr.Conflict, err)
	a.Location = "机房"
	changed, err := v.ChangeAsset(ctx, by, a)
	require.NoError(t, err)
	require.Equal(t, 2, changed.Revision)
	_, err = v.ChangeAsset(ctx, by, a)
	requireCode(t, apperr.StaleVersion, err)

	dry, err := v.ImportAssets(ctx, by, asset.SampleSheet(), true)
	require.NoError(t, err)
	require.False(t, dry.Applied)
	done, err := v.ImportAssets(ctx, by, asset.SampleSheet(), false)
	require.NoError(t, err)
	require.True(t, done.Applied)
	require.Equal(t, 13, done.Added)
	again, err := v.ImportAssets(ctx, by, asset.SampleSheet(), false)
	require.NoError(t, err)
	require.Equal(t, 13, again.Unchanged)
	told, err := v.AssetForReport(ctx, v.as("reporter"), "p-01")
	require.NoError(t, err)
	require.Equal(t, "前置服务器", told.Name)
}
