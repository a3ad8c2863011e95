package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/notice"
)

// inboxDesk is what the pages ask of the desk about the notices of who has signed in.
type inboxDesk interface {
	Inbox(ctx context.Context, by desk.Caller, unread bool, before int64, limit int) (desk.NoticePage, error)
	ReadNotices(ctx context.Context, by desk.Caller, upTo int64) (int, error)
}

const (
	// workShown is how many cases each part of one's work shows, inboxShown how many notices stand on a page.
	workShown  = 20
	inboxShown = 10
	// workRead is how many cases are looked at to count those in which a person may take a step.
	workRead = 1000
)

func (p *pages) workRoutes(e *gin.Engine) {
	e.GET("/", p.known(p.work))
	e.POST("/notices/read", p.posted(p.readNotices))
}

// workPage is what waits for a person.
type workPage struct {
	anyCases

	Parts   []part
	Notices []inboxItem
	Unread  int
	UpTo    int64 // the newest notice shown
	Older   int64 // the notice to go on from; 0 when these are all
	Newest  bool  // the newest are shown
	First   *firstSteps
	Away    *away
}

// part is one kind of work.
type part struct {
	Kind  defect.WorkKind
	Rows  []caseRow
	Total int
	More  bool   // there are more than Total
	All   string // where the rest of it is; empty when all is here
	// SignAt is where all of it is signed, one after the other; empty for other work.
	SignAt string
}

// inboxItem is a notice as its reader is told it.
type inboxItem struct {
	URL           string // where the reader goes on; empty where there is nothing to do
	Announced     bool   // it is about no case: only its text says what it is about
	Subject, Text string
	At            time.Time
	Read          bool
}

// work shows what waits for a person, the most urgent first, and what they were told.
func (p *pages) work(c *gin.Context, by desk.Caller) {
	l := language(c)
	out := workPage{anyCases: p.anyCases(c)}
	status := http.StatusOK
	switch err := p.fillWork(c, l, by, &out); {
	case apperr.Is(err, apperr.Unavailable):
		status, out = p.refuse(c, err), workPage{Away: awayFrom(c, by, err)}
	case err != nil:
		p.fail(c, err)
		return
	}
	p.show(c, status, "work", l.Term("web.nav.work"), out)
}

func (p *pages) fillWork(c *gin.Context, l lang.Lang, by desk.Caller, out *workPage) error {
	waiting := 0
	for _, w := range defect.WorkOf(by.Person) {
		one, err := p.part(c, l, by, w)
		if err != nil {
			return err
		}
		out.Parts = append(out.Parts, one)
		waiting += one.Total
	}
	if err := p.inbox(c, l, by, out); err != nil {
		return err
	}
	if waiting > 0 || len(out.Notices) > 0 || !out.Newest {
		return nil
	}
	page, err := p.desk.Defects(c, by, defect.Query{Sort: defect.SortDue, Page: 1, Size: 1})
	if err == nil && page.Total == 0 {
		out.First = p.first(l, by)
	}
	return err
}

// part shows the first of one kind of work, and counts all of it.
func (p *pages) part(c *gin.Context, l lang.Lang, by desk.Caller, w defect.Work) (part, error) {
	found, err := p.waiting(c, by, w)
	if err != nil {
		return part{}, err
	}
	out := part{Kind: w.Kind, Total: found.total, More: found.more, Rows: p.caseRows(l, found.views[:min(len(found.views), workShown)])}
	if out.Total > workShown || out.More {
		out.All = listPath + "?" + listFilters(w.Query).Encode()
	}
	if w.Kind == defect.WorkSign && out.Total > 0 {
		out.SignAt = signOffsPath
	}
	return out, nil
}

// foundWork is the first cases of one kind of work, the most urgent first.
type foundWork struct {
	views []desk.View
	total int
	more  bool // there are more than total
}

// waiting returns what waits for a person of one kind of work.
func (p *pages) waiting(c *gin.Context, by desk.Caller, w defect.Work) (foundWork, error) {
	var out foundWork
	q := w.Query
	q.Page, q.Size = 1, workShown
	if w.Step != "" {
		q.Size = defect.MaxPageSize // who counts what no query can ask for looks at every case
	}
	for read := 0; ; {
		page, err := p.desk.Defects(c, by, q)
		if err != nil {
			return foundWork{}, err
		}
		if w.Step == "" {
			return foundWork{views: page.Items, total: page.Total, more: !page.TotalExact}, nil
		}
		read += len(page.Items)
		for _, v := range page.Items {
			if slices.Contains(v.Allowed, w.Step) {
				out.views = append(out.views, v)
			}
		}
		out.total = len(out.views)
		if out.more = page.Next != "" && read >= workRead; page.Next == "" || out.more {
			return out, nil
		}
		q.After = page.Next
	}
}

// listFilters returns the filters of the list that shows what a query finds.
func listFilters(q defect.Query) url.Values {
	stages := make([]string, len(q.Stages))
	for i, s := range q.Stages {
		stages[i] = string(s)
	}
	out := url.Values{"stage": {strings.Join(stages, ",")}, "sort": {string(q.Sort)}}
	if slices.Equal(q.Stages, defect.OpenStages()) {
		out.Set("stage", openStages)
	}
	if q.Assignee != "" {
		out.Set("assignee", q.Assignee)
	}
	if q.Reporter != "" {
		out.Set("reporter", q.Reporter)
	}
	return out
}

func (p *pages) inbox(c *gin.Context, l lang.Lang, by desk.Caller, out *workPage) error {
	before := int64(countOf(c.Query("before")))
	page, err := p.desk.Inbox(c, by, false, before, inboxShown)
	if err != nil {
		return err
	}
	out.Unread, out.Older, out.Newest = page.Unread, page.Next, before == 0
	for _, n := range page.Items {
		text := l.Notice(n, "")
		said := text.Text
		if at := strings.LastIndex(said, "\n\n"); at >= 0 {
			said = said[:at] // what follows are the facts, which stand on the page anyway
		}
		out.Notices = append(out.Notices, inboxItem{URL: toldOf(n), Announced: n.Number() == "", Subject: text.Subject, Text: said, At: n.At, Read: !n.ReadAt.IsZero()})
		out.UpTo = max(out.UpTo, n.ID)
	}
	return nil
}

// toldOf returns the page on which the reader of a notice goes on.
func toldOf(n notice.Notice) string {
	if number := n.Number(); number != "" {
		return "/defects/" + number
	}
	switch n.Topic {
	case notice.SwapAsked, notice.SwapAgreed, notice.SwapRefused, notice.HandedOver, notice.RosterGap:
		return dutyPath
	case notice.Substitute:
		return signOffsPath
	case notice.Drift:
		return auditPath
	default:
		return ""
	}
}

// readNotices marks what a page has shown as read, and what is older.
func (p *pages) readNotices(c *gin.Context, by desk.Caller) {
	upTo, err := strconv.ParseInt(c.PostForm("up_to"), 10, 64)
	if err != nil || upTo < 1 {
		p.fail(c, apperr.New(apperr.Unreadable, apperr.ReasonUnreadable, nil))
		return
	}
	if _, err := p.desk.ReadNotices(c, by, upTo); err != nil {
		p.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/#inbox")
}
