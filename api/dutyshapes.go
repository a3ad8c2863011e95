package api

import (
	"time"

	"yunwei/lang"
	"yunwei/roster"
)

// RosterHeadBody is what lists say of a roster. It is exported for the reason that ResultsBody is.
type RosterHeadBody struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	SavedAt time.Time `json:"saved_at"`
	SavedBy string    `json:"saved_by"`
	Reason  *string   `json:"reason"`
	Retired bool      `json:"retired"`
}

type rosterBody struct {
	RosterHeadBody
	KnownThrough *string        `json:"known_through" doc:"The last day that a holiday notice rules which the roster knows; null when it follows no calendar."`
	Plan         rosterPlanBody `json:"plan" doc:"What may be changed and saved again."`
}

type rosterPlanBody struct {
	Timezone string            `json:"timezone"`
	Calendar *string           `json:"calendar" doc:"The calendar whose working hours want people on site, and on whose days off the holiday shifts rule."`
	Retired  bool              `json:"retired" doc:"Not in use any more: nobody is on duty by it."`
	Shifts   []rosterShiftBody `json:"shifts"`
	Holidays []rosterShiftBody `json:"holidays" doc:"The shifts of days off by notice, in place of all others."`
	Entries  []rosterEntryBody `json:"entries" doc:"People for single days, in place of a shift's rotation."`
}

type rosterShiftBody struct {
	Name     string       `json:"name"`
	Kind     roster.Kind  `json:"kind" enum:"onsite,hotline"`
	Days     []roster.Day `json:"days" doc:"Days of the week on which it starts; all when there are none."`
	Start    string       `json:"start"`
	End      string       `json:"end" doc:"On the next day when it is not after the start."`
	Minimum  int          `json:"minimum" doc:"People at least."`
	Rotation rotationBody `json:"rotation"`
}

type rotationBody struct {
	Every  roster.Turn `json:"every" enum:"week,day"`
	Length int         `json:"length" doc:"How many weeks or days a turn lasts."`
	Anchor string      `json:"anchor" doc:"The first day of a turn of the first group."`
	Groups [][]string  `json:"groups" doc:"User names."`
}

type rosterEntryBody struct {
	Date   string   `json:"date"`
	Shift  string   `json:"shift"`
	Start  *string  `json:"start" doc:"The shift's own when null."`
	End    *string  `json:"end"`
	People []string `json:"people"`
}

func rosterHeadOf(r roster.Roster) RosterHeadBody {
	return RosterHeadBody{Name: r.Name, Version: r.Version, SavedAt: r.SavedAt, SavedBy: r.SavedBy, Reason: given(r.Reason), Retired: r.Retired}
}

func rosterOf(r roster.Roster) rosterBody {
	b := rosterBody{
		RosterHeadBody: rosterHeadOf(r), KnownThrough: given(r.Working.KnownThrough.String()),
		Plan: rosterPlanBody{
			Timezone: r.Timezone.String(), Calendar: given(r.Calendar), Retired: r.Retired, Shifts: shiftsOf(r.Shifts), Holidays: shiftsOf(r.Holidays),
			Entries: make([]rosterEntryBody, 0, len(r.Entries)),
		},
	}
	for _, e := range r.Entries {
		entry := rosterEntryBody{Date: e.Date.String(), Shift: e.Shift, People: append([]string{}, e.People...)}
		if e.Start != 0 || e.End != 0 {
			entry.Start, entry.End = given(e.Start.String()), given(e.End.String())
		}
		b.Plan.Entries = append(b.Plan.Entries, entry)
	}
	return b
}

func shiftsOf(list []roster.Shift) []rosterShiftBody {
	out := make([]rosterShiftBody, 0, len(list))
	for _, s := range list {
		out = append(out, rosterShiftBody{
			Name: s.Name, Kind: s.Kind, Days: append([]roster.Day{}, s.Days...), Start: s.Start.String(), End: s.End.String(), Minimum: max(s.Minimum, 1),
			Rotation: rotationBody{Every: s.Rotation.Every, Length: max(s.Rotation.Length, 1), Anchor: s.Rotation.Anchor.String(), Groups: append([][]string{}, s.Rotation.Groups...)},
		})
	}
	return out
}

type rostersBody struct {
	Items []RosterHeadBody `json:"items"`
	Next  *string          `json:"next"`
}

type savedRosterBody struct {
	Roster        rosterBody        `json:"roster"`
	Findings      []dutyFindingBody `json:"findings" doc:"What is wrong with the next eight weeks, the first 200."`
	FindingsTotal int               `json:"findings_total"`
}

type rosterVersionsBody struct {
	Items []rosterVersionBody `json:"items"`
	Next  *int                `json:"next" doc:"The version to go on before; null after the last."`
}

type rosterVersionBody struct {
	Version int       `json:"version"`
	SavedAt time.Time `json:"saved_at"`
	SavedBy string    `json:"saved_by"`
	Reason  *string   `json:"reason"`
}

type dutyBody struct {
	Items []onDutyBody `json:"items"`
	Next  *int         `json:"next" doc:"What to ask for as after; null after the last."`
}

type onDutyBody struct {
	Roster  string      `json:"roster"`
	Shift   string      `json:"shift"`
	Kind    roster.Kind `json:"kind" enum:"onsite,hotline"`
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	People  []string    `json:"people" doc:"User names."`
	Changes []string    `json:"changes" doc:"IDs of the overrides and swaps that made it so."`
}

type dutyFindingsBody struct {
	Items []dutyFindingBody `json:"items"`
	Total int               `json:"total"`
	Next  *int              `json:"next" doc:"What to ask for as after; null after the last."`
}

type dutyFindingBody struct {
	Problem roster.Problem `json:"problem" enum:"uncovered,short,twice,absent,unknown,provisional,outdated,none"`
	Roster  *string        `json:"roster"`
	Kind    *string        `json:"kind"`
	Shifts  []string       `json:"shifts"`
	Person  *string        `json:"person"`
	Change  *string        `json:"change" doc:"ID of the override or swap."`
	From    time.Time      `json:"from"`
	To      time.Time      `json:"to"`
	Have    int            `json:"have" doc:"People."`
	Need    int            `json:"need"`
	Text    string         `json:"text" doc:"The finding in the caller's language, times as the site's clocks show them."`
}

func findingsOf(list []roster.Finding, l lang.Lang) []dutyFindingBody {
	out := make([]dutyFindingBody, 0, len(list))
	for _, f := range list {
		out = append(out, dutyFindingBody{
			Problem: f.Problem, Roster: given(f.Roster), Kind: given(f.Kind), Shifts: append([]string{}, f.Shifts...), Person: given(f.Person), Change: given(f.Change),
			From: f.From, To: f.To, Have: f.Have, Need: f.Need, Text: l.Text(f.Text()),
		})
	}
	return out
}

type overrideBody struct {
	ID          string     `json:"id"`
	From        time.Time  `json:"from"`
	To          time.Time  `json:"to"`
	Shift       *string    `json:"shift" doc:"Every shift when null."`
	Instead     *string    `json:"instead" doc:"Who is replaced; everybody on the shift when null."`
	People      []string   `json:"people"`
	By          string     `json:"by"`
	Reason      string     `json:"reason"`
	At          time.Time  `json:"at" doc:"When it was made; it changes nothing before."`
	CancelledBy *string    `json:"cancelled_by"`
	CancelledAt *time.Time `json:"cancelled_at"`
}

func overrideOf(o roster.Override) overrideBody {
	return overrideBody{
		ID: o.ID, From: o.From, To: o.To, Shift: given(o.Shift), Instead: given(o.Instead), People: append([]string{}, o.People...), By: o.By, Reason: o.Reason, At: o.At,
		CancelledBy: given(o.CancelledBy), CancelledAt: moment(o.CancelledAt),
	}
}

type overridesBody struct {
	Items []overrideBody `json:"items"`
	Next  *string        `json:"next"`
}

type swapBody struct {
	ID          string           `json:"id"`
	By          string           `json:"by" doc:"Who asked."`
	With        string           `json:"with"`
	Give        swapSpanBody     `json:"give" doc:"The other takes this of who asked."`
	Take        swapSpanBody     `json:"take" doc:"And gives this."`
	Reason      *string          `json:"reason"`
	At          time.Time        `json:"at"`
	State       roster.SwapState `json:"state" enum:"asked,agreed,refused,withdrawn"`
	AnsweredAt  *time.Time       `json:"answered_at"`
	CancelledBy *string          `json:"cancelled_by"`
	CancelledAt *time.Time       `json:"cancelled_at" doc:"When what was agreed on was taken back."`
}

type swapSpanBody struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func swapOf(w roster.Swap) swapBody {
	return swapBody{
		ID: w.ID, By: w.By, With: w.With, Give: swapSpanBody(w.Give), Take: swapSpanBody(w.Take), Reason: given(w.Reason), At: w.At, State: w.State, AnsweredAt: moment(w.AnsweredAt),
		CancelledBy: given(w.CancelledBy), CancelledAt: moment(w.CancelledAt),
	}
}

type swapsBody struct {
	Items []swapBody `json:"items"`
	Next  *string    `json:"next"`
}

type presenceBody struct {
	ID          string     `json:"id"`
	Roster      string     `json:"roster"`
	Shift       *string    `json:"shift"`
	Username    string     `json:"username"`
	SignedInAt  time.Time  `json:"signed_in_at"`
	SignedOutAt *time.Time `json:"signed_out_at" doc:"Null while they are there."`
	NoteIn      *string    `json:"note_in"`
	NoteOut     *string    `json:"note_out"`
}

func presenceOf(p roster.Presence) presenceBody {
	return presenceBody{ID: p.ID, Roster: p.Roster, Shift: given(p.Shift), Username: p.Username, SignedInAt: p.In, SignedOutAt: moment(p.Out), NoteIn: given(p.NoteIn), NoteOut: given(p.NoteOut)}
}

type presencesBody struct {
	Items []presenceBody `json:"items"`
	Next  *string        `json:"next"`
}

type dutyLineBody struct {
	ID     string    `json:"id"`
	Roster string    `json:"roster"`
	Shift  *string   `json:"shift"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Text   string    `json:"text"`
	Case   *string   `json:"case"`
}

func logOf(e roster.LogEntry) dutyLineBody {
	return dutyLineBody{ID: e.ID, Roster: e.Roster, Shift: given(e.Shift), At: e.At, By: e.By, Text: e.Text, Case: given(e.Case)}
}

type dutyLinesBody struct {
	Items []dutyLineBody `json:"items"`
	Next  *string        `json:"next"`
}

type handOverBody struct {
	ID             string     `json:"id"`
	Roster         string     `json:"roster"`
	Shift          *string    `json:"shift" doc:"The shift that ends."`
	At             time.Time  `json:"at"`
	From           string     `json:"from"`
	To             string     `json:"to"`
	OpenCases      *int       `json:"open_cases" doc:"How many the one who goes had in hand then; null when nobody could say."`
	Note           string     `json:"note"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	Remark         *string    `json:"remark"`
}

func handOverOf(h roster.HandOver) handOverBody {
	b := handOverBody{ID: h.ID, Roster: h.Roster, Shift: given(h.Shift), At: h.At, From: h.From, To: h.To, Note: h.Note, AcknowledgedAt: moment(h.AcknowledgedAt), Remark: given(h.Remark)}
	if h.OpenKnown {
		b.OpenCases = &h.OpenCases
	}
	return b
}

type handOversBody struct {
	Items []handOverBody `json:"items"`
	Next  *string        `json:"next"`
}
