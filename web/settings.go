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

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/notice"
)

// settingsDesk is what the pages ask of the desk about how somebody wants to be told.
type settingsDesk interface {
	NoticeSettings(ctx context.Context, by desk.Caller) (notice.Settings, error)
	SetNoticeSettings(ctx context.Context, by desk.Caller, s notice.Settings) error
}

const (
	settingsPath = accountPath + "/notices"
	// spareWays is how many more ways the form has room for than there are.
	spareWays = 2
)

func (p *pages) settingsRoutes(e *gin.Engine) {
	e.GET(settingsPath, p.known(p.settings))
	e.POST(settingsPath, p.posted(p.setSettings))
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
