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
	ReasonNoticeUnknown  Reason = "error.notice_unknown"
	ReasonNoticeSent     Reason = "error.notice_sent" // what has arrived, or is in hand, is not sent again
	ReasonNoticeRole     Reason = "error.notice_role" // [roles]
	ReasonBusy           Reason = "error.busy"        // Temporal asks to come back in a moment

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
	FieldTooMany   Reason = "field.too_many"  // [limit]: values of a list
	FieldAddress   Reason = "field.address"   // not an address of that channel
	FieldQuiet     Reason = "field.quiet"     // not a span of a day, such as 22:00-07:00
)
