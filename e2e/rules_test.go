package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRules_OnTheRealBinary asks for what is not to be had, and for what only one may have.
func TestRules_OnTheRealBinary(t *testing.T) {
	s := fresh(t).start()
	reporter, agent, technician, auditor := s.as("reporter"), s.as("agent"), s.as("technician"), s.as("auditor")
	number := reporter.submit(report())

	t.Run("who may not", func(t *testing.T) {
		for name, c := range map[string]struct {
			a      answer
			status int
			code   string
		}{
			"another role":       {technician.act(number, "acknowledge", fields{}), 403, "forbidden"},
			"an auditor":         {auditor.act(number, "comment", fields{"message": "m"}), 403, "forbidden"},
			"an auditor files":   {auditor.do(http.MethodPost, "/api/v1/defects", report()), 403, "forbidden"},
			"another stage":      {agent.act(number, "classify", fields{"category": "technical"}), 409, "wrong_stage"},
			"a stale version":    {agent.act(number, "acknowledge", fields{"version": 7}), 409, "stale_version"},
			"an unknown case":    {agent.act("0000-0000-0000", "acknowledge", fields{}), 404, "not_found"},
			"an unknown account": {agent.act(number, "acknowledge", fields{"assignee": "nobody"}), 422, "invalid"},
			"its own duplicate":  {agent.act(number, "mark_duplicate", fields{"reason": "r", "of": number}), 422, "invalid"},
			"of no case":         {agent.act(number, "mark_duplicate", fields{"reason": "r", "of": "7K3M-Q9XT-WA5D"}), 422, "invalid"},
			"no token":           {(&person{site: s}).do(http.MethodGet, "/api/v1/defects/"+number, nil), 401, "unauthenticated"},
		} {
			require.Equal(t, c.status, c.a.status, "%s: %v", name, c.a)
			require.Equal(t, c.code, c.a.text("code"), name)
			require.Equal(t, "application/problem+json", c.a.header.Get("Content-Type"))
		}
		require.Equal(t, []string{"submit"}, kinds(agent.events(number)), "a refusal leaves no trace")
	})

	t.Run("two at once", func(t *testing.T) {
		number := reporter.submit(report())
		const many = 6
		answers := make([]answer, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				answers[i], _ = agent.try(http.MethodPost, "/api/v1/defects/"+number+"/actions/acknowledge", fields{"version": 1})
			})
		}
		all.Wait()
		won := 0
		for _, a := range answers {
			if a.status == http.StatusOK {
				won++
				continue
			}
			require.Equal(t, http.StatusConflict, a.status, a)
		}
		require.Equal(t, 1, won)
	})

	t.Run("the same key", func(t *testing.T) {
		number := reporter.submit(report())
		first := agent.act(number, "acknowledge", fields{"assignee": "technician"}, "Idempotency-Key", "k")
		require.Equal(t, http.StatusOK, first.status, first)
		agent.must(number, "classify", fields{"category": "technical"})
		again := agent.act(number, "acknowledge", fields{"assignee": "technician"}, "Idempotency-Key", "k")
		require.Equal(t, http.StatusOK, again.status, again)
		require.Equal(t, first.get("version"), again.get("version"))
		require.Equal(t, "analysis", again.text("stage"), "the first result")
		require.Equal(t, http.StatusUnprocessableEntity, agent.act(number, "acknowledge", fields{"assignee": "agent"}, "Idempotency-Key", "k").status)
		require.Equal(t, []string{"submit", "acknowledge", "classify"}, kinds(agent.events(number)))
	})

	t.Run("attachments", func(t *testing.T) {
		a := reporter.send("/api/v1/defects/"+number+"/attachments", "截图.png", []byte("\x89PNG\r\n\x1a\n0000"), nil)
		require.Equal(t, http.StatusCreated, a.status, a)
		require.Equal(t, "image/png", a.text("type"))
		down := agent.do(http.MethodGet, a.header.Get("Location"), nil)
		require.Equal(t, http.StatusOK, down.status)
		require.Len(t, down.raw, 12)
		require.Equal(t, http.StatusUnauthorized, (&person{site: s}).do(http.MethodGet, a.header.Get("Location"), nil).status)
	})

	t.Run("lists", func(t *testing.T) {
		for i := range 5 {
			f := report()
			f["title"] = fmt.Sprintf("打印机故障 %d 号", i)
			f["severity"] = 4
			reporter.submit(f)
		}
		found := agent.do(http.MethodGet, "/api/v1/defects?q="+url.QueryEscape("印机故")+"&severity=4&page_size=2", nil)
		require.Equal(t, http.StatusOK, found.status, found)
		require.Equal(t, "5", found.text("total"))
		seen := map[string]bool{}
		for next := found; ; {
			items, ok := next.get("items").([]any)
			require.True(t, ok)
			for _, item := range items {
				seen[answer{body: item.(map[string]any)}.text("number")] = true
			}
			if next.get("next") == nil {
				break
			}
			next = agent.do(http.MethodGet, "/api/v1/defects?q="+url.QueryEscape("印机故")+"&severity=4&page_size=2&after="+url.QueryEscape(next.text("next")), nil)
			require.Equal(t, http.StatusOK, next.status, next)
		}
		require.Len(t, seen, 5)
		require.Equal(t, "1", agent.do(http.MethodGet, "/api/v1/defects?q="+number, nil).text("total"))
		require.Equal(t, "0", agent.do(http.MethodGet, "/api/v1/defects?q="+url.QueryEscape("机印"), nil).text("total"))
	})

	t.Run("sign out", func(t *testing.T) {
		p := s.as("liaison")
		require.Equal(t, http.StatusNoContent, p.do(http.MethodDelete, "/api/v1/sessions/current", nil).status)
		require.Equal(t, http.StatusUnauthorized, p.do(http.MethodGet, "/api/v1/me", nil).status)
	})

	t.Run("due", func(t *testing.T) {
		a := agent.do(http.MethodGet, "/api/v1/calendars/5x8/due?from=2026-02-14T17:30:00%2B08:00&limit=1h", nil)
		require.Equal(t, http.StatusOK, a.status, a)
		require.Equal(t, "2026-02-24T01:00:00Z", a.text("due_at"), "over the Spring Festival")
		require.Equal(t, "false", a.text("provisional"))
		counted := 0.0
		intervals, ok := a.get("intervals").([]any)
		require.True(t, ok)
		for _, i := range intervals {
			n, ok := i.(map[string]any)["counted"].(float64)
			require.True(t, ok)
			counted += n
		}
		require.InDelta(t, 3600, counted, 0)
		require.Equal(t, http.StatusNotFound, agent.do(http.MethodGet, "/api/v1/calendars/none/due?from=2026-02-14T17:30:00Z&limit=1h", nil).status)
	})
}
