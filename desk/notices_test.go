package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/notice"
)

func TestInbox_IsOnesOwn(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	for range 3 {
		v.submit()
	}
	page, err := v.Inbox(ctx, v.as("agent"), false, 0, 2)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	require.Equal(t, 3, page.Unread)
	require.Equal(t, page.Items[1].ID, page.Next)
	last, err := v.Inbox(ctx, v.as("agent"), false, page.Next, 2)
	require.NoError(t, err)
	require.Len(t, last.Items, 1)
	require.Zero(t, last.Next)
	n, err := v.ReadNotices(ctx, v.as("agent"), page.Items[1].ID)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	page, err = v.Inbox(ctx, v.as("agent"), true, 0, 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	page, err = v.Inbox(ctx, v.as("reporter"), false, 0, 10)
	require.NoError(t, err)
	require.Empty(t, page.Items, "nobody is told what they did themselves")
}

func TestNoticeSettings_KeptWhenTheyAreGood(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	s := notice.Settings{Language: "en", Ways: []notice.Way{{Channel: notice.Mail, Address: "a@example.org"}}, Hours: "5x8", Quiet: []notice.Quiet{{From: 1320, To: 420}}}
	require.NoError(t, v.SetNoticeSettings(ctx, v.as("agent"), s))
	got, err := v.NoticeSettings(ctx, v.as("agent"))
	require.NoError(t, err)
	require.Equal(t, s, got)
	got, err = v.NoticeSettings(ctx, v.as("technician"))
	require.NoError(t, err)
	require.Zero(t, got)
	s.Hours = "lunch"
	err = v.SetNoticeSettings(ctx, v.as("agent"), s)
	requireCode(t, apperr.Invalid, err)
	require.Equal(t, "hours", apperr.Of(err).Fields[0].Field)
}

func TestNotices_ForWhomTheyAre(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	require.NoError(t, v.SetNoticeSettings(ctx, v.as("agent"), notice.Settings{Ways: []notice.Way{{Channel: notice.Mail, Address: "a@example.org"}}}))
	c := v.submit()
	for _, r := range defect.Roles() {
		by := v.as(string(r))
		_, err := v.Notices(ctx, by, NoticeQuery{Limit: 10})
		_, retryErr := v.RetryNotice(ctx, by, 1<<40)
		switch r {
		case defect.RoleAdmin:
			require.NoError(t, err)
			requireCode(t, apperr.NotFound, retryErr)
		case defect.RoleAuditor:
			require.NoError(t, err)
			requireCode(t, apperr.Forbidden, retryErr)
		default:
			requireCode(t, apperr.Forbidden, err)
			requireCode(t, apperr.Forbidden, retryErr)
		}
	}
	admin := v.as("admin")
	page, err := v.Notices(ctx, admin, NoticeQuery{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, page.Items, "what is on its way is not what has not arrived")
	page, err = v.Notices(ctx, admin, NoticeQuery{States: []notice.State{notice.Pending}, Number: c.Number, Limit: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	inbox, err := v.Inbox(ctx, v.as("agent"), false, 0, 1)
	require.NoError(t, err)
	_, err = v.RetryNotice(ctx, admin, inbox.Items[0].ID)
	requireCode(t, apperr.Conflict, err)
	again, err := v.RetryNotice(ctx, admin, page.Items[0].ID)
	require.NoError(t, err)
	require.Equal(t, notice.Pending, again.State)
}

func TestNotices_WhileSQLIsAway(t *testing.T) {
	v := newTown(t)
	agent, admin := v.as("agent"), v.as("admin")
	require.NoError(t, v.store.Close())
	for name, ask := range map[string]func() error{
		"inbox":        func() error { _, err := v.Inbox(t.Context(), agent, false, 0, 10); return err },
		"read":         func() error { _, err := v.ReadNotices(t.Context(), agent, 1); return err },
		"settings":     func() error { _, err := v.NoticeSettings(t.Context(), agent); return err },
		"set settings": func() error { return v.SetNoticeSettings(t.Context(), agent, notice.Settings{}) },
		"notices":      func() error { _, err := v.Notices(t.Context(), admin, NoticeQuery{Limit: 1}); return err },
		"retry":        func() error { _, err := v.RetryNotice(t.Context(), admin, 1); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := ask()
			requireCode(t, apperr.Unavailable, err)
			require.Positive(t, apperr.Of(err).RetryAfter)
		})
	}
}
