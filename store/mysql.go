package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

var mysqlStatements = statements{
	keepPolicy: "INSERT IGNORE INTO policies (digest, doc) VALUES (?, ?)",
	advance: []string{
		"UPDATE defects d JOIN defect_docs x ON x.id = d.id SET " + setRow("d.") + ", x.policy_digest = :policy_digest, x.doc = :doc WHERE d.id = :id AND d.seq = :before",
	},
	addTally:     "INSERT INTO tallies (name, slot, n) VALUES ",
	addTallyTo:   " ON DUPLICATE KEY UPDATE n = n + VALUES(n)",
	lockIndex:    "SELECT segment, docs, size, first_id, last_id FROM search_segments ORDER BY segment DESC LIMIT 1 FOR UPDATE NOWAIT",
	addPosting:   "INSERT INTO search_postings (bucket, segment, postings) VALUES ",
	addPostTo:    " ON DUPLICATE KEY UPDATE postings = CONCAT(postings, VALUES(postings))",
	growIndex:    "UPDATE search_segments SET docs = ?, size = ?, first_id = ?, last_id = ?, ids = CONCAT(ids, ?) WHERE segment = ?",
	keepName:     "INSERT IGNORE INTO promise_names (name_key, name) VALUES (?, ?)",
	putPromises:  insertPromises() + " ON DUPLICATE KEY UPDATE " + overwrite(promiseRest, "VALUES(%s)"),
	revoke:       "INSERT INTO revocations (token_id, until) VALUES (?, ?) ON DUPLICATE KEY UPDATE until = GREATEST(until, VALUES(until))",
	lockUser:     selectUser + "WHERE username = ? FOR UPDATE",
	lockAdmins:   selectUser + "WHERE disabled = 0 AND roles LIKE ? ORDER BY username FOR UPDATE",
	keepSettings: "INSERT INTO notice_settings (username, doc) VALUES (?, ?) ON DUPLICATE KEY UPDATE doc = VALUES(doc)",
	lockAssets:   selectAssetLinks + " FOR UPDATE",
}

// Limits of a pool of connections. MySQL takes 151 connections unless told otherwise: half a dozen processes fit.
const (
	mysqlConns    = 20
	mysqlIdle     = 10
	mysqlLifetime = 5 * time.Minute // so that a server added behind a balancer gets its share
	mysqlIdleTime = time.Minute

	dialTimeout = 3 * time.Second
	ioTimeout   = 10 * time.Second
)

func openMySQL(address string) (*Store, error) {
	cfg, err := mysqlConfig(address)
	if err != nil {
		return nil, err
	}
	db, err := mysqlDB(cfg)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(mysqlConns)
	db.SetMaxIdleConns(mysqlIdle)
	db.SetConnMaxLifetime(mysqlLifetime)
	db.SetConnMaxIdleTime(mysqlIdleTime)
	migrator := func() (*sqlx.DB, error) {
		patient := cfg.Clone()
		patient.ReadTimeout, patient.WriteTimeout = 0, 0
		return mysqlDB(patient)
	}
	return &Store{engine: &engine{name: "mysql", statements: mysqlStatements, migrator: migrator}, read: db, write: db}, nil
}

// mysqlConfig turns the URL into the driver's settings. What stands after the question mark are the driver's own
// parameters (tls=true, …) and the server's variables.
func mysqlConfig(address string) (*mysql.Config, error) {
	u, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || name == "" || strings.Contains(name, "/") || u.Fragment != "" {
		return nil, errors.New("the database's URL names a host and a database: mysql://user:password@host:3306/database")
	}
	cfg, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the parameters of the database's URL: %w", err)
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", net.JoinHostPort(u.Hostname(), port), name
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	settle(cfg)
	return cfg, nil
}

// settle sets what this package relies on, and what the URL left open.
func settle(cfg *mysql.Config) {
	cfg.ParseTime, cfg.Loc = true, time.UTC
	cfg.Collation = "utf8mb4_bin"
	cfg.InterpolateParams = true // one round trip for a statement instead of three
	cfg.ClientFoundRows = true
	cfg.MultiStatements = false
	cfg.RejectReadOnly = true       // a demoted server is left for the new one
	cfg.Logger = &mysql.NopLogger{} // what it would print comes back as an error too
	for limit, standard := range map[*time.Duration]time.Duration{&cfg.Timeout: dialTimeout, &cfg.ReadTimeout: ioTimeout, &cfg.WriteTimeout: ioTimeout} {
		if *limit == 0 {
			*limit = standard
		}
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	cfg.Params["innodb_lock_wait_timeout"] = "3"
}

func mysqlDB(cfg *mysql.Config) (*sqlx.DB, error) {
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("the settings of the database: %w", err)
	}
	return sqlx.NewDb(sql.OpenDB(committed{connector}), "mysql"), nil
}

// committed makes connections that read what is committed: nothing here reads twice in a transaction, and the default
// would lock the gaps between rows. The variable's name differs between MySQL and MariaDB, the statement does not.
type committed struct{ driver.Connector }

// Connect implements driver.Connector.
func (c committed) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if x, ok := conn.(driver.ExecerContext); ok {
		if _, err := x.ExecContext(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}
