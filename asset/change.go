package asset

import "time"

// Change is an entry of an asset's history.
type Change struct {
	Revision int           `json:"revision"` // that it made; 1 is how the asset was added
	At       time.Time     `json:"at"`
	By       string        `json:"by"`   // the user name of who made it
	Name     string        `json:"name"` // theirs then
	Fields   []FieldChange `json:"fields"`
}

// FieldChange is what became of one field, as text.
type FieldChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// History is a part of an asset's history, the latest first.
type History struct {
	Items []Change
	Next  int // the revision before which there is more; 0 when there is none
}

// Changes returns what differs between two states of an asset, in the order of the fields. Before the first state there is
// nothing: Changes(Asset{}, a) is all that a says.
func Changes(before, after Asset) []FieldChange {
	var out []FieldChange
	for _, one := range attributes {
		from, to := one.get(&before), one.get(&after)
		if one.Name == "quantity" && before.Quantity == 0 {
			from = ""
		}
		if from != to {
			out = append(out, FieldChange{Field: one.Name, From: from, To: to})
		}
	}
	return out
}
