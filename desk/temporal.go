package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
)

// cases is what the desk asks of the workflows.
type cases interface {
	// start opens a case; errExists when its number is taken.
	start(ctx context.Context, state contract.DefectState) error
	// act takes a step; errNoCase when no workflow runs under the number.
	act(ctx context.Context, number, updateID string, cmd defect.Command) (contract.ActResult, error)
	// state asks what a case knows; errNoCase when Temporal does not know the number (any more).
	state(ctx context.Context, number string) (contract.DefectState, error)
	// ping reports whether Temporal answers and can take cases.
	ping(ctx context.Context) error
}

var (
	errExists = errors.New("a workflow with this number exists")
	errNoCase = errors.New("no workflow with this number")
)

const (
	// patience is how long a caller waits for Temporal: an update without a worker would hang for ever.
	temporalPatience = 10 * time.Second
	// taskTimeout is how long a worker may take over a workflow task before another gets it; ours take milliseconds.
	taskTimeout = 10 * time.Second
	// maxSummary bounds the summary in bytes; Temporal takes 400.
	maxSummary = 300
)

type temporalCases struct {
	client    client.Client
	namespace *Namespace
}

func (t temporalCases) start(ctx context.Context, state contract.DefectState) error {
	ctx, cancel := context.WithTimeout(ctx, temporalPatience)
	defer cancel()
	c := state.Case
	_, err := t.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       contract.DefectWorkflowID(c.Number),
		TaskQueue:                                contract.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		WorkflowTaskTimeout:                      taskTimeout,
		Priority:                                 contract.PriorityOf(c.Severity),
		TypedSearchAttributes:                    temporal.NewSearchAttributes(contract.AttributesOf(c).All()...),
		StaticSummary:                            cut(c.Submission.Title, maxSummary),
	}, contract.WorkflowDefect, state)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return errExists
	}
	return fromTemporal(err)
}

func (t temporalCases) act(ctx context.Context, number, updateID string, cmd defect.Command) (contract.ActResult, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalPatience)
	defer cancel()
	var result contract.ActResult
	handle, err := t.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID:     updateID,
		WorkflowID:   contract.DefectWorkflowID(number),
		UpdateName:   contract.UpdateAct,
		Args:         []any{cmd},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &result)
	}
	return result, fromTemporal(err)
}

func (t temporalCases) state(ctx context.Context, number string) (contract.DefectState, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalPatience)
	defer cancel()
	var state contract.DefectState
	answer, err := t.client.QueryWorkflow(ctx, contract.DefectWorkflowID(number), "", contract.QueryState)
	if err == nil {
		err = answer.Get(&state)
	}
	return state, fromTemporal(err)
}

func (t temporalCases) ping(ctx context.Context) error { return t.namespace.Ready(ctx) }

// Namespace is where in Temporal the cases live.
type Namespace struct {
	client client.Client
	fit    atomic.Bool // it was found to have what cases need
}

// NewNamespace returns the client's namespace.
func NewNamespace(c client.Client) *Namespace { return &Namespace{client: c} }

// Ready reports whether Temporal answers and the namespace has the search attributes that cases are started with.
func (n *Namespace) Ready(ctx context.Context) error {
	if _, err := n.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("ask Temporal for its health: %w", err)
	}
	if n.fit.Load() {
		return nil
	}
	// A query that names them, of no workflow: it asks for no more rights than the desk needs, unlike a list of them.
	var named []string
	for _, name := range slices.Sorted(maps.Keys(contract.AttributeTypes())) {
		named = append(named, name+" IS NULL")
	}
	query := fmt.Sprintf("WorkflowId = '%s' AND (%s)", contract.DefectWorkflowID("none"), strings.Join(named, " OR "))
	if _, err := n.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query}); err != nil {
		return fmt.Errorf("the namespace is missing, or lacks search attributes that cases need: %w", err)
	}
	n.fit.Store(true)
	return nil
}

// fromTemporal turns Temporal's errors into ours. Whatever is neither a refusal nor an answer about the workflow means
// that Temporal, or a worker, is away or busy; the case is as it was, or the step was taken and shows when it is back.
func fromTemporal(err error) error {
	if err == nil {
		return nil
	}
	if refusal := contract.AsRefusal(err); refusal != nil {
		return refusal
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return errNoCase
	}
	e := apperr.Wrap(err, apperr.Unavailable, apperr.ReasonTemporalAway)
	e.RetryAfter = 5 * time.Second
	if _, ok := errors.AsType[*serviceerror.ResourceExhausted](err); ok {
		e.Reason, e.RetryAfter = apperr.ReasonBusy, 2*time.Second
	}
	return e
}

// cut shortens a text to so many bytes, at a character's end.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := 0
	for i, r := range s {
		if i+len(string(r)) > limit-len("…") {
			break
		}
		end = i + len(string(r))
	}
	return s[:end] + "…"
}
