package web_test

import (
	"fmt"
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
	require.Contains(t, page, `<a class="preview" href="/attachments/png/picture"><img src="/attachments/png/picture" alt="查看图片 截图 &lt;1&gt;.png" loading="lazy"`)
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
