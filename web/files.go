package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// fileDesk is what the pages ask of the desk about files.
type fileDesk interface {
	Attach(ctx context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error)
	Attachments(ctx context.Context, by desk.Caller, number, after string, limit int) (list []defect.Attachment, next string, err error)
	Attachment(ctx context.Context, by desk.Caller, id string) (desk.Content, error)
}

// formOverhead is what a form adds to its file, in bytes.
const formOverhead = 64 << 10

// attach puts the file of a form on a case. It goes to its place as it comes, and is never held in memory.
func (p *pages) attach(c *gin.Context, by desk.Caller) {
	switch err := p.takeFile(c, by); {
	case err == nil:
		c.Redirect(http.StatusSeeOther, "/defects/"+c.Param("number")+"?did="+string(defect.ActAttach)+"#files")
	case apperr.Is(err, apperr.NotFound):
		p.fail(c, err)
	default:
		e, l := apperr.Of(forPeople(c, err)), language(c)
		why := l.Text(e.Reason, e.Args)
		if len(e.Fields) > 0 {
			why = l.Text(e.Fields[0].Reason, e.Fields[0].Args)
		}
		p.showCase(c, by, p.refuse(c, err), nil, why)
	}
}

func (p *pages) takeFile(c *gin.Context, by desk.Caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, desk.MaxFileSize+formOverhead)
	form, err := c.Request.MultipartReader()
	if err != nil {
		return apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
	}
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			var wrong apperr.Fields
			wrong.Add("file", apperr.FieldFile, nil)
			return wrong.Err()
		case err != nil:
			return apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
		case part.FormName() == "file" && part.FileName() != "": // a browser sends a part without a name for no file
			_, err := p.desk.Attach(c, by, c.Param("number"), part.FileName(), part)
			return err
		}
	}
}

// download sends a file: to be saved, never to be shown in the place of a page of ours.
func (p *pages) download(c *gin.Context, by desk.Caller) {
	content, err := p.desk.Attachment(c, by, c.Param("id"))
	if err != nil {
		p.fail(c, err)
		return
	}
	defer content.Body.Close()
	c.Header("Content-Type", content.Type)
	c.Header("Content-Length", strconv.FormatInt(content.Size, 10))
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": content.Name}))
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, content.Body); err != nil {
		p.log.WarnContext(c, "a download broke off", "id", content.ID, "error", err)
	}
}
