package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrationLock is how long one process waits for another that changes the schema, in seconds.
const migrationLock = 600

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string // of its file
	Applied   bool
	AppliedAt time.Time
}

// Migrate brings the schema up to what this program needs, and what is derived of the cases with it. Several processes
// may do so at once. It takes as long as it takes: only ctx limits it.
func (s *Store) Migrate(ctx context.Context) error {
	err := s.migrate(ctx, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.fillPromises(ctx)
}

// MigrateDown takes the latest step of the schema back, with all that only it could hold. It is ErrNotFound when there is
// none left.
func (s *Store) MigrateDown(ctx context.Context) error {
	return s.migrate(ctx, func(p *goose.Provider) error {
		_, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return fmt.Errorf("a step to take back: %w", ErrNotFound)
		}
		return err
	})
}

// MigrationStatus lists the steps of the schema.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var out []Migration
	err := s.withGoose(func(p *goose.Provider, _ *sql.DB) error {
		steps, err := p.Status(ctx)
		for _, step := range steps {
			out = append(out, Migration{Version: step.Source.Version, Name: step.Source.Path, Applied: step.State == goose.StateApplied, AppliedAt: step.AppliedAt})
		}
		return err
	})
	return out, err
}

// migrate changes the schema on connections of its own. On SQLite, whose file another process may be migrating, it looks
// again as long as that one gets on; MySQL has a lock for it. That is held around all that goose does: before it takes a lock
// itself it looks at its table, which another process may have made and not filled yet.
func (s *Store) migrate(ctx context.Context, do func(*goose.Provider) error) error {
	return s.withGoose(func(provider *goose.Provider, db *sql.DB) (err error) {
		if s.engine.name == "mysql" {
			release, err := lockSchema(ctx, db)
			if err != nil {
				return err
			}
			defer release()
		}
		for seen := int64(-1); ; {
			err := do(provider)
			if err == nil || errors.Is(err, ErrNotFound) {
				return err
			}
			version, versionErr := provider.GetDBVersion(s.life)
			if s.engine.name != "sqlite" || versionErr != nil || version == seen {
				return fmt.Errorf("migrate: %w", err)
			}
			seen = version
		}
	})
}

func (s *Store) withGoose(do func(*goose.Provider, *sql.DB) error) (err error) {
	db, err := s.engine.migrator()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := s.provider(db.DB)
	if err != nil {
		return err
	}
	return do(provider, db.DB)
}

func (s *Store) provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+s.engine.name)
	if err != nil {
		return nil, fmt.Errorf("find the migrations: %w", err)
	}
	dialect := goose.DialectSQLite3
	if s.engine.name == "mysql" {
		dialect = goose.DialectMySQL
	}
	provider, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

// lastMigration returns the version of the last step of the schema.
func (s *Store) lastMigration() (int64, error) {
	files, err := fs.ReadDir(migrations, "migrations/"+s.engine.name)
	if err != nil {
		return 0, fmt.Errorf("find the migrations: %w", err)
	}
	var last int64
	for _, f := range files {
		version, err := goose.NumericComponent(f.Name())
		if err != nil {
			return 0, fmt.Errorf("read the migrations: %w", err)
		}
		last = max(last, version)
	}
	return last, nil
}

// lockSchema lets one process at a time change the schema of a MySQL database, until it is released. The server frees it with
// the connection, however that ends.
func lockSchema(ctx context.Context, db *sql.DB) (release func(), err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait for the lock: %w", err)
	}
	var got sql.NullInt64
	err = conn.QueryRowContext(ctx, "SELECT GET_LOCK(LEFT(CONCAT('yunwei migrate ', DATABASE()), 64), ?)", migrationLock).Scan(&got)
	if err == nil && got.Int64 != 1 {
		err = errors.New("another process has been migrating for ten minutes")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the lock: %w", err), conn.Close())
	}
	return func() {
		// A connection that goes back with its lock would keep others out for as long as it lives.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}, nil
}
