package store

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"yunwei/defect"
)

// The search finds substrings. A text is folded (full and half width, capitals, runs of blanks), and every pair of
// neighbouring characters in it is a gram. The index knows of every gram where it stands, so that a query is found where
// all its grams stand side by side: exactly, in any language, by the same code on every database. The databases' own
// indexes of words cannot do that in bounded time: their cost grows with how often a word occurs, and in Chinese every
// pair of characters is a word.
//
// Cases are gathered in segments of some thousand. A segment's grams are spread over buckets, one row each, so that a
// query reads a handful of small rows from each segment, and a segment grows by appending to its rows. The latest texts
// lie in a tail of some hundred, which is searched as it is, until they move into a segment together: a row for each gram
// of each case would cost a submission some hundred writes all over the disk.

// MinSearch is how many characters a text to search for must have.
const MinSearch = 2

// maxSearch is how many characters of a longer text are searched for.
const maxSearch = 200

const (
	// bucketBits is how many buckets there are, as a number of bits.
	bucketBits = 11
	// fieldEnd stands between the fields of a case, so that nothing is found across them. Folding leaves none in a text.
	fieldEnd rune = 0
)

// gram is a pair of characters.
type gram uint64

func gramOf(a, b rune) gram { return gram(a)<<21 | gram(b) } //nolint:gosec // characters are not negative

// String returns the two characters.
func (g gram) String() string { return string([]rune{rune(g >> 21), rune(g & (1<<21 - 1))}) } //nolint:gosec // two characters

func (g gram) bucket() int {
	return int((uint64(g) * 0x9E3779B97F4A7C15) >> (64 - bucketBits)) // the upper bits of the product are well mixed
}

// fold returns a text as it is compared.
func fold(text string) string {
	var b strings.Builder
	blank := false
	for _, r := range strings.ToLower(norm.NFKC.String(text)) {
		switch {
		case unicode.IsSpace(r):
			blank = true
			continue
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r): // also what only steers how a text looks
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

// foldQuery folds a text to search for. A case's number is found as people write it.
func foldQuery(text string) string {
	if number, ok := defect.ParseNumber(text); ok {
		text = number
	}
	q := []rune(fold(text))
	return strings.TrimSpace(string(q[:min(len(q), maxSearch)]))
}

// SearchLength is how many characters of a text to search for count.
func SearchLength(text string) int { return utf8.RuneCountInString(foldQuery(text)) }

// searchBody returns the folded text under which a case is found: title, description and number, the latter also without
// its dashes.
func searchBody(c defect.Case) []byte {
	fields := []string{c.Submission.Title, c.Submission.Description, c.Number, strings.ReplaceAll(c.Number, "-", "")}
	for i := range fields {
		fields[i] = fold(fields[i])
	}
	return []byte(strings.Join(fields, string(fieldEnd)))
}

// part is a gram of a query and where in it it stands.
type part struct {
	gram   gram
	offset int
}

// parts returns grams that cover every character of a folded query: every second one, and the last.
func parts(query string) []part {
	q := []rune(query)
	var out []part
	for i := 0; i+1 < len(q); i += 2 {
		out = append(out, part{gramOf(q[i], q[i+1]), i})
	}
	if n := len(q); n%2 == 1 && n > 2 {
		out = append(out, part{gramOf(q[n-2], q[n-1]), n - 2})
	}
	return out
}

// A posting is a record of bytes: the gram, the length of what follows, and for every case of a batch in which the gram
// stands the case's place in the segment (the first as it is, the others as the distance from the one before), the length
// of what follows, and where in the text the gram stands, as distances too. A bucket's row is such records one after the
// other; those of later batches come behind and hold later cases.

// batch gathers the postings of some cases.
type batch struct {
	grams map[gram]*list
	size  int // of the postings, in bytes
}

type list struct {
	doc   int    // the last one
	bytes []byte // its cases, encoded
	at    []byte // where in the last one, encoded
	pos   int    // the last one of these
}

func newBatch() *batch { return &batch{grams: map[gram]*list{}} }

// add adds a case, by its place in the segment; places ascend.
func (b *batch) add(doc int, body []byte) {
	before := fieldEnd
	pos := -1
	for _, r := range string(body) {
		if before != fieldEnd && r != fieldEnd {
			b.gram(gramOf(before, r), doc, pos)
		}
		before = r
		pos++
	}
}

func (b *batch) gram(g gram, doc, pos int) {
	l := b.grams[g]
	if l == nil {
		l = &list{doc: -1}
		b.grams[g] = l
	}
	if l.doc != doc {
		l.flush()
		l.bytes = binary.AppendUvarint(l.bytes, uint64(doc-max(l.doc, 0))) //nolint:gosec // places ascend
		l.doc, l.pos = doc, 0
	}
	l.at = binary.AppendUvarint(l.at, uint64(pos-l.pos)) //nolint:gosec // positions ascend
	l.pos = pos
}

// flush ends the last case.
func (l *list) flush() {
	if l.doc < 0 {
		return
	}
	l.bytes = binary.AppendUvarint(l.bytes, uint64(len(l.at)))
	l.bytes = append(l.bytes, l.at...)
	l.at = l.at[:0]
}

// rows returns what is to be appended to the rows of the buckets.
func (b *batch) rows() map[int][]byte {
	out := map[int][]byte{}
	for g, l := range b.grams {
		l.flush()
		row := out[g.bucket()]
		row = binary.AppendUvarint(row, uint64(g))
		row = binary.AppendUvarint(row, uint64(len(l.bytes)))
		row = append(row, l.bytes...)
		b.size += len(l.bytes)
		out[g.bucket()] = row
	}
	return out
}

// records returns the records of a gram in a bucket's row.
func records(row []byte, g gram) [][]byte {
	var out [][]byte
	for len(row) > 0 {
		at, n := binary.Uvarint(row)
		size, m := binary.Uvarint(row[max(n, 0):])
		end := n + m + int(size) //nolint:gosec // checked below
		if n <= 0 || m <= 0 || end < n+m || end > len(row) {
			return out // not ours
		}
		if gram(at) == g {
			out = append(out, row[n+m:end])
		}
		row = row[end:]
	}
	return out
}

// postings reads the records of a gram case by case.
type postings struct {
	offset int // of the gram in the query
	rest   [][]byte
	record []byte
	doc    int    // where it stands; -1 before the first
	at     []byte // the positions there, encoded
	pos    []int  // the same, once asked for
	size   int    // how much there is to read
}

func newPostings(offset int, records [][]byte) *postings {
	p := &postings{offset: offset, rest: records, doc: -1}
	for _, r := range records {
		p.size += len(r)
	}
	return p
}

// seek goes on to the first case at or behind doc, and reports whether there is one.
func (p *postings) seek(doc int) bool {
	for p.doc < doc {
		if !p.next() {
			return false
		}
	}
	return true
}

func (p *postings) next() bool {
	before := p.doc
	if len(p.record) == 0 {
		if len(p.rest) == 0 {
			return false
		}
		p.record, p.rest, before = p.rest[0], p.rest[1:], 0
	}
	step, n := binary.Uvarint(p.record)
	size, m := binary.Uvarint(p.record[max(n, 0):])
	end := n + m + int(size) //nolint:gosec // checked below
	if n <= 0 || m <= 0 || end < n+m || end > len(p.record) {
		p.record, p.rest = nil, nil // not ours
		return false
	}
	p.doc, p.at, p.record, p.pos = before+int(step), p.record[n+m:end], p.record[end:], p.pos[:0] //nolint:gosec // a place in a segment
	return true
}

// starts returns where the query would have to begin for its gram to stand here.
func (p *postings) starts() []int {
	if len(p.pos) > 0 {
		return p.pos
	}
	pos := 0
	for at := p.at; len(at) > 0; {
		step, n := binary.Uvarint(at)
		if n <= 0 {
			break
		}
		pos += int(step) //nolint:gosec // a position in a text
		p.pos = append(p.pos, pos-p.offset)
		at = at[n:]
	}
	return p.pos
}

// together returns the cases, by place, in which all grams of a query stand where they should.
func together(all []*postings) []int {
	slices.SortFunc(all, func(a, b *postings) int { return a.size - b.size })
	var out []int
	for doc := 0; all[0].seek(doc); {
		doc = all[0].doc
		met := true
		for _, p := range all[1:] {
			if !p.seek(doc) {
				return out
			}
			if p.doc > doc {
				doc, met = p.doc, false
				break
			}
		}
		if !met {
			continue
		}
		if sideBySide(all) {
			out = append(out, doc)
		}
		doc++
	}
	return out
}

// sideBySide reports whether there is a place from which all grams stand as the query has them.
func sideBySide(all []*postings) bool {
	if len(all) == 1 {
		return true
	}
	return slices.ContainsFunc(all[0].starts(), func(start int) bool {
		for _, p := range all[1:] {
			if _, ok := slices.BinarySearch(p.starts(), start); !ok {
				return false
			}
		}
		return true
	})
}
