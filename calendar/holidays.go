package calendar

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// cn holds one file a year, as published by the source that cn/README.md names.
//
//go:embed cn/*.json
var cn embed.FS

// Notice is what the known holiday notices of a country rule: the days that do not follow the ordinary week, by date,
// and the last day that a notice rules.
type Notice struct {
	Exceptions   []Exception
	KnownThrough Date
}

// Holidays returns the statutory holidays known by a name, and false for a name that it does not know. "cn" is mainland
// China, with its make-up workdays. The caller owns what it gets.
func Holidays(name string) (Notice, bool) {
	if name != "cn" {
		return Notice{}, false
	}
	n, err := chinese()
	if err != nil {
		return Notice{}, false // an embedded file that does not read never leaves the tests
	}
	n.Exceptions = slices.Clone(n.Exceptions)
	return n, true
}

var chinese = sync.OnceValues(func() (Notice, error) { return readNotices(cn, "cn") })

// yearFile is a year's notice, as the source writes it.
type yearFile struct {
	Year int `json:"year"`
	Days []struct {
		Name     string `json:"name"`
		Date     Date   `json:"date"`
		IsOffDay bool   `json:"isOffDay"`
	} `json:"days"`
}

// readNotices reads a folder of one file a year. A December day can be ruled by the notice of the next year, which is
// the later one and prevails.
func readNotices(files fs.FS, folder string) (Notice, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return Notice{}, fmt.Errorf("list the notices: %w", err)
	}
	var n Notice
	for _, entry := range entries { // by name, so that later years come later
		text, err := fs.ReadFile(files, folder+"/"+entry.Name())
		if err != nil {
			return Notice{}, fmt.Errorf("read the notice %s: %w", entry.Name(), err)
		}
		var year yearFile
		if err := json.Unmarshal(text, &year); err != nil {
			return Notice{}, fmt.Errorf("read the notice %s: %w", entry.Name(), err)
		}
		for _, d := range year.Days {
			n.put(Exception{Date: d.Date, Off: d.IsOffDay, Name: d.Name})
		}
		n.KnownThrough = Date{year.Year, time.December, 31}
	}
	return n, nil
}

// put adds an exception in its place, instead of an earlier one of the same date.
func (n *Notice) put(e Exception) {
	i, found := slices.BinarySearchFunc(n.Exceptions, e.Date, func(e Exception, d Date) int { return e.Date.Compare(d) })
	if found {
		n.Exceptions[i] = e
		return
	}
	n.Exceptions = slices.Insert(n.Exceptions, i, e)
}
