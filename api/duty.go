package api

import (
	"net/http"

	"yunwei/defect"
	"yunwei/desk"
	"yunwei/roster"
)

const dutyTag = "duty"

// dutyRoutes are those of the duty book: who is there, what happened, what is handed over.
func (a *api) dutyRoutes() []route {
	read, serve := a.mayDuty(roster.TaskRead), a.mayDuty(roster.TaskServe)
	ofRoster := param{Field: defect.Field{Name: "roster", Type: defect.TypeText, Max: 100}, summary: "Of this roster."}
	return []route{
		{method: http.MethodGet, path: "/duty", id: "duty", tag: dutyTag, summary: "Who is on duty, by all rosters.", query: append([]param{{Field: defect.Field{Name: "at", Type: defect.TypeTime}, summary: "An instant; now when none is given."}}, indexParams("Assignments")...), status: http.StatusOK, answer: dutyBody{}, handle: a.duty, may: read},
		{method: http.MethodPost, path: "/duty/sign-in", id: "sign-on-duty", tag: dutyTag, summary: "Come on duty.", body: desk.SignOnFields(), status: http.StatusCreated, answer: presenceBody{}, handle: a.signOnDuty, may: serve},
		{method: http.MethodPost, path: "/duty/sign-out", id: "sign-off-duty", tag: dutyTag, summary: "Go off duty.", body: []defect.Field{desk.NoteField()}, status: http.StatusOK, answer: presenceBody{}, handle: a.signOffDuty, may: serve},
		{method: http.MethodGet, path: "/duty/presence", id: "presences", tag: dutyTag, summary: "Who came and went, the latest first.", query: append([]param{ofRoster, {Field: defect.Field{Name: "username", Type: defect.TypeUser, Max: 200}, summary: "Of this person."}, {Field: defect.Field{Name: "present", Type: defect.TypeBool}, summary: "Only those who are there."}}, afterParams("Stays")...), status: http.StatusOK, answer: presencesBody{}, handle: a.presences, may: read},
		{method: http.MethodPost, path: "/duty/log", id: "write-log", tag: dutyTag, summary: "Write a line into the duty log.", body: desk.LogFields(), status: http.StatusCreated, answer: dutyLineBody{}, handle: a.writeLog, may: serve},
		{method: http.MethodGet, path: "/duty/log", id: "duty-log", tag: dutyTag, summary: "The duty log, the latest line first.", query: append([]param{ofRoster, {Field: defect.Field{Name: "from", Type: defect.TypeTime}, summary: "Written at this time or later."}, {Field: defect.Field{Name: "to", Type: defect.TypeTime}, summary: "Written before this time."}}, afterParams("Lines")...), status: http.StatusOK, answer: dutyLinesBody{}, handle: a.dutyLog, may: read},
		{method: http.MethodPost, path: "/duty/hand-overs", id: "hand-over", tag: dutyTag, summary: "Hand over to who comes next.", body: desk.HandOverFields(), status: http.StatusCreated, answer: handOverBody{}, handle: a.handOver, may: serve},
		{method: http.MethodGet, path: "/duty/hand-overs", id: "hand-overs", tag: dutyTag, summary: "The hand-overs, the latest first.", query: append([]param{ofRoster, {Field: defect.Field{Name: "pending", Type: defect.TypeBool}, summary: "Only those that wait for who comes."}}, afterParams("Hand-overs")...), status: http.StatusOK, answer: handOversBody{}, handle: a.handOvers, may: read},
		{method: http.MethodPost, path: "/duty/hand-overs/:id/acknowledge", id: "acknowledge-hand-over", tag: dutyTag, summary: "Say that one has read what was handed over.", body: desk.RemarkFields(), status: http.StatusOK, answer: handOverBody{}, handle: a.acknowledgeHandOver, may: serve},
	}
}

func (a *api) duty(r *request) (any, error) {
	at := r.time("at")
	if at.IsZero() {
		at = a.now()
	}
	list, err := a.desk.OnDuty(r, r.by, at)
	return answerDuty(r, list, err)
}

// dutyInput holds what is sent to any of the addresses here.
type dutyInput struct {
	Roster string `json:"roster"`
	Shift  string `json:"shift"`
	Note   string `json:"note"`
	Text   string `json:"text"`
	Case   string `json:"case"`
	To     string `json:"to"`
	Remark string `json:"remark"`
}

func (a *api) signOnDuty(r *request) (any, error) {
	var in dutyInput
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	p, err := a.desk.SignOnDuty(r, r.by, in.Roster, in.Shift, in.Note)
	if err != nil {
		return nil, err
	}
	return presenceOf(p), nil
}

func (a *api) signOffDuty(r *request) (any, error) {
	var in dutyInput
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	p, err := a.desk.SignOffDuty(r, r.by, in.Note)
	if err != nil {
		return nil, err
	}
	return presenceOf(p), nil
}

func (a *api) presences(r *request) (any, error) {
	present := r.boolean("present")
	f := desk.PresenceFilter{Roster: r.text("roster"), Username: r.text("username"), Present: present != nil && *present}
	list, next, err := a.desk.Presences(r, r.by, f, r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := presencesBody{Items: make([]presenceBody, 0, len(list)), Next: given(next)}
	for _, p := range list {
		answer.Items = append(answer.Items, presenceOf(p))
	}
	return answer, nil
}

func (a *api) writeLog(r *request) (any, error) {
	var in dutyInput
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	e, err := a.desk.WriteLog(r, r.by, roster.LogEntry{Roster: in.Roster, Shift: in.Shift, Text: in.Text, Case: in.Case})
	if err != nil {
		return nil, err
	}
	return logOf(e), nil
}

func (a *api) dutyLog(r *request) (any, error) {
	list, next, err := a.desk.DutyLog(r, r.by, r.text("roster"), r.time("from"), r.time("to"), r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := dutyLinesBody{Items: make([]dutyLineBody, 0, len(list)), Next: given(next)}
	for _, e := range list {
		answer.Items = append(answer.Items, logOf(e))
	}
	return answer, nil
}

func (a *api) handOver(r *request) (any, error) {
	var in dutyInput
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	h, err := a.desk.HandOver(r, r.by, roster.HandOver{Roster: in.Roster, Shift: in.Shift, To: in.To, Note: in.Note})
	if err != nil {
		return nil, err
	}
	return handOverOf(h), nil
}

func (a *api) handOvers(r *request) (any, error) {
	pending := r.boolean("pending")
	list, next, err := a.desk.HandOvers(r, r.by, r.text("roster"), pending != nil && *pending, r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := handOversBody{Items: make([]handOverBody, 0, len(list)), Next: given(next)}
	for _, h := range list {
		answer.Items = append(answer.Items, handOverOf(h))
	}
	return answer, nil
}

func (a *api) acknowledgeHandOver(r *request) (any, error) {
	var in dutyInput
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	h, err := a.desk.AcknowledgeHandOver(r, r.by, r.Param("id"), in.Remark)
	if err != nil {
		return nil, err
	}
	return handOverOf(h), nil
}
