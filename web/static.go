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

// assetPath is where styles, scripts and pictures are; the register of assets has the other word.
const assetPath = "/static/"

// file is an asset, with a digest of it.
type file struct {
	content []byte
	kind    string // as browsers call it
	sum     string
}

// files are the assets by name. Each is asked for with its digest, so that a browser keeps it for as long as it stays the same.
type files map[string]file

func newFiles() (files, error) {
	found, err := fs.ReadDir(assets, "assets")
	if err != nil {
		return nil, fmt.Errorf("find the assets: %w", err)
	}
	out := files{}
	for _, entry := range found {
		content, err := assets.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read an asset: %w", err)
		}
		sum := sha256.Sum256(content)
		out[entry.Name()] = file{content: content, kind: mime.TypeByExtension(path.Ext(entry.Name())), sum: hex.EncodeToString(sum[:6])}
	}
	return out, nil
}

// url returns where an asset is, as templates ask for it.
func (f files) url(name string) (string, error) {
	one, ok := f[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return assetPath + name + "?v=" + one.sum, nil
}

// has reports whether there is an asset: a page's own style and module are there under its name, where it has any.
func (f files) has(name string) bool {
	_, ok := f[name]
	return ok
}

// serve sends an asset. One that is asked for by another digest, by a page of another version of ours, is not kept.
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
