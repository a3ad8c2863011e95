package defect

import "time"

// Query narrows, sorts and pages a list of cases. Zero values do not narrow.
type Query struct {
	Stages     []Stage
	Severities []Severity
	Category   Category
	Assignee   string
	Reporter   string // a user name
	System     string
	AssetID    string
	Overdue    *bool
	Waiting    *bool
	Text       string    // a substring of title, description or number
	From, To   time.Time // of submission, [From, To)

	Sort  Sort
	Page  int    // from 1; not together with After
	Size  int    // rows a page
	After string // cursor of the page before
}

// Sort is an order of a list of cases.
type Sort string

// The orders: newest and oldest submission, latest change, most urgent promise first, highest severity first.
const (
	SortNewest   Sort = "-created_at"
	SortOldest   Sort = "created_at"
	SortUpdated  Sort = "-updated_at"
	SortDue      Sort = "next_due"
	SortSeverity Sort = "severity"
)

// Sorts returns every order; the first is the default.
func Sorts() []Sort { return []Sort{SortNewest, SortOldest, SortUpdated, SortDue, SortSeverity} }

// Limits of lists.
const (
	DefaultPageSize = 20
	MaxPageSize     = 200
	MaxDepth        = 10_000 // rows that pages reach and that are counted; a cursor goes on from there
)

// Attachment is what is known of a file.
type Attachment struct {
	File
	Number     string // of its case
	UploadedBy string
	UploadedAt time.Time
}
