package desk

import (
	"yunwei/defect"
	"yunwei/roster"
)

// The fields of what people send about rosters and the duty book, whichever way it comes. Each function returns a list of
// its own.

// longestUser bounds a user name, maxName the name of a roster or a calendar, in characters; what is longer is none.
const (
	longestUser = 200
	maxName     = 100
	maxTurn     = 52 // weeks or days
	maxSaves    = 1_000_000_000
)

// SignOnFields are those of coming on duty.
func SignOnFields() []defect.Field { return append(inShift(), NoteField()) }

// NoteField is a remark that may be left out.
func NoteField() defect.Field {
	return defect.Field{Name: "note", Type: defect.TypeText, Max: defect.MaxText}
}

// LogFields are those of a line of the duty log.
func LogFields() []defect.Field {
	return append(inShift(), defect.Field{Name: "text", Type: defect.TypeText, Max: defect.MaxText, Required: true}, defect.Field{Name: "case", Type: defect.TypeCase, Max: maxName})
}

// HandOverFields are those of a hand-over.
func HandOverFields() []defect.Field {
	return append(inShift(), userField("to", true), defect.Field{Name: "note", Type: defect.TypeText, Max: defect.MaxText, Required: true})
}

// RemarkFields are those of who has read a hand-over.
func RemarkFields() []defect.Field {
	return []defect.Field{{Name: "remark", Type: defect.TypeText, Max: defect.MaxText}}
}

// inShift are the fields that say of which shift something is told.
func inShift() []defect.Field {
	return []defect.Field{{Name: "roster", Type: defect.TypeText, Max: maxName, Required: true}, {Name: "shift", Type: defect.TypeText, Max: roster.MaxName}}
}

// OverrideFields are those of an override.
func OverrideFields() []defect.Field {
	return append(spanFields(),
		defect.Field{Name: "shift", Type: defect.TypeText, Max: roster.MaxName}, userField("instead", false), peopleField(),
		defect.Field{Name: "reason", Type: defect.TypeText, Max: defect.MaxText, Required: true})
}

// SwapFields are those of a swap that is asked for.
func SwapFields() []defect.Field {
	return []defect.Field{
		userField("with", true), {Name: "give", Type: defect.TypeObject, Fields: spanFields(), Required: true},
		{Name: "take", Type: defect.TypeObject, Fields: spanFields(), Required: true}, {Name: "reason", Type: defect.TypeText, Max: defect.MaxText},
	}
}

func spanFields() []defect.Field {
	return []defect.Field{{Name: "from", Type: defect.TypeTime, Required: true}, {Name: "to", Type: defect.TypeTime, Required: true}}
}

// RosterFields are those of a roster that is saved: its plan, the version that it was made from, and why.
func RosterFields() []defect.Field {
	entry := defect.Field{Type: defect.TypeObject, Fields: []defect.Field{
		{Name: "date", Type: defect.TypeDate, Required: true}, {Name: "shift", Type: defect.TypeText, Max: roster.MaxName, Required: true},
		{Name: "start", Type: defect.TypeClock}, {Name: "end", Type: defect.TypeClock}, peopleField(),
	}}
	return []defect.Field{
		{Name: "plan", Type: defect.TypeObject, Required: true, Fields: []defect.Field{
			{Name: "timezone", Type: defect.TypeZone, Required: true}, {Name: "calendar", Type: defect.TypeText, Max: maxName}, {Name: "retired", Type: defect.TypeBool},
			shiftsField("shifts"), shiftsField("holidays"), {Name: "entries", Type: defect.TypeList, Max: roster.MaxEntries, Item: &entry},
		}},
		{Name: "version", Type: defect.TypeInteger, Min: 0, Max: maxSaves},
		ReasonField(),
	}
}

// ReasonField is why a roster is saved.
func ReasonField() defect.Field {
	return defect.Field{Name: "reason", Type: defect.TypeText, Max: defect.MaxText}
}

func shiftsField(name string) defect.Field {
	item := defect.Field{Type: defect.TypeObject, Fields: []defect.Field{
		{Name: "name", Type: defect.TypeText, Max: roster.MaxName, Required: true},
		{Name: "kind", Type: defect.TypeText, Enum: texts(roster.Kinds()), Required: true},
		{Name: "days", Type: defect.TypeList, Max: len(roster.Days()), Item: &defect.Field{Type: defect.TypeText, Enum: texts(roster.Days())}},
		{Name: "start", Type: defect.TypeClock, Required: true},
		{Name: "end", Type: defect.TypeClock, Required: true},
		{Name: "minimum", Type: defect.TypeInteger, Min: 0, Max: roster.MaxPeople},
		{Name: "rotation", Type: defect.TypeObject, Required: true, Fields: []defect.Field{
			{Name: "every", Type: defect.TypeText, Enum: texts(roster.Turns()), Required: true},
			{Name: "length", Type: defect.TypeInteger, Min: 1, Max: maxTurn},
			{Name: "anchor", Type: defect.TypeDate, Required: true},
			{Name: "groups", Type: defect.TypeList, Max: roster.MaxGroups, Required: true, Item: &defect.Field{
				Type: defect.TypeList, Max: roster.MaxPeople, Item: &defect.Field{Type: defect.TypeUser, Max: longestUser},
			}},
		}},
	}}
	return defect.Field{Name: name, Type: defect.TypeList, Max: roster.MaxShifts, Item: &item}
}

func peopleField() defect.Field {
	return defect.Field{Name: "people", Type: defect.TypeList, Max: roster.MaxPeople, Required: true, Item: &defect.Field{Type: defect.TypeUser, Max: longestUser}}
}

func userField(name string, required bool) defect.Field {
	return defect.Field{Name: name, Type: defect.TypeUser, Max: longestUser, Required: required}
}

func texts[T ~string](terms []T) []string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = string(t)
	}
	return out
}
