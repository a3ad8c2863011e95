package asset

// Query asks for assets. What is empty does not matter; After and PageSize say which page of them.
type Query struct {
	Text     string // part of number, name, vendor, model, serial, location, owner, system or address
	Kind     Kind
	State    State
	Warranty Warranty
	Owner    string
	System   string
	Model    string
	Vendor   string
	Parent   string // the number of what they run on or are built into
	After    string // the Next of the page before
	PageSize int
}

// DefaultPageSize and MaxPageSize bound a page of assets.
const (
	DefaultPageSize = 20
	MaxPageSize     = 200
)

// MaxTotal is how far assets are counted. A list of more has a Total of one more than that.
const MaxTotal = 10_000

// List is a page of assets, by number.
type List struct {
	Items []Asset
	Total int    // MaxTotal+1 says that there are more
	Next  string // the number after which the next page begins; empty when this is the last
}

// View is one asset and where it stands.
type View struct {
	Asset
	Warranty     Warranty // today
	Parents      []Asset  // what it runs on, the outermost first
	Children     []Asset  // what runs on it, by number, the first of them
	MoreChildren bool     // there are more: ask for those with this parent
}

// Facets are the values that lists are filtered by, each sorted, those that most assets have where there are too many.
type Facets struct {
	Systems []string
	Owners  []string
	Vendors []string
	Models  []string
}

// MaxFacet is how many values of a kind Facets holds.
const MaxFacet = 200
