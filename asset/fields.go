package asset

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
)

// Bounds of what an asset holds.
const (
	maxNumber   = 64
	maxName     = 200
	maxShort    = 100
	maxAddress  = 253 // as long as a host name can be
	maxNote     = 2000
	maxUnit     = 20
	maxQuantity = 1_000_000
)

// The years of an asset's dates: what is further away is a slip of the pen.
const (
	firstYear = 1980
	lastYear  = 2100
)

// attribute is something that people say of an asset: its description, and how it is read and written as text.
type attribute struct {
	defect.Field
	get func(*Asset) string
	set func(*Asset, string)
}

// attributes are all there are, in the order in which a form and a sheet show them.
var attributes = []attribute{
	words("number", maxNumber, func(a *Asset) *string { return &a.Number }),
	words("name", maxName, func(a *Asset) *string { return &a.Name }).required(),
	chosen("kind", Kinds(), func(a *Asset) *Kind { return &a.Kind }).required(),
	words("vendor", maxShort, func(a *Asset) *string { return &a.Vendor }),
	words("model", maxName, func(a *Asset) *string { return &a.Model }),
	words("unit", maxUnit, func(a *Asset) *string { return &a.Unit }),
	{Field: defect.Field{Name: "quantity", Type: defect.TypeInteger, Min: 1, Max: maxQuantity, Required: true}, get: quantity, set: setQuantity},
	words("serial", maxShort, func(a *Asset) *string { return &a.Serial }),
	words("location", maxName, func(a *Asset) *string { return &a.Location }),
	words("owner", maxName, func(a *Asset) *string { return &a.Owner }),
	words("system", maxName, func(a *Asset) *string { return &a.System }),
	words("version", maxShort, func(a *Asset) *string { return &a.Version }),
	words("patch", maxShort, func(a *Asset) *string { return &a.Patch }),
	words("address", maxAddress, func(a *Asset) *string { return &a.Address }),
	words("parent", maxNumber, func(a *Asset) *string { return &a.Parent }),
	words("contract", maxName, func(a *Asset) *string { return &a.Contract }),
	day("commissioned", func(a *Asset) *Date { return &a.Commissioned }),
	day("accepted", func(a *Asset) *Date { return &a.Accepted }),
	day("warranty_until", func(a *Asset) *Date { return &a.WarrantyUntil }),
	chosen("state", States(), func(a *Asset) *State { return &a.State }).required(),
	words("note", maxNote, func(a *Asset) *string { return &a.Note }),
}

func words(name string, limit int, of func(*Asset) *string) attribute {
	return attribute{Field: defect.Field{Name: name, Type: defect.TypeText, Max: limit}, get: func(a *Asset) string { return *of(a) }, set: func(a *Asset, s string) { *of(a) = s }}
}

func chosen[T ~string](name string, all []T, of func(*Asset) *T) attribute {
	f := defect.Field{Name: name, Type: defect.TypeText}
	for _, one := range all {
		f.Enum = append(f.Enum, string(one))
	}
	return attribute{Field: f, get: func(a *Asset) string { return string(*of(a)) }, set: func(a *Asset, s string) { *of(a) = T(s) }}
}

func day(name string, of func(*Asset) *Date) attribute {
	return attribute{Field: defect.Field{Name: name, Type: defect.TypeDate}, get: func(a *Asset) string { return string(*of(a)) }, set: func(a *Asset, s string) { *of(a) = Date(s) }}
}

func (a attribute) required() attribute { a.Required = true; return a }

func quantity(a *Asset) string { return strconv.Itoa(a.Quantity) }

// setQuantity leaves what is empty open, and makes of what is no number a quantity that Check refuses.
func setQuantity(a *Asset, s string) {
	a.Quantity = 0
	if s == "" {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n == 0 {
		n = -1
	}
	a.Quantity = n
}

// Fields describes what people say of an asset, in the order in which a form shows it. The number may be left open where an
// asset is added: one is suggested then.
func Fields() []defect.Field {
	out := make([]defect.Field, len(attributes))
	for i, a := range attributes {
		out[i] = a.Field
	}
	return out
}

// Text returns what an asset has in a field, as text; empty for a field that is none.
func (a Asset) Text(field string) string {
	i := slices.IndexFunc(attributes, func(b attribute) bool { return b.Name == field })
	if i < 0 {
		return ""
	}
	return attributes[i].get(&a)
}

// Key is a number as numbers are compared: capitals do not tell two assets apart.
func Key(number string) string { return strings.ToLower(strings.TrimSpace(number)) }

// A number is read from a label and stands in an address. With a digit in it, it is never one of the console's own words.
var (
	numberForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)
	digit      = regexp.MustCompile(`\d`)
)

// IsNumber reports whether a text can be the number of an asset: letters, digits, dashes and dots, a digit among them, 64 at most.
func IsNumber(s string) bool { return numberForm.MatchString(s) && digit.MatchString(s) }

// Tidied returns the asset without blanks around what people wrote, one piece and in use where nothing else is said.
func (a Asset) Tidied() Asset {
	for _, one := range attributes {
		if one.Type == defect.TypeText || one.Type == defect.TypeDate {
			one.set(&a, strings.TrimSpace(one.get(&a)))
		}
	}
	if a.Quantity == 0 {
		a.Quantity = 1
	}
	if a.State == "" {
		a.State = InUse
	}
	return a
}

// Check returns all that is amiss with an asset on a day, by field; nothing when it may be kept. It does not know which other
// assets there are: see CheckParent.
func (a Asset) Check(today Date) apperr.Fields {
	doc := map[string]any{}
	for _, one := range attributes {
		if s := one.get(&a); s != "" {
			doc[one.Name] = s
		}
	}
	doc["quantity"] = float64(a.Quantity)
	var wrong apperr.Fields
	defect.CheckFields(Fields(), doc, &wrong)
	if a.Number != "" && !IsNumber(a.Number) && !has(wrong, "number") {
		wrong.Add("number", apperr.FieldAssetNumber, nil)
	}
	if a.Parent != "" && Key(a.Parent) == Key(a.Number) {
		wrong.Add("parent", apperr.FieldAssetItself, nil)
	}
	a.checkDates(today, &wrong)
	return wrong
}

func (a Asset) checkDates(today Date, wrong *apperr.Fields) {
	for _, f := range []struct {
		name string
		day  Date
		past bool // it tells of something that has happened
	}{{"commissioned", a.Commissioned, true}, {"accepted", a.Accepted, true}, {"warranty_until", a.WarrantyUntil, false}} {
		t, err := time.Parse(time.DateOnly, string(f.day))
		switch {
		case f.day == "" || has(*wrong, f.name):
		case err != nil:
			wrong.Add(f.name, apperr.FieldDate, nil)
		case t.Year() < firstYear || t.Year() > lastYear:
			wrong.Add(f.name, apperr.FieldRange, apperr.Args{"min": strconv.Itoa(firstYear), "max": strconv.Itoa(lastYear)})
		case f.past && f.day > today:
			wrong.Add(f.name, apperr.FieldFuture, nil)
		}
	}
	if a.WarrantyUntil != "" && a.WarrantyUntil < a.Accepted && !has(*wrong, "warranty_until") {
		wrong.Add("warranty_until", apperr.FieldPeriod, nil)
	}
}

func has(wrong apperr.Fields, field string) bool {
	return slices.ContainsFunc(wrong, func(f apperr.Field) bool { return f.Field == field })
}

// Set puts a text into a field, without blanks around it, and reports whether there is such a field. What is no number becomes a
// quantity that Check refuses.
func (a *Asset) Set(field, text string) bool {
	i := slices.IndexFunc(attributes, func(b attribute) bool { return b.Name == field })
	if i >= 0 {
		attributes[i].set(a, strings.TrimSpace(text))
	}
	return i >= 0
}
