package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/defect"
	"yunwei/desk"
)

// managePath leads to what keeps the desk itself in order.
const managePath = "/manage"

func (p *pages) manageRoutes(e *gin.Engine) { e.GET(managePath, p.known(p.manage)) }

// place is a page that somebody may go to, with what it is for.
type place struct{ URL, Label, About string }

// manages reports whether somebody finds more than the policy behind the control of the bar.
func manages(by desk.Caller) bool { return defect.SeesAll(by.Person) }

// managed reports whether a page is one of those that the control of the bar leads to.
func managed(path string) bool {
	return path == managePath || path == addUserPath || slices.ContainsFunc([]string{usersPath, noticesPath, policyPath}, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}

// manage shows the ways that a person has.
func (p *pages) manage(c *gin.Context, by desk.Caller) {
	l := language(c)
	var places []place
	if p.desk.MayManageUsers(by) == nil {
		places = append(places, place{URL: usersPath, Label: l.Term("web.users.title"), About: l.Term("web.manage.users")})
	}
	if p.desk.MayReadNotices(by) == nil {
		places = append(places, place{URL: noticesPath, Label: l.Term("web.notices.title"), About: l.Term("web.manage.notices")})
	}
	places = append(places, place{URL: policyPath, Label: l.Term("web.policy.title"), About: l.Term("web.manage.policy")})
	p.show(c, http.StatusOK, "manage", l.Term("web.nav.manage"), places)
}
