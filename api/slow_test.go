package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/api"
)

// line is a listener of one connection, which lives in memory and so keeps to the time of a test.
type line struct {
	conn   chan net.Conn
	closed chan struct{}
}

func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *line) Close() error   { close(l.closed); return nil }
func (l *line) Addr() net.Addr { return &net.TCPAddr{} }

// TestSubmit_OverASlowLine: a body has 15 seconds to come, and the work on it 15 seconds of its own.
func TestSubmit_OverASlowLine(t *testing.T) {
	for name, c := range map[string]struct {
		after  time.Duration // when the rest of the body comes; 0 for never
		status int
	}{
		"in time": {14 * time.Second, http.StatusCreated},
		"never":   {0, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				l := &line{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
				server := api.Server(s.h)
				go func() { _ = server.Serve(l) }()
				mine, its := net.Pipe()
				l.conn <- its
				began := time.Now()
				_, err := fmt.Fprintf(mine, "POST /api/v1/defects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token\r\nAccept-Language: en\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(good), good[:9])
				require.NoError(t, err)
				if c.after > 0 {
					<-time.After(c.after) // by the clock of the test
					_, err = mine.Write([]byte(good[9:]))
					require.NoError(t, err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(mine), nil)
				require.NoError(t, err)
				defer resp.Body.Close()
				require.Equal(t, c.status, resp.StatusCode)
				if c.status == http.StatusCreated {
					require.Equal(t, 15*time.Second, s.left)
				} else {
					require.Equal(t, 15*time.Second, time.Since(began))
					require.True(t, resp.Close)
					require.Contains(t, s.log.String(), "status=400")
				}
				require.NoError(t, mine.Close())
				require.NoError(t, server.Close())
				synctest.Wait()
			})
		})
	}
}
