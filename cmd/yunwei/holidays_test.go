package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHolidays_FromTheCommandLine(t *testing.T) {
	folder := t.TempDir()
	database := "sqlite://" + filepath.Join(folder, "yunwei.db")
	yunwei := func(args ...string) (string, error) {
		var out strings.Builder
		err := run(t.Context(), append(args, "--database", database), strings.NewReader(""), &out)
		return out.String(), err
	}
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	_, err := yunwei("migrate", "up")
	require.NoError(t, err)
	good := file("2027.json", `{"year":2027,"days":[{"name":"元旦","date":"2027-01-01","isOffDay":true}]}`)
	out, err := yunwei("holidays", "import", good, "--why", "国办发明电〔2026〕7号", "--by", "王芳")
	require.NoError(t, err)
	require.Equal(t, "cn: revision 1, 1 day changed, known through 2027-12-31\n", out)
	_, err = yunwei("holidays", "import", good, "--why", "again")
	require.ErrorContains(t, err, "would change nothing")
	out, err = yunwei("holidays", "list")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^1 +\S+Z +cli:王芳 +notice of 2027 +1 +2027-12-31 +国办发明电〔2026〕7号$`, out)
	require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 2)

	bad := file("bad.json", "{\"year\": 2027,\n\"days\": [\n{\"name\":\"元旦\",\"date\":\"2027-13-01\",\"isOffDay\":true}]}")
	_, err = yunwei("holidays", "import", bad, "--why", "w")
	require.ErrorContains(t, err, "line 3: days[0].date")
	_, err = yunwei("holidays", "import", good, "--set", "de", "--why", "w")
	require.ErrorContains(t, err, "site-NAME")
	_, err = yunwei("holidays", "import", good, "--why", " ")
	require.ErrorContains(t, err, "--why")
	_, err = yunwei("holidays", "import", filepath.Join(folder, "none.json"), "--why", "w")
	require.ErrorContains(t, err, "read the notice")
	_, err = yunwei("holidays", "list", "--set", "de")
	require.ErrorContains(t, err, "de")
}
