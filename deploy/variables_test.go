package deploy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/config"
)

// TestVariables_AreRead: a variable that compose sets for our program is one that some command reads.
func TestVariables_AreRead(t *testing.T) {
	known, err := config.Variables()
	require.NoError(t, err)
	p := project(t)
	for _, service := range ours {
		for name := range p.Services[service].Environment {
			require.True(t, strings.HasPrefix(name, "YUNWEI_") || strings.HasPrefix(name, "TEMPORAL_"), "%s: %s", service, name)
			require.Contains(t, known, name, service)
		}
	}
}
