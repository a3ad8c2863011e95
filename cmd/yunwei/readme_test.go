package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"yunwei/config"
)

// TestReadme_NamesTheCommandsOfEachSetting: the table says of every flag in it which commands take it, all of them and no
// others.
func TestReadme_NamesTheCommandsOfEachSetting(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.DefaultEnvars(config.Prefix))
	require.NoError(t, err)
	taken := map[string][]string{} // by flag: the commands that take it
	var commands []string
	for _, leaf := range parser.Model.Leaves(true) {
		path := strings.TrimPrefix(leaf.FullPath(), parser.Model.Name+" ")
		commands = append(commands, path)
		for _, flag := range leaf.Flags {
			taken[flag.Name] = append(taken[flag.Name], path)
		}
	}
	row := regexp.MustCompile("(?m)^\\| (`--[^|]*) \\| ([^|]*) \\|")
	names, separator := regexp.MustCompile("`--([a-z-]+)`"), regexp.MustCompile(", |、")
	for _, file := range []string{"../../README.md", "../../README.zh-CN.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		rows := row.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, rows)
		for _, r := range rows {
			var listed []string
			for _, name := range separator.Split(r[2], -1) {
				under := slices.DeleteFunc(slices.Clone(commands), func(c string) bool { return c != name && !strings.HasPrefix(c, name+" ") })
				require.NotEmpty(t, under, "%s: %s: there is no command %q", file, r[1], name)
				listed = append(listed, under...)
			}
			for _, flag := range names.FindAllStringSubmatch(r[1], -1) {
				require.ElementsMatch(t, taken[flag[1]], listed, "%s: --%s", file, flag[1])
			}
		}
	}
}
