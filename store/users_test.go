package store_test

import (
	"fmt"
	"testing"
	"time"

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

func TestUsers_ThatCannotBe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		for _, name := range []string{"", "a", "王芳", "a b", "a/b", "a'b", "a@b", "\xff\xfe", "agent\\", string(make([]byte, 65)), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
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

func TestAttachments_OfACase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var want []defect.Attachment
		for i := range 7 {
			a := defect.Attachment{
				File:   defect.File{ID: fmt.Sprintf("file-%d", 9-i), Name: "截图 😀.png", Type: "image/png", Size: int64(i) << 33, Sum: "ab"},
				Number: "7K3M-Q9XT-WA5C", UploadedBy: "reporter", UploadedAt: monday.Add(time.Duration(i/2) * time.Microsecond),
			}
			require.NoError(t, s.AddAttachment(ctx, a))
			require.NoError(t, s.AddAttachment(ctx, a))
			want = append(want, a)
		}
		for i := 0; i+1 < len(want); i += 2 { // of one instant: by ID
			want[i], want[i+1] = want[i+1], want[i]
		}
		other := want[0]
		other.Number = "other"
		require.ErrorIs(t, s.AddAttachment(ctx, other), store.ErrConflict)
		other.ID = "file-other"
		require.NoError(t, s.AddAttachment(ctx, other))
		var got []defect.Attachment
		for after := ""; ; after = got[len(got)-1].ID {
			page, err := s.Attachments(ctx, "7K3M-Q9XT-WA5C", after, 3)
			require.NoError(t, err)
			got = append(got, page...)
			if len(page) < 3 {
				break
			}
		}
		require.Equal(t, want, got)
		none, err := s.Attachments(ctx, "7K3M-Q9XT-WA5C", "file-other", 3)
		require.NoError(t, err)
		require.Empty(t, none)
		one, err := s.Attachment(ctx, want[3].ID)
		require.NoError(t, err)
		require.Equal(t, want[3], one)
		require.NoError(t, s.DropAttachment(ctx, want[3].ID))
		require.NoError(t, s.DropAttachment(ctx, want[3].ID))
		_, err = s.Attachment(ctx, want[3].ID)
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}
