package config

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// Notices say how notices leave the desk. A channel without its setting is not there. The URLs hold secrets: they had
// better come from the environment.
type Notices struct {
	URL           string        `name:"url" help:"Address at which people reach the desk, for links in notices: https://desk.example.org. No links when none is given." placeholder:"URL"`
	SMTP          string        `name:"smtp" help:"Mail server: smtp://user:password@host:587?from=ADDRESS (STARTTLS) or smtps://…" placeholder:"URL"`
	DingTalk      string        `name:"dingtalk" help:"Address of a DingTalk group robot, with &secret= when it signs." placeholder:"URL"`
	WeCom         string        `name:"wecom" help:"Address of a WeCom group robot." placeholder:"URL"`
	Feishu        string        `name:"feishu" help:"Address of a Feishu group robot, with ?secret= when it signs." placeholder:"URL"`
	Webhook       string        `name:"webhook" help:"Address that notices are posted to as JSON: a gateway for text messages and the like." placeholder:"URL"`
	WebhookSecret string        `name:"webhook-secret" help:"Secret that signs what the webhook is sent." placeholder:"WORD"`
	NoticeGiveUp  time.Duration `name:"notice-give-up" help:"How long a notice that a channel does not take is tried." default:"48h"`
}

// BaseURL returns the value of --url without the slash at its end, or an error that says what is needed.
func BaseURL(text string) (string, error) {
	base, ok := baseURL(text)
	if !ok {
		return "", errors.New("--url is where people find the desk: https://desk.example.org, or a folder there")
	}
	return base, nil
}

// TemporalUIURL returns the value of --temporal-ui without the slash at its end, or an error that says what is needed.
func TemporalUIURL(text string) (string, error) {
	base, ok := baseURL(text)
	if !ok {
		return "", errors.New("--temporal-ui is where people find the Temporal Web UI: https://temporal.example.org, or a folder there")
	}
	return base, nil
}

// baseURL returns an address that others are made from, without the slash at its end, and whether it can be one; so can none.
func baseURL(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	return strings.TrimRight(text, "/"), true
}
