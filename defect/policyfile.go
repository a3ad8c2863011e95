package defect

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"yunwei/calendar"
)

// The policies that ship; see docs/adr/0006.
//
//go:embed policies/*.yaml
var shipped embed.FS

// DefaultPolicy returns the plan's table 3.1.
func DefaultPolicy() Policy {
	p, err := ShippedPolicy("om-plan")
	if err != nil {
		return Policy{} // a shipped policy that does not read never leaves the tests
	}
	return p
}

// ShippedPolicy returns a policy by the name of its file: om-plan, om-plan-strict.
func ShippedPolicy(name string) (Policy, error) {
	text, err := shipped.ReadFile("policies/" + name + ".yaml")
	if err != nil {
		return Policy{}, fmt.Errorf("there is no shipped policy %q", name)
	}
	return ParsePolicy(text)
}

// PolicyError is a mistake in a policy file.
type PolicyError struct {
	Line    int    // from 1
	Path    string // of the setting: severities.1.response
	Message string // what is wrong, and what is accepted
}

// Error returns the mistake with its line.
func (e PolicyError) Error() string { return fmt.Sprintf("line %d: %s: %s", e.Line, e.Path, e.Message) }

// PolicyErrors is every mistake of a policy file, in the order of its lines.
type PolicyErrors []PolicyError

// Error returns the mistakes, one a line.
func (es PolicyErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// maxPolicyFile bounds a policy file, in bytes.
const maxPolicyFile = 1 << 20

// ParsePolicy reads a policy file. Its error is PolicyErrors: every mistake with its line.
func ParsePolicy(text []byte) (Policy, error) {
	r := &policyReader{}
	root, err := parseYAML(text)
	if err != nil {
		return Policy{}, PolicyErrors{*err}
	}
	p := r.policy(root)
	p.Hash = Digest(string(text))
	if len(r.wrong) > 0 {
		slices.SortStableFunc(r.wrong, func(a, b PolicyError) int { return a.Line - b.Line })
		return Policy{}, r.wrong
	}
	return p, nil
}

// parseYAML returns the mapping that the text is.
func parseYAML(text []byte) (*yaml.Node, *PolicyError) {
	if len(text) > maxPolicyFile {
		return nil, &PolicyError{Line: 1, Path: "the file", Message: "it is over 1 MiB"}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		return nil, unreadable(err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &PolicyError{Line: max(1, more.Line), Path: "the file", Message: "it holds more than one document"}
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, &PolicyError{Line: 1, Path: "the file", Message: "it is no mapping of settings: begin with `name: …`"}
	}
	return doc.Content[0], nil
}

// unreadable finds the line in the text of a syntax error, where the library keeps it.
func unreadable(err error) *PolicyError {
	e := &PolicyError{Line: 1, Path: "the file", Message: "it is empty: begin with `name: …`"}
	if errors.Is(err, io.EOF) {
		return e
	}
	e.Message = "it is no YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
	if _, rest, ok := strings.Cut(err.Error(), "line "); ok {
		digits, _, _ := strings.Cut(rest, ":")
		if n, convErr := strconv.Atoi(digits); convErr == nil {
			e.Line = n
		}
	}
	return e
}

// policyReader gathers mistakes while it reads.
type policyReader struct {
	wrong  PolicyErrors
	offset int
}

// add notes a mistake.
func (r *policyReader) add(n *yaml.Node, path, format string, args ...any) {
	r.wrong = append(r.wrong, PolicyError{Line: max(1, n.Line), Path: path, Message: fmt.Sprintf(format, args...)})
}

func (r *policyReader) policy(root *yaml.Node) Policy {
	s := r.section(root, "", "name", "timezone", "calendars", "severities", "onsite", "spare_part", "service_report", "auto_close", "pause", "warn_at", "escalation")
	p := Policy{Name: s.text("name")}
	p.Offset = r.timezone(s)
	r.offset = p.Offset
	p.Calendars = r.calendars(s)
	p.Severities = r.severities(s, p.Calendars)
	p.Onsite = r.term(s, "onsite", p.Calendars)
	p.SparePart = r.term(s, "spare_part", p.Calendars)
	p.ServiceReport = r.term(s, "service_report", p.Calendars)
	p.AutoClose = r.term(s, "auto_close", p.Calendars)
	p.Pause = r.pause(s)
	p.WarnAt = r.warnAt(s)
	p.Escalation = r.escalation(s)
	return p
}

// section is a mapping with the keys that it may have.
type section struct {
	r    *policyReader
	node *yaml.Node
	path string
	keys map[string]*yaml.Node
}

// section reads a mapping. Unknown and repeated keys, aliases and anything that is no mapping are mistakes.
func (r *policyReader) section(n *yaml.Node, path string, accepted ...string) section {
	s := section{r: r, node: n, path: path, keys: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode {
		r.add(n, path, "write a mapping with %s", strings.Join(accepted, ", "))
		return s
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch _, twice := s.keys[key.Value]; {
		case key.Kind != yaml.ScalarNode || len(accepted) > 0 && !slices.Contains(accepted, key.Value):
			r.add(key, s.at(key.Value), "this setting is unknown: %s are accepted", strings.Join(accepted, ", "))
		case twice:
			r.add(key, s.at(key.Value), "this setting stands here twice")
		case value.Kind == yaml.AliasNode:
			r.add(value, s.at(key.Value), "aliases are not accepted: write the value out")
		default:
			s.keys[key.Value] = value
		}
	}
	return s
}

func (s section) at(key string) string {
	if s.path == "" {
		return key
	}
	return s.path + "." + key
}

// need returns a value that must be there, or nil.
func (s section) need(key string) *yaml.Node {
	n := s.keys[key]
	if n == nil && s.node.Kind == yaml.MappingNode {
		s.r.add(s.node, s.at(key), "this setting is missing")
	}
	return n
}

// text returns a text that must be there and not empty.
func (s section) text(key string) string {
	n := s.need(key)
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
		s.r.add(n, s.at(key), "write a text")
		return ""
	}
	return n.Value
}

// list returns the values of a sequence.
func (s section) list(key, of string) []*yaml.Node {
	n := s.keys[key]
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		s.r.add(n, s.at(key), "write a list of %s in brackets", of)
		return nil
	}
	return n.Content
}

// oneOf reads a scalar that must be one of the given words.
func oneOf[T ~string](r *policyReader, n *yaml.Node, path string, words []T) T {
	if i := slices.Index(words, T(n.Value)); n.Kind == yaml.ScalarNode && i >= 0 {
		return words[i]
	}
	accepted := make([]string, len(words))
	for i, w := range words {
		accepted[i] = string(w)
	}
	r.add(n, path, "%q is unknown: %s are accepted", n.Value, strings.Join(accepted, ", "))
	return ""
}

// number reads a whole number within bounds.
func (r *policyReader) number(n *yaml.Node, path, text string, least, most int) int {
	v, err := strconv.Atoi(text)
	if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
		r.add(n, path, "%q is no whole number from %d to %d", n.Value, least, most)
		return 0
	}
	return v
}

func (r *policyReader) limit(n *yaml.Node, path string) calendar.Limit {
	if n.Kind != yaml.ScalarNode {
		r.add(n, path, "write a limit, such as 30m, 2h, 1h30m, 5d or 5wd")
		return calendar.Limit{}
	}
	l, err := calendar.ParseLimit(n.Value)
	if err != nil {
		r.add(n, path, "%v", err)
	}
	return l
}

// timezone reads an offset such as "+08:00": the workflow must not ask the host for zones.
func (r *policyReader) timezone(s section) int {
	text := s.text("timezone")
	if text == "" {
		return 0
	}
	offset, err := calendar.ParseOffset(text)
	if err != nil {
		r.add(s.keys["timezone"], s.at("timezone"), "%v", err)
	}
	return offset
}

func (r *policyReader) severities(s section, cals map[string]calendar.Calendar) map[Severity]Targets {
	out := map[Severity]Targets{}
	n := s.need("severities")
	if n == nil {
		return out
	}
	all := r.section(n, s.at("severities"), "1", "2", "3", "4")
	for severity := Severity(1); severity <= 4; severity++ {
		if one := all.need(strconv.Itoa(int(severity))); one != nil {
			out[severity] = r.targets(one, all.at(strconv.Itoa(int(severity))), cals)
		}
	}
	return out
}

func (r *policyReader) targets(n *yaml.Node, path string, cals map[string]calendar.Calendar) Targets {
	s := r.section(n, path, "name", "calendar", "response", "plan", "resolve", "sign_offs")
	t := Targets{Name: map[string]string{}, Calendar: r.calendarName(s, cals)}
	if name := s.need("name"); name != nil {
		words := r.section(name, s.at("name"), "zh", "en")
		t.Name["zh"], t.Name["en"] = words.text("zh"), words.text("en")
	}
	for key, limit := range map[string]*calendar.Limit{"response": &t.Response, "plan": &t.Plan, "resolve": &t.Resolve} {
		if one := s.need(key); one != nil {
			*limit = r.limit(one, s.at(key))
		}
	}
	if one := s.need("sign_offs"); one != nil {
		t.SignOffs = r.number(one, s.at("sign_offs"), one.Value, 1, 9)
	}
	return t
}

// calendarName reads the name of a calendar of the policy, which must be there.
func (r *policyReader) calendarName(s section, cals map[string]calendar.Calendar) string {
	name := s.text("calendar")
	if _, ok := cals[name]; !ok && name != "" {
		r.add(s.keys["calendar"], s.at("calendar"), "there is no calendar %q among calendars", name)
	}
	return name
}

// term reads a limit, plain or on a calendar of its own.
func (r *policyReader) term(s section, key string, cals map[string]calendar.Calendar) Term {
	n := s.need(key)
	if n == nil {
		return Term{}
	}
	if n.Kind == yaml.ScalarNode {
		return Term{Limit: r.limit(n, s.at(key))}
	}
	t := r.section(n, s.at(key), "limit", "calendar")
	out := Term{Calendar: r.calendarName(t, cals)}
	if one := t.need("limit"); one != nil {
		out.Limit = r.limit(one, t.at("limit"))
	}
	return out
}

// pause reads which promises stand still. In the file the keys are waiting_reporter and waiting_spare.
func (r *policyReader) pause(s section) map[Waiting][]ClockName {
	n := s.keys["pause"]
	if n == nil {
		return nil
	}
	out := map[Waiting][]ClockName{}
	p := r.section(n, s.at("pause"), "waiting_reporter", "waiting_spare")
	for key, w := range map[string]Waiting{"waiting_reporter": WaitingReporter, "waiting_spare": WaitingSpare} {
		for _, one := range p.list(key, "clocks") {
			out[w] = append(out[w], oneOf(r, one, p.at(key), ClockNames()))
		}
	}
	return out
}

func (r *policyReader) warnAt(s section) []int {
	var out []int
	for _, one := range s.list("warn_at", "percentages") {
		p := r.percent(one, s.at("warn_at"), 99)
		if len(out) > 0 && p != 0 && p <= out[len(out)-1] {
			r.add(one, s.at("warn_at"), "list the percentages in rising order, each once")
		}
		out = append(out, p)
	}
	return out
}

func (r *policyReader) percent(n *yaml.Node, path string, most int) int {
	text, ok := strings.CutSuffix(n.Value, "%")
	if v, err := strconv.Atoi(text); ok && n.Kind == yaml.ScalarNode && err == nil && 1 <= v && v <= most {
		return v
	}
	r.add(n, path, "%q is no percentage: write 1%% to %d%%", n.Value, most)
	return 0
}

func (r *policyReader) escalation(s section) []Rule {
	var out []Rule
	for i, n := range s.list("escalation", "rules") {
		path := fmt.Sprintf("%s.%d", s.at("escalation"), i+1)
		rule := r.rule(n, path)
		if slices.ContainsFunc(out, func(o Rule) bool { return o.String() == rule.String() && rule.Clock != "" }) {
			r.add(n, path, "there is a rule %q already: name all who are called in that one", rule)
		}
		out = append(out, rule)
	}
	return out
}

// maxTimes bounds how often a rule calls again: no call goes on for ever.
const maxTimes = 48

func (r *policyReader) rule(n *yaml.Node, path string) Rule {
	s := r.section(n, path, "clock", "at", "after", "notify", "repeat", "times", "level")
	var out Rule
	if one := s.need("clock"); one != nil {
		out.Clock = oneOf(r, one, s.at("clock"), ClockNames())
	}
	at, after := s.keys["at"], s.keys["after"]
	switch {
	case (at == nil) == (after == nil):
		r.add(n, path, "write either `at`, a percentage of the promise, or `after`, a limit past its due time")
	case at != nil:
		out.At = r.percent(at, s.at("at"), 1000)
	default:
		out.After = r.limit(after, s.at("after"))
	}
	if s.need("notify") != nil {
		for _, one := range s.list("notify", "roles") {
			out.Notify = append(out.Notify, r.notified(one, s.at("notify")))
		}
		if len(out.Notify) == 0 {
			r.add(s.keys["notify"], s.at("notify"), "name at least one role, on_duty, assignee, or user: and a user name")
		}
	}
	r.again(s, &out)
	if one := s.keys["level"]; one != nil {
		out.Level = oneOf(r, one, s.at("level"), []Level{LevelOnsite, LevelExpert})
	}
	return out
}

// again reads how often a rule calls: once, or every so often, up to an end.
func (r *policyReader) again(s section, out *Rule) {
	repeat, times := s.keys["repeat"], s.keys["times"]
	switch {
	case repeat == nil && times == nil:
		return
	case repeat == nil || times == nil:
		r.add(cmp.Or(repeat, times), s.at("repeat"), "write both `repeat`, a limit between two calls, and `times`, how often to call again: no call goes on for ever")
		return
	}
	out.Repeat = r.limit(repeat, s.at("repeat"))
	n, err := strconv.Atoi(times.Value)
	if times.Kind != yaml.ScalarNode || err != nil || n < 1 || n > maxTimes {
		r.add(times, s.at("times"), "%q is not how often to call again: write 1 to %d", times.Value, maxTimes)
		return
	}
	out.Times = n
}

var userName = regexp.MustCompile(`^[a-z0-9._-]{2,64}$`)

// notified reads one whom a rule calls. Whether a person has an account, the file cannot know.
func (r *policyReader) notified(n *yaml.Node, path string) string {
	if name, ok := strings.CutPrefix(n.Value, NotifyUser); ok && n.Kind == yaml.ScalarNode {
		if !userName.MatchString(name) {
			r.add(n, path, "%q names no account: write user: and a user name in small letters", n.Value)
		}
		return n.Value
	}
	return oneOf(r, n, path, notifiable())
}

// notifiable is whom a rule can call but for single persons: roles, who is on duty, who has the case in hand.
func notifiable() []string {
	out := []string{NotifyAssignee, NotifyOnDuty}
	for _, role := range Roles() {
		out = append(out, string(role))
	}
	return out
}
