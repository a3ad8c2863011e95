package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/lang"
	"yunwei/roster"
)

// namedFile reads NAME=FILE, as people give it to a flag.
func namedFile(flag, form, text string) (name, file string, err error) {
	name, file, ok := strings.Cut(text, "=")
	if name, file = strings.TrimSpace(name), strings.TrimSpace(file); !ok || name == "" || file == "" {
		return "", "", fmt.Errorf("--%s: write it as %s; %q is not", flag, form, text)
	}
	return name, kong.ExpandPath(file), nil
}

// ofFlag says which flag an error is about, and keeps a list of mistakes one.
func ofFlag(flag, name string, err error) error {
	said := fmt.Errorf("--%s %s: %w", flag, name, err)
	if _, ok := errors.AsType[mistakes](err); ok {
		return mistakes{said}
	}
	return said
}

// triedHolidays reads the notices that are to stand in place of what is recorded of their sets, in their order.
func triedHolidays(flags []string, policy defect.Policy) (map[string][]calendar.Change, error) {
	out := map[string][]calendar.Change{}
	followed := defect.FollowedSets(policy.Calendars)
	for _, set := range followed {
		if base := calendar.BaseOf(set); base != "" && !slices.Contains(followed, base) {
			followed = append(followed, base)
		}
	}
	for _, text := range flags {
		set, file, err := namedFile("holidays", "SET=FILE, such as cn=2027.json", text)
		if err != nil {
			return nil, err
		}
		if !calendar.KnownSet(set) {
			return nil, fmt.Errorf("--holidays: there is no set %q: %s", set, calendar.SetForm)
		}
		if !slices.Contains(followed, set) {
			return nil, fmt.Errorf("--holidays: no calendar of the policy %s follows the set %s: %s", policy.Name, set, orNone("those of", followed))
		}
		change, err := readNotice(file)
		if err != nil {
			return nil, ofFlag("holidays", set, err)
		}
		out[set] = append(out[set], change)
	}
	return out, nil
}

// orNone lists what would be accepted.
func orNone(what string, names []string) string {
	if len(names) == 0 {
		return "none is accepted"
	}
	return what + " " + strings.Join(names, ", ") + " are accepted"
}

// maxRoster bounds what is read of a roster's file, in bytes: what the API takes.
const maxRoster = 1 << 20

// triedRosters reads the plans that are to stand in place of those of their rosters.
func triedRosters(flags []string, policy defect.Policy) (map[string]roster.Plan, error) {
	out := map[string]roster.Plan{}
	for _, text := range flags {
		name, file, err := namedFile("roster", "NAME=FILE, such as site=site.json", text)
		if err != nil {
			return nil, err
		}
		if !roster.ValidName(name) {
			return nil, fmt.Errorf("--roster: %q cannot be a roster's name: up to 40 of %s are accepted", name, roster.NameForm)
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("--roster: %s is given twice: one plan of a roster is accepted", name)
		}
		if out[name], err = readPlan(file, policy); err != nil {
			return nil, ofFlag("roster", name, err)
		}
	}
	return out, nil
}

// planFile is what the API takes to save a roster, and what it answers when asked for one.
type planFile struct {
	Plan    *roster.Plan `json:"plan"`
	Version any          `json:"version"` // this and what follows is not looked at
	Reason  any          `json:"reason"`

	Name         any `json:"name"`
	SavedAt      any `json:"saved_at"`
	SavedBy      any `json:"saved_by"`
	Retired      any `json:"retired"`
	KnownThrough any `json:"known_through"`
}

// planForm says what a roster's file has to be.
const planForm = `JSON is accepted as PUT /api/v1/rosters/{name} takes it, {"plan": {"timezone": …, "shifts": […]}}, or as GET answers`

// readPlan reads a roster's plan, and names every mistake.
func readPlan(file string, policy defect.Policy) (roster.Plan, error) {
	f, err := os.Open(file)
	if err != nil {
		return roster.Plan{}, fmt.Errorf("read the roster: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRoster+1))
	if err != nil {
		return roster.Plan{}, fmt.Errorf("read the roster: %w", err)
	}
	if len(text) > maxRoster {
		return roster.Plan{}, fmt.Errorf("%s is too large: up to 1 MiB is accepted", file)
	}
	var in planFile
	if err := decodeStrictly(text, &in); err != nil {
		return roster.Plan{}, fmt.Errorf("%s:%w; %s", file, err, planForm)
	}
	if in.Plan == nil {
		return roster.Plan{}, fmt.Errorf("%s has no plan; %s", file, planForm)
	}
	plan := in.Plan.Tidy()
	wrong := missingTimes(text)
	if err := plan.Check(); err != nil {
		for _, f := range apperr.Of(err).Fields {
			wrong.Add("plan."+f.Field, f.Reason, f.Args)
		}
	}
	if _, ok := policy.Calendars[plan.Calendar]; !ok && plan.Calendar != "" {
		wrong.Add("plan.calendar", apperr.FieldCalendar, apperr.Args{"calendars": strings.Join(slices.Sorted(maps.Keys(policy.Calendars)), ", ")})
	}
	if len(wrong) > 0 {
		lines := make([]string, len(wrong))
		for i, f := range wrong {
			lines[i] = fmt.Sprintf("%s: %s: %s", file, f.Field, lang.English.Text(f.Reason, f.Args))
		}
		return roster.Plan{}, mistakesIn("the plan", lines)
	}
	return plan, nil
}

// decodeStrictly reads one JSON document and nothing else. Its error begins with the line.
func decodeStrictly(text []byte, into any) error {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	at := d.InputOffset()
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		at, err = d.InputOffset(), errors.New("something follows the document")
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = e.Offset
	}
	return fmt.Errorf("%d: %w", 1+bytes.Count(text[:min(int(at), len(text))], []byte("\n")), err)
}

// timesFile is where a plan has to say times: what is left out reads as midnight, or UTC.
type timesFile struct {
	Plan struct {
		Timezone                  string
		Shifts, Holidays, Entries []struct{ Start, End string }
	}
}

// missingTimes finds the zone and hours that are left out. The text has been read before.
func missingTimes(text []byte) apperr.Fields {
	var wrong apperr.Fields
	var in timesFile
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &in); err != nil {
		wrong.Add("plan", apperr.FieldRequired, nil)
		return wrong
	}
	need := func(field, value string) {
		if value == "" {
			wrong.Add("plan."+field, apperr.FieldRequired, nil)
		}
	}
	need("timezone", in.Plan.Timezone)
	for i, s := range in.Plan.Shifts {
		need(fmt.Sprintf("shifts[%d].start", i), s.Start)
		need(fmt.Sprintf("shifts[%d].end", i), s.End)
	}
	for i, s := range in.Plan.Holidays {
		need(fmt.Sprintf("holidays[%d].start", i), s.Start)
		need(fmt.Sprintf("holidays[%d].end", i), s.End)
	}
	for i, e := range in.Plan.Entries { // both or neither
		if e.Start+e.End != "" {
			need(fmt.Sprintf("entries[%d].start", i), e.Start)
			need(fmt.Sprintf("entries[%d].end", i), e.End)
		}
	}
	return wrong
}
