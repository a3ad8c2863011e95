package asset

import "strings"

// headings are what the columns of a sheet are called, in small letters, by field; a field's own name counts, too.
var headings = map[string][]string{
	"number":         {"编号", "资产编号", "asset number", "asset no."},
	"name":           {"名称", "设备名称", "资产名称", "asset name"},
	"kind":           {"类别", "资产类别", "type"},
	"vendor":         {"厂商", "品牌", "厂家", "manufacturer"},
	"model":          {"型号", "规格型号"},
	"unit":           {"单位", "计量单位"},
	"quantity":       {"数量", "qty"},
	"serial":         {"序列号", "sn", "serial number"},
	"location":       {"位置", "存放位置", "安装位置"},
	"owner":          {"使用单位", "所属单位", "owner unit"},
	"system":         {"系统", "所属系统"},
	"version":        {"版本"},
	"patch":          {"补丁", "补丁级别", "patch level"},
	"address":        {"地址", "ip", "ip地址", "主机名", "host"},
	"parent":         {"上级资产", "上级编号", "part of"},
	"contract":       {"合同", "合同编号"},
	"commissioned":   {"投运日期", "commissioned on"},
	"accepted":       {"终验日期", "final acceptance"},
	"warranty_until": {"质保截止", "质保到期", "warranty until"},
	"state":          {"状态"},
	"note":           {"备注", "remarks"},
}

// words of kinds and states, as people write them.
var terms = map[string]map[string]string{
	"kind": {"硬件": "hardware", "硬件设备": "hardware", "软件": "software", "软件产品": "software", "附属设备": "attached", "附件": "attached"},
	"state": {
		"在用": "in_use", "使用中": "in_use", "in use": "in_use", "备用": "spare", "维修中": "repair", "维修": "repair", "in repair": "repair", "已报废": "retired", "报废": "retired",
	},
}

// FieldOf returns the field that a heading stands for; empty for one that nothing is known by.
func FieldOf(heading string) string {
	h := strings.ToLower(strings.TrimSpace(heading))
	for _, a := range attributes {
		if h == a.Name {
			return a.Name
		}
		for _, known := range headings[a.Name] {
			if h == known {
				return a.Name
			}
		}
	}
	return ""
}

// meant returns a cell as the field has it: terms by their names here, dates with dashes, and texts that an export kept from
// being read as formulas without the sign that did so.
func meant(field, cell string) string {
	cell = strings.TrimSpace(cell)
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@", rune(cell[1])) {
		cell = cell[1:]
	}
	if term, ok := terms[field][strings.ToLower(cell)]; ok {
		return term
	}
	switch field {
	case "kind", "state":
		return strings.ToLower(cell)
	case "commissioned", "accepted", "warranty_until":
		return dashed(cell)
	}
	return cell
}

// dashed turns 2026/2/17 into 2026-02-17 and leaves what is no such date.
func dashed(cell string) string {
	parts := strings.FieldsFunc(cell, func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	if len(parts) != 3 || len(parts[0]) != 4 {
		return cell
	}
	for i := range parts[1:] {
		if len(parts[i+1]) == 1 {
			parts[i+1] = "0" + parts[i+1]
		}
	}
	return strings.Join(parts, "-")
}
