package api

import (
	"time"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
)

// The shapes of answers. Every documented key is always there; what is not known is null. Times are in UTC, durations in
// seconds.

type userBody struct {
	Username string        `json:"username"`
	Name     string        `json:"name"`
	Roles    []defect.Role `json:"roles"`
}

type sessionBody struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	User      userBody  `json:"user"`
}

func userOf(p defect.Person) userBody {
	return userBody{Username: p.Username, Name: p.Name, Roles: append([]defect.Role{}, p.Roles...)}
}

type defectBody struct {
	Number         string           `json:"number"`
	Title          string           `json:"title"`
	Description    string           `json:"description"`
	Severity       defect.Severity  `json:"severity"`
	System         string           `json:"system"`
	Module         *string          `json:"module"`
	Channel        defect.Channel   `json:"channel"`
	Impact         *string          `json:"impact"`
	AssetID        *string          `json:"asset_id"`
	Follows        *string          `json:"follows"`
	OccurredAt     *time.Time       `json:"occurred_at"`
	Reporter       reporterBody     `json:"reporter"`
	Stage          defect.Stage     `json:"stage"`
	Category       *string          `json:"category"`
	Assignee       *string          `json:"assignee"`
	Level          defect.Level     `json:"level"`
	WaitingFor     []defect.Waiting `json:"waiting_for"`
	Version        int              `json:"version"`
	Cycle          int              `json:"cycle"`
	Policy         string           `json:"policy,omitempty"`
	Clocks         []clockBody      `json:"clocks"`
	AllowedActions []defect.Action  `json:"allowed_actions"`
	SignOffCode    string           `json:"sign_off_code,omitempty" doc:"Signs the current proposal by signal; only for who may sign it."`
	ResultsBody
	Past        []ResultsBody `json:"past" doc:"What the cycles before a reopening had brought."`
	Explanation *string       `json:"explanation"`
	DuplicateOf *string       `json:"duplicate_of"`
	Attachments int           `json:"attachments" doc:"How many files are on the case."`
	CreatedAt   time.Time     `json:"created_at"`
	UpdatedAt   time.Time     `json:"updated_at"`
	ClosedAt    *time.Time    `json:"closed_at"`
	CloseReason *string       `json:"close_reason"`
	AutoCloseAt *time.Time    `json:"auto_close_at"`
	// AutoCloseProvisional is what provisional is for a clock.
	AutoCloseProvisional bool `json:"auto_close_provisional" doc:"auto_close_at depends on days past the last known holiday notice, and may still move."`
}

// ResultsBody is what one cycle of a case has brought. It is exported because what a struct takes in by an unexported type is
// left out of the schema.
type ResultsBody struct {
	Proposal      *defect.Proposal      `json:"proposal"`
	SignOffs      []signOffBody         `json:"sign_offs"`
	ChangeRecord  *defect.ChangeRecord  `json:"change_record"`
	Verification  *defect.Finding       `json:"verification"`
	ServiceReport *defect.ServiceReport `json:"service_report"`
	Answer        *defect.Answer        `json:"answer"`
	Acceptance    *defect.Acceptance    `json:"acceptance"`
	ReopenReason  *string               `json:"reopen_reason"`
}

type signOffBody struct {
	By       string          `json:"by"`
	For      *string         `json:"for" doc:"The absent supervisor for whom the substitute signed."`
	Decision defect.Decision `json:"decision"`
	Comment  *string         `json:"comment"`
	At       time.Time       `json:"at"`
	Proposal int             `json:"proposal"`
}

type reporterBody struct {
	Username *string `json:"username"`
	Name     *string `json:"name"`
	Unit     *string `json:"unit"`
	Phone    *string `json:"phone"`
	Email    *string `json:"email"`
}

type clockBody struct {
	Name       defect.ClockName  `json:"name"`
	Cycle      int               `json:"cycle"`
	Target     float64           `json:"target" doc:"Seconds of counted time."`
	Calendar   string            `json:"calendar"`
	StartedAt  time.Time         `json:"started_at"`
	DueAt      *time.Time        `json:"due_at" doc:"Null while the clock is paused."`
	State      defect.ClockState `json:"state"`
	MetAt      *time.Time        `json:"met_at"`
	BreachedAt *time.Time        `json:"breached_at"`
	LateBy     *float64          `json:"late_by" doc:"Seconds after the due time that the breach was noticed, or the promise met after all."`
	PausedFor  float64           `json:"paused_for" doc:"Seconds of counted time."`
	// Provisional is that of the due time.
	Provisional bool `json:"provisional" doc:"The due time depends on days past the last known holiday notice, and may still move."`
}

// given returns nil for what was not said.
func given[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	text := string(s)
	return &text
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func defectOf(v desk.View) defectBody {
	s := v.Submission
	b := defectBody{
		Number: v.Number, Title: s.Title, Description: s.Description, Severity: v.Severity, System: s.System, Module: given(s.Module),
		Channel: s.Channel, Impact: given(s.Impact), AssetID: given(s.AssetID), Follows: given(s.Follows), OccurredAt: moment(s.OccurredAt),
		Reporter: reporterBody{given(s.Reporter.Username), given(s.Reporter.Name), given(s.Reporter.Unit), given(s.Reporter.Phone), given(s.Reporter.Email)},
		Stage:    v.Stage, Category: given(v.Category), Assignee: given(v.Assignee), Level: v.Level, WaitingFor: append([]defect.Waiting{}, v.Waiting...),
		Version: v.Version, Cycle: v.Cycle, Policy: v.Case.Policy.Name, Clocks: make([]clockBody, 0, len(v.Clocks)),
		AllowedActions: append([]defect.Action{}, v.Allowed...), SignOffCode: v.Code,
		ResultsBody: resultsOf(v.Results), Past: make([]ResultsBody, 0, len(v.Past)),
		Explanation: given(v.Explanation), DuplicateOf: given(v.DuplicateOf), Attachments: v.Files,
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, ClosedAt: moment(v.ClosedAt), CloseReason: given(v.CloseReason), AutoCloseAt: moment(v.AutoCloseAt),
		AutoCloseProvisional: v.SilenceProvisional(),
	}
	for _, k := range v.Clocks {
		b.Clocks = append(b.Clocks, clockOf(k, v.Provisional(k)))
	}
	for _, r := range v.Past {
		b.Past = append(b.Past, resultsOf(r))
	}
	return b
}

func resultsOf(r defect.Results) ResultsBody {
	b := ResultsBody{
		Proposal: r.Proposal, SignOffs: make([]signOffBody, 0, len(r.SignOffs)), ChangeRecord: r.ChangeRecord, Verification: r.Verification,
		ServiceReport: r.ServiceReport, Answer: r.Answer, Acceptance: r.Acceptance, ReopenReason: given(r.ReopenReason),
	}
	for _, s := range r.SignOffs {
		b.SignOffs = append(b.SignOffs, signOffBody{By: s.By, For: given(s.For), Decision: s.Decision, Comment: given(s.Comment), At: s.At, Proposal: s.Proposal})
	}
	return b
}

func clockOf(k defect.Clock, provisional bool) clockBody {
	b := clockBody{
		Name: k.Name, Cycle: k.Cycle, Target: k.Target.Seconds(), Calendar: k.Calendar, StartedAt: k.StartedAt, DueAt: moment(k.DueAt),
		State: k.State(), MetAt: moment(k.MetAt), BreachedAt: moment(k.BreachedAt), PausedFor: k.PausedFor.Seconds(), Provisional: provisional,
	}
	if !k.BreachedAt.IsZero() {
		late := k.LateBy.Seconds()
		b.LateBy = &late
	}
	return b
}

type listBody struct {
	Items      []defectBody `json:"items"`
	Total      int          `json:"total"`
	TotalExact bool         `json:"total_exact"`
	Page       *int         `json:"page" doc:"Null when the page was asked for by cursor."`
	PageSize   int          `json:"page_size"`
	Next       *string      `json:"next" doc:"Cursor of the next page; null after the last."`
}

type similarBody struct {
	Items []defectBody `json:"items"`
}

type eventsBody struct {
	Items []eventBody `json:"items"`
	Next  *int        `json:"next" doc:"The seq to go on after; null after the last."`
}

type eventBody struct {
	Seq   int            `json:"seq"`
	Kind  defect.Kind    `json:"kind"`
	At    time.Time      `json:"at"`
	Actor *actorBody     `json:"actor" doc:"Null for what happened without a caller."`
	Data  map[string]any `json:"data"`
}

type actorBody struct {
	Username string      `json:"username"`
	Name     string      `json:"name"`
	Role     defect.Role `json:"role"`
}

type attachmentBody struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Type       string    `json:"type" doc:"Told by the content."`
	Size       int64     `json:"size" doc:"Bytes."`
	SHA256     string    `json:"sha256"`
	UploadedBy string    `json:"uploaded_by"`
	UploadedAt time.Time `json:"uploaded_at"`
}

func attachmentOf(a defect.Attachment) attachmentBody {
	return attachmentBody{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.Sum, UploadedBy: a.UploadedBy, UploadedAt: a.UploadedAt}
}

type attachmentsBody struct {
	Items []attachmentBody `json:"items"`
	Next  *string          `json:"next"`
}

type calendarsBody struct {
	Items []calendarBody `json:"items"`
}

type calendarBody struct {
	Name         string              `json:"name"`
	Timezone     string              `json:"timezone"`
	Always       bool                `json:"always"`
	Week         map[string][]string `json:"week" doc:"Hours by day: 08:30-12:00."`
	Follows      *string             `json:"follows" doc:"The set of holidays that the calendar follows."`
	KnownThrough *string             `json:"known_through" doc:"The last day that a holiday notice rules."`
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func calendarOf(c calendar.Calendar) calendarBody {
	b := calendarBody{Name: c.Name, Timezone: time.Unix(0, 0).In(time.FixedZone("", c.Offset)).Format("-07:00"), Always: c.Always, Week: map[string][]string{}, Follows: given(c.Set()), KnownThrough: given(c.KnownThrough.String())}
	for day, spans := range c.Week {
		for _, s := range spans {
			b.Week[dayNames[day]] = append(b.Week[dayNames[day]], s.String())
		}
	}
	return b
}

type dueBody struct {
	DueAt       time.Time      `json:"due_at"`
	Provisional bool           `json:"provisional" doc:"The due time lies past the last known holiday notice."`
	Intervals   []intervalBody `json:"intervals"`
}

type intervalBody struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Counted float64   `json:"counted" doc:"Seconds."`
	Why     string    `json:"why" doc:"hours, always, make_up_day, closed, weekend or holiday, with the holiday's name."`
}

// whyOf names a holiday and a make-up day by its holiday: "holiday: 春节".
func whyOf(why calendar.Why, name string) string {
	if name == "" {
		return string(why)
	}
	return string(why) + ": " + name
}

type explanationBody struct {
	Clock       clockBody     `json:"clock"`
	Nth         int           `json:"nth" doc:"Which of the case's clocks of this name, by start."`
	Of          int           `json:"of" doc:"How many of this name the case has."`
	Used        float64       `json:"used" doc:"Seconds counted up to the due time, or to the end of the clock's life."`
	Left        float64       `json:"left" doc:"Seconds of the target that were, or are, left."`
	Provisional bool          `json:"provisional" doc:"The due time depends on days past the last known holiday notice."`
	Sums        sumsBody      `json:"sums" doc:"Seconds of service time that have passed, by whose time it was."`
	Intervals   []stretchBody `json:"intervals" doc:"End to end from the clock's start; those that are not late add up to the target at the due time."`
}

type sumsBody struct {
	Contractor float64 `json:"contractor"`
	Client     float64 `json:"client" doc:"While an answer of the reporter was awaited."`
	SparePart  float64 `json:"spare_part" doc:"While a part was on its way."`
}

type stretchBody struct {
	From     time.Time    `json:"from"`
	To       time.Time    `json:"to"`
	Calendar string       `json:"calendar"`
	Service  float64      `json:"service" doc:"Seconds within the calendar's hours."`
	Counted  float64      `json:"counted" doc:"Seconds that the clock used up: service, or nothing while it was paused."`
	Paused   bool         `json:"paused"`
	Why      string       `json:"why" doc:"hours, always, make_up_day, closed, weekend or holiday, with the holiday's name."`
	Side     defect.Side  `json:"side" enum:"contractor,client,spare_part,nobody" doc:"Whose time it was; nobody's once the case is answered and reported on, which no sum holds."`
	Phase    defect.Phase `json:"phase" enum:"elapsed,late,ahead" doc:"Before the due time, past it, or still to come."`
}

type promiseReportBody struct {
	From   *time.Time         `json:"from"`
	To     *time.Time         `json:"to"`
	By     defect.Dimension   `json:"by" enum:"severity,month,system,unit,person,clock"`
	Clock  *string            `json:"clock"`
	Groups []promiseGroupBody `json:"groups"`
	Totals promiseGroupBody   `json:"totals" doc:"Of all groups, those of other pages included."`
	Next   *string            `json:"next" doc:"Cursor of the next page of groups; null after the last."`
}

type promiseGroupBody struct {
	Key       *string          `json:"key" doc:"1, 202611, a name; null for promises that name none, and in the totals."`
	Promised  int              `json:"promised" doc:"Promises that started in the period: met + broken + running + cancelled."`
	Met       int              `json:"met" doc:"In time."`
	Broken    int              `json:"broken" doc:"Their due time passed: met late, or not at all."`
	Running   int              `json:"running" doc:"Running or paused, and not broken."`
	Cancelled int              `json:"cancelled" doc:"Nobody waited for them any more, before their due time."`
	Rate      *float64         `json:"rate" doc:"met / (met + broken); null when none is decided."`
	Timed     int              `json:"timed" doc:"Met in time or late: those that the percentiles are taken of."`
	P50       *float64         `json:"p50" doc:"Seconds of service time that it took to meet, by the nearest-rank method."`
	P90       *float64         `json:"p90"`
	Longest   *float64         `json:"longest"`
	Sums      sumsBody         `json:"sums" doc:"Seconds of service time by whose it was: to the end of a promise, to the due time of a broken one that has not ended, none of one that runs."`
	Cases     string           `json:"cases" doc:"Address of the promises behind the group."`
	Links     promiseLinksBody `json:"links" doc:"Addresses of the promises behind single figures."`
}

type promiseLinksBody struct {
	Met       string `json:"met"`
	Broken    string `json:"broken"`
	Running   string `json:"running"`
	Cancelled string `json:"cancelled"`
	Timed     string `json:"timed"`
}

type promisesBody struct {
	Items []promiseBody `json:"items"`
	Next  *string       `json:"next"`
}

type promiseBody struct {
	Number    string            `json:"number"`
	Clock     defect.ClockName  `json:"clock"`
	Nth       int               `json:"nth" doc:"Which of the case's clocks of this name, by start."`
	Cycle     int               `json:"cycle"`
	Severity  defect.Severity   `json:"severity" doc:"Whose target it has."`
	System    *string           `json:"system"`
	Unit      *string           `json:"unit" doc:"The reporter's."`
	Person    *string           `json:"person" doc:"User name of who had the case in hand when the promise ended, or has it now."`
	StartedAt time.Time         `json:"started_at"`
	DueAt     *time.Time        `json:"due_at"`
	EndedAt   *time.Time        `json:"ended_at"`
	State     defect.ClockState `json:"state"`
	Outcome   defect.Outcome    `json:"outcome" enum:"met,broken,running,cancelled"`
	Counted   float64           `json:"counted" doc:"Seconds of service time that it used up, pauses left out."`
	LateBy    *float64          `json:"late_by" doc:"Seconds from the due time to the end of a broken promise; null before it ends."`
	Sums      sumsBody          `json:"sums"`
	Explain   string            `json:"explain" doc:"Address of its explanation."`
}

type auditsBody struct {
	Items []auditBody `json:"items"`
	Next  *string     `json:"next"`
}

type auditBody struct {
	ID        string     `json:"id"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at" doc:"Null while it goes on."`
	Checked   int        `json:"checked" doc:"Open cases that were looked at."`
	Findings  int        `json:"findings"`
	Found     string     `json:"found" doc:"Address of what was found."`
}

type driftsBody struct {
	Items []driftBody `json:"items"`
	Next  *string     `json:"next"`
}

type driftBody struct {
	Number  string           `json:"number"`
	Kind    defect.DriftKind `json:"kind" enum:"event,clock,case,row,promise,missing,seq,workflow"`
	Subject *string          `json:"subject" doc:"Which: a clock, a seq, a column."`
	Detail  string           `json:"detail" doc:"What was found and what was expected, in the language of Accept-Language; for who looks into it."`
	FoundAt time.Time        `json:"found_at"`
}
