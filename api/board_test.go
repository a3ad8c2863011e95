package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

func (f *fakeDesk) MayWatch(desk.Caller) error { return f.may }

// Board has the case of the fake, with its first promise to be watched.
func (f *fakeDesk) Board(_ context.Context, _ desk.Caller, limit int) (desk.Board, error) {
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, f.Zone())
	return desk.Board{
		At: now, Cases: 3, Until: now.Add(24 * time.Hour),
		Open: []desk.OpenCount{{Stage: defect.Submitted, Severity: 2, N: 1}},
		Soon: desk.Watch{Items: []desk.Watched{{Case: f.c, Clock: f.c.Clocks[0]}}, Total: 11, TotalExact: true},
		Days: []desk.Day{{From: midnight.AddDate(0, 0, -1)}, {From: midnight, DayFigures: desk.DayFigures{Submitted: 4, Ended: 3, Kept: 3, Broken: 1}}},
	}, f.ask(fmt.Sprint("board ", limit))
}

func TestBoard_AnswersWithItsFigures(t *testing.T) {
	s := newSite(t)
	w := s.ask("GET", "/api/v1/board", "")
	require.Equal(t, 200, w.Code, w.Body)
	var got struct {
		Cases int
		Open  []map[string]any
		Soon  struct {
			Items []map[string]any
			Total int
		}
		Broken struct{ Items []any }
		Days   []map[string]any
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, 3, got.Cases)
	require.Equal(t, []map[string]any{{"stage": "submitted", "severity": 2.0, "cases": 1.0}}, got.Open)
	require.Equal(t, 11, got.Soon.Total)
	require.Equal(t, s.c.Number, got.Soon.Items[0]["number"])
	require.Equal(t, "response", got.Soon.Items[0]["clock"].(map[string]any)["name"])
	require.NotNil(t, got.Broken.Items, "none is an empty list")
	require.Equal(t, []map[string]any{
		{"date": "2026-11-22", "submitted": 0.0, "ended": 0.0, "kept": 0.0, "broken": 0.0, "rate": nil},
		{"date": "2026-11-23", "submitted": 4.0, "ended": 3.0, "kept": 3.0, "broken": 1.0, "rate": 0.75},
	}, got.Days)
	s.ask("GET", "/api/v1/board?limit=50", "")
	require.Equal(t, []string{"board 10", "board 50"}, s.asked)
}

func TestBoard_Refuses(t *testing.T) {
	s := newSite(t)
	for _, limit := range []string{"0", "51", "x"} {
		require.Equal(t, "limit", s.refused(s.ask("GET", "/api/v1/board?limit="+limit, ""), 422, "invalid").Errors[0].Field)
	}
	s.may = apperr.New(apperr.Forbidden, apperr.ReasonBoard, nil)
	s.refused(s.ask("GET", "/api/v1/board?limit=0", ""), 403, "forbidden")
	s.fail = s.may
	s.refused(s.ask("GET", "/api/v1/board", ""), 403, "forbidden")
}
