package notice

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"yunwei/defect"
)

// Of returns the notice of an event for a recipient, without a channel: what it tells, to whom and in which language. c is
// the case after the event.
func Of(c *defect.Case, e defect.Event, r Recipient) Notice {
	n := Notice{
		About: c.Number, Seq: e.Seq, Severity: c.Severity, At: e.At, Topic: r.Topic, Username: r.Username, Language: r.Language,
		Args: argsOf(c, e),
	}
	if r.Username == c.Submission.Reporter.Username && !defect.SeesAll(r.Person.Person) {
		n.Audience = Reporter
	}
	return n
}

// Over returns the notice as it goes over one of the person's ways.
func (n Notice) Over(w Way) Notice {
	n.Channel, n.Address = w.Channel, w.Address
	return n
}

// maxMessage bounds what a notice repeats of what somebody wrote, in characters: the rest is on the case.
const maxMessage = 300

func argsOf(c *defect.Case, e defect.Event) Args {
	args := Args{ArgTitle: c.Submission.Title, ArgSystem: c.Submission.System, ArgAt: At(e.At, c.Policy.Zone())}
	set := func(name, value string) {
		if value != "" {
			args[name] = value
		}
	}
	set(ArgActor, e.Actor.Name)
	if in := e.Input; in != nil {
		set(ArgMessage, Excerpt(cmp.Or(in.Message, in.Reason, in.Comment, in.Explanation, in.Note, in.Part)))
		set(ArgOf, in.Of)
	}
	if c.Proposal != nil && e.Kind == defect.Kind(defect.ActPropose) {
		set(ArgPlan, strconv.Itoa(c.Proposal.N))
	}
	if t := e.Timing; t != nil {
		set(ArgClock, string(t.Clock))
		set(ArgRule, t.Rule)
		if !t.DueAt.IsZero() {
			args[ArgDueAt] = At(t.DueAt, c.Policy.Zone())
			if mayMove(c, *t) {
				args[ArgMayMove] = strconv.FormatBool(true)
			}
		}
		if t.Percent > 0 {
			args[ArgPercent] = strconv.Itoa(t.Percent)
		}
	}
	return args
}

// mayMove reports whether the due time that an event tells of is provisional.
func mayMove(c *defect.Case, t defect.Timing) bool {
	return slices.ContainsFunc(c.Clocks, func(k defect.Clock) bool { return k.Name == t.Clock && k.DueAt.Equal(t.DueAt) && c.Provisional(k) })
}

// At writes a time as an argument whose key ends in _at holds it.
func At(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.RFC3339) }

// Excerpt returns what a notice repeats of what somebody wrote.
func Excerpt(text string) string {
	runes := []rune(text)
	if len(runes) <= maxMessage {
		return text
	}
	return string(runes[:maxMessage]) + "…"
}

// Announcement is something to tell that is about no case: an alarm, a gap in the roster.
type Announcement struct {
	Key      string // what has been announced under a key is not announced again
	Topic    Topic
	Roles    []defect.Role   // everybody who has one of them is told
	Users    []string        // and these
	Severity defect.Severity // 1 comes through quiet, 3 and 4 wait for hours; 3 when none is given
	Args     Args            // of the topic's text; ArgDetail for Alarm
	At       time.Time
	Policy   defect.Policy // whose calendars and zone tell people's hours
}

// Calls returns whom the announcement calls for.
func (a Announcement) Calls() []Call {
	var out []Call
	for _, r := range a.Roles {
		out = append(out, role(a.Topic, r)...)
	}
	for _, u := range a.Users {
		out = append(out, person(a.Topic, u)...)
	}
	return out
}

// calm is the severity of an announcement that names none.
const calm defect.Severity = 3

// To returns the notice of the announcement for a recipient, without a channel.
func (a Announcement) To(r Recipient) Notice {
	args := Args{ArgAt: At(a.At, a.Policy.Zone())}
	maps.Copy(args, a.Args)
	return Notice{
		About: defect.Digest(a.Key), Severity: cmp.Or(a.Severity, calm), At: a.At, Topic: r.Topic, Username: r.Username, Language: r.Language, Args: args,
	}
}
