package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"yunwei/notice"
)

// NoticeQuery asks for notices. What is empty does not matter.
type NoticeQuery struct {
	Username string
	Channel  string
	States   []notice.State
	Number   string // of the case
	Unread   bool
	Before   int64 // ID; the newest come first
	Limit    int
}

// Notices lists notices, the newest first.
func (s *Store) Notices(ctx context.Context, q NoticeQuery) ([]notice.Notice, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	statement, args := q.statement()
	var rows []noticeRow
	if err := s.read.SelectContext(ctx, &rows, statement, args...); err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	return noticesOf(rows), nil
}

// statement reads the notices that are asked for.
func (q NoticeQuery) statement() (string, []any) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(given bool, condition string, values ...any) {
		if given {
			where, args = append(where, condition), append(args, values...)
		}
	}
	add(q.Username != "", "username = ?", nameKey(q.Username))
	add(q.Channel != "", "channel = ?", q.Channel)
	add(len(q.States) > 0, "state IN ("+placeholders("?", len(q.States))+")", anys(q.States)...)
	add(q.Number != "", "about = ? AND seq > 0", plain(q.Number))
	add(q.Unread, "read_at = 0")
	add(q.Before > 0, "id < ?", q.Before)
	selection := selectNotices
	if q.Username != "" && q.Number == "" && !q.Unread {
		selection = strings.Replace(selection, "SELECT", "SELECT "+alongPerson, 1)
	}
	return selection + "WHERE " + strings.Join(where, " AND ") + " ORDER BY id DESC LIMIT ?", append(args, q.Limit)
}

// alongPerson has MySQL read the notices of a person along the index that has them in order: by itself it takes another, reads
// all that they were ever told and sorts it. To other engines it is a comment.
const alongPerson = "/*+ INDEX(notices notices_username) */"

// maxUnread is how far unread notices are counted.
const maxUnread = 1000

// UnreadNotices counts what somebody has not read of their inbox, up to 1,000.
func (s *Store) UnreadNotices(ctx context.Context, username string) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var n int
	err := s.read.GetContext(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM notices WHERE username = ? AND channel = ? AND read_at = 0 LIMIT ?) unread",
		nameKey(username), notice.Inbox, maxUnread)
	if err != nil {
		return 0, fmt.Errorf("count unread notices: %w", err)
	}
	return n, nil
}

// ReadNotices marks somebody's inbox as read, up to and with an ID, and returns how many were not.
func (s *Store) ReadNotices(ctx context.Context, username string, upTo int64) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	done, err := s.write.ExecContext(ctx, "UPDATE notices SET read_at = ? WHERE username = ? AND channel = ? AND read_at = 0 AND id <= ?",
		micros(s.now()), nameKey(username), notice.Inbox, upTo)
	if err != nil {
		return 0, fmt.Errorf("mark notices as read: %w", err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// NoticeCount is how many notices of a state there are. Those that were sent are not counted: there is no end to them.
type NoticeCount struct {
	State notice.State `db:"state"`
	N     int          `db:"n"`
}

// NoticeFigures counts the notices that have not arrived, and tells since when the oldest that may be sent waits; the zero
// time when none does.
func (s *Store) NoticeFigures(ctx context.Context, now time.Time) ([]NoticeCount, time.Time, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var counts []NoticeCount
	err := s.read.SelectContext(ctx, &counts, "SELECT state, COUNT(*) AS n FROM notices WHERE state IN (?, ?, ?, ?, ?) GROUP BY state",
		notice.Pending, notice.Sending, notice.Failed, notice.Unknown, notice.GivenUp)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("count notices: %w", err)
	}
	var oldest int64
	err = s.read.GetContext(ctx, &oldest, "SELECT COALESCE(MIN(since), 0) FROM notices WHERE state IN (?, ?, ?, ?) AND since <= ?",
		notice.Pending, notice.Sending, notice.Failed, notice.Unknown, micros(now))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("look for the oldest notice: %w", err)
	}
	return counts, fromMicros(oldest), nil
}
