package activities_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"golang.org/x/time/rate"

	"yunwei/activities"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/lang"
	"yunwei/store"
)

var night = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

// records is a database of some cases, whose next looks may differ from the first.
type records struct {
	cases []defect.Recorded
	again map[string][]defect.Recorded // what further looks see; the last one stays
	// hidden are cases that a walk over the open ones does not meet.
	hidden map[string]bool
	found  []defect.Drift
	noted  []int
	ended  time.Time
	fail   error
}

func (r *records) Recordings(_ context.Context, q store.RecordedQuery, after int64, limit int) ([]defect.Recorded, int64, error) {
	if !q.Open {
		return nil, 0, errors.New("an audit looks at open cases")
	}
	i := slices.IndexFunc(r.cases, func(c defect.Recorded) bool { return c.Place > after })
	if i < 0 {
		return nil, 0, r.fail
	}
	page := r.cases[i:]
	page = slices.DeleteFunc(slices.Clone(page), func(c defect.Recorded) bool { return r.hidden[c.Case.Number] })
	if len(page) < limit {
		return page, 0, r.fail
	}
	return page[:limit], page[limit-1].Place, r.fail
}

func (r *records) Recorded(_ context.Context, number string) (defect.Recorded, error) {
	if later := r.again[number]; len(later) > 0 {
		if len(later) > 1 {
			r.again[number] = later[1:]
		}
		if later[0].Case.Number == "" {
			return defect.Recorded{}, store.ErrNotFound
		}
		return later[0], nil
	}
	for _, c := range r.cases {
		if c.Case.Number == number {
			return c, nil
		}
	}
	return defect.Recorded{}, store.ErrNotFound
}

func (r *records) Walked(_ context.Context, numbers []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range numbers {
		out[n] = slices.ContainsFunc(r.cases, func(c defect.Recorded) bool { return c.Case.Number == n }) && !r.hidden[n]
	}
	return out, r.fail
}

func (r *records) BeginAudit(context.Context, string, time.Time) error { return r.fail }
func (r *records) NoteAudit(_ context.Context, _ string, checked int, ended time.Time) error {
	r.noted, r.ended = append(r.noted, checked), ended
	return r.fail
}

func (r *records) AddFinding(_ context.Context, _ string, d defect.Drift) (bool, error) {
	r.found = append(r.found, d)
	return true, r.fail
}

// house is Temporal with the workflows of some cases.
type house struct {
	client.Client
	states map[string]contract.DefectState
	status map[string]enums.WorkflowExecutionStatus // running where none is given
	mute   map[string]bool                          // does not answer
	listed []string                                 // beside those that run: visibility lags
	away   error
}

func (h *house) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	number, _ := contract.DefectNumber(id)
	if h.away != nil {
		return nil, h.away
	}
	if _, ok := h.states[number]; !ok {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	status, ok := h.status[number]
	if !ok {
		status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status}}, nil
}

// ListWorkflow lists the workflows that run, two a page.
func (h *house) ListWorkflow(_ context.Context, in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	if h.away != nil {
		return nil, h.away
	}
	if in.GetQuery() != "WorkflowType = 'defect' AND ExecutionStatus = 'Running'" {
		return nil, serviceerror.NewInvalidArgument(in.GetQuery())
	}
	var running []string
	for _, number := range slices.Sorted(maps.Keys(h.states)) {
		if _, ended := h.status[number]; !ended {
			running = append(running, number)
		}
	}
	running = append(running, h.listed...)
	from := 0
	if token := in.GetNextPageToken(); len(token) > 0 {
		from = int(token[0])
	}
	out := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, number := range running[from:min(from+2, len(running))] {
		out.Executions = append(out.Executions, &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: contract.DefectWorkflowID(number)}})
	}
	if from+2 < len(running) {
		out.NextPageToken = []byte{byte(from + 2)}
	}
	return out, nil
}

func (h *house) QueryWorkflow(_ context.Context, id, _, _ string, _ ...any) (converter.EncodedValue, error) {
	number, _ := contract.DefectNumber(id)
	if h.mute[number] {
		return nil, context.DeadlineExceeded
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(h.states[number])
	return client.NewValue(payloads), err
}

func (h *house) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return nil, h.away
}

type alarms struct {
	raised []defect.Drift
	fail   error
}

func (a *alarms) Alarm(_ context.Context, _ string, d defect.Drift) error {
	a.raised = append(a.raised, d)
	return a.fail
}

// night audit of some cases, honest until something is done to them.
type audit struct {
	*activities.Audits
	records *records
	house   *house
	alarms  *alarms
	waited  []time.Duration
	checked int
	env     *testsuite.TestActivityEnvironment
}

func newAudit(t *testing.T, n int) *audit {
	t.Helper()
	a := &audit{records: &records{again: map[string][]defect.Recorded{}, hidden: map[string]bool{}}, alarms: &alarms{},
		house: &house{states: map[string]contract.DefectState{}, status: map[string]enums.WorkflowExecutionStatus{}, mute: map[string]bool{}}}
	for i := range n {
		r := recorded(i, 0)
		a.records.cases = append(a.records.cases, r)
		a.house.states[r.Case.Number] = contract.DefectState{Case: r.Case}
	}
	a.Audits = &activities.Audits{
		Store: a.records, Client: a.house, Alarm: a.alarms, Limit: rate.NewLimiter(rate.Inf, 1), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Count: func(checked int, _ []defect.Drift) { a.checked += checked }, Now: func() time.Time { return night },
		Wait: func(_ context.Context, d time.Duration) error { a.waited = append(a.waited, d); return nil },
	}
	require.NoError(t, a.Check())
	a.env = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	a.env.RegisterActivity(a.Page)
	return a
}

// recorded is case i after so many comments.
func recorded(i, comments int) defect.Recorded {
	at := night.AddDate(0, 0, -1)
	reporter := defect.Person{Username: "r", Roles: []defect.Role{defect.RoleReporter}}
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(i)) //nolint:gosec // a small number
	c, e := defect.Open(defect.NewNumber(number), defect.Submission{Title: "t", Severity: 4, Reporter: defect.Reporter{Username: "r"}},
		defect.DefaultPolicy(), reporter, at, defect.Keyed{})
	r := defect.Recorded{Place: int64(i + 1), Events: append([]defect.Event{e}, c.Expire(night)...)}
	for range comments {
		e, err := c.Do(defect.Command{Action: defect.ActComment, By: reporter, Input: defect.Input{Message: "m"}}, night)
		if err != nil {
			return defect.Recorded{}
		}
		r.Events = append(r.Events, e)
	}
	for _, e := range r.Events {
		r.Sums = append(r.Sums, e.Sum)
	}
	r.Case = c
	return r
}

func (a *audit) page(in contract.AuditState) (contract.AuditState, error) {
	value, err := a.env.ExecuteActivity(a.Page, in)
	if err != nil {
		return contract.AuditState{}, err
	}
	var out contract.AuditState
	err = value.Get(&out)
	return out, err
}

func TestAuditPage_OfHonestCasesFindsNothing(t *testing.T) {
	a := newAudit(t, 120)
	state := contract.AuditState{ID: "a", StartedAt: night}
	for range 3 + 60 {
		require.False(t, state.Done)
		var err error
		state, err = a.page(state)
		require.NoError(t, err)
	}
	require.Equal(t, contract.AuditState{ID: "a", StartedAt: night, After: 120, Checked: 120, Running: true, Done: true}, state)
	require.Empty(t, a.alarms.raised)
	require.Empty(t, a.records.found)
	require.Empty(t, a.waited, "nothing had to be looked at again")
	require.Equal(t, []int{50, 100, 120}, a.records.noted[:3])
	require.Equal(t, night, a.records.ended)
	require.Equal(t, 120, a.checked)
}

func TestAuditPage_FindsDrift(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(*audit, string)
		kind   defect.DriftKind
		looks  int
		fact   string // in Chinese; empty: one that package defect or store has found
	}{
		"a clock in SQL": {func(a *audit, _ string) {
			a.records.cases[1].Case = a.records.cases[1].Case.Clone()
			a.records.cases[1].Case.Clocks[2].DueAt = night
		}, defect.DriftClock, 2, ""},
		"an event in SQL": {func(a *audit, _ string) { a.records.cases[1].Events[0].Actor.Username = "mallory" }, defect.DriftEvent, 2, ""},
		"a column": {func(a *audit, n string) {
			a.records.cases[1].Stale = []defect.Drift{{Number: n, Kind: defect.DriftRow}}
		}, defect.DriftRow, 2, ""},
		"one that cannot be read": {func(a *audit, n string) {
			a.records.cases[1] = defect.Recorded{Place: 2, Case: defect.Case{Number: n}, Damage: &defect.Drift{Number: n, Kind: defect.DriftCase, Fact: defect.FactNoTexts}}
		}, defect.DriftCase, 2, ""},
		"no workflow":       {func(a *audit, n string) { delete(a.house.states, n) }, defect.DriftMissing, 2, "Temporal 中没有该问题单的工作流。"},
		"a dead workflow":   {func(a *audit, n string) { a.house.status[n] = enums.WORKFLOW_EXECUTION_STATUS_TERMINATED }, defect.DriftMissing, 2, "工作流已结束:被终止。"},
		"one that is stuck": {func(a *audit, n string) { a.house.mute[n] = true }, defect.DriftMissing, 2, ""},
		"SQL behind":        {func(a *audit, n string) { a.house.states[n] = contract.DefectState{Case: recorded(1, 2).Case} }, defect.DriftSeq, 6, ""},
		"SQL ahead": {func(a *audit, _ string) {
			a.records.cases[1] = recorded(1, 1)
		}, defect.DriftSeq, 6, ""},
		"another case in the workflow": {func(a *audit, n string) {
			other := a.house.states[n].Case.Clone()
			other.Clocks[0].StartedAt = night
			a.house.states[n] = contract.DefectState{Case: other}
		}, defect.DriftWorkflow, 2, ""},
		"another whole in the workflow": {func(a *audit, n string) {
			other := a.house.states[n].Case.Clone()
			other.Assignee = "mallory"
			a.house.states[n] = contract.DefectState{Case: other}
		}, defect.DriftWorkflow, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAudit(t, 3)
			number := a.records.cases[1].Case.Number
			c.tamper(a, number)
			state, err := a.page(contract.AuditState{ID: "a", StartedAt: night})
			require.NoError(t, err)
			require.Equal(t, 3, state.Checked, "the others are looked at too")
			require.NotEmpty(t, a.records.found)
			require.Equal(t, a.records.found, a.alarms.raised)
			require.Equal(t, len(a.records.found), state.Findings)
			for _, d := range a.records.found {
				require.Equal(t, number, d.Number)
				require.Equal(t, night, d.FoundAt)
			}
			require.Contains(t, kinds(a.records.found), c.kind)
			if c.fact != "" {
				require.Equal(t, c.fact, lang.Chinese.Text(a.records.found[0].Text()))
			}
			require.Len(t, a.waited, c.looks-1)
		})
	}
}

// However a workflow has ended, there is a word for it.
func TestAuditPage_NamesHowAWorkflowHasEnded(t *testing.T) {
	for status, word := range map[enums.WorkflowExecutionStatus]string{
		enums.WORKFLOW_EXECUTION_STATUS_COMPLETED: "已完成", enums.WORKFLOW_EXECUTION_STATUS_FAILED: "失败", enums.WORKFLOW_EXECUTION_STATUS_CANCELED: "已取消",
		enums.WORKFLOW_EXECUTION_STATUS_TERMINATED: "被终止", enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: "已续接为新的运行", enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: "超时",
	} {
		a := newAudit(t, 1)
		a.house.status[a.records.cases[0].Case.Number] = status
		_, err := a.page(contract.AuditState{ID: "a", StartedAt: night})
		require.NoError(t, err)
		require.Equal(t, "工作流已结束:"+word+"。", lang.Chinese.Text(a.records.found[0].Text()))
	}
}

// TestAuditPage_OfWorkflowsThatSQLDoesNotHoldAsOpen: a case that the walk over SQL cannot meet is met by its workflow.
func TestAuditPage_OfWorkflowsThatSQLDoesNotHoldAsOpen(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(*audit, string)
		kind   defect.DriftKind // empty: nothing is wrong
		looks  int
	}{
		"closed in its row": {func(a *audit, n string) {
			a.records.hidden[n] = true
			a.records.cases[1].Stale = []defect.Drift{{Number: n, Kind: defect.DriftRow, Subject: "stage"}}
		}, defect.DriftRow, 2},
		"gone from SQL": {func(a *audit, _ string) { a.records.cases = slices.Delete(a.records.cases, 1, 2) }, defect.DriftRow, 6},
		"submitted just now": {func(a *audit, n string) {
			a.records.again[n] = []defect.Recorded{{}, a.records.cases[1]}
			a.records.cases = slices.Delete(a.records.cases, 1, 2)
		}, "", 2},
		"ended and pruned": {func(a *audit, n string) {
			a.records.cases = slices.Delete(a.records.cases, 1, 2)
			a.house.listed = []string{n}
			delete(a.house.states, n)
		}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAudit(t, 3)
			number := a.records.cases[1].Case.Number
			c.tamper(a, number)
			state := contract.AuditState{ID: "a", StartedAt: night}
			for !state.Done {
				var err error
				state, err = a.page(state)
				require.NoError(t, err)
			}
			require.Equal(t, 3, state.Checked)
			require.Len(t, a.waited, c.looks-1)
			require.Equal(t, night, a.records.ended)
			if c.kind == "" {
				require.Empty(t, a.records.found)
				return
			}
			require.Equal(t, []defect.DriftKind{c.kind}, kinds(a.records.found))
			require.Equal(t, number, a.records.found[0].Number)
			require.Equal(t, a.records.found, a.alarms.raised)
			require.Equal(t, 1, state.Findings)
		})
	}
}

func kinds(found []defect.Drift) []defect.DriftKind {
	var out []defect.DriftKind
	for _, d := range found {
		out = append(out, d.Kind)
	}
	return out
}

func TestAuditPage_LooksAgainAtWhatMoves(t *testing.T) {
	a := newAudit(t, 1)
	number := a.records.cases[0].Case.Number
	a.house.states[number] = contract.DefectState{Case: recorded(0, 3).Case}
	a.records.again[number] = []defect.Recorded{recorded(0, 1), recorded(0, 2), recorded(0, 3)}
	_, err := a.page(contract.AuditState{ID: "a", StartedAt: night})
	require.NoError(t, err)
	require.Empty(t, a.alarms.raised, "SQL caught up")
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}, a.waited)

	// A row that was read in the middle of its step: the event is there, the case not yet.
	a = newAudit(t, 1)
	torn := recorded(0, 1)
	torn.Case = recorded(0, 0).Case
	a.records.cases[0] = torn
	a.records.again[number] = []defect.Recorded{recorded(0, 1)}
	a.house.states[number] = contract.DefectState{Case: recorded(0, 1).Case}
	_, err = a.page(contract.AuditState{ID: "a", StartedAt: night})
	require.NoError(t, err)
	require.Empty(t, a.alarms.raised)

	// One that never keeps still is left to the next night.
	a = newAudit(t, 1)
	a.house.states[number] = contract.DefectState{Case: recorded(0, 100).Case}
	for i := range 20 {
		a.records.again[number] = append(a.records.again[number], recorded(0, i+1))
	}
	_, err = a.page(contract.AuditState{ID: "a", StartedAt: night})
	require.NoError(t, err)
	require.Empty(t, a.alarms.raised)
	require.Len(t, a.waited, 10)
	require.LessOrEqual(t, slices.Max(a.waited), 30*time.Second, "an audit gives a sign of life within a minute")

	// One that went away altogether.
	a = newAudit(t, 1)
	delete(a.house.states, number)
	a.records.again[number] = []defect.Recorded{{}}
	_, err = a.page(contract.AuditState{ID: "a", StartedAt: night})
	require.NoError(t, err)
	require.Equal(t, []defect.DriftKind{defect.DriftRow}, kinds(a.alarms.raised))
}

func TestAuditPage_WaitsWhileAnythingIsAway(t *testing.T) {
	for name, fail := range map[string]func(*audit){
		"SQL":       func(a *audit) { a.records.fail = errors.New("away") },
		"Temporal":  func(a *audit) { a.house.away = errors.New("away") },
		"the alarm": func(a *audit) { a.alarms.fail = errors.New("away"); a.records.cases[0].Sums[0] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAudit(t, 2)
			fail(a)
			_, err := a.page(contract.AuditState{ID: "a", StartedAt: night})
			require.ErrorContains(t, err, "away", "so that Temporal tries again")
			require.Empty(t, a.records.found, "what was not told is not kept")
		})
	}
}

func TestAuditPage_GoesOnFromItsHeartbeat(t *testing.T) {
	a := newAudit(t, 10)
	a.env.SetHeartbeatDetails(contract.AuditState{ID: "a", StartedAt: night, After: 7, Checked: 7})
	state, err := a.page(contract.AuditState{ID: "a", StartedAt: night})
	require.NoError(t, err)
	require.Equal(t, 10, state.Checked)
	require.Equal(t, 3, a.checked)
	a.env.SetHeartbeatDetails(contract.AuditState{ID: "another", After: 7, Checked: 7})
	state, err = a.page(contract.AuditState{ID: "a", StartedAt: night})
	require.NoError(t, err)
	require.Equal(t, 10, state.Checked, "another audit's heartbeat says nothing")
	require.Error(t, (&activities.Audits{}).Check())
	require.Error(t, (*activities.Audits)(nil).Check())
}
