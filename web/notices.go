package web

import (
	"cmp"
	"context"
	"maps"
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

// noticeDesk is what the pages ask of the desk about everybody's notices, and about how somebody wants to be told.
type noticeDesk interface {
	MayReadNotices(by desk.Caller) error
	MayRetryNotices(by desk.Caller) error
	Notices(ctx context.Context, by desk.Caller, q desk.NoticeQuery) (desk.NoticePage, error)
	RetryNotice(ctx context.Context, by desk.Caller, id int64) (notice.Notice, error)
	NoticeSettings(ctx context.Context, by desk.Caller) (notice.Settings, error)
	SetNoticeSettings(ctx context.Context, by desk.Caller, s notice.Settings) error
}

const (
	noticesPath  = "/notices"
	settingsPath = accountPath + "/notices"
	// noticesShown is how many notices a page of everybody's has.
	noticesShown = 50
	// spareWays is how many more ways the form has room for than there are.
	spareWays = 2
	// stateAny stands in an address for notices of every state.
	stateAny = "any"
)

// noticeRoutes are the pages of notices and of how somebody wants to be told.
func (p *pages) noticeRoutes(e *gin.Engine) {
	e.GET(noticesPath, p.known(p.notices))
	e.POST(noticesPath+"/:id/retry", p.posted(p.retryNotice))
	e.GET(settingsPath, p.known(p.settings))
	e.POST(settingsPath, p.posted(p.setSettings))
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

// settingsPage is the form of how somebody wants to be told.
type settingsPage struct {
	Did      string
	Wrong    string
	Language control
	Hours    control
	Ways     []wayRow
	Quiet    []quietRow
}

// wayRow is a line of the form: a channel, and the address there.
type wayRow struct {
	N        int
	Channels []option
	Address  string
	Error    string
}

// quietRow is a line of the form: a span of every day.
type quietRow struct {
	N        int
	From, To string
	Error    string
}

func (p *pages) settings(c *gin.Context, by desk.Caller) {
	s, err := p.desk.NoticeSettings(c, by)
	if err != nil {
		p.fail(c, err)
		return
	}
	values := url.Values{"language": {cmp.Or(s.Language, string(lang.Chinese))}, "hours": {s.Hours}}
	for _, w := range s.Ways {
		values.Add("channel", w.Channel)
		values.Add("address", w.Address)
	}
	for _, q := range s.Quiet {
		from, to, _ := strings.Cut(q.String(), "-")
		values.Add("quiet_from", from)
		values.Add("quiet_to", to)
	}
	p.showSettings(c, by, http.StatusOK, filled{values: values})
}

// showSettings shows the form as it is, or as it was filled in when it was refused.
func (p *pages) showSettings(c *gin.Context, by desk.Caller, status int, was filled) {
	l := language(c)
	out := settingsPage{Did: didOf(c, l)}
	f := plainForm{l: l, id: "settings"}
	lines, others := lineFaults(l, was.err, map[string][]int{"ways": filledLines(was.values, "ways"), "quiet": filledLines(was.values, "quiet")})
	f.wrong, out.Wrong = faults(l, others, "language", "hours")
	var languages []option
	for _, one := range lang.Langs() {
		languages = append(languages, option{Value: string(one), Label: one.Term("web.account.tongue"), Chosen: string(one) == was.values.Get("language")})
	}
	hours := []option{{Label: l.Term("web.settings.any_time"), Chosen: was.values.Get("hours") == ""}}
	for _, name := range slices.Sorted(maps.Keys(p.desk.Policy(c, by).Calendars)) {
		hours = append(hours, option{Value: name, Label: name, Chosen: name == was.values.Get("hours")})
	}
	f.add(control{Name: "language", Label: l.Term("web.settings.language"), Kind: kindSelect, Options: languages})
	f.add(control{Name: "hours", Label: l.Term("web.settings.hours"), Kind: kindSelect, Options: hours, Hint: l.Term("web.settings.hours_hint")})
	out.Language, out.Hours = f.list[0], f.list[1]
	for i := range min(notice.MaxWays, len(was.values["channel"])+spareWays) {
		row := wayRow{N: i + 1, Address: nth(was.values, "address", i), Error: lines["ways"][i], Channels: []option{{}}}
		for _, channel := range notice.Channels() {
			row.Channels = append(row.Channels, option{Value: channel, Label: l.Term(channelKeys[channel]), Chosen: channel == nth(was.values, "channel", i)})
		}
		out.Ways = append(out.Ways, row)
	}
	for i := range min(notice.MaxQuiet, len(was.values["quiet_from"])+1) {
		out.Quiet = append(out.Quiet, quietRow{N: i + 1, From: nth(was.values, "quiet_from", i), To: nth(was.values, "quiet_to", i), Error: lines["quiet"][i]})
	}
	p.show(c, status, "settings", l.Term("web.settings.title"), out)
}

// filledLines are the lines of a list of the form that hold something.
func filledLines(values url.Values, list string) []int {
	fields := []string{"channel", "address"}
	if list == "quiet" {
		fields = []string{"quiet_from", "quiet_to"}
	}
	var out []int
	for i := range max(len(values[fields[0]]), len(values[fields[1]])) {
		if nth(values, fields[0], i) != "" || nth(values, fields[1], i) != "" {
			out = append(out, i)
		}
	}
	return out
}

// setSettings keeps how somebody wants to be told.
func (p *pages) setSettings(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	s := notice.Settings{Language: values.Get("language"), Hours: values.Get("hours")}
	for _, i := range filledLines(values, "ways") {
		s.Ways = append(s.Ways, notice.Way{Channel: nth(values, "channel", i), Address: nth(values, "address", i)})
	}
	var wrong apperr.Fields
	for n, i := range filledLines(values, "quiet") {
		q, ok := notice.ParseQuiet(nth(values, "quiet_from", i) + "-" + nth(values, "quiet_to", i))
		if !ok {
			wrong.Add("quiet["+strconv.Itoa(n)+"]", apperr.FieldQuiet, nil)
		}
		s.Quiet = append(s.Quiet, q)
	}
	err := wrong.Err()
	if err == nil {
		err = p.desk.SetNoticeSettings(c, by, s)
	}
	switch {
	case apperr.Is(err, apperr.Invalid):
		status, was := p.refused(c, values, err)
		p.showSettings(c, by, status, was)
	case err != nil:
		p.fail(c, err)
	default:
		c.Redirect(http.StatusSeeOther, settingsPath+"?did=saved")
	}
}

// Tried returns when the notice is tried again; the zero time when it is not.
func (v noticeView) Tried() time.Time {
	if v.Notice.State.Done() {
		return time.Time{}
	}
	return v.DueAt
}
