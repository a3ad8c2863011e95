package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// settingsFile is a file of settings, by the names of the flags. One file does for all commands: each takes what is its own.
// A flag that is given, and a variable that is set, come before it.
type settingsFile map[string]any

// readSettings reads a settings file.
func readSettings(r io.Reader) (kong.Resolver, error) {
	s := settingsFile{}
	if err := yaml.NewDecoder(r).Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("a YAML mapping from the names of flags to their values is accepted: %w", err)
	}
	return s, nil
}

// Validate refuses what no command knows: a setting that is misspelt would be one that nobody heeds.
func (s settingsFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, command := range app.Leaves(true) {
		for _, group := range command.AllFlags(true) {
			for _, flag := range group {
				known[flag.Name] = true
			}
		}
	}
	for _, own := range app.Flags { // they say what to do, not how
		delete(known, own.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !known[name] {
			return fmt.Errorf("settings file: %q is not a setting; accepted are the names of flags, without the dashes before them, as yunwei COMMAND --help lists them", name)
		}
	}
	return nil
}

// Resolve returns what the file says about a flag.
func (s settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if slices.ContainsFunc(flag.Envs, func(name string) bool { _, set := os.LookupEnv(name); return set }) {
		return nil, nil //nolint:nilnil // kong's word for: ask on
	}
	return s[flag.Name], nil
}
