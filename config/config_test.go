package config_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/config"
)

func TestVariables_AreDescribedInTheReadme(t *testing.T) {
	names, err := config.Variables()
	require.NoError(t, err)
	require.Contains(t, names, "YUNWEI_TEMPORAL_UI_PORT")
	require.Contains(t, names, "YUNWEI_DATABASE")
	for _, file := range []string{"../README.md", "../README.zh-CN.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range names {
			flag, ours := strings.CutPrefix(name, "YUNWEI_")
			if ours {
				require.Contains(t, string(text), "`--"+strings.ToLower(strings.ReplaceAll(flag, "_", "-")), "%s in %s", name, file)
			}
		}
	}
}

func TestDecodeKey_NeverRepeatsIt(t *testing.T) {
	good := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	key, err := config.DecodeKey(good)
	require.NoError(t, err)
	require.Len(t, key, 32)
	for _, bad := range []string{"", "geheim!", base64.StdEncoding.EncodeToString([]byte("geheim"))} {
		_, err := config.DecodeKey(bad)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "geheim")
	}
}

func TestTemporalUIURL_WhenItCanBeNone(t *testing.T) {
	for text, want := range map[string]string{"": "", "http://127.0.0.1:8233": "http://127.0.0.1:8233", "https://example.org/temporal/": "https://example.org/temporal"} {
		got, err := config.TemporalUIURL(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, bad := range []string{"temporal:8233", "javascript:alert(1)", "https://user@example.org", "https://example.org?x=y"} {
		_, err := config.TemporalUIURL(bad)
		require.ErrorContains(t, err, "--temporal-ui", bad)
	}
}
