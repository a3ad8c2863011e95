package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/notify"
)

func TestSignOffs_GoToTheReaderAlone(t *testing.T) {
	const address = "https://desk.example.org"
	signOffs := &notify.SignOffs{Key: []byte("key"), Codes: true, Zone: time.FixedZone("", 8*3600), Now: func() time.Time { return monday }}
	n := notice.Notice{About: "7K3M-Q9XT-WA5C", Seq: 4, Topic: notice.SignOff, Username: "supervisor", Language: "en", Args: notice.Args{notice.ArgPlan: "2"}}
	said := func(n notice.Notice, t notify.Traits) string {
		m, _ := notify.Writer{URL: address, SignOffs: signOffs}.Compose([]notice.Notice{n}, t)
		return m.Text
	}
	without := func(n notice.Notice) string {
		m, _ := notify.Writer{URL: address}.Compose([]notice.Notice{n}, notify.Traits{})
		return m.Text
	}
	text := said(n, notify.Traits{Personal: true})
	_, sealed, found := strings.Cut(text, address+"/sign/")
	require.True(t, found, text)
	link, ok := defect.OpenSignOffLink([]byte("key"), strings.TrimSuffix(strings.Fields(sealed)[0], "?lang=en"))
	require.True(t, ok)
	require.Equal(t, defect.SignOffLink{Number: "7K3M-Q9XT-WA5C", Proposal: 2, Username: "supervisor", Until: monday.Add(defect.LinkLife)}, link)
	require.Contains(t, text, "2026-11-24 05:00")
	require.Contains(t, text, defect.SignOffCode([]byte("key"), "7K3M-Q9XT-WA5C", 2, "supervisor"))
	n.Language = "zh"
	require.Contains(t, said(n, notify.Traits{Personal: true}), "阅读并签字")

	require.Equal(t, without(n), said(n, notify.Traits{}), "a channel that does not say that it is personal")
	for name, change := range map[string]func(*notice.Notice){
		"of another topic": func(n *notice.Notice) { n.Topic = notice.Breach },
		"without a plan":   func(n *notice.Notice) { n.Args = nil },
	} {
		other := n
		change(&other)
		require.Equal(t, without(other), said(other, notify.Traits{Personal: true}), name)
	}
	signOffs.Codes = false
	m, _ := notify.Writer{SignOffs: signOffs}.Compose([]notice.Notice{n}, notify.Traits{Personal: true})
	require.NotContains(t, m.Text, "/sign/", "nobody has an address of the desk")
}

func TestTraits_WhichChannelsArePersonal(t *testing.T) {
	channels, err := notify.Channels(notify.Settings{
		SMTP: "smtp://mail.example.org?from=desk@example.org", DingTalk: "https://ding.example.org", WeCom: "https://wecom.example.org",
		Feishu: "https://feishu.example.org", Webhook: "https://hook.example.org", WebhookSecret: "secret",
	}, func() time.Time { return monday })
	require.NoError(t, err)
	personal := map[string]bool{}
	for _, c := range channels {
		personal[c.Name()] = c.Traits().Personal
	}
	require.Equal(t, map[string]bool{notice.Mail: true, notice.Webhook: true, notice.DingTalk: false, notice.WeCom: false, notice.Feishu: false}, personal)
}
