package api

import (
	"net/http"

	"yunwei/defect"
	"yunwei/desk"
)

// routes is the table of all there is under /api/v1.
func (a *api) routes() []route {
	out := []route{
		{method: http.MethodPost, path: "/sessions", id: "sign-in", tag: "sessions", summary: "Sign in.", open: true, body: credentialFields, status: http.StatusCreated, answer: sessionBody{}, handle: a.signIn},
		{method: http.MethodDelete, path: "/sessions/current", id: "sign-out", tag: "sessions", summary: "End the session of this token.", status: http.StatusNoContent, handle: a.signOut},
		{method: http.MethodDelete, path: "/sessions", id: "sign-out-everywhere", tag: "sessions", summary: "End all sessions of the caller, this one too.", status: http.StatusNoContent, handle: a.signOutEverywhere},
		{method: http.MethodGet, path: "/me", id: "me", tag: "sessions", summary: "Who this token stands for.", status: http.StatusOK, answer: userBody{}, handle: a.me},
		{method: http.MethodPut, path: "/me/password", id: "change-password", tag: "sessions", summary: "Change the caller's password. All their sessions end; the answer is a new one.", body: newPasswordFields, status: http.StatusOK, answer: sessionBody{}, handle: a.changePassword},

		{method: http.MethodPost, path: "/defects", id: "submit", tag: "defects", summary: "File a defect report. 201 with its address; 200 when the key was used for the same report before.", once: true, body: defect.SubmissionFields(), status: http.StatusCreated, also: []int{http.StatusOK}, answer: defectBody{}, handle: a.submit, may: a.maySubmit},
		{method: http.MethodGet, path: "/defects", id: "list", tag: "defects", summary: "List the cases that the caller may see; as a workbook where format says so.", query: listParams(), slow: true, status: http.StatusOK, answer: listBody{}, handle: a.list},
		{method: http.MethodGet, path: "/defects/similar", id: "similar", tag: "defects", summary: "The open cases that the caller may see and whose titles are most like a given one, the best first, five at most; those of the system before others.", query: similarParams(), status: http.StatusOK, answer: similarBody{}, handle: a.similar},
		{method: http.MethodGet, path: "/defects/:number", id: "read", tag: "defects", summary: "Read a case.", status: http.StatusOK, answer: defectBody{}, handle: a.read},
		{method: http.MethodGet, path: "/defects/:number/events", id: "events", tag: "defects", summary: "The timeline of a case, by seq.", query: eventParams(), status: http.StatusOK, answer: eventsBody{}, handle: a.events},
		{method: http.MethodGet, path: "/defects/:number/clocks/:name/explain", id: "explain-clock", tag: "defects", summary: "How the due time of a clock came about, and whose time it was.", query: explainParams(), status: http.StatusOK, answer: explanationBody{}, handle: a.explainClock},

		{method: http.MethodPost, path: "/defects/:number/attachments", id: "attach", tag: "attachments", summary: "Put a file on a case.", upload: true, slow: true, status: http.StatusCreated, answer: attachmentBody{}, handle: a.attach},
		{method: http.MethodGet, path: "/defects/:number/attachments", id: "attachments", tag: "attachments", summary: "The files of a case, by upload.", query: attachmentParams(), status: http.StatusOK, answer: attachmentsBody{}, handle: a.attachments},
		{method: http.MethodGet, path: "/attachments/:id", id: "attachment", tag: "attachments", summary: "Download a file.", slow: true, status: http.StatusOK, handle: a.attachment},

		{method: http.MethodPost, path: "/substitutions", id: "substitute", tag: "substitutions", summary: "Name who signs in the place of an absent supervisor for a time.", body: defect.SubstitutionFields(), status: http.StatusCreated, answer: substitutionBody{}, handle: a.substitute},
		{method: http.MethodGet, path: "/substitutions", id: "substitutions", tag: "substitutions", summary: "Who signs in whose place, the latest first.", query: beforeParams(), status: http.StatusOK, answer: substitutionsBody{}, handle: a.substitutions},
		{method: http.MethodDelete, path: "/substitutions/:id", id: "end-substitution", tag: "substitutions", summary: "End a substitution before its time.", status: http.StatusNoContent, handle: a.endSubstitution},

		{method: http.MethodGet, path: "/calendars", id: "calendars", tag: "calendars", summary: "The calendars of the policy in force.", status: http.StatusOK, answer: calendarsBody{}, handle: a.calendars},
		{method: http.MethodGet, path: "/calendars/:name/due", id: "due", tag: "calendars", summary: "When a promise of a given length falls due, and why then.", query: dueParams(), status: http.StatusOK, answer: dueBody{}, handle: a.due},

		{method: http.MethodGet, path: "/reports/promises", id: "promise-report", tag: "reports", summary: "How the promises were kept that started in a period, by group; as CSV or a workbook where format says so.", query: reportParams(), slow: true, status: http.StatusOK, answer: promiseReportBody{}, handle: a.promiseReport, may: a.mayReport},
		{method: http.MethodGet, path: "/reports/promises/cases", id: "promise-cases", tag: "reports", summary: "The promises behind a figure of the report, by start.", query: promiseParams(), slow: true, status: http.StatusOK, answer: promisesBody{}, handle: a.promises, may: a.mayReport},
		{method: http.MethodGet, path: "/audits", id: "audits", tag: "audits", summary: "The runs of the nightly audit, the latest first.", query: auditParams(), status: http.StatusOK, answer: auditsBody{}, handle: a.audits, may: a.mayAudit},
		{method: http.MethodGet, path: "/audits/:id/findings", id: "audit-findings", tag: "audits", summary: "What an audit found wrong, by case.", query: auditParams(), status: http.StatusOK, answer: driftsBody{}, handle: a.findings, may: a.mayAudit},
		{method: http.MethodGet, path: "/me/notices", id: "inbox", tag: "notices", summary: "What the caller was told, the newest first, in the language of Accept-Language.", query: inboxParams(), status: http.StatusOK, answer: inboxBody{}, handle: a.inbox},
		{method: http.MethodPost, path: "/me/notices/read", id: "read-notices", tag: "notices", summary: "Mark the inbox as read, up to and with a notice.", body: readFields, status: http.StatusOK, answer: readNoticesBody{}, handle: a.readNotices},
		{method: http.MethodGet, path: "/me/notice-settings", id: "notice-settings", tag: "notices", summary: "How the caller wants to be told.", status: http.StatusOK, answer: noticeSettingsBody{}, handle: a.noticeSettings},
		{method: http.MethodPut, path: "/me/notice-settings", id: "set-notice-settings", tag: "notices", summary: "Replace how the caller wants to be told; what is left out is as if never set.", body: noticeSettingFields, status: http.StatusOK, answer: noticeSettingsBody{}, handle: a.setNoticeSettings},
		{method: http.MethodGet, path: "/notices", id: "notices", tag: "notices", summary: "Everybody's notices, the newest first: what has not arrived unless states are given. For administrators and auditors.", query: noticeParams(), status: http.StatusOK, answer: noticesBody{}, handle: a.notices, may: func(r *request) error { return a.desk.MayReadNotices(r.by) }},
		{method: http.MethodPost, path: "/notices/:id/retry", id: "retry-notice", tag: "notices", summary: "Send a notice again that has not arrived. For administrators.", status: http.StatusOK, answer: noticeBody{}, handle: a.retryNotice},
	}
	out = append(out, a.userRoutes()...)
	out = append(out, a.assetRoutes()...)
	out = append(out, a.holidayRoutes()...)
	out = append(out, a.rosterRoutes()...)
	out = append(out, a.dutyRoutes()...)
	out = append(out, a.boardRoutes()...)
	for _, action := range defect.Actions() {
		if action != defect.ActAttach { // its input is a file
			out = append(out, a.actionRoute(action))
		}
	}
	return append(out, route{method: http.MethodPost, path: "/defects/:number/actions/:action", handle: a.unknownAction})
}

// fieldVersion is the version that a caller saw, in the body of every action.
var fieldVersion = defect.Field{Name: "version", Type: defect.TypeInteger, Min: 0, Max: 1_000_000_000}

// actionRoute is the route of one action.
func (a *api) actionRoute(action defect.Action) route {
	return route{
		method: http.MethodPost, path: "/defects/:number/actions/" + string(action), id: string(action), tag: "actions",
		summary: "Take the step " + string(action) + "; the case after it.", once: true, body: append(defect.InputFields(action), fieldVersion),
		status: http.StatusOK, answer: defectBody{},
		handle: func(r *request) (any, error) { return a.act(r, action) },
		may:    func(r *request) error { return a.desk.MayAct(r, r.by, r.Param("number"), action) },
	}
}

func listParams() []param {
	text := func(name, summary string) param {
		return param{Field: defect.Field{Name: name, Type: defect.TypeText, Max: defect.MaxText}, summary: summary}
	}
	enum := func(name string, values []string) defect.Field {
		return defect.Field{Name: name, Type: defect.TypeText, Enum: values}
	}
	return []param{
		{Field: enum("stage", names(defect.Stages())), list: true, summary: "Stages, by commas."},
		{Field: defect.Field{Name: "severity", Type: defect.TypeInteger, Min: 1, Max: 4}, list: true, summary: "Severities, by commas."},
		{Field: enum("category", names([]defect.Category{defect.Technical, defect.Business, defect.Operation})), summary: "Category."},
		text("assignee", "User name of who has the case in hand."),
		text("reporter", "User name of the reporter."),
		text("system", "System, as it was reported."),
		text("asset_id", "Asset."),
		{Field: defect.Field{Name: "overdue", Type: defect.TypeBool}, summary: "Whether a promise is broken and still not met."},
		{Field: defect.Field{Name: "waiting", Type: defect.TypeBool}, summary: "Whether the case waits for the reporter or a part."},
		text("q", "Part of title, description or number, two characters at least."),
		{Field: defect.Field{Name: "from", Type: defect.TypeTime}, summary: "Submitted at this time or later."},
		{Field: defect.Field{Name: "to", Type: defect.TypeTime}, summary: "Submitted before this time."},
		{Field: enum("sort", names(defect.Sorts())), summary: "Order; the newest first when none is given."},
		{Field: defect.Field{Name: "page", Type: defect.TypeInteger, Min: 1, Max: defect.MaxDepth}, summary: "Page, from 1."},
		pageSize(defect.MaxPageSize, "Rows a page, 20 when none is given."),
		text("after", "The cursor `next` of the page before, in place of page."),
		{Field: enum("format", []string{formatXLSX}), summary: "A workbook of all that is found instead of a page of JSON: 10,000 cases at most."},
	}
}

func similarParams() []param {
	return []param{
		{Field: defect.Field{Name: "title", Type: defect.TypeText, Max: defect.MaxTitle, Required: true}, summary: "The title, or its beginning."},
		{Field: defect.Field{Name: "system", Type: defect.TypeText, Max: defect.MaxText}, summary: "System, as it would be reported."},
	}
}

func pageSize(most int, summary string) param {
	return param{Field: defect.Field{Name: "page_size", Type: defect.TypeInteger, Min: 1, Max: most}, summary: summary}
}

// maxEvents is how many events or files come in one answer.
const maxEvents = 1000

func eventParams() []param {
	return []param{
		{Field: defect.Field{Name: "after", Type: defect.TypeInteger, Min: 0, Max: 1_000_000_000}, summary: "Events after this seq."},
		pageSize(maxEvents, "Events an answer, 1,000 when none is given."),
	}
}

func explainParams() []param {
	return []param{{Field: defect.Field{Name: "nth", Type: defect.TypeInteger, Min: 1, Max: 1_000_000}, summary: "Which of the case's clocks of this name, by start; the latest when none is given."}}
}

// periodParams are those of a report and of the lists behind it.
func periodParams() []param {
	return []param{
		{Field: defect.Field{Name: "from", Type: defect.TypeTime}, summary: "Promises that started at this time or later."},
		{Field: defect.Field{Name: "to", Type: defect.TypeTime}, summary: "Promises that started before this time."},
		{Field: defect.Field{Name: "by", Type: defect.TypeText, Enum: names(defect.Dimensions())}, summary: "What groups have in common; the severity when none is given."},
		{Field: defect.Field{Name: "clock", Type: defect.TypeText, Enum: names(defect.ClockNames())}, summary: "Promises of this name only."},
		{Field: defect.Field{Name: "after", Type: defect.TypeText, Max: maxCursor}, summary: "The `next` of the answer before."},
	}
}

// maxCursor bounds a cursor, in characters: one may hold the name of a system.
const maxCursor = 12_000

func reportParams() []param {
	return append(periodParams(), pageSize(defect.MaxPageSize, "Groups an answer, 200 when none is given; files hold all."),
		param{Field: defect.Field{Name: "format", Type: defect.TypeText, Enum: []string{formatCSV, formatXLSX}}, summary: "A file instead of JSON: figures as CSV, or a workbook with the cases behind them."})
}

func promiseParams() []param {
	return append(periodParams(), pageSize(defect.MaxPageSize, "Promises an answer, 20 when none is given; a file holds all."),
		param{Field: defect.Field{Name: "key", Type: defect.TypeText, Max: defect.MaxText}, summary: "The group, by what `by` names."},
		param{Field: defect.Field{Name: "none", Type: defect.TypeBool}, summary: "The group of those that name none, in place of key."},
		param{Field: defect.Field{Name: "outcome", Type: defect.TypeText, Enum: names(defect.Outcomes())}, summary: "What became of them."},
		param{Field: defect.Field{Name: "timed", Type: defect.TypeBool}, summary: "Those that were met, in time or late."},
		param{Field: defect.Field{Name: "format", Type: defect.TypeText, Enum: []string{formatCSV}}, summary: "A file instead of JSON."})
}

func auditParams() []param {
	return []param{
		{Field: defect.Field{Name: "after", Type: defect.TypeText, Max: maxCursor}, summary: "The `next` of the answer before."},
		pageSize(defect.MaxPageSize, "Rows an answer, 20 when none is given."),
	}
}

func attachmentParams() []param {
	return []param{
		{Field: defect.Field{Name: "after", Type: defect.TypeText, Max: 100}, summary: "The `next` of the answer before."},
		pageSize(defect.MaxPageSize, "Files an answer, 200 when none is given."),
	}
}

// beforeParams are those of a list that begins with the latest.
func beforeParams() []param {
	return []param{
		{Field: defect.Field{Name: "before", Type: defect.TypeInteger, Min: 0, Max: 1 << 53}, summary: "The `next` of the answer before."},
		pageSize(defect.MaxPageSize, "How many an answer holds, 20 when none is given."),
	}
}

func dueParams() []param {
	return []param{
		{Field: defect.Field{Name: "from", Type: defect.TypeTime, Required: true}, summary: "When the promise starts."},
		{Field: defect.Field{Name: "limit", Type: defect.TypeText, Max: 40, Required: true}, summary: "How long it is: 30m, 2h, 5d, 5wd."},
	}
}

var credentialFields = []defect.Field{
	{Name: "username", Type: defect.TypeText, Max: 200, Required: true},
	{Name: "password", Type: defect.TypeText, Max: desk.MaxPassword, Required: true},
}

var newPasswordFields = []defect.Field{
	{Name: "old", Type: defect.TypeText, Max: desk.MaxPassword, Required: true},
	{Name: "new", Type: defect.TypeText, Max: desk.MaxPassword, Required: true},
}

func names[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
