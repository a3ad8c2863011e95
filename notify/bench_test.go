package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/notify"
	"yunwei/store"
	"yunwei/store/storetest"
)

const benchNotices = 10_000

// BenchmarkDispatcher_TenThousand measures how fast 10,000 notices that wait leave over four channels that take all they
// are given; the target is 500 a second.
func BenchmarkDispatcher_TenThousand(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db storetest.DB) {
		b.Helper()
		s := db.Open(b)
		for _, p := range storetest.People() {
			require.NoError(b, s.AddUser(b.Context(), store.User{Person: p}))
		}
		names := []string{notice.Mail, notice.DingTalk, notice.Feishu, notice.Webhook}
		for _, name := range names {
			require.NoError(b, s.AddUser(b.Context(), store.User{Person: defect.Person{Username: "by." + name, Name: name, Roles: []defect.Role{defect.RoleExpert}}}))
			require.NoError(b, s.SetNoticeSettings(b.Context(), "by."+name, notice.Settings{Ways: []notice.Way{{Channel: name, Address: "a"}}}))
		}
		round := 0
		for b.Loop() {
			b.StopTimer()
			round++
			fill(b, s, round, benchNotices/len(names))
			var channels []notify.Channel
			for _, name := range names {
				channels = append(channels, &memory{name: name})
			}
			b.StartTimer()
			send(b, s, channels)
		}
		b.ReportMetric(benchNotices*float64(b.N)/b.Elapsed().Seconds(), "notices/s")
	})
}

// fill announces so many things to one person on each channel.
func fill(b *testing.B, s *store.Store, round, count int) {
	b.Helper()
	for i := range count {
		require.NoError(b, s.Announce(b.Context(), notice.Announcement{
			Key: fmt.Sprint(round, " ", i), Topic: notice.Drift, Severity: defect.Severity(1 + i%4), Users: []string{"by.mail", "by.dingtalk", "by.feishu", "by.webhook"},
			Args: notice.Args{notice.ArgDetail: "磁盘空间不足"}, At: monday, Policy: storetest.Policy(),
		}))
	}
}

// send runs a dispatcher until nothing waits.
func send(b *testing.B, s *store.Store, channels []notify.Channel) {
	b.Helper()
	leases := make(chan int, 1)
	leases <- 0
	d := notify.New(notify.Options{
		Outbox: s, Channels: channels, Log: slog.New(slog.DiscardHandler), Now: time.Now, Jitter: func() float64 { return 0.5 },
		NewName: func() string {
			n := <-leases
			leases <- n + 1
			return fmt.Sprint("lease ", n)
		},
	})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { d.Run(ctx); close(done) }()
	for {
		waiting, err := s.Notices(b.Context(), store.NoticeQuery{States: []notice.State{notice.Pending, notice.Sending, notice.Failed, notice.Unknown}, Limit: 1})
		require.NoError(b, err)
		if len(waiting) == 0 {
			break
		}
	}
	cancel()
	<-done
	sent := 0
	for _, c := range channels {
		sent += len(c.(*memory).got)
	}
	require.Equal(b, benchNotices, sent, "nothing lost, nothing twice")
}
