package store

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"regexp"
	"strings"

	"yunwei/defect"
)

// row is a case as it lies in the tables: the columns of defects, by which lists filter and sort, and of defect_docs.
type row struct {
	ID        int64           `db:"id"`
	Number    string          `db:"number"`
	Seq       int             `db:"seq"`
	Stage     defect.Stage    `db:"stage"`
	Severity  defect.Severity `db:"severity"`
	Category  defect.Category `db:"category"`
	Assignee  string          `db:"assignee"`
	Reporter  string          `db:"reporter"`
	SystemKey string          `db:"system_key"`
	AssetKey  string          `db:"asset_key"`
	Overdue   bool            `db:"overdue"`
	Waiting   bool            `db:"waiting"`
	CreatedAt int64           `db:"created_at"`
	UpdatedAt int64           `db:"updated_at"`
	NextDue   int64           `db:"next_due"`
	SubmitKey *string         `db:"submit_key"`
	Docs                      // the texts
	Before    int             `db:"before"` // the seq that an update expects
}

// Docs are the texts of a case: what was submitted, which never changes, and the rest without it and without its policy.
type Docs struct {
	PolicyDigest string `db:"policy_digest"`
	Submission   string `db:"submission"`
	Doc          string `db:"doc"`
}

// never is the next_due of a case that has promised nothing: last in the order.
const never = math.MaxInt64

// idRoom is how many cases of one microsecond find room, as a number of bits of their IDs.
const idRoom = 10

// updated are the columns that events change.
var updated = []string{"seq", "stage", "severity", "category", "assignee", "overdue", "waiting", "updated_at", "next_due"}

// setRow returns the assignments of an update of those columns.
func setRow(prefix string) string {
	sets := make([]string, len(updated))
	for i, c := range updated {
		sets[i] = prefix + c + " = :" + c
	}
	return strings.Join(sets, ", ")
}

const (
	insertDefect = `INSERT INTO defects (id, number, seq, stage, severity, category, assignee, reporter, system_key, asset_key, overdue, waiting, created_at, updated_at, next_due, submit_key)
VALUES (:id, :number, :seq, :stage, :severity, :category, :assignee, :reporter, :system_key, :asset_key, :overdue, :waiting, :created_at, :updated_at, :next_due, :submit_key)`
	insertDocs = `INSERT INTO defect_docs (id, policy_digest, submission, doc) VALUES (:id, :policy_digest, :submission, :doc)`
)

// bare is a case without what is kept apart from it.
type bare struct {
	defect.Case
	Policy     *struct{} `json:"policy,omitempty"`
	Submission *struct{} `json:"submission,omitempty"`
}

// rowOf returns the row of a case. attempt moves its ID when others have taken it.
func rowOf(c *defect.Case, digest string, attempt int) (row, error) {
	doc, err := json.Marshal(bare{Case: *c})
	if err != nil {
		return row{}, fmt.Errorf("write case %s: %w", c.Number, err)
	}
	submission, err := json.Marshal(c.Submission)
	if err != nil {
		return row{}, fmt.Errorf("write what was submitted as %s: %w", c.Number, err)
	}
	r := row{
		ID: newID(c, attempt), Number: plain(c.Number), Seq: c.Seq, Stage: c.Stage, Severity: c.Severity, Category: c.Category,
		Assignee: nameKey(c.Assignee), Reporter: nameKey(c.Submission.Reporter.Username),
		SystemKey: textKey(c.Submission.System), AssetKey: textKey(c.Submission.AssetID),
		Overdue: c.Overdue(), Waiting: len(c.Waiting) > 0,
		CreatedAt: micros(c.CreatedAt), UpdatedAt: micros(c.UpdatedAt), NextDue: never,
		Docs: Docs{PolicyDigest: digest, Submission: string(submission), Doc: string(doc)},
	}
	if due := c.NextPromise(); !due.IsZero() {
		r.NextDue = micros(due)
	}
	if c.Submitted.Key != "" {
		key := plain(c.Submitted.Key)
		r.SubmitKey = &key
	}
	return r, nil
}

// probes is how many places a new case tries in one microsecond before it takes the next.
const probes = 4

// newID returns the ID of a new case: the order of IDs is the order of submission. Cases of one microsecond start
// looking for room at different places, so that they rarely meet; a crowd, such as an import, spills into the next.
func newID(c *defect.Case, attempt int) int64 {
	room := int(crc32.ChecksumIEEE([]byte(c.Number))) + attempt
	return idAt(micros(c.CreatedAt)+int64(attempt/probes)) + int64(room&(1<<idRoom-1))
}

// idAt returns the first ID of a microsecond; of one too far away for IDs, the last or the first ID there could be.
func idAt(at int64) int64 {
	switch {
	case at > math.MaxInt64>>idRoom:
		return math.MaxInt64
	case at < math.MinInt64>>idRoom:
		return math.MinInt64
	}
	return at << idRoom
}

// read makes the case of its texts, without its policy; ErrDamaged.
func (d Docs) read() (defect.Case, error) {
	var c defect.Case
	if err := json.Unmarshal([]byte(d.Doc), &c); err != nil {
		return c, fmt.Errorf("read a case: %w: %w", ErrDamaged, err)
	}
	if err := json.Unmarshal([]byte(d.Submission), &c.Submission); err != nil {
		return c, fmt.Errorf("read what was submitted as %s: %w: %w", c.Number, ErrDamaged, err)
	}
	return c, nil
}

// Columns are of bounded length, and nothing that somebody writes may keep a case out of SQL or break a query: what is not
// of the usual form is kept, and looked for, as its digest.

// nameKey is a user name as columns hold it.
func nameKey(name string) string {
	if folded := strings.ToLower(name); name == "" || username.MatchString(folded) {
		return folded
	}
	return defect.Digest(name)
}

// textKey is what stands for the name of a system or an asset.
func textKey(text string) string {
	if text == "" {
		return ""
	}
	return defect.Digest(text)
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// plain is a key, an ID or a number as columns hold it.
func plain(key string) string {
	if plainKey.MatchString(key) {
		return key
	}
	return defect.Digest(key)
}
