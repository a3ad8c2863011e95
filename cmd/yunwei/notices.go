package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"yunwei/activities"
	"yunwei/config"
	"yunwei/defect"
	"yunwei/notice"
	"yunwei/notify"
)

// openNotices reads the settings of the channels: mistakes are found before anything is started.
func (p *parts) openNotices(s config.Notices) (notify.Options, error) {
	base, err := config.BaseURL(s.URL)
	if err != nil {
		return notify.Options{}, err
	}
	channels, err := openChannels(s)
	if err != nil {
		return notify.Options{}, err
	}
	return notify.Options{
		Channels: channels, Writer: notify.Writer{URL: base}, Log: p.log, Now: time.Now, GiveUp: s.NoticeGiveUp,
		Jitter: mathrand.Float64, NewName: rand.Text,
	}, nil
}

// atSite makes the hours of readers those of the site's policy, and notices that ask for a signature carry what their reader
// signs with: the link to the page, where people have an address of the desk, and the code, where signals ask for one.
func (p *parts) atSite(o notify.Options, policy defect.Policy, signalSign string) notify.Options {
	o.Policy = policy
	o.Writer.SignOffs = &notify.SignOffs{Key: p.key, Codes: activities.SignalSign(signalSign) == activities.SignCode, Zone: policy.Zone(), Now: o.Now}
	return o
}

func openChannels(s config.Notices) ([]notify.Channel, error) {
	return notify.Channels(notify.Settings{
		SMTP: s.SMTP, DingTalk: s.DingTalk, WeCom: s.WeCom, Feishu: s.Feishu, Webhook: s.Webhook, WebhookSecret: s.WebhookSecret,
	}, time.Now)
}

// dispatch sends notices until ctx ends.
func (p *parts) dispatch(ctx context.Context, o notify.Options) {
	o.Outbox, o.Figures = p.store, p.metrics.observeSend
	d := notify.New(o)
	p.store.OnNotices(d.Wake)
	names := make([]string, len(o.Channels))
	for i, c := range o.Channels {
		names[i] = c.Name()
	}
	p.log.InfoContext(ctx, "sending notices", slog.String("channels", strings.Join(names, ",")))
	var all sync.WaitGroup
	all.Go(func() {
		p.store.KeepPeople(ctx, func(err error) { p.log.WarnContext(ctx, "who can be told things stays as it was known", "error", err) })
	})
	d.Run(ctx)
	all.Wait()
}

type notifyCommand struct {
	Test notifyTest `cmd:"" help:"Send a test notice over a channel: mail, dingtalk, wecom, feishu or webhook."`
}

type notifyTest struct {
	config.Notices
	Channel string `arg:"" help:"The channel." enum:"mail,dingtalk,wecom,feishu,webhook"`
	To      string `help:"Address on the channel: of mail a mail address, of a robot whom it mentions." placeholder:"ADDRESS"`
	Lang    string `help:"Language: zh or en." default:"zh" enum:"zh,en"`
}

// testTimeout bounds a test.
const testTimeout = 30 * time.Second

// Run sends one notice and says what came of it.
func (t notifyTest) Run(ctx context.Context, c console) error {
	channels, err := openChannels(t.Notices)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(channels, func(c notify.Channel) bool { return c.Name() == t.Channel })
	if i < 0 {
		return fmt.Errorf("the channel %s is not set up: see --%s", t.Channel, flagOf(t.Channel))
	}
	if t.Channel == notice.Mail && t.To == "" {
		return fmt.Errorf("mail needs --to ADDRESS")
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	n := notice.Notice{About: rand.Text(), Severity: 1, Topic: notice.Test, At: time.Now(), Username: "test", Channel: t.Channel, Address: t.To, Language: t.Lang}
	m, _ := notify.Writer{}.Compose([]notice.Notice{n}, channels[i].Traits())
	if err := channels[i].Send(ctx, m); err != nil {
		return fmt.Errorf("%s did not take the test: %w", t.Channel, err)
	}
	_, err = fmt.Fprintf(c.out, "%s has taken the test\n", t.Channel)
	return err
}

// flagOf returns the flag that sets a channel up.
func flagOf(channel string) string {
	if channel == notice.Mail {
		return "smtp"
	}
	return channel
}
