package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/store/storetest"
)

func TestFigures_WhileSQLIsAway(t *testing.T) {
	db := storetest.SQLite(t)
	s := db.Open(t)
	var log bytes.Buffer
	m, err := newMetrics(s, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.close()) })
	require.NoError(t, s.Close())
	families, err := m.registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		require.NotEqual(t, "yunwei_defects", f.GetName(), "nothing is told, which is not none")
	}
	require.Contains(t, log.String(), "figures of cases")
	require.Contains(t, log.String(), "closed")
}
