package asset_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/asset"
)

func server() asset.Asset {
	return asset.Asset{Number: "SRV-1", Name: "服务器", Kind: asset.Hardware, Quantity: 1, State: asset.InUse}
}

func TestSample_IsThePlansList(t *testing.T) {
	all, err := asset.Sample()
	require.NoError(t, err)
	require.Len(t, all, 13)
	require.Equal(t, "前置服务器", all[0].Name)
	require.Equal(t, 5, all[0].Quantity)
	for _, a := range all {
		require.Empty(t, a.Check("2026-11-25"), a.Number)
	}
}

func TestCheck_TellsWhatIsAmiss(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*asset.Asset)
		field  string
		reason apperr.Reason
	}{
		"no name":             {func(a *asset.Asset) { a.Name = "" }, "name", apperr.FieldRequired},
		"a kind of its own":   {func(a *asset.Asset) { a.Kind = "car" }, "kind", apperr.FieldEnum},
		"nothing of it":       {func(a *asset.Asset) { a.Quantity = 0 }, "quantity", apperr.FieldRange},
		"a way up":            {func(a *asset.Asset) { a.Number = "../1" }, "number", apperr.FieldAssetNumber},
		"a word":              {func(a *asset.Asset) { a.Number = "import" }, "number", apperr.FieldAssetNumber},
		"no such day":         {func(a *asset.Asset) { a.Accepted = "2026-02-30" }, "accepted", apperr.FieldDate},
		"accepted tomorrow":   {func(a *asset.Asset) { a.Accepted = "2026-11-26" }, "accepted", apperr.FieldFuture},
		"another century":     {func(a *asset.Asset) { a.WarrantyUntil = "2926-01-01" }, "warranty_until", apperr.FieldRange},
		"over before it runs": {func(a *asset.Asset) { a.Accepted, a.WarrantyUntil = "2026-01-02", "2026-01-01" }, "warranty_until", apperr.FieldPeriod},
		"a part of itself":    {func(a *asset.Asset) { a.Parent = "srv-1" }, "parent", apperr.FieldAssetItself},
	} {
		t.Run(name, func(t *testing.T) {
			a := server()
			c.change(&a)
			wrong := a.Check("2026-11-25")
			require.Len(t, wrong, 1)
			require.Equal(t, c.field, wrong[0].Field)
			require.Equal(t, c.reason, wrong[0].Reason)
		})
	}
	require.Empty(t, server().Check("2026-11-25"))
}

func TestCheckParent_TellsWhatIsAmiss(t *testing.T) {
	a := server()
	a.Parent = "RACK-1"
	deep := map[string]string{"rack-1": "r0"}
	for i := range asset.MaxDepth {
		deep[fmt.Sprintf("r%d", i)] = fmt.Sprintf("r%d", i+1)
	}
	deep[fmt.Sprintf("r%d", asset.MaxDepth)] = ""
	for name, c := range map[string]struct {
		parents map[string]string
		want    apperr.Fields
	}{
		"by itself":           {map[string]string{"rack-1": ""}, nil},
		"not there":           {map[string]string{}, apperr.Fields{{Field: "parent", Reason: apperr.FieldAssetParent, Args: apperr.Args{"number": "RACK-1"}}}},
		"a circle":            {map[string]string{"rack-1": "room-1", "room-1": "srv-1", "srv-1": "rack-1"}, apperr.Fields{{Field: "parent", Reason: apperr.FieldAssetCircle}}},
		"a circle above":      {map[string]string{"rack-1": "room-1", "room-1": "rack-1"}, apperr.Fields{{Field: "parent", Reason: apperr.FieldAssetDepth, Args: apperr.Args{"limit": "16"}}}},
		"more levels than go": {deep, apperr.Fields{{Field: "parent", Reason: apperr.FieldAssetDepth, Args: apperr.Args{"limit": "16"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var wrong apperr.Fields
			a.CheckParent(c.parents, &wrong)
			require.Equal(t, c.want, wrong)
		})
	}
	told := apperr.Fields{{Field: "parent", Reason: apperr.FieldAssetItself}}
	a.CheckParent(map[string]string{}, &told)
	require.Len(t, told, 1, "what was told is not told again")
}

func TestApply_TellsEveryRowsFate(t *testing.T) {
	known := server()
	known.Revision = 3
	r, err := asset.Read(asset.Sheet{
		{"资产编号", "设备名称", "类别", "型号", "数量", "终验日期", "颜色"},
		{"srv-1", "服务器", "硬件设备", "RH2288H", "1", "2025/3/1"},
		{},
		{"", "交换机", "硬件", "'=S5720", "2", ""},
		{"SW-9", "", "软件", "", "many", "2025-13-01"},
		{"sw-9", "数据库", "software", "", "1", ""},
	})
	require.NoError(t, err)
	result, all := r.Apply(map[string]asset.Asset{"srv-1": known}, nil, 7, "2026-11-25")
	require.Equal(t, []string{"颜色"}, result.Ignored)
	require.Equal(t, [4]int{1, 1, 0, 2}, [4]int{result.Added, result.Changed, result.Unchanged, result.Refused})
	require.Equal(t, []asset.FieldChange{{Field: "model", To: "RH2288H"}, {Field: "accepted", To: "2025-03-01"}}, result.Rows[0].Changes)
	require.Equal(t, "A-000007", result.Rows[1].Number)
	require.Equal(t, "=S5720", all[1].Model)
	columns := map[string]apperr.Reason{}
	for _, e := range result.Rows[2].Errors {
		require.Equal(t, 5, e.Row)
		columns[e.Column] = e.Reason
	}
	require.Equal(t, map[string]apperr.Reason{"B": apperr.FieldRequired, "E": apperr.FieldRange, "F": apperr.FieldDate}, columns)
	require.Equal(t, apperr.FieldAssetTwice, result.Rows[3].Errors[0].Reason)
}

func TestRead_RefusesWhatIsNoSheetOfAssets(t *testing.T) {
	for name, s := range map[string]asset.Sheet{
		"nothing": {{""}, {}}, "no name": {{"型号"}, {"x"}}, "a field twice": {{"名称", "name"}, {"x", "y"}}, "too long": append(asset.Sheet{{"name"}}, make(asset.Sheet, asset.MaxRows+1)...),
	} {
		_, err := asset.Read(s)
		require.True(t, apperr.Is(err, apperr.Invalid), name)
	}
}
