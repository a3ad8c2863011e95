package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNotifyTest_SendsOne(t *testing.T) {
	var got struct {
		To            []string
		Subject, Text string
	}
	answer := http.StatusNoContent
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &got)
		}
		if err != nil || !strings.HasPrefix(r.Header.Get("X-Yunwei-Signature"), "v1=") {
			answer = http.StatusBadRequest
		}
		w.WriteHeader(answer)
	}))
	defer gateway.Close()
	t.Setenv("YUNWEI_WEBHOOK", gateway.URL+"/geheim")
	t.Setenv("YUNWEI_WEBHOOK_SECRET", "geheim")
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"notify", "test", "webhook", "--to", "138", "--lang", "en"}, strings.NewReader(""), &out))
	require.Equal(t, "webhook has taken the test\n", out.String())
	require.Equal(t, []string{"138"}, got.To)
	require.Equal(t, "[Yunwei] Test", got.Subject)
	require.Contains(t, got.Text, "shows that the channel works")

	answer = http.StatusForbidden
	err := run(t.Context(), []string{"notify", "test", "webhook"}, strings.NewReader(""), &out)
	require.ErrorContains(t, err, "did not take the test: refused: 403")
	require.NotContains(t, err.Error(), "geheim")
}

func TestNotifyTest_SaysWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"not set up": {[]string{"mail", "--to", "a@example.org"}, "--smtp"},
		"no address": {[]string{"mail", "--smtp", "smtp://mail.example.org?from=a@example.org"}, "--to"},
		"not signed": {[]string{"webhook", "--webhook", "https://gateway.example.org"}, "--webhook-secret"},
		"no channel": {[]string{"pigeon"}, "pigeon"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), append([]string{"notify", "test"}, c.args...), strings.NewReader(""), io.Discard)
			require.ErrorContains(t, err, c.want)
		})
	}
}
