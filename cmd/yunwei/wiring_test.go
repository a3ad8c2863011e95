package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorkflows_AreSeenInTheTemporalWebUI(t *testing.T) {
	p := &parts{namespaceName: "city/desk"}
	require.Nil(t, p.workflows(""), "nobody said where")
	require.Equal(t, "https://example.org/temporal/namespaces/city%2Fdesk/workflows/defect:7K3M-Q9XT-WA5C", p.workflows("https://example.org/temporal")("7K3M-Q9XT-WA5C"))
}
