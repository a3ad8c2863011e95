package web

import (
	"context"
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
)

// noticeDesk is what the pages ask of the desk about notices.
type noticeDesk interface {
	Inbox(ctx context.Context, by desk.Caller, unread bool, before int64, limit int) (desk.NoticePage, error)
	ReadNotices(ctx context.Context, by desk.Caller, upTo int64) (int, error)
}

const (
	// workShown is how many cases each part of one's work shows, noticesShown how many notices stand on a page.
	workShown    = 20
	noticesShown = 10
)

// workPage is what waits for a person.
type workPage struct {
	Parts   []part
	Notices []noticeView
	Unread  int
	UpTo    int64 // the newest notice shown
	Older   int64 // the notice to go on from; 0 when these are all
	Newest  bool  // the newest are shown
}

// part is one kind of work.
type part struct {
	Key   string // of its heading: web.work. and this
	Rows  []row
	Total int
	All   string // where the rest of it is; empty when all is here
}

// noticeView is a notice as it is told.
type noticeView struct {
	Number        string // of the case; empty of an announcement
	Subject, Text string
	At            time.Time
	Read          bool
}

// question asks for one part of somebody's work.
type question struct {
	key  string
	ask  defect.Query
	keep func(desk.View) bool // nil: every one
	all  url.Values
}

// questions returns what may wait for a person, by what they do.
func questions(by desk.Caller) []question {
	var out []question
	open := stillOpen()
	if by.Has(defect.RoleSupervisor) || by.StandsInFor(defect.RoleSupervisor) {
		out = append(out, question{
			key: "sign", ask: defect.Query{Stages: []defect.Stage{defect.SignOff}}, all: url.Values{"stage": {string(defect.SignOff)}},
			keep: func(v desk.View) bool { return slices.Contains(v.Allowed, defect.ActSign) },
		})
	}
	if by.Has(defect.RoleAgent) {
		out = append(out,
			question{key: "fresh", ask: defect.Query{Stages: []defect.Stage{defect.Submitted}}, all: url.Values{"stage": {string(defect.Submitted)}}},
			question{
				key: "finish", ask: defect.Query{Stages: []defect.Stage{defect.Verification, defect.Reply}},
				all: url.Values{"stage": {string(defect.Verification) + "," + string(defect.Reply)}},
			})
	}
	if defect.MayBeAssigned(by.Person) {
		out = append(out, question{key: "mine", ask: defect.Query{Assignee: by.Username, Stages: open}, all: url.Values{"assignee": {by.Username}, "stage": {openStages}}})
	}
	if by.Has(defect.RoleReporter) {
		out = append(out, question{key: "reported", ask: defect.Query{Reporter: by.Username, Stages: open}, all: url.Values{"stage": {openStages}}})
	}
	return out
}

// work shows what waits for a person, the most urgent first, and what they were told.
func (p *pages) work(c *gin.Context, by desk.Caller) {
	l := language(c)
	var out workPage
	for _, q := range questions(by) {
		one, err := p.part(c, l, by, q)
		if err != nil {
			p.fail(c, err)
			return
		}
		out.Parts = append(out.Parts, one)
	}
	if err := p.inbox(c, l, by, &out); err != nil {
		p.fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "work", l.Term("web.nav.work"), out)
}

func (p *pages) part(c *gin.Context, l lang.Lang, by desk.Caller, q question) (part, error) {
	q.ask.Sort, q.ask.Page, q.ask.Size = defect.SortDue, 1, workShown
	q.all.Set("sort", string(defect.SortDue))
	page, err := p.desk.Defects(c, by, q.ask)
	if err != nil {
		return part{}, err
	}
	out := part{Key: q.key, Total: page.Total}
	if q.keep != nil {
		kept := slices.DeleteFunc(slices.Clone(page.Items), func(v desk.View) bool { return !q.keep(v) })
		out.Total -= len(page.Items) - len(kept)
		page.Items = kept
	}
	if page.Next != "" {
		out.All = "/defects?" + q.all.Encode()
	}
	out.Rows = p.rows(l, page.Items)
	return out, nil
}

func (p *pages) inbox(c *gin.Context, l lang.Lang, by desk.Caller, out *workPage) error {
	before := int64(number(c.Query("before")))
	page, err := p.desk.Inbox(c, by, false, before, noticesShown)
	if err != nil {
		return err
	}
	out.Unread, out.Older, out.Newest = page.Unread, page.Next, before == 0
	for _, n := range page.Items {
		text := l.Notice(n, "")
		out.Notices = append(out.Notices, noticeView{Number: n.Number(), Subject: text.Subject, Text: text.Text, At: n.At, Read: !n.ReadAt.IsZero()})
		out.UpTo = max(out.UpTo, n.ID)
	}
	return nil
}

// readNotices marks what a page has shown as read, and what is older.
func (p *pages) readNotices(c *gin.Context, by desk.Caller) {
	if err := readForm(c); err != nil {
		p.fail(c, err)
		return
	}
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
