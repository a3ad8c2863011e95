package web_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

// withFiles has a case with files of so many types and sizes.
func withFiles(f *fakeDesk, files ...defect.File) {
	f.open(people["reporter"], report())
	c := f.cases[firstNumber]
	c.Files = len(files)
	f.cases[firstNumber] = c
	for _, file := range files {
		f.files = append(f.files, defect.Attachment{File: file, Number: firstNumber, UploadedBy: "reporter", UploadedAt: now})
	}
}

func TestFiles_PicturesAreShown(t *testing.T) {
	f, h := newSite(t)
	withFiles(f,
		defect.File{ID: "png", Name: "截图 <1>.png", Type: "image/png", Size: 3, Sum: "s1"},
		defect.File{ID: "camera", Name: "大图.jpg", Type: "image/jpeg", Size: 9 << 20, Sum: "s2"},
		defect.File{ID: "svg", Name: "图.svg", Type: "image/svg+xml", Size: 3, Sum: "s3"},
		defect.File{ID: "html", Name: "图.png", Type: "text/html; charset=utf-8", Size: 3, Sum: "s4"},
		defect.File{ID: "pdf", Name: "说明.pdf", Type: "application/pdf", Size: 3, Sum: "s5"},
	)
	f.uploaded = "abc"
	b := as(t, h, "agent", "zh")
	page := b.get("/defects/" + firstNumber).Body.String()
	require.Contains(t, page, `<a class="preview" href="/attachments/png/picture"><img src="/attachments/png/picture?small=true" alt="查看图片 截图 &lt;1&gt;.png" loading="lazy"`)
	require.Equal(t, 1, strings.Count(page, "<img"), "of the pictures only what is small enough")
	require.Contains(t, page, `<a href="/attachments/camera/picture">查看图片</a>`)
	require.Contains(t, page, ">PDF</span>")
	require.Contains(t, page, `<span class="small">3 B · 王芳`)
	for id, status := range map[string]int{"png": 200, "camera": 200, "svg": 404, "html": 404, "pdf": 404, "none": 404} {
		w := b.get("/attachments/" + id + "/picture")
		require.Equal(t, status, w.Code, id)
		if status == http.StatusOK {
			require.Equal(t, "abc", w.Body.String())
			require.Contains(t, w.Header().Get("Content-Type"), "image/")
			require.Contains(t, w.Header().Get("Content-Disposition"), "inline;")
			require.Contains(t, w.Header().Get("Content-Security-Policy"), "sandbox")
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			require.Equal(t, "same-origin", w.Header().Get("Cross-Origin-Resource-Policy"))
		}
		if id != "none" {
			require.Contains(t, b.get("/attachments/"+id).Header().Get("Content-Disposition"), "attachment;", "what is downloaded is never shown: %s", id)
		}
	}
	require.Equal(t, http.StatusSeeOther, as(t, h, "", "zh").get("/attachments/png/picture").Code, "nobody sees it who has not signed in")
}

func TestFiles_APictureThatUnfoldsIsNotShownUnasked(t *testing.T) {
	encoded := func(encode func(io.Writer, image.Image) error) string {
		var b strings.Builder
		require.NoError(t, encode(&b, image.NewPaletted(image.Rect(0, 0, 3, 2), color.Palette{color.Black})))
		return b.String()
	}
	// pngOf is a picture that says that it has other sides.
	pngOf := func(width, height uint32) string {
		b := []byte(encoded(png.Encode))
		binary.BigEndian.PutUint32(b[16:], width)
		binary.BigEndian.PutUint32(b[20:], height)
		binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		return string(b)
	}
	webp := func(chunk string, head ...byte) string {
		return "RIFF\x00\x00\x00\x00WEBP" + chunk + "\x00\x00\x00\x00" + string(head) + strings.Repeat("\x00", 20)
	}
	for name, c := range map[string]struct {
		kind, content string
		shown         bool
	}{
		"png":        {"png", encoded(png.Encode), true},
		"camera":     {"png", pngOf(8000, 6000), true},
		"bomb":       {"png", pngOf(60000, 60000), false},
		"overflow":   {"png", pngOf(1<<31-1, 1<<31-1), false},
		"broken":     {"png", "\x89PNG\r\n\x1a\n", false},
		"jpeg":       {"jpeg", encoded(func(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) }), true},
		"gif":        {"gif", encoded(func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }), true},
		"gif bomb":   {"gif", "GIF89a\xff\xff\xff\xff\x00\x00\x00", false},
		"lossy":      {"webp", webp("VP8 ", 0, 0, 0, 0x9d, 1, 0x2a, 3, 0, 2, 0), true},
		"lossless":   {"webp", webp("VP8L", 0x2f, 2, 0x40, 0, 0), true},
		"large":      {"webp", webp("VP8L", 0x2f, 0xff, 0xff, 0xff, 0x0f), false},
		"extended":   {"webp", webp("VP8X", 0, 0, 0, 0, 2, 0, 0, 1, 0, 0), true},
		"webp bomb":  {"webp", webp("VP8X", 0, 0, 0, 0, 0xff, 0xff, 0, 0xff, 0xff, 0), false},
		"other webp": {"webp", webp("XXXX"), false},
		"short webp": {"webp", "RIFF", false},
	} {
		f, h := newSite(t)
		withFiles(f, defect.File{ID: "a", Name: "a", Type: "image/" + c.kind, Size: int64(len(c.content)), Sum: "s"})
		f.uploaded = c.content
		b := as(t, h, "agent", "zh")
		w := b.get("/attachments/a/picture?small=true")
		require.Equal(t, c.shown, w.Code == http.StatusOK, name)
		if c.shown {
			require.Equal(t, c.content, w.Body.String(), name)
		}
		require.Equal(t, http.StatusOK, b.get("/attachments/a/picture").Code, "who asks for it sees it")
	}
}

func TestFiles_PicturesAreKeptWhileTheyMayBeSeen(t *testing.T) {
	f, h := newSite(t)
	withFiles(f, defect.File{ID: "png", Name: "a.png", Type: "image/png", Size: 3, Sum: "s1"})
	b := as(t, h, "agent", "zh")
	w := b.get("/attachments/png/picture")
	require.Equal(t, "private, no-cache", w.Header().Get("Cache-Control"))
	b.header.Set("If-None-Match", w.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, b.get("/attachments/png/picture").Code)
	delete(b.cookies, "yunwei_session")
	require.Equal(t, http.StatusSeeOther, b.get("/attachments/png/picture").Code)
}

func TestFiles_BeyondTheFirstPage(t *testing.T) {
	f, h := newSite(t)
	files := make([]defect.File, 450)
	for i := range files {
		files[i] = defect.File{ID: fmt.Sprintf("file-%03d", i), Name: fmt.Sprintf("%03d.txt", i), Type: "text/plain"}
	}
	withFiles(f, files...)
	for language, more := range map[string]string{"zh": "显示后续附件", "en": "More files"} {
		b := as(t, h, "agent", language)
		page := b.get("/defects/" + firstNumber).Body.String()
		require.Equal(t, 200, strings.Count(page, ` class="file"`))
		require.Contains(t, page, `<a href="?files=file-199#files">`+more+`</a>`)
		page = b.get("/defects/" + firstNumber + "?files=file-199").Body.String()
		require.Contains(t, page, ">200.txt</a>")
		require.Contains(t, page, `<a href="?files=file-399#files">`)
		require.Contains(t, page, `<a href="/defects/`+firstNumber+`#files">`, "the way back to the first")
		page = b.get("/defects/" + firstNumber + "?files=file-399").Body.String()
		require.Equal(t, 50, strings.Count(page, ` class="file"`))
		require.NotContains(t, page, more)
	}
}
