package lang_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/asset"
	"yunwei/lang"
)

func init() {
	further = append(further, func(*testing.T) []string {
		keys := []string{"asset.facts"}
		for _, f := range asset.Fields() {
			keys = append(keys, "asset.field."+f.Name)
		}
		for _, k := range asset.Kinds() {
			keys = append(keys, "asset.kind."+string(k))
		}
		for _, s := range asset.States() {
			keys = append(keys, "asset.state."+string(s))
		}
		for _, w := range asset.Warranties() {
			keys = append(keys, "asset.warranty."+string(w))
		}
		for _, f := range asset.Fates() {
			keys = append(keys, "asset.fate."+string(f))
		}
		return keys
	})
}

func TestAssetRow_IsReadAgainAsItWasWritten(t *testing.T) {
	a := asset.Asset{Number: "SRV-1", Name: "服务器", Kind: asset.Attached, Quantity: 3, State: asset.Repair, Accepted: "2025-03-01"}
	for _, l := range lang.Langs() {
		var cells []string
		for _, v := range l.AssetRow(a) {
			cells = append(cells, fmt.Sprint(v))
		}
		r, err := asset.Read(asset.Sheet{l.AssetHeadings(), cells})
		require.NoError(t, err)
		require.Empty(t, r.Ignored)
		result, _ := r.Apply(map[string]asset.Asset{"srv-1": a}, nil, 1, "2026-11-25")
		require.Equal(t, 1, result.Unchanged, "%s: %+v", l, result.Rows)
	}
}
