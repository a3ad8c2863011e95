package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/notify"
	"yunwei/store"
	"yunwei/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// clock is the time of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) pass(d time.Duration) { c.set(c.Now().Add(d)) }

// post is a real outbox with people, and dispatchers over it.
type post struct {
	*store.Store
	*clock
	t       *testing.T
	db      storetest.DB
	log     *bytes.Buffer
	names   int
	reports int
	figures map[string]int
}

func newPost(t *testing.T, db storetest.DB) *post {
	t.Helper()
	p := &post{t: t, db: db, clock: &clock{now: monday}, log: &bytes.Buffer{}, figures: map[string]int{}}
	p.Store = db.Open(t, store.Clock(p.Now))
	for _, person := range storetest.People() {
		require.NoError(t, p.AddUser(t.Context(), store.User{Person: person}))
	}
	return p
}

func (p *post) dispatcher(channels ...notify.Channel) *notify.Dispatcher {
	p.names++
	id := p.names
	lease := 0
	var mu sync.Mutex
	return notify.New(notify.Options{
		Outbox: p.Store, Channels: channels, Writer: notify.Writer{URL: "https://desk.example.org"}, Log: slog.New(slog.NewTextHandler(p.log, nil)), Now: p.Now,
		Jitter: func() float64 { return 0.5 },
		NewName: func() string {
			mu.Lock()
			defer mu.Unlock()
			lease++
			return fmt.Sprint("d", id, "-", lease)
		},
		Figures: func(channel, outcome string) {
			mu.Lock()
			defer mu.Unlock()
			p.figures[channel+" "+outcome]++
		},
	})
}

func (p *post) wants(username string, ways ...notice.Way) {
	p.t.Helper()
	require.NoError(p.t, p.SetNoticeSettings(p.t.Context(), username, notice.Settings{Ways: ways}))
}

// report files a case; both agents are told, and the chiefs of severity 1.
func (p *post) report(severity defect.Severity) string {
	p.t.Helper()
	p.reports++
	number := fmt.Sprintf("0000-0000-%04d", p.reports)
	s := defect.Submission{Title: "登录失败", Description: "d", Severity: severity, System: "OA", Reporter: defect.Reporter{Username: "reporter"}}
	c, e := defect.Open(number, s, storetest.Policy(), storetest.People()[0], p.Now(), defect.Keyed{})
	_, err := p.Project(p.t.Context(), number, &c, []defect.Event{e})
	require.NoError(p.t, err)
	return number
}

// step lets a channel send until nothing waits that may go now, and returns how long that is so.
func (p *post) step(d *notify.Dispatcher, channel string) time.Duration {
	p.t.Helper()
	for {
		wait, err := d.Step(p.t.Context(), channel)
		require.NoError(p.t, err)
		if wait > 0 {
			return wait
		}
	}
}

func (p *post) list(q store.NoticeQuery) []notice.Notice {
	p.t.Helper()
	q.Limit = 1000
	list, err := p.Notices(p.t.Context(), q)
	require.NoError(p.t, err)
	return list
}

func (p *post) of(channel string) []notice.Notice {
	p.t.Helper()
	return p.list(store.NoticeQuery{Channel: channel})
}

func (p *post) states(channel string) map[notice.State]int {
	out := map[notice.State]int{}
	for _, n := range p.of(channel) {
		out[n.State]++
	}
	return out
}

// until lets a channel send, and time pass from one due time to the next, until a time.
func (p *post) until(d *notify.Dispatcher, channel string, end time.Time) {
	p.t.Helper()
	for {
		wait := p.step(d, channel)
		next := end
		for _, n := range p.of(channel) {
			due := n.DueAt
			if !due.IsZero() && !due.After(p.Now()) {
				due = p.Now().Add(wait) // it is the channel that waits
			}
			if !due.IsZero() && due.Before(next) {
				next = due
			}
		}
		p.set(next)
		if !next.Before(end) {
			return
		}
	}
}

// memory is a channel that keeps what it is given, and fails as its test says.
type memory struct {
	name   string
	traits notify.Traits
	fail   func(notify.Message) error

	mu  sync.Mutex
	got []notify.Message
}

func (m *memory) Name() string          { return m.name }
func (m *memory) Traits() notify.Traits { return m.traits }
func (m *memory) Send(_ context.Context, message notify.Message) error {
	if m.fail != nil {
		if err := m.fail(message); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, message)
	return nil
}

func mailWay(name string) notice.Way {
	return notice.Way{Channel: notice.Mail, Address: name + "@example.org"}
}

// A mail server that is away for a day delivers everything once when it is back, and in the meantime people are told over
// their next way.
func TestDispatcher_AMailServerAwayForADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		p := newPost(t, db)
		server := newMailServer(t)
		hook := &memory{name: notice.Webhook}
		d := p.dispatcher(channel(t, notify.Settings{SMTP: server.url("smtp", "")}), hook)
		p.wants("agent", mailWay("agent"))
		p.wants("agent2", mailWay("agent2"), notice.Way{Channel: notice.Webhook, Address: "138"})
		server.stop()
		p.report(2)
		p.until(d, notice.Mail, monday.Add(9*time.Minute))
		require.Empty(t, p.of(notice.Webhook), "a hiccup is waited out")
		p.until(d, notice.Mail, monday.Add(24*time.Hour))
		require.Equal(t, map[notice.State]int{notice.Failed: 2}, p.states(notice.Mail))
		require.Greater(t, p.of(notice.Mail)[0].Tries, 200)
		require.Contains(t, p.of(notice.Mail)[0].Error, "down")
		p.step(d, notice.Webhook)
		require.Len(t, hook.got, 1, "who has another way is told over it, once")
		server.again()
		p.until(d, notice.Mail, monday.Add(24*time.Hour+10*time.Minute))
		require.Equal(t, map[notice.State]int{notice.Sent: 2}, p.states(notice.Mail))
		var to []string
		for _, l := range server.letters() {
			to = append(to, l.to)
		}
		require.ElementsMatch(t, []string{"agent@example.org", "agent2@example.org"}, to)
		require.Empty(t, p.list(store.NoticeQuery{States: notice.Undelivered()}))
	})
}

// The answer is lost: the message goes a second time, and is recognised.
func TestDispatcher_AnAnswerThatIsLost(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	server := newMailServer(t)
	server.drop = 1
	d := p.dispatcher(channel(t, notify.Settings{SMTP: server.url("smtp", "")}))
	p.wants("agent", mailWay("agent"))
	p.report(2)
	p.step(d, notice.Mail)
	require.Equal(t, map[notice.State]int{notice.Unknown: 1}, p.states(notice.Mail))
	p.until(d, notice.Mail, monday.Add(time.Minute))
	require.Equal(t, map[notice.State]int{notice.Sent: 1}, p.states(notice.Mail))
	got := server.letters()
	require.Len(t, got, 2)
	require.Equal(t, got[0].Header.Get("Message-ID"), got[1].Header.Get("Message-ID"))
	require.Equal(t, 2, p.of(notice.Mail)[0].Tries)
}

// A server that greylists takes the message minutes later.
func TestDispatcher_AServerThatTakesItLater(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	server := newMailServer(t)
	server.refuses("rcpt", 451)
	d := p.dispatcher(channel(t, notify.Settings{SMTP: server.url("smtp", "")}))
	p.wants("agent", mailWay("agent"))
	p.report(2)
	p.until(d, notice.Mail, monday.Add(3*time.Minute))
	require.Equal(t, map[notice.State]int{notice.Failed: 1}, p.states(notice.Mail))
	server.refuses("rcpt", 0)
	p.until(d, notice.Mail, monday.Add(9*time.Minute))
	require.Equal(t, map[notice.State]int{notice.Sent: 1}, p.states(notice.Mail))
	require.Len(t, server.letters(), 1)
}

// One mailbox that is none stops no other, and its reader is told over the next way at once.
func TestDispatcher_OneBadRowStopsNoOther(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	server := newMailServer(t)
	server.only = "agent@example.org"
	server.refuses("rcpt", 550)
	hook := &memory{name: notice.Webhook}
	d := p.dispatcher(channel(t, notify.Settings{SMTP: server.url("smtp", "")}), hook)
	p.wants("agent", mailWay("agent"), notice.Way{Channel: notice.Webhook, Address: "138"})
	p.wants("agent2", mailWay("agent2"))
	for range 20 {
		p.report(2)
	}
	p.step(d, notice.Mail)
	p.step(d, notice.Webhook)
	require.Equal(t, map[notice.State]int{notice.Sent: 20, notice.GivenUp: 20}, p.states(notice.Mail))
	require.Len(t, hook.got, 20)
	require.Equal(t, []string{"138"}, hook.got[0].To)
	require.Len(t, p.list(store.NoticeQuery{States: []notice.State{notice.GivenUp}}), 20, "listed for the administrator")
	require.Equal(t, map[string]int{"mail sent": 20, "mail permanent": 20, "webhook sent": 20}, p.figures)
}

func TestDispatcher_SettingsToMend(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	server := newMailServer(t)
	server.refuses("auth", 535)
	hook := &memory{name: notice.Webhook}
	d := p.dispatcher(channel(t, notify.Settings{SMTP: server.url("smtp", "")}), hook)
	p.wants("agent", mailWay("agent"), notice.Way{Channel: notice.Feishu}, notice.Way{Channel: notice.Webhook})
	p.report(2)
	p.step(d, notice.Mail)
	p.step(d, notice.Feishu) // is not set up
	p.step(d, notice.Webhook)
	require.Len(t, hook.got, 1, "told at once over what works")
	require.Equal(t, map[notice.State]int{notice.Failed: 1}, p.states(notice.Mail), "and tried on, for somebody may mend it")
	require.Contains(t, p.of(notice.Feishu)[0].Error, "not set up")
	server.refuses("auth", 0)
	p.until(d, notice.Mail, monday.Add(time.Minute))
	require.Equal(t, map[notice.State]int{notice.Sent: 1}, p.states(notice.Mail))
	require.NotContains(t, p.log.String(), "geheim")
}

func TestDispatcher_GivesUpInTheEnd(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	down := &memory{name: notice.Mail, fail: func(notify.Message) error { return errors.New("no") }}
	d := p.dispatcher(down)
	p.wants("agent", mailWay("agent"))
	p.report(2)
	p.until(d, notice.Mail, monday.Add(47*time.Hour))
	require.Equal(t, map[notice.State]int{notice.Failed: 1}, p.states(notice.Mail))
	p.until(d, notice.Mail, monday.Add(49*time.Hour))
	given := p.list(store.NoticeQuery{States: []notice.State{notice.GivenUp}})
	require.Len(t, given, 1)
	tries := given[0].Tries
	p.until(d, notice.Mail, monday.Add(60*time.Hour))
	require.Equal(t, tries, p.of(notice.Mail)[0].Tries, "nobody tries again")
	down.fail = nil
	_, err := p.RetryNotice(t.Context(), given[0].ID, p.Now())
	require.NoError(t, err)
	p.step(d, notice.Mail)
	require.Len(t, down.got, 1)
}

// The desk itself was away for days: an old notice is not given up at the first hitch.
func TestDispatcher_AnOldNoticeGetsItsTries(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	fails := 3
	c := &memory{name: notice.Mail, fail: func(notify.Message) error {
		fails--
		if fails >= 0 {
			return errors.New("not yet")
		}
		return nil
	}}
	d := p.dispatcher(c)
	p.wants("agent", mailWay("agent"))
	p.report(2)
	p.pass(100 * time.Hour)
	p.until(d, notice.Mail, p.Now().Add(10*time.Minute))
	require.Len(t, c.got, 1)
}

func TestDispatcher_MostUrgentFirst(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	c := &memory{name: notice.Mail, traits: notify.Traits{Limit: notice.Limit{N: 60, Per: time.Minute, Burst: 1}, Personal: true}}
	d := p.dispatcher(c)
	p.wants("agent", mailWay("agent"))
	p.wants("agent2", mailWay("agent2"))
	p.wants("liaison", mailWay("liaison"))
	p.report(4)
	p.report(3)
	p.report(1)
	p.report(2)
	_, err := d.Step(t.Context(), notice.Mail)
	require.NoError(t, err)
	p.pass(time.Minute)
	p.step(d, notice.Mail)
	for range 10 {
		p.pass(time.Second * 2)
		p.step(d, notice.Mail)
	}
	require.Len(t, c.got, 3, "one message for each address")
	require.Len(t, c.got[0].Items, 4)
	require.Equal(t, defect.Severity(1), c.got[0].Items[0].Severity)
	for i := 1; i < 4; i++ {
		require.GreaterOrEqual(t, c.got[0].Items[i].Severity, c.got[0].Items[i-1].Severity)
	}
	require.Equal(t, map[notice.State]int{notice.Sent: 9}, p.states(notice.Mail))
}

// mutingRobot is a group robot that mutes who sends more than a number in a minute of its own time, as DingTalk does.
type mutingRobot struct {
	*httptest.Server
	clock *clock
	most  int
	mu    sync.Mutex
	at    []time.Time
	muted int
}

func newMutingRobot(t *testing.T, c *clock, most int) *mutingRobot {
	t.Helper()
	r := &mutingRobot{clock: c, most: most}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		now := c.Now()
		recent := 0
		for _, at := range r.at {
			if now.Sub(at) < time.Minute {
				recent++
			}
		}
		if recent >= r.most {
			r.muted++
			_, _ = io.WriteString(w, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`)
			return
		}
		r.at = append(r.at, now)
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	t.Cleanup(r.Close)
	return r
}

// Three dispatchers, one of which begins anew now and then, and hundreds of notices: the robot is never provoked, nothing is
// dropped, and what is most urgent comes first.
func TestDispatcher_NeverProvokesARobot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		p := newPost(t, db)
		robot := newMutingRobot(t, p.clock, 20)
		c := channel(t, notify.Settings{DingTalk: robot.URL + "/robot/send?access_token=t"})
		dispatchers := []*notify.Dispatcher{p.dispatcher(c), p.dispatcher(c), p.dispatcher(c)}
		p.wants("agent", notice.Way{Channel: notice.DingTalk, Address: "138"})
		p.wants("agent2", notice.Way{Channel: notice.DingTalk})
		p.wants("supervisor", notice.Way{Channel: notice.DingTalk})
		for second := range 300 {
			for i := range second % 3 {
				if second < 150 {
					p.report(defect.Severity(1 + (second+i)%4))
				}
			}
			for _, d := range dispatchers {
				_, err := d.Step(t.Context(), notice.DingTalk)
				require.NoError(t, err)
			}
			if second%40 == 0 {
				dispatchers[2] = p.dispatcher(c)
			}
			p.pass(time.Second)
		}
		require.Zero(t, robot.muted)
		require.Len(t, p.list(store.NoticeQuery{Username: "agent", Channel: notice.DingTalk}), 150)
		require.Equal(t, map[notice.State]int{notice.Sent: len(p.of(notice.DingTalk))}, p.states(notice.DingTalk), "all have arrived")
		require.Less(t, len(robot.at), 100, "in few messages")
	})
}

// A robot that is provoked all the same, by somebody else, is left alone.
func TestDispatcher_LeavesAMutedRobotAlone(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	robot := newMutingRobot(t, p.clock, 0)
	c := channel(t, notify.Settings{DingTalk: robot.URL})
	d := p.dispatcher(c)
	other := p.dispatcher(c)
	p.wants("agent", notice.Way{Channel: notice.DingTalk})
	p.report(1)
	p.step(d, notice.DingTalk)
	p.report(1)
	p.step(d, notice.DingTalk)
	p.step(other, notice.DingTalk)
	require.Equal(t, 1, robot.muted)
	robot.most = 20
	p.pass(61 * time.Second)
	p.step(other, notice.DingTalk)
	require.Equal(t, 1, robot.muted)
	require.Equal(t, map[notice.State]int{notice.Sent: 2}, p.states(notice.DingTalk))
}

// A bundle that is refused is taken apart, and only the one to blame is given up.
func TestDispatcher_ARefusedBundleIsTakenApart(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	var bad string
	c := &memory{name: notice.WeCom, traits: notify.Traits{Limit: notice.Limit{N: 60, Per: time.Minute, Burst: 1}, Room: 10_000}}
	c.fail = func(m notify.Message) error {
		for _, i := range m.Items {
			if i.About == bad {
				return permanent(t)
			}
		}
		return nil
	}
	d := p.dispatcher(c)
	p.wants("agent", notice.Way{Channel: notice.WeCom})
	p.report(3)
	bad = p.report(3)
	p.report(3)
	for range 20 {
		p.step(d, notice.WeCom)
		p.pass(5 * time.Second)
	}
	require.Equal(t, map[notice.State]int{notice.Sent: 2, notice.GivenUp: 1}, p.states(notice.WeCom))
	require.Equal(t, bad, p.list(store.NoticeQuery{States: []notice.State{notice.GivenUp}})[0].Number())
}

// permanent is a failure of that kind, as a real channel makes it.
func permanent(t *testing.T) error {
	t.Helper()
	e := newEndpoint(t, "")
	e.status = http.StatusUnprocessableEntity
	c := channel(t, notify.Settings{Webhook: e.URL, WebhookSecret: "s"})
	return c.Send(t.Context(), compose(c, breach("agent", notice.Webhook, "")))
}

// A dispatcher that dies with notices in hand: another takes them over.
func TestDispatcher_TakesOverFromOneThatDied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		p := newPost(t, db)
		p.wants("agent", mailWay("agent"))
		p.report(2)
		dead, err := p.LeaseNotices(t.Context(), notice.Lease{Channel: notice.Mail, Name: "dead", Now: p.Now(), Until: p.Now().Add(5 * time.Minute), Limit: 10})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		c := &memory{name: notice.Mail}
		d := p.dispatcher(c)
		p.step(d, notice.Mail)
		require.Empty(t, c.got)
		p.pass(5 * time.Minute)
		n, err := p.ReclaimNotices(t.Context(), p.Now())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		p.step(d, notice.Mail)
		require.Len(t, c.got, 1)
		require.Equal(t, dead[0].Key(), c.got[0].Key)
		require.Equal(t, map[notice.State]int{notice.Sent: 1}, p.states(notice.Mail))
	})
}

// A long queue does not knock one by one at a channel that is away.
func TestDispatcher_DoesNotHammerAChannelThatIsAway(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	e := newEndpoint(t, "")
	e.status = http.StatusServiceUnavailable
	d := p.dispatcher(channel(t, notify.Settings{Webhook: e.URL, WebhookSecret: "s"}))
	p.wants("agent", notice.Way{Channel: notice.Webhook})
	for range 60 {
		p.report(2)
	}
	p.step(d, notice.Webhook)
	require.Equal(t, map[notice.State]int{notice.Failed: 60}, p.states(notice.Webhook))
	require.LessOrEqual(t, len(e.got), 16)
	e.mu.Lock()
	e.status = http.StatusOK
	e.mu.Unlock()
	p.until(d, notice.Webhook, monday.Add(time.Minute))
	require.Equal(t, map[notice.State]int{notice.Sent: 60}, p.states(notice.Webhook))
}

// A gateway that asks for patience gets it, for all that waits.
func TestDispatcher_LeavesAChannelAloneThatAsksForIt(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	e := newEndpoint(t, "")
	e.status = http.StatusTooManyRequests
	e.header.Set("Retry-After", "120")
	d := p.dispatcher(channel(t, notify.Settings{Webhook: e.URL, WebhookSecret: "s"}))
	p.wants("agent", notice.Way{Channel: notice.Webhook})
	p.report(2)
	p.step(d, notice.Webhook)
	p.pass(time.Minute)
	p.report(1)
	p.step(d, notice.Webhook)
	require.Len(t, e.got, 1)
	e.mu.Lock()
	e.status = http.StatusOK
	e.mu.Unlock()
	p.until(d, notice.Webhook, monday.Add(3*time.Minute))
	require.Equal(t, map[notice.State]int{notice.Sent: 2}, p.states(notice.Webhook))
}

// fakeOutbox answers from memory, so that a whole dispatcher can run on a made-up clock.
type fakeOutbox struct {
	mu      sync.Mutex
	waiting []notice.Notice
	settled []notice.Outcome
	fails   int // how many of the next settlements fail
	asked   int
}

func (f *fakeOutbox) NoticesDue(context.Context, string, time.Time) (bool, error) { return false, nil }
func (f *fakeOutbox) ReclaimNotices(context.Context, time.Time) (int, error)      { return 0, nil }
func (f *fakeOutbox) ReserveSlot(_ context.Context, _ string, now time.Time, _ notice.Limit) (time.Time, error) {
	return now, nil
}
func (f *fakeOutbox) RestChannel(context.Context, string, time.Time, notice.Limit) error { return nil }
func (f *fakeOutbox) LeaseNotices(_ context.Context, l notice.Lease) ([]notice.Notice, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if l.Channel != notice.Mail {
		return nil, nil
	}
	out := f.waiting
	f.waiting = nil
	return out, nil
}

func (f *fakeOutbox) SettleNotices(_ context.Context, s notice.Settlement) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails > 0 {
		f.fails--
		return errors.New("the database is away")
	}
	f.settled = append(f.settled, s.Outcomes...)
	return nil
}

func (f *fakeOutbox) put(n ...notice.Notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, n...)
}

func running(o *fakeOutbox, c notify.Channel) *notify.Dispatcher {
	return notify.New(notify.Options{
		Outbox: o, Channels: []notify.Channel{c}, Log: slog.New(slog.DiscardHandler), Now: time.Now, Jitter: func() float64 { return 0.5 }, NewName: func() string { return "lease" },
	})
}

// pass lets time pass on the clock that a bubble makes up.
func pass(d time.Duration) { <-time.NewTimer(d).C }

func TestRun_WokenAndSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, c := &fakeOutbox{}, &memory{name: notice.Mail}
		d := running(o, c)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { d.Run(ctx); close(done) }()
		synctest.Wait()
		began := time.Now()
		o.put(breach("agent", notice.Mail, "agent@example.org"))
		d.Wake()
		synctest.Wait()
		require.Len(t, o.settled, 1)
		require.Zero(t, time.Since(began), "at once when woken")
		o.put(breach("agent2", notice.Mail, "agent2@example.org"))
		pass(1001 * time.Millisecond)
		synctest.Wait()
		require.Len(t, o.settled, 2, "within a second when not")
		o.fails = 3
		o.put(breach("agent3", notice.Mail, "agent3@example.org"))
		d.Wake()
		pass(time.Minute)
		require.Len(t, o.settled, 3, "what was sent is written down as soon as the database is back")
		require.Len(t, c.got, 3, "and not sent again")
		cancel()
		<-done // or the bubble says that somebody stays behind
	})
}

func TestRun_FinishesWhatIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &memory{name: notice.Mail, fail: func(notify.Message) error {
			pass(10 * time.Second)
			return nil
		}}
		o := &fakeOutbox{}
		for i := range 20 {
			n := breach(fmt.Sprint("agent", i), notice.Mail, "a@example.org")
			n.ID = int64(i + 1)
			o.put(n)
		}
		d := running(o, c)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { d.Run(ctx); close(done) }()
		pass(time.Second)
		cancel()
		began := time.Now()
		<-done
		require.Less(t, time.Since(began), 30*time.Second)
		require.Len(t, c.got, 8, "what was on its way arrived")
		sent, back := 0, 0
		for _, outcome := range o.settled {
			switch {
			case outcome.State == notice.Sent:
				sent++
			case outcome.Untried:
				back++
			}
		}
		require.Equal(t, 8, sent)
		require.Equal(t, 12, back, "and the rest waits for somebody else")
	})
}

func TestStraight_OverTheFirstWayThatWorks(t *testing.T) {
	down := &memory{name: notice.DingTalk, fail: func(notify.Message) error { return errors.New("down") }}
	mails := &memory{name: notice.Mail}
	s := notify.NewSender([]notify.Channel{down, mails}, notify.Writer{URL: "https://desk.example.org"})
	person := func(name string, ways ...notice.Way) notice.Person {
		return notice.Person{Person: defect.Person{Username: name}, Settings: notice.Settings{Language: "en", Ways: ways}}
	}
	n := breach("", "", "")
	people := []notice.Person{
		person("liaison", notice.Way{Channel: notice.DingTalk}, notice.Way{Channel: notice.Feishu}, mailWay("liaison")), person("silent"), person("supervisor", mailWay("supervisor")),
	}
	told, err := s.Straight(t.Context(), people, n)
	require.NoError(t, err)
	require.Equal(t, []notice.Told{{Seq: 4, Username: "liaison", Channel: notice.Mail}, {Seq: 4, Username: "supervisor", Channel: notice.Mail}}, told, "who was told, and over which way")
	require.Len(t, mails.got, 2)
	require.Equal(t, "7K3M-Q9XT-WA5C.4.liaison.mail", mails.got[0].Key, "the key that it has in the outbox")
	require.Contains(t, mails.got[0].Subject, "Promise broken")
	told, err = s.Straight(t.Context(), []notice.Person{person("expert", notice.Way{Channel: notice.DingTalk}), person("supervisor", mailWay("supervisor"))}, n)
	require.ErrorContains(t, err, "expert")
	require.NotContains(t, err.Error(), "supervisor")
	require.Equal(t, []notice.Told{{Seq: 4, Username: "supervisor", Channel: notice.Mail}}, told)
	require.Len(t, mails.got, 3, "one who cannot be told keeps no other from it")
}
