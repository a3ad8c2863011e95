package lang

// Heading is a key of what stands above a column, or on the tab, of a table that people take along.
type Heading string

// The headings of the reports on promises. Durations are seconds.
const (
	HeadingFigures    Heading = "heading.figures" // of a sheet
	HeadingCases      Heading = "heading.cases"   // of a sheet
	HeadingTotal      Heading = "heading.total"   // of a row
	HeadingPromised   Heading = "heading.promised"
	HeadingRate       Heading = "heading.rate"
	HeadingTimed      Heading = "heading.timed"
	HeadingP50        Heading = "heading.p50"
	HeadingP90        Heading = "heading.p90"
	HeadingLongest    Heading = "heading.longest"
	HeadingContractor Heading = "heading.contractor"
	HeadingClient     Heading = "heading.client"
	HeadingSparePart  Heading = "heading.spare_part"
	HeadingNumber     Heading = "heading.number"
	HeadingNth        Heading = "heading.nth"
	HeadingStarted    Heading = "heading.started_at"
	HeadingDue        Heading = "heading.due_at"
	HeadingEnded      Heading = "heading.ended_at"
	HeadingOutcome    Heading = "heading.outcome"
	HeadingCounted    Heading = "heading.counted"
	HeadingLateBy     Heading = "heading.late_by"
)

// The headings of tables of cases, beside the names of what people fill in.
const (
	HeadingCase        Heading = "heading.case"
	HeadingStage       Heading = "heading.stage"
	HeadingWaiting     Heading = "heading.waiting"
	HeadingLevel       Heading = "heading.level"
	HeadingReporter    Heading = "heading.reporter"
	HeadingSubmitted   Heading = "heading.submitted_at"
	HeadingUpdated     Heading = "heading.updated_at"
	HeadingClosed      Heading = "heading.closed_at"
	HeadingCloseReason Heading = "heading.close_reason"
	HeadingCycle       Heading = "heading.cycle"
	HeadingClockState  Heading = "heading.clock_state" // of a promise
	HeadingClockDue    Heading = "heading.clock_due"
	HeadingClockMet    Heading = "heading.clock_met"
	HeadingCasesCut    Heading = "heading.cases_cut" // [n]: below a table that goes no further
)
