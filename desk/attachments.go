package desk

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// maxFileName is how long the name of a file is kept, in characters.
const maxFileName = 200

// Attach stores a file and puts it on the case. The file is stored first and the step taken second, so that a timeline
// never names a file that is not there; a file whose step is refused is removed. When it is Unavailable, the file may be on
// the case all the same, or be so in a moment.
func (d *Desk) Attach(ctx context.Context, by Caller, number, filename string, body io.Reader) (defect.Attachment, error) {
	c, f, err := d.keep(ctx, by, number, filename, body)
	if err != nil {
		return defect.Attachment{}, err
	}
	return d.putOn(ctx, by, c, f)
}

// AttachOnce is Attach for files that come with a report, which may be sent again when its outcome is unknown: a file that
// the caller has put on the case before, by name and content, is not put on it again.
func (d *Desk) AttachOnce(ctx context.Context, by Caller, number, filename string, body io.Reader) (defect.Attachment, error) {
	c, f, err := d.keep(ctx, by, number, filename, body)
	if err != nil {
		return defect.Attachment{}, err
	}
	var list []defect.Attachment
	if c.Files > 0 {
		err = d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
			list, err = d.store.Attachments(ctx, c.Number, "", defect.MaxPageSize)
			return err
		})
	}
	if err != nil && !isAway(err) { // while nobody can tell, twice is better than not at all
		d.drop(ctx, f.ID)
		return defect.Attachment{}, apperr.Of(err)
	}
	same := func(a defect.Attachment) bool {
		return a.Name == f.Name && a.Sum == f.Sum && a.UploadedBy == by.Username
	}
	if i := slices.IndexFunc(list, same); i >= 0 {
		d.drop(ctx, f.ID)
		return list[i], nil
	}
	return d.putOn(ctx, by, c, f)
}

// keep stores a file for a case that the caller may put it on.
func (d *Desk) keep(ctx context.Context, by Caller, number, filename string, body io.Reader) (defect.Case, defect.File, error) {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return c, defect.File{}, err
	}
	id := uuid.NewString()
	attach := defect.Command{Action: defect.ActAttach, By: by.Person, Input: defect.Input{File: &defect.File{ID: id}}}
	if err := c.Check(attach); err != nil { // before a byte is stored
		return c, defect.File{}, err
	}
	stored, err := d.files.Put(ctx, id, body, MaxFileSize)
	switch {
	case errors.Is(err, store.ErrTooLarge):
		return c, defect.File{}, apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "20 MiB"})
	case errors.Is(err, store.ErrRead):
		return c, defect.File{}, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonUnreadable)
	case err != nil:
		return c, defect.File{}, apperr.Wrap(err, apperr.Unavailable, apperr.ReasonStoreAway)
	}
	return c, defect.File{ID: id, Name: fileName(filename), Type: stored.Type, Size: stored.Size, Sum: stored.Sum}, nil
}

// putOn puts a file that is stored on the case.
func (d *Desk) putOn(ctx context.Context, by Caller, c defect.Case, f defect.File) (defect.Attachment, error) {
	v, err := d.act(ctx, by, c.Number, f.ID, defect.Command{Action: defect.ActAttach, By: by.Person, Input: defect.Input{File: &f}})
	if err != nil {
		d.dropRefused(ctx, f.ID, err)
		return defect.Attachment{}, err
	}
	return defect.Attachment{File: f, Number: c.Number, UploadedBy: by.Username, UploadedAt: v.UpdatedAt}, nil
}

// dropRefused removes the file of a step that was refused. One whose step nobody knows the outcome of stays: it may be on
// the timeline in a moment.
func (d *Desk) dropRefused(ctx context.Context, id string, why error) {
	if apperr.Is(why, apperr.Unavailable) || apperr.Is(why, apperr.Internal) {
		d.log.WarnContext(ctx, "a file may be on no case", "id", id)
		return
	}
	d.drop(ctx, id)
}

// drop removes a file that is on no case.
func (d *Desk) drop(ctx context.Context, id string) {
	if err := d.files.Delete(context.WithoutCancel(ctx), id); err != nil {
		d.log.ErrorContext(ctx, "a file that is on no case stays behind", "id", id, "error", err)
	}
}

// Attachments lists the files of a case in the order of their upload, after the given ID, at most limit of them, with
// the ID to go on from when there are more.
func (d *Desk) Attachments(ctx context.Context, by Caller, number, after string, limit int) ([]defect.Attachment, string, error) {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return nil, "", err
	}
	var list []defect.Attachment
	err = d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		list, err = d.store.Attachments(ctx, c.Number, after, limit+1)
		return err
	})
	if err != nil {
		return nil, "", apperr.Of(err)
	}
	if len(list) > limit {
		return list[:limit], list[limit-1].ID, nil
	}
	return list, "", nil
}

// Attachment opens a file; NotFound when it is on a case that the caller may not see. The caller closes it.
func (d *Desk) Attachment(ctx context.Context, by Caller, id string) (Content, error) {
	unknown := apperr.New(apperr.NotFound, apperr.ReasonAttachmentUnknown, nil)
	var a defect.Attachment
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		a, err = d.store.Attachment(ctx, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return Content{}, unknown
	}
	if err != nil {
		return Content{}, apperr.Of(err)
	}
	if _, err := d.visible(ctx, by, a.Number); err != nil {
		if apperr.Is(err, apperr.NotFound) {
			return Content{}, unknown
		}
		return Content{}, err
	}
	body, err := d.files.Get(ctx, id)
	if err != nil {
		return Content{}, apperr.Wrap(err, apperr.Unavailable, apperr.ReasonStoreAway)
	}
	return Content{Attachment: a, Body: body}, nil
}

// fileName keeps of a caller's file name what may be shown: its last part, printable, of bounded length.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name))
	if r := []rune(name); len(r) > maxFileName {
		name = string(r[len(r)-maxFileName:]) // its end tells more: the extension
	}
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}
