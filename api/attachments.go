package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// fileDesk is what the API asks of the desk about files.
type fileDesk interface {
	Attach(ctx context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error)
	Attachments(ctx context.Context, by desk.Caller, number, after string, limit int) (list []defect.Attachment, next string, err error)
	Attachment(ctx context.Context, by desk.Caller, id string) (desk.Content, error)
}

// formOverhead is what a form adds to its file, in bytes.
const formOverhead = 64 << 10

// attach puts the file of a form on a case. It goes to its place as it comes, and is never held in memory.
func (a *api) attach(r *request) (any, error) {
	part, err := r.file(desk.MaxFileSize)
	if err != nil {
		return nil, err
	}
	return a.attachPart(r, part)
}

// file returns the file of a form, which is up to limit bytes long.
func (r *request) file(limit int64) (*multipart.Part, error) {
	r.Request.Body = http.MaxBytesReader(r.Writer, r.Request.Body, limit+formOverhead)
	form, err := r.Request.MultipartReader()
	if err != nil {
		return nil, apperr.New(apperr.UnsupportedMediaType, apperr.ReasonMediaType, apperr.Args{"accepted": "multipart/form-data"})
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			var wrong apperr.Fields
			wrong.Add("file", apperr.FieldFile, nil)
			return nil, wrong.Err()
		}
		if err != nil {
			return nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
}

func (a *api) attachPart(r *request, part *multipart.Part) (any, error) {
	saved, err := a.desk.Attach(r, r.by, r.Param("number"), part.FileName(), part)
	if apperr.Is(err, apperr.Unreadable) { // the desk knows of no forms
		return nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
	}
	if err != nil {
		return nil, err
	}
	r.Header("Location", prefix+"/attachments/"+saved.ID)
	return attachmentOf(saved), nil
}

func (a *api) attachments(r *request) (any, error) {
	list, next, err := a.desk.Attachments(r, r.by, r.Param("number"), r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := attachmentsBody{Items: make([]attachmentBody, 0, len(list)), Next: given(next)}
	for _, one := range list {
		answer.Items = append(answer.Items, attachmentOf(one))
	}
	return answer, nil
}

// attachment sends a file: to be saved, never to be shown in the place of a page of ours.
func (a *api) attachment(r *request) (any, error) {
	content, err := a.desk.Attachment(r, r.by, r.Param("id"))
	if err != nil {
		return nil, err
	}
	defer content.Body.Close()
	etag := strconv.Quote(content.Sum)
	r.Header("ETag", etag)
	if r.GetHeader("If-None-Match") == etag {
		r.status = http.StatusNotModified
		return nil, nil
	}
	r.Header("Content-Type", content.Type)
	r.Header("Content-Length", strconv.FormatInt(content.Size, 10))
	r.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": content.Name}))
	r.Status(http.StatusOK)
	if _, err := io.Copy(r.Writer, content.Body); err != nil {
		a.log.WarnContext(r, "a download broke off", "id", content.ID, "error", err)
	}
	return nil, nil
}
