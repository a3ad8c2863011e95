package defect_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

func TestSubmission_WhatIsWrongWithIt(t *testing.T) {
	good := defect.Submission{Title: "t", Description: "line\nline", Severity: 1, System: "OA", Reporter: defect.Reporter{Username: "r", Name: "r"}}
	require.NoError(t, good.Check(opened))
	for name, c := range map[string]struct {
		change func(*defect.Submission)
		field  string
		reason apperr.Reason
	}{
		"no title":                {func(s *defect.Submission) { s.Title = " \n" }, "title", apperr.FieldRequired},
		"a long title":            {func(s *defect.Submission) { s.Title = strings.Repeat("标", 201) }, "title", apperr.FieldTooLong},
		"a long description":      {func(s *defect.Submission) { s.Description = strings.Repeat("a", 20_001) }, "description", apperr.FieldTooLong},
		"a long impact":           {func(s *defect.Submission) { s.Impact = strings.Repeat("a", 2_001) }, "impact", apperr.FieldTooLong},
		"no severity":             {func(s *defect.Submission) { s.Severity = 0 }, "severity", apperr.FieldRange},
		"severity five":           {func(s *defect.Submission) { s.Severity = 5 }, "severity", apperr.FieldRange},
		"a control character":     {func(s *defect.Submission) { s.System = "O\x00A" }, "system", apperr.FieldControl},
		"a tab":                   {func(s *defect.Submission) { s.Title = "a\tb" }, "title", apperr.FieldControl},
		"text turned around":      {func(s *defect.Submission) { s.Title = "a\u202eb" }, "title", apperr.FieldControl},
		"an unknown channel":      {func(s *defect.Submission) { s.Channel = "pigeon" }, "channel", apperr.FieldEnum},
		"a title of nothing seen": {func(s *defect.Submission) { s.Title = "\u200b\u3164\u2800\ufe0f" }, "title", apperr.FieldRequired},
		"a channel of blanks":     {func(s *defect.Submission) { s.Channel = " " }, "channel", apperr.FieldEnum},
		"a zone of a day":         {func(s *defect.Submission) { s.OccurredAt = opened.In(time.FixedZone("", 24*3600)) }, "occurred_at", apperr.FieldTime},
		"a year of five digits":   {func(s *defect.Submission) { s.OccurredAt = opened.AddDate(9000, 0, 0) }, "occurred_at", apperr.FieldTime},
		"a time to come":          {func(s *defect.Submission) { s.OccurredAt = opened.Add(time.Hour) }, "occurred_at", apperr.FieldFuture},
		"a time long gone":        {func(s *defect.Submission) { s.OccurredAt = opened.AddDate(-50, 0, 0) }, "occurred_at", apperr.FieldTooOld},
		"no address":              {func(s *defect.Submission) { s.Reporter.Email = "x" }, "reporter.email", apperr.FieldEmail},
		"a number with a slip":    {func(s *defect.Submission) { s.Follows = "7K3M-Q9XT-WA5D" }, "follows", apperr.FieldNumber},
		"a reporter of no name":   {func(s *defect.Submission) { s.Reporter = defect.Reporter{Phone: "1"} }, "reporter.name", apperr.FieldRequired},
		"a reporter's long unit":  {func(s *defect.Submission) { s.Reporter.Unit = strings.Repeat("a", 2_001) }, "reporter.unit", apperr.FieldTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			c.change(&s)
			err := apperr.Of(s.Check(opened))
			require.NotNil(t, err)
			require.Len(t, err.Fields, 1)
			require.Equal(t, c.field, err.Fields[0].Field)
			require.Equal(t, c.reason, err.Fields[0].Reason)
		})
	}
}

func TestInputFields_AsTheContractSays(t *testing.T) {
	contract := map[defect.Action]string{ // API.md, once more by hand
		defect.ActAcknowledge: "assignee", defect.ActClassify: "category* severity note explanation", defect.ActPropose: "cause* plan* risk rollback",
		defect.ActSign: "proposal* decision* comment for", defect.ActComplete: "summary* changes version_before version_after kind",
		defect.ActVerify: "passed* method* note", defect.ActReport: "summary* work_hours parts", defect.ActReply: "message*", defect.ActAccept: "satisfaction comment",
		defect.ActReopen: "reason*", defect.ActRequestInfo: "message*", defect.ActProvideInfo: "message*", defect.ActEscalate: "level* reason*", defect.ActArrive: "note", defect.ActHear: "note",
		defect.ActRequestSpare: "part* quantity note", defect.ActReceiveSpare: "note", defect.ActAssign: "assignee* reason", defect.ActChangeSeverity: "severity* reason*",
		defect.ActComment: "message*", defect.ActAttach: "", defect.ActWithdraw: "reason*", defect.ActMarkDuplicate: "reason* of*",
	}
	require.Len(t, contract, len(defect.Actions()))
	for action, want := range contract {
		var got []string
		for _, f := range defect.InputFields(action) {
			name := f.Name
			if f.Required {
				name += "*"
			}
			got = append(got, name)
		}
		require.Equal(t, strings.Fields(want), append([]string{}, got...), action)
	}
}

func TestInput_FieldsOfAnotherAction(t *testing.T) {
	err := apperr.Of(defect.Input{Cause: "c", Reason: "r"}.Check(defect.ActWithdraw))
	require.Equal(t, []apperr.Field{{Field: "cause", Reason: apperr.FieldUnknown}}, err.Fields)
	require.Error(t, defect.Input{Category: defect.Operation}.Check(defect.ActClassify), "an explanation is needed")
	require.Error(t, defect.Input{}.Check(defect.ActAttach))
}

// TestCheckFields_ABlankText: a blank is as good as nothing where any text is taken, and of the wrong type elsewhere.
func TestCheckFields_ABlankText(t *testing.T) {
	for fieldType, reason := range map[defect.FieldType]apperr.Reason{
		defect.TypeText: "", defect.TypeEmail: "", defect.TypeUser: "", defect.TypeCase: "", defect.TypeTime: apperr.FieldTime,
		defect.TypeInteger: apperr.FieldType, defect.TypeNumber: apperr.FieldType, defect.TypeBool: apperr.FieldType, defect.TypeObject: apperr.FieldType,
	} {
		for _, blank := range []string{"", " \n", "\u200b"} {
			var wrong apperr.Fields
			defect.CheckFields([]defect.Field{{Name: "x", Type: fieldType, Max: 5}}, map[string]any{"x": blank}, &wrong)
			if reason == "" {
				require.Empty(t, wrong, "%s %q", fieldType, blank)
				continue
			}
			require.Len(t, wrong, 1, "%s %q", fieldType, blank)
			require.Contains(t, []apperr.Reason{reason, apperr.FieldType}, wrong[0].Reason, "%s %q", fieldType, blank)
		}
	}
}

func TestCheckFields_TimesAsRFC3339HasThem(t *testing.T) {
	for text, good := range map[string]bool{
		"2026-11-23T08:30:00+08:00": true, "2026-11-23T08:30:00Z": true, "2026-11-23T08:30:00.5Z": true, "2026-11-23T08:30:00-00:00": true,
		"2026-11-23T08:30:00+23:59": true, "1900-01-01T00:00:00Z": true, "9999-12-31T23:59:59.999999999Z": true,
		"2026-11-23T08:30:00+24:00": false, "2026-11-23T08:30:00-24:00": false, "2026-11-23T08:30:00+05:60": false, "2026-11-23T8:30:00Z": false,
		"2026-11-23T08:30:00,5Z": false, "2026-11-23T08:30Z": false, "2026-11-23 08:30:00Z": false, "2026-11-23T08:30:00": false,
		"0001-01-01T00:00:00Z": false, "1899-12-31T23:59:59Z": false, "9999-12-31T23:59:59-01:00": false, "1900-01-01T00:00:00+01:00": false,
	} {
		var wrong apperr.Fields
		defect.CheckFields([]defect.Field{{Name: "at", Type: defect.TypeTime}}, map[string]any{"at": text}, &wrong)
		require.Equal(t, good, len(wrong) == 0, text)
	}
}

func TestCheckFields_InLists(t *testing.T) {
	people := defect.Field{Type: defect.TypeList, Max: 2, Item: &defect.Field{Type: defect.TypeText, Max: 3}}
	fields := []defect.Field{
		{Name: "shifts", Type: defect.TypeList, Required: true, Max: 2, Item: &defect.Field{Type: defect.TypeObject, Fields: []defect.Field{
			{Name: "from", Type: defect.TypeDate, Required: true}, {Name: "start", Type: defect.TypeClock}, {Name: "zone", Type: defect.TypeZone},
			{Name: "groups", Type: defect.TypeList, Item: &people},
		}}},
	}
	for name, c := range map[string]struct {
		doc  string
		want map[string]apperr.Reason
	}{
		"right":           {`{"shifts":[{"from":"2026-02-17","start":"8:30","zone":"+08:00","groups":[["a","b"],["c"]]},{"from":"2024-02-29","start":"24:00","zone":"-12:00"}]}`, nil},
		"none":            {`{}`, map[string]apperr.Reason{"shifts": apperr.FieldRequired}},
		"no list":         {`{"shifts":{}}`, map[string]apperr.Reason{"shifts": apperr.FieldType}},
		"too many":        {`{"shifts":[{},{},{}]}`, map[string]apperr.Reason{"shifts": apperr.FieldTooMany}},
		"not of objects":  {`{"shifts":[7]}`, map[string]apperr.Reason{"shifts[0]": apperr.FieldType}},
		"of nothing":      {`{"shifts":[null]}`, map[string]apperr.Reason{"shifts[0]": apperr.FieldRequired}},
		"an unknown key":  {`{"shifts":[{"from":"2026-02-17","x":1}]}`, map[string]apperr.Reason{"shifts[0].x": apperr.FieldUnknown}},
		"a day too many":  {`{"shifts":[{"from":"2026-02-29"}]}`, map[string]apperr.Reason{"shifts[0].from": apperr.FieldDate}},
		"a wrong hour":    {`{"shifts":[{"from":"2026-02-17","start":"24:01"}]}`, map[string]apperr.Reason{"shifts[0].start": apperr.FieldClock}},
		"a number's hour": {`{"shifts":[{"from":"2026-02-17","start":8}]}`, map[string]apperr.Reason{"shifts[0].start": apperr.FieldType}},
		"a wrong zone":    {`{"shifts":[{"from":"2026-02-17","zone":"+15:00"}]}`, map[string]apperr.Reason{"shifts[0].zone": apperr.FieldTimezone}},
		"lists in lists": {`{"shifts":[{"from":"2026-02-17","groups":[["a"],["b"," ","c"],["long",7," "],"x"]}]}`, map[string]apperr.Reason{
			"shifts[0].groups[1]": apperr.FieldTooMany, "shifts[0].groups[2]": apperr.FieldTooMany, "shifts[0].groups[3]": apperr.FieldType,
		}},
		"texts in lists": {`{"shifts":[{"from":"2026-02-17","groups":[["long"," "],[7]]}]}`, map[string]apperr.Reason{
			"shifts[0].groups[0][0]": apperr.FieldTooLong, "shifts[0].groups[0][1]": apperr.FieldRequired, "shifts[0].groups[1][0]": apperr.FieldType,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.doc), &doc))
			var wrong apperr.Fields
			defect.CheckFields(fields, doc, &wrong)
			got := map[string]apperr.Reason{}
			for _, w := range wrong {
				got[w.Field] = w.Reason
			}
			require.Len(t, wrong, len(c.want))
			for field, reason := range c.want {
				require.Equal(t, reason, got[field], field)
			}
		})
	}
}

func FuzzCheckFields(f *testing.F) {
	f.Add(`{"title":"t","description":"d","severity":1,"system":"s","occurred_at":"","reporter":" "}`)
	f.Add(`{"title":"t","description":"d","severity":1,"system":"s","occurred_at":"2026-11-23T08:30:00+24:00"}`)
	f.Add(`{"title":"t","severity":1.5,"reporter":{"name":null},"x":[]}`)
	f.Add(`{"occurred_at":"2026-13-01T00:00:00Z","severity":"1"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var doc map[string]any
		if json.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		var wrong apperr.Fields
		defect.CheckFields(defect.SubmissionFields(), doc, &wrong)
		for _, w := range wrong {
			require.NotEmpty(t, w.Reason)
			require.LessOrEqual(t, len([]rune(w.Field)), 80)
		}
		if len(wrong) == 0 {
			b, err := json.Marshal(doc)
			require.NoError(t, err)
			var s defect.Submission
			require.NoError(t, json.Unmarshal(b, &s), "what is found right can be read")
		}
	})
}
