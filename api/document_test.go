package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

// describedBy checks that an answer is what the document says of it.
func describedBy(t *testing.T, document any, method, path, template string, w answer) {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	require.NoError(t, c.AddResource("mem:///openapi.json", document))
	pointer := fmt.Sprintf("mem:///openapi.json#/paths/%s/%s/responses/%d/content/application~1json/schema", strings.ReplaceAll("/api/v1"+template, "/", "~1"), strings.ToLower(method), w.status)
	schema, err := c.Compile(pointer)
	require.NoError(t, err, path)
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.body))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(body), "%s %s: %s", method, path, w.body)
}

type answer struct {
	status int
	body   []byte
}

// whole is a case that has everything a case can have.
func whole() defect.Case {
	c := newFake().c
	c.Submission.OccurredAt, c.Submission.Module, c.Submission.Follows = now, "m", "7K3M-Q9XT-WA5C"
	c.Category, c.Assignee, c.Waiting = defect.Technical, "technician", []defect.Waiting{defect.WaitingSpare}
	c.Results = defect.Results{
		Proposal:     &defect.Proposal{N: 1, Cause: "c", Plan: "p", Risk: "r", Rollback: "b", By: "t", At: now},
		SignOffs:     []defect.Signature{{Proposal: 1, By: "s", Decision: defect.Reject, Comment: "no", At: now}, {Proposal: 1, By: "s2", Decision: defect.Approve, At: now}},
		ChangeRecord: &defect.ChangeRecord{Summary: "s", Kind: defect.Final, By: "t", At: now},
		Verification: &defect.Finding{Passed: true, Method: "m", By: "a", At: now}, ServiceReport: &defect.ServiceReport{Summary: "s", WorkHours: 1.5, By: "t", At: now},
		Answer: &defect.Answer{Message: "m", By: "a", At: now}, Acceptance: &defect.Acceptance{Satisfaction: 5, By: "r", At: now}, ReopenReason: "r",
	}
	c.Past = []defect.Results{c.Results, {}}
	c.Clocks[0].MetAt, c.Clocks[1].BreachedAt, c.Clocks[1].LateBy, c.Clocks[2].DueAt = now, now, time.Second, time.Time{}
	c.ClosedAt, c.CloseReason, c.AutoCloseAt, c.DuplicateOf, c.Explanation = now, defect.ClosedAccepted, now, "n", "e"
	return c
}

// asked is a request that the fake desk answers, of a path of the document.
type asked struct{ method, path, template, body string }

// Bodies that are forms: with a file, and with a file and why.
const (
	aFile         = "file"
	explainedFile = "file and why"
	aSheet        = "sheet"
)

// send asks it of a site.
func (a asked) send(t *testing.T, s *site) answer {
	t.Helper()
	body, kind := a.body, "application/json"
	switch a.body {
	case aFile:
		body, kind = form(t, nil, "notice.json", "{}")
	case aSheet:
		body, kind = form(t, nil, "assets.csv", "name\nswitch\n")
	case explainedFile:
		body, kind = form(t, map[string]string{"why": "w"}, "notice.json", "{}")
	}
	w := s.ask(a.method, "/api/v1"+a.path, body, "Content-Type", kind)
	require.Less(t, w.Code, 300, "%s %s: %s", a.method, a.path, w.Body)
	return answer{w.Code, w.Body.Bytes()}
}

// answered returns the operations of a document that answer with JSON, by method and path, but for the steps of a case.
func answered(t *testing.T, document any) map[string]bool {
	t.Helper()
	text, err := json.Marshal(document)
	require.NoError(t, err)
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct{ Content map[string]any }
			Tags      []string
		}
	}
	require.NoError(t, json.Unmarshal(text, &doc))
	out := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			for _, r := range o.Responses {
				if r.Content["application/json"] != nil && !slices.Contains(o.Tags, "actions") {
					out[strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/api/v1")] = true
				}
			}
		}
	}
	return out
}

// everyAnswer asks for everything that answers with JSON; of the steps, which all answer with the case, one stands for all.
var everyAnswer = []asked{
	{"POST", "/sessions", "/sessions", `{"username":"u","password":"right"}`},
	{"GET", "/me", "/me", ""},
	{"PUT", "/me/password", "/me/password", `{"old":"o","new":"n"}`},
	{"GET", "/users", "/users", ""},
	{"POST", "/users", "/users", `{"username":"wang","roles":["agent"]}`},
	{"GET", "/users/wang", "/users/{username}", ""},
	{"PATCH", "/users/wang", "/users/{username}", `{}`},
	{"POST", "/users/wang/password", "/users/{username}/password", `{}`},
	{"POST", "/defects", "/defects", good},
	{"GET", "/defects", "/defects", ""},
	{"GET", "/defects/similar?title=t", "/defects/similar", ""},
	{"GET", "/defects/x", "/defects/{number}", ""},
	{"GET", "/defects/x/events", "/defects/{number}/events", ""},
	{"GET", "/defects/x/clocks/plan/explain", "/defects/{number}/clocks/{name}/explain", ""},
	{"POST", "/defects/x/actions/comment", "/defects/{number}/actions/comment", `{"message":"m"}`},
	{"POST", "/defects/x/attachments", "/defects/{number}/attachments", aFile},
	{"GET", "/defects/x/attachments", "/defects/{number}/attachments", ""},
	{"POST", "/substitutions", "/substitutions", `{"substitute":"liaison","username":"supervisor","until":"2026-11-24T00:00:00Z"}`},
	{"GET", "/substitutions", "/substitutions", ""},
	{"GET", "/calendars", "/calendars", ""},
	{"GET", "/calendars/5x8/due?from=2026-11-23T09:00:00Z&limit=2h", "/calendars/{name}/due", ""},
	{"GET", "/reports/promises", "/reports/promises", ""},
	{"GET", "/reports/promises/cases", "/reports/promises/cases", ""},
	{"GET", "/board", "/board", ""},
	{"GET", "/audits", "/audits", ""},
	{"GET", "/audits/a/findings", "/audits/{id}/findings", ""},
	{"GET", "/me/notices", "/me/notices", ""},
	{"POST", "/me/notices/read", "/me/notices/read", `{"up_to":7}`},
	{"GET", "/me/notice-settings", "/me/notice-settings", ""},
	{"PUT", "/me/notice-settings", "/me/notice-settings", `{}`},
	{"GET", "/notices", "/notices", ""},
	{"POST", "/notices/7/retry", "/notices/{id}/retry", ""},
	{"GET", "/holidays", "/holidays", ""},
	{"GET", "/holidays/site?year=2026", "/holidays/{set}", ""},
	{"GET", "/holidays/cn/revisions", "/holidays/{set}/revisions", ""},
	{"POST", "/holidays/cn/revisions", "/holidays/{set}/revisions", `{"why":"w","reverts":1}`},
	{"POST", "/holidays/cn/revisions/file", "/holidays/{set}/revisions/file", explainedFile},
	{"POST", "/holidays/cn/preview", "/holidays/{set}/preview", `{"reverts":1}`},
	{"POST", "/holidays/cn/preview/file", "/holidays/{set}/preview/file", aFile},
	{"GET", "/holidays/cn/revisions/3/effect", "/holidays/{set}/revisions/{n}/effect", ""},
	{"POST", "/holidays/cn/revisions/3/apply", "/holidays/{set}/revisions/{n}/apply", `{"why":"w"}`},
	{"GET", "/rosters", "/rosters", ""},
	{"GET", "/rosters/site", "/rosters/{name}", ""},
	{"PUT", "/rosters/site", "/rosters/{name}", `{"plan":` + goodPlan + `,"version":2}`},
	{"POST", "/rosters/site/renew", "/rosters/{name}/renew", `{}`},
	{"POST", "/rosters/site/import", "/rosters/{name}/import", aFile},
	{"GET", "/rosters/site/versions", "/rosters/{name}/versions", ""},
	{"GET", "/rosters/site/duty", "/rosters/{name}/duty", ""},
	{"GET", "/rosters/site/findings", "/rosters/{name}/findings", ""},
	{"POST", "/rosters/site/overrides", "/rosters/{name}/overrides", `{"from":"2026-11-23T00:00:00Z","to":"2026-11-23T08:00:00Z","people":["a"],"reason":"r"}`},
	{"GET", "/rosters/site/overrides", "/rosters/{name}/overrides", ""},
	{"POST", "/rosters/site/swaps", "/rosters/{name}/swaps", goodSwap},
	{"GET", "/rosters/site/swaps", "/rosters/{name}/swaps", ""},
	{"POST", "/rosters/site/swaps/w/agree", "/rosters/{name}/swaps/{id}/agree", ""},
	{"POST", "/rosters/site/swaps/w/refuse", "/rosters/{name}/swaps/{id}/refuse", ""},
	{"GET", "/assets", "/assets", ""},
	{"POST", "/assets", "/assets", `{"name":"n","kind":"hardware","quantity":1,"state":"in_use"}`},
	{"POST", "/assets/import?dry_run=true", "/assets/import", aSheet},
	{"GET", "/assets/S-1", "/assets/{number}", ""},
	{"PUT", "/assets/S-1", "/assets/{number}", `{"name":"n","kind":"hardware","quantity":1,"state":"in_use","revision":1}`},
	{"GET", "/assets/S-1/history", "/assets/{number}/history", ""},
	{"GET", "/duty", "/duty", ""},
	{"POST", "/duty/sign-in", "/duty/sign-in", `{"roster":"site"}`},
	{"POST", "/duty/sign-out", "/duty/sign-out", `{}`},
	{"GET", "/duty/presence", "/duty/presence", ""},
	{"POST", "/duty/log", "/duty/log", `{"roster":"site","text":"t"}`},
	{"GET", "/duty/log", "/duty/log", ""},
	{"POST", "/duty/hand-overs", "/duty/hand-overs", `{"roster":"site","to":"b","note":"n"}`},
	{"GET", "/duty/hand-overs", "/duty/hand-overs", ""},
	{"POST", "/duty/hand-overs/h/acknowledge", "/duty/hand-overs/{id}/acknowledge", `{}`},
}

func TestDocument_SaysWhatIsAnswered(t *testing.T) {
	for name, c := range map[string]defect.Case{"new": newFake().c, "whole": whole()} {
		t.Run(name, func(t *testing.T) {
			s := promised(t)
			s.c = c
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.ask(http.MethodGet, "/api/openapi.json", "").Body.Bytes()))
			require.NoError(t, err)
			left := answered(t, document)
			for _, one := range everyAnswer {
				delete(left, one.method+" "+one.template)
				describedBy(t, document, one.method, one.path, one.template, one.send(t, s))
			}
			require.Empty(t, left, "every answer is compared with what the document says of it")
		})
	}
}
