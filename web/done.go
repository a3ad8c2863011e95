package web

import (
	"github.com/gin-gonic/gin"

	"yunwei/lang"
)

// didPassword says that a password was set.
const didPassword = "password"

// doneHere are what a page can say was just done, by how its address says it.
var doneHere = map[string]string{
	didPassword: "web.did.password",
	"named":     "web.did.named",
	"ended":     "web.did.ended",
	"saved":     "web.did.saved",
	"added":     "web.did.added",
	"disabled":  "web.did.disabled",
	"enabled":   "web.did.enabled",
	"retried":   "web.did.retried",
}

// didOf returns what an address says was just done.
func didOf(c *gin.Context, l lang.Lang) string {
	key, ok := doneHere[c.Query("did")]
	if !ok {
		return ""
	}
	return l.Term(key)
}
