package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// stepForm is the form of a step.
type stepForm struct {
	Act      dutyAct
	Controls []control
	Open     bool
}

// dutyForms draws the forms of a page of a roster: those of the steps that the reader may take, and the one that was refused
// as it was filled in.
func (p *pages) dutyForms(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, tried *dutyAttempt, out *rosterPage) error {
	draw := &dutyDraw{l: l, tried: tried, out: out, choices: p.dutyChoices(l, by, r)}
	signedOn := out.Present != nil
	switch out.Tab {
	case tabWeek, tabPresence:
		draw.form(actSignOn, out.Serves && !signedOn && !r.Retired, desk.SignOnFields())
		draw.form(actSignOff, out.Serves && (signedOn || tried != nil && tried.act == actSignOff), []defect.Field{desk.NoteField()})
	case tabLog:
		draw.form(actLog, out.Serves, desk.LogFields())
	case tabHandOvers:
		draw.form(actHandOver, out.Serves, desk.HandOverFields())
	case tabChanges:
		draw.form(actOverride, out.MayPlan && !r.Retired, desk.OverrideFields())
		if err := p.swapForm(c, l, by, r, draw); err != nil {
			return err
		}
	case tabTable, tabFindings, tabVersions:
	}
	out.tell(l, tried, draw.shown)
	return nil
}

// swapForm draws the form of a swap for who serves, and has something to give.
func (p *pages) swapForm(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, draw *dutyDraw) error {
	if !draw.out.Serves || r.Retired {
		return nil
	}
	mine, others, err := p.upcoming(c, l, by, r)
	if err := ifNotAway(err, &draw.out.Away); err != nil {
		return err
	}
	draw.choices["give"], draw.choices["take"] = mine, others
	draw.form(actSwap, len(mine) > 0 && len(others) > 0 || draw.tried != nil && draw.tried.act == actSwap, swapControls())
	return nil
}

// tell says why a step was refused, where its form does not, and keeps what was typed.
func (out *rosterPage) tell(l lang.Lang, tried *dutyAttempt, shown []control) {
	if tried == nil {
		return
	}
	out.tried = tried
	e := apperr.Of(tried.err)
	switch {
	case tried.act == actImport && len(e.Fields) > 0:
		for _, f := range e.Fields {
			text := l.Text(f.Reason, f.Args)
			if f.Field != "file" {
				text = f.Field + ": " + text
			}
			out.Mistakes = append(out.Mistakes, text)
		}
	case out.Alarm == "":
		_, out.Alarm = wrongFields(l, merged(tried.err), shown)
	}
}

// Typed returns what was typed into a form of a row that was refused, or into the field of a form that has no other.
func (out rosterPage) Typed(what string) string {
	switch {
	case out.tried == nil:
		return ""
	case out.tried.act == actImport:
		return out.tried.values.Get(what)
	case out.tried.id == what:
		return out.tried.values.Get("remark")
	}
	return ""
}

// swapControls are the fields of a swap as its form has them: each span is one choice, which names its person, too.
func swapControls() []defect.Field {
	return []defect.Field{
		{Name: "give", Type: defect.TypeText, Required: true}, {Name: "take", Type: defect.TypeText, Required: true},
		{Name: "reason", Type: defect.TypeText, Max: defect.MaxText},
	}
}

// called returns an error that calls people by their names.
func (p *pages) called(err error) error {
	e := apperr.Of(err)
	if e == nil {
		return nil
	}
	named := func(args apperr.Args) apperr.Args {
		person := args["person"]
		if person == "" {
			return args
		}
		args = maps.Clone(args)
		args["person"] = nameIn(p.desk.Names(person), person)
		return args
	}
	told := *e
	told.Args, told.Fields = named(e.Args), slices.Clone(e.Fields)
	for i := range told.Fields {
		told.Fields[i].Args = named(told.Fields[i].Args)
	}
	return &told
}

// merged returns an error whose fields are named as the forms name them: a span and a list are one control each.
func merged(err error) error {
	e := apperr.Of(err)
	if e == nil || len(e.Fields) == 0 {
		return err
	}
	told := *e
	told.Fields = nil
	for _, f := range e.Fields {
		name, _, _ := strings.Cut(f.Field, ".")
		name, _, _ = strings.Cut(name, "[")
		if name == "with" {
			name = "take"
		}
		told.Fields = append(told.Fields, apperr.Field{Field: name, Reason: f.Reason, Args: f.Args})
	}
	return &told
}

// dutyChoices are what the fields of the steps may name.
func (p *pages) dutyChoices(l lang.Lang, by desk.Caller, r roster.Roster) map[string][]option {
	var shifts []option
	for _, list := range [][]roster.Shift{r.Shifts, r.Holidays} {
		for _, s := range list {
			if !slices.ContainsFunc(shifts, func(o option) bool { return o.Value == s.Name }) {
				label := s.Name
				if kind := l.Term("duty_kind." + string(s.Kind)); kind != s.Name {
					label += " · " + kind
				}
				shifts = append(shifts, option{Value: s.Name, Label: label})
			}
		}
	}
	people := peopleOptions(p.desk.DutyPeople(by))
	var others []option
	for _, o := range people {
		if o.Value != me(by) {
			others = append(others, o)
		}
	}
	instead := slices.Clone(people)
	names := p.desk.Names(r.People()...)
	for _, person := range r.People() { // who cannot serve any more is the first to be replaced
		if !slices.ContainsFunc(instead, func(o option) bool { return o.Value == person }) {
			instead = append(instead, option{Value: person, Label: nameIn(names, person)})
		}
	}
	return map[string][]option{"shift": shifts, "to": others, "people": people, "instead": instead}
}

// dutyDraw draws the forms of one page.
type dutyDraw struct {
	l       lang.Lang
	tried   *dutyAttempt
	out     *rosterPage
	choices map[string][]option
	shown   []control
}

// form draws the form of a step that somebody may take.
func (d *dutyDraw) form(act dutyAct, may bool, fields []defect.Field) {
	if !may {
		return
	}
	choices := maps.Clone(d.choices)
	if act != actHandOver {
		delete(choices, "to") // elsewhere it is a time
	}
	draw := formOf{l: d.l, id: string(act), values: url.Values{}, choices: choices}
	form := stepForm{Act: act}
	fields = slices.DeleteFunc(fields, func(f defect.Field) bool { return f.Name == "roster" })
	if d.tried != nil && d.tried.act == act {
		draw.values, form.Open = d.tried.values, true
		var shown []control
		for _, f := range fields {
			shown = append(shown, control{Name: f.Name})
		}
		draw.wrong, d.out.Alarm = wrongFields(d.l, merged(d.tried.err), shown)
		d.shown = shown
	}
	for _, f := range fields {
		one := draw.control(f, "")
		one.Label = d.l.Term(dutyLabels[act][f.Name])
		if one.Kind == kindRadio {
			one.Kind, one.Options = kindSelect, orNone(one.Options)
		}
		if f.Name == "note" && !f.Required {
			one.Kind = kindLine // a remark, beside the note of a hand-over
		}
		if f.Type == defect.TypeList {
			one.Kind, one.Options = kindChecks, slices.DeleteFunc(one.Options, func(o option) bool { return o == option{} })
			for i := range one.Options {
				one.Options[i].Chosen = slices.Contains(draw.values[f.Name], one.Options[i].Value)
			}
		}
		form.Controls = append(form.Controls, one)
	}
	d.out.Forms[string(act)] = form
}

// dutyLabels name the fields of the steps.
var dutyLabels = map[dutyAct]map[string]string{
	actSignOn:   {"shift": "web.duty.of_shift", "note": "web.duty.note"},
	actSignOff:  {"note": "web.duty.note"},
	actLog:      {"shift": "web.duty.of_shift", "text": "web.duty.text", "case": "web.duty.case"},
	actHandOver: {"shift": "web.duty.of_shift", "to": "web.duty.hand_to", "note": "web.duty.hand_note"},
	actOverride: {
		"from": "web.duty.from", "to": "web.duty.to", "shift": "web.duty.any_shift", "instead": "web.duty.instead", "people": "web.duty.people", "reason": "web.duty.reason",
	},
	actSwap: {"give": "web.duty.give", "take": "web.duty.take", "reason": "web.duty.reason"},
}
