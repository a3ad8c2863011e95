package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/roster"
)

// peopleAge is how long the people whom notices call are remembered.
const peopleAge = 5 * time.Second

// outbox is what the writing of notices needs: who there is, and somebody to wake.
type outbox struct {
	mu      sync.Mutex // of people and read
	people  []notice.Person
	read    time.Time
	rosters []roster.Roster // that say who of them is on duty
	wake    atomic.Pointer[func()]
}

// OnNotices makes the store call wake whenever it has written notices that somebody had better send. It must not block.
func (s *Store) OnNotices(wake func()) {
	s.outbox.wake.Store(&wake)
}

func (s *Store) wakeSender() {
	if wake := s.outbox.wake.Load(); wake != nil {
		(*wake)()
	}
}

// noticeRow is a notice as it lies in its table.
type noticeRow struct {
	ID        int64           `db:"id"`
	About     string          `db:"about"`
	Seq       int             `db:"seq"`
	Username  string          `db:"username"`
	Channel   string          `db:"channel"`
	Address   string          `db:"address"`
	Language  string          `db:"language"`
	Topic     notice.Topic    `db:"topic"`
	Audience  notice.Audience `db:"audience"`
	Severity  defect.Severity `db:"severity"`
	At        int64           `db:"at"`
	Args      string          `db:"args"`
	State     notice.State    `db:"state"`
	Tries     int             `db:"tries"`
	Error     string          `db:"error"`
	DueAt     int64           `db:"due_at"`
	HeldUntil int64           `db:"held_until"`
	Since     int64           `db:"since"`
	CreatedAt int64           `db:"created_at"`
	DoneAt    int64           `db:"done_at"`
	ReadAt    int64           `db:"read_at"`
}

const (
	noticeColumns = "about, seq, username, channel, address, language, topic, audience, severity, at, args, state, tries, error, due_at, held_until, since, created_at, done_at, read_at"
	insertNotices = "INSERT INTO notices (" + noticeColumns + ", alone, lease) VALUES (:about, :seq, :username, :channel, :address, :language, :topic, :audience, :severity, :at, :args, :state, :tries, :error, :due_at, :held_until, :since, :created_at, :done_at, :read_at, 0, '')"
	selectNotices = "SELECT id, " + noticeColumns + " FROM notices "
)

func (r noticeRow) notice() notice.Notice {
	n := notice.Notice{
		ID: r.ID, About: r.About, Seq: r.Seq, Severity: r.Severity, At: fromMicros(r.At), Topic: r.Topic, Audience: r.Audience, Username: r.Username,
		Channel: r.Channel, Address: r.Address, Language: r.Language, State: r.State, Tries: r.Tries, Error: r.Error,
		HeldUntil: fromMicros(r.HeldUntil), Since: fromMicros(r.Since), CreatedAt: fromMicros(r.CreatedAt), DoneAt: fromMicros(r.DoneAt), ReadAt: fromMicros(r.ReadAt),
	}
	if r.DueAt != never {
		n.DueAt = fromMicros(r.DueAt)
	}
	if err := json.Unmarshal([]byte(r.Args), &n.Args); err != nil {
		n.Args = nil // a notice without its words still says where to look
	}
	return n
}

func noticesOf(rows []noticeRow) []notice.Notice {
	out := make([]notice.Notice, len(rows))
	for i, r := range rows {
		out[i] = r.notice()
	}
	return out
}

// rowsTo returns the rows of a notice: the person's inbox, where it has arrived, and their first way, where it is sent
// when it is wanted.
func rowsTo(n notice.Notice, settings notice.Settings, p *defect.Policy, now time.Time) ([]noticeRow, error) {
	args, err := json.Marshal(n.Args)
	if err != nil {
		return nil, fmt.Errorf("write a notice: %w", err)
	}
	r := noticeRow{
		About: plain(n.About), Seq: n.Seq, Username: nameKey(n.Username), Channel: notice.Inbox, Language: n.Language, Topic: n.Topic, Audience: n.Audience,
		Severity: n.Severity, At: micros(n.At), Args: string(args), State: notice.Sent, DueAt: never, CreatedAt: micros(now), DoneAt: micros(now),
	}
	out := []noticeRow{r}
	if way, ok := settings.NextWay(nil); ok {
		wanted := settings.Wanted(p, n.Severity, now)
		r.Channel, r.Address, r.State, r.DueAt, r.Since, r.DoneAt = way.Channel, way.Address, notice.Pending, micros(wanted), micros(wanted), 0
		if wanted.After(now) {
			r.HeldUntil = micros(wanted)
		}
		out = append(out, r)
	}
	return out, nil
}

// noticesFor returns the rows that new events of a case call for. Each event is asked about as of the case after it: a batch
// may hold two signatures, and only the second one is the approval. old is the case before the events; next after them.
// Whoever was told is not told again.
func (s *Store) noticesFor(ctx context.Context, old defect.Case, next *defect.Case, fresh []defect.Event, told []notice.Told) ([]noticeRow, error) {
	var out []noticeRow
	c := old
	if c.Seq == 0 {
		c = defect.Replay(*next, nil)
	}
	for _, e := range fresh {
		c.Apply(e)
		calls := notice.Calls(&c, e)
		if len(calls) == 0 {
			continue
		}
		people, err := s.people(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range notice.Recipients(calls, e.Actor.Username, &c, people) {
			rows, err := rowsTo(notice.Of(&c, e, r), r.Settings, &c.Policy, s.now())
			if err != nil {
				return nil, err
			}
			out = append(out, toldOver(rows, told, r.Settings, s.now())...)
		}
	}
	return out, nil
}

// toldOver makes what would be sent to somebody arrived, over the channel that has taken it already, if one has.
func toldOver(rows []noticeRow, told []notice.Told, settings notice.Settings, now time.Time) []noticeRow {
	for i := range rows {
		r := &rows[i]
		at := slices.IndexFunc(told, func(t notice.Told) bool { return t.Seq == r.Seq && nameKey(t.Username) == r.Username })
		if at < 0 || r.Channel == notice.Inbox {
			continue
		}
		r.Channel, r.Address = told[at].Channel, ""
		if w := slices.IndexFunc(settings.Ways, func(w notice.Way) bool { return w.Channel == r.Channel }); w >= 0 {
			r.Address = settings.Ways[w].Address
		}
		r.State, r.Tries, r.DueAt, r.HeldUntil, r.Since, r.DoneAt = notice.Sent, 1, never, 0, micros(now), micros(now)
	}
	return rows
}

// Announce tells people of something that is about no case, once for its key: what has been announced under it is not
// announced again to the same people.
func (s *Store) Announce(ctx context.Context, a notice.Announcement) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	people, err := s.people(ctx)
	if err != nil {
		return fmt.Errorf("announce %s: %w", a.Topic, err)
	}
	var rows []noticeRow
	for _, r := range notice.Everybody(a.Calls(), people) {
		some, err := rowsTo(a.To(r), r.Settings, &a.Policy, s.now())
		if err != nil {
			return fmt.Errorf("announce %s: %w", a.Topic, err)
		}
		rows = append(rows, some...)
	}
	for range maxRaces {
		if err = s.announce(ctx, defect.Digest(a.Key), rows); !isRace(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("announce %s: %w", a.Topic, err)
	}
	s.wakeSender()
	return nil
}

// announce adds the rows for the people who have none about it yet.
func (s *Store) announce(ctx context.Context, about string, rows []noticeRow) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		var told []string
		if err := tx.SelectContext(ctx, &told, "SELECT username FROM notices WHERE about = ? AND seq = 0 AND channel = ?", about, notice.Inbox); err != nil {
			return err
		}
		fresh := slices.DeleteFunc(slices.Clone(rows), func(r noticeRow) bool { return slices.Contains(told, r.Username) })
		return addNotices(ctx, tx, fresh)
	})
}

// noticeChunk is how many rows one statement adds: SQLite takes 32,766 parameters.
const noticeChunk = 500

func addNotices(ctx context.Context, tx *sqlx.Tx, rows []noticeRow) error {
	for chunk := range slices.Chunk(rows, noticeChunk) {
		if _, err := tx.NamedExecContext(ctx, insertNotices, chunk); err != nil {
			return fmt.Errorf("add notices: %w", err)
		}
	}
	return nil
}

// people returns everybody who can be told things, as of a few seconds ago.
func (s *Store) people(ctx context.Context) ([]notice.Person, error) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	now := s.now()
	if age := now.Sub(s.outbox.read); s.outbox.people != nil && age >= 0 && age < peopleAge {
		return s.outbox.people, nil
	}
	var rows []struct {
		userRow
		Doc sql.NullString `db:"doc"`
	}
	err := s.read.SelectContext(ctx, &rows, `SELECT u.username, u.name, u.roles, s.doc FROM users u
LEFT JOIN notice_settings s ON s.username = u.username WHERE u.disabled = 0 ORDER BY u.username`)
	if err != nil {
		return nil, fmt.Errorf("read whom to tell: %w", err)
	}
	people := make([]notice.Person, len(rows))
	for i, r := range rows {
		people[i].Person = r.user().Person
		if err := readSettings(r.Doc, &people[i].Settings); err != nil {
			return nil, err
		}
	}
	if err := s.standIns(ctx, people, now); err != nil {
		return nil, err
	}
	if s.outbox.rosters, err = s.Rosters(ctx, now.Add(-time.Hour)); err != nil {
		return nil, err
	}
	s.outbox.people, s.outbox.read = s.standing(people, now), now
	return s.outbox.people, nil
}

// standIns adds to each of the people those whose substitutes they are.
func (s *Store) standIns(ctx context.Context, people []notice.Person, now time.Time) error {
	running, err := s.Running(ctx, now)
	if err != nil {
		return err
	}
	account := func(username string) (defect.Person, bool) {
		p, ok := notice.Named(people, username)
		return p.Person, ok
	}
	for i := range people {
		people[i].StandsIn = defect.StandsIn(running, people[i].Username, now, account)
	}
	return nil
}

// standing returns the people with whether each is on duty now.
func (s *Store) standing(people []notice.Person, now time.Time) []notice.Person {
	duty := roster.OnDuty(s.outbox.rosters, now)
	out := slices.Clone(people)
	for i := range out {
		_, out[i].OnDuty = roster.Of(duty, out[i].Username)
	}
	return out
}

// peopleEvery is how often KeepPeople looks.
const peopleEvery = time.Minute

// KeepPeople looks who can be told things, again and again until ctx ends, so that KnownPeople knows it too when the
// database is away. What keeps it from looking, failed is told; meanwhile those of before stay.
func (s *Store) KeepPeople(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(peopleEvery)
	defer tick.Stop()
	for {
		if _, err := s.People(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// KnownPeople returns everybody who could be told things when that was last looked for, however long ago, and whether each
// is on duty now. It asks no database.
func (s *Store) KnownPeople() []notice.Person {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	return s.standing(s.outbox.people, s.now())
}

// People returns everybody who can be told things, with how they want to be told.
func (s *Store) People(ctx context.Context) ([]notice.Person, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	people, err := s.people(ctx)
	return slices.Clone(people), err
}

func readSettings(doc sql.NullString, into *notice.Settings) error {
	if !doc.Valid {
		return nil
	}
	if err := json.Unmarshal([]byte(doc.String), into); err != nil {
		return fmt.Errorf("read how somebody wants to be told: %w", err)
	}
	return nil
}

// NoticeSettings returns how somebody wants to be told; the zero Settings where they have not said.
func (s *Store) NoticeSettings(ctx context.Context, username string) (notice.Settings, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	out, err := settingsOf(ctx, s.read, username)
	if err != nil {
		return out, fmt.Errorf("notice settings of %q: %w", username, err)
	}
	return out, nil
}

func settingsOf(ctx context.Context, db sqlx.QueryerContext, username string) (notice.Settings, error) {
	var doc sql.NullString
	var out notice.Settings
	err := sqlx.GetContext(ctx, db, &doc, "SELECT doc FROM notice_settings WHERE username = ?", nameKey(username))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return out, err
	}
	err = readSettings(doc, &out)
	return out, err
}

// SetNoticeSettings keeps how somebody wants to be told of what happens from now on; other processes know within
// seconds.
func (s *Store) SetNoticeSettings(ctx context.Context, username string, settings notice.Settings) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	doc, err := json.Marshal(settings)
	if err == nil {
		_, err = s.write.ExecContext(ctx, s.engine.statements.keepSettings, nameKey(username), string(doc))
	}
	if err != nil {
		return fmt.Errorf("notice settings of %q: %w", username, err)
	}
	s.lookAgain()
	return nil
}

// lookAgain makes the next notice ask anew whom to tell: an account, a roster, a substitution or what somebody wants has
// changed in this process. Others find out within peopleAge.
func (s *Store) lookAgain() {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.read = time.Time{}
}
