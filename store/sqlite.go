package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
)

var sqliteStatements = statements{
	keepPolicy: "INSERT OR IGNORE INTO policies (digest, doc) VALUES (?, ?)",
	advance: []string{
		"UPDATE defects SET " + setRow("") + " WHERE id = :id AND seq = :before",
		"UPDATE defect_docs SET policy_digest = :policy_digest, doc = :doc WHERE id = :id",
	},
	addTally:     "INSERT INTO tallies (name, slot, n) VALUES ",
	addTallyTo:   " ON CONFLICT (name, slot) DO UPDATE SET n = n + excluded.n",
	lockIndex:    "SELECT segment, docs, size, first_id, last_id FROM search_segments ORDER BY segment DESC LIMIT 1",
	addPosting:   "INSERT INTO search_postings (bucket, segment, postings) VALUES ",
	addPostTo:    " ON CONFLICT (bucket, segment) DO UPDATE SET postings = CAST(postings || excluded.postings AS BLOB)",
	growIndex:    "UPDATE search_segments SET docs = ?, size = ?, first_id = ?, last_id = ?, ids = CAST(ids || ? AS BLOB) WHERE segment = ?",
	keepName:     "INSERT OR IGNORE INTO promise_names (name_key, name) VALUES (?, ?)",
	putPromises:  insertPromises() + " ON CONFLICT (" + strings.Join(promiseKey, ", ") + ") DO UPDATE SET " + overwrite(promiseRest, "excluded.%s"),
	revoke:       "INSERT INTO revocations (token_id, until) VALUES (?, ?) ON CONFLICT (token_id) DO UPDATE SET until = max(until, excluded.until)",
	lockUser:     selectUser + "WHERE username = ?",
	lockAdmins:   selectUser + "WHERE disabled = 0 AND roles LIKE ? ORDER BY username",
	keepSettings: "INSERT INTO notice_settings (username, doc) VALUES (?, ?) ON CONFLICT (username) DO UPDATE SET doc = excluded.doc",
	lockAssets:   selectAssetLinks,
}

// sqliteReaders is how many reads go on beside each other, and beside the one writer.
const sqliteReaders = 4

func openSQLite(address string) (*Store, error) {
	escaped := strings.TrimPrefix(address, "sqlite://")
	path, err := url.PathUnescape(escaped)
	if err != nil || path == "" || path == "/" || strings.ContainsAny(escaped, "?#") {
		return nil, errors.New("the database's URL names a file and nothing else, characters such as ? and # and % as %3F, %23 and %25: sqlite:///path/file.db")
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	// Every transaction of the writer takes the write lock when it begins: one that began by reading could not always
	// get it later.
	write, err := sqliteDB(path, "&_txlock=immediate", 1)
	if err != nil {
		return nil, err
	}
	read, err := sqliteDB(path, "&_pragma=query_only(1)", sqliteReaders)
	if err != nil {
		return nil, err
	}
	migrator := func() (*sqlx.DB, error) { return sqliteDB(path, "&_txlock=immediate", 1) }
	return &Store{engine: &engine{name: "sqlite", statements: sqliteStatements, migrator: migrator}, read: read, write: write}, nil
}

// createPrivate makes the file, for its owner alone: it holds the hashes of passwords.
func createPrivate(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("the database's file: %w", err)
	}
	return f.Close()
}

// SQLiteHas reports whether a file, of whatever program, has a table with a row in it.
func SQLiteHas(ctx context.Context, path, table string) (has bool, err error) {
	db, err := sqliteDB(path, "", 1)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, query := range []string{
		"SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)",
		"SELECT EXISTS (SELECT 1 FROM " + table + " WHERE ? <> '')",
	} {
		if err := db.GetContext(ctx, &has, query, table); err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

func sqliteDB(path, options string, conns int) (*sqlx.DB, error) {
	file := url.URL{Scheme: "file", OmitHost: true, Path: path}
	if !filepath.IsAbs(path) {
		file = url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	}
	dsn := file.String() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-32000)" + options
	db, err := sqlx.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("the database's file: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}
