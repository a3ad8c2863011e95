package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
	"yunwei/roster"
)

// dutyDesk is what the API asks of the desk about rosters and the duty book.
type dutyDesk interface {
	MayDuty(by desk.Caller, task roster.Task) error

	Rosters(ctx context.Context, by desk.Caller, after string, limit int) (list []roster.Roster, next string, err error)
	Roster(ctx context.Context, by desk.Caller, name string, version int) (roster.Roster, error)
	RosterVersions(ctx context.Context, by desk.Caller, name string, before, limit int) (list []desk.RosterVersion, more bool, err error)
	SaveRoster(ctx context.Context, by desk.Caller, name string, plan roster.Plan, version int, reason string) (roster.Roster, []roster.Finding, error)
	RenewRoster(ctx context.Context, by desk.Caller, name, reason string) (roster.Roster, []roster.Finding, error)
	ImportRoster(ctx context.Context, by desk.Caller, name string, body io.Reader, reason string) (roster.Roster, []roster.Finding, error)
	ExportRoster(ctx context.Context, by desk.Caller, name string, weeks int, english bool) ([]byte, error)
	RosterFindings(ctx context.Context, by desk.Caller, name string, weeks int) ([]roster.Finding, error)

	OnDuty(ctx context.Context, by desk.Caller, at time.Time) ([]roster.Assignment, error)
	DutyAt(ctx context.Context, by desk.Caller, name string, at time.Time) ([]roster.Assignment, error)
	DutyBetween(ctx context.Context, by desk.Caller, name string, from, to time.Time) ([]roster.Assignment, error)

	AddOverride(ctx context.Context, by desk.Caller, name string, o roster.Override) (roster.Override, error)
	CancelOverride(ctx context.Context, by desk.Caller, name, id string) error
	Overrides(ctx context.Context, by desk.Caller, name, after string, limit int) (list []roster.Override, next string, err error)
	AskSwap(ctx context.Context, by desk.Caller, name string, w roster.Swap) (roster.Swap, error)
	AnswerSwap(ctx context.Context, by desk.Caller, name, id string, agree bool) (roster.Swap, error)
	CancelSwap(ctx context.Context, by desk.Caller, name, id string) error
	Swaps(ctx context.Context, by desk.Caller, name, after string, limit int) (list []roster.Swap, next string, err error)

	SignOnDuty(ctx context.Context, by desk.Caller, name, shift, note string) (roster.Presence, error)
	SignOffDuty(ctx context.Context, by desk.Caller, note string) (roster.Presence, error)
	Presences(ctx context.Context, by desk.Caller, f desk.PresenceFilter, after string, limit int) (list []roster.Presence, next string, err error)
	WriteLog(ctx context.Context, by desk.Caller, e roster.LogEntry) (roster.LogEntry, error)
	DutyLog(ctx context.Context, by desk.Caller, name string, from, to time.Time, after string, limit int) (list []roster.LogEntry, next string, err error)
	HandOver(ctx context.Context, by desk.Caller, h roster.HandOver) (roster.HandOver, error)
	AcknowledgeHandOver(ctx context.Context, by desk.Caller, id, remark string) (roster.HandOver, error)
	HandOvers(ctx context.Context, by desk.Caller, name string, pending bool, after string, limit int) (list []roster.HandOver, next string, err error)
}

const (
	rosterTag = "rosters"
	// maxWeeks is how far ahead a roster is looked through.
	maxWeeks = 26
)

// rosterRoutes are those of rosters and their changes.
func (a *api) rosterRoutes() []route {
	plan, read, serve := a.mayDuty(roster.TaskPlan), a.mayDuty(roster.TaskRead), a.mayDuty(roster.TaskServe)
	return []route{
		{method: http.MethodGet, path: "/rosters", id: "rosters", tag: rosterTag, summary: "The rosters, by name.", query: afterParams("Rosters"), status: http.StatusOK, answer: rostersBody{}, handle: a.rosters, may: read},
		{method: http.MethodGet, path: "/rosters/:name", id: "roster", tag: rosterTag, summary: "A roster: its plan, and when it was saved.", query: []param{versionParam("The version; the latest when none is given.")}, status: http.StatusOK, answer: rosterBody{}, handle: a.roster, may: read},
		{method: http.MethodPut, path: "/rosters/:name", id: "save-roster", tag: rosterTag, summary: "Save a roster as its next version; with what is wrong with its next eight weeks. 201 for a new roster.", body: desk.RosterFields(), status: http.StatusOK, also: []int{http.StatusCreated}, answer: savedRosterBody{}, handle: a.saveRoster, may: plan},
		{method: http.MethodPost, path: "/rosters/:name/renew", id: "renew-roster", tag: rosterTag, summary: "Save a roster as it is with its calendar as that stands now: after a new holiday notice.", body: []defect.Field{desk.ReasonField()}, status: http.StatusOK, answer: savedRosterBody{}, handle: a.renewRoster, may: plan},
		{method: http.MethodGet, path: "/rosters/:name/versions", id: "roster-versions", tag: rosterTag, summary: "Who saved a roster, when and why; the latest first.", query: []param{intParam("before", 1, 1_000_000_000, "Versions before this one."), pageSize(defect.MaxPageSize, "Versions an answer, 200 when none is given.")}, status: http.StatusOK, answer: rosterVersionsBody{}, handle: a.rosterVersions, may: read},
		{method: http.MethodGet, path: "/rosters/:name/duty", id: "roster-duty", tag: rosterTag, summary: "Who is on duty by a roster at a time or in a span; for what is past, as it stood then.", query: dutyParams(), status: http.StatusOK, answer: dutyBody{}, handle: a.rosterDuty, may: read},
		{method: http.MethodGet, path: "/rosters/:name/findings", id: "roster-findings", tag: rosterTag, summary: "Gaps and conflicts of the coming weeks.", query: append([]param{weeksParam(maxWeeks)}, indexParams("Findings")...), status: http.StatusOK, answer: dutyFindingsBody{}, handle: a.rosterFindings, may: read},

		{method: http.MethodPost, path: "/rosters/:name/overrides", id: "add-override", tag: rosterTag, summary: "Put people on duty in place of others for a time.", body: desk.OverrideFields(), status: http.StatusCreated, answer: overrideBody{}, handle: a.addOverride, may: plan},
		{method: http.MethodGet, path: "/rosters/:name/overrides", id: "overrides", tag: rosterTag, summary: "The overrides of a roster, the latest made first.", query: afterParams("Overrides"), status: http.StatusOK, answer: overridesBody{}, handle: a.overrides, may: read},
		{method: http.MethodDelete, path: "/rosters/:name/overrides/:id", id: "cancel-override", tag: rosterTag, summary: "End an override now.", status: http.StatusNoContent, handle: a.cancelOverride, may: plan},
		{method: http.MethodPost, path: "/rosters/:name/swaps", id: "ask-swap", tag: rosterTag, summary: "Ask another to exchange duty.", body: desk.SwapFields(), status: http.StatusCreated, answer: swapBody{}, handle: a.askSwap, may: serve},
		{method: http.MethodGet, path: "/rosters/:name/swaps", id: "swaps", tag: rosterTag, summary: "The swaps of a roster, the latest first.", query: afterParams("Swaps"), status: http.StatusOK, answer: swapsBody{}, handle: a.swaps, may: read},
		{method: http.MethodPost, path: "/rosters/:name/swaps/:id/agree", id: "agree-swap", tag: rosterTag, summary: "Agree to a swap that one was asked for.", status: http.StatusOK, answer: swapBody{}, handle: a.answerSwap(true), may: serve},
		{method: http.MethodPost, path: "/rosters/:name/swaps/:id/refuse", id: "refuse-swap", tag: rosterTag, summary: "Refuse a swap that one was asked for.", status: http.StatusOK, answer: swapBody{}, handle: a.answerSwap(false), may: serve},
		{method: http.MethodDelete, path: "/rosters/:name/swaps/:id", id: "cancel-swap", tag: rosterTag, summary: "Withdraw a swap that is not answered, or take back the rest of one that was agreed on.", status: http.StatusNoContent, handle: a.cancelSwap, may: serve},

		{method: http.MethodPost, path: "/rosters/:name/import", id: "import-roster", tag: rosterTag, summary: "Read a duty table (xlsx, 2 MiB) with the columns date, shift, start, end and people into a roster.", upload: true, query: []param{{Field: defect.Field{Name: "reason", Type: defect.TypeText, Max: defect.MaxText}, summary: "Why the roster changes."}}, status: http.StatusOK, answer: savedRosterBody{}, handle: a.importRoster, may: plan},
		{method: http.MethodGet, path: "/rosters/:name/export", id: "export-roster", tag: rosterTag, summary: "The coming weeks as a duty table (xlsx), to be filled in and imported.", query: []param{weeksParam(desk.MaxTableWeeks)}, status: http.StatusOK, handle: a.exportRoster, may: read},
	}
}

// mayDuty asks, before mistakes are told, whether a task is the caller's.
func (a *api) mayDuty(task roster.Task) func(*request) error {
	return func(r *request) error { return a.desk.MayDuty(r.by, task) }
}

func intParam(name string, least, most int, summary string) param {
	return param{Field: defect.Field{Name: name, Type: defect.TypeInteger, Min: least, Max: most}, summary: summary}
}

func weeksParam(most int) param {
	return intParam("weeks", 1, most, "Weeks ahead, "+strconv.Itoa(roster.CheckedWeeks)+" when none are given.")
}

func versionParam(summary string) param { return intParam("version", 1, 1_000_000_000, summary) }

// afterParams page a list by the ID or name of a row.
func afterParams(what string) []param {
	return []param{
		{Field: defect.Field{Name: "after", Type: defect.TypeText, Max: 100}, summary: "The `next` of the answer before."},
		pageSize(defect.MaxPageSize, what+" an answer, 200 when none is given."),
	}
}

// indexParams page a list that is worked out anew each time, by how many rows came before.
func indexParams(what string) []param {
	return []param{intParam("after", 0, 1_000_000, "The `next` of the answer before."), pageSize(defect.MaxPageSize, what+" an answer, 200 when none is given.")}
}

func dutyParams() []param {
	return append([]param{
		{Field: defect.Field{Name: "at", Type: defect.TypeTime}, summary: "An instant; now when neither it nor a span is given."},
		{Field: defect.Field{Name: "from", Type: defect.TypeTime}, summary: "The beginning of a span, " + strconv.Itoa(roster.MaxWindow) + " days at most."},
		{Field: defect.Field{Name: "to", Type: defect.TypeTime}, summary: "Its end."},
	}, indexParams("Assignments")...)
}

func (a *api) rosters(r *request) (any, error) {
	list, next, err := a.desk.Rosters(r, r.by, r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := rostersBody{Items: make([]RosterHeadBody, 0, len(list)), Next: given(next)}
	for _, one := range list {
		answer.Items = append(answer.Items, rosterHeadOf(one))
	}
	return answer, nil
}

func (a *api) roster(r *request) (any, error) {
	got, err := a.desk.Roster(r, r.by, r.Param("name"), r.integer("version", 0))
	if err != nil {
		return nil, err
	}
	return rosterOf(got), nil
}

func (a *api) saveRoster(r *request) (any, error) {
	if err := checkEntryHours(r.body); err != nil {
		return nil, err
	}
	var in struct {
		Plan    roster.Plan `json:"plan"`
		Version int         `json:"version"`
		Reason  string      `json:"reason"`
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	return a.saved(r)(a.desk.SaveRoster(r, r.by, r.Param("name"), in.Plan, in.Version, in.Reason))
}

// checkEntryHours wants both hours of an entry or neither.
func checkEntryHours(body map[string]any) error {
	var wrong apperr.Fields
	plan, _ := body["plan"].(map[string]any)
	entries, _ := plan["entries"].([]any)
	for i, one := range entries {
		e, _ := one.(map[string]any)
		start, _ := e["start"].(string)
		end, _ := e["end"].(string)
		at := "plan.entries[" + strconv.Itoa(i) + "]."
		switch {
		case start != "" && end == "":
			wrong.Add(at+"end", apperr.FieldRequired, nil)
		case start == "" && end != "":
			wrong.Add(at+"start", apperr.FieldRequired, nil)
		}
	}
	return wrong.Err()
}

func (a *api) renewRoster(r *request) (any, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	return a.saved(r)(a.desk.RenewRoster(r, r.by, r.Param("name"), in.Reason))
}

// saved answers with a roster that was saved and what is wrong with it.
func (a *api) saved(r *request) func(roster.Roster, []roster.Finding, error) (any, error) {
	return func(saved roster.Roster, findings []roster.Finding, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		if saved.Version == 1 {
			r.status = http.StatusCreated
		}
		shown := findings[:min(len(findings), defect.MaxPageSize)]
		return savedRosterBody{Roster: rosterOf(saved), Findings: findingsOf(shown, language(r.Context)), FindingsTotal: len(findings)}, nil
	}
}

func (a *api) rosterVersions(r *request) (any, error) {
	list, more, err := a.desk.RosterVersions(r, r.by, r.Param("name"), r.integer("before", 0), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := rosterVersionsBody{Items: make([]rosterVersionBody, 0, len(list))}
	for _, v := range list {
		answer.Items = append(answer.Items, rosterVersionBody{Version: v.Version, SavedAt: v.SavedAt, SavedBy: v.SavedBy, Reason: given(v.Reason)})
	}
	if more {
		answer.Next = &answer.Items[len(answer.Items)-1].Version
	}
	return answer, nil
}

// indexed cuts a list to the page that a request asks for, and returns where the next begins, if there is one.
func indexed[T any](r *request, list []T) ([]T, *int) {
	first := min(r.integer("after", 0), len(list))
	last := min(first+r.integer("page_size", defect.MaxPageSize), len(list))
	if last == len(list) {
		return list[first:], nil
	}
	return list[first:last], &last
}

func (a *api) rosterDuty(r *request) (any, error) {
	from, to, at := r.time("from"), r.time("to"), r.time("at")
	name := r.Param("name")
	if from.IsZero() && to.IsZero() {
		if at.IsZero() {
			at = a.now()
		}
		list, err := a.desk.DutyAt(r, r.by, name, at)
		return answerDuty(r, list, err)
	}
	var wrong apperr.Fields
	switch {
	case !at.IsZero():
		wrong.Add("at", apperr.FieldExclusive, apperr.Args{"other": "from, to"})
	case from.IsZero():
		wrong.Add("from", apperr.FieldRequired, nil)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	list, err := a.desk.DutyBetween(r, r.by, name, from, to)
	return answerDuty(r, list, err)
}

func answerDuty(r *request, list []roster.Assignment, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	page, next := indexed(r, list)
	answer := dutyBody{Items: make([]onDutyBody, 0, len(page)), Next: next}
	for _, one := range page {
		answer.Items = append(answer.Items, onDutyBody{
			Roster: one.Roster, Shift: one.Shift, Kind: one.Kind, From: one.From, To: one.To, People: append([]string{}, one.People...), Changes: append([]string{}, one.Changes...),
		})
	}
	return answer, nil
}

func (a *api) rosterFindings(r *request) (any, error) {
	list, err := a.desk.RosterFindings(r, r.by, r.Param("name"), r.integer("weeks", roster.CheckedWeeks))
	if err != nil {
		return nil, err
	}
	page, next := indexed(r, list)
	return dutyFindingsBody{Items: findingsOf(page, language(r.Context)), Total: len(list), Next: next}, nil
}

func (a *api) addOverride(r *request) (any, error) {
	var in roster.Override
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	o, err := a.desk.AddOverride(r, r.by, r.Param("name"), in)
	if err != nil {
		return nil, err
	}
	return overrideOf(o), nil
}

func (a *api) overrides(r *request) (any, error) {
	list, next, err := a.desk.Overrides(r, r.by, r.Param("name"), r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := overridesBody{Items: make([]overrideBody, 0, len(list)), Next: given(next)}
	for _, o := range list {
		answer.Items = append(answer.Items, overrideOf(o))
	}
	return answer, nil
}

func (a *api) cancelOverride(r *request) (any, error) {
	return nil, a.desk.CancelOverride(r, r.by, r.Param("name"), r.Param("id"))
}

func (a *api) askSwap(r *request) (any, error) {
	var in roster.Swap
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	return answerSwap(a.desk.AskSwap(r, r.by, r.Param("name"), in))
}

func (a *api) answerSwap(agree bool) func(*request) (any, error) {
	return func(r *request) (any, error) {
		return answerSwap(a.desk.AnswerSwap(r, r.by, r.Param("name"), r.Param("id"), agree))
	}
}

func answerSwap(w roster.Swap, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return swapOf(w), nil
}

func (a *api) cancelSwap(r *request) (any, error) {
	return nil, a.desk.CancelSwap(r, r.by, r.Param("name"), r.Param("id"))
}

func (a *api) swaps(r *request) (any, error) {
	list, next, err := a.desk.Swaps(r, r.by, r.Param("name"), r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := swapsBody{Items: make([]swapBody, 0, len(list)), Next: given(next)}
	for _, w := range list {
		answer.Items = append(answer.Items, swapOf(w))
	}
	return answer, nil
}

func (a *api) importRoster(r *request) (any, error) {
	part, err := r.file(desk.MaxTable + formOverhead) // the desk says what is too large
	if err != nil {
		return nil, err
	}
	return a.saved(r)(a.desk.ImportRoster(r, r.by, r.Param("name"), part, r.text("reason")))
}

func (a *api) exportRoster(r *request) (any, error) {
	name := r.Param("name")
	table, err := a.desk.ExportRoster(r, r.by, name, r.integer("weeks", roster.CheckedWeeks), language(r.Context) == lang.English)
	if err != nil {
		return nil, err
	}
	r.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ".xlsx"}))
	r.Data(http.StatusOK, edge.XLSXType, table)
	return nil, nil
}
