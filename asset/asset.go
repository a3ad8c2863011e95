// Package asset is the register of what the contractor keeps running (chapter 1.1 of the plan, 信息资产统计): devices, programs
// and what is attached to them, each with its model and version, its warranty, and the history of what was changed. It is pure:
// time comes in as an argument.
package asset

import "time"

// Kind is what an asset is (chapter 1.1: hardware, software, other attached devices).
type Kind string

// The kinds.
const (
	Hardware Kind = "hardware" // 硬件设备
	Software Kind = "software" // 软件产品
	Attached Kind = "attached" // 附属设备
)

// Kinds returns every kind.
func Kinds() []Kind { return []Kind{Hardware, Software, Attached} }

// State is where an asset is in its life.
type State string

// The states.
const (
	InUse   State = "in_use"  // 在用
	Spare   State = "spare"   // 备用
	Repair  State = "repair"  // 维修中
	Retired State = "retired" // 已报废
)

// States returns every state.
func States() []State { return []State{InUse, Spare, Repair, Retired} }

// Date is a day of the site's calendar, as 2006-01-02; empty when nobody said. It is a text, so that what was typed and is no day
// is still there to be shown when Check has refused it.
type Date string

// Asset is one line of the register: a single thing, or several alike that nobody tells apart (Quantity).
type Asset struct {
	Number   string `json:"number"` // read on the label; unique, never changes
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Model    string `json:"model,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	Unit     string `json:"unit,omitempty"` // of Quantity: 台, 套
	Quantity int    `json:"quantity"`       // from 1
	Serial   string `json:"serial,omitempty"`
	Location string `json:"location,omitempty"`
	Owner    string `json:"owner,omitempty"` // the client's unit that it belongs to
	System   string `json:"system,omitempty"`
	Version  string `json:"version,omitempty"`
	Patch    string `json:"patch,omitempty"`
	Address  string `json:"address,omitempty"` // host name or IP under which checks and alerts know it
	Parent   string `json:"parent,omitempty"`  // number of what it runs on or is built into
	Contract string `json:"contract,omitempty"`
	Note     string `json:"note,omitempty"`

	Commissioned  Date `json:"commissioned,omitempty"`   // 投运日期
	Accepted      Date `json:"accepted,omitempty"`       // 终验日期
	WarrantyUntil Date `json:"warranty_until,omitempty"` // as a contract says it; empty: WarrantyYears from Accepted

	State State `json:"state"`

	// Revision counts the changes, from 1: who saves names the one that they saw.
	Revision  int       `json:"revision"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// WarrantyYears is how long the warranty runs from the final acceptance, unless a contract says otherwise (chapter 2.1.1: 3年质保期).
const WarrantyYears = 3

// Warranty says whether an asset is in its warranty.
type Warranty string

// The answers.
const (
	InWarranty      Warranty = "in"
	OutOfWarranty   Warranty = "out"
	UnknownWarranty Warranty = "unknown" // neither a date of acceptance nor an end is known
)

// Warranties returns every answer.
func Warranties() []Warranty { return []Warranty{InWarranty, OutOfWarranty, UnknownWarranty} }

// Ends returns the last day of the warranty; empty when it is unknown. A warranty of three years from 1 March ends with the
// last day of February.
func (a Asset) Ends() Date {
	if a.WarrantyUntil != "" {
		return a.WarrantyUntil
	}
	accepted, err := time.Parse(time.DateOnly, string(a.Accepted))
	if err != nil {
		return ""
	}
	return Date(accepted.AddDate(WarrantyYears, 0, -1).Format(time.DateOnly))
}

// WarrantyOn says whether the asset is in its warranty on a day; the last day still is.
func (a Asset) WarrantyOn(day Date) Warranty {
	switch end := a.Ends(); {
	case end == "":
		return UnknownWarranty
	case day > end:
		return OutOfWarranty
	}
	return InWarranty
}
