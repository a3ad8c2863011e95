package lang

import "yunwei/asset"

// AssetHeadings returns what stands above the columns of a table of assets, in the order of AssetRow. A sheet under these is
// read again when it is imported.
func (l Lang) AssetHeadings() []string {
	var out []string
	for _, f := range asset.Fields() {
		out = append(out, l.Term("asset.field."+f.Name))
	}
	return out
}

// AssetRow returns an asset as a row of a table.
func (l Lang) AssetRow(a asset.Asset) []any {
	var row []any
	for _, f := range asset.Fields() {
		switch f.Name {
		case "quantity":
			row = append(row, a.Quantity)
		case "kind", "state":
			row = append(row, l.cell("asset."+f.Name+".", a.Text(f.Name)))
		default:
			row = append(row, a.Text(f.Name))
		}
	}
	return row
}
