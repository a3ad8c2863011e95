package notify

import (
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/lang"
	"yunwei/notice"
)

// SignOffs puts into words what the reader of a notice signs with: the link to the page, where people have an address of the
// desk, and the code, where signals ask for one. Either is as good as the reader's signature: it goes over personal channels
// only.
type SignOffs struct {
	Key   []byte // seals the links and makes the codes
	Codes bool   // signals ask for a code
	Zone  *time.Location
	Now   func() time.Time
}

// text returns what stands under a notice that asks for a signature; nothing under any other.
func (s SignOffs) text(l lang.Lang, n notice.Notice, url string) string {
	proposal, err := strconv.Atoi(n.Args[notice.ArgPlan])
	if n.Topic != notice.SignOff || err != nil {
		return ""
	}
	var lines []string
	if url != "" {
		link := defect.SignOffLink{Number: n.Number(), Proposal: proposal, Username: n.Username, Until: s.Now().Add(defect.LinkLife)}
		lines = append(lines, l.Text("notice.sign_off.link", apperr.Args{
			"link": url + "/sign/" + link.Seal(s.Key) + "?lang=" + string(l), "until_at": link.Until.In(s.Zone).Format("2006-01-02 15:04"),
		}))
	}
	if s.Codes {
		lines = append(lines, l.Text("notice.sign_off.code", apperr.Args{"code": defect.SignOffCode(s.Key, n.Number(), proposal, n.Username)}))
	}
	return strings.Join(lines, "\n")
}
