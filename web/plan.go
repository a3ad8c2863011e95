package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// planLists are the lists of shifts of a plan, by the names of their fields.
var planLists = []string{"shifts", "holidays"}

// planPage is the form of a roster's plan.
type planPage struct {
	Name     string // of the roster; empty for a new one
	Head     []control
	Lists    []planList
	Version  int
	Entries  int    // people for single days that the plan has, from a duty table
	Drop     bool   // they are to go
	BadEntry string // what is wrong with them
	Retired  bool
	Reason   control
	Alarm    string
	Since    []versionView // what others have saved meanwhile
	People   []defect.Person
}

// planList is one of the lists of shifts.
type planList struct {
	Name   string
	Blocks []planBlock
	Wrong  string
	Full   bool // no more are taken
}

// planBlock is a shift in the form.
type planBlock struct {
	N        int // from 1
	At       string
	Controls []control
}

// planDraft is a form of a plan as it is filled in.
type planDraft struct {
	filled
	name    string // empty for a new roster
	version int
	entries int
}

// newRoster shows an empty form, with what the contract asks of every site filled in as a beginning.
func (p *pages) newRoster(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayDuty(by, roster.TaskPlan); err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	_, offset := p.now().In(p.zone).Zone()
	zone := roster.Zone(offset)
	first := monday(zone.Date(p.now()))
	every := roster.Rotation{Every: roster.Weekly, Length: 1, Anchor: first}
	plan := roster.Plan{Timezone: zone, Shifts: []roster.Shift{
		{Name: l.Term("duty_kind." + string(roster.Onsite)), Kind: roster.Onsite, Days: roster.Days()[:5], Start: 8*60 + 30, End: 18 * 60, Minimum: roster.MinOnsite, Rotation: every},
		{Name: l.Term("duty_kind." + string(roster.Hotline)), Kind: roster.Hotline, Start: 8 * 60, End: 8 * 60, Minimum: 1, Rotation: every},
	}}
	p.showPlan(c, by, http.StatusOK, planDraft{filled: filled{values: p.planValues(by, plan)}})
}

// editRoster shows the form of a roster's plan.
func (p *pages) editRoster(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayDuty(by, roster.TaskPlan); err != nil {
		p.fail(c, err)
		return
	}
	r, err := p.desk.Roster(c, by, c.Param("name"), 0)
	if err != nil {
		p.fail(c, err)
		return
	}
	p.showPlan(c, by, http.StatusOK, planDraft{filled: filled{values: p.planValues(by, r.Plan)}, name: r.Name, version: r.Version, entries: len(r.Entries)})
}

// planValues writes a plan as its form has it.
func (p *pages) planValues(by desk.Caller, plan roster.Plan) url.Values {
	out := url.Values{"timezone": {plan.Timezone.String()}, "calendar": {plan.Calendar}}
	if plan.Retired {
		out.Set("retired", "true")
	}
	names := p.desk.Names(plan.People()...)
	for _, list := range planLists {
		shifts := plan.Shifts
		if list == "holidays" {
			shifts = plan.Holidays
		}
		for i, s := range shifts {
			at := fmt.Sprintf("%s[%d].", list, i)
			for name, value := range map[string]string{
				"name": s.Name, "kind": string(s.Kind), "start": s.Start.String(), "end": s.End.String(), "minimum": strconv.Itoa(max(s.Minimum, 1)),
				"every": string(s.Rotation.Every), "length": strconv.Itoa(max(s.Rotation.Length, 1)), "anchor": s.Rotation.Anchor.String(), "groups": p.groupsText(by, s.Rotation.Groups, names),
			} {
				out.Set(at+name, value)
			}
			for _, d := range s.Days {
				out.Add(at+"days", string(d))
			}
		}
	}
	return out
}

// groupsText writes groups of people, a line each: by name, and by user name where several have the name.
func (p *pages) groupsText(by desk.Caller, groups [][]string, names map[string]string) string {
	lines := make([]string, len(groups))
	for i, g := range groups {
		written := make([]string, len(g))
		for n, person := range g {
			written[n] = person
			if called, ok := p.desk.DutyPerson(by, names[person]); ok && strings.EqualFold(called, person) {
				written[n] = names[person]
			}
		}
		lines[i] = strings.Join(written, ", ")
	}
	return strings.Join(lines, "\n")
}

// savePlan saves the plan of a form, or changes how many shifts the form has. A refusal shows it again with what was typed.
func (p *pages) savePlan(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayDuty(by, roster.TaskPlan); err != nil {
		p.fail(c, err)
		return
	}
	draft := planDraft{name: c.Param("name"), version: countOf(c.PostForm(fieldVersion))}
	do, target, _ := strings.Cut(c.PostForm("_do"), " ")
	draft.values = tidyDraft(c.Request.PostForm, target)
	if do != "" {
		if do == "add" {
			addBlock(draft.values, target, monday(roster.Zone(0).Date(p.now())).String())
		}
		draft.entries = countOf(c.PostForm("_entries"))
		p.showPlan(c, by, http.StatusOK, draft)
		return
	}
	saved, err := p.keepPlan(c, by, &draft)
	if err != nil {
		var status int
		status, draft.filled = p.refused(c, draft.values, err)
		p.showPlan(c, by, status, draft)
		return
	}
	to := tabFindings
	if saved.Retired {
		to = tabWeek
	}
	c.Redirect(http.StatusSeeOther, to.path(saved.Name)+"?did="+string(actSave))
}

// keepPlan saves the plan of a form. People for single days stay those of the version that the form was made from.
func (p *pages) keepPlan(c *gin.Context, by desk.Caller, draft *planDraft) (roster.Roster, error) {
	name := draft.name
	known := roster.Roster{}
	if name == "" {
		name, draft.version = strings.TrimSpace(draft.values.Get("name")), 0
	} else {
		var err error
		if known, err = p.desk.Roster(c, by, name, draft.version); err != nil {
			return roster.Roster{}, err
		}
		draft.entries = len(known.Entries)
	}
	var in struct {
		Plan   roster.Plan
		Reason string
	}
	doc, wrong := p.planDoc(by, draft.values, known.Plan)
	defect.CheckFields(desk.RosterFields(), doc, &wrong)
	if err := wrong.Err(); err != nil {
		if draft.name == "" && !roster.ValidName(name) {
			wrong.Add("name", apperr.FieldRosterID, nil) // so that all mistakes are told at once
		}
		return roster.Roster{}, wrong.Err()
	}
	if err := bind(doc, &in); err != nil {
		return roster.Roster{}, err
	}
	if draft.values.Get("drop_entries") == "" {
		in.Plan.Entries = known.Entries
	}
	saved, _, err := p.desk.SaveRoster(c, by, name, in.Plan, draft.version, in.Reason)
	return saved, err
}

// blockFields are the fields of a shift in the form; those in fresh come filled in, and say nothing by themselves.
var (
	blockFields = []string{"name", "kind", "days", "start", "end", "minimum", "every", "length", "anchor", "groups"}
	freshFields = []string{"kind", "minimum", "every", "length", "anchor"}
)

// tidyDraft returns what was filled in with the shifts counted anew: without those that say nothing, and without the one
// that is to go, which is named like shifts[2].
func tidyDraft(values url.Values, drop string) url.Values {
	out := url.Values{}
	for name, v := range values {
		if !strings.Contains(name, "[") {
			out[name] = v
		}
	}
	for _, list := range planLists {
		n := 0
		for i := range roster.MaxShifts + 1 {
			from := fmt.Sprintf("%s[%d]", list, i)
			if from == drop || blank(values, from) {
				continue
			}
			for _, field := range blockFields {
				if v, ok := values[from+"."+field]; ok {
					out[fmt.Sprintf("%s[%d].%s", list, n, field)] = v
				}
			}
			n++
		}
	}
	return out
}

// blank reports whether nobody has filled in a shift.
func blank(values url.Values, at string) bool {
	for _, field := range blockFields {
		if !slices.Contains(freshFields, field) && strings.TrimSpace(strings.Join(values[at+"."+field], "")) != "" {
			return false
		}
	}
	return true
}

// blocks counts the shifts of a list.
func blocks(values url.Values, list string) int {
	n := 0
	for values.Has(fmt.Sprintf("%s[%d].name", list, n)) {
		n++
	}
	return n
}

// addBlock adds an empty shift to a list.
func addBlock(values url.Values, list, anchor string) {
	n := blocks(values, list)
	if !slices.Contains(planLists, list) || n >= roster.MaxShifts {
		return
	}
	at := fmt.Sprintf("%s[%d].", list, n)
	for name, value := range map[string]string{"name": "", "minimum": "1", "every": string(roster.Weekly), "length": "1", "anchor": anchor} {
		values.Set(at+name, value)
	}
}

// planDoc returns the document that a form makes, with what is wrong with the people in it: who is named has an account, or
// had one when the plan was last saved.
func (p *pages) planDoc(by desk.Caller, values url.Values, known roster.Plan) (map[string]any, apperr.Fields) {
	var wrong apperr.Fields
	plan := map[string]any{}
	for _, name := range []string{"timezone", "calendar"} {
		if v := strings.TrimSpace(values.Get(name)); v != "" {
			plan[name] = v
		}
	}
	if values.Get("retired") != "" {
		plan["retired"] = true
	}
	for _, list := range planLists {
		var shifts []any
		for i := range blocks(values, list) {
			at := fmt.Sprintf("%s[%d].", list, i)
			named := func(who string) (string, bool) {
				if username, ok := p.desk.DutyPerson(by, who); ok {
					return strings.ToLower(username), true
				}
				return strings.ToLower(who), known.Names(strings.ToLower(who))
			}
			shifts = append(shifts, shiftDoc(values, at, named, &wrong))
		}
		if shifts != nil {
			plan[list] = shifts
		}
	}
	doc := map[string]any{"plan": plan}
	if reason := strings.ReplaceAll(values.Get("reason"), "\r\n", "\n"); strings.TrimSpace(reason) != "" {
		doc["reason"] = reason
	}
	return doc, wrong
}

// shiftDoc returns the document of a shift.
func shiftDoc(values url.Values, at string, named func(string) (string, bool), wrong *apperr.Fields) map[string]any {
	text := func(name string) string { return strings.TrimSpace(values.Get(at + name)) }
	count := func(into map[string]any, name string) {
		if text(name) != "" {
			into[name] = readValue(defect.Field{Type: defect.TypeInteger}, text(name), nil)
		}
	}
	say := func(into map[string]any, names ...string) {
		for _, name := range names {
			if text(name) != "" {
				into[name] = text(name)
			}
		}
	}
	rotation, doc := map[string]any{}, map[string]any{}
	say(rotation, "every", "anchor")
	say(doc, "name", "kind", "start", "end")
	count(rotation, "length")
	if groups := readGroups(values.Get(at+"groups"), "plan."+at+"rotation.groups", named, wrong); groups != nil {
		rotation["groups"] = groups
	}
	doc["rotation"] = rotation
	count(doc, "minimum")
	var days []any
	for _, d := range values[at+"days"] {
		days = append(days, d)
	}
	if days != nil {
		doc["days"] = days
	}
	return doc
}

// betweenNames stand between people: comma, enumeration comma and semicolon in both widths, slash.
const betweenNames = ",\uff0c\u3001;\uff1b/"

// readGroups reads groups of people, a line each. Where blanks make names of what stands between commas, they part people,
// too.
func readGroups(text, field string, named func(string) (string, bool), wrong *apperr.Fields) []any {
	var out []any
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		at := fmt.Sprintf("%s[%d]", field, len(out))
		group := []any{}
		add := func(who string) bool {
			username, ok := named(who)
			if ok {
				group = append(group, username)
			}
			return ok
		}
		for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(betweenNames, r) }) {
			if part = strings.TrimSpace(part); part == "" || add(part) {
				continue
			}
			for _, who := range strings.Fields(part) {
				if !add(who) {
					wrong.Add(at, apperr.FieldPerson, apperr.Args{"person": defect.Printable(who)})
				}
			}
		}
		out = append(out, group)
	}
	return out
}

// planFields draws the fields of a plan as they are filled in.
type planFields struct {
	l      lang.Lang
	values url.Values
	wrong  map[string]string
}

func (f planFields) field(name, label string, kind controlKind, limit int, required bool) control {
	return control{
		Name: name, ID: "plan-" + strings.NewReplacer("[", "-", "].", "-").Replace(name), Label: f.l.Term(label), Kind: kind, Value: f.values.Get(name),
		Max: limit, Required: required, Error: f.wrong[name],
	}
}

// showPlan shows the form of a plan as it is filled in, with what is wrong beside each field.
func (p *pages) showPlan(c *gin.Context, by desk.Caller, status int, draft planDraft) {
	l := language(c)
	out := planPage{
		Name: draft.name, Version: draft.version, Entries: draft.entries, Drop: draft.values.Get("drop_entries") != "", Retired: draft.values.Get("retired") != "",
		People: p.desk.DutyPeople(by),
	}
	wrong, rest := planWrong(l, draft.err)
	out.Alarm, out.BadEntry = rest, wrong["entries"]
	if apperr.Is(draft.err, apperr.StaleVersion) {
		if err := p.overtaken(c, l, by, draft, wrong, &out); err != nil {
			p.fail(c, err)
			return
		}
	}
	f := planFields{l, draft.values, wrong}
	out.Head, out.Lists = p.planHead(c, by, draft.name == "", f), f.lists()
	out.Reason = f.field("reason", "web.plan.reason", kindArea, defect.MaxText, false)
	title := l.Term("web.plan.new")
	if draft.name != "" {
		title = l.Text("web.plan.edit", apperr.Args{"name": draft.name})
	}
	p.show(c, status, "plan", title, out)
}

// planHead are the fields of a plan as a whole; a roster that is new has yet to get its name.
func (p *pages) planHead(c *gin.Context, by desk.Caller, isNew bool, f planFields) []control {
	var out []control
	if isNew {
		out = append(out, f.field("name", "web.plan.name", kindLine, 40, true))
	}
	calendars := f.field("calendar", "web.plan.calendar", kindSelect, 0, false)
	calendars.Options = orNone(nil)
	for _, one := range p.desk.Calendars(c, by) {
		calendars.Options = append(calendars.Options, option{Value: one.Name, Label: one.Name, Chosen: one.Name == calendars.Value})
	}
	return append(out, f.field("timezone", "web.plan.timezone", kindLine, 6, true), calendars)
}

// lists are the lists of shifts.
func (f planFields) lists() []planList {
	var out []planList
	for _, list := range planLists {
		one := planList{Name: list, Wrong: f.wrong[list], Full: blocks(f.values, list) >= roster.MaxShifts}
		for i := range blocks(f.values, list) {
			at := fmt.Sprintf("%s[%d]", list, i)
			one.Blocks = append(one.Blocks, planBlock{N: i + 1, At: at, Controls: f.block(at + ".")})
		}
		out = append(out, one)
	}
	return out
}

// overtaken fills in what others have saved since the form was opened, so that its author decides whether theirs still holds.
// A new roster whose name is taken keeps its form as it is: its author wanted no other roster.
func (p *pages) overtaken(c *gin.Context, l lang.Lang, by desk.Caller, draft planDraft, wrong map[string]string, out *planPage) error {
	if draft.name == "" {
		wrong["name"], out.Alarm = l.Term("web.plan.taken"), ""
		return nil
	}
	list, _, err := p.desk.RosterVersions(c, by, draft.name, 0, dutyShown)
	if err != nil {
		return ifNotAway(err, new(bool))
	}
	out.Since = p.versionViews(slices.DeleteFunc(list, func(v desk.RosterVersion) bool { return v.Version <= draft.version }))
	if len(out.Since) > 0 {
		out.Version, out.Alarm = out.Since[0].Version, l.Term("web.plan.stale")
	}
	return nil
}

// block are the fields of a shift.
func (f planFields) block(at string) []control {
	choose := func(c control, kind string, names []string) control {
		if c.Kind == kindSelect {
			c.Options = orNone(nil)
		}
		for _, name := range names {
			c.Options = append(c.Options, option{Value: name, Label: f.l.Term(kind + "." + name), Chosen: slices.Contains(f.values[c.Name], name)})
		}
		return c
	}
	count := func(c control, low, high int) control {
		c.Low, c.High, c.Step = low, high, "1"
		return c
	}
	return []control{
		f.field(at+"name", "web.plan.shift_name", kindLine, roster.MaxName, true),
		choose(f.field(at+"kind", "web.plan.kind", kindSelect, 0, true), "duty_kind", namesOf(roster.Kinds())),
		choose(f.field(at+"days", "web.plan.days", kindChecks, 0, false), "weekday", namesOf(roster.Days())),
		f.field(at+"start", "web.plan.start", kindLine, 5, true),
		f.field(at+"end", "web.plan.end", kindLine, 5, true),
		count(f.field(at+"minimum", "web.plan.minimum", kindNumber, 0, false), 1, roster.MaxPeople),
		choose(f.field(at+"every", "web.plan.every", kindSelect, 0, true), "turn", namesOf(roster.Turns())),
		count(f.field(at+"length", "web.plan.length", kindNumber, 0, false), 1, 52),
		f.field(at+"anchor", "web.plan.anchor", kindDate, 0, true),
		f.field(at+"groups", "web.plan.groups", kindArea, 0, true),
	}
}

var (
	ofBlock = regexp.MustCompile(`^((?:shifts|holidays)\[\d+\]\.)(?:rotation\.)?([a-z]+)`)
	ofGroup = regexp.MustCompile(`groups\[(\d+)\]`)
)

// planWrong says what is wrong with each control of the form; what it says of anything else comes back as one text.
func planWrong(l lang.Lang, err error) (wrong map[string]string, rest string) {
	wrong = map[string]string{}
	e := apperr.Of(err)
	if e == nil {
		return wrong, ""
	}
	for _, f := range e.Fields {
		name, text := strings.TrimPrefix(f.Field, "plan."), l.Text(f.Reason, f.Args)
		if m := ofBlock.FindStringSubmatch(name); m != nil {
			name = m[1] + m[2]
		} else {
			name, _, _ = strings.Cut(name, "[")
		}
		if m := ofGroup.FindStringSubmatch(f.Field); m != nil {
			line, _ := strconv.Atoi(m[1]) // digits
			text = l.Text("web.plan.line", apperr.Args{"n": strconv.Itoa(line + 1), "text": text})
		}
		if !strings.Contains(wrong[name], text) {
			wrong[name] = strings.TrimSpace(wrong[name] + " " + text)
		}
	}
	return wrong, said(l, err)
}
