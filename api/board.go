package api

import (
	"context"
	"net/http"
	"time"

	"yunwei/defect"
	"yunwei/desk"
)

// boardDesk is what the API asks of the desk about the watch board.
type boardDesk interface {
	MayWatch(by desk.Caller) error
	Board(ctx context.Context, by desk.Caller, limit int) (desk.Board, error)
}

// Limits of the promises that the board names of either kind.
const (
	boardPromises    = 10
	maxBoardPromises = 50
)

// boardRoutes are those of the watch board. Who is on duty is not here twice: /duty says so.
func (a *api) boardRoutes() []route {
	limit := param{Field: defect.Field{Name: "limit", Type: defect.TypeInteger, Min: 1, Max: maxBoardPromises}, summary: "Promises of either kind at most; 10 when none is given."}
	return []route{
		{method: http.MethodGet, path: "/board", id: "board", tag: "board", summary: "The watch board: open cases by stage and severity, promises that are broken or fall due within a day, and what happened on each of the last 30 days at the site.", query: []param{limit}, status: http.StatusOK, answer: boardBody{}, handle: a.board, may: func(r *request) error { return a.desk.MayWatch(r.by) }},
	}
}

type boardBody struct {
	At     time.Time       `json:"at" doc:"When these figures were read."`
	Cases  int             `json:"cases" doc:"Cases that were ever submitted."`
	Open   []openCountBody `json:"open" doc:"Open cases; what there is none of is left out."`
	Soon   watchBody       `json:"soon" doc:"Promises that can still be kept and fall due before until."`
	Until  time.Time       `json:"until"`
	Broken watchBody       `json:"broken" doc:"Promises that are broken and that somebody still waits for."`
	Days   []boardDayBody  `json:"days" doc:"The last days, today's last."`
}

type openCountBody struct {
	Stage    defect.Stage    `json:"stage"`
	Severity defect.Severity `json:"severity"`
	Cases    int             `json:"cases"`
}

type watchBody struct {
	Items      []watchedBody `json:"items" doc:"The soonest due first."`
	Total      int           `json:"total"`
	TotalExact bool          `json:"total_exact"`
}

type watchedBody struct {
	Number   string          `json:"number"`
	Title    string          `json:"title"`
	System   string          `json:"system"`
	Severity defect.Severity `json:"severity"`
	Stage    defect.Stage    `json:"stage"`
	Assignee *string         `json:"assignee" doc:"Who has the case in hand."`
	Clock    clockBody       `json:"clock"`
}

type boardDayBody struct {
	Date      string   `json:"date" doc:"In the site's zone: 2026-11-23."`
	Submitted int      `json:"submitted" doc:"Cases."`
	Ended     int      `json:"ended" doc:"Cases that were closed, converted, withdrawn or found to be duplicates."`
	Kept      int      `json:"kept" doc:"Promises that were met in time on this day."`
	Broken    int      `json:"broken" doc:"Promises whose due time passed on this day."`
	Rate      *float64 `json:"rate" doc:"kept / (kept + broken); null when none was decided."`
}

func (a *api) board(r *request) (any, error) {
	b, err := a.desk.Board(r, r.by, r.integer("limit", boardPromises))
	if err != nil {
		return nil, err
	}
	answer := boardBody{
		At: b.At.UTC(), Cases: b.Cases, Until: b.Until.UTC(), Soon: watchOf(b.Soon), Broken: watchOf(b.Broken),
		Open: make([]openCountBody, 0, len(b.Open)), Days: make([]boardDayBody, 0, len(b.Days)),
	}
	for _, c := range b.Open {
		answer.Open = append(answer.Open, openCountBody{Stage: c.Stage, Severity: c.Severity, Cases: c.N})
	}
	for _, d := range b.Days {
		day := boardDayBody{Date: d.From.Format(time.DateOnly), Submitted: d.Submitted, Ended: d.Ended, Kept: d.Kept, Broken: d.Broken}
		if rate, ok := d.Rate(); ok {
			day.Rate = &rate
		}
		answer.Days = append(answer.Days, day)
	}
	return answer, nil
}

func watchOf(w desk.Watch) watchBody {
	b := watchBody{Items: make([]watchedBody, 0, len(w.Items)), Total: w.Total, TotalExact: w.TotalExact}
	for _, p := range w.Items {
		b.Items = append(b.Items, watchedBody{
			Number: p.Number, Title: p.Submission.Title, System: p.Submission.System, Severity: p.Severity, Stage: p.Stage, Assignee: given(p.Assignee),
			Clock: clockOf(p.Clock, p.Provisional(p.Clock)),
		})
	}
	return b
}
