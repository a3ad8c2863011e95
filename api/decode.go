package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"unicode/utf8"

	"yunwei/apperr"
	"yunwei/defect"
)

const (
	maxBody  = 1 << 20 // bytes of a JSON body
	maxDepth = 16      // of nesting; ours goes two deep
	jsonType = "application/json"
)

var errUnreadable = apperr.New(apperr.Unreadable, apperr.ReasonUnreadable, nil)

// readBody returns the JSON object that a request holds, and adds to wrong all that does not fit the fields. No body is as
// good as an empty object. Errors are Unreadable, UnsupportedMediaType and TooLarge.
func readBody(r *http.Request, fields []defect.Field, wrong *apperr.Fields) (map[string]any, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return nil, apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "1 MiB"})
		}
		return nil, errUnreadable
	}
	if len(text) == 0 {
		defect.CheckFields(fields, nil, wrong)
		return nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != jsonType {
		return nil, apperr.New(apperr.UnsupportedMediaType, apperr.ReasonMediaType, apperr.Args{"accepted": jsonType})
	}
	doc, err := decode(text, wrong)
	if err != nil {
		return nil, err
	}
	defect.CheckFields(fields, doc, wrong)
	return doc, nil
}

// decode reads one JSON object and nothing after it. A key that stands twice is added to wrong; the standard library would
// keep the last and say nothing.
func decode(text []byte, wrong *apperr.Fields) (map[string]any, error) {
	if !utf8.Valid(text) {
		return nil, errUnreadable
	}
	d := decoder{Decoder: json.NewDecoder(bytes.NewReader(text)), wrong: wrong}
	d.UseNumber()
	v, err := d.value("", 0)
	if err != nil {
		return nil, errUnreadable
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errUnreadable
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return nil, errUnreadable
	}
	return doc, nil
}

type decoder struct {
	*json.Decoder
	wrong *apperr.Fields
}

var errDeep = errors.New("nested too deeply")

func (d decoder) value(path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return d.object(path, depth)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := d.value(path, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

func (d decoder) object(path string, depth int) (any, error) {
	doc := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, errUnreadable
		}
		if _, twice := doc[key]; twice {
			d.wrong.Add(path+key, apperr.FieldDuplicate, nil)
		}
		if doc[key], err = d.value(path+key+".", depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return doc, err
}

// bind fills a struct from a document that CheckFields has found right.
func bind(doc map[string]any, into any) error {
	b, err := json.Marshal(plain(doc))
	if err != nil {
		return fmt.Errorf("write the document again: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("bind a checked document: %w", err)
	}
	return nil
}

// plain writes numbers as Go reads them: 1.0 and 1e0 are whole numbers too.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = plain(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = plain(x)
		}
		return out
	case json.Number:
		f, err := v.Float64()
		if err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f)
		}
		return f
	}
	return v
}
