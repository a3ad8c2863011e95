package api_test

import (
	"bytes"
	"fmt"
	"net/http"
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

func TestDocument_SaysWhatIsAnswered(t *testing.T) {
	for name, c := range map[string]defect.Case{"new": newFake().c, "whole": whole()} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.c = c
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.ask(http.MethodGet, "/api/openapi.json", "").Body.Bytes()))
			require.NoError(t, err)
			for _, one := range []struct{ method, path, template, body string }{
				{"POST", "/sessions", "/sessions", `{"username":"u","password":"right"}`},
				{"GET", "/me", "/me", ""},
				{"POST", "/defects", "/defects", good},
				{"GET", "/defects", "/defects", ""},
				{"GET", "/defects/x", "/defects/{number}", ""},
				{"GET", "/defects/x/events", "/defects/{number}/events", ""},
				{"GET", "/defects/x/clocks/plan/explain", "/defects/{number}/clocks/{name}/explain", ""},
				{"POST", "/defects/x/actions/comment", "/defects/{number}/actions/comment", `{"message":"m"}`},
				{"GET", "/defects/x/attachments", "/defects/{number}/attachments", ""},
				{"GET", "/calendars", "/calendars", ""},
				{"GET", "/calendars/5x8/due?from=2026-11-23T09:00:00Z&limit=2h", "/calendars/{name}/due", ""},
			} {
				w := s.ask(one.method, "/api/v1"+one.path, one.body)
				require.Less(t, w.Code, 300, w.Body)
				describedBy(t, document, one.method, one.path, one.template, answer{w.Code, w.Body.Bytes()})
			}
		})
	}
}
