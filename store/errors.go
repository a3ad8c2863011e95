package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What can be wrong beside a database that is away. Errors wrap them with what was being done.
var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("not found")
	// ErrConflict: there is such a thing already.
	ErrConflict = errors.New("exists already")
	// ErrGap: the events do not join on to what is known, or lack what their authors wrote.
	ErrGap = errors.New("events are missing")
	// ErrDiverged: an event is known otherwise. Nothing was written; somebody has to look into it.
	ErrDiverged = errors.New("another event has this number")
	// ErrCursor: not a cursor that a list of this order gave.
	ErrCursor = errors.New("not a cursor of this list")
	// ErrDamaged: it is stored, and is not what was written: nobody can read it.
	ErrDamaged = errors.New("cannot be read as it is stored")
	// ErrTooLarge: the file is over its limit.
	ErrTooLarge = errors.New("too large")
	// ErrRead: the file could not be read from its sender.
	ErrRead = errors.New("cannot be read")
	// ErrUsername: not a name that an account can have.
	ErrUsername = errors.New("a user name has 2 to 64 characters of a-z, 0-9, dot, underscore and dash")
	// ErrLastAdmin: nobody would be left who administers the accounts.
	ErrLastAdmin = errors.New("the last administrator")
	// ErrParent: an asset cannot be a part of what it is said to be.
	ErrParent = errors.New("not a parent of the asset")
	// ErrRole: not a role.
	ErrRole = errors.New("no such role")
)

// errRace: somebody else wrote at the same time; look again.
var errRace = errors.New("written at the same time")

// The numbers of MySQL's and MariaDB's errors that say something about the server and nothing about the statement.
var mysqlAway = []uint16{
	1021, 1114, // disk full, table full
	1040, 1203, 1226, // too many connections
	1053, 1077, 1080, // shutting down
	1129,                         // host blocked
	1158, 1159, 1160, 1161, 1184, // network, aborted connection
	1205, 1213, // lock wait timeout, deadlock: busier than our repeats could bear
	1290, 1792, 1836, // read only: a failover is going on
	1317, 1927, // the statement or the connection was killed
	1969, 3024, // the statement took longer than the server allows
	3168, // server is not available
}

// The same of SQLite's.
var sqliteAway = []int{
	sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL,
	sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM,
}

const (
	mysqlDuplicate       = 1062
	mysqlLockWaitTimeout = 1205
	mysqlDeadlock        = 1213
	mysqlLockNoWait      = 3572
)

// IsUnavailable reports whether err says that the database is away or overloaded, rather than that something is wrong
// with what was asked. A caller who went away (context.Canceled) says neither.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return slices.Contains(mysqlAway, e.Number)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains(sqliteAway, e.Code()&0xff)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return true
	}
	for _, lost := range []error{
		context.DeadlineExceeded, driver.ErrBadConn, mysql.ErrInvalidConn, sql.ErrConnDone, errClosed, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

// errClosed is what database/sql returns once a store was closed. The package does not export it, but gives it away.
var errClosed = func() error {
	db := sql.OpenDB(nothing{})
	_ = db.Close()
	return db.PingContext(context.Background())
}()

type nothing struct{ driver.Connector }

// isDuplicate reports whether a row with the same key is there already.
func isDuplicate(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == mysqlDuplicate
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE)
}

// isRace reports whether doing it once more may succeed at once.
func isRace(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == mysqlDuplicate || e.Number == mysqlDeadlock
	}
	return errors.Is(err, errRace) || isDuplicate(err)
}

// isHeld reports whether somebody else holds a lock that was not to be waited for.
func isHeld(err error) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && (e.Number == mysqlLockNoWait || e.Number == mysqlLockWaitTimeout)
}
