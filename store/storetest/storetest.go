// Package storetest gives tests a store on every engine: SQLite always, and each MySQL or MariaDB whose URL the
// environment variable YUNWEI_TEST_MYSQL lists, apart by commas or blanks. The account there may create databases named
// yunwei_…; a test binary makes one of its own on each server and drops it at the end.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"yunwei/store"
)

// Variable names the servers to test on.
const Variable = "YUNWEI_TEST_MYSQL"

// DB is a database for one test, migrated and empty.
type DB struct {
	Engine string // sqlite, or mysql
	URL    string
}

// Open opens the database; the test closes it.
func (db DB) Open(t testing.TB, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), db.URL, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Each runs a test on every engine.
func Each(t *testing.T, run func(t *testing.T, db DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t)) })
	for i, address := range addresses() {
		t.Run(fmt.Sprintf("mysql%d", i+1), func(t *testing.T) { run(t, MySQL(t, i, address)) })
	}
}

// EachB runs a measurement on every engine.
func EachB(b *testing.B, run func(b *testing.B, db DB)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { run(b, SQLite(b)) })
	for i, address := range addresses() {
		b.Run(fmt.Sprintf("mysql%d", i+1), func(b *testing.B) { run(b, MySQL(b, i, address)) })
	}
}

// addresses returns the URLs of the servers to test on.
func addresses() []string {
	return strings.FieldsFunc(os.Getenv(Variable), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}

// SQLite returns a new file.
func SQLite(t testing.TB) DB {
	t.Helper()
	db := DB{Engine: "sqlite", URL: "sqlite://" + (&url.URL{Path: filepath.Join(t.TempDir(), "yunwei.db")}).EscapedPath()}
	require.NoError(t, db.Open(t).Migrate(t.Context()))
	return db
}

// Tamper does to an SQLite database, by the path or URL of its file, what no store would do.
func Tamper(t testing.TB, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(file, "sqlite://")+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, errors.Join(err, db.Close()))
}

// server is a database of this test binary on a server.
type server struct {
	once sync.Once
	url  string
	name string
	db   *sql.DB
	err  error
}

var (
	mu      sync.Mutex
	servers = map[int]*server{}
)

// MySQL returns the binary's database on a server, emptied. Only one test may use it at a time.
func MySQL(t testing.TB, index int, address string) DB {
	t.Helper()
	mu.Lock()
	s := servers[index]
	if s == nil {
		s = &server{}
		servers[index] = s
	}
	mu.Unlock()
	s.once.Do(func() { s.err = s.create(context.WithoutCancel(t.Context()), address) })
	require.NoError(t, s.err)
	require.NoError(t, s.empty(t.Context()))
	return DB{Engine: "mysql", URL: s.url}
}

func (s *server) create(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New(Variable + " holds something that is no URL")
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.User = "tcp", u.Host, u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	s.db = sql.OpenDB(connector)
	s.name = "yunwei_test_" + strings.ToLower(rand.Text()[:12])
	u.Path = "/" + s.name
	s.url = u.String()
	if _, err := s.db.ExecContext(ctx, "CREATE DATABASE "+s.name+" CHARACTER SET utf8mb4"); err != nil {
		return err
	}
	opened, err := store.Open(ctx, s.url)
	if err != nil {
		return err
	}
	return errors.Join(opened.Migrate(ctx), opened.Close())
}

// empty removes every row, but for the one that is always there.
func (s *server) empty(ctx context.Context) error {
	for _, statement := range []string{
		"DELETE FROM %s.defects", "DELETE FROM %s.defect_docs", "DELETE FROM %s.policies", "DELETE FROM %s.events", "DELETE FROM %s.tallies",
		"DELETE FROM %s.search_tail", "DELETE FROM %s.search_postings", "DELETE FROM %s.search_segments WHERE segment > 1",
		"UPDATE %s.search_segments SET docs = 0, size = 0, first_id = 0, last_id = 0, ids = ''",
		"DELETE FROM %s.users", "DELETE FROM %s.revocations", "DELETE FROM %s.attachments", "DELETE FROM %s.substitutions",
		"DELETE FROM %s.notices", "DELETE FROM %s.notice_settings", "DELETE FROM %s.channels", "DELETE FROM %s.holiday_revisions",
		"DELETE FROM %s.promises", "DELETE FROM %s.promise_names", "DELETE FROM %s.audits", "DELETE FROM %s.audit_findings",
		"DELETE FROM %s.rosters", "DELETE FROM %s.roster_versions", "DELETE FROM %s.roster_changes",
		"DELETE FROM %s.duty_presence", "DELETE FROM %s.duty_log", "DELETE FROM %s.hand_overs", "DELETE FROM %s.feed", "DELETE FROM %s.assets", "DELETE FROM %s.asset_changes",
	} {
		if _, err := s.db.ExecContext(ctx, fmt.Sprintf(statement, s.name)); err != nil {
			return err
		}
	}
	return nil
}

// Main runs the tests of a package and drops what they made on the servers. TestMain calls it and exits with what it
// returns.
func Main(m *testing.M) int {
	status := m.Run()
	for _, s := range servers {
		if s.db == nil {
			continue
		}
		if _, err := s.db.Exec("DROP DATABASE IF EXISTS " + s.name); err != nil {
			fmt.Fprintln(os.Stderr, "drop", s.name, err)
			status = max(status, 1)
		}
		_ = s.db.Close()
	}
	return status
}
