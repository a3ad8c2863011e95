package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/config"
	"yunwei/desk"
	"yunwei/store"
)

// TestDemoAccounts_HaveThePasswordOfTheirDay: the one that is given, or that of the file, which is there only while it is
// true. Nobody's sessions end for a password that stays.
func TestDemoAccounts_HaveThePasswordOfTheirDay(t *testing.T) {
	ctx := t.Context()
	folder, err := claim(t.TempDir())
	require.NoError(t, err)
	db, err := store.Open(ctx, sqliteURL(folder.path("yunwei.db")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()); require.NoError(t, folder.release()) })
	require.NoError(t, db.Migrate(ctx))
	file := folder.path(demoFile)
	word := func() string {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return strings.TrimSpace(string(b))
	}
	version := 0
	for _, c := range []struct {
		given   string
		changes int
	}{{"first-pass-1", 1}, {"first-pass-1", 0}, {"", 1}, {"", 0}, {"second-pass", 1}} {
		require.NoError(t, devCommand{config.Dev{DemoPassword: c.given}}.demoAccounts(ctx, db, folder))
		want := c.given
		if want == "" {
			want = word()
		} else {
			require.NoFileExists(t, file)
		}
		version += c.changes
		for _, p := range []int{0, len(demoUsers) - 1} {
			u, err := db.User(ctx, demoUsers[p].Username)
			require.NoError(t, err)
			require.True(t, desk.PasswordMatches(u.Hash, want))
			require.Equal(t, version, u.Version)
		}
	}
}

func TestPolicyCheck_NamesFileLineAndSetting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(file, []byte("x: 1\nonsite: 3651d\n"), 0o600))
	var out strings.Builder
	err := policyCheck{file}.Run(console{out: &out})
	require.ErrorContains(t, err, file+":1: x: this setting is unknown")
	require.ErrorContains(t, err, file+":1: auto_close: this setting is missing")
	require.ErrorContains(t, err, file+":2: onsite: the limit \"3651d\" is too long")
	require.Empty(t, out.String())
}
