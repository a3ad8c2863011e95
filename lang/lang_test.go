package lang_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/lang"
	"yunwei/roster"
)

func catalogue(t *testing.T, l lang.Lang) map[string]string {
	t.Helper()
	files, err := filepath.Glob(string(l) + "/*.yaml")
	require.NoError(t, err)
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var texts map[string]string
		require.NoError(t, yaml.Unmarshal(text, &texts), file)
		for key, text := range texts {
			require.NotContains(t, out, key, "%s: another file has it", file)
			out[key] = text
		}
	}
	return out
}

// constants returns the values of the constants of a type in a Go file.
func constants(t *testing.T, file, typeName string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	var out []string
	for _, decl := range parsed.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			c := spec.(*ast.ValueSpec)
			if id, ok := c.Type.(*ast.Ident); ok && id.Name == typeName {
				value, err := strconv.Unquote(c.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				out = append(out, value)
			}
		}
	}
	require.NotEmpty(t, out)
	return out
}

// further are the keys of subjects that have a test file of their own here.
var further []func(*testing.T) []string

// wanted returns every key that the program asks for.
func wanted(t *testing.T) []string {
	t.Helper()
	keys := append(constants(t, "../apperr/reasons.go", "Reason"), "list.separator")
	add := func(prefix string, names []string) {
		for _, n := range names {
			keys = append(keys, prefix+n)
		}
	}
	add("title.", constants(t, "../apperr/apperr.go", "Code"))
	add("stage.", constants(t, "../defect/terms.go", "Stage"))
	add("action.", constants(t, "../defect/terms.go", "Action"))
	add("role.", constants(t, "../defect/terms.go", "Role"))
	add("category.", constants(t, "../defect/terms.go", "Category"))
	add("level.", constants(t, "../defect/terms.go", "Level"))
	add("clock.", constants(t, "../defect/terms.go", "ClockName"))
	add("outcome.", constants(t, "../defect/promise.go", "Outcome"))
	add("dimension.", constants(t, "../defect/report.go", "Dimension"))
	keys = append(keys, constants(t, "headings.go", "Heading")...)
	add("duty.", constants(t, "../roster/duties.go", "Task"))
	add("duty_kind.", constants(t, "../roster/roster.go", "Kind"))
	add("finding.", constants(t, "../roster/check.go", "Problem"))
	add("drift.", constants(t, "../defect/drift.go", "DriftKind"))
	add("drift_fact.", append(constants(t, "../defect/drift.go", "DriftFact"), "absent"))
	add("workflow_status.", []string{"completed", "failed", "canceled", "terminated", "continuedasnew", "timedout"})
	add("assignment.", constants(t, "../defect/input.go", "AssignmentCode"))
	add("type.", constants(t, "../defect/field.go", "FieldType"))
	add("decision.", []string{string(defect.Approve), string(defect.Reject)})
	keys = append(keys, said(t, "../web/templates/*.html", inTemplate)...)
	keys = append(keys, said(t, "../web/templates/parts/*.html", inTemplate)...)
	keys = append(keys, said(t, "../web/[a-z]*[a-z].go", inCode)...)
	keys = append(keys, ofPages(t)...)
	keys = append(keys, ofDuty(t)...)
	for _, of := range further {
		keys = append(keys, of(t)...)
	}
	for _, frame := range []string{"", ".reporter", ".announcement"} {
		keys = append(keys, "notice.subject"+frame, "notice.facts"+frame)
	}
	keys = append(keys, "notice.sign_off.link", "notice.sign_off.code", "notice.held", "notice.may_move", "notice.more", "notice.link", "notice.bundle.subject", "notice.bundle.text")
	for _, topic := range slices.Concat(constants(t, "../notice/call.go", "Topic"), forReporters, byRule) {
		keys = append(keys, "notice."+topic+".subject", "notice."+topic+".text")
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

var (
	inTemplate = regexp.MustCompile(`\bt "([a-z._]+)"`)
	inCode     = regexp.MustCompile(`"(web\.[a-z_]+\.[a-z_]+)"`)
)

// ofPages returns the keys that pages ask for by the name of what they show.
func ofPages(t *testing.T) []string {
	t.Helper()
	keys := []string{"passed.true", "passed.false", "severity.1", "severity.2", "severity.3", "severity.4", "input.file", "event.submit", "event.warn", "event.breach", "event.escalation", "event.refused", "event.auto_close"}
	for prefix, typeName := range map[string]string{"waiting.": "Waiting", "channel.": "Channel", "fix_kind.": "FixKind", "close_reason.": "CloseReason"} {
		for _, name := range constants(t, "../defect/terms.go", typeName) {
			keys = append(keys, prefix+name)
		}
	}
	for _, name := range constants(t, "../defect/clock.go", "ClockState") {
		keys = append(keys, "clock_state."+name)
	}
	for _, sort := range defect.Sorts() {
		keys = append(keys, "sort."+string(sort))
	}
	for _, kind := range constants(t, "../defect/work.go", "WorkKind") {
		keys = append(keys, "web.work."+kind)
	}
	for prefix, told := range map[string][2]string{"why.": {"../calendar/explain.go", "Why"}, "side.": {"../defect/explain.go", "Side"}, "phase.": {"../defect/explain.go", "Phase"}, "web.first.": {"../defect/terms.go", "Role"}} {
		for _, name := range constants(t, told[0], told[1]) {
			keys = append(keys, prefix+name)
		}
	}
	inputs := func(prefix string, fields []defect.Field) {
		for _, f := range fields {
			keys = append(keys, prefix+f.Name)
		}
	}
	for _, a := range defect.Actions() {
		inputs("input.", defect.InputFields(a))
	}
	for _, f := range defect.SubmissionFields() {
		if f.Type == defect.TypeObject {
			inputs("input."+f.Name+".", f.Fields)
			continue
		}
		inputs("input.", []defect.Field{f})
	}
	return keys
}

// ofDuty returns the keys that the pages of rosters and reports ask for by the name of what they show.
func ofDuty(t *testing.T) []string {
	t.Helper()
	keys := []string{"swap_state.cancelled", "swap_state.over", "swap_state.holds", "web.plan.shifts", "web.plan.holidays", "web.plan_why.shifts", "web.plan_why.holidays"}
	for _, period := range []string{"this_month", "last_month", "this_quarter", "last_quarter", "this_year", "all"} {
		keys = append(keys, "web.period."+period)
	}
	for _, day := range roster.Days() {
		keys = append(keys, "weekday."+string(day))
	}
	for prefix, of := range map[string][2]string{
		"turn.": {"../roster/roster.go", "Turn"}, "swap_state.": {"../roster/change.go", "SwapState"}, "web.problem.": {"../roster/check.go", "Problem"},
		"web.duty_act.": {"../web/dutystep.go", "dutyAct"}, "web.roster_tab.": {"../web/roster.go", "rosterTab"}, "web.day_mark.": {"../web/week.go", "dayMark"},
	} {
		for _, name := range constants(t, of[0], of[1]) {
			keys = append(keys, prefix+strings.ReplaceAll(name, "-", "_"))
		}
	}
	return keys
}

// said returns the keys that files ask for, as a pattern finds them.
func said(t *testing.T, pattern string, asked *regexp.Regexp) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range asked.FindAllSubmatch(text, -1) {
			out = append(out, string(m[1]))
		}
	}
	return out
}

// forReporters are the topics that reporters read in a text of their own.
var forReporters = []string{
	"acknowledged.reporter", "info_wanted.reporter", "replied.reporter", "commented.reporter", "converted.reporter", "withdrawn.reporter", "duplicate.reporter", "closed.reporter",
}

// byRule are the topics that have a text of their own where a rule of the policy calls, and not a person.
var byRule = []string{"onsite_wanted.rule", "expert_wanted.rule"}

var refTime = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

var placeholder = regexp.MustCompile(`{{\.(\w+)}}`)

func TestCatalogues_SayEverythingInEveryLanguage(t *testing.T) {
	keys := wanted(t)
	zh := catalogue(t, lang.Chinese)
	for _, l := range lang.Langs() {
		texts := catalogue(t, l)
		require.Equal(t, keys, slices.Sorted(maps.Keys(texts)), "in %s", l)
		for key, text := range texts {
			require.NotEmpty(t, text, key)
			arguments := func(s string) []string {
				out := placeholder.FindAllString(s, -1)
				slices.Sort(out)
				return out
			}
			require.Equal(t, arguments(zh[key]), arguments(text), "%s in %s", key, l)
			require.Equal(t, text, placeholderless(l, key, text), "%s in %s is read back", key, l)
		}
	}
}

// placeholderless asks the package for a text whose arguments are their own placeholders.
func placeholderless(l lang.Lang, key, text string) string {
	args := apperr.Args{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		args[m[1]] = m[0]
	}
	return l.Text(apperr.Reason(key), args)
}

func TestText_NamesTermsInTheReadersLanguage(t *testing.T) {
	c, _ := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Severity: 1, Reporter: defect.Reporter{Username: "r"}}, defect.DefaultPolicy(), defect.Person{Username: "r"}, refTime, defect.Keyed{})
	err := apperr.Of(c.Check(defect.Command{Action: defect.ActSign, By: defect.Person{Username: "s", Roles: []defect.Role{defect.RoleSupervisor}}}))
	require.Equal(t, "问题单处于“已提交”阶段,“签字”只能在以下阶段进行:待签字。", lang.Chinese.Text(err.Reason, err.Args))
	require.Equal(t, `The case is in the stage "submitted"; "sign" begins in: sign-off.`, lang.English.Text(err.Reason, err.Args))
	require.Equal(t, "a、b", lang.Chinese.Text("field.enum", apperr.Args{"accepted": "a、b"})[len("只接受:"):len("只接受:")+len("a、b")])
	require.Equal(t, "服务台、项目接口人", lang.Chinese.Text("error.role", apperr.Args{"action": "x", "roles": "@role.agent,@role.liaison"})[len("“x”只能由以下角色进行:"):][:len("服务台、项目接口人")])
	require.Equal(t, "no.such.key", lang.English.Term("no.such.key"))
}

func TestMatch_ChineseUnlessAsked(t *testing.T) {
	for header, want := range map[string]lang.Lang{
		"": lang.Chinese, "zh-CN,zh;q=0.9,en;q=0.8": lang.Chinese, "en": lang.English, "en-GB,en;q=0.9": lang.English,
		"fr": lang.Chinese, "fr, en;q=0.5": lang.English, "zh-TW": lang.Chinese, ";;;": lang.Chinese, "de;q=0.9, zh;q=0.1": lang.Chinese,
	} {
		require.Equal(t, want, lang.Match(header), header)
	}
}
