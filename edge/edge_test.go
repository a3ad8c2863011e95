package edge_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"yunwei/edge"
)

// face is an engine that answers with whom it believes to be asked by.
func face(t *testing.T, proxies ...string) (http.Handler, *bytes.Buffer, *prometheus.Registry) {
	t.Helper()
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	e, err := edge.New(edge.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Registry: registry, Proxies: proxies})
	require.NoError(t, err)
	engine, err := e.Engine()
	require.NoError(t, err)
	engine.GET("/who/:secret", func(c *gin.Context) {
		edge.KnownAs(c, "agent")
		c.String(http.StatusOK, c.ClientIP())
	})
	return engine, &log, registry
}

func ask(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.RemoteAddr = "10.1.2.3:4000"
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhoAsks_BehindAProxy(t *testing.T) {
	for _, c := range []struct {
		what    string
		proxies []string
		want    string
		warned  int
	}{
		{"nobody is trusted", nil, "10.1.2.3", 1},
		{"the proxy is", []string{"10.1.2.3"}, "203.0.113.9", 0},
		{"its network is", []string{"192.0.2.1", "10.0.0.0/8"}, "203.0.113.9", 0},
		{"another is", []string{"10.1.2.4"}, "10.1.2.3", 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			h, log, _ := face(t, c.proxies...)
			for range 2 {
				require.Equal(t, c.want, ask(h, "/who/x", "X-Forwarded-For", "203.0.113.9").Body.String())
			}
			require.Equal(t, c.warned, strings.Count(log.String(), "--trusted-proxy"), "once, not with every request")
		})
	}
	_, err := edge.New(edge.Options{Registry: prometheus.NewRegistry(), Proxies: []string{"proxy.example.org"}})
	require.ErrorContains(t, err, "10.0.0.0/8")
}

func TestRequests_AreFoundAgainAndTellNoSecret(t *testing.T) {
	h, log, registry := face(t)
	require.Equal(t, "mine-1", ask(h, "/who/s3cret?q=s3cret", edge.IDHeader, "mine-1").Header().Get(edge.IDHeader))
	made := ask(h, "/nowhere", edge.IDHeader, "not a sane one").Header().Get(edge.IDHeader)
	require.Len(t, made, 36)
	for _, says := range []string{"id=mine-1", "route=/who/:secret", "status=200", "user=agent", "id=" + made, "route=none"} {
		require.Contains(t, log.String(), says)
	}
	require.NotContains(t, log.String(), "s3cret")
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP yunwei_http_requests_total Requests by route, method and status.
# TYPE yunwei_http_requests_total counter
yunwei_http_requests_total{method="GET",route="/who/:secret",status="200"} 1
yunwei_http_requests_total{method="none",route="none",status="404"} 1
`), "yunwei_http_requests_total"))
}
