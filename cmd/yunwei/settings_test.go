package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/store/storetest"
)

func TestSettingsFile_ComesAfterFlagsAndVariables(t *testing.T) {
	there, absent := storetest.SQLite(t).URL, "sqlite:///nowhere/of/ours/x.db"
	for _, c := range []struct {
		what, file, variable string
		args                 []string
		fails                string
	}{
		{what: "the file says it", file: "database: " + there},
		{what: "with what other commands need", file: "{database: '" + there + "', http: '127.0.0.1:0', trusted-proxy: [10.0.0.1, 10.0.0.2], notice-give-up: 24h}"},
		{what: "nobody does", file: "", fails: "missing flags: --database"},
		{what: "the file says it wrongly", file: "database: " + absent, fails: "nowhere"},
		{what: "a variable comes first", file: "database: " + absent, variable: there},
		{what: "a flag comes first", file: "database: " + absent, args: []string{"--database", there}},
		{what: "a setting is misspelt", file: "databse: " + there, fails: `"databse" is not a setting`},
		{what: "a setting of nobody beside one of ours", file: "{database: '" + there + "', user: {list: {}}}", fails: `"user" is not a setting`},
		{what: "another file", file: "config: x.yaml", fails: `"config" is not a setting`},
		{what: "no mapping", file: "- database", fails: "a YAML mapping"},
	} {
		t.Run(c.what, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "settings.yaml")
			require.NoError(t, os.WriteFile(file, []byte(c.file), 0o600))
			if c.variable != "" {
				t.Setenv("YUNWEI_DATABASE", c.variable)
			}
			var out bytes.Buffer
			err := run(t.Context(), append([]string{"user", "list", "--config", file}, c.args...), strings.NewReader(""), &out)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestSettingsFile_IsCheckedAsFlagsAre(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yaml")
	require.NoError(t, os.WriteFile(file, []byte("log-level: silly\n"), 0o600))
	var out bytes.Buffer
	err := run(t.Context(), []string{"dev", "--config", file}, strings.NewReader(""), &out)
	require.ErrorContains(t, err, "debug")
}
