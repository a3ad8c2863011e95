package activities_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/testsuite"

	"yunwei/activities"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/lang"
	"yunwei/notice"
	"yunwei/roster"
)

// knowing is a Temporal client that answers every question after the state of a case with state.
func knowing(t *testing.T, state contract.DefectState) *mocks.Client {
	t.Helper()
	payload, err := converter.GetDefaultDataConverter().ToPayloads(state)
	require.NoError(t, err)
	answer := &mocks.Value{}
	answer.On("Get", mock.Anything).Run(func(args mock.Arguments) {
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(payload, args.Get(0)))
	}).Return(nil)
	c := &mocks.Client{}
	c.On("QueryWorkflow", mock.Anything, mock.Anything, "", contract.QueryState).Return(answer, nil)
	return c
}

// broken is a case whose response is broken, with its journal.
func broken(severity defect.Severity) contract.DefectState {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c, e := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Severity: severity, Reporter: defect.Reporter{Username: "r"}}, defect.DefaultPolicy(),
		defect.Person{Username: "r"}, at, defect.Keyed{})
	journal := append([]defect.Event{e}, c.Expire(at.Add(35*time.Minute))...)
	return contract.DefectState{Case: c, Journal: journal}
}

func TestProject_TellsWhatIsPressingPastSQL(t *testing.T) {
	people := []notice.Person{
		{Person: defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}},
		{Person: defect.Person{Username: "liaison", Roles: []defect.Role{defect.RoleLiaison}}},
		{Person: defect.Person{Username: "technician", Roles: []defect.Role{defect.RoleTechnician}}},
	}
	for name, c := range map[string]struct {
		severity defect.Severity
		after    time.Duration
		before   int // the seq that an earlier try has told up to
		want     map[string]int
	}{
		"SQL has been away for a minute": {2, time.Minute, 0, map[string]int{"agent breach 2": 1, "liaison escalation 3": 1}},
		"it was told in an earlier try":  {2, time.Hour, 2, map[string]int{"liaison escalation 3": 1}},
		"SQL has only just gone":         {1, 50 * time.Second, 0, map[string]int{}},
		"it can wait":                    {3, time.Hour, 0, map[string]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			state := broken(c.severity)
			var mu sync.Mutex
			told := map[string]int{}
			p := &activities.Projection{
				Store: &fakeStore{fail: errors.New("away")}, Client: knowing(t, state),
				Straight: &activities.Straight{
					People: func() []notice.Person { return people },
					Send: func(_ context.Context, to []notice.Person, n notice.Notice) ([]notice.Told, error) {
						mu.Lock()
						defer mu.Unlock()
						told[fmt.Sprintf("%s %s %d", to[0].Username, n.Topic, n.Seq)]++
						require.Equal(t, state.Case.Number, n.About, "under the key that the outbox has too")
						return []notice.Told{{Seq: n.Seq, Username: to[0].Username, Channel: notice.Mail}}, nil
					},
					Now: func() time.Time { return time.Now().Add(c.after) },
				},
			}
			env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
			env.RegisterActivity(p.Project)
			if c.before > 0 {
				env.SetHeartbeatDetails(c.before)
			}
			_, err := env.ExecuteActivity(p.Project, contract.Projection{Number: state.Case.Number, Events: state.Journal})
			require.ErrorContains(t, err, "away", "SQL is still to be told")
			require.Equal(t, c.want, told)
		})
	}
}

// A worker that was started while SQL was away knows nobody: that nobody was told must not count as everybody.
func TestProject_TellsAsSoonAsPeopleAreKnown(t *testing.T) {
	state := broken(2)
	var known []notice.Person
	var sent []string
	p := &activities.Projection{
		Store: &fakeStore{fail: errors.New("away")}, Client: knowing(t, state),
		Straight: &activities.Straight{
			People: func() []notice.Person { return known },
			Send: func(_ context.Context, to []notice.Person, n notice.Notice) ([]notice.Told, error) {
				sent = append(sent, fmt.Sprint(to[0].Username, " ", n.Seq))
				return nil, nil
			},
			Now: func() time.Time { return time.Now().Add(time.Hour) },
		},
	}
	logged := &logLines{}
	var far any
	try := func() {
		suite := &testsuite.WorkflowTestSuite{}
		suite.SetLogger(logged)
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivity(p.Project)
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			var kept struct {
				Seq int           `json:"seq"`
				To  []notice.Told `json:"to"`
			}
			require.NoError(t, details.Get(&kept))
			far = kept
		})
		if far != nil {
			env.SetHeartbeatDetails(far)
		}
		_, err := env.ExecuteActivity(p.Project, contract.Projection{Number: state.Case.Number, Events: state.Journal})
		require.ErrorContains(t, err, "away", "Temporal tries again")
	}
	try()
	require.Empty(t, sent)
	require.Contains(t, logged.String(), "nobody is known who could be told")
	known = []notice.Person{
		{Person: defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}}, {Person: defect.Person{Username: "liaison", Roles: []defect.Role{defect.RoleLiaison}}},
	}
	try()
	require.Equal(t, []string{"agent 2", "liaison 3"}, sent)
}

// logLines keeps what is logged.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) note(msg string, keyvals []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, msg+" "+fmt.Sprint(keyvals...))
}

func (l *logLines) Debug(string, ...any)             {}
func (l *logLines) Info(msg string, keyvals ...any)  { l.note(msg, keyvals) }
func (l *logLines) Warn(msg string, keyvals ...any)  { l.note(msg, keyvals) }
func (l *logLines) Error(msg string, keyvals ...any) { l.note(msg, keyvals) }

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func TestProject_WhoWasToldPastSQLIsNotToldAgain(t *testing.T) {
	state := broken(2)
	before := notice.Told{Seq: 2, Username: "agent", Channel: notice.Mail}
	far := map[string]any{"seq": 0, "to": []notice.Told{before}}
	run := func(db *fakeStore) []string {
		var sent []string
		p := &activities.Projection{
			Store: db, Client: knowing(t, state),
			Straight: &activities.Straight{
				People: func() []notice.Person {
					return []notice.Person{
						{Person: defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}}, {Person: defect.Person{Username: "liaison", Roles: []defect.Role{defect.RoleLiaison}}},
					}
				},
				Send: func(_ context.Context, to []notice.Person, n notice.Notice) ([]notice.Told, error) {
					sent = append(sent, fmt.Sprint(to[0].Username, " ", n.Seq)) // one for each event: no two at a time
					return nil, nil
				},
				Now: func() time.Time { return time.Now().Add(time.Hour) },
			},
		}
		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		env.RegisterActivity(p.Project)
		env.SetHeartbeatDetails(far)
		_, err := env.ExecuteActivity(p.Project, contract.Projection{Number: state.Case.Number, Events: state.Journal})
		require.Equal(t, db.fail == nil, err == nil)
		return sent
	}
	require.Equal(t, []string{"liaison 3"}, run(&fakeStore{fail: errors.New("away")}), "not by another try")
	db := &fakeStore{}
	require.Empty(t, run(db))
	require.Equal(t, []notice.Told{before}, db.told, "and not by the outbox")
}

// announced records what is announced.
type announced struct{ list []notice.Announcement }

func (a *announced) Announce(_ context.Context, n notice.Announcement) error {
	a.list = append(a.list, n)
	return nil
}

func TestAlarms_NameWhatWasFoundUnderAKeyThatStays(t *testing.T) {
	out := &announced{}
	now := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	drift := defect.Drift{Number: "N", Kind: defect.DriftClock, Subject: "plan 1", Fact: defect.FactDiffers, Args: defect.Differs("a", "")}
	alarm := activities.DriftNotices{Outbox: out, Policy: defect.DefaultPolicy(), Now: now}
	require.NoError(t, alarm.Alarm(t.Context(), "run", drift))
	require.NoError(t, alarm.Alarm(t.Context(), "run", drift))
	require.Equal(t, out.list[0].Key, out.list[1].Key)
	require.Equal(t, "N: a promise is not what the events make of it (plan 1).\nIt is a; it should be not there.", inWords(lang.English, out.list[0]))
	require.Equal(t, "N:时限与事件推算的不一致(plan 1)。\n现为 a,应为 (无)。", inWords(lang.Chinese, out.list[0]))

	one := roster.Finding{Roster: "site", Shifts: []string{"现场"}, Person: "agent", From: now(), To: now().Add(time.Hour), Timezone: 8 * 3600, Have: 1, Need: 2}
	found := contract.RosterCheckResult{From: now(), To: now().AddDate(0, 0, 56), Total: 30}
	for i := range 30 {
		one.Problem = roster.Problems()[i%3]
		found.Findings = append(found.Findings, one)
	}
	require.NoError(t, activities.RosterNotices{Outbox: out, Policy: defect.DefaultPolicy(), Now: now}.Alarm(t.Context(), found))
	told := out.list[2]
	require.Equal(t, notice.RosterGap, told.Topic)
	for l, want := range map[lang.Lang]string{
		lang.English: "site: nobody is on duty (现场) from 2026-11-23 17:00 to 2026-11-23 18:00; 2 needed.\n" +
			"site: 1 of 2 people (现场) from 2026-11-23 17:00 to 2026-11-23 18:00.\n" +
			"agent has two shifts at once from 2026-11-23 17:00 to 2026-11-23 18:00: 现场.",
		lang.Chinese: "site:2026-11-23 17:00 至 2026-11-23 18:00 无人值班(现场),需要 2 人。\n" +
			"site:2026-11-23 17:00 至 2026-11-23 18:00 现场只有 1 人,需要 2 人。\n" +
			"agent 在 2026-11-23 17:00 至 2026-11-23 18:00 同时有两个班次:现场。",
	} {
		text := inWords(l, told)
		require.Contains(t, text, "\n"+want)
		require.Equal(t, 22, strings.Count(text, "\n")+1, "what was found, twenty of it, and how much more")
		require.Contains(t, text, "10")
	}
}

// inWords returns what an announcement tells in a language.
func inWords(l lang.Lang, a notice.Announcement) string {
	text := l.Notice(a.To(notice.Recipient{Topic: a.Topic}), "").Text
	first, _, _ := strings.Cut(text, "\n\n")
	if a.Topic == notice.Drift {
		_, first, _ = strings.Cut(first, "\n")
	}
	return first
}
