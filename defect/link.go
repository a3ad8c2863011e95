package defect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LinkLife is how long a sign-off link is good for: a working day, so that whoever is in meetings finds it good in the
// evening, and nobody finds it good next week.
const LinkLife = 12 * time.Hour

// linkSeal is the length of a link's seal, in bytes.
const linkSeal = 16

// SignOffLink is the right of one person to read and decide on one proposal of one case until it ends. It is of one use,
// since a person signs a proposal once.
type SignOffLink struct {
	Number   string
	Proposal int
	Username string
	Until    time.Time
}

// Seal returns the link as it stands in an address. The key is the deployment's secret.
func (l SignOffLink) Seal(key []byte) string {
	text := fmt.Sprintf("%s %d %d %s", l.Number, l.Proposal, l.Until.Unix(), l.Username)
	return base64.RawURLEncoding.EncodeToString(append([]byte(text), linkMAC(key, text)...))
}

// OpenSignOffLink is the inverse of Seal. It reports false for what was not sealed with the key; whether the link has
// ended, and whether the person may sign now, is for the caller to ask.
func OpenSignOffLink(key []byte, sealed string) (SignOffLink, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) <= linkSeal {
		return SignOffLink{}, false
	}
	text, seal := string(raw[:len(raw)-linkSeal]), raw[len(raw)-linkSeal:]
	parts := strings.SplitN(text, " ", 4)
	if !hmac.Equal(seal, linkMAC(key, text)) || len(parts) < 4 {
		return SignOffLink{}, false
	}
	proposal, errProposal := strconv.Atoi(parts[1])
	until, errUntil := strconv.ParseInt(parts[2], 10, 64)
	return SignOffLink{Number: parts[0], Proposal: proposal, Until: time.Unix(until, 0).UTC(), Username: parts[3]}, errProposal == nil && errUntil == nil
}

func linkMAC(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "sign-off link\x00%s", text)
	return mac.Sum(nil)[:linkSeal]
}
