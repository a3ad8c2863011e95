package desk

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yunwei/apperr"
	"yunwei/asset"
)

// ReadAssetFile reads a csv (UTF-8 or GB 18030, as spreadsheets in Chinese write it) or the first sheet of an xlsx file of assets.
// TooLarge; Invalid, by the field "file".
func ReadAssetFile(f AssetFile) (asset.Sheet, error) {
	if len(f.Content) > MaxAssetFile {
		return nil, apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "8 MiB"})
	}
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".csv":
		return readAssetCSV(f.Content)
	case ".xlsx":
		return readAssetBook(f.Content)
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

func readAssetBook(content []byte) (sheet asset.Sheet, err error) {
	defer func() {
		if broken := recover(); broken != nil { // the file is a stranger's, and its reader somebody else's
			sheet, err = nil, notAssets(fmt.Errorf("the reading of a sheet panicked: %v\n%s", broken, debug.Stack()))
		}
	}()
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked, ShortDatePattern: "yyyy-mm-dd"})
	if err != nil {
		return nil, notAssets(err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, notAssets(nil)
	}
	rows, err := book.GetRows(sheets[0])
	if err != nil {
		return nil, notAssets(err)
	}
	return rows, nil
}
