package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

func TestOpen_AURLThatIsNone(t *testing.T) {
	for _, address := range []string{
		"", "yunwei.db", "postgres://u:geheim@h/db", "mysql://u:geheim@h", "mysql://u:geheim@h/", "mysql://u:geheim@/db", "mysql://u:geheim@h/a/b",
		"mysql://u:ge%heim@h/db", "mysql://u:geheim#@h/db", "mysql://u:geheim@h:port/db", "mysql://u:geheim@h/db?parseTime=maybe",
		"sqlite://", "sqlite:///", "sqlite:///tmp/a.db?mode=ro", "mysql://u:geheim\x7f@h/db",
	} {
		_, err := store.Open(t.Context(), address)
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "geheim")
		require.NotContains(t, err.Error(), "heim@")
	}
	_, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "no", "folder.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOpen_AFileOfAnyName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "数据 100% a?b#c&d;e")
	require.NoError(t, os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, "云维 %41.db")
	s, err := store.Open(t.Context(), "sqlite://"+(&url.URL{Path: path}).EscapedPath())
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Positive(t, info.Size())
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	t.Chdir(folder)
	s, err = store.Open(t.Context(), "sqlite://beside.db")
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.Close())
	require.FileExists(t, filepath.Join(folder, "beside.db"))
}

// everything asks the store for one thing of each kind.
func everything(ctx context.Context, s *store.Store) map[string]error {
	c, events := life(30)
	first := func(_ any, err error) error { return err }
	_, _, byKey := s.CaseByKey(ctx, "key")
	return map[string]error{
		"ping":    s.Ping(ctx),
		"project": first(s.Project(ctx, c.Number, &c, events)),
		"read":    first(s.Defect(ctx, c.Number)),
		"list":    first(s.List(ctx, defect.Query{}, "")),
		"search":  first(s.List(ctx, defect.Query{Text: "系统"}, "")),
		"events":  first(s.Events(ctx, c.Number, 0, 10)),
		"by key":  byKey,
		"counts":  first(s.Counts(ctx)),
		"user":    first(s.User(ctx, "agent")),
		"users":   first(s.Directory(ctx)),
		"add":     s.AddUser(ctx, store.User{Person: defect.Person{Username: "agent"}}),
		"change":  first(s.ChangeUser(ctx, "agent", store.UserChange{EndSessions: true, KeepAdmin: true})),
		"revoke":  s.Revoke(ctx, "one", monday),
		"files":   first(s.Attachments(ctx, c.Number, "", 10)),
		"absorb":  s.Absorb(ctx),
		"feasts":  first(s.HolidaySets(ctx)),
		"open":    first(s.OpenCases(ctx, "", 10)),
		"rosters": first(s.Rosters(ctx, monday)),
		"load":    first(s.Workload(ctx, []string{"agent"})),
		"broken":  first(s.Broken(ctx, 10)),
		"spans":   first(s.Spans(ctx, []time.Time{monday, monday.Add(time.Hour)})),
		"log":     first(s.Log(ctx, "", monday, monday, "", 10)),
	}
}

func TestIsUnavailable_WhenNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	s, err := store.Open(t.Context(), "mysql://u:p@"+listener.Addr().String()+"/db")
	require.NoError(t, err) // it may come later
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for what, err := range everything(t.Context(), s) {
		require.Error(t, err, what)
		require.True(t, store.IsUnavailable(err), "%s: %v", what, err)
	}
}

// A server that takes connections and says nothing is as good as none.
func TestIsUnavailable_WhenTheServerIsSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s, err := store.Open(t.Context(), "mysql://u:p@"+listener.Addr().String()+"/db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for what, err := range everything(ctx, s) {
		require.True(t, store.IsUnavailable(err), "%s: %v", what, err)
	}
}

func TestIsUnavailable_WhenTheStoreIsClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, err := store.Open(t.Context(), db.URL)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		for what, err := range everything(t.Context(), s) {
			require.True(t, store.IsUnavailable(err), "%s: %v", what, err)
		}
	})
}

func TestIsUnavailable_WhenTheCallerWentAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for what, err := range everything(ctx, s) {
			require.ErrorIs(t, err, context.Canceled, what)
			require.False(t, store.IsUnavailable(err), what)
		}
		late, cancel := context.WithTimeout(t.Context(), -time.Second)
		defer cancel()
		for what, err := range everything(late, s) {
			require.True(t, store.IsUnavailable(err), "%s: %v", what, err)
		}
	})
}

// The connections of a pool that the server has dropped are not the callers' trouble.
func TestStore_WhenTheServerDropsConnections(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		if db.Engine != "mysql" {
			t.Skip("has no connections")
		}
		s, other := db.Open(t), db.Open(t)
		var idle sync.WaitGroup
		for range 5 { // some connections in the pool
			idle.Go(func() { assert.NoError(t, s.Ping(t.Context())) })
		}
		idle.Wait()
		require.NoError(t, other.KillOthers(t.Context()))
		_, err := s.List(t.Context(), defect.Query{}, "")
		require.NoError(t, err)
	})
}

func TestIsUnavailable_WhenAnotherHoldsTheLock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, other := db.Open(t), db.Open(t)
		c, events := life(31)
		_, err := s.Project(t.Context(), c.Number, upTo(t, c, events[:1]), events[:1])
		require.NoError(t, err)
		free, err := other.Hold(t.Context(), c.Number)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = s.Project(ctx, c.Number, &c, events)
		require.Error(t, err)
		require.True(t, store.IsUnavailable(err), err)
		_, err = s.Defect(t.Context(), c.Number) // reading goes on
		require.NoError(t, err)
		require.NoError(t, free())
		_, err = s.Project(t.Context(), c.Number, &c, events)
		require.NoError(t, err)
	})
}

func TestIsUnavailable_ByWhatTheServerSays(t *testing.T) {
	for number, away := range map[uint16]bool{
		1040: true, 1053: true, 1205: true, 1213: true, 1290: true, 1836: true, 3024: true, 1969: true, 1203: true, 1021: true,
		1062: false, 1064: false, 1146: false, 1045: false, 1406: false, 1049: false,
	} {
		err := fmt.Errorf("doing: %w", &mysql.MySQLError{Number: number})
		require.Equal(t, away, store.IsUnavailable(err), number)
	}
	require.False(t, store.IsUnavailable(nil))
	for _, err := range []error{store.ErrNotFound, store.ErrConflict, store.ErrGap, store.ErrDiverged, store.ErrCursor, errors.New("connection refused")} {
		require.False(t, store.IsUnavailable(err))
	}
}

// Tables that are not there are a fault of whoever runs it, not a database that is away.
func TestIsUnavailable_WithoutTables(t *testing.T) {
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "empty.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Ping(t.Context()))
	require.ErrorContains(t, s.Ready(t.Context()), "migrate up")
	_, err = s.List(t.Context(), defect.Query{}, "")
	require.Error(t, err)
	require.False(t, store.IsUnavailable(err))
}

func TestMigrate_UpDownUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var last int64
		applied := func() (n, all int) {
			t.Helper()
			steps, err := s.MigrationStatus(ctx)
			require.NoError(t, err)
			last = steps[len(steps)-1].Version
			for _, step := range steps {
				if step.Applied {
					n++
					require.False(t, step.AppliedAt.IsZero())
				}
			}
			return n, len(steps)
		}
		n, all := applied()
		require.Equal(t, all, n)
		require.NoError(t, s.Ready(ctx))
		for left := all - 1; left >= 0; left-- {
			require.NoError(t, s.MigrateDown(ctx))
			n, _ := applied()
			require.Equal(t, left, n)
			require.ErrorContains(t, db.Open(t).Ready(ctx), fmt.Sprintf("needs step %d", last))
		}
		require.ErrorIs(t, s.MigrateDown(ctx), store.ErrNotFound)
		tables, err := s.Tables(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"goose_db_version"}, tables)
		require.NoError(t, s.Migrate(ctx))
		require.NoError(t, s.Migrate(ctx))
		require.NoError(t, db.Open(t).Ready(ctx))
		n, _ = applied()
		require.Equal(t, all, n)
		for what, err := range everything(ctx, s) {
			if what != "user" && what != "by key" {
				require.NoError(t, err, what)
			}
		}
	})
}

func TestMigrate_ByManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		var stores []*store.Store
		for range 4 {
			stores = append(stores, db.Open(t))
		}
		for err := error(nil); err == nil; {
			if err = stores[0].MigrateDown(t.Context()); err != nil {
				require.ErrorIs(t, err, store.ErrNotFound)
			}
		}
		require.NoError(t, stores[0].Exec(t.Context(), "DROP TABLE goose_db_version"))
		var all sync.WaitGroup
		for _, s := range stores {
			all.Go(func() { assert.NoError(t, s.Migrate(t.Context())) })
		}
		all.Wait()
		for what, err := range everything(t.Context(), stores[0]) {
			if what != "user" && what != "by key" {
				require.NoError(t, err, what)
			}
		}
	})
}

// Both engines have the same steps.
func TestMigrations_AreTheSame(t *testing.T) {
	names := func(engine string) []string {
		files, err := os.ReadDir("migrations/" + engine)
		require.NoError(t, err)
		var out []string
		for _, f := range files {
			out = append(out, f.Name())
		}
		return out
	}
	require.Equal(t, names("sqlite"), names("mysql"))
}
