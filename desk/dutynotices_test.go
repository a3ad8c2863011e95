package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/notice"
	"yunwei/roster"
)

// told returns the announcements in somebody's inbox, the newest first.
func (v *town) told(username string) []notice.Notice {
	v.t.Helper()
	page, err := v.Inbox(v.t.Context(), v.as(username), false, 0, 50)
	require.NoError(v.t, err)
	return page.Items
}

func TestSwap_TheOtherIsTold(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	ask := roster.Swap{
		With: "business", Give: roster.Span{From: v.clock, To: v.clock.Add(15 * time.Hour)},
		Take: roster.Span{From: v.clock.AddDate(0, 0, 7), To: v.clock.AddDate(0, 0, 7).Add(15 * time.Hour)}, Reason: "婚礼",
	}
	zone := v.policy(ctx).Zone()
	for i, agree := range []bool{false, true} {
		w, err := v.AskSwap(ctx, v.as("agent"), "site", ask)
		require.NoError(t, err)
		asked := v.told("business")
		require.Len(t, asked, i+1)
		require.Equal(t, notice.SwapAsked, asked[0].Topic)
		require.Equal(t, "婚礼", asked[0].Args[notice.ArgMessage])
		require.Equal(t, v.as("agent").Name, asked[0].Args[notice.ArgActor])
		require.Equal(t, "site", asked[0].Args[notice.ArgRoster])
		require.Equal(t, []string{notice.At(ask.Give.From, zone), notice.At(ask.Give.To, zone), notice.At(ask.Take.From, zone), notice.At(ask.Take.To, zone)},
			[]string{asked[0].Args[notice.ArgGiveFrom], asked[0].Args[notice.ArgGiveTo], asked[0].Args[notice.ArgTakeFrom], asked[0].Args[notice.ArgTakeTo]})
		require.Len(t, v.told("agent"), i, "who asks is not told of it")
		_, err = v.AnswerSwap(ctx, v.as("business"), "site", w.ID, agree)
		require.NoError(t, err)
		answered := v.told("agent")
		require.Len(t, answered, i+1)
		require.Equal(t, map[bool]notice.Topic{false: notice.SwapRefused, true: notice.SwapAgreed}[agree], answered[0].Topic)
		require.Equal(t, v.as("business").Name, answered[0].Args[notice.ArgActor])
		require.Len(t, v.told("business"), i+1)
	}
}

func TestHandOver_WhoComesIsTold(t *testing.T) {
	v := newTown(t)
	v.saveRoster("site", dutyPlan(), 0)
	_, err := v.HandOver(t.Context(), v.as("agent"), roster.HandOver{Roster: "site", To: "Business", Note: "盯紧网络"})
	require.NoError(t, err)
	got := v.told("business")
	require.Len(t, got, 1)
	require.Equal(t, notice.HandedOver, got[0].Topic)
	require.EqualValues(t, 2, got[0].Severity, "it comes outside of hours, too")
	require.Equal(t, "盯紧网络", got[0].Args[notice.ArgMessage])
	require.Empty(t, v.told("agent"))
}
