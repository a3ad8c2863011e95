package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"

	"github.com/gabriel-vasile/mimetype"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file:///folder
	_ "gocloud.dev/blob/s3blob"   // s3://bucket
	"gocloud.dev/gcerrors"
)

// headBytes is how much of a file tells its type.
const headBytes = 3072

// Files keeps the content of attachments, by ID, in a folder or a bucket.
type Files struct {
	bucket *blob.Bucket
	folder string // empty for a bucket
}

// File is what is told of a file by its content.
type File struct {
	Size int64  // bytes
	Sum  string // SHA-256, hexadecimal
	Type string // a media type
}

var fileID = regexp.MustCompile(`^[A-Za-z0-9_-]{2,64}$`)

// OpenFiles opens the folder or bucket at a URL: file:///folder, which is made where there is none, or s3://bucket with
// the parameters of gocloud.dev/blob/s3blob; its credentials come from the environment.
func OpenFiles(ctx context.Context, address string) (*Files, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the URL of the attachments cannot be read: file:///folder or s3://bucket?region=…")
	}
	folder := ""
	switch u.Scheme {
	case "file":
		folder = u.Path
		q := u.Query()
		q.Set("create_dir", "1")
		q.Set("dir_file_mode", "0700")
		q.Set("no_tmp_dir", "1")  // a file is renamed into place, which works within one file system only
		q.Set("metadata", "skip") // all that is known of a file is in SQL
		u.RawQuery = q.Encode()
	case "s3":
	default:
		return nil, errors.New("the URL of the attachments begins with file:// or s3://")
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("open the attachments at %s://%s%s: %w", u.Scheme, u.Host, u.Path, err)
	}
	return &Files{bucket: bucket, folder: folder}, nil
}

// Close ends the use of the folder or bucket.
func (f *Files) Close() error { return f.bucket.Close() }

// Ping reports whether the folder or bucket is there.
func (f *Files) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ok, err := f.bucket.IsAccessible(ctx)
	if err == nil && f.folder != "" { // a folder that has gone counts as an empty one there
		_, err = os.Stat(f.folder)
	}
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("the place of the attachments: %w", err)
	}
	return nil
}

// Put stores what r gives under an ID and returns what its content tells. ErrTooLarge when it is more than limit bytes,
// ErrRead when r fails; nothing is left behind then.
func (f *Files) Put(ctx context.Context, id string, r io.Reader, limit int64) (File, error) {
	key, err := fileKey(id)
	if err != nil {
		return File{}, err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, fmt.Errorf("a file %w: %w", ErrRead, err)
	}
	head = head[:n]
	told := File{Type: mimetype.Detect(head).String()}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := f.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: told.Type})
	if err != nil {
		return File{}, fmt.Errorf("store file %s: %w", id, err)
	}
	if told.Size, told.Sum, err = pour(w, head, r, limit); err != nil {
		cancel() // what was begun is given up, not completed
		_ = w.Close()
		return File{}, fmt.Errorf("store file %s: %w", id, err)
	}
	if err := w.Close(); err != nil {
		return File{}, fmt.Errorf("store file %s: %w", id, err)
	}
	return told, nil
}

// pour writes head and the rest, up to a limit, and returns how much it was and its sum.
func pour(w io.Writer, head []byte, rest io.Reader, limit int64) (int64, string, error) {
	hash := sha256.New()
	source := &watched{Reader: rest}
	body := io.MultiReader(bytes.NewReader(head), io.LimitReader(source, max(limit+1-int64(len(head)), 0)))
	size, err := io.Copy(io.MultiWriter(w, hash), body)
	switch {
	case source.err != nil:
		return 0, "", fmt.Errorf("%w: %w", ErrRead, source.err)
	case err != nil:
		return 0, "", err
	case size > limit:
		return 0, "", fmt.Errorf("more than %d bytes: %w", limit, ErrTooLarge)
	}
	return size, hex.EncodeToString(hash.Sum(nil)), nil
}

// Get opens the file with an ID; ErrNotFound. The caller closes it.
func (f *Files) Get(ctx context.Context, id string) (io.ReadCloser, error) {
	key, err := fileKey(id)
	if err != nil {
		return nil, err
	}
	r, err := f.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", id, err)
	}
	return r, nil
}

// Delete removes the file with an ID; one that is not there is removed already.
func (f *Files) Delete(ctx context.Context, id string) error {
	key, err := fileKey(id)
	if err != nil {
		return err
	}
	if err := f.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove file %s: %w", id, err)
	}
	return nil
}

// fileKey is where a file lies: spread over folders, so that none grows large.
func fileKey(id string) (string, error) {
	if !fileID.MatchString(id) {
		return "", fmt.Errorf("file %q: %w", id, ErrNotFound)
	}
	return id[:2] + "/" + id, nil
}

// watched remembers that reading failed, which io.Copy does not tell from writing.
type watched struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}
