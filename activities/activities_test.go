package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/testsuite"

	"yunwei/activities"
	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/notice"
	"yunwei/store"
)

// fakeStore records what it is given, and lacks the texts of light events.
type fakeStore struct {
	fail  error
	whole *defect.Case
	got   []defect.Event
	told  []notice.Told
}

func (f *fakeStore) Project(_ context.Context, _ string, whole *defect.Case, events []defect.Event, told ...notice.Told) (defect.Case, error) {
	if f.fail != nil {
		return defect.Case{}, f.fail
	}
	for _, e := range events {
		if e.IsLight() {
			return defect.Case{}, store.ErrGap
		}
	}
	f.whole, f.got, f.told = whole, events, told
	return defect.Case{}, nil
}

func opened() (defect.Case, defect.Event) {
	return defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Severity: 2, Reporter: defect.Reporter{Username: "r"}}, defect.DefaultPolicy(),
		defect.Person{Username: "r"}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), defect.Keyed{})
}

func TestProject_AsksTheCaseForWhatSQLLacks(t *testing.T) {
	c, e := opened()
	state := contract.DefectState{Case: c, Journal: []defect.Event{e}}
	payload, err := converter.GetDefaultDataConverter().ToPayloads(state)
	require.NoError(t, err)
	answer := &mocks.Value{}
	answer.On("Get", mock.Anything).Run(func(args mock.Arguments) {
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(payload, args.Get(0)))
	}).Return(nil)
	temporal := &mocks.Client{}
	temporal.On("QueryWorkflow", mock.Anything, mock.Anything, "", contract.QueryState).Return(answer, nil)

	db, aged := &fakeStore{}, time.Duration(0)
	p := &activities.Projection{Store: db, Client: temporal, Lag: func(age time.Duration) { aged = age }}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(p.Project)
	_, err = env.ExecuteActivity(p.Project, contract.Projection{Number: c.Number, Events: []defect.Event{e.Light()}})
	require.NoError(t, err)
	require.Len(t, db.got, 1)
	require.Equal(t, e.Sum, db.got[0].Sum)
	require.Equal(t, c.Number, db.whole.Number)
	require.Positive(t, aged)

	db.fail = errors.New("away")
	_, err = env.ExecuteActivity(p.Project, contract.Projection{Number: c.Number, Events: []defect.Event{e.Light()}})
	require.ErrorContains(t, err, "away", "so that Temporal tries again")
}

// fakePeople knows one supervisor and one who has left.
type fakePeople struct{ fail error }

func (f fakePeople) Standing(_ context.Context, username string, _ time.Time) (store.User, error) {
	switch {
	case f.fail != nil:
		return store.User{}, f.fail
	case username == "supervisor":
		return store.User{Person: defect.Person{Username: "supervisor", Roles: []defect.Role{defect.RoleSupervisor}}}, nil
	case username == "gone":
		return store.User{Person: defect.Person{Username: "gone"}, Disabled: true}, nil
	}
	return store.User{}, store.ErrNotFound
}

func TestSigner_InEachSetting(t *testing.T) {
	key := []byte("key")
	code := defect.SignOffCode(key, "N", 1, "supervisor")
	ask := contract.SignerRequest{Number: "N", Approver: "supervisor", Proposal: 1}
	with := func(change func(*contract.SignerRequest)) contract.SignerRequest {
		other := ask
		other.Code = code
		change(&other)
		return other
	}
	for name, c := range map[string]struct {
		mode activities.SignalSign
		ask  contract.SignerRequest
		want apperr.Reason
	}{
		"open":                  {activities.SignOpen, ask, ""},
		"off":                   {activities.SignOff, with(func(*contract.SignerRequest) {}), apperr.ReasonSignalOff},
		"nobody":                {activities.SignOpen, contract.SignerRequest{Approver: "nobody"}, apperr.ReasonSignalApprover},
		"disabled":              {activities.SignOpen, contract.SignerRequest{Approver: "gone"}, apperr.ReasonSignalApprover},
		"no code":               {activities.SignCode, ask, apperr.ReasonSignalCode},
		"the code":              {activities.SignCode, with(func(*contract.SignerRequest) {}), ""},
		"the code of another":   {activities.SignCode, with(func(r *contract.SignerRequest) { r.Code = defect.SignOffCode(key, "N", 1, "supervisor2") }), apperr.ReasonSignalCode},
		"of another proposal":   {activities.SignCode, with(func(r *contract.SignerRequest) { r.Proposal = 2 }), apperr.ReasonSignalCode},
		"of another case":       {activities.SignCode, with(func(r *contract.SignerRequest) { r.Number = "M" }), apperr.ReasonSignalCode},
		"made with another key": {activities.SignCode, with(func(r *contract.SignerRequest) { r.Code = defect.SignOffCode([]byte("x"), "N", 1, "supervisor") }), apperr.ReasonSignalCode},
	} {
		t.Run(name, func(t *testing.T) {
			s := activities.Signers{People: fakePeople{}, Mode: c.mode, Key: key}
			got, err := s.Signer(t.Context(), c.ask)
			require.NoError(t, err)
			if c.want == "" {
				require.Nil(t, got.Refused)
				require.Equal(t, "supervisor", got.Person.Username)
				return
			}
			require.Equal(t, c.want, got.Refused.Reason)
		})
	}
	s := activities.Signers{People: fakePeople{fail: errors.New("away")}, Mode: activities.SignOpen}
	_, err := s.Signer(t.Context(), ask)
	require.Error(t, err, "so that the signal waits")
}
