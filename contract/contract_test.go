package contract_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
)

// TestNames_AreThoseOfEveryHistory: a name that was released is in histories for ever. Add to this list; change nothing.
func TestNames_AreThoseOfEveryHistory(t *testing.T) {
	require.Equal(t, "yunwei", contract.TaskQueue)
	require.Equal(t, "defect", contract.WorkflowDefect)
	require.Equal(t, "act", contract.UpdateAct)
	require.Equal(t, "sign-off", contract.SignalSignOff)
	require.Equal(t, "state", contract.QueryState)
	require.Equal(t, "project", contract.ActivityProject)
	require.Equal(t, "project-whole", contract.ActivityProjectWhole)
	require.Equal(t, "signer", contract.ActivitySigner)
	require.Equal(t, "defect:X", contract.DefectWorkflowID("X"))
	number, ok := contract.DefectNumber("defect:X")
	require.True(t, ok)
	require.Equal(t, "X", number)
	_, ok = contract.DefectNumber("inspection:X")
	require.False(t, ok)
	names := []string{}
	for name := range contract.AttributeTypes() {
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{"Stage", "Category", "Assignee", "Severity", "NextDue", "Breached"}, names)
}

func TestRefusal_CrossesTemporalWhole(t *testing.T) {
	want := &apperr.Error{Code: apperr.Invalid, Reason: apperr.ReasonInvalid, Args: apperr.Args{"a": "b"}, Fields: []apperr.Field{{Field: "f", Reason: apperr.FieldRequired}}, RetryAfter: time.Second}
	crossed := contract.Refusal(fmt.Errorf("wrapped: %w", want))
	require.Equal(t, want, contract.AsRefusal(fmt.Errorf("update: %w", crossed)))
	other := errors.New("other")
	require.Equal(t, other, contract.Refusal(other))
	require.Nil(t, contract.AsRefusal(other))
	require.Nil(t, contract.AsRefusal(temporal.NewApplicationError("x", "another type")))
	require.Equal(t, apperr.Internal, contract.AsRefusal(temporal.NewApplicationError("x", "refusal")).Code, "a refusal that cannot be read is one all the same")
}

func TestAttributes_OnlyWhatChanged(t *testing.T) {
	c, _ := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Severity: 2, Reporter: defect.Reporter{Username: "r"}}, defect.DefaultPolicy(),
		defect.Person{Username: "r"}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), defect.Keyed{})
	first := contract.AttributesOf(c)
	require.Len(t, first.All(), 4, "stage, severity, next due and breached")
	require.Empty(t, first.Since(first))
	c.Assignee, c.Stage = "technician", defect.Analysis
	require.Len(t, contract.AttributesOf(c).Since(first), 2)
	require.Len(t, first.Since(contract.AttributesOf(c)), 2, "what is no more is unset")
}
