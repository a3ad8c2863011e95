package desk

import (
	"context"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/notice"
	"yunwei/roster"
)

// locked makes the desk know that its database takes nothing, for the rest of the test.
func (v *town) locked() {
	v.t.Helper()
	v.writes = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{Timeout: time.Hour, ReadyToTrip: func(gobreaker.Counts) bool { return true }})
	err := v.write(v.t.Context(), time.Minute, func(context.Context) error { return context.DeadlineExceeded })
	require.ErrorIs(v.t, err, errAway)
}

// TestWrites_WhileSQLTakesNothing: whatever changes the store is spared the wait, and makes no read wait.
func TestWrites_WhileSQLTakesNothing(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	agent, business, liaison, admin := v.as("agent"), v.as("business"), v.as("liaison"), v.as("admin")
	v.saveRoster("site", dutyPlan(), 0)
	span := func(hours int) roster.Span {
		return roster.Span{From: v.clock.Add(time.Duration(hours) * time.Hour), To: v.clock.Add(time.Duration(hours+1) * time.Hour)}
	}
	override := roster.Override{From: span(1).From, To: span(1).To, Shift: "热线", People: []string{"business"}, Reason: "培训"}
	kept, err := v.AddOverride(ctx, liaison, "site", override)
	require.NoError(t, err)
	swap := roster.Swap{With: "business", Give: span(3), Take: span(24 * 7)}
	asked, err := v.AskSwap(ctx, agent, "site", swap)
	require.NoError(t, err)
	note, err := v.HandOver(ctx, agent, roster.HandOver{Roster: "site", To: "business", Note: "盯紧网络"})
	require.NoError(t, err)
	_, err = v.SignOnDuty(ctx, business, "site", "热线", "")
	require.NoError(t, err)
	told := v.told("business")
	number := v.submit().Number

	v.locked()
	for name, change := range map[string]func() error{
		"sign on":  func() error { _, err := v.SignOnDuty(ctx, agent, "site", "热线", ""); return err },
		"sign off": func() error { _, err := v.SignOffDuty(ctx, business, ""); return err },
		"log": func() error {
			_, err := v.WriteLog(ctx, agent, roster.LogEntry{Roster: "site", Text: "电话", Case: number})
			return err
		},
		"hand over": func() error {
			_, err := v.HandOver(ctx, agent, roster.HandOver{Roster: "site", To: "business", Note: "n"})
			return err
		},
		"acknowledge": func() error { _, err := v.AcknowledgeHandOver(ctx, business, note.ID, ""); return err },
		"save":        func() error { _, _, err := v.SaveRoster(ctx, liaison, "site", dutyPlan(), 1, ""); return err },
		"renew":       func() error { _, _, err := v.RenewRoster(ctx, liaison, "site", ""); return err },
		"override":    func() error { _, err := v.AddOverride(ctx, liaison, "site", override); return err },
		"cancel":      func() error { return v.CancelOverride(ctx, liaison, "site", kept.ID) },
		"swap":        func() error { _, err := v.AskSwap(ctx, agent, "site", swap); return err },
		"answer":      func() error { _, err := v.AnswerSwap(ctx, business, "site", asked.ID, true); return err },
		"withdraw":    func() error { return v.CancelSwap(ctx, agent, "site", asked.ID) },
		"read":        func() error { _, err := v.ReadNotices(ctx, business, told[0].ID); return err },
		"settings":    func() error { return v.SetNoticeSettings(ctx, agent, notice.Settings{}) },
		"retry":       func() error { _, err := v.RetryNotice(ctx, admin, told[0].ID); return err },
		"holidays": func() error {
			_, _, err := v.ChangeHolidays(ctx, liaison, calendar.China, off("2026-12-30"), "")
			return err
		},
		"substitute": func() error {
			_, err := v.Substitute(ctx, v.as("supervisor"), defect.Substitution{Substitute: "liaison", Until: v.clock.Add(time.Hour), Reason: "出差"})
			return err
		},
		"sign out": func() error { return v.SignOut(ctx, agent) },
	} {
		t.Run(name, func(t *testing.T) {
			requireCode(t, apperr.Unavailable, change())
			require.Equal(t, gobreaker.StateClosed, v.reads.State())
		})
	}
	v.tellHandOver(ctx, agent, roster.HandOver{ID: "another", Roster: "site", To: "business"})
	require.Equal(t, told, v.told("business"), "nobody is told either, and nothing was read")
	now, err := v.Roster(ctx, liaison, "site", 0)
	require.NoError(t, err)
	require.Equal(t, 1, now.Version)
}
