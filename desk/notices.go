package desk

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/notice"
	"yunwei/store"
)

// NoticePage is a page of notices, the newest first.
type NoticePage struct {
	Items  []notice.Notice
	Unread int   // of an inbox, how many are, up to 1,000
	Next   int64 // the ID after which the next page begins; 0 when this is the last
}

// NoticeQuery asks for notices of everybody. What is empty does not matter.
type NoticeQuery = store.NoticeQuery

// Inbox lists what the caller was told, or of it what they have not read: those with an ID below before, when it is given.
func (d *Desk) Inbox(ctx context.Context, by Caller, unread bool, before int64, limit int) (NoticePage, error) {
	page, err := d.notices(ctx, store.NoticeQuery{Username: by.Username, Channel: notice.Inbox, Unread: unread, Before: before, Limit: limit})
	if err != nil {
		return page, err
	}
	err = d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		page.Unread, err = d.store.UnreadNotices(ctx, by.Username)
		return err
	})
	if err != nil {
		return NoticePage{}, apperr.Of(err)
	}
	return page, nil
}

// ReadNotices marks the caller's inbox as read, up to and with an ID, and returns how many were not.
func (d *Desk) ReadNotices(ctx context.Context, by Caller, upTo int64) (int, error) {
	n := 0
	err := d.write(ctx, listPatience, func(ctx context.Context) (err error) {
		n, err = d.store.ReadNotices(ctx, by.Username, upTo)
		return err
	})
	if err != nil {
		return 0, apperr.Of(err)
	}
	return n, nil
}

// NoticeSettings returns how the caller wants to be told.
func (d *Desk) NoticeSettings(ctx context.Context, by Caller) (notice.Settings, error) {
	var s notice.Settings
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		s, err = d.store.NoticeSettings(ctx, by.Username)
		return err
	})
	if err != nil {
		return s, apperr.Of(err)
	}
	return s, nil
}

// SetNoticeSettings keeps how the caller wants to be told from now on. Invalid names the fields that are wrong.
func (d *Desk) SetNoticeSettings(ctx context.Context, by Caller, s notice.Settings) error {
	var wrong apperr.Fields
	s.Check(slices.Sorted(maps.Keys(d.policy(ctx).Calendars)), &wrong)
	if err := wrong.Err(); err != nil {
		return err
	}
	err := d.write(ctx, listPatience, func(ctx context.Context) error { return d.store.SetNoticeSettings(ctx, by.Username, s) })
	if err != nil {
		return apperr.Of(err)
	}
	return nil
}

// Who may look into everybody's notices, and who may send one again.
var (
	noticeReaders = []defect.Role{defect.RoleAdmin, defect.RoleAuditor}
	noticeSenders = []defect.Role{defect.RoleAdmin}
)

// MayReadNotices returns why the caller may not look into everybody's notices, or nil.
func (d *Desk) MayReadNotices(by Caller) error { return oneOf(by, noticeReaders) }

// MayRetryNotices returns why the caller may not have a notice sent again, or nil.
func (d *Desk) MayRetryNotices(by Caller) error { return oneOf(by, noticeSenders) }

func oneOf(by Caller, roles []defect.Role) error {
	if by.Has(roles...) {
		return nil
	}
	terms := make([]string, len(roles))
	for i, r := range roles {
		terms[i] = "@role." + string(r)
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonNoticeRole, apperr.Args{"roles": strings.Join(terms, ",")})
}

// Notices lists everybody's notices; those that somebody had better look into when no state is asked for. Forbidden but for
// administrators and auditors.
func (d *Desk) Notices(ctx context.Context, by Caller, q NoticeQuery) (NoticePage, error) {
	if err := d.MayReadNotices(by); err != nil {
		return NoticePage{}, err
	}
	if len(q.States) == 0 {
		q.States = notice.Undelivered()
	}
	return d.notices(ctx, q)
}

func (d *Desk) notices(ctx context.Context, q store.NoticeQuery) (NoticePage, error) {
	limit := q.Limit
	q.Limit++
	var page NoticePage
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		page.Items, err = d.store.Notices(ctx, q)
		return err
	})
	if err != nil {
		return NoticePage{}, apperr.Of(err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = page.Items[limit-1].ID
	}
	return page, nil
}

// RetryNotice makes a notice due now and returns it. Forbidden but for administrators; NotFound; Conflict when it has
// arrived or is being sent.
func (d *Desk) RetryNotice(ctx context.Context, by Caller, id int64) (notice.Notice, error) {
	if err := d.MayRetryNotices(by); err != nil {
		return notice.Notice{}, err
	}
	var n notice.Notice
	err := d.write(ctx, listPatience, func(ctx context.Context) (err error) {
		n, err = d.store.RetryNotice(ctx, id, d.now())
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return n, apperr.New(apperr.NotFound, apperr.ReasonNoticeUnknown, nil)
	case errors.Is(err, store.ErrConflict):
		return n, apperr.New(apperr.Conflict, apperr.ReasonNoticeSent, nil)
	case err != nil:
		return n, apperr.Of(err)
	}
	d.log.InfoContext(ctx, "a notice is sent again", "notice", id, "by", by.Username)
	return n, nil
}
