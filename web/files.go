package web

import (
	"context"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// fileDesk is what the pages ask of the desk about files.
type fileDesk interface {
	Attach(ctx context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error)
	Attachments(ctx context.Context, by desk.Caller, number, after string, limit int) (list []defect.Attachment, next string, err error)
	Attachment(ctx context.Context, by desk.Caller, id string) (desk.Content, error)
}

// attach puts the file of a form on a case. It goes to its place as it comes, and is never held in memory.
func (p *pages) attach(c *gin.Context, by desk.Caller) {
	switch err := p.takeFile(c, by); {
	case err == nil:
		c.Redirect(http.StatusSeeOther, casePath(c.Param("number"))+"?did="+string(defect.ActAttach)+"#files")
	case apperr.Is(err, apperr.NotFound):
		p.fail(c, err)
	default:
		p.showCase(c, by, p.refuse(c, err), nil, firstWrong(language(c), forPeople(c, err)))
	}
}

func (p *pages) takeFile(c *gin.Context, by desk.Caller) error {
	sent, err := readUpload(c, desk.MaxFileSize+formOverhead)
	if err != nil {
		return err
	}
	if sent.file == nil {
		return noFile()
	}
	_, err = p.desk.Attach(c, by, c.Param("number"), sent.file.FileName(), sent.file)
	return err
}

func (p *pages) fileRoutes(e *gin.Engine) {
	e.POST(listPath+"/:number/attachments", p.known(p.attach))
	e.GET("/attachments/:id", p.known(p.download))
	e.GET("/attachments/:id/picture", p.known(p.picture))
}

// maxPreview is how large a picture may be to be shown on the page of its case, in bytes. A larger one has to be asked for.
const maxPreview = 8 << 20

// fileView is a file as the page of its case shows it.
type fileView struct {
	defect.Attachment
	By               string
	Picture, Preview bool // it can be looked at in its place; it is shown small
	Kind             string
}

// fileViews puts files into words.
func (p *pages) fileViews(l lang.Lang, files []defect.Attachment) []fileView {
	usernames := make([]string, len(files))
	for i, f := range files {
		usernames[i] = f.UploadedBy
	}
	names := p.desk.Names(usernames...)
	out := make([]fileView, len(files))
	for i, f := range files {
		_, picture := pictureTypes[f.Type]
		out[i] = fileView{Attachment: f, By: nameIn(names, f.UploadedBy), Picture: picture, Preview: picture && f.Size <= maxPreview, Kind: fileKind(l, f.File)}
	}
	return out
}

// fileKind says what a file is by its type, and else by the end of its name.
func fileKind(l lang.Lang, f defect.File) string {
	if strings.HasPrefix(f.Type, "image/") {
		return l.Term("web.case.picture")
	}
	return strings.ToUpper(strings.TrimPrefix(path.Ext(f.Name), "."))
}

// download sends a file: to be saved, never to be shown in the place of a page of ours.
func (p *pages) download(c *gin.Context, by desk.Caller) {
	content, err := p.desk.Attachment(c, by, c.Param("id"))
	if err != nil {
		p.fail(c, err)
		return
	}
	defer content.Body.Close()
	p.sendFile(c, content, "attachment")
}

// picture shows a file in its place: only one that is a picture by its content, and in a page that may do nothing. ?small=true
// asks for it as a part of another page. A browser keeps it, and asks each time whether its reader still may see it.
func (p *pages) picture(c *gin.Context, by desk.Caller) {
	content, err := p.desk.Attachment(c, by, c.Param("id"))
	if err != nil {
		p.fail(c, err)
		return
	}
	defer content.Body.Close()
	if _, is := pictureTypes[content.Type]; !is || c.Query(fieldSmall) != "" && !fits(&content) {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonAttachmentUnknown, nil))
		return
	}
	etag := strconv.Quote(content.Sum)
	c.Header("ETag", etag)
	c.Header("Cache-Control", "private, no-cache")
	c.Header("Content-Security-Policy", "default-src 'none'; sandbox")
	c.Header("Cross-Origin-Resource-Policy", "same-origin")
	if c.GetHeader("If-None-Match") == etag {
		c.Status(http.StatusNotModified)
		return
	}
	p.sendFile(c, content, "inline")
}

func (p *pages) sendFile(c *gin.Context, content desk.Content, disposition string) {
	c.Header("Content-Type", content.Type)
	c.Header("Content-Length", strconv.FormatInt(content.Size, 10))
	c.Header("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": content.Name}))
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, content.Body); err != nil {
		p.log.WarnContext(c, "a download broke off", "id", content.ID, "error", err)
	}
}
