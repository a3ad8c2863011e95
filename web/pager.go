package web

import (
	"maps"
	"net/url"
)

// pager leads to the pages around one of a list. Where a cursor leads on, nobody knows the page before, but always the first.
type pager struct {
	First, Before, Next string // addresses; empty where there is no such page
	Page                int    // which one this is, from 1; 0 where a cursor led here
}

// around is the pager of a list that goes on by cursor: at is where the page that is shown began, next where the next one does.
func around(path string, filters url.Values, at, next string) pager {
	var out pager
	if at != "" {
		out.First = addressOf(path, filters, "", "")
	}
	if next != "" {
		out.Next = addressOf(path, filters, "after", next)
	}
	return out
}

// unkept are what an address may say that does not narrow a list: where a page of it begins, what was just done, and the
// language, which has been kept.
var unkept = []string{"page", "after", "did", "lang"}

// addressOf is the address of a list under the same filters, from its beginning, with one thing said otherwise; no name
// changes nothing.
func addressOf(path string, filters url.Values, name, value string) string {
	to := url.Values{}
	maps.Copy(to, filters)
	for _, k := range unkept {
		to.Del(k)
	}
	if value != "" {
		to.Set(name, value)
	}
	if len(to) == 0 {
		return path
	}
	return path + "?" + to.Encode()
}
