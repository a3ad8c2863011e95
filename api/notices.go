package api

import (
	"context"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/notice"
)

// noticeDesk is what the API asks of the desk about notices.
type noticeDesk interface {
	Inbox(ctx context.Context, by desk.Caller, unread bool, before int64, limit int) (desk.NoticePage, error)
	ReadNotices(ctx context.Context, by desk.Caller, upTo int64) (int, error)
	NoticeSettings(ctx context.Context, by desk.Caller) (notice.Settings, error)
	SetNoticeSettings(ctx context.Context, by desk.Caller, s notice.Settings) error
	Notices(ctx context.Context, by desk.Caller, q desk.NoticeQuery) (desk.NoticePage, error)
	MayReadNotices(by desk.Caller) error
	RetryNotice(ctx context.Context, by desk.Caller, id int64) (notice.Notice, error)
}

// maxNoticeID bounds what is read as an ID.
const maxNoticeID = 1 << 53

func inboxParams() []param {
	return []param{
		{Field: defect.Field{Name: "unread", Type: defect.TypeBool}, summary: "Only what has not been read."},
		{Field: defect.Field{Name: "after", Type: defect.TypeInteger, Min: 1, Max: maxNoticeID}, summary: "The `next` of the page before."},
		pageSize(defect.MaxPageSize, "Notices a page, 20 when none is given."),
	}
}

func noticeParams() []param {
	enum := func(name string, values []string) defect.Field {
		return defect.Field{Name: name, Type: defect.TypeText, Enum: values}
	}
	return []param{
		{Field: enum("state", names(notice.States())), list: true, summary: "States, by commas; failed, unknown and given_up when none is given."},
		{Field: enum("channel", append([]string{notice.Inbox}, notice.Channels()...)), summary: "Channel."},
		{Field: defect.Field{Name: "number", Type: defect.TypeCase, Max: defect.MaxText}, summary: "The case."},
		{Field: defect.Field{Name: "username", Type: defect.TypeText, Max: defect.MaxText}, summary: "Who is told."},
		{Field: defect.Field{Name: "after", Type: defect.TypeInteger, Min: 1, Max: maxNoticeID}, summary: "The `next` of the page before."},
		pageSize(defect.MaxPageSize, "Notices a page, 20 when none is given."),
	}
}

var readFields = []defect.Field{{Name: "up_to", Type: defect.TypeInteger, Min: 1, Max: maxNoticeID, Required: true}}

var noticeSettingFields = []defect.Field{
	{Name: "language", Type: defect.TypeText, Enum: []string{"zh", "en"}},
	{Name: "ways", Type: defect.TypeList, Max: notice.MaxWays, Item: &defect.Field{Type: defect.TypeObject, Fields: []defect.Field{
		{Name: "channel", Type: defect.TypeText, Enum: notice.Channels(), Required: true},
		{Name: "address", Type: defect.TypeText, Max: notice.MaxAddress},
	}}},
	{Name: "quiet", Type: defect.TypeList, Max: notice.MaxQuiet, Item: &defect.Field{Type: defect.TypeText, Max: 11}},
	{Name: "hours", Type: defect.TypeText, Max: 100},
}

type inboxItemBody struct {
	ID       int64           `json:"id"`
	Number   *string         `json:"number" doc:"The case; null for an announcement."`
	Topic    notice.Topic    `json:"topic"`
	Severity defect.Severity `json:"severity"`
	Subject  string          `json:"subject"`
	Text     string          `json:"text"`
	At       time.Time       `json:"at"`
	ReadAt   *time.Time      `json:"read_at"`
}

type inboxBody struct {
	Items  []inboxItemBody `json:"items"`
	Unread int             `json:"unread" doc:"How many are unread; counting stops at 1,000."`
	Next   *int64          `json:"next"`
}

type readNoticesBody struct {
	Read int `json:"read" doc:"How many had not been read."`
}

type noticeSettingsBody struct {
	Language string       `json:"language"`
	Ways     []notice.Way `json:"ways"`
	Quiet    []string     `json:"quiet" doc:"Spans of every day in the site's zone, such as 22:00-07:00, in which only severity 1 comes through."`
	Hours    *string      `json:"hours" doc:"Calendar on whose hours notices of severities 3 and 4 come."`
}

type noticeBody struct {
	ID        int64           `json:"id"`
	Key       string          `json:"key" doc:"What the receiver knows the message by."`
	Number    *string         `json:"number"`
	Seq       *int            `json:"seq" doc:"Of the event; null for an announcement."`
	Topic     notice.Topic    `json:"topic"`
	Severity  defect.Severity `json:"severity"`
	Username  string          `json:"username"`
	Channel   string          `json:"channel"`
	Address   string          `json:"address"`
	State     notice.State    `json:"state"`
	Tries     int             `json:"tries"`
	Error     *string         `json:"error" doc:"Of the last try."`
	NextTry   *time.Time      `json:"next_try"`
	HeldUntil *time.Time      `json:"held_until" doc:"When its reader's hours begin, which it waits or waited for."`
	CreatedAt time.Time       `json:"created_at"`
	DoneAt    *time.Time      `json:"done_at"`
}

type noticesBody struct {
	Items []noticeBody `json:"items"`
	Next  *int64       `json:"next"`
}

// inbox lists what the caller was told, in the language that the request asks for.
func (a *api) inbox(r *request) (any, error) {
	unread := r.boolean("unread")
	page, err := a.desk.Inbox(r, r.by, unread != nil && *unread, int64(r.integer("after", 0)), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	answer := inboxBody{Items: make([]inboxItemBody, 0, len(page.Items)), Unread: page.Unread, Next: nextOf(page.Next)}
	for _, n := range page.Items {
		text := language(r.Context).Notice(n, "")
		answer.Items = append(answer.Items, inboxItemBody{
			ID: n.ID, Number: given(n.Number()), Topic: n.Topic, Severity: n.Severity, Subject: text.Subject, Text: text.Text, At: n.At, ReadAt: moment(n.ReadAt),
		})
	}
	return answer, nil
}

func nextOf(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func (a *api) readNotices(r *request) (any, error) {
	var in struct {
		UpTo int64 `json:"up_to"`
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	n, err := a.desk.ReadNotices(r, r.by, in.UpTo)
	if err != nil {
		return nil, err
	}
	return readNoticesBody{Read: n}, nil
}

func (a *api) noticeSettings(r *request) (any, error) {
	s, err := a.desk.NoticeSettings(r, r.by)
	if err != nil {
		return nil, err
	}
	return settingsOf(s), nil
}

func settingsOf(s notice.Settings) noticeSettingsBody {
	b := noticeSettingsBody{Language: s.Language, Ways: append([]notice.Way{}, s.Ways...), Quiet: []string{}, Hours: given(s.Hours)}
	if b.Language == "" {
		b.Language = "zh"
	}
	for _, q := range s.Quiet {
		b.Quiet = append(b.Quiet, q.String())
	}
	return b
}

// setNoticeSettings replaces how the caller wants to be told.
func (a *api) setNoticeSettings(r *request) (any, error) {
	var in struct {
		notice.Settings
		Quiet []string `json:"quiet"`
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	var wrong apperr.Fields
	for i, text := range in.Quiet {
		q, ok := notice.ParseQuiet(text)
		if !ok {
			wrong.Add("quiet["+strconv.Itoa(i)+"]", apperr.FieldQuiet, nil)
		}
		in.Settings.Quiet = append(in.Settings.Quiet, q)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	if err := a.desk.SetNoticeSettings(r, r.by, in.Settings); err != nil {
		return nil, err
	}
	return settingsOf(in.Settings), nil
}

// notices lists everybody's notices.
func (a *api) notices(r *request) (any, error) {
	q := desk.NoticeQuery{
		Username: r.text("username"), Channel: r.text("channel"), Before: int64(r.integer("after", 0)), Limit: r.integer("page_size", defect.DefaultPageSize),
	}
	if number, ok := defect.ParseNumber(r.text("number")); ok {
		q.Number = number
	}
	for _, s := range r.list("state") {
		if text, ok := s.(string); ok {
			q.States = append(q.States, notice.State(text))
		}
	}
	page, err := a.desk.Notices(r, r.by, q)
	if err != nil {
		return nil, err
	}
	answer := noticesBody{Items: make([]noticeBody, 0, len(page.Items)), Next: nextOf(page.Next)}
	for _, n := range page.Items {
		answer.Items = append(answer.Items, noticeOf(n))
	}
	return answer, nil
}

func noticeOf(n notice.Notice) noticeBody {
	b := noticeBody{
		ID: n.ID, Key: n.Key(), Number: given(n.Number()), Topic: n.Topic, Severity: n.Severity, Username: n.Username, Channel: n.Channel, Address: n.Address,
		State: n.State, Tries: n.Tries, Error: given(n.Error), NextTry: moment(n.DueAt), HeldUntil: moment(n.HeldUntil), CreatedAt: n.CreatedAt, DoneAt: moment(n.DoneAt),
	}
	if n.Seq > 0 {
		b.Seq = &n.Seq
	}
	return b
}

// retryNotice sends a notice again.
func (a *api) retryNotice(r *request) (any, error) {
	id, err := strconv.ParseInt(r.Param("id"), 10, 64)
	if err != nil {
		return nil, apperr.New(apperr.NotFound, apperr.ReasonNoticeUnknown, nil)
	}
	n, err := a.desk.RetryNotice(r, r.by, id)
	if err != nil {
		return nil, err
	}
	return noticeOf(n), nil
}
