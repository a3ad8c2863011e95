package notice

import (
	"strconv"

	"yunwei/defect"
)

// urgentSubstitution is the severity of what a substitute has to know, within their hours or not.
const urgentSubstitution defect.Severity = 2

// OfSubstitution tells a substitute, once, that they stand in for somebody absent, who is given by name, or that this has
// ended. The policy is whose zone and calendars tell people's hours.
func OfSubstitution(sub defect.Substitution, absent string, policy defect.Policy) Announcement {
	topic, at := Substitute, sub.CreatedAt
	if !sub.EndedAt.IsZero() {
		topic, at = SubstituteEnded, sub.EndedAt
	}
	return Announcement{
		Key: "substitution " + strconv.FormatInt(sub.ID, 10) + " " + string(topic), Topic: topic, Users: []string{sub.Substitute}, Severity: urgentSubstitution, At: at, Policy: policy,
		Args: Args{ArgActor: absent, ArgFrom: At(sub.From, policy.Zone()), ArgUntil: At(sub.Until, policy.Zone()), ArgDetail: sub.Reason},
	}
}

// OfWaiting returns the notice of a case's latest proposal, an event, for somebody who was not called when it was made, and
// whether it is theirs to sign. One that is later than the case is not: it calls for people itself.
func OfWaiting(c *defect.Case, proposal defect.Event, p Person) (Notice, bool) {
	if proposal.Seq > c.Seq || c.May(defect.ActSign, p.Person) != nil {
		return Notice{}, false
	}
	return Of(c, proposal, Recipient{Person: p, Topic: SignOff}), true
}
