package apperr

// The reasons, each a key of both catalogues in package lang (a test there fails on a missing one). In brackets: the
// arguments of the text.
const (
	ReasonInternal        Reason = "error.internal"
	ReasonInvalid         Reason = "error.invalid"
	ReasonUnreadable      Reason = "error.unreadable"
	ReasonUnauthenticated Reason = "error.unauthenticated"
	ReasonBadCredentials  Reason = "error.bad_credentials"
	ReasonTooLarge        Reason = "error.too_large"  // [limit]
	ReasonMediaType       Reason = "error.media_type" // [accepted]
	ReasonTooMany         Reason = "error.too_many_requests"
	ReasonUnknownPath     Reason = "error.unknown_path"
	ReasonMethod          Reason = "error.method_not_allowed"
	ReasonTemporalAway    Reason = "error.temporal_away"
	ReasonStoreAway       Reason = "error.store_away"
	ReasonBacklog         Reason = "error.backlog" // the case waits for SQL with more than it may carry

	ReasonDefectUnknown     Reason = "error.defect_unknown"     // [number]
	ReasonNumber            Reason = "error.number"             // not a case number
	ReasonAttachmentUnknown Reason = "error.attachment_unknown" // [id]
	ReasonCalendarUnknown   Reason = "error.calendar_unknown"   // [name]
	ReasonClockUnknown      Reason = "error.clock_unknown"
	ReasonActionUnknown     Reason = "error.action_unknown" // [action]

	ReasonRole           Reason = "error.role"             // [action roles]
	ReasonNotReporter    Reason = "error.not_reporter"     // [action]: only the reporter, or an agent where the reporter has no account
	ReasonProposerSigns  Reason = "error.proposer_signs"   // a proposer never signs
	ReasonSignedAlready  Reason = "error.signed_already"   // a signer signs once
	ReasonImplementer    Reason = "error.implementer"      // an implementer never verifies
	ReasonCategoryRole   Reason = "error.category_role"    // [category role]
	ReasonSignalOff      Reason = "error.signal_off"       // sign-off signals are not taken here
	ReasonSignalApprover Reason = "error.signal_approver"  // a signal's approver is no account
	ReasonSignalCode     Reason = "error.signal_code"      // a signal's code does not fit case, proposal and approver
	ReasonMaySubmit      Reason = "error.may_submit"       // this role files no reports
	ReasonOnBehalf       Reason = "error.on_behalf"        // only an agent files for somebody else
	ReasonStage          Reason = "error.wrong_stage"      // [action stage stages]
	ReasonVersion        Reason = "error.stale_version"    // [version current]
	ReasonProposal       Reason = "error.stale_proposal"   // [proposal current]
	ReasonNotWaiting     Reason = "error.not_waiting"      // [action]: nothing was asked for
	ReasonWaitingAlready Reason = "error.waiting_already"  // [action]: it was asked for already
	ReasonLevel          Reason = "error.level"            // [level current]: the case is there already, or beyond
	ReasonNotOnsite      Reason = "error.not_onsite"       // nobody was sent on site, or they arrived already
	ReasonAccepted       Reason = "error.accepted_already" // accepted, only the service report is missing
	ReasonKeyReused      Reason = "error.idempotency_key_reused"
	ReasonBusy           Reason = "error.busy" // Temporal asks to come back in a moment

	ReasonRosterUnknown   Reason = "error.roster_unknown"
	ReasonChangeUnknown   Reason = "error.duty_change_unknown" // no such override or swap of the roster
	ReasonHandOverUnknown Reason = "error.hand_over_unknown"
	ReasonDutyRole        Reason = "error.duty_role"        // [task roles]
	ReasonRosterVersion   Reason = "error.roster_version"   // [version current]
	ReasonChangeOver      Reason = "error.duty_change_over" // the override or swap is answered, cancelled or over
	ReasonNotYours        Reason = "error.not_yours"        // [person]: theirs to answer
	ReasonPresent         Reason = "error.present_already"  // signed in already
	ReasonAbsent          Reason = "error.not_present"      // not signed in
	ReasonAcknowledged    Reason = "error.hand_over_acknowledged"

	FieldRequired  Reason = "field.required"
	FieldUnknown   Reason = "field.unknown"
	FieldDuplicate Reason = "field.duplicate"
	FieldType      Reason = "field.type"       // [expected]
	FieldTooLong   Reason = "field.too_long"   // [limit]: characters
	FieldControl   Reason = "field.control"    // control characters
	FieldEnum      Reason = "field.enum"       // [accepted]
	FieldRange     Reason = "field.range"      // [min max]
	FieldTime      Reason = "field.time"       // RFC 3339
	FieldFuture    Reason = "field.future"     // a time yet to come
	FieldTooOld    Reason = "field.too_old"    // [earliest]
	FieldDuration  Reason = "field.duration"   // such as 30m, 2h, 5d, 5wd
	FieldUser      Reason = "field.user"       // [username]: no such account, or it is disabled
	FieldUserRole  Reason = "field.user_role"  // [username]: the account cannot take this over
	FieldCase      Reason = "field.case"       // [number]: no such case
	FieldSelf      Reason = "field.self"       // a case is no duplicate of itself
	FieldNumber    Reason = "field.number"     // not a case number: the check character does not fit
	FieldFile      Reason = "field.file"       // a file is required
	FieldFileType  Reason = "field.file_type"  // [type]: a kind of file that is not taken
	FieldEmail     Reason = "field.email"      // not an e-mail address
	FieldCursor    Reason = "field.cursor"     // not a cursor that a list gave
	FieldDepth     Reason = "field.page_depth" // [limit]: use the cursor
	FieldTooShort  Reason = "field.too_short"  // [limit]: characters
	FieldKey       Reason = "field.idempotency_key"
	FieldExclusive Reason = "field.exclusive" // [other]: one of the two, not both
	FieldDate      Reason = "field.date"      // such as 2026-02-17
	FieldClock     Reason = "field.clock"     // a time of day, such as 08:30
	FieldTimezone  Reason = "field.timezone"  // such as +08:00
	FieldTooMany   Reason = "field.too_many"  // [limit]: elements of a list
	FieldRepeated  Reason = "field.repeated"  // the same as another
	FieldShift     Reason = "field.shift"     // [shifts]: no shift of the roster
	FieldSpan      Reason = "field.span"      // ends before it begins, or lasts longer than a year
	FieldPast      Reason = "field.past"      // over already
	FieldOverlap   Reason = "field.overlap"   // two spans overlap
	FieldCalendar  Reason = "field.calendar"  // [calendars]: no calendar of the policy
	FieldWindow    Reason = "field.window"    // [days]: a span of more days than are told at once
	FieldRoster    Reason = "field.roster"    // no such roster
	FieldRosterID  Reason = "field.roster_name"
	FieldSheet     Reason = "field.sheet"         // [why]: not an xlsx file, or one that unpacks to too much
	FieldSheetHead Reason = "field.sheet_heading" // [columns]: headings that are missing
	FieldSheetWide Reason = "field.sheet_wide"    // [limit]: columns
	FieldSheetRows Reason = "field.sheet_rows"    // [limit]: rows
	FieldNotOnDuty Reason = "field.not_on_duty"   // [person]: has no duty then
	FieldServes    Reason = "field.serves"        // no account, a disabled one, or one that does not go on duty
	FieldPerson    Reason = "field.person"        // [person]: neither a user name nor the name of one account
)
