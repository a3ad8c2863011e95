package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/store"
	"yunwei/store/storetest"
)

// outbox is a store with people in it, and a clock.
type outbox struct {
	*store.Store
	t     *testing.T
	clock time.Time
	woken atomic.Int64
}

func newOutbox(t *testing.T, db storetest.DB, options ...store.Option) *outbox {
	t.Helper()
	o := &outbox{t: t, clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} // Monday, 17:00 at the site
	o.Store = db.Open(t, append(options, store.Clock(func() time.Time { return o.clock }))...)
	for _, p := range storetest.People() {
		require.NoError(t, o.AddUser(t.Context(), store.User{Person: p}))
	}
	o.OnNotices(func() { o.woken.Add(1) })
	return o
}

func (o *outbox) wants(username string, s notice.Settings) {
	o.t.Helper()
	require.NoError(o.t, o.SetNoticeSettings(o.t.Context(), username, s))
}

// report files a case and projects it.
func (o *outbox) report(number string, severity defect.Severity) (defect.Case, defect.Event) {
	o.t.Helper()
	s := defect.Submission{Title: "登录失败", Description: "d", Severity: severity, System: "OA", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"}}
	c, e := defect.Open(number, s, storetest.Policy(), storetest.People()[0], o.clock, defect.Keyed{})
	_, err := o.Project(o.t.Context(), number, &c, []defect.Event{e})
	require.NoError(o.t, err)
	return c, e
}

func (o *outbox) list(q store.NoticeQuery) []notice.Notice {
	o.t.Helper()
	if q.Limit == 0 {
		q.Limit = 200
	}
	list, err := o.Notices(o.t.Context(), q)
	require.NoError(o.t, err)
	return list
}

func (o *outbox) lease(name string, l notice.Lease) []notice.Notice {
	o.t.Helper()
	l.Name, l.Now, l.Until = name, o.clock, o.clock.Add(time.Minute)
	list, err := o.LeaseNotices(o.t.Context(), l)
	require.NoError(o.t, err)
	return list
}

func (o *outbox) settle(lease string, outcomes ...notice.Outcome) {
	o.t.Helper()
	require.NoError(o.t, o.SettleNotices(o.t.Context(), notice.Settlement{Lease: lease, Now: o.clock, Policy: storetest.Policy(), Outcomes: outcomes}))
}

const (
	first  = "7K3M-Q9XT-WA5C"
	second = "G2JR-VZ1K-6GG9"
)

var mailTo = func(name string) notice.Settings {
	return notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: name + "@example.org"}}}
}

func TestNotices_AreWrittenWithTheirEventAndOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", notice.Settings{Language: "en", Ways: []notice.Way{{Channel: notice.DingTalk, Address: "138"}, {Channel: notice.Mail, Address: "a@example.org"}}})
		c, e := o.report(first, 2)
		_, err := o.Project(t.Context(), first, &c, []defect.Event{e})
		require.NoError(t, err)
		list := o.list(store.NoticeQuery{Number: first})
		require.Len(t, list, 3, "the inboxes of two agents, and one way")
		require.EqualValues(t, 1, o.woken.Load())
		var way notice.Notice
		for _, n := range list {
			require.Equal(t, notice.Submitted, n.Topic)
			if n.Channel != notice.Inbox {
				way = n
				continue
			}
			require.Equal(t, notice.Sent, n.State)
			require.True(t, n.DueAt.IsZero())
		}
		require.Equal(t, first+".1.agent.dingtalk", way.Key())
		require.Equal(t, notice.Pending, way.State)
		require.Equal(t, "138", way.Address)
		require.Equal(t, "en", way.Language)
		require.Equal(t, o.clock, way.DueAt)
		require.True(t, way.HeldUntil.IsZero())
		require.Equal(t, "登录失败", way.Args[notice.ArgTitle])
	})
}

// Two signatures in one batch: only the second is the approval.
func TestNotices_OfABatchAreAskedEventByEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		p := storetest.Policy()
		target := p.Severities[2]
		target.SignOffs = 2
		p.Severities[2] = target
		people := map[string]defect.Person{}
		for _, person := range storetest.People() {
			people[person.Username] = person
		}
		c, e := defect.Open(first, defect.Submission{Title: "t", Severity: 2, System: "OA", Reporter: defect.Reporter{Username: "reporter"}}, p, people["reporter"], o.clock, defect.Keyed{})
		events := []defect.Event{e}
		for _, step := range []struct {
			by string
			a  defect.Action
			in defect.Input
		}{
			{"agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"}},
			{"agent", defect.ActClassify, defect.Input{Category: defect.Technical}},
			{"technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"}},
			{"supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Approve}},
			{"supervisor2", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Approve}},
		} {
			e, err := c.Do(defect.Command{Action: step.a, By: people[step.by], Input: step.in}, o.clock)
			require.NoError(t, err)
			events = append(events, e)
		}
		_, err := o.Project(t.Context(), first, &c, events)
		require.NoError(t, err)
		approved := 0
		for _, n := range o.list(store.NoticeQuery{Number: first, Username: "technician"}) {
			if n.Topic == notice.Approved {
				require.Equal(t, 6, n.Seq)
				approved++
			}
		}
		require.Equal(t, 1, approved)
	})
}

func TestNotices_WaitForTheirReadersHours(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		s := mailTo("agent")
		s.Hours = "5x8"
		o.wants("agent", s)
		o.clock = o.clock.Add(2 * time.Hour) // 19:00
		o.report(first, 4)
		o.report(second, 2)
		require.Len(t, o.lease("l1", notice.Lease{Channel: notice.Mail, Limit: 10}), 1, "severity 2 does not wait")
		morning := time.Date(2026, 11, 24, 0, 30, 0, 0, time.UTC)
		held := o.list(store.NoticeQuery{Number: first, Channel: notice.Mail})[0]
		require.Equal(t, morning, held.HeldUntil)
		require.Equal(t, morning, held.DueAt)
		require.Equal(t, morning, held.Since, "it is not tried before, and gives up later")
		o.clock = morning
		require.Len(t, o.lease("l2", notice.Lease{Channel: notice.Mail, Limit: 10}), 1)
	})
}

func TestNotices_ForThoseOnDuty(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		_, err := o.SaveRoster(t.Context(), dutyOf("site", "expert", 0, o.clock))
		require.NoError(t, err)
		_, err = o.AddSubstitution(t.Context(), defect.Substitution{Username: "supervisor", Substitute: "agent", From: o.clock, Until: o.clock.Add(time.Hour)})
		require.NoError(t, err)
		people, err := o.People(t.Context())
		require.NoError(t, err)
		for _, p := range people {
			require.Equal(t, p.Username == "expert", p.OnDuty, p.Username)
			require.Equal(t, p.Username == "agent", p.StandsInFor(defect.RoleSupervisor), p.Username)
		}
		o.clock = o.clock.Add(time.Hour)
		away, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = o.People(away)
		require.Error(t, err)
		require.Equal(t, people, o.KnownPeople(), "those of before are known without a database")
	})
}

func TestKeepPeople_TellsWhatKeepsItFromLooking(t *testing.T) {
	s := storetest.SQLite(t).Open(t)
	require.NoError(t, s.Exec(t.Context(), "DROP TABLE users"))
	ctx, cancel := context.WithCancel(t.Context())
	var told []error
	s.KeepPeople(ctx, func(err error) {
		told = append(told, err)
		cancel()
	})
	require.Len(t, told, 1)
	require.ErrorContains(t, told[0], "whom to tell")
}

func TestLease_MostUrgentFirstAndToOneOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", mailTo("agent"))
		o.wants("agent2", mailTo("agent2"))
		for i, severity := range []defect.Severity{4, 3, 2, 1} {
			o.report([]string{first, second, "0000-0000-0000", "0000-0000-0001"}[i], severity)
			o.clock = o.clock.Add(time.Second)
		}
		var wg sync.WaitGroup
		taken := make([][]notice.Notice, 4)
		for i := range taken {
			wg.Go(func() {
				l := notice.Lease{Channel: notice.Mail, Name: fmt.Sprint("l", i), Now: o.clock, Until: o.clock.Add(time.Minute), Limit: 8}
				var err error
				taken[i], err = o.LeaseNotices(t.Context(), l)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		seen := map[int64]bool{}
		for _, list := range taken {
			require.True(t, slices.IsSortedFunc(list, func(a, b notice.Notice) int { return int(a.Severity - b.Severity) }))
			for _, n := range list {
				require.False(t, seen[n.ID], "leased twice")
				seen[n.ID] = true
				require.Equal(t, notice.Sending, n.State)
				require.Equal(t, 1, n.Tries)
			}
		}
		require.Len(t, seen, 8)
		require.Empty(t, o.lease("again", notice.Lease{Channel: notice.Mail, Limit: 8}), "they are in hand")
	})
}

func TestLease_WhatGoesTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", mailTo("agent"))
		o.wants("agent2", mailTo("agent2"))
		o.report(first, 3)
		o.report(second, 3)
		together := func(name string, how notice.Together) []notice.Notice {
			list := o.lease(name, notice.Lease{Channel: notice.Mail, Limit: 10, Together: how})
			var back []notice.Outcome
			for _, n := range list {
				back = append(back, notice.Outcome{ID: n.ID, State: notice.Pending, Next: o.clock, Untried: true})
			}
			o.settle(name, back...)
			return list
		}
		require.Len(t, together("all", notice.All), 4)
		by := together("address", notice.ByAddress)
		require.Len(t, by, 2)
		require.Equal(t, by[0].Address, by[1].Address)
		require.Equal(t, 1, together("again", notice.All)[0].Tries, "what was given back was not tried")
		o.lease("alone", notice.Lease{Channel: notice.Mail, Limit: 10, Together: notice.All})
		o.settle("alone", notice.Outcome{ID: by[0].ID, State: notice.Failed, Next: o.clock, Alone: true, Error: "permanent"},
			notice.Outcome{ID: by[1].ID, State: notice.Failed, Next: o.clock.Add(time.Hour)})
		o.clock = o.clock.Add(time.Minute)
		_, err := o.ReclaimNotices(t.Context(), o.clock)
		require.NoError(t, err)
		require.Len(t, o.lease("single", notice.Lease{Channel: notice.Mail, Limit: 10, Together: notice.All}), 1, "one that was refused with others goes alone")
	})
}

func TestLease_OfOneWhoWentAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", mailTo("agent"))
		o.report(first, 2)
		gone := o.lease("gone", notice.Lease{Channel: notice.Mail, Limit: 10})[0]
		n, err := o.ReclaimNotices(t.Context(), o.clock.Add(30*time.Second))
		require.NoError(t, err)
		require.Zero(t, n, "it may still be sending")
		o.clock = o.clock.Add(time.Minute)
		n, err = o.ReclaimNotices(t.Context(), o.clock)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		unknown := o.list(store.NoticeQuery{Channel: notice.Mail})[0]
		require.Equal(t, notice.Unknown, unknown.State)
		require.NotEmpty(t, unknown.Error)
		again := o.lease("next", notice.Lease{Channel: notice.Mail, Limit: 10})[0]
		require.Equal(t, gone.Key(), again.Key())
		require.Equal(t, 2, again.Tries)
		o.settle("gone", notice.Outcome{ID: gone.ID, State: notice.Sent}) // it was only slow, and has no say any more
		require.Equal(t, notice.Sending, o.list(store.NoticeQuery{Channel: notice.Mail})[0].State)
		o.settle("next", notice.Outcome{ID: again.ID, State: notice.Sent})
		done := o.list(store.NoticeQuery{Channel: notice.Mail})[0]
		require.Equal(t, notice.Sent, done.State)
		require.Equal(t, o.clock, done.DoneAt)
		require.Empty(t, done.Error)
	})
}

func TestSettle_PassesOnToTheNextWayOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", notice.Settings{Ways: []notice.Way{{Channel: notice.Feishu, Address: "ou_1"}, {Channel: notice.Mail, Address: "agent@example.org"}}})
		o.report(first, 2)
		for i := range 2 {
			name := fmt.Sprint("l", i)
			n := o.lease(name, notice.Lease{Channel: notice.Feishu, Limit: 10})[0]
			o.settle(name, notice.Outcome{ID: n.ID, State: notice.Failed, Error: "down: 维护" + string(make([]byte, 900)), Next: o.clock, PassOn: true})
		}
		list := o.list(store.NoticeQuery{Channel: notice.Mail})
		require.Len(t, list, 1)
		require.Equal(t, "agent@example.org", list[0].Address)
		require.Equal(t, notice.Pending, list[0].State)
		require.Zero(t, list[0].Tries)
		last := o.lease("l3", notice.Lease{Channel: notice.Mail, Limit: 10})[0]
		o.settle("l3", notice.Outcome{ID: last.ID, State: notice.GivenUp, Error: "permanent", PassOn: true}) // there is no further way
		require.Len(t, o.list(store.NoticeQuery{Number: first, Username: "agent"}), 3)
		require.Equal(t, []notice.State{notice.GivenUp, notice.Failed}, statesOf(o.list(store.NoticeQuery{States: notice.Undelivered()})))
	})
}

func TestSettle_ToWaysThatWereChangedMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", notice.Settings{Ways: []notice.Way{{Channel: notice.Feishu, Address: "ou_1"}}})
		o.report(first, 2)
		o.wants("agent", notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: "agent@example.org"}, {Channel: notice.WeCom}}})
		for i := range 2 {
			name := fmt.Sprint("l", i)
			n := o.lease(name, notice.Lease{Channel: notice.Feishu, Limit: 10})[0]
			o.settle(name, notice.Outcome{ID: n.ID, State: notice.Failed, Error: "down", Next: o.clock, PassOn: true})
		}
		require.Len(t, o.list(store.NoticeQuery{Channel: notice.Mail}), 1, "what waited for the old way comes over the new one")
		require.Empty(t, o.list(store.NoticeQuery{Channel: notice.WeCom}), "and over no more than one until that fails")
		n := o.lease("l3", notice.Lease{Channel: notice.Mail, Limit: 10})[0]
		o.settle("l3", notice.Outcome{ID: n.ID, State: notice.Failed, Error: "down", Next: o.clock, PassOn: true})
		require.Len(t, o.list(store.NoticeQuery{Channel: notice.WeCom}), 1)
	})
}

func TestSettle_RetriesAndNextWaysWaitForTheirReadersHours(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		ways := []notice.Way{{Channel: notice.Feishu, Address: "ou_1"}, {Channel: notice.Mail, Address: "agent@example.org"}}
		o.wants("agent", notice.Settings{Ways: ways, Hours: "5x8"})
		o.wants("agent2", notice.Settings{Ways: ways, Quiet: []notice.Quiet{{From: 17 * 60, To: 7 * 60}}})
		o.clock = o.clock.Add(-time.Minute)
		o.report(first, 4)
		require.NoError(t, o.Announce(t.Context(), notice.Announcement{Key: "k", Topic: notice.RosterGap, Users: []string{"agent"}, At: o.clock, Policy: storetest.Policy()}))
		o.report(second, 1)
		list := o.lease("l", notice.Lease{Channel: notice.Feishu, Limit: 10})
		require.Len(t, list, 5)
		o.clock = o.clock.Add(2 * time.Hour) // 18:59
		var outcomes []notice.Outcome
		for _, n := range list {
			outcomes = append(outcomes, notice.Outcome{ID: n.ID, State: notice.Failed, Error: "down", Next: o.clock.Add(time.Minute), PassOn: true})
		}
		o.settle("l", outcomes...)
		opens := map[string]time.Time{"agent": time.Date(2026, 11, 24, 0, 30, 0, 0, time.UTC), "agent2": time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)}
		for channel, next := range map[string]time.Time{notice.Feishu: o.clock.Add(time.Minute), notice.Mail: o.clock} {
			found := o.list(store.NoticeQuery{Channel: channel})
			require.Len(t, found, 5, channel)
			for _, n := range found {
				if n.Severity == 1 {
					require.Equal(t, next, n.DueAt, "severity 1 waits for nothing")
					require.True(t, n.HeldUntil.IsZero())
					continue
				}
				require.Equal(t, opens[n.Username], n.DueAt, "%s %s", channel, n.About)
				require.Equal(t, n.DueAt, n.HeldUntil, "and it says why")
			}
		}
	})
}

func statesOf(list []notice.Notice) []notice.State {
	var out []notice.State
	for _, n := range list {
		out = append(out, n.State)
	}
	return out
}

func TestRetry_OfWhatWasGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("agent", mailTo("agent"))
		o.report(first, 2)
		n := o.lease("l", notice.Lease{Channel: notice.Mail, Limit: 10})[0]
		_, err := o.RetryNotice(t.Context(), n.ID, o.clock)
		require.ErrorIs(t, err, store.ErrConflict, "somebody has it in hand")
		o.settle("l", notice.Outcome{ID: n.ID, State: notice.GivenUp, Error: "permanent"})
		require.Empty(t, o.lease("none", notice.Lease{Channel: notice.Mail, Limit: 10}))
		o.clock = o.clock.Add(72 * time.Hour)
		woken := o.woken.Load()
		again, err := o.RetryNotice(t.Context(), n.ID, o.clock)
		require.NoError(t, err)
		require.Equal(t, notice.Pending, again.State)
		require.Equal(t, o.clock, again.Since)
		require.Greater(t, o.woken.Load(), woken)
		n = o.lease("l2", notice.Lease{Channel: notice.Mail, Limit: 10})[0]
		require.Equal(t, 1, n.Tries)
		o.settle("l2", notice.Outcome{ID: n.ID, State: notice.Sent})
		_, err = o.RetryNotice(t.Context(), n.ID, o.clock)
		require.ErrorIs(t, err, store.ErrConflict)
		_, err = o.RetryNotice(t.Context(), 1<<40, o.clock)
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestNotices_OfThoseWhoWereToldPastTheOutbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		ways := notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: "a@example.org"}, {Channel: notice.DingTalk, Address: "138"}}}
		o.wants("agent", ways)
		o.wants("agent2", ways)
		s := defect.Submission{Title: "t", Severity: 2, System: "OA", Reporter: defect.Reporter{Username: "reporter"}}
		c, e := defect.Open(first, s, storetest.Policy(), storetest.People()[0], o.clock, defect.Keyed{})
		told := []notice.Told{{Seq: 1, Username: "agent", Channel: notice.DingTalk}, {Seq: 9, Username: "agent2", Channel: notice.Mail}}
		_, err := o.Project(t.Context(), first, &c, []defect.Event{e}, told...)
		require.NoError(t, err)
		mine := o.list(store.NoticeQuery{Username: "agent"})
		require.Len(t, mine, 2, "the inbox, and the way that has taken it")
		for _, n := range mine {
			require.Equal(t, notice.Sent, n.State)
			require.Contains(t, []string{notice.Inbox, notice.DingTalk}, n.Channel)
			require.Equal(t, o.clock, n.DoneAt)
		}
		require.Empty(t, o.lease("d", notice.Lease{Channel: notice.DingTalk, Limit: 10}))
		others := o.lease("m", notice.Lease{Channel: notice.Mail, Limit: 10})
		require.Len(t, others, 1)
		require.Equal(t, "agent2", others[0].Username, "who was told of another event is told of this one")
	})
}

func TestAnnounce_OnceForItsKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		o.wants("supervisor", mailTo("supervisor"))
		a := notice.Announcement{
			Key: "roster gap 2026-W48", Topic: notice.RosterGap, Roles: []defect.Role{defect.RoleSupervisor}, Users: []string{"supervisor", "expert"}, Severity: 2,
			Args: notice.Args{notice.ArgDetail: "周六无人"}, At: o.clock, Policy: storetest.Policy(),
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { assert.NoError(t, o.Announce(t.Context(), a)) })
		}
		all.Wait()
		list := o.list(store.NoticeQuery{})
		require.Len(t, list, 4, "three inboxes and a mail")
		for _, n := range list {
			require.Empty(t, n.Number())
			require.Zero(t, n.Seq)
			require.Equal(t, "周六无人", n.Args[notice.ArgDetail])
			require.Equal(t, "2026-11-23T17:00:00+08:00", n.Args[notice.ArgAt])
		}
		a.Key = "roster gap 2026-W49"
		require.NoError(t, o.Announce(t.Context(), a))
		require.Len(t, o.list(store.NoticeQuery{}), 8)
		require.Empty(t, o.list(store.NoticeQuery{Number: first}))
	})
}

func TestInbox_ReadUpTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		for i := range 5 {
			o.report(fmt.Sprintf("0000-0000-000%d", i), 2)
		}
		inbox := store.NoticeQuery{Username: "Agent", Channel: notice.Inbox, Limit: 2}
		page := o.list(inbox)
		require.Len(t, page, 2)
		inbox.Before = page[1].ID
		next := o.list(inbox)
		require.Less(t, next[0].ID, page[1].ID)
		n, err := o.UnreadNotices(t.Context(), "agent")
		require.NoError(t, err)
		require.Equal(t, 5, n)
		n, err = o.ReadNotices(t.Context(), "agent", next[0].ID)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		n, err = o.ReadNotices(t.Context(), "agent", next[0].ID)
		require.NoError(t, err)
		require.Zero(t, n)
		unread := o.list(store.NoticeQuery{Username: "agent", Channel: notice.Inbox, Unread: true})
		require.Len(t, unread, 2)
		n, err = o.UnreadNotices(t.Context(), "agent2")
		require.NoError(t, err)
		require.Equal(t, 5, n, "another's are another's")
	})
}

func TestReserveSlot_HoldsForAllProcesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		limit := notice.Limit{N: 20, Per: time.Minute, Burst: 4}
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		var mu sync.Mutex
		granted := 0
		var failed error
		var all sync.WaitGroup
		for range 3 {
			s := db.Open(t)
			all.Go(func() {
				for range 6 {
					at, err := s.ReserveSlot(t.Context(), notice.DingTalk, now, limit)
					mu.Lock()
					failed = errors.Join(failed, err)
					if !at.After(now) {
						granted++
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		require.NoError(t, failed)
		require.Equal(t, limit.Burst, granted, "no more than the burst at once, whoever asks")
		s := db.Open(t)
		at, err := s.ReserveSlot(t.Context(), notice.DingTalk, now, limit)
		require.NoError(t, err)
		require.Equal(t, now.Add(limit.Every()), at.UTC())
		at, err = s.ReserveSlot(t.Context(), notice.DingTalk, at, limit)
		require.NoError(t, err)
		require.Equal(t, now.Add(limit.Every()), at.UTC(), "it is granted then")
		require.NoError(t, s.RestChannel(t.Context(), notice.DingTalk, now.Add(time.Hour), limit))
		at, err = s.ReserveSlot(t.Context(), notice.DingTalk, now.Add(time.Minute), limit)
		require.NoError(t, err)
		require.Equal(t, now.Add(time.Hour), at.UTC())
	})
}

func TestNoticeFigures_CountWhatHasNotArrived(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		counts, oldest, err := o.NoticeFigures(t.Context(), o.clock)
		require.NoError(t, err)
		require.Empty(t, counts)
		require.True(t, oldest.IsZero())
		began := o.clock
		o.wants("agent", mailTo("agent"))
		o.wants("agent2", mailTo("agent2"))
		o.report(first, 2)
		o.clock = o.clock.Add(time.Hour)
		n := o.lease("l", notice.Lease{Channel: notice.Mail, Limit: 1})[0]
		o.settle("l", notice.Outcome{ID: n.ID, State: notice.GivenUp})
		counts, oldest, err = o.NoticeFigures(t.Context(), o.clock)
		require.NoError(t, err)
		require.ElementsMatch(t, []store.NoticeCount{{State: notice.Pending, N: 1}, {State: notice.GivenUp, N: 1}}, counts)
		require.Equal(t, began, oldest)
	})
}

// More rows than one statement takes parameters.
func TestNotices_ManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		require.NoError(t, o.AddNotices(t.Context(), notice.WeCom, 4000, "agent"))
		seen := 0
		for {
			list := o.lease(fmt.Sprint("l", seen), notice.Lease{Channel: notice.WeCom, Limit: 1000})
			if len(list) == 0 {
				break
			}
			seen += len(list)
		}
		require.Equal(t, 4000, seen)
	})
}
