package web

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// boardDesk is what the pages ask of the desk about the watch board.
type boardDesk interface {
	Board(ctx context.Context, by desk.Caller, limit int) (desk.Board, error)
	BoardDuty(ctx context.Context, by desk.Caller) (desk.Duty, error)
}

const (
	boardPath = "/board"
	// boardShown is how many promises of either kind the board names, wallShown how many find room on a wall.
	boardShown = 10
	wallShown  = 6
	// heats is how many shades tell how many cases there are.
	heats = 4
)

func (p *pages) boardRoutes(e *gin.Engine) {
	e.GET(boardPath, p.known(p.board))
}

// onWall reports whether a page is for a screen on a wall: without the ways to elsewhere, larger, and loaded again by itself,
// also when it tells of an error that may be over then.
func onWall(c *gin.Context) bool { return c.FullPath() == boardPath && c.Query("wall") == "1" }

// boardPage is the watch board.
type boardPage struct {
	anyCases

	Wall     bool
	At       time.Time
	Away     bool // what only SQL knows cannot be shown
	Empty    bool // no case was ever submitted
	May      bool // the reader may submit one
	Open     int
	Stages   []boardStage
	Sums     []int // of the open cases, by severity
	Soon     watchView
	Broken   watchView
	Charts   []chart
	Days     []boardDay
	Total    boardDay
	DutyAway bool
	Rostered bool
	Duty     []boardDuty
}

// boardStage is the open cases of a stage.
type boardStage struct {
	Stage defect.Stage
	Cells []boardCell
	N     int
	URL   string
}

// boardCell is the open cases of a stage and a severity.
type boardCell struct {
	N, Heat int
	URL     string
}

// watchView is promises to watch.
type watchView struct {
	Items []watchedView
	Total int
	Over  bool // there are more than Total
	More  int  // that are not named here
	All   string
}

type watchedView struct {
	desk.Watched
	Promise  clockView
	Assignee string
}

// boardDay is the figures of a day, or of all.
type boardDay struct {
	From time.Time
	desk.DayFigures
}

// Share returns the share of promises that were kept, empty where none was decided. It never says 100% where one was broken.
func (d boardDay) Share() string {
	rate, ok := d.Rate()
	if !ok {
		return ""
	}
	return strconv.FormatFloat(math.Floor(rate*1000)/10, 'f', -1, 64) + "%"
}

// Date is the day at the site.
func (d boardDay) Date() string { return d.From.Format(time.DateOnly) }

// boardDuty is a shift that somebody has now.
type boardDuty struct {
	roster.Assignment
	Names []string
}

// board shows the desk, or a wall, how things stand. While SQL is away it shows who is on duty all the same.
func (p *pages) board(c *gin.Context, by desk.Caller) {
	out := boardPage{anyCases: p.anyCases(c), Wall: onWall(c), At: p.now(), May: defect.MaySubmit(by.Person)}
	limit := boardShown
	if out.Wall {
		limit = wallShown
	}
	status, l := http.StatusOK, language(c)
	b, err := p.desk.Board(c, by, limit)
	if out.Away = apperr.Is(err, apperr.Unavailable); out.Away {
		status = p.refuse(c, err)
	} else if err != nil {
		p.fail(c, err)
		return
	}
	if !out.Away {
		out.figures(p, l, b)
	}
	duty, err := p.desk.BoardDuty(c, by)
	if err := ifNotAway(err, &out.DutyAway); err != nil {
		p.fail(c, err)
		return
	}
	out.Rostered, out.Duty = duty.Rostered, p.onDuty(duty.Assignments)
	p.show(c, status, "board", l.Term("web.board.title"), out)
}

// figures fills in what SQL knows.
func (out *boardPage) figures(p *pages, l lang.Lang, b desk.Board) {
	out.At, out.Empty = b.At, b.Cases == 0
	out.matrix(b.Open)
	out.Soon = p.watch(l, b.Soon, url.Values{"stage": {openStages}, "sort": {string(defect.SortDue)}})
	out.Broken = p.watch(l, b.Broken, url.Values{"stage": {openStages}, "sort": {string(defect.SortDue)}, "overdue": {"true"}})
	out.trend(l, b.Days)
}

// matrix sorts the open cases by stage and severity.
func (out *boardPage) matrix(open []desk.OpenCount) {
	count := map[desk.OpenCount]int{}
	most := 0
	for _, c := range open {
		most = max(most, c.N)
		count[desk.OpenCount{Stage: c.Stage, Severity: c.Severity}] = c.N
		out.Open += c.N
	}
	severities := []defect.Severity{1, 2, 3, 4}
	out.Sums = make([]int, len(severities))
	for _, stage := range defect.OpenStages() {
		row := boardStage{Stage: stage, URL: listPath + "?" + url.Values{"stage": {string(stage)}}.Encode()}
		for i, s := range severities {
			n := count[desk.OpenCount{Stage: stage, Severity: s}]
			row.N += n
			out.Sums[i] += n
			cell := boardCell{N: n, URL: listPath + "?" + url.Values{"stage": {string(stage)}, "severity": {strconv.Itoa(int(s))}}.Encode()}
			if n > 0 {
				cell.Heat = 1 + (n-1)*heats/most
			}
			row.Cells = append(row.Cells, cell)
		}
		out.Stages = append(out.Stages, row)
	}
}

// watch tells of promises to watch; the list with all of them is that of a query.
func (p *pages) watch(l lang.Lang, w desk.Watch, all url.Values) watchView {
	out := watchView{Total: w.Total, Over: !w.TotalExact, More: max(w.Total-len(w.Items), 0), All: listPath + "?" + all.Encode()}
	var usernames []string
	for _, one := range w.Items {
		usernames = append(usernames, one.Assignee)
	}
	names := p.desk.Names(usernames...)
	for _, one := range w.Items {
		v := watchedView{Watched: one, Promise: p.clockOf(l, &one.Case, one.Clock)}
		if one.Assignee != "" {
			v.Assignee = nameIn(names, one.Assignee)
		}
		out.Items = append(out.Items, v)
	}
	return out
}

// trend draws the last days and adds them up.
func (out *boardPage) trend(l lang.Lang, days []desk.Day) {
	var from []time.Time
	var cases, promises [][]figure
	var ofCases, ofPromises []string
	for _, d := range days {
		one := boardDay(d)
		out.Days = append(out.Days, one)
		out.Total.Submitted += d.Submitted
		out.Total.Ended += d.Ended
		out.Total.Kept += d.Kept
		out.Total.Broken += d.Broken
		from = append(from, d.From)
		cases = append(cases, []figure{{"submitted", d.Submitted}, {"ended", d.Ended}})
		promises = append(promises, []figure{{"broken", d.Broken}, {"kept", d.Kept}})
		ofCases = append(ofCases, one.Date()+" "+l.Text("web.board.cases_told", numbers("submitted", d.Submitted, "ended", d.Ended)))
		ofPromises = append(ofPromises, one.Date()+" "+l.Text("web.board.promises_told", numbers("kept", d.Kept, "broken", d.Broken)))
	}
	sum := out.Total
	out.Charts = []chart{
		drawDays("cases", l.Text("web.board.cases_told", numbers("submitted", sum.Submitted, "ended", sum.Ended)), from, cases, ofCases, false),
		drawDays("promises", l.Text("web.board.promises_told", numbers("kept", sum.Kept, "broken", sum.Broken)), from, promises, ofPromises, true),
	}
	slices.Reverse(out.Days) // the latest first in the table
}

// numbers are the arguments of a text with two of them.
func numbers(a string, n int, b string, m int) apperr.Args {
	return apperr.Args{a: strconv.Itoa(n), b: strconv.Itoa(m)}
}

// onDuty names those who are on duty.
func (p *pages) onDuty(list []roster.Assignment) []boardDuty {
	names := p.desk.Names(roster.People(list)...)
	out := make([]boardDuty, 0, len(list))
	for _, a := range list {
		v := boardDuty{Assignment: a}
		for _, person := range a.People {
			v.Names = append(v.Names, nameIn(names, person))
		}
		out = append(out, v)
	}
	return out
}
