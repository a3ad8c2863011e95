package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yunwei/lang"
	"yunwei/notice"
)

// Limits of the robots, a little below what is documented (20 a minute; Feishu 100 a minute and 5 a second): messages that
// leave apart may arrive together.
var (
	limitDingTalk = notice.Limit{N: 18, Per: time.Minute, Burst: 3}
	limitWeCom    = notice.Limit{N: 18, Per: time.Minute, Burst: 3}
	limitFeishu   = notice.Limit{N: 90, Per: time.Minute, Burst: 3}
)

// Room of the robots' messages in bytes, below the documented 20,000, 2,048 and 20,000: JSON needs some of it.
const (
	roomDingTalk = 12_000
	roomWeCom    = 1_900
	roomFeishu   = 10_000
)

// newDingTalk returns a custom group robot of DingTalk: text messages, signed when there is a secret.
func newDingTalk(s robotSettings, p poster) Channel {
	return &robot{
		name: notice.DingTalk, traits: Traits{Limit: s.limitOr(limitDingTalk), Room: roomDingTalk}, address: s.address, secret: s.secret, poster: p,
		request: dingTalkRequest,
		kinds: map[int]Kind{
			-1: Temporary, 130101: Limited, 410100: Limited, 90018: Limited,
			300001: Refused, 300005: Refused, 310000: Refused, 40035: Refused, 400101: Refused, 400102: Refused, 400106: Refused, 400013: Refused,
		},
	}
}

func dingTalkRequest(r *robot, m Message) (string, any) {
	address := r.address
	if r.secret != "" {
		stamp := strconv.FormatInt(r.poster.now().UnixMilli(), 10)
		mac := hmac.New(sha256.New, []byte(r.secret))
		mac.Write([]byte(stamp + "\n" + r.secret))
		address = withQuery(address, "timestamp", stamp, "sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	mobiles, users := mentions(m.To)
	text := whole(m)
	for _, to := range m.To { // the robot shows a mention where the text has one
		text += " @" + to
	}
	return address, map[string]any{
		"msgtype": "text", "text": map[string]any{"content": text},
		"at": map[string]any{"atMobiles": mobiles, "atUserIds": users, "isAtAll": false},
	}
}

// newWeCom returns a group robot of WeCom: text messages. Its key is all there is to sign with.
func newWeCom(s robotSettings, p poster) Channel {
	return &robot{
		name: notice.WeCom, traits: Traits{Limit: s.limitOr(limitWeCom), Room: roomWeCom}, address: s.address, poster: p,
		request: func(r *robot, m Message) (string, any) {
			mobiles, users := mentions(m.To)
			return r.address, map[string]any{
				"msgtype": "text", "text": map[string]any{"content": whole(m), "mentioned_list": users, "mentioned_mobile_list": mobiles},
			}
		},
		kinds: map[int]Kind{-1: Temporary, 45009: Limited, 45033: Limited, 93000: Refused, 93008: Refused, 40001: Refused},
	}
}

// newFeishu returns a custom group robot of Feishu: rich-text messages, in which nothing that somebody wrote can mention
// anybody, signed when there is a secret.
func newFeishu(s robotSettings, p poster) Channel {
	return &robot{
		name: notice.Feishu, traits: Traits{Limit: s.limitOr(limitFeishu), Room: roomFeishu}, address: s.address, secret: s.secret, poster: p,
		request: feishuRequest,
		kinds: map[int]Kind{
			11232: Limited, 11233: Limited, 9499: Permanent, 99991400: Limited, 11247: Temporary, 11236: Temporary,
			19001: Refused, 19021: Refused, 19022: Refused, 19024: Refused, 19002: Permanent,
		},
	}
}

func feishuRequest(r *robot, m Message) (string, any) {
	var lines [][]map[string]any
	for _, line := range strings.Split(m.Text, "\n") {
		lines = append(lines, []map[string]any{{"tag": "text", "text": line}})
	}
	var at []map[string]any
	for _, to := range m.To {
		at = append(at, map[string]any{"tag": "at", "user_id": to})
	}
	if len(at) > 0 {
		lines = append(lines, at)
	}
	locale := "zh_cn"
	if m.Language == lang.English {
		locale = "en_us"
	}
	doc := map[string]any{
		"msg_type": "post",
		"content":  map[string]any{"post": map[string]any{locale: map[string]any{"title": m.Subject, "content": lines}}},
	}
	if r.secret != "" {
		stamp := strconv.FormatInt(r.poster.now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(stamp+"\n"+r.secret)) // the key is what is signed, and the text is empty: so it is documented
		doc["timestamp"], doc["sign"] = stamp, base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return r.address, doc
}

// mentions tells telephone numbers from user IDs.
func mentions(addresses []string) (mobiles, users []string) {
	mobiles, users = []string{}, []string{}
	for _, a := range addresses {
		if len(a) >= 8 && strings.Trim(a, "+-0123456789") == "" {
			mobiles = append(mobiles, a)
		} else {
			users = append(users, a)
		}
	}
	return mobiles, users
}

// withQuery adds parameters to an address that was read when it was set.
func withQuery(address string, pairs ...string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}
