package web

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"yunwei/desk"
)

const (
	// maxPixels is how many pixels a picture may have to be shown on the page of its case: a file of a few kilobytes can say
	// that it has more than a browser has memory for.
	maxPixels = 50_000_000
	// pictureHead is how far into a picture it is looked for how many it has, in bytes.
	pictureHead = 1 << 20
	// fieldSmall asks in an address for a picture as a part of another page, which a browser does by itself.
	fieldSmall = "small"
)

// pictureTypes are the types of files, by their content, that a browser shows without running anything that is in them, with
// how their size in pixels is read.
var pictureTypes = map[string]func(io.Reader) (image.Config, error){
	"image/png": png.DecodeConfig, "image/jpeg": jpeg.DecodeConfig, "image/gif": gif.DecodeConfig, "image/webp": webpConfig,
}

// fits reports whether a picture may be shown without being asked for. Its body still gives all of it.
func fits(content *desk.Content) bool {
	var read bytes.Buffer
	is, err := pictureTypes[content.Type](io.TeeReader(io.LimitReader(content.Body, pictureHead), &read))
	content.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, content.Body), content.Body}
	return err == nil && is.Width > 0 && is.Height > 0 && is.Width <= maxPixels/is.Height
}

// webpConfig reads how large a WebP picture is: the first of its chunks tells, each kind in its own way.
func webpConfig(r io.Reader) (image.Config, error) {
	var head [30]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return image.Config{}, err //nolint:wrapcheck // nobody is told
	}
	pair := func(at int) int { return int(binary.LittleEndian.Uint16(head[at:])) }
	switch string(head[12:16]) {
	case "VP8 ":
		return image.Config{Width: pair(26) & 0x3fff, Height: pair(28) & 0x3fff}, nil
	case "VP8L":
		both := int(binary.LittleEndian.Uint32(head[21:]))
		return image.Config{Width: both&0x3fff + 1, Height: both>>14&0x3fff + 1}, nil
	case "VP8X":
		return image.Config{Width: pair(24) + int(head[26])<<16 + 1, Height: pair(27) + int(head[29])<<16 + 1}, nil
	}
	return image.Config{}, image.ErrFormat
}
