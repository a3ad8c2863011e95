package web

import (
	"slices"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/edge"
	"yunwei/lang"
)

// pageReasons are the pages' own texts for reasons whose texts speak to programs: of JSON, headers and cursors.
var pageReasons = map[apperr.Reason]apperr.Reason{
	apperr.ReasonUnreadable: "web.problem.unreadable",
	apperr.ReasonForm:       "web.problem.upload",
	apperr.ReasonKeyReused:  "web.problem.sent_already",
	apperr.ReasonInternal:   "web.problem.internal",
	apperr.FieldKey:         "web.problem.unreadable",
	apperr.FieldTime:        "web.problem.time",
	apperr.FieldCursor:      "web.problem.place",
	apperr.FieldDepth:       "web.problem.depth",
}

// forPeople returns an error as a page tells it: in words for people, with what they are asked to pass on. Its code and its
// cause stay; nil stays nil.
func forPeople(c *gin.Context, err error) error {
	if err == nil {
		return nil
	}
	told := *apperr.Of(err)
	told.Fields = slices.Clone(told.Fields)
	for i := range told.Fields {
		told.Fields[i].Reason = pageReason(told.Fields[i].Reason)
	}
	if told.Reason == apperr.ReasonInternal {
		told.Args = apperr.Args{"id": edge.ID(c)}
	}
	if told.Reason == apperr.ReasonTemporalAway {
		told.Reason = temporalAway(c)
	}
	told.Reason = pageReason(told.Reason)
	return &told
}

func pageReason(r apperr.Reason) apperr.Reason {
	if own, ok := pageReasons[r]; ok {
		return own
	}
	return r
}

// said is an error in words, as a whole.
func said(l lang.Lang, err error) string {
	e := apperr.Of(err)
	return l.Text(e.Reason, e.Args)
}

// firstWrong is the first thing that an error says is wrong: with a field, else as a whole.
func firstWrong(l lang.Lang, err error) string {
	if e := apperr.Of(err); len(e.Fields) > 0 {
		return l.Text(e.Fields[0].Reason, e.Fields[0].Args)
	}
	return said(l, err)
}

// temporalAway returns what is said while Temporal is away: of a page that only reads, nothing may have been done; a form with
// a key is safe to send again.
func temporalAway(c *gin.Context) apperr.Reason {
	switch {
	case !changes(c):
		return "web.problem.workflow_away"
	case c.Request.PostForm.Get(fieldKey) != "":
		return "web.problem.send_again"
	}
	return "web.problem.look_first"
}
