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

// noticeDesk is what the pages ask of the desk about everybody's notices.
type noticeDesk interface {
	MayReadNotices(by desk.Caller) error
	MayRetryNotices(by desk.Caller) error
	Notices(ctx context.Context, by desk.Caller, q desk.NoticeQuery) (desk.NoticePage, error)
	RetryNotice(ctx context.Context, by desk.Caller, id int64) (notice.Notice, error)
}

const (
	noticesPath = "/notices"
	// noticesShown is how many notices a page of everybody's has.
	noticesShown = 50
	// stateAny stands in an address for notices of every state.
	stateAny = "any"
)

func (p *pages) noticeRoutes(e *gin.Engine) {
	e.GET(noticesPath, p.known(p.notices))
	e.POST(noticesPath+"/:id/retry", p.posted(p.retryNotice))
}

// stateKeys name the states of notices.
var stateKeys = map[notice.State]string{
	notice.Pending: "web.notice_state.pending", notice.Sending: "web.notice_state.sending", notice.Sent: "web.notice_state.sent",
	notice.Failed: "web.notice_state.failed", notice.Unknown: "web.notice_state.unknown", notice.GivenUp: "web.notice_state.given_up",
}

// channelKeys name the channels.
var channelKeys = map[string]string{
	notice.Inbox: "web.way.inbox", notice.Mail: "web.way.mail", notice.DingTalk: "web.way.dingtalk", notice.WeCom: "web.way.wecom",
	notice.Feishu: "web.way.feishu", notice.Webhook: "web.way.webhook",
}

// noticesPage is the list of everybody's notices with its filters.
type noticesPage struct {
	Did              string
	States, Channels []option
	Username, Number string
	BadNumber        string
	Items            []noticeView
	Filtered         bool
	Pager            pager
	Query            string // all that the address asks for, for the way back
}

// noticeView is a notice as those see it who see to it that it arrives.
type noticeView struct {
	notice.Notice
	Subject, Name  string
	Channel, State string
	Undelivered    bool
	Retries        bool
}

// Tried returns when the notice is tried again; the zero time when it is not.
func (v noticeView) Tried() time.Time {
	if v.Notice.State.Done() {
		return time.Time{}
	}
	return v.DueAt
}

// notices lists everybody's notices: what has not arrived, unless the address asks for something else.
func (p *pages) notices(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayReadNotices(by); err != nil {
		p.fail(c, err)
		return
	}
	l, values := language(c), c.Request.URL.Query()
	q, out := noticeFilters(l, values)
	out.Did = didOf(c, l)
	if out.BadNumber != "" {
		p.show(c, http.StatusUnprocessableEntity, "notices", l.Term("web.notices.title"), out)
		return
	}
	page, err := p.desk.Notices(c, by, q)
	if err != nil {
		p.fail(c, err)
		return
	}
	out.Items, out.Pager = p.noticeViews(l, by, page.Items), around(noticesPath, values, cursorOf(q.Before), cursorOf(page.Next))
	p.show(c, http.StatusOK, "notices", l.Term("web.notices.title"), out)
}

// noticeFilters reads the filters of an address, and draws them as they are set.
func noticeFilters(l lang.Lang, values url.Values) (desk.NoticeQuery, noticesPage) {
	out := noticesPage{Username: values.Get("username"), Number: values.Get("number"), Query: values.Encode()}
	q := desk.NoticeQuery{Username: strings.ToLower(strings.TrimSpace(out.Username)), Before: int64(countOf(values.Get("after"))), Limit: noticesShown}
	if values.Get("state") == stateAny {
		q.States = notice.States()
	}
	out.States = append(out.States, option{Value: stateAny, Label: l.Term("web.list.any"), Chosen: len(q.States) > 0})
	for _, s := range notice.States() {
		chosen := values.Get("state") == string(s)
		out.States = append(out.States, option{Value: string(s), Label: l.Term(stateKeys[s]), Chosen: chosen})
		if chosen {
			q.States = []notice.State{s}
		}
	}
	for _, channel := range append([]string{notice.Inbox}, notice.Channels()...) {
		chosen := values.Get("channel") == channel
		out.Channels = append(out.Channels, option{Value: channel, Label: l.Term(channelKeys[channel]), Chosen: chosen})
		if chosen {
			q.Channel = channel
		}
	}
	if text := strings.TrimSpace(out.Number); text != "" {
		known := false
		if q.Number, known = defect.ParseNumber(text); !known {
			out.BadNumber = l.Term(string(apperr.FieldNumber))
		}
	}
	out.Filtered = len(q.States) > 0 || q.Channel != "" || q.Username != "" || out.Number != ""
	return q, out
}

// cursorOf writes the ID that a page begins behind; nothing for the first.
func cursorOf(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func (p *pages) noticeViews(l lang.Lang, by desk.Caller, list []notice.Notice) []noticeView {
	usernames := make([]string, len(list))
	for i, n := range list {
		usernames[i] = n.Username
	}
	names, mayRetry := p.desk.Names(usernames...), p.desk.MayRetryNotices(by) == nil
	out := make([]noticeView, len(list))
	for i, n := range list {
		undelivered := slices.Contains(notice.Undelivered(), n.State)
		out[i] = noticeView{
			Notice: n, Subject: l.Notice(n, "").Subject, Name: nameIn(names, n.Username), Channel: l.Term(channelKeys[n.Channel]), State: l.Term(stateKeys[n.State]),
			Undelivered: undelivered, Retries: mayRetry && undelivered,
		}
	}
	return out
}

// retryNotice has a notice sent again, and goes back to the list as it was filtered.
func (p *pages) retryNotice(c *gin.Context, by desk.Caller) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		err = apperr.New(apperr.NotFound, apperr.ReasonNoticeUnknown, nil)
	} else {
		_, err = p.desk.RetryNotice(c, by, id)
	}
	if err != nil {
		p.fail(c, err)
		return
	}
	back, _ := url.ParseQuery(c.PostForm("back")) // what cannot be read filters nothing
	back.Del("lang")
	back.Set("did", "retried")
	c.Redirect(http.StatusSeeOther, noticesPath+"?"+back.Encode())
}
