package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/lang"
	"yunwei/notice"
)

func TestSignOffs_GoToTheReaderAlone(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := signOffs{key: []byte("key"), url: "https://desk.example.org", codes: true, zone: time.FixedZone("", 8*3600), now: func() time.Time { return now }}
	n := notice.Notice{About: "7K3M-Q9XT-WA5C", Seq: 4, Topic: notice.SignOff, Username: "supervisor", Channel: notice.Mail, Args: notice.Args{notice.ArgPlan: "2"}}
	text := s.text(lang.English, n)
	_, sealed, found := strings.Cut(text, "https://desk.example.org/sign/")
	require.True(t, found, text)
	link, ok := defect.OpenSignOffLink([]byte("key"), strings.TrimSuffix(strings.Fields(sealed)[0], "?lang=en"))
	require.True(t, ok)
	require.Equal(t, defect.SignOffLink{Number: "7K3M-Q9XT-WA5C", Proposal: 2, Username: "supervisor", Until: now.Add(defect.LinkLife)}, link)
	require.Contains(t, text, "2026-11-24 05:00")
	require.Contains(t, text, defect.SignOffCode([]byte("key"), "7K3M-Q9XT-WA5C", 2, "supervisor"))
	require.Contains(t, s.text(lang.Chinese, n), "阅读并签字")

	for name, change := range map[string]func(*notice.Notice){
		"in a group":        func(n *notice.Notice) { n.Channel = notice.DingTalk },
		"of another topic":  func(n *notice.Notice) { n.Topic = notice.Breach },
		"without a plan":    func(n *notice.Notice) { n.Args = nil },
		"in a group's feed": func(n *notice.Notice) { n.Channel = notice.Feishu },
	} {
		other := n
		change(&other)
		require.Empty(t, s.text(lang.English, other), name)
	}
	s.url, s.codes = "", false
	require.Empty(t, s.text(lang.English, n))
}
