package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// userDesk is what the pages ask of the desk about accounts.
type userDesk interface {
	MayManageUsers(by desk.Caller) error
	Users(ctx context.Context, by desk.Caller, q desk.UserQuery) (desk.UserPage, error)
	User(ctx context.Context, by desk.Caller, username string) (desk.Account, error)
	AddUser(ctx context.Context, by desk.Caller, a desk.Account, password string) (added desk.Account, made string, err error)
	ChangeAccount(ctx context.Context, by desk.Caller, username string, c desk.AccountChange) (desk.Account, error)
	SetPassword(ctx context.Context, by desk.Caller, username, password string) (made string, err error)
}

const (
	usersPath = "/users"
	// addUserPath is beside the accounts and not among them: any word could be a user name.
	addUserPath = "/add-user"
	// usersShown is how many accounts a page of the list has.
	usersShown = 50
)

func (p *pages) userRoutes(e *gin.Engine) {
	e.GET(usersPath, p.known(p.users))
	e.GET(addUserPath, p.known(p.blankUser))
	e.POST(addUserPath, p.posted(p.addUser))
	e.GET(usersPath+"/:username", p.known(p.user))
	e.POST(usersPath+"/:username", p.posted(p.changeUser))
	e.POST(usersPath+"/:username/state", p.posted(p.setState))
	e.GET(usersPath+"/:username/state", p.known(above))
	e.POST(usersPath+"/:username/password", p.posted(p.setPassword))
	e.GET(usersPath+"/:username/password", p.known(above))
}

// usersPage is the list of accounts with its filters.
type usersPage struct {
	Text          string
	Roles, States []option
	Items         []desk.Account
	Total         int
	Filtered      bool
	Pager         pager
}

// The states of accounts in an address.
const (
	stateEnabled  = "enabled"
	stateDisabled = "disabled"
)

// users lists accounts. All that narrows the list stands in its address.
func (p *pages) users(c *gin.Context, by desk.Caller) {
	l, values := language(c), c.Request.URL.Query()
	q := desk.UserQuery{Text: values.Get("q"), After: values.Get("after"), Limit: usersShown}
	out := usersPage{Text: q.Text}
	for _, r := range defect.Roles() {
		chosen := values.Get("role") == string(r)
		out.Roles = append(out.Roles, option{Value: string(r), Label: l.Term("role." + string(r)), Chosen: chosen})
		if chosen {
			q.Role = r
		}
	}
	for _, s := range []option{{Value: stateEnabled, Label: "web.user_state.enabled"}, {Value: stateDisabled, Label: "web.user_state.disabled"}} {
		s.Label, s.Chosen = l.Term(s.Label), values.Get("state") == s.Value
		out.States = append(out.States, s)
		if disabled := s.Value == stateDisabled; s.Chosen {
			q.Disabled = &disabled
		}
	}
	page, err := p.desk.Users(c, by, q)
	if err != nil {
		p.fail(c, err)
		return
	}
	out.Items, out.Total, out.Filtered = page.Items, page.Total, q.Text != "" || q.Role != "" || q.Disabled != nil
	out.Pager = around(usersPath, values, q.After, page.Next)
	p.show(c, http.StatusOK, "users", l.Term("web.users.title"), out)
}

// userPage is the form of an account; of a new one without anything else.
type userPage struct {
	desk.Account
	New      bool
	Self     bool // it is the reader's own
	Did      string
	Wrong    string
	Form     []control
	Password []control
	BadWord  string
}

// userNames are the fields of an account as its form has them.
var userNames = []string{"username", "name", "unit", "phone", "email", "roles", "password"}

// accountForm draws what is said of somebody, as it is or as it was filled in.
func accountForm(f *plainForm, values url.Values) {
	for _, field := range desk.AccountFields() {
		e := control{Name: field.Name, Label: f.l.Term("web.user." + field.Name), Kind: kindLine, Max: field.Max, Value: values.Get(field.Name), Required: field.Name == "name"}
		switch field.Type {
		case defect.TypeEmail:
			e.Kind = kindEmail
		case defect.TypeList:
			e.Kind, e.Required, e.Wide = kindChecks, true, true
			for _, value := range field.Item.Enum {
				e.Options = append(e.Options, option{Value: value, Label: f.l.Term("role." + value), Chosen: slices.Contains(values[field.Name], value)})
			}
		default:
		}
		f.add(e)
	}
}

// valuesOf returns an account as its form holds it.
func valuesOf(a desk.Account) url.Values {
	values := url.Values{"name": {a.Name}, "unit": {a.Unit}, "phone": {a.Phone}, "email": {a.Email}}
	for _, r := range a.Roles {
		values.Add("roles", string(r))
	}
	return values
}

func rolesIn(values url.Values) []defect.Role {
	out := make([]defect.Role, 0, len(values["roles"]))
	for _, r := range values["roles"] {
		out = append(out, defect.Role(r))
	}
	return out
}

func (p *pages) blankUser(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayManageUsers(by); err != nil {
		p.fail(c, err)
		return
	}
	p.showNewUser(c, http.StatusOK, filled{})
}

func (p *pages) showNewUser(c *gin.Context, status int, was filled) {
	l := language(c)
	out := userPage{New: true}
	f := plainForm{l: l, id: "user"}
	f.wrong, out.Wrong = faults(l, was.err, userNames...)
	f.add(control{Name: "username", Label: l.Term("web.sign_in.username"), Kind: kindLine, Value: was.values.Get("username"), Required: true, Max: 64, Hint: l.Term("web.user.username_rule")})
	accountForm(&f, was.values)
	f.add(newWord(l))
	out.Form = f.list
	p.show(c, status, "user", l.Term("web.users.add"), out)
}

// newWord is the field of a password that is given to somebody.
func newWord(l lang.Lang) control {
	return control{Name: "password", Label: l.Term("web.user.password"), Kind: kindPassword, Fill: "new-password", Wide: true, Hint: l.Text("web.user.made_up", apperr.Args{"limit": strconv.Itoa(desk.MinPassword)})}
}

func (p *pages) addUser(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	added, made, err := p.desk.AddUser(c, by, desk.Account{
		Person:  defect.Person{Username: strings.TrimSpace(values.Get("username")), Name: values.Get("name"), Roles: rolesIn(values)},
		Contact: desk.Contact{Unit: values.Get("unit"), Phone: values.Get("phone"), Email: values.Get("email")},
	}, values.Get("password"))
	switch {
	case apperr.Is(err, apperr.Forbidden):
		p.fail(c, err)
	case err != nil:
		status, was := p.refused(c, values, err)
		p.showNewUser(c, status, was)
	default:
		p.showWord(c, added, made, "added")
	}
}

// madeWordPage shows a password that was made up, this once.
type madeWordPage struct {
	desk.Account
	Word string
}

// showWord shows the password that was made up, or the account again where one was given.
func (p *pages) showWord(c *gin.Context, a desk.Account, made, did string) {
	if made == "" {
		c.Redirect(http.StatusSeeOther, usersPath+"/"+url.PathEscape(a.Username)+"?did="+did)
		return
	}
	p.show(c, http.StatusOK, "word", language(c).Term("web.word.title"), madeWordPage{Account: a, Word: made})
}

func (p *pages) user(c *gin.Context, by desk.Caller) {
	p.showUser(c, by, http.StatusOK, filled{}, filled{})
}

// showUser shows an account, with a form that was refused as it was filled in.
func (p *pages) showUser(c *gin.Context, by desk.Caller, status int, was, word filled) {
	a, err := p.desk.User(c, by, c.Param("username"))
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := userPage{Account: a, Self: a.Username == strings.ToLower(by.Username), Did: didOf(c, l)}
	f := plainForm{l: l, id: "user"}
	values := valuesOf(a)
	f.wrong, out.Wrong = faults(l, was.err, userNames...)
	if was.values != nil {
		values = was.values
	}
	accountForm(&f, values)
	out.Form = f.list
	w := plainForm{l: l, id: "word"}
	w.wrong, out.BadWord = faults(l, word.err, "password")
	w.add(newWord(l))
	out.Password = w.list
	p.show(c, status, "user", a.Name, out)
}

// changeUser takes what is said of somebody anew.
func (p *pages) changeUser(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	field := func(name string) *string { text := values.Get(name); return &text }
	_, err := p.desk.ChangeAccount(c, by, c.Param("username"), desk.AccountChange{
		Name: field("name"), Unit: field("unit"), Phone: field("phone"), Email: field("email"), Roles: rolesIn(values), Version: countOf(values.Get(fieldVersion)),
	})
	p.afterChange(c, by, "saved", values, err)
}

// setState opens or closes an account.
func (p *pages) setState(c *gin.Context, by desk.Caller) {
	did := c.PostForm("state")
	if did != stateEnabled && did != stateDisabled {
		p.fail(c, apperr.New(apperr.Unreadable, apperr.ReasonUnreadable, nil))
		return
	}
	disabled := did == stateDisabled
	_, err := p.desk.ChangeAccount(c, by, c.Param("username"), desk.AccountChange{Disabled: &disabled})
	p.afterChange(c, by, did, nil, err)
}

// setPassword gives somebody another password.
func (p *pages) setPassword(c *gin.Context, by desk.Caller) {
	username := c.Param("username")
	made, err := p.desk.SetPassword(c, by, username, c.PostForm("password"))
	if err == nil && made != "" {
		a, readErr := p.desk.User(c, by, username)
		if readErr != nil { // the password is set, and known nowhere else
			a = desk.Account{Person: defect.Person{Username: username, Name: username}}
		}
		p.showWord(c, a, made, didPassword)
		return
	}
	p.afterChange(c, by, didPassword, nil, err)
}

// afterChange shows the account anew, or the form again that was refused, or the one of its password.
func (p *pages) afterChange(c *gin.Context, by desk.Caller, did string, values url.Values, err error) {
	switch code := apperr.Of(err); {
	case err == nil:
		c.Redirect(http.StatusSeeOther, usersPath+"/"+url.PathEscape(c.Param("username"))+"?did="+did)
	case code.Code == apperr.Invalid || code.Code == apperr.Conflict:
		status, was := p.refused(c, values, err)
		if did == didPassword {
			p.showUser(c, by, status, filled{}, was)
			return
		}
		p.showUser(c, by, status, was, filled{})
	default:
		p.fail(c, err)
	}
}
