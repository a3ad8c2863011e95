// Package store keeps what people look for in SQL: cases and their events, accounts, ended sessions, attachments. One
// repository code runs on MySQL, MariaDB and SQLite; statements that differ stand side by side in mysql.go and
// sqlite.go. Of a case it is a projection: history decides, SQL follows, and nothing here knows who may see what.
//
// Every method takes 5 seconds at most, or less if its context says so.
package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// patience is how long a method waits for the database when its caller sets no shorter time.
const patience = 5 * time.Second

// Store is one database.
type Store struct {
	engine *engine
	read   *sqlx.DB
	write  *sqlx.DB // the same as read but on SQLite, which has one writer
	now    func() time.Time

	policies policies
	names    names
	segments segments
	crowds   crowds
	bounds   bounds

	life   context.Context // ends with Close; of work that no caller waits for
	end    context.CancelFunc
	ending sync.Mutex // held while such work is begun, and while life ends
	behind sync.WaitGroup
	busy   chan struct{} // held by whoever brings the search index up to date

	searches atomic.Uint64
	outbox   outbox
	migrated atomic.Bool // the tables were found to be there
}

// bounds are where one way of doing something gives way to another. Tests set them low.
type bounds struct {
	depth       int // how many rows are counted
	sorted      int // how many rows are rather sorted than looked for in the order of an index
	asked       int // how many found cases the database is asked about by name; more are met by following the order
	absorbDocs  int // how many texts move into the search index in one transaction
	segmentDocs int // how many cases a segment of the search index holds at least when it is full
	page        int // how many rows are read at once of what is read whole
}

var standardBounds = bounds{depth: defect.MaxDepth, sorted: 4000, asked: 1000, absorbDocs: 512, segmentDocs: 8192, page: 1000}

// engine is what differs between the databases.
type engine struct {
	name       string // of its folder of migrations
	statements statements
	// migrator opens a connection of its own for changes of the schema, which may take long.
	migrator func() (*sqlx.DB, error)
}

// statements are those that the databases want worded differently.
type statements struct {
	keepPolicy string   // unless it is there
	advance    []string // a case's row, named parameters; the first must find the row
	addTally   string   // to be followed by rows of values and addTallyEnd
	addTallyTo string
	lockIndex  string // the segment that grows; fails at once when somebody else holds it
	addPosting string // to be followed by rows of values and addPostingTo
	addPostTo  string
	growIndex  string
	revoke     string
	lockUser   string // an account by its user name
	lockAdmins string // the accounts that have not been disabled and whose roles are like the given, in one order
	keepName   string // unless it is there
	// putPromises writes promises over those that are there; named parameters, one row or many.
	putPromises  string
	keepSettings string // of somebody, instead of those before
	lockAssets   string // where some assets stand, by their keys, in one order
}

// Option changes how a store works.
type Option func(*Store)

// Clock makes the store take the time from now. It matters to accounts alone; everything else brings its times along.
func Clock(now func() time.Time) Option { return func(s *Store) { s.now = now } }

// Open returns the store at a URL: sqlite:///path/file.db or mysql://user:pass@host:3306/db. It does not wait for the
// server, so that a process can start before its database; Ping tells. An error never holds the password.
func Open(ctx context.Context, address string, options ...Option) (*Store, error) {
	scheme, _, ok := strings.Cut(address, "://")
	if !ok {
		return nil, errors.New("the database is a URL: sqlite:///path/file.db or mysql://user:password@host:3306/database")
	}
	var s *Store
	var err error
	switch scheme {
	case "sqlite":
		s, err = openSQLite(address)
	case "mysql":
		s, err = openMySQL(address)
	default:
		return nil, fmt.Errorf("the database's URL begins with sqlite:// or mysql://, not %s://", scheme)
	}
	if err != nil {
		return nil, err
	}
	s.now, s.bounds, s.busy = time.Now, standardBounds, make(chan struct{}, 1)
	for _, option := range options {
		option(s)
	}
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	return s, nil
}

// parseURL parses without repeating what it parses: an error of net/url would show the password.
func parseURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the database's URL cannot be read; in user name and password, characters other than letters and digits are written as %40 for @, %2F for /, and so on")
	}
	return u, nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("ping the database: %w", err)
	}
	return nil
}

// Ready reports whether the database answers and has the tables that this program needs. Tables of a later release will
// do: a process of ours goes on while the next ones start.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil || s.migrated.Load() {
		return err
	}
	need, err := s.lastMigration()
	if err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var have int64
	if err := s.read.GetContext(ctx, &have, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied = 1"); err != nil {
		return fmt.Errorf("the database's tables are not there, or cannot be read; `yunwei migrate up` makes them: %w", err)
	}
	if have < need {
		return fmt.Errorf("the database is at step %d and this release needs step %d: run `yunwei migrate up`", have, need)
	}
	s.migrated.Store(true)
	return nil
}

// Close ends what goes on and closes the connections.
func (s *Store) Close() error {
	s.ending.Lock()
	s.end()
	s.ending.Unlock()
	s.behind.Wait()
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return err
}

// meanwhile does something that no caller waits for, unless the store is being closed.
func (s *Store) meanwhile(do func(context.Context)) {
	s.ending.Lock()
	defer s.ending.Unlock()
	if s.life.Err() == nil {
		s.behind.Go(func() { do(s.life) })
	}
}

// bound limits how long a method takes.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}

// inTx does something as a whole or not at all.
func (s *Store) inTx(ctx context.Context, do func(tx *sqlx.Tx) error) error {
	tx, err := s.write.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to roll back; a lost connection did it itself
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// placeholders returns n times row, separated by commas.
func placeholders(row string, n int) string {
	return strings.TrimSuffix(strings.Repeat(row+",", n), ",")
}

// micros is a time as the tables hold it: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
