package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
)

const (
	// maxForm bounds a form, in bytes: the longest texts that are taken, as browsers write them.
	maxForm = 512 << 10
	// formOverhead is what a form adds to its file, in bytes.
	formOverhead = 64 << 10
	// fieldFile is the field of files, in every form that has any.
	fieldFile = "file"
	// maxParts is how many fields and files a form with files is made of, chosen or not.
	maxParts = 1000
)

var errParts = errors.New("a form of too many parts")

// readForm reads a form without files, of bounded size.
func readForm(c *gin.Context) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	err := c.Request.ParseForm()
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(maxForm)
	}
	if err != nil {
		return apperr.Wrap(err, apperr.Unreadable, apperr.ReasonUnreadable)
	}
	return nil
}

// tooLarge refuses what has more bytes than are taken.
func tooLarge(limit int) error {
	return apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": strconv.Itoa(limit>>10) + " KiB"})
}

// unreadable refuses a form with files that breaks off, or is none.
func unreadable(err error) error { return apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm) }

// noFile refuses a form whose file was not chosen.
func noFile() error {
	var wrong apperr.Fields
	wrong.Add(fieldFile, apperr.FieldFile, nil)
	return wrong.Err()
}

// upload is a form with files as it comes: the texts before them are here, the files are read one after the other and never
// held in memory.
type upload struct {
	values url.Values
	form   *multipart.Reader // nil when it came without files
	parts  int               // of it that were begun
	file   *multipart.Part   // the next one; nil at the end
	err    error             // why no more of the form can be read
}

// readUpload reads a form of so many bytes at most up to its first file.
func readUpload(c *gin.Context, limit int64) (*upload, error) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
	form, err := c.Request.MultipartReader()
	if err != nil {
		return nil, unreadable(err)
	}
	u := &upload{values: url.Values{}, form: form}
	left := int64(maxForm)
	for {
		part, err := u.part()
		switch {
		case errors.Is(err, io.EOF):
			return u, nil
		case err != nil:
			return nil, unreadable(err)
		case part.FileName() != "":
			u.file = part
			return u, nil
		case part.FormName() == fieldFile: // a browser sends a part without a name for no file
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, unreadable(err)
		}
		if left -= int64(len(part.FormName()) + len(text)); left < 0 {
			return nil, tooLarge(maxForm)
		}
		u.values.Add(part.FormName(), string(text))
	}
}

// part begins the next part of the form.
func (u *upload) part() (*multipart.Part, error) {
	u.parts++
	if u.parts > maxParts {
		return nil, errParts
	}
	return u.form.NextPart() //nolint:wrapcheck // io.EOF is no error
}

// next goes on to the file behind the present one, whatever has been read of it.
func (u *upload) next() {
	_, u.err = io.Copy(io.Discard, u.file)
	u.file = nil
	for u.err == nil && u.file == nil {
		part, err := u.part()
		if err != nil {
			u.err = err
		} else if part.FileName() != "" {
			u.file = part
		}
	}
	if errors.Is(u.err, io.EOF) {
		u.err = nil
	}
}

// drain reads what is left of the form, without which a browser does not see the answer, and returns the names of its files.
func (u *upload) drain() []string {
	var names []string
	for ; u.file != nil; u.next() {
		names = append(names, u.file.FileName())
	}
	return names
}
