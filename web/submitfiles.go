package web

import (
	"context"
	"io"
	"mime"
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
	// toldFiles is how many files that were refused are named.
	toldFiles = 2 * maxReportFiles
)

// readReport reads a form up to its first file; a browser without scripts may send one without files as any other form.
func readReport(c *gin.Context) (*upload, error) {
	if kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || kind != "multipart/form-data" {
		err := readForm(c)
		return &upload{values: c.Request.PostForm}, err
	}
	return readUpload(c, maxReport)
}

// refusedFile is a file that came with a report and is not on its case.
type refusedFile struct {
	name string
	why  apperr.Code
}

// attachAll puts the files of a form on its case, and returns those that were refused.
func (p *pages) attachAll(c *gin.Context, by desk.Caller, number string, sent *upload) []refusedFile {
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
	u := url.URL{Path: casePath(number), RawQuery: told.Encode()}
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
