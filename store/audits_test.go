package store_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/lang"
	"yunwei/store"
	"yunwei/store/storetest"
)

func TestRecorded_OfAnHonestDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		cases := population(t, s, 120, 11)
		for _, q := range []store.RecordedQuery{{}, {Open: true}, {From: monday.AddDate(0, 1, 0), To: monday.AddDate(0, 3, 0)}} {
			want := map[string]bool{}
			for _, c := range cases {
				inPeriod := q.From.IsZero() || !c.CreatedAt.Before(q.From) && c.CreatedAt.Before(q.To)
				if inPeriod && (!q.Open || !c.Closed()) {
					want[c.Number] = true
				}
			}
			got := map[string]bool{}
			for after := int64(0); ; {
				page, next, err := s.Recordings(ctx, q, after, 17)
				require.NoError(t, err)
				for _, r := range page {
					require.False(t, got[r.Case.Number], "once")
					require.Greater(t, r.Place, after)
					got[r.Case.Number] = true
					require.Empty(t, r.Recompute())
					require.Len(t, r.Events, r.Case.Seq)
				}
				if next == 0 {
					break
				}
				after = next
			}
			require.Equal(t, want, got, "%+v", q)
		}
		_, err := s.Recorded(ctx, "7K3M-Q9XT-WA5C")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestRecorded_FindsWhatWasTamperedWith(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		for name, tamper := range map[string]struct {
			statement string
			kind      defect.DriftKind
			subject   string
		}{
			"a due time":           {`UPDATE defect_docs SET doc = REPLACE(doc, '"calendar":"7x24","started_at"', '"calendar":"5x8","started_at"')`, defect.DriftClock, "response 1"},
			"a severity":           {`UPDATE defect_docs SET doc = REPLACE(doc, '"level":"', '"assignee":"mallory","level":"')`, defect.DriftCase, ""},
			"an event's text":      {`UPDATE events SET doc = REPLACE(doc, '"at":"2026', '"at":"2025') WHERE seq = 2`, defect.DriftEvent, "2"},
			"an event's sum":       {`UPDATE events SET sum = 'x' WHERE seq = 3`, defect.DriftEvent, "3"},
			"an event's time":      {`UPDATE events SET at = at - 3600000000 WHERE seq = 2`, defect.DriftEvent, "2"},
			"an event's kind":      {`UPDATE events SET kind = 'comment' WHERE seq = 1`, defect.DriftEvent, "1"},
			"an event removed":     {`DELETE FROM events WHERE seq = 4`, defect.DriftEvent, "4"},
			"the last one removed": {`DELETE FROM events WHERE seq = (SELECT d.seq FROM defects d)`, defect.DriftEvent, "last"},
			"an unreadable event":  {`UPDATE events SET doc = '{' WHERE seq = 5`, defect.DriftEvent, "5"},
			"a column":             {`UPDATE defects SET stage = 'lunch'`, defect.DriftRow, "stage"},
			"the next due time":    {`UPDATE defects SET next_due = 7`, defect.DriftRow, "next_due"},
			"a promise":            {`UPDATE promises SET outcome = 'met', late_by = 7 WHERE n = 2`, defect.DriftPromise, "2"},
			"a promise removed":    {`DELETE FROM promises WHERE n = 3`, defect.DriftPromise, "3"},
			"the row":              {`DELETE FROM defects`, "", ""},
		} {
			t.Run(name, func(t *testing.T) {
				c, events := life(31)
				require.NoError(t, s.Forget(ctx, c.Number))
				_, err := s.Project(ctx, c.Number, &c, events)
				require.NoError(t, err)
				honest, err := s.Recorded(ctx, c.Number)
				require.NoError(t, err)
				require.Empty(t, honest.Recompute())
				require.Empty(t, gocmp.Diff(events, honest.Events))

				require.NoError(t, s.Exec(ctx, tamper.statement))
				r, err := s.Recorded(ctx, c.Number)
				if tamper.kind == "" {
					require.ErrorIs(t, err, store.ErrNotFound)
					return
				}
				require.NoError(t, err)
				found := r.Recompute()
				require.NotEmpty(t, found)
				require.Equal(t, tamper.kind, found[0].Kind, "%+v", found)
				require.Equal(t, c.Number, found[0].Number)
				require.NotContains(t, lang.Chinese.Text(found[0].Text()), "drift_fact", "it can be told")
				require.Equal(t, strings.ReplaceAll(tamper.subject, "last", fmt.Sprint(c.Seq)), found[0].Subject, "%+v", found)
			})
		}
	})
}

// TestRecordings_DoNotTrustTheColumnThatTheyCheck: a case whose row says that it has ended is met while it promises
// something, and Walked says of every case whether the walk meets it.
func TestRecordings_DoNotTrustTheColumnThatTheyCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var numbers []string
		for i := range 3 {
			r := seeded(uint64(i + 1))
			c, events := storetest.Life(r, storetest.Submission(r, 1, 3), monday.Add(time.Duration(i)*time.Hour), 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
			numbers = append(numbers, c.Number)
		}
		require.NoError(t, s.Exec(ctx, "UPDATE defects SET stage = 'closed' WHERE number IN (?, ?)", numbers[0], numbers[1]))
		require.NoError(t, s.Exec(ctx, "UPDATE defects SET next_due = ? WHERE number = ?", int64(math.MaxInt64), numbers[1]))
		page, next, err := s.Recordings(ctx, store.RecordedQuery{Open: true}, 0, 10)
		require.NoError(t, err)
		require.Zero(t, next)
		require.Len(t, page, 2)
		require.Equal(t, "stage", page[0].Recompute()[0].Subject)
		walked, err := s.Walked(ctx, append(numbers, "7K3M-Q9XT-WA5C"))
		require.NoError(t, err)
		require.Equal(t, map[string]bool{numbers[0]: true, numbers[1]: false, numbers[2]: true, "7K3M-Q9XT-WA5C": false}, walked)
		walked, err = s.Walked(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, walked)
	})
}

// What the database takes for open is what the case takes for it, at every stage.
func TestRecordings_AreOpenAtTheStagesThatHaveNotEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		r := seeded(1)
		c, events := storetest.Life(r, storetest.Submission(r, 1, 3), monday, 0, defect.Keyed{})
		_, err := s.Project(ctx, c.Number, &c, events)
		require.NoError(t, err)
		for _, stage := range append(defect.Stages(), "lunch") {
			for _, due := range []int64{7, math.MaxInt64} {
				require.NoError(t, s.Exec(ctx, "UPDATE defects SET stage = ?, next_due = ?", stage, due))
				walked, err := s.Walked(ctx, []string{c.Number})
				require.NoError(t, err)
				require.Equal(t, !stage.Ended() || due == 7, walked[c.Number], "%s %d", stage, due)
			}
		}
	})
}

func TestWalks_GoOnBehindCasesThatCannotBeRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var numbers []string
		for i, tamper := range []string{
			"UPDATE defect_docs SET policy_digest = 'nope' WHERE id = ?",
			"UPDATE defect_docs SET doc = '{bad' WHERE id = ?",
			"UPDATE defect_docs SET submission = '[]' WHERE id = ?",
			"DELETE FROM defect_docs WHERE id = ?",
			"UPDATE defect_docs SET doc = doc WHERE id = ?",
		} {
			r := seeded(uint64(i + 1))
			c, events := storetest.Life(r, storetest.Submission(r, 1, 3), monday.Add(time.Duration(i)*time.Hour), 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
			recorded, err := s.Recorded(ctx, c.Number)
			require.NoError(t, err)
			require.NoError(t, s.Exec(ctx, tamper, recorded.Place))
			numbers = append(numbers, c.Number)
		}
		var walked, unread, audited, damaged []string
		for place := ""; ; {
			page, err := s.OpenCases(ctx, place, 2)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				walked, place = append(walked, c.Number), c.Place
				if c.Err != nil {
					require.ErrorIs(t, c.Err, store.ErrDamaged)
					unread = append(unread, c.Number)
				}
			}
		}
		for after := int64(0); ; {
			page, next, err := s.Recordings(ctx, store.RecordedQuery{Open: true}, after, 2)
			require.NoError(t, err)
			for _, r := range page {
				audited = append(audited, r.Case.Number)
				if r.Damage != nil {
					found := r.Recompute()
					require.Equal(t, []defect.Drift{*r.Damage}, found)
					damaged = append(damaged, r.Case.Number)
				}
			}
			if next == 0 {
				break
			}
			after = next
		}
		require.Equal(t, [][]string{numbers, numbers[:4], numbers, numbers[:4]}, [][]string{walked, unread, audited, damaged})
		again, err := s.Recorded(ctx, numbers[0])
		require.NoError(t, err)
		require.NotNil(t, again.Damage)
	})
}

func TestAudits_KeepWhatTheyFoundOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		drift := func(number, subject string) defect.Drift {
			return defect.Drift{Number: number, Kind: defect.DriftClock, Subject: subject, Fact: defect.FactDiffers, Args: defect.Differs("<", strings.Repeat("长", 3000)), FoundAt: monday}
		}
		for range 2 {
			require.NoError(t, s.BeginAudit(ctx, "a", monday))
			require.NoError(t, s.BeginAudit(ctx, "b", monday))
		}
		for i, want := range []bool{true, false, true} {
			fresh, err := s.AddFinding(ctx, "a", drift("N1", []string{"plan 2", "plan 2", "resolve 3"}[i]))
			require.NoError(t, err)
			require.Equal(t, want, fresh)
		}
		_, err := s.AddFinding(ctx, "b", drift("N2", "plan 2"))
		require.NoError(t, err)
		require.NoError(t, s.NoteAudit(ctx, "a", 7, monday.Add(time.Hour)))
		list, next, err := s.Audits(ctx, "", 10)
		require.NoError(t, err)
		require.Empty(t, next)
		require.Equal(t, []store.Audit{{ID: "b", StartedAt: monday}, {ID: "a", StartedAt: monday, EndedAt: monday.Add(time.Hour), Checked: 7, Findings: 2}}, list)
		first, next, err := s.Findings(ctx, "a", "", 1)
		require.NoError(t, err)
		second, last, err := s.Findings(ctx, "a", next, 1)
		require.NoError(t, err)
		require.Empty(t, last)
		require.Equal(t, []string{"plan 2", "resolve 3"}, []string{first[0].Subject, second[0].Subject})
		require.Equal(t, defect.FactDiffers, first[0].Fact)
		require.Equal(t, "<", first[0].Args["is"])
		require.Regexp(t, "^长+$", first[0].Args["should"])
		require.Greater(t, len(first[0].Args["should"]), 1000, "as much as fits")
		require.NoError(t, s.Exec(ctx, "UPDATE audit_findings SET detail = 'its sum does not fit what it says' WHERE audit_id = 'b'"))
		former, _, err := s.Findings(ctx, "b", "", 1)
		require.NoError(t, err)
		require.Equal(t, defect.FactToldBefore, former[0].Fact, "as it was kept before there were facts")
		require.Equal(t, "its sum does not fit what it says", former[0].Args["text"])
		_, _, err = s.Findings(ctx, "a", "x", 1)
		require.ErrorIs(t, err, store.ErrCursor)
		_, _, err = s.Audits(ctx, "e30", 1)
		require.ErrorIs(t, err, store.ErrCursor)
	})
}
