package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"yunwei/store"
)

func openFiles(t *testing.T) (*store.Files, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "附件", "new")
	f, err := store.OpenFiles(t.Context(), "file://"+folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f, folder
}

// left lists the files in a folder.
func left(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, filepath.Base(path))
		}
		return err
	}))
	return names
}

func TestFiles_PutGetDelete(t *testing.T) {
	f, folder := openFiles(t)
	ctx := t.Context()
	require.NoError(t, f.Ping(ctx))
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), bytes.Repeat([]byte{7}, 10_000)...)
	sum := sha256.Sum256(png)
	told, err := f.Put(ctx, "0f-1", iotest.OneByteReader(bytes.NewReader(png)), int64(len(png)))
	require.NoError(t, err)
	require.Equal(t, store.File{Size: int64(len(png)), Sum: hex.EncodeToString(sum[:]), Type: "image/png"}, told)
	r, err := f.Get(ctx, "0f-1")
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, png, got)
	require.Equal(t, []string{"0f-1"}, left(t, folder))
	require.NoError(t, f.Delete(ctx, "0f-1"))
	require.NoError(t, f.Delete(ctx, "0f-1"))
	_, err = f.Get(ctx, "0f-1")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, left(t, folder))
}

func TestFiles_TypeByContent(t *testing.T) {
	f, _ := openFiles(t)
	for content, want := range map[string]string{
		"":                             "text/plain",
		"hello 你好":                     "text/plain; charset=utf-8",
		"<!DOCTYPE html><html></html>": "text/html; charset=utf-8",
		"%PDF-1.7\n":                   "application/pdf",
		"\x7fELF\x02\x01\x01":          "application/x-elf",
		"\x00\x01\x02":                 "application/octet-stream",
	} {
		told, err := f.Put(t.Context(), "id", strings.NewReader(content), 100)
		require.NoError(t, err)
		require.Equal(t, want, told.Type)
	}
}

func TestFiles_WhenSomethingIsWrong(t *testing.T) {
	f, folder := openFiles(t)
	ctx := t.Context()
	gone := errors.New("the sender went away")
	cases := map[string]struct {
		body io.Reader
		want error
	}{
		"one byte too many":  {strings.NewReader(strings.Repeat("x", 5001)), store.ErrTooLarge},
		"far too many":       {io.LimitReader(zeros{}, 1<<40), store.ErrTooLarge},
		"fails at once":      {iotest.ErrReader(gone), gone},
		"fails early":        {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(gone)), store.ErrRead},
		"fails in the midst": {io.MultiReader(strings.NewReader(strings.Repeat("x", 4000)), iotest.ErrReader(gone)), store.ErrRead},
	}
	for name, c := range cases {
		_, err := f.Put(ctx, "id", c.body, 5000)
		require.ErrorIs(t, err, c.want, name)
		if !errors.Is(c.want, store.ErrTooLarge) {
			require.ErrorIs(t, err, gone, name)
			require.ErrorIs(t, err, store.ErrRead, name)
		}
		require.Empty(t, left(t, folder), name)
	}
	_, err := f.Put(ctx, "id", strings.NewReader(strings.Repeat("x", 10)), 9)
	require.ErrorIs(t, err, store.ErrTooLarge)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = f.Put(cancelled, "id", strings.NewReader("abc"), 9)
	require.Error(t, err)
	require.Empty(t, left(t, folder))
	for _, id := range []string{"", "a", "../../etc/passwd", "a/b", "..", strings.Repeat("a", 65)} {
		_, err := f.Put(ctx, id, strings.NewReader("x"), 9)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = f.Get(ctx, id)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, f.Delete(ctx, id), store.ErrNotFound)
	}
	require.NoError(t, os.RemoveAll(folder))
	require.Error(t, f.Ping(ctx))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestOpenFiles_AURLThatIsNone(t *testing.T) {
	for _, address := range []string{"", "/folder", "gs://bucket", "mem://", "file://%zz", "s3://?region=x&what=1"} {
		_, err := store.OpenFiles(t.Context(), address)
		require.Error(t, err, address)
	}
}

// bucket is as much of S3 as is needed.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	types   map[string]string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch body, known := b.objects[r.URL.Path]; {
	case r.Method == http.MethodPut:
		b.objects[r.URL.Path], _ = io.ReadAll(r.Body)
		b.types[r.URL.Path] = r.Header.Get("Content-Type")
		w.Header().Set("ETag", `"1"`)
	case r.Method == http.MethodDelete:
		delete(b.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Query().Has("list-type"):
		_, _ = io.WriteString(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
	case !known:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<Error><Code>NoSuchKey</Code></Error>`)
	default:
		w.Header().Set("Last-Modified", "Mon, 02 Mar 2026 01:00:00 GMT")
		_, _ = w.Write(body)
	}
}

func TestFiles_InABucket(t *testing.T) {
	b := &bucket{objects: map[string][]byte{}, types: map[string]string{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "key")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	ctx := t.Context()
	f, err := store.OpenFiles(ctx, "s3://files?region=us-east-1&use_path_style=true&request_checksum_calculation=when_required&response_checksum_validation=when_required&endpoint="+server.URL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	require.NoError(t, f.Ping(ctx))
	told, err := f.Put(ctx, "0f-1", strings.NewReader("%PDF-1.7\n"), 100)
	require.NoError(t, err)
	require.Equal(t, "application/pdf", told.Type)
	require.Equal(t, map[string]string{"/files/0f/0f-1": "application/pdf"}, b.types)
	r, err := f.Get(ctx, "0f-1")
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, "%PDF-1.7\n", string(got))
	_, err = f.Put(ctx, "0f-2", strings.NewReader("too much"), 3)
	require.ErrorIs(t, err, store.ErrTooLarge)
	require.Len(t, b.objects, 1)
	_, err = f.Get(ctx, "0f-2")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, f.Delete(ctx, "0f-1"))
	require.Empty(t, b.objects)
	server.Close()
	require.Error(t, f.Ping(ctx))
}
