package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"

	"github.com/gin-gonic/gin"
)

// staticPath is where styles, scripts and pictures are.
const staticPath = "/static/"

// file is a style, a script or a picture, with a digest of it.
type file struct {
	content []byte
	kind    string // as browsers call it
	sum     string
}

// files are all of them by name. Each is asked for with its digest, so that a browser keeps it for as long as it stays the same.
type files map[string]file

func newFiles() (files, error) {
	found, err := fs.ReadDir(static, "static")
	if err != nil {
		return nil, fmt.Errorf("find the static files: %w", err)
	}
	out := files{}
	for _, entry := range found {
		content, err := static.ReadFile("static/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read a static file: %w", err)
		}
		sum := sha256.Sum256(content)
		out[entry.Name()] = file{content: content, kind: mime.TypeByExtension(path.Ext(entry.Name())), sum: hex.EncodeToString(sum[:6])}
	}
	return out, nil
}

// url returns where a file is, as templates ask for it.
func (f files) url(name string) (string, error) {
	one, ok := f[name]
	if !ok {
		return "", fmt.Errorf("there is no static file %s", name)
	}
	return staticPath + name + "?v=" + one.sum, nil
}

// has reports whether there is a file: a page's own style and module are there under its name, where it has any.
func (f files) has(name string) bool {
	_, ok := f[name]
	return ok
}

// serve sends a file. One that is asked for by another digest, by a page of another version of ours, is not kept.
func (f files) serve(c *gin.Context) {
	one, ok := f[c.Param("file")]
	if !ok {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	if c.Query("v") == one.sum {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Data(http.StatusOK, one.kind, one.content)
}
