package desk

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
)

// Limits of a workbook (xlsx) that people send.
const (
	maxUnpacked  = 16 << 20 // bytes that it may unpack to, all in memory
	toldUnpacked = "16 MiB" // as people are told
)

// firstSheet opens a workbook that somebody sent and has its first sheet read. A file that is none, or is damaged, is refused
// as refused says, which is given why, for the log.
func firstSheet(file []byte, options excelize.Options, refused func(why error) error, read func(book *excelize.File, sheet string) error) (err error) {
	defer func() {
		if broken := recover(); broken != nil { // the file is a stranger's, and its reader somebody else's
			err = refused(fmt.Errorf("the reading of a workbook panicked: %v\n%s", broken, debug.Stack()))
		}
	}()
	options.UnzipSizeLimit, options.UnzipXMLSizeLimit = maxUnpacked, maxUnpacked
	book, err := excelize.OpenReader(bytes.NewReader(file), options)
	if err != nil {
		return refused(err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		var wrong apperr.Fields
		wrong.Add("file", apperr.FieldSheetNone, nil)
		return wrong.Err()
	}
	return read(book, sheets[0])
}
