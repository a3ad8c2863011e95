package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

func TestUsers_FromAddingToDisabling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		now := monday
		s, ctx := db.Open(t, store.Clock(func() time.Time { return now })), t.Context()
		wang := store.User{Person: defect.Person{Username: "Wang.Fang_1-x", Name: "王芳😀", Roles: []defect.Role{defect.RoleAgent, defect.RoleAdmin, defect.RoleAgent}}, Hash: "$argon2id$x"}
		require.NoError(t, s.AddUser(ctx, wang))
		require.ErrorIs(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: "wang.FANG_1-X"}}), store.ErrConflict)
		want := store.User{
			Person: defect.Person{Username: "wang.fang_1-x", Name: "王芳😀", Roles: []defect.Role{defect.RoleAgent, defect.RoleAdmin}},
			Hash:   "$argon2id$x", NotBefore: monday, CreatedAt: monday, UpdatedAt: monday, Version: 1,
		}
		check := func() {
			t.Helper()
			for _, name := range []string{"wang.fang_1-x", "WANG.Fang_1-x"} {
				got, err := s.User(ctx, name)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}
		check()
		changed := func() {
			now = now.Add(time.Minute)
			want.Version++
			want.Epoch = want.Version
			want.NotBefore, want.UpdatedAt = now, now
		}
		changed()
		want.Hash = "other"
		require.NoError(t, s.SetPassword(ctx, "WANG.fang_1-x", "other"))
		check()
		changed()
		want.Disabled = true
		require.NoError(t, s.SetDisabled(ctx, "wang.fang_1-x", true))
		check()
		changed()
		want.Disabled, want.Roles = true, []defect.Role{defect.RoleAuditor}
		require.NoError(t, s.SetRoles(ctx, "wang.fang_1-x", []defect.Role{defect.RoleAuditor}))
		check()
		changed()
		want.Disabled, want.Roles = false, nil
		require.NoError(t, s.SetRoles(ctx, "wang.fang_1-x", nil))
		changed()
		require.NoError(t, s.SetDisabled(ctx, "wang.fang_1-x", false))
		check()
	})
}

func TestChangeUser_WhatEndsSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		now := monday
		s, ctx := db.Open(t, store.Clock(func() time.Time { return now })), t.Context()
		require.NoError(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: "wang", Name: "王芳", Roles: []defect.Role{defect.RoleAgent}}, Contact: store.Contact{Unit: "信息中心"}, Hash: "h"}))
		name, contact, hash, yes := "王方", store.Contact{Unit: "政务中心", Phone: "123", Email: "a@example.org"}, "i", true
		version := 1
		for _, c := range []struct {
			change         store.UserChange
			changes, voids bool
		}{
			{store.UserChange{Name: &name, Contact: &contact, Version: 1}, true, false},
			{store.UserChange{Name: &name, Contact: &contact, Roles: []defect.Role{defect.RoleAgent}}, false, false},
			{store.UserChange{Roles: []defect.Role{defect.RoleAgent, defect.RoleExpert}}, true, true},
			{store.UserChange{Hash: &hash}, true, true},
			{store.UserChange{Disabled: &yes}, true, true},
			{store.UserChange{Disabled: &yes}, false, false},
			{store.UserChange{EndSessions: true}, true, true},
		} {
			now = now.Add(time.Minute)
			before, err := s.User(ctx, "wang")
			require.NoError(t, err)
			after, err := s.ChangeUser(ctx, "Wang", c.change)
			require.NoError(t, err)
			if c.changes {
				version++
			}
			require.Equal(t, version, after.Version)
			if c.voids {
				require.Equal(t, []any{now, version}, []any{after.NotBefore, after.Epoch})
			} else {
				require.Equal(t, []any{before.NotBefore, before.Epoch}, []any{after.NotBefore, after.Epoch})
			}
			kept, err := s.User(ctx, "wang")
			require.NoError(t, err)
			require.Equal(t, after, kept)
		}
		u, err := s.User(ctx, "wang")
		require.NoError(t, err)
		require.Equal(t, []any{name, contact, hash, true}, []any{u.Name, u.Contact, u.Hash, u.Disabled})
		_, err = s.ChangeUser(ctx, "wang", store.UserChange{Name: &name, Version: version - 1})
		require.ErrorIs(t, err, store.ErrConflict)
		_, err = s.ChangeUser(ctx, "li", store.UserChange{Name: &name})
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestChangeUser_KeepsAnAdmin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		admins := []string{"a", "b", "c", "d"}
		for _, name := range admins {
			require.NoError(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: name + name, Roles: []defect.Role{defect.RoleAdmin, defect.RoleAgent}}}))
		}
		require.NoError(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: "closed", Roles: []defect.Role{defect.RoleAdmin}}, Disabled: true}))
		yes, refused := true, make(chan string, len(admins))
		var all sync.WaitGroup
		for i, name := range admins { // all at once, each in one of two ways
			all.Go(func() {
				c := store.UserChange{Disabled: &yes, KeepAdmin: true}
				if i%2 == 0 {
					c = store.UserChange{Roles: []defect.Role{defect.RoleAgent}, KeepAdmin: true}
				}
				if _, err := s.ChangeUser(ctx, name+name, c); assert.True(t, err == nil || errors.Is(err, store.ErrLastAdmin), "%v", err) && err != nil {
					refused <- name + name
				}
			})
		}
		all.Wait()
		require.Len(t, refused, 1)
		last := <-refused
		name := "n"
		_, err := s.ChangeUser(ctx, last, store.UserChange{Name: &name, Roles: []defect.Role{defect.RoleAdmin}, KeepAdmin: true})
		require.NoError(t, err, "one who stays an administrator")
		_, err = s.ChangeUser(ctx, "closed", store.UserChange{Roles: []defect.Role{}, KeepAdmin: true})
		require.NoError(t, err, "a closed account administers nothing")
		_, err = s.ChangeUser(ctx, last, store.UserChange{Disabled: &yes})
		require.NoError(t, err, "whoever is not asked to keep one")
	})
}

func TestUsers_ThatCannotBe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		for _, name := range []string{"", "a", "王芳", "a b", "a/b", "a'b", "a@b", "..", "\xff\xfe", "agent\\", string(make([]byte, 65)), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
			require.ErrorIs(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: name}}), store.ErrUsername, name)
			_, err := s.User(ctx, name)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		require.ErrorIs(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: "ok", Roles: []defect.Role{"king"}}}), store.ErrRole)
		require.ErrorIs(t, s.SetRoles(ctx, "ok", []defect.Role{"king"}), store.ErrRole)
		require.ErrorIs(t, s.SetRoles(ctx, "ok", nil), store.ErrNotFound)
		require.ErrorIs(t, s.SetPassword(ctx, "ok", "x"), store.ErrNotFound)
		require.ErrorIs(t, s.SetDisabled(ctx, "ok", true), store.ErrNotFound)
	})
}

func TestUsers_PageByPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var names []string
		for i := range 25 {
			name := fmt.Sprintf("user%02d", i)
			require.NoError(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: name, Name: name}}))
			names = append(names, name)
		}
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page, err := s.Users(ctx, after, 10)
			require.NoError(t, err)
			for _, u := range page {
				got = append(got, u.Username)
			}
			if len(page) < 10 {
				break
			}
		}
		require.Equal(t, names, got)
		all, err := s.Directory(ctx)
		require.NoError(t, err)
		require.Len(t, all, 25)
	})
}

func TestRevocations_UntilTheyExpire(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		require.NoError(t, s.Revoke(ctx, "one", monday.Add(time.Hour)))
		require.NoError(t, s.Revoke(ctx, "two", monday.Add(2*time.Hour)))
		require.NoError(t, s.Revoke(ctx, "two", monday.Add(time.Minute))) // never sooner
		ended, err := s.Revocations(ctx, monday)
		require.NoError(t, err)
		require.Equal(t, map[string]time.Time{"one": monday.Add(time.Hour), "two": monday.Add(2 * time.Hour)}, ended)
		ended, err = s.Revocations(ctx, monday.Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, map[string]time.Time{"two": monday.Add(2 * time.Hour)}, ended)
		require.NoError(t, s.Prune(ctx, monday.Add(time.Hour)))
		ended, err = s.Revocations(ctx, monday)
		require.NoError(t, err)
		require.Equal(t, map[string]time.Time{"two": monday.Add(2 * time.Hour)}, ended)
	})
}

func TestAttachments_FollowTheTimeline(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		opened := func(seed byte) (defect.Case, []defect.Event) {
			c, e := defect.Open(defect.NewNumber([8]byte{7: seed}), defect.Submission{Title: "t", Severity: 2, Reporter: defect.Reporter{Username: "reporter"}},
				storetest.Policy(), defect.Person{Username: "reporter"}, monday, defect.Keyed{})
			return c, []defect.Event{e}
		}
		c, events := opened(1)
		var want []defect.Attachment
		for i := range 7 {
			a := defect.Attachment{
				File:   defect.File{ID: fmt.Sprintf("file-%d", 9-i), Name: "截图 😀.png", Type: "image/png", Size: int64(i) << 33, Sum: "ab"},
				Number: c.Number, UploadedBy: "reporter", UploadedAt: monday.Add(time.Duration(i/2) * time.Microsecond),
			}
			e, err := c.Do(defect.Command{Action: defect.ActAttach, By: defect.Person{Username: "reporter", Roles: []defect.Role{defect.RoleReporter}}, Input: defect.Input{File: &a.File}}, a.UploadedAt)
			require.NoError(t, err)
			events, want = append(events, e), append(want, a)
		}
		for i := 0; i+1 < len(want); i += 2 { // of one instant: by ID
			want[i], want[i+1] = want[i+1], want[i]
		}
		for _, upTo := range []int{3, len(events), len(events)} { // once more is no fault
			_, err := s.Project(ctx, c.Number, &c, events[:upTo])
			require.NoError(t, err)
		}
		other, first := opened(2)
		_, err := s.Project(ctx, other.Number, &other, first)
		require.NoError(t, err)
		var got []defect.Attachment
		for after := ""; ; after = got[len(got)-1].ID {
			page, err := s.Attachments(ctx, c.Number, after, 3)
			require.NoError(t, err)
			got = append(got, page...)
			if len(page) < 3 {
				break
			}
		}
		require.Equal(t, want, got)
		none, err := s.Attachments(ctx, other.Number, "file-9", 3)
		require.NoError(t, err)
		require.Empty(t, none)
		one, err := s.Attachment(ctx, want[3].ID)
		require.NoError(t, err)
		require.Equal(t, want[3], one)
		_, err = s.Attachment(ctx, "file-other")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}
