package api_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
)

var holiday = calendar.Exception{Date: calendar.Date{Year: 2026, Month: 11, Day: 24}, Off: true, Name: "停工"}

func revision(set string, n int) calendar.Revision {
	change := calendar.Change{Days: []calendar.Exception{holiday}}
	before, _ := calendar.Holidays(set)
	after, _ := calendar.InForce(set, []calendar.Change{change}, nil)
	return calendar.Revision{Set: set, N: n, Change: change, Effect: calendar.EffectOf(before, after), By: "liaison", Why: "w", At: now}
}

func holidayEffect(set string) desk.HolidayEffect {
	return desk.HolidayEffect{
		HolidayState: defect.HolidayState{Set: set, Revision: 3}, Effect: revision(set, 3).Effect, Next: "n",
		Cases: []desk.HolidayCase{{Number: "7K3M-Q9XT-WA5C", Title: "t", Severity: 2, Stage: defect.Analysis, Moves: []defect.Move{
			{Clock: defect.ClockPlan, Cycle: 1, Before: now, After: now.Add(time.Hour), ProvisionalBefore: true, Breaks: true}, {Before: now, After: now},
		}}},
	}
}

// form is a multipart form with some texts and a file.
func form(t *testing.T, texts map[string]string, name, content string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for field, text := range texts {
		require.NoError(t, w.WriteField(field, text))
	}
	if name != "" {
		part, err := w.CreateFormFile("file", name)
		require.NoError(t, err)
		_, err = part.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func decoded(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

func TestHolidays_AChangeAsItWasMeant(t *testing.T) {
	s := newSite(t)
	w := s.ask("POST", "/api/v1/holidays/cn/revisions", `{"why":"w","days":[{"date":"2026-11-24","off":true,"name":"停工"},{"date":"24.11.2026","off":false,"name":"x"}]}`, "Idempotency-Key", "k")
	require.Equal(t, 201, w.Code, w.Body)
	require.Equal(t, "/api/v1/holidays/cn/revisions?after=0&page_size=1", w.Header().Get("Location"))
	require.Equal(t, desk.HolidayChange{Why: "w", Days: []calendar.Exception{holiday, {Name: "x"}}}, s.change, "the desk says which date is none")
	require.Equal(t, "k", s.key)
	b := decoded(t, w.Body.Bytes())
	require.Equal(t, "days", b["kind"])
	require.Equal(t, map[string]any{"date": "2026-11-24", "before": nil, "after": "off", "name": "停工"}, b["effect"].(map[string]any)["days"].([]any)[0])

	w = s.ask("POST", "/api/v1/holidays/cn/revisions", `{"why":"w","document":{"$schema":"s","year":2027.0,"papers":["p"],"days":[{"name":"元旦","date":"2027-01-01","isOffDay":true}]}}`, "Idempotency-Key", "again")
	require.Equal(t, 200, w.Code, w.Body)
	change, err := calendar.ParseNotice(s.change.Document)
	require.NoError(t, err)
	require.Equal(t, []calendar.Year{{Year: 2027, Papers: []string{"p"}, Days: []calendar.Exception{{Date: calendar.Date{Year: 2027, Month: 1, Day: 1}, Off: true, Name: "元旦"}}}}, change.Years)
}

func TestHolidays_FromAFile(t *testing.T) {
	s := newSite(t)
	body, contentType := form(t, map[string]string{"why": "国办通知"}, "2027.ics", "BEGIN:VCALENDAR")
	w := s.ask("POST", "/api/v1/holidays/cn/revisions/file", body, "Content-Type", contentType)
	require.Equal(t, 201, w.Code, w.Body)
	require.Equal(t, desk.HolidayChange{Why: "国办通知", File: "2027.ics", Document: []byte("BEGIN:VCALENDAR")}, s.change)
	body, contentType = form(t, nil, "2027.json", "{}")
	require.Equal(t, 200, s.ask("POST", "/api/v1/holidays/cn/preview/file?page_size=5", body, "Content-Type", contentType).Code)

	s = newSite(t)
	p := s.refused(s.ask("POST", "/api/v1/holidays/cn/revisions/file", body, "Content-Type", contentType), 422, "invalid")
	require.Equal(t, "why", p.Errors[0].Field)
	body, contentType = form(t, map[string]string{"why": "w", "colour": "red"}, "", "")
	p = s.refused(s.ask("POST", "/api/v1/holidays/cn/revisions/file", body, "Content-Type", contentType), 422, "invalid")
	require.Len(t, p.Errors, 2, "a field that is none, and no file")
	body, contentType = form(t, map[string]string{"why": "w"}, "big.json", strings.Repeat(" ", calendar.MaxNotice+(65<<10)))
	s.refused(s.ask("POST", "/api/v1/holidays/cn/revisions/file", body, "Content-Type", contentType), 413, "too_large")
	s.refused(s.ask("POST", "/api/v1/holidays/cn/revisions/file", "--x\r\nrubbish", "Content-Type", "multipart/form-data; boundary=x"), 400, "unreadable")
	s.may = apperr.New(apperr.Forbidden, apperr.ReasonHolidaysKeep, nil)
	s.refused(s.ask("POST", "/api/v1/holidays/cn/revisions/file", body, "Content-Type", contentType), 403, "forbidden")
	require.Empty(t, s.asked)
}

func TestHolidays_WhatIsShown(t *testing.T) {
	s := newSite(t)
	b := decoded(t, s.ask("GET", "/api/v1/holidays/site?year=2026", "").Body.Bytes())
	require.Equal(t, "cn", b["builds_on"])
	require.Equal(t, false, b["provisional"])
	require.Len(t, b["days"], 39)
	b = decoded(t, s.ask("GET", "/api/v1/holidays/site?year=2027", "").Body.Bytes())
	require.Equal(t, true, b["provisional"])
	require.Equal(t, []any{}, b["days"])

	b = decoded(t, s.ask("GET", "/api/v1/holidays/cn/revisions/3/effect", "").Body.Bytes())
	promises := b["cases"].([]any)[0].(map[string]any)["promises"].([]any)
	require.Equal(t, map[string]any{
		"clock": "plan", "cycle": 1.0, "paused": false, "due_before": now.Format(time.RFC3339), "due_after": now.Add(time.Hour).Format(time.RFC3339),
		"provisional_before": true, "provisional_after": false, "breaks": true,
	}, promises[0])
	require.Equal(t, "auto_close", promises[1].(map[string]any)["clock"])

	w := s.ask("POST", "/api/v1/holidays/cn/revisions/3/apply", `{"why":"w"}`, "Accept-Language", "en")
	require.Contains(t, w.Body.String(), `"next":"n","left":7,"left_exact":true`)
	b = decoded(t, w.Body.Bytes())
	failed := b["items"].([]any)[1].(map[string]any)
	require.Equal(t, "failed", failed["result"])
	require.Equal(t, "not_found", failed["code"])
	require.Equal(t, "This is no case number.", failed["detail"])
}

func TestClocks_SayThatTheyAreProvisional(t *testing.T) {
	s := newSite(t)
	p := defect.DefaultPolicy()
	for severity, targets := range p.Severities {
		targets.Calendar = "5x8"
		p.Severities[severity] = targets
	}
	s.c, _ = defect.Open(s.c.Number, s.c.Submission, p, defect.Person{Username: "reporter"}, time.Date(2026, 12, 31, 8, 0, 0, 0, time.UTC), defect.Keyed{})
	b := decoded(t, s.ask("GET", "/api/v1/defects/x", "").Body.Bytes())
	var got []any
	for _, k := range b["clocks"].([]any) {
		got = append(got, k.(map[string]any)["provisional"])
	}
	require.Equal(t, []any{false, false, true}, got, "to respond and to plan fall into this year")
}
