package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// accountDesk is what the pages ask of the desk about the one who has signed in.
type accountDesk interface {
	OwnAccount(ctx context.Context, by desk.Caller) (desk.Account, error)
	ChangePassword(ctx context.Context, from string, by desk.Caller, old, password string) (desk.Session, error)
	SignOutEverywhere(ctx context.Context, by desk.Caller) error
	Substitutable(by desk.Caller) (absent, substitutes []defect.Person)
	Substitute(ctx context.Context, by desk.Caller, sub defect.Substitution) (defect.Substitution, error)
	Substitutions(ctx context.Context, by desk.Caller, before int64, limit int) (list []defect.Substitution, more bool, err error)
	EndSubstitution(ctx context.Context, by desk.Caller, id int64) error
}

const (
	accountPath = "/account"
	// substitutionsShown is how many substitutions stand on a page.
	substitutionsShown = 20
)

func (p *pages) accountRoutes(e *gin.Engine) {
	e.GET(accountPath, p.known(p.account))
	e.POST(accountPath+"/password", p.posted(p.changePassword))
	e.GET(accountPath+"/password", p.known(above))
	e.POST(accountPath+"/sign-out", p.known(p.signOutEverywhere))
	e.POST(accountPath+"/substitutes", p.posted(p.substitute))
	e.GET(accountPath+"/substitutes", p.known(above))
	e.POST(accountPath+"/substitutes/:id/end", p.known(p.endSubstitution))
}

// accountPage is what somebody sees about themselves.
type accountPage struct {
	desk.Account
	Did       string // what was just done
	Password  []control
	BadWord   string // what else is wrong with the password's form
	Languages []option
	// Substitutes is the form that names one; empty for who may name nobody.
	Substitutes []control
	BadNaming   string // what else is wrong with that form
	Named       []substitutionView
	Older       int64 // the substitution to go on before; 0 when these are all
	Away        bool  // substitutions cannot be had while SQL is away
}

// substitutionView is a substitution as it is told.
type substitutionView struct {
	defect.Substitution
	Absent, Stands, Maker string // the names of those concerned
	State                 string
	Ends                  bool // may be ended here
}

func (p *pages) account(c *gin.Context, by desk.Caller) {
	p.showAccount(c, by, http.StatusOK, filled{}, filled{})
}

// showAccount shows the page, with the forms that were refused as they were filled in.
func (p *pages) showAccount(c *gin.Context, by desk.Caller, status int, password, naming filled) {
	own, err := p.desk.OwnAccount(c, by)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := accountPage{Account: own, Did: didOf(c, l)}
	out.Password, out.BadWord = passwordForm(l, password)
	for _, one := range lang.Langs() {
		out.Languages = append(out.Languages, option{Value: string(one), Label: one.Term("web.account.tongue"), Chosen: one == l})
	}
	out.Substitutes, out.BadNaming = p.namingForm(l, by, naming)
	if err := p.substitutions(c, l, by, &out); err != nil {
		p.fail(c, err)
		return
	}
	p.show(c, status, "account", l.Term("web.account.title"), out)
}

func passwordForm(l lang.Lang, was filled) ([]control, string) {
	f := plainForm{l: l, id: "password"}
	var rest string
	f.wrong, rest = faults(l, was.err, "old", "new", "again")
	f.add(control{Name: "old", Label: l.Term("web.account.old"), Kind: kindPassword, Fill: "current-password", Required: true})
	f.add(control{
		Name: "new", Label: l.Term("web.account.new"), Kind: kindPassword, Fill: "new-password", Required: true,
		Hint: l.Text("web.account.rule", apperr.Args{"limit": strconv.Itoa(desk.MinPassword)}),
	})
	f.add(control{Name: "again", Label: l.Term("web.account.again"), Kind: kindPassword, Fill: "new-password", Required: true})
	return f.list, rest
}

// changePassword changes one's own password. The session goes on under a new token; all others end.
func (p *pages) changePassword(c *gin.Context, by desk.Caller) {
	var wrong apperr.Fields
	if c.PostForm("new") != c.PostForm("again") {
		wrong.Add("again", apperr.FieldAgain, nil)
	}
	err := wrong.Err()
	var s desk.Session
	if err == nil {
		s, err = p.desk.ChangePassword(c, c.ClientIP(), by, c.PostForm("old"), c.PostForm("new"))
	}
	if err != nil {
		status, was := p.refused(c, nil, err)
		p.showAccount(c, by, status, was, filled{})
		return
	}
	p.setCookie(c, p.sessionCookie(c), s.Token, int(s.ExpiresAt.Sub(p.now()).Seconds()))
	c.Redirect(http.StatusSeeOther, accountPath+"?did=password")
}

// signOutEverywhere ends all sessions. The browser forgets its own even when the desk could not tell everybody.
func (p *pages) signOutEverywhere(c *gin.Context, by desk.Caller) {
	p.setCookie(c, p.sessionCookie(c), "", -1)
	if err := p.desk.SignOutEverywhere(c, by); err != nil {
		p.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, signInPath+"?everywhere=true")
}

// namingForm is the form that names a substitute.
func (p *pages) namingForm(l lang.Lang, by desk.Caller, was filled) ([]control, string) {
	absent, substitutes := p.desk.Substitutable(by)
	if len(absent) == 0 {
		return nil, ""
	}
	f := plainForm{l: l, id: "naming"}
	var rest string
	f.wrong, rest = faults(l, was.err, "username", "substitute", "from", "until", "reason")
	if len(absent) > 1 || absent[0].Username != by.Username {
		f.add(control{Name: "username", Label: l.Term("web.account.absent"), Kind: kindSelect, Required: true, Options: personOptions(absent, was.values.Get("username"))})
	}
	if len(absent) == 1 { // nobody is their own substitute
		substitutes = slices.DeleteFunc(slices.Clone(substitutes), func(one defect.Person) bool { return one.Username == absent[0].Username })
	}
	f.add(control{Name: "substitute", Label: l.Term("web.account.substitute"), Kind: kindSelect, Required: true, Options: personOptions(substitutes, was.values.Get("substitute"))})
	f.add(control{Name: "from", Label: l.Term("web.account.from"), Kind: kindTime, Value: was.values.Get("from"), Hint: l.Term("web.account.at_once")})
	f.add(control{Name: "until", Label: l.Term("web.account.until"), Kind: kindTime, Required: true, Value: was.values.Get("until")})
	f.add(control{Name: "reason", Label: l.Term("web.account.reason"), Kind: kindLine, Max: defect.MaxText, Value: was.values.Get("reason")})
	return f.list, rest
}

// personOptions are people to choose from.
func personOptions(people []defect.Person, chosen string) []option {
	out := orNone(nil)
	for _, one := range people {
		out = append(out, option{Value: one.Username, Label: one.Name + " (" + one.Username + ")", Chosen: one.Username == chosen})
	}
	return out
}

// substitute names who signs in somebody's place.
func (p *pages) substitute(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	var wrong apperr.Fields
	sub := defect.Substitution{Username: values.Get("username"), Substitute: values.Get("substitute"), Reason: values.Get("reason")}
	sub.From, _ = p.localTime(values, "from", &wrong)
	until, given := p.localTime(values, "until", &wrong)
	if sub.Until = until; !given {
		wrong.Add("until", apperr.FieldRequired, nil)
	}
	if sub.Substitute == "" {
		wrong.Add("substitute", apperr.FieldRequired, nil)
	}
	err := wrong.Err()
	if err == nil {
		_, err = p.desk.Substitute(c, by, sub)
	}
	if err != nil {
		status, was := p.refused(c, values, err)
		p.showAccount(c, by, status, filled{}, was)
		return
	}
	c.Redirect(http.StatusSeeOther, accountPath+"?did=named#substitutes")
}

// substitutions lists the substitutions in which somebody has a part, for whom there are any or may be. While SQL is away the page
// does without.
func (p *pages) substitutions(c *gin.Context, l lang.Lang, by desk.Caller, out *accountPage) error {
	list, more, err := p.desk.Substitutions(c, by, int64(countOf(c.Query("before"))), substitutionsShown)
	if err := ifNotAway(err, &out.Away); err != nil {
		return err
	}
	var usernames []string
	for _, s := range list {
		usernames = append(usernames, s.Username, s.Substitute, s.By)
	}
	names := p.desk.Names(usernames...)
	for _, s := range list {
		v := substitutionView{Substitution: s, Absent: nameIn(names, s.Username), Stands: nameIn(names, s.Substitute), Maker: nameIn(names, s.By), State: l.Term(p.stateOf(s))}
		v.Ends = s.EndedAt.IsZero() && p.now().Before(s.Until) && len(out.Substitutes) > 0
		out.Named = append(out.Named, v)
	}
	if more {
		out.Older = list[len(list)-1].ID
	}
	return nil
}

// stateOf returns the key of how a substitution stands.
func (p *pages) stateOf(s defect.Substitution) string {
	switch {
	case !s.EndedAt.IsZero():
		return "web.substitution.ended"
	case s.In(p.now()):
		return "web.substitution.in_force"
	case p.now().Before(s.From):
		return "web.substitution.ahead"
	}
	return "web.substitution.over"
}

// endSubstitution ends a substitution before its time.
func (p *pages) endSubstitution(c *gin.Context, by desk.Caller) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonSubstitutionUnknown, nil))
		return
	}
	if err := p.desk.EndSubstitution(c, by, id); err != nil {
		p.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, accountPath+"?did=ended#substitutes")
}
