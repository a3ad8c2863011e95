package desk

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/lang"
	"yunwei/roster"
	"yunwei/store"
)

// sheet makes an xlsx file of rows.
func sheet(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetName("Sheet1", "值班表"))
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, f.SetSheetRow("值班表", cell, &row))
	}
	b, err := f.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return b.Bytes()
}

func day(d int) calendar.Date { return calendar.Date{Year: 2026, Month: time.December, Day: d} }

func TestImport_InEveryWayThatPeopleWrite(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	require.NoError(t, v.store.AddUser(ctx, store.User{Person: personNamed("wang", "王 芳")}))
	require.NoError(t, v.store.AddUser(ctx, store.User{Person: personNamed("li", "李雷")}))
	require.NoError(t, v.people.refresh(ctx))
	plan := dutyPlan()
	plan.Entries = []roster.Entry{
		{Date: calendar.Date{Year: 2026, Month: 11, Day: 1}, Shift: "热线", People: []string{"agent"}}, // over
		{Date: day(1), Shift: "热线", People: []string{"expert"}},                                      // comes again
		{Date: day(24), Shift: "热线", People: []string{"expert"}},                                     // does not
	}
	v.saveRoster("site", plan, 0)
	file := sheet(t,
		nil,
		[]any{" 日期 ", "班次", "备注", "开始", "结束", "人员"},
		[]any{"2026-12-01", "热线", "x", "08:00", "20:00", "agent"},
		[]any{"", "热线", "", "20\uff1a00", "8:00:00", "李雷"},         // merged cells, a Chinese colon
		[]any{"2026/12/2", "现场", "", "", "", "Technician、王 芳"},     // the shift's own hours
		[]any{"2026年12月3日", "热线", "", 0.5, 1, "agent\uff0cexpert"}, // times as parts of a day
		[]any{time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC), "现场", "", "", "", "李雷 agent"},
		[]any{"20261205", "现场", "", "00:00", "00:00", "agent;agent\n李雷"},
		nil,
	)
	r, _, err := v.ImportRoster(ctx, v.as("liaison"), "site", bytes.NewReader(file), "十二月")
	require.NoError(t, err)
	require.Equal(t, []any{2, "十二月", "liaison"}, []any{r.Version, r.Reason, r.SavedBy})
	require.Equal(t, []roster.Entry{
		{Date: day(1), Shift: "热线", Start: 8 * 60, End: 20 * 60, People: []string{"agent"}},
		{Date: day(1), Shift: "热线", Start: 20 * 60, End: 8 * 60, People: []string{"li"}},
		{Date: day(2), Shift: "现场", Start: 8*60 + 30, End: 18 * 60, People: []string{"technician", "wang"}},
		{Date: day(3), Shift: "热线", Start: 12 * 60, End: 24 * 60, People: []string{"agent", "expert"}},
		{Date: day(4), Shift: "现场", Start: 8*60 + 30, End: 18 * 60, People: []string{"li", "agent"}},
		{Date: day(5), Shift: "现场", Start: 0, End: 24 * 60, People: []string{"agent", "li"}},
		{Date: day(24), Shift: "热线", People: []string{"expert"}},
	}, r.Entries)
	_, _, err = v.ImportRoster(ctx, v.as("agent"), "site", bytes.NewReader(file), "")
	requireCode(t, apperr.Forbidden, err)
	_, _, err = v.ImportRoster(ctx, v.as("liaison"), "none", bytes.NewReader(file), "")
	requireCode(t, apperr.NotFound, err)
}

func TestImport_TellsWhichCellIsWrong(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	heading := []any{"date", "shift", "start", "end", "people"}
	many := make([][]any, maxTableRows+1)
	for i := range many {
		many[i] = []any{"2026-12-01", "热线", "", "", "agent"}
	}
	for name, c := range map[string]struct {
		rows [][]any
		want string
	}{
		"nothing":        {nil, "值班表!A1 field.sheet_heading"},
		"no people":      {[][]any{{"日期", "班次"}}, "值班表!A1 field.sheet_heading"},
		"heading below":  {[][]any{nil, nil, {"排班"}}, "值班表!A3 field.sheet_heading"},
		"a date":         {[][]any{heading, {"yesterday", "热线", "", "", "agent"}}, "值班表!A2 field.date"},
		"no date":        {[][]any{heading, {"", "热线", "", "", "agent"}}, "值班表!A2 field.date"},
		"a day too many": {[][]any{heading, {"2026-02-29", "热线", "", "", "agent"}}, "值班表!A2 field.date"},
		"a long number":  {[][]any{heading, {99999999999, "热线", "", "", "agent"}}, "值班表!A2 field.date"},
		"a shift":        {[][]any{heading, {"2026-12-01", "夜班", "", "", "agent"}}, "值班表!B2 field.shift"},
		"hours":          {[][]any{heading, {"2026-12-01", "热线", "25:00", 1.5, "agent"}}, "值班表!C2 field.clock, 值班表!D2 field.clock"},
		"people":         {[][]any{heading, {"2026-12-01", "热线", "", "", "agent, nobody"}}, "值班表!E2 field.person"},
		"nobody":         {[][]any{heading, {"2026-12-01", "热线"}}, "值班表!E2 field.required"},
		"several":        {[][]any{heading, {"2026-12-01", "热线", "", "", "x"}, {"2026-12-02", "热线", "", "", "agent"}, {"x", "y", "", "", "agent"}}, "值班表!E2 field.person, 值班表!A4 field.date, 值班表!B4 field.shift"},
		"too wide":       {[][]any{heading, make([]any, 0), append(make([]any, maxTableCols), "x")}, "值班表!AO3 field.sheet_wide"},
		"too long":       {append([][]any{heading}, many...), "值班表 field.sheet_rows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := v.ImportRoster(ctx, v.as("liaison"), "site", bytes.NewReader(sheet(t, c.rows...)), "")
			require.Equal(t, c.want, fieldsOf(t, err))
		})
	}
	r, err := v.Roster(ctx, v.as("liaison"), "site", 0)
	require.NoError(t, err)
	require.Equal(t, 1, r.Version, "nothing half done")
}

// bomb is an xlsx file that is small and unpacks to very much.
func bomb(t *testing.T) []byte {
	t.Helper()
	good, err := zip.NewReader(bytes.NewReader(sheet(t)), int64(len(sheet(t))))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range good.File {
		part, err := w.Create(f.Name)
		require.NoError(t, err)
		if strings.HasSuffix(f.Name, "sheet1.xml") {
			_, err = io.Copy(part, io.LimitReader(zeros{}, 32<<20))
			require.NoError(t, err)
			continue
		}
		body, err := f.Open()
		require.NoError(t, err)
		_, err = io.Copy(part, io.LimitReader(body, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestImport_OfWhatIsNoTable(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	good := sheet(t, []any{"日期", "班次", "人员"})
	packed := bomb(t)
	require.Less(t, len(packed), MaxTable)
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("日期,班次,人员"), "half a file": good[:len(good)/2], "a zip of nothing": {'P', 'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"a zip bomb": packed,
	} {
		_, _, err := v.ImportRoster(ctx, v.as("liaison"), "site", bytes.NewReader(file), "")
		require.Equal(t, "file field.sheet", fieldsOf(t, err), name)
		require.NotContains(t, lang.Chinese.Text(apperr.FieldSheet, apperr.Of(err).Fields[0].Args), "no value", "nothing in a program's words")
		require.Error(t, errors.Unwrap(apperr.Of(err)), "which are for the log")
	}
	_, _, err := v.ImportRoster(ctx, v.as("liaison"), "site", io.LimitReader(zeros{}, MaxTable+1), "")
	requireCode(t, apperr.TooLarge, err)
}

func TestExport_IsReadBackToTheSame(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	from := v.clock
	before, err := v.DutyBetween(ctx, v.as("agent"), "site", from, from.AddDate(0, 0, 21))
	require.NoError(t, err)
	for i, english := range []bool{false, true} {
		file, err := v.ExportRoster(ctx, v.as("auditor"), "site", 3, english)
		require.NoError(t, err)
		_, _, err = v.ImportRoster(ctx, v.as("liaison"), "site", bytes.NewReader(file), "")
		require.NoError(t, err)
		r, err := v.Roster(ctx, v.as("agent"), "site", 0)
		require.NoError(t, err)
		require.Equal(t, 2+i, r.Version)
		require.Len(t, r.Entries, 3*7+3*5)
		after, err := v.DutyBetween(ctx, v.as("agent"), "site", from, from.AddDate(0, 0, 20))
		require.NoError(t, err)
		for _, a := range after {
			require.Contains(t, peopleAt(before, a), strings.Join(a.People, ","))
		}
	}
	_, err = v.ExportRoster(ctx, v.as("reporter"), "site", 3, false)
	requireCode(t, apperr.Forbidden, err)
}

// peopleAt returns who had the same shift at the same time in another list.
func peopleAt(list []roster.Assignment, a roster.Assignment) []string {
	var out []string
	for _, b := range list {
		if a.Shift == b.Shift && !a.From.Before(b.From) && a.From.Before(b.To) {
			out = append(out, strings.Join(b.People, ","))
		}
	}
	return out
}

func TestReadTable_KeepsAPanicForTheLog(t *testing.T) {
	file := sheet(t, []any{"日期", "班次", "人员"}, []any{"2026-12-01", "现场", "agent"})
	_, err := readTable(file, dutyPlan(), func(string) (string, bool) { panic("a bug") })
	require.Equal(t, "file field.sheet", fieldsOf(t, err))
	require.ErrorContains(t, err, "a bug")
	require.ErrorContains(t, err, "dutytable.go", "where it was")
}

func TestImport_OfASheetWithALastRow(t *testing.T) {
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"date", "shift", "people"}))
	require.NoError(t, f.SetCellValue("Sheet1", "A1048576", "2026-12-01"))
	b, err := f.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = readTable(b.Bytes(), dutyPlan(), func(s string) (string, bool) { return s, true })
	require.Equal(t, "Sheet1 field.sheet_rows", fieldsOf(t, err))
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte("PK"))
	table, err := writeTable(roster.Roster{Plan: dutyPlan()}, roster.Roster{Plan: dutyPlan()}.Planned(day(1), day(3)), true)
	require.NoError(f, err)
	f.Add(table)
	f.Fuzz(func(t *testing.T, file []byte) {
		entries, err := readTable(file, dutyPlan(), func(s string) (string, bool) { return s, true })
		if err != nil {
			require.True(t, apperr.Is(err, apperr.Invalid))
			require.Empty(t, entries)
		}
	})
}
