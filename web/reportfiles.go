package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// reportFileDesk is what the form of a report asks of the desk about its files.
type reportFileDesk interface {
	AttachOnce(ctx context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error)
}

const (
	// maxReportFiles is how many files come with a report.
	maxReportFiles = 10
	// maxReport bounds the form with them, in bytes.
	maxReport = maxReportFiles*(desk.MaxFileSize+formOverhead) + maxForm
	fieldFile = "file"
	// maxReportParts is how many fields and files it is made of, chosen or not; toldFiles how many files that were refused are named.
	maxReportParts = 1000
	toldFiles      = 2 * maxReportFiles
)

var errParts = errors.New("a form of too many parts")

// sentReport is the form of a report as it comes: its texts are here, its files are read one after the other and never held
// in memory.
type sentReport struct {
	values url.Values
	form   *multipart.Reader // nil when it came without files
	parts  int               // of it that were begun
	file   *multipart.Part   // the next one; nil at the end
	err    error             // why no more of the form can be read
}

// readReport reads a form up to its first file.
func readReport(c *gin.Context) (*sentReport, error) {
	if kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || kind != "multipart/form-data" {
		err := readForm(c)
		return &sentReport{values: c.Request.PostForm}, err
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxReport)
	form, err := c.Request.MultipartReader()
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
	}
	s := &sentReport{values: url.Values{}, form: form}
	left := int64(maxForm)
	for {
		part, err := s.part()
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
		case part.FileName() != "":
			s.file = part
			return s, nil
		case part.FormName() == fieldFile: // no file was chosen
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
		}
		if left -= int64(len(part.FormName()) + len(text)); left < 0 {
			return nil, apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": strconv.Itoa(maxForm>>10) + " KiB"})
		}
		s.values.Add(part.FormName(), string(text))
	}
}

// part begins the next part of the form.
func (s *sentReport) part() (*multipart.Part, error) {
	s.parts++
	if s.parts > maxReportParts {
		return nil, errParts
	}
	return s.form.NextPart() //nolint:wrapcheck // io.EOF is no error
}

// next goes on to the file behind the present one, whatever has been read of it.
func (s *sentReport) next() {
	_, s.err = io.Copy(io.Discard, s.file)
	s.file = nil
	for s.err == nil && s.file == nil {
		part, err := s.part()
		if err != nil {
			s.err = err
		} else if part.FileName() != "" {
			s.file = part
		}
	}
	if errors.Is(s.err, io.EOF) {
		s.err = nil
	}
}

// drain reads what is left of the form, without which a browser does not see the answer, and returns the names of its files.
func (s *sentReport) drain() []string {
	var names []string
	for ; s.file != nil; s.next() {
		names = append(names, s.file.FileName())
	}
	return names
}

// refusedFile is a file that came with a report and is not on its case.
type refusedFile struct {
	name string
	why  apperr.Code
}

// attachAll puts the files of a form on its case, and returns those that were refused.
func (p *pages) attachAll(c *gin.Context, by desk.Caller, number string, sent *sentReport) []refusedFile {
	var refused []refusedFile
	var why apperr.Code // why no further file is tried
	for n := 0; sent.file != nil; n++ {
		name := sent.file.FileName()
		if n == maxReportFiles {
			why = apperr.TooManyRequests
		}
		if why != "" {
			refused = append(refused, refusedFile{name, why})
		} else if _, err := p.desk.AttachOnce(c, by, number, name, sent.file); err != nil {
			p.log.WarnContext(c, "a file of a report was refused", "number", number, "error", err)
			refused = append(refused, refusedFile{name, apperr.Of(err).Code})
			if apperr.Is(err, apperr.Unavailable) { // nobody waits for it as often as there are files
				why = apperr.Unavailable
			}
		}
		sent.next()
	}
	broken := slices.ContainsFunc(refused, func(f refusedFile) bool { return f.why == apperr.Unreadable })
	if sent.err != nil && !broken { // nobody knows which files there would have been
		refused = append(refused, refusedFile{"…", apperr.Unreadable})
	}
	return refused
}

// caseOf returns the address of a case that was just filed. It says with which key, so that the draft of the form is
// forgotten, and which files were refused.
func caseOf(number, key string, refused []refusedFile) string {
	told := url.Values{}
	if key != "" {
		told.Set("filed", key)
	}
	for _, f := range refused[:min(len(refused), toldFiles)] { // an address has its limits
		told.Add("refused", defect.Printable(f.name))
		told.Add("why", string(f.why))
	}
	u := url.URL{Path: "/defects/" + number, RawQuery: told.Encode()}
	if len(refused) > 0 {
		u.Fragment = "files"
	}
	return u.String()
}

// refusedFiles says which files of a report are not on its case, as the address tells; empty when all are.
func refusedFiles(c *gin.Context) string {
	l, names, why := language(c), c.QueryArray("refused"), c.QueryArray("why")
	var told []string
	for i := range min(len(names), len(why), toldFiles) {
		name := strings.TrimLeft(defect.Printable(names[i]), "@") // what begins so would be taken for a term
		told = append(told, l.Text("web.new.refused_file", apperr.Args{"name": name, "why": whyRefused(l, apperr.Code(why[i]))}))
	}
	if len(told) == 0 {
		return ""
	}
	return l.Text("web.new.refused", apperr.Args{"files": strings.Join(told, l.Term("list.separator"))})
}

// whyRefused says why a file is not on its case.
func whyRefused(l lang.Lang, code apperr.Code) string {
	switch code {
	case apperr.TooLarge:
		return l.Term("web.new.file_large")
	case apperr.TooManyRequests:
		return l.Text("web.new.file_many", apperr.Args{"n": strconv.Itoa(maxReportFiles)})
	case apperr.Unreadable:
		return l.Term("web.new.file_broken")
	case apperr.Unavailable:
		return l.Term("web.new.file_away")
	default:
		return l.Term("web.new.file_refused")
	}
}
