package defect

import (
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
)

// maxAbsence bounds how long a substitution lasts, in days: whoever is away for longer has left.
const maxAbsence = 366

// Substitution is that an approver who is absent for a time has named somebody to sign in their place. Both names stand
// in the record of what is signed meanwhile.
type Substitution struct {
	ID         int64
	Username   string // who is absent
	Substitute string
	From       time.Time
	Until      time.Time
	Reason     string
	By         string // who set it up: the absent person, or who may do so for others
	CreatedAt  time.Time
	EndedAt    time.Time // before its time; zero otherwise
}

// SubstitutionFields describes the fields of a new substitution, in the order in which a form shows them. Without a
// username it is the caller who is absent, without a from it begins at once.
func SubstitutionFields() []Field {
	return []Field{
		{Name: "substitute", Type: TypeUser, Max: MaxText, Required: true},
		{Name: "from", Type: TypeTime},
		{Name: "until", Type: TypeTime, Required: true},
		text("reason", MaxText),
		{Name: "username", Type: TypeUser, Max: MaxText},
	}
}

// Check returns an Invalid error that lists all that is wrong with a new substitution, or nil.
func (s Substitution) Check(now time.Time) error {
	var wrong apperr.Fields
	if strings.EqualFold(s.Username, s.Substitute) {
		wrong.Add("substitute", apperr.FieldOneself, nil)
	}
	switch latest := s.From.AddDate(0, 0, maxAbsence); {
	case !s.Until.After(s.From) || !s.Until.After(now):
		wrong.Add("until", apperr.FieldPast, nil)
	case s.Until.After(latest):
		wrong.Add("until", apperr.FieldTooFar, apperr.Args{"days": strconv.Itoa(maxAbsence)})
	}
	return wrong.Err()
}

// In reports whether the substitution is in force.
func (s Substitution) In(at time.Time) bool {
	return s.EndedAt.IsZero() && !at.Before(s.From) && at.Before(s.Until)
}

// StandsIn returns those for whom somebody stands in at an instant, by some substitutions. account returns who has a user
// name, and whether they could sign themselves: in the place of a closed account nobody signs.
func StandsIn(list []Substitution, username string, at time.Time, account func(username string) (Person, bool)) []Absent {
	var out []Absent
	for _, s := range list {
		if s.Substitute != username || !s.In(at) {
			continue
		}
		if p, ok := account(s.Username); ok {
			out = append(out, Absent{Username: p.Username, Name: p.Name, Roles: p.Roles})
		}
	}
	return out
}

// MaySubstitute reports whether a person may be named a substitute: the contractor's people who do more than look on.
func MaySubstitute(p Person) bool {
	return p.Has(RoleAgent, RoleTechnician, RoleBusiness, RoleSupervisor, RoleLiaison, RoleExpert, RoleAdmin)
}
