package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

const selectAttachment = "SELECT id, number, name, type, size, sum, uploaded_by, uploaded_at FROM attachments "

type attachmentRow struct {
	ID         string `db:"id"`
	Number     string `db:"number"`
	Name       string `db:"name"`
	Type       string `db:"type"`
	Size       int64  `db:"size"`
	Sum        string `db:"sum"`
	UploadedBy string `db:"uploaded_by"`
	UploadedAt int64  `db:"uploaded_at"`
}

func (r attachmentRow) attachment() defect.Attachment {
	return defect.Attachment{
		File:   defect.File{ID: r.ID, Name: r.Name, Type: r.Type, Size: r.Size, Sum: r.Sum},
		Number: r.Number, UploadedBy: r.UploadedBy, UploadedAt: fromMicros(r.UploadedAt),
	}
}

// addAttachments lists the files that new events put on a case. Like everything else of a case the list follows its
// events: it names no file that is not on the timeline.
func addAttachments(ctx context.Context, tx *sqlx.Tx, number string, fresh []defect.Event) error {
	var rows []attachmentRow
	for _, e := range fresh {
		if e.Kind != defect.Kind(defect.ActAttach) || e.Input == nil || e.Input.File == nil {
			continue
		}
		f := e.Input.File
		rows = append(rows, attachmentRow{
			ID: plain(f.ID), Number: plain(number), Name: f.Name, Type: f.Type, Size: f.Size, Sum: f.Sum, UploadedBy: e.Actor.Username, UploadedAt: micros(e.At),
		})
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.NamedExecContext(ctx, `INSERT INTO attachments (id, number, name, type, size, sum, uploaded_by, uploaded_at)
VALUES (:id, :number, :name, :type, :size, :sum, :uploaded_by, :uploaded_at)`, rows); err != nil {
		return fmt.Errorf("list the files: %w", err)
	}
	return nil
}

// Attachment returns what is known of a file; ErrNotFound.
func (s *Store) Attachment(ctx context.Context, id string) (defect.Attachment, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var r attachmentRow
	err := s.read.GetContext(ctx, &r, selectAttachment+"WHERE id = ?", plain(id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return defect.Attachment{}, fmt.Errorf("attachment %q: %w", id, err)
	}
	return r.attachment(), nil
}

// Attachments lists the files of a case in the order of their upload, after the one with the given ID, from the first
// where it is empty, at most limit of them. After an ID that is not among them there are none.
func (s *Store) Attachments(ctx context.Context, number, after string, limit int) ([]defect.Attachment, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	statement, args := selectAttachment+"WHERE number = ? ", []any{plain(number)}
	if after != "" {
		statement += "AND (uploaded_at, id) > (SELECT uploaded_at, id FROM attachments WHERE id = ? AND number = ?) "
		args = append(args, plain(after), plain(number))
	}
	var rows []attachmentRow
	if err := s.read.SelectContext(ctx, &rows, statement+"ORDER BY uploaded_at, id LIMIT ?", append(args, limit)...); err != nil {
		return nil, fmt.Errorf("attachments of case %s: %w", number, err)
	}
	out := make([]defect.Attachment, len(rows))
	for i, r := range rows {
		out[i] = r.attachment()
	}
	return out, nil
}
