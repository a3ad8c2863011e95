package web_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
)

// follow opens a stream as a script of a page does: its status, its headers, and what it says, line by line.
func follow(t *testing.T, server *httptest.Server, username, query string) (int, http.Header, *bufio.Scanner) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/live?"+query, http.NoBody)
	require.NoError(t, err)
	if username != "" {
		r.Header.Set("Cookie", "yunwei_session=token-"+username)
	}
	answer, err := server.Client().Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, answer.Body.Close()) })
	return answer.StatusCode, answer.Header, bufio.NewScanner(answer.Body)
}

func TestLive_TellsOfEachChangeUntilTheEnd(t *testing.T) {
	f, h := newSite(t)
	f.changed = make(chan int)
	server := httptest.NewUnstartedServer(h)
	server.Config.WriteTimeout = 50 * time.Millisecond // for answers that end; a stream sets its own
	server.Start()
	t.Cleanup(server.Close)
	status, header, lines := follow(t, server, "agent", "number="+firstNumber+"&seq=3")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "text/event-stream", header.Get("Content-Type"))
	heard := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return "the end"
	}
	f.changed <- 4
	require.Equal(t, "4", heard())
	f.changed <- 0
	require.Equal(t, "0", heard())
	close(f.changed) // the process ends
	require.Equal(t, "the end", heard())
	server.Close()
	require.Equal(t, []string{"agent " + firstNumber + " 3"}, f.watched)
	require.Equal(t, 1, f.ended)
}

func TestLive_RefusesWithAStatus(t *testing.T) {
	f, h := newSite(t)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	status, _, _ := follow(t, server, "", "number=")
	require.Equal(t, http.StatusForbidden, status, "a script is not led to the sign-in")
	f.refuse = &apperr.Error{Code: apperr.TooManyRequests, Reason: apperr.ReasonTooMany, RetryAfter: time.Minute}
	status, header, _ := follow(t, server, "agent", "number=")
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "60", header.Get("Retry-After"))
}

func TestPages_SayWhatTheyFollow(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	f.place = 7
	b := as(t, h, "agent", "zh")
	for target, wanted := range map[string]string{
		"/":                       `data-watch="" data-seq="7"`,
		"/defects":                `data-watch="" data-seq="7"`,
		"/board":                  `data-watch="" data-seq="7"`,
		"/defects/" + firstNumber: `data-watch="` + firstNumber + `" data-seq="9"`,
	} {
		page := b.get(target).Body.String()
		require.Contains(t, page, wanted, target)
		require.Contains(t, page, "/static/live.js?v=", target)
	}
	require.NotContains(t, b.get("/defects/new").Body.String(), "data-watch", "a form stays as it is")
}

// What a script says it takes from the page, which has it in both languages.
func TestModules_HoldNoTextOfTheirOwn(t *testing.T) {
	files, err := filepath.Glob("static/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	foreign := regexp.MustCompile(`\p{Han}|://|innerHTML|style=|\beval\b`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, foreign.FindString(string(text)), file)
	}
}
