package desk

import (
	"bytes"
	"encoding/csv"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yunwei/apperr"
	"yunwei/asset"
)

// MaxAssetFile is how large a sheet of assets may be, in bytes.
const MaxAssetFile = 8 << 20

// readAssetFile reads a csv (UTF-8 or GB 18030, as spreadsheets in Chinese write it) or the first sheet of an xlsx file of assets,
// told apart by the ending of its name. Unreadable, TooLarge; Invalid, by the field "file".
func readAssetFile(name string, body io.Reader) (asset.Sheet, error) {
	content, err := io.ReadAll(io.LimitReader(body, MaxAssetFile+1))
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
	}
	if len(content) > MaxAssetFile {
		return nil, apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "8 MiB"})
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return readAssetCSV(content)
	case ".xlsx":
		return readAssetBook(content)
	}
	return nil, notAssets(nil)
}

// notAssets refuses a file that holds no sheet; why is for the log.
func notAssets(why error) error {
	e := apperr.Wrap(why, apperr.Invalid, apperr.ReasonInvalid)
	e.Fields = []apperr.Field{{Field: "file", Reason: apperr.FieldAssetSheet}}
	return e
}

func readAssetCSV(content []byte) (asset.Sheet, error) {
	if !utf8.Valid(content) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(content)
		if err != nil {
			return nil, notAssets(err)
		}
		content = decoded
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, notAssets(err)
	}
	return rows, nil
}

func readAssetBook(content []byte) (asset.Sheet, error) {
	var rows [][]string
	err := firstSheet(content, excelize.Options{ShortDatePattern: "yyyy-mm-dd"}, notAssets, func(book *excelize.File, sheet string) (err error) {
		if rows, err = book.GetRows(sheet); err != nil {
			return notAssets(err)
		}
		return nil
	})
	return rows, err
}
