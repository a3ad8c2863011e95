package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/store"
)

// fakeCases keeps cases in memory as the workflows would, without Temporal, and records what it was asked.
type fakeCases struct {
	mu     sync.Mutex
	now    func() time.Time
	states map[string]*contract.DefectState
	away   error // what every call is answered with, when set
	lost   error // what a step is answered with that was taken all the same
	asked  []string
}

func (f *fakeCases) start(_ context.Context, s contract.DefectState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, "start")
	if f.away != nil {
		return f.away
	}
	if f.states[s.Case.Number] != nil {
		return errExists
	}
	f.states[s.Case.Number] = &s
	return nil
}

func (f *fakeCases) act(_ context.Context, number, _ string, cmd defect.Command) (contract.ActResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, "act "+string(cmd.Action))
	if f.away != nil {
		return contract.ActResult{}, f.away
	}
	s := f.states[number]
	if s == nil {
		return contract.ActResult{}, errNoCase
	}
	for _, h := range s.Handled {
		if cmd.Key != "" && h.Key == cmd.Key {
			return contract.ActResult{Seq: h.Seq, Repeat: true}, nil
		}
	}
	e, err := s.Case.Do(cmd, f.now())
	if err != nil {
		return contract.ActResult{}, err
	}
	s.Journal = append(s.Journal, e)
	if cmd.Key != "" {
		s.Handled = append(s.Handled, contract.Handled{Key: cmd.Key, Print: cmd.Print, Seq: e.Seq})
	}
	if f.lost != nil {
		return contract.ActResult{}, f.lost
	}
	result := contract.ActResult{Seq: e.Seq}
	for _, e := range s.Journal {
		result.Events = append(result.Events, e.Light())
	}
	return result, nil
}

func (f *fakeCases) state(_ context.Context, number string) (contract.DefectState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, "state")
	if f.away != nil {
		return contract.DefectState{}, f.away
	}
	if s := f.states[number]; s != nil {
		return *s, nil
	}
	return contract.DefectState{}, errNoCase
}

func (f *fakeCases) ping(context.Context) error { return f.away }

// town is a desk on a new SQLite database with one person per role.
type town struct {
	*Desk
	t     *testing.T
	cases *fakeCases
	clock time.Time
	file  string // of its database
}

func newTown(t *testing.T) *town {
	t.Helper()
	ctx := t.Context()
	v := &town{t: t, file: filepath.Join(t.TempDir(), "yunwei.db"), clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return v.clock }
	db, err := store.Open(ctx, "sqlite://"+v.file, store.Clock(now))
	require.NoError(t, err)
	require.NoError(t, db.Migrate(ctx))
	files, err := store.OpenFiles(ctx, "file://"+t.TempDir())
	require.NoError(t, err)
	v.Desk = New(Options{Store: db, Files: files, Policy: defect.DefaultPolicy(), Key: []byte(strings.Repeat("k", 32)), ShowCodes: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: now})
	v.cases = &fakeCases{now: now, states: map[string]*contract.DefectState{}}
	v.Desk.cases = v.cases
	hash, err := HashPassword("a long password")
	require.NoError(t, err)
	for _, r := range append(defect.Roles(), "reporter2") {
		p := defect.Person{Username: string(r), Name: string(r), Roles: []defect.Role{r}}
		if r == "reporter2" {
			p.Roles = []defect.Role{defect.RoleReporter}
		}
		require.NoError(t, db.AddUser(ctx, store.User{Person: p, Hash: hash}))
	}
	require.NoError(t, v.people.refresh(ctx))
	t.Cleanup(func() { require.NoError(t, errors.Join(files.Close(), db.Close())) })
	return v
}

func (v *town) as(username string) Caller {
	v.t.Helper()
	u, known, err := v.people.find(username)
	require.NoError(v.t, err)
	require.True(v.t, known)
	return Caller{Person: u.Person, TokenID: "token of " + username, ExpiresAt: v.clock.Add(time.Hour)}
}

func submission() defect.Submission {
	return defect.Submission{Title: "网络时断时续", Description: "登录失败", Severity: 2, System: "OA"}
}

func (v *town) submit() View {
	v.t.Helper()
	got, created, err := v.Submit(v.t.Context(), v.as("reporter"), submission(), "")
	require.NoError(v.t, err)
	require.True(v.t, created)
	return got
}

func requireCode(t *testing.T, code apperr.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, apperr.Of(err).Code, err)
}

func TestSubmit_WhoForWhom(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	got := v.submit()
	require.Equal(t, defect.Reporter{Username: "reporter", Name: "reporter"}, got.Submission.Reporter)

	other := submission()
	other.Reporter = defect.Reporter{Username: "admin", Name: "王芳", Phone: "123"}
	phoned, _, err := v.Submit(ctx, v.as("agent"), other, "")
	require.NoError(t, err)
	require.Empty(t, phoned.Submission.Reporter.Username, "an account is never taken from the report")
	_, _, err = v.Submit(ctx, v.as("technician"), other, "")
	requireCode(t, apperr.Forbidden, err)
	own := submission()
	own.Reporter = defect.Reporter{Unit: "信息中心", Phone: "123"}
	reached, _, err := v.Submit(ctx, v.as("reporter"), own, "")
	require.NoError(t, err)
	require.Equal(t, defect.Reporter{Username: "reporter", Name: "reporter", Unit: "信息中心", Phone: "123"}, reached.Submission.Reporter)
	_, _, err = v.Submit(ctx, v.as("agent"), own, "")
	requireCode(t, apperr.Invalid, err)
	_, _, err = v.Submit(ctx, v.as("auditor"), submission(), "")
	requireCode(t, apperr.Forbidden, err)
	bad := submission()
	bad.Title, bad.Severity = "", 9
	_, _, err = v.Submit(ctx, v.as("reporter"), bad, "")
	requireCode(t, apperr.Invalid, err)
	require.Len(t, apperr.Of(err).Fields, 2)
}

func TestSubmit_WithAKey(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	first, created, err := v.Submit(ctx, v.as("reporter"), submission(), "k")
	require.NoError(t, err)
	require.True(t, created)
	for _, sqlKnows := range []bool{true, false} {
		if !sqlKnows { // Temporal alone must know it again
			require.NoError(t, v.store.Close())
		}
		again, created, err := v.Submit(ctx, v.as("reporter"), submission(), "k")
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, first.Number, again.Number)
		other := submission()
		other.Title = "other"
		_, _, err = v.Submit(ctx, v.as("reporter"), other, "k")
		requireCode(t, apperr.Invalid, err)
	}
}

func TestSubmit_WhenTemporalIsAway(t *testing.T) {
	v := newTown(t)
	v.cases.away = fromTemporal(context.DeadlineExceeded)
	_, _, err := v.Submit(t.Context(), v.as("reporter"), submission(), "")
	requireCode(t, apperr.Unavailable, err)
	require.Positive(t, apperr.Of(err).RetryAfter)
	page, err := v.Defects(t.Context(), v.as("agent"), defect.Query{})
	require.NoError(t, err)
	require.Empty(t, page.Items, "nothing half done")
}

func TestAct_IsSeenAtOnce(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	got, err := v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{Assignee: "technician"}, nil, "")
	require.NoError(t, err)
	require.Equal(t, defect.Analysis, got.Stage)
	read, err := v.Defect(ctx, v.as("reporter"), number)
	require.NoError(t, err)
	require.Equal(t, got.Case, read.Case)
	page, err := v.Defects(ctx, v.as("agent"), defect.Query{Stages: []defect.Stage{defect.Analysis}})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Zero(t, strings.Count(strings.Join(v.cases.asked, ","), "state"), "SQL was enough")
}

func TestAct_NamesNobody(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	taken, err := v.Act(ctx, v.as("agent"), v.submit().Number, defect.ActAcknowledge, defect.Input{Assignee: "TECHNICIAN"}, nil, "")
	require.NoError(t, err)
	require.Equal(t, "technician", taken.Assignee, "as the account has it")
	for who, want := range map[string]apperr.Reason{"nobody": apperr.FieldUser, "auditor": apperr.FieldUserRole} {
		_, err := v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{Assignee: who}, nil, "")
		requireCode(t, apperr.Invalid, err)
		require.Equal(t, []apperr.Field{{Field: "assignee", Reason: want}}, apperr.Of(err).Fields)
	}
	_, err = v.Act(ctx, v.as("technician"), number, defect.ActAcknowledge, defect.Input{Assignee: "nobody"}, nil, "")
	requireCode(t, apperr.Forbidden, err)
	_, err = v.Act(ctx, v.as("reporter2"), number, defect.ActWithdraw, defect.Input{Reason: "r"}, nil, "")
	requireCode(t, apperr.NotFound, err)
	unknown := defect.NewNumber([8]byte{1})
	_, err = v.Act(ctx, v.as("agent"), number, defect.ActMarkDuplicate, defect.Input{Reason: "r", Of: unknown}, nil, "")
	requireCode(t, apperr.Invalid, err)
	_, err = v.Act(ctx, v.as("agent"), unknown, defect.ActAcknowledge, defect.Input{}, nil, "")
	requireCode(t, apperr.NotFound, err)
	_, err = v.Act(ctx, v.as("agent"), "rubbish", defect.ActAcknowledge, defect.Input{}, nil, "")
	requireCode(t, apperr.NotFound, err)
}

func TestDuplicate_OfACaseThatOneMaySee(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	mine, theirs := v.submit().Number, ""
	got, _, err := v.Submit(ctx, v.as("reporter2"), submission(), "")
	require.NoError(t, err)
	theirs = got.Number
	duplicate := func(who, number, of string) error {
		_, err := v.Act(ctx, v.as(who), number, defect.ActMarkDuplicate, defect.Input{Reason: "r", Of: of}, nil, "")
		return err
	}
	err = duplicate("reporter", mine, theirs)
	requireCode(t, apperr.Invalid, err)
	require.Equal(t, apperr.FieldCase, apperr.Of(err).Fields[0].Reason, "no word of a case of somebody else's")
	require.NoError(t, duplicate("agent", mine, theirs))
	err = duplicate("agent", theirs, mine)
	requireCode(t, apperr.Invalid, err)
	require.Equal(t, []apperr.Field{{Field: "of", Reason: apperr.FieldDuplicateOf, Args: apperr.Args{"number": theirs}}}, apperr.Of(err).Fields, "nobody is sent in a circle")
}

func TestSubmit_TakesUpACaseThatOneMaySee(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	s := submission()
	s.Follows = v.submit().Number
	_, _, err := v.Submit(ctx, v.as("reporter"), s, "")
	require.NoError(t, err)
	_, _, err = v.Submit(ctx, v.as("reporter2"), s, "")
	requireCode(t, apperr.Invalid, err)
	require.Equal(t, []apperr.Field{{Field: "follows", Reason: apperr.FieldCase, Args: apperr.Args{"number": s.Follows}}}, apperr.Of(err).Fields)
	require.NoError(t, v.store.Close())
	_, _, err = v.Submit(ctx, v.as("reporter2"), s, "")
	require.NoError(t, err, "a report does not wait for SQL")
}

func TestAct_RepeatedGivesTheFirstResult(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	one := 1
	first, err := v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{}, &one, "k")
	require.NoError(t, err)
	_, err = v.Act(ctx, v.as("agent"), number, defect.ActClassify, defect.Input{Category: defect.Technical}, nil, "")
	require.NoError(t, err)
	again, err := v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{}, &one, "k")
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{Assignee: "technician"}, &one, "k")
	requireCode(t, apperr.Invalid, err)
}

func TestAct_WhenSQLIsAway(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	require.NoError(t, v.store.Close())
	got, err := v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{Assignee: "technician"}, nil, "")
	require.NoError(t, err)
	require.Equal(t, defect.Analysis, got.Stage)
	read, err := v.Defect(ctx, v.as("reporter"), number)
	require.NoError(t, err)
	require.Equal(t, defect.Analysis, read.Stage)
	events, more, err := v.Events(ctx, v.as("agent"), number, 0, 100)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, events, 2)
	_, err = v.Defects(ctx, v.as("agent"), defect.Query{})
	requireCode(t, apperr.Unavailable, err)
	_, err = v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	requireCode(t, apperr.Unavailable, err)
}

func TestSessions_FromSignInToSignOut(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	for _, wrong := range [][2]string{{"agent", "wrong password"}, {"nobody", "a long password"}, {"", ""}, {"agent", strings.Repeat("x", 10_000)}} {
		_, err := v.SignIn(ctx, "192.0.2.1", wrong[0], wrong[1])
		requireCode(t, apperr.Unauthenticated, err)
	}
	s, err := v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	require.Equal(t, v.clock.Add(12*time.Hour), s.ExpiresAt)
	by, err := v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.Equal(t, "agent", by.Username)
	for _, bad := range []string{"", "x", s.Token + "x", strings.TrimRight(s.Token, s.Token[len(s.Token)-4:]) + "AAAA"} {
		_, err := v.Authenticate(ctx, bad)
		requireCode(t, apperr.Unauthenticated, err)
	}
	require.NoError(t, v.SignOut(ctx, by))
	_, err = v.Authenticate(ctx, s.Token)
	requireCode(t, apperr.Unauthenticated, err)

	s, err = v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	v.clock = v.clock.Add(12*time.Hour + time.Second)
	_, err = v.Authenticate(ctx, s.Token)
	requireCode(t, apperr.Unauthenticated, err)
}

func TestSignIn_RemembersNoEndlessName(t *testing.T) {
	v := newTown(t)
	for range failures + 1 {
		_, err := v.SignIn(t.Context(), "192.0.2.1", strings.Repeat("a", 65), "wrong password")
		requireCode(t, apperr.Unauthenticated, err)
	}
	require.Empty(t, v.failed.marks)
}

func TestSignIn_SlowedDownAfterFailures(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	for range failures {
		_, err := v.SignIn(ctx, "192.0.2.1", "agent", "wrong password")
		requireCode(t, apperr.Unauthenticated, err)
	}
	_, err := v.SignIn(ctx, "192.0.2.1", "AGENT", "a long password")
	requireCode(t, apperr.TooManyRequests, err)
	require.Positive(t, apperr.Of(err).RetryAfter)
	_, err = v.SignIn(ctx, "192.0.2.2", "agent", "a long password")
	require.NoError(t, err, "from elsewhere they are let in")
	v.clock = v.clock.Add(forgiveEvery + time.Second)
	_, err = v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
}

func TestSignIn_SlowedDownHoweverManyTryAtOnce(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	codes := make(chan apperr.Code, 3*failures)
	var all sync.WaitGroup
	for i := range cap(codes) {
		all.Go(func() {
			_, err := v.SignIn(ctx, "192.0.2.1", "agent", fmt.Sprint("wrong password ", i))
			codes <- apperr.Of(err).Code
		})
	}
	all.Wait()
	close(codes)
	tried := map[apperr.Code]int{}
	for code := range codes {
		tried[code]++
	}
	require.Equal(t, map[apperr.Code]int{apperr.Unauthenticated: failures, apperr.TooManyRequests: 2 * failures}, tried)
	_, err := v.SignIn(ctx, "192.0.2.2", "agent", "a long password")
	require.NoError(t, err)
	require.Len(t, v.failed.marks, 1, "of who does not fail nothing is remembered")
}

func TestPeople_ByNameAndByWhatTheyMayTake(t *testing.T) {
	v := newTown(t)
	require.Equal(t, map[string]string{"Agent": v.as("agent").Name}, v.Names("Agent", "nobody", ""))
	require.Empty(t, v.Assignable(v.as("reporter")))
	for _, person := range v.Assignable(v.as("agent")) {
		require.True(t, defect.MayBeAssigned(person), person)
	}
	require.NotEmpty(t, v.Assignable(v.as("agent")))
}

func TestSessions_EndWithTheAccount(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	s, err := v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	require.NoError(t, v.store.SetDisabled(ctx, "agent", true))
	require.NoError(t, v.people.refresh(ctx))
	_, err = v.Authenticate(ctx, s.Token)
	requireCode(t, apperr.Unauthenticated, err)
	_, err = v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	requireCode(t, apperr.Unauthenticated, err)
}

// TestSessions_EndWithTheAccountAtOnce: in the very second of their sign-in too, while new ones are good before the
// directory has heard of the change.
func TestSessions_EndWithTheAccountAtOnce(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	hash, err := HashPassword("another password")
	require.NoError(t, err)
	password := "a long password"
	for name, change := range map[string]func() error{
		"roles":    func() error { return v.store.SetRoles(ctx, "agent", []defect.Role{defect.RoleAuditor}) },
		"password": func() error { password = "another password"; return v.store.SetPassword(ctx, "agent", hash) },
	} {
		t.Run(name, func(t *testing.T) {
			old, err := v.SignIn(ctx, "192.0.2.1", "agent", password)
			require.NoError(t, err)
			require.NoError(t, change())
			young, err := v.SignIn(ctx, "192.0.2.1", "agent", password)
			require.NoError(t, err)
			for _, refresh := range []func(context.Context) error{func(context.Context) error { return nil }, v.people.refresh} {
				require.NoError(t, refresh(ctx))
				_, err = v.Authenticate(ctx, young.Token)
				require.NoError(t, err)
			}
			_, err = v.Authenticate(ctx, old.Token)
			requireCode(t, apperr.Unauthenticated, err)
		})
	}
}

// TestSessions_InEveryProcess: a token is good in every process with the key, and ends in all of them.
func TestSessions_InEveryProcess(t *testing.T) {
	here := newTown(t)
	ctx := t.Context()
	process := func(key string) *Desk {
		t.Helper()
		d := New(Options{Store: here.store, Policy: defect.DefaultPolicy(), Key: []byte(strings.Repeat(key, 32)), Log: here.log, Now: here.now})
		require.NoError(t, d.people.refresh(ctx))
		return d
	}
	there, stranger := process("k"), process("x")
	s, err := here.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	other, err := there.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	by, err := there.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.Equal(t, "agent", by.Username)
	_, err = stranger.Authenticate(ctx, s.Token)
	requireCode(t, apperr.Unauthenticated, err)

	require.NoError(t, here.SignOut(ctx, by))
	_, err = here.Authenticate(ctx, s.Token)
	requireCode(t, apperr.Unauthenticated, err)
	for range 2 { // what is known once stays known
		require.NoError(t, there.people.refresh(ctx))
		_, err = there.Authenticate(ctx, s.Token)
		requireCode(t, apperr.Unauthenticated, err)
	}
	for _, d := range []*Desk{here.Desk, there, process("k")} {
		_, err = d.Authenticate(ctx, other.Token)
		require.NoError(t, err, "another session of the same person goes on")
	}
	_, err = process("k").Authenticate(ctx, s.Token)
	requireCode(t, apperr.Unauthenticated, err)
}

func TestDefects_WithATextTooShort(t *testing.T) {
	v := newTown(t)
	for _, text := range []string{"网", " b", "  ", "b\u200b", strings.Repeat(" ", 300) + "网"} {
		_, err := v.Defects(t.Context(), v.as("agent"), defect.Query{Text: text})
		requireCode(t, apperr.Invalid, err)
		require.Equal(t, "q", apperr.Of(err).Fields[0].Field)
	}
	_, err := v.Defects(t.Context(), v.as("agent"), defect.Query{Text: " 网络 "})
	require.NoError(t, err)
}

// TestWrite_WhileSQLCanOnlyBeRead: reads that succeed do not make every step wait for a database that takes nothing.
func TestWrite_WhileSQLCanOnlyBeRead(t *testing.T) {
	v := newTown(t)
	tried := 0
	for range 5 {
		err := v.write(t.Context(), time.Minute, func(context.Context) error { tried++; return context.DeadlineExceeded })
		require.ErrorIs(t, err, errAway)
		require.NoError(t, v.sql(t.Context(), time.Minute, func(context.Context) error { return nil }))
	}
	require.Equal(t, 2, tried)
}

func TestReady_WithoutTables(t *testing.T) {
	v := newTown(t)
	require.Empty(t, unready(v.Ready(t.Context())))
	require.NoError(t, v.store.MigrateDown(t.Context()))
	require.Empty(t, unready(v.Ready(t.Context())), "what was found to be there is not looked for again")

	bare := newTown(t)
	require.NoError(t, bare.store.MigrateDown(t.Context()))
	require.Equal(t, []string{"database"}, unready(bare.Ready(t.Context())))
}

// fakeTemporal is a Temporal whose namespace may lack what cases need.
type fakeTemporal struct {
	client.Client
	away, lacks error
	asked       []string
}

func (f *fakeTemporal) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, f.away
}

func (f *fakeTemporal) CountWorkflow(_ context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	f.asked = append(f.asked, r.GetQuery())
	return &workflowservice.CountWorkflowExecutionsResponse{}, f.lacks
}

func TestNamespace_WithoutSearchAttributes(t *testing.T) {
	f := &fakeTemporal{lacks: errors.New("Stage is not defined")}
	n := NewNamespace(f)
	require.ErrorContains(t, n.Ready(t.Context()), "search attributes")
	for name := range contract.AttributeTypes() {
		require.Contains(t, f.asked[0], name+" IS NULL")
	}
	f.lacks = nil
	require.NoError(t, n.Ready(t.Context()))
	require.NoError(t, n.Ready(t.Context()))
	require.Len(t, f.asked, 2, "what was found to be there is not looked for again")
	f.away = errors.New("connection refused")
	require.ErrorIs(t, n.Ready(t.Context()), f.away)
}

func unready(all []Dependency) []string {
	var out []string
	for _, d := range all {
		if !d.OK {
			out = append(out, d.Name)
		}
	}
	return out
}

func TestAttach_OnOnesOwnCaseOnly(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	a, err := v.Attach(ctx, v.as("reporter"), number, "../../截图\u202e.png", strings.NewReader("\x89PNG\r\n\x1a\n0000"))
	require.NoError(t, err)
	require.Equal(t, "image/png", a.Type, "by content")
	require.Equal(t, "截图.png", a.Name)
	_, err = v.Attach(ctx, v.as("reporter2"), number, "x", strings.NewReader("x"))
	requireCode(t, apperr.NotFound, err)
	_, err = v.Attach(ctx, v.as("auditor"), number, "x", strings.NewReader("x"))
	requireCode(t, apperr.Forbidden, err)
	_, err = v.Attachment(ctx, v.as("reporter2"), a.ID)
	requireCode(t, apperr.NotFound, err)
	content, err := v.Attachment(ctx, v.as("agent"), a.ID)
	require.NoError(t, err)
	b, err := io.ReadAll(content.Body)
	require.NoError(t, errors.Join(err, content.Body.Close()))
	require.Len(t, b, 12)
	_, err = v.Attach(ctx, v.as("reporter"), number, "big", io.LimitReader(zeros{}, MaxFileSize+1))
	requireCode(t, apperr.TooLarge, err)
	list, next, err := v.Attachments(ctx, v.as("agent"), number, "", 10)
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, []string{a.ID}, ids(list))
	read, err := v.Defect(ctx, v.as("agent"), number)
	require.NoError(t, err)
	require.Equal(t, 1, read.Files)
}

func TestAttach_WhenTheAnswerIsLost(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	v.cases.lost = fromTemporal(context.DeadlineExceeded)
	_, err := v.Attach(ctx, v.as("reporter"), number, "a.png", strings.NewReader("\x89PNG\r\n\x1a\n0000"))
	requireCode(t, apperr.Unavailable, err)
	list, _, err := v.Attachments(ctx, v.as("reporter"), number, "", 10)
	require.NoError(t, err)
	require.Empty(t, list, "nobody knows yet that it was taken")
	v.cases.lost = nil
	_, err = v.Act(ctx, v.as("agent"), number, defect.ActComment, defect.Input{Message: "m"}, nil, "")
	require.NoError(t, err)
	list, _, err = v.Attachments(ctx, v.as("reporter"), number, "", 10)
	require.NoError(t, err)
	require.Len(t, list, 1, "it was, so it is listed")
	content, err := v.Attachment(ctx, v.as("reporter"), list[0].ID)
	require.NoError(t, err, "and its file is there")
	require.NoError(t, content.Body.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func ids(list []defect.Attachment) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.ID)
	}
	return out
}

func TestCode_ShownToWhoMaySign(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	for _, s := range []struct {
		who string
		a   defect.Action
		in  defect.Input
	}{
		{"agent", defect.ActAcknowledge, defect.Input{}},
		{"agent", defect.ActClassify, defect.Input{Category: defect.Technical}},
		{"technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"}},
	} {
		_, err := v.Act(ctx, v.as(s.who), number, s.a, s.in, nil, "")
		require.NoError(t, err)
	}
	for _, r := range defect.Roles() {
		if r == defect.RoleReporter {
			continue
		}
		got, err := v.Defect(ctx, v.as(string(r)), number)
		require.NoError(t, err)
		want := ""
		if r == defect.RoleSupervisor {
			want = defect.SignOffCode(v.key, number, 1, "supervisor")
		}
		require.Equal(t, want, got.Code, r)
	}
}

func TestDue_AsTheClocksCount(t *testing.T) {
	v := newTown(t)
	from := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) // a Friday, 17:00 at the site
	for _, cal := range v.Calendars(t.Context(), v.as("agent")) {
		limit := v.policy(t.Context()).Severities[1].Plan
		due, err := v.Due(t.Context(), v.as("agent"), cal.Name, from, limit)
		require.NoError(t, err)
		require.Equal(t, cal.Add(from, limit.On(cal)), due.At)
		var counted time.Duration
		for _, i := range due.Intervals {
			counted += i.Counted
		}
		require.Equal(t, limit.On(cal), counted)
	}
	_, err := v.Due(t.Context(), v.as("agent"), "none", from, v.policy(t.Context()).Severities[1].Plan)
	requireCode(t, apperr.NotFound, err)
}

func TestPassword_HashedAndCompared(t *testing.T) {
	hash, err := HashPassword("correct horse")
	require.NoError(t, err)
	again, err := HashPassword("correct horse")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "salted")
	require.True(t, PasswordMatches(hash, "correct horse"))
	for _, bad := range []string{"", "x", "$argon2id$v=19$m=1,t=1,p=1$!$!", fmt.Sprintf("$argon2id$v=18%s", hash[len("$argon2id$v=19"):])} {
		require.False(t, PasswordMatches(bad, "correct horse"), bad)
	}
	require.False(t, PasswordMatches(hash, "Correct horse"))
	_, err = HashPassword("short")
	requireCode(t, apperr.Invalid, err)
}

func TestExplainClock_WhoseTimeItWas(t *testing.T) {
	v := newTown(t)
	number := v.submit().Number
	act := func(who string, a defect.Action, in defect.Input) {
		t.Helper()
		_, err := v.Act(t.Context(), v.as(who), number, a, in, nil, "")
		require.NoError(t, err)
	}
	act("agent", defect.ActAcknowledge, defect.Input{})
	v.clock = v.clock.Add(20 * time.Minute)
	act("agent", defect.ActRequestInfo, defect.Input{Message: "?"})
	v.clock = v.clock.Add(40 * time.Minute)
	for _, from := range []string{"SQL", "the workflow, while SQL is away"} {
		t.Run("from "+from, func(t *testing.T) {
			if from != "SQL" {
				require.NoError(t, v.store.Close())
			}
			x, err := v.ExplainClock(t.Context(), v.as("reporter"), number, defect.ClockPlan, 0)
			require.NoError(t, err)
			require.Equal(t, map[defect.Side]time.Duration{defect.SideContractor: 20 * time.Minute, defect.SideClient: 40 * time.Minute}, x.Sides)
			_, err = v.ExplainClock(t.Context(), v.as("reporter2"), number, defect.ClockPlan, 0)
			requireCode(t, apperr.NotFound, err)
			_, err = v.ExplainClock(t.Context(), v.as("agent"), number, defect.ClockOnsite, 0)
			requireCode(t, apperr.NotFound, err)
		})
	}
}
