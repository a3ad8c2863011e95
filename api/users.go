package api

import (
	"context"
	"net/http"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// userDesk is what the API asks of the desk about accounts.
type userDesk interface {
	MayManageUsers(by desk.Caller) error
	Users(ctx context.Context, by desk.Caller, q desk.UserQuery) (desk.UserPage, error)
	User(ctx context.Context, by desk.Caller, username string) (desk.Account, error)
	AddUser(ctx context.Context, by desk.Caller, a desk.Account, password string) (added desk.Account, made string, err error)
	ChangeAccount(ctx context.Context, by desk.Caller, username string, c desk.AccountChange) (desk.Account, error)
	SetPassword(ctx context.Context, by desk.Caller, username, password string) (made string, err error)
}

// Bounds of what is read: the desk says which passwords and user names are taken.
var (
	usernameField = defect.Field{Name: "username", Type: defect.TypeText, Max: 200, Required: true}
	passwordField = defect.Field{Name: "password", Type: defect.TypeText, Max: desk.MaxPassword}
)

func (a *api) userRoutes() []route {
	const tag = "users"
	may := func(r *request) error { return a.desk.MayManageUsers(r.by) }
	return []route{
		{method: http.MethodGet, path: "/users", id: "users", tag: tag, summary: "The accounts, by user name. For administrators, as all of these.", query: userParams(), status: http.StatusOK, answer: accountsBody{}, handle: a.users, may: may},
		{method: http.MethodPost, path: "/users", id: "add-user", tag: tag, summary: "Make an account. Without a password one is made up, and answered this once.", body: append([]defect.Field{usernameField, passwordField}, desk.AccountFields()...), status: http.StatusCreated, answer: newAccountBody{}, handle: a.addUser, may: may},
		{method: http.MethodGet, path: "/users/:username", id: "user", tag: tag, summary: "Read an account.", status: http.StatusOK, answer: AccountBody{}, handle: a.user, may: may},
		{method: http.MethodPatch, path: "/users/:username", id: "change-user", tag: tag, summary: "Change what is given of an account. Other roles, disabling and enabling end its sessions. Nobody disables themselves, and one administrator is left.", body: append(desk.AccountFields(), defect.Field{Name: "disabled", Type: defect.TypeBool}, fieldVersion), status: http.StatusOK, answer: AccountBody{}, handle: a.changeUser, may: may},
		{method: http.MethodPost, path: "/users/:username/password", id: "set-password", tag: tag, summary: "Give somebody else a new password and end their sessions. Without one it is made up, and answered this once.", body: []defect.Field{passwordField}, status: http.StatusOK, answer: madePasswordBody{}, handle: a.setPassword, may: may},
	}
}

func userParams() []param {
	return []param{
		{Field: defect.Field{Name: "q", Type: defect.TypeText, Max: defect.MaxTitle}, summary: "Part of user name, name or unit."},
		{Field: defect.Field{Name: "role", Type: defect.TypeText, Enum: names(defect.Roles())}, summary: "Those who have this role."},
		{Field: defect.Field{Name: "disabled", Type: defect.TypeBool}, summary: "Those who cannot sign in, or those who can."},
		{Field: defect.Field{Name: "after", Type: defect.TypeText, Max: 200}, summary: "The `next` of the answer before."},
		pageSize(defect.MaxPageSize, "Accounts an answer, 20 when none is given."),
	}
}

// AccountBody is an account as administrators see it. It is exported for the reason that ResultsBody is.
type AccountBody struct {
	Username  string        `json:"username"`
	Name      string        `json:"name"`
	Unit      *string       `json:"unit"`
	Phone     *string       `json:"phone"`
	Email     *string       `json:"email"`
	Roles     []defect.Role `json:"roles"`
	Disabled  bool          `json:"disabled"`
	Version   int           `json:"version" doc:"Counts the changes; a change that names one that has passed is refused."`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

type accountsBody struct {
	Items []AccountBody `json:"items"`
	Total int           `json:"total"`
	Next  *string       `json:"next"`
}

type newAccountBody struct {
	AccountBody
	Password *string `json:"password" doc:"The password that was made up; null when one was given."`
}

type madePasswordBody struct {
	Password *string `json:"password" doc:"The password that was made up; null when one was given."`
}

func accountOf(a desk.Account) AccountBody {
	return AccountBody{
		Username: a.Username, Name: a.Name, Unit: given(a.Unit), Phone: given(a.Phone), Email: given(a.Email), Roles: append([]defect.Role{}, a.Roles...),
		Disabled: a.Disabled, Version: a.Version, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func (a *api) users(r *request) (any, error) {
	page, err := a.desk.Users(r, r.by, desk.UserQuery{
		Text: r.text("q"), Role: defect.Role(r.text("role")), Disabled: r.boolean("disabled"), After: r.text("after"), Limit: r.integer("page_size", defect.DefaultPageSize),
	})
	if err != nil {
		return nil, err
	}
	answer := accountsBody{Items: make([]AccountBody, 0, len(page.Items)), Total: page.Total, Next: given(page.Next)}
	for _, one := range page.Items {
		answer.Items = append(answer.Items, accountOf(one))
	}
	return answer, nil
}

func (a *api) user(r *request) (any, error) {
	one, err := a.desk.User(r, r.by, r.Param("username"))
	if err != nil {
		return nil, err
	}
	return accountOf(one), nil
}

func (a *api) addUser(r *request) (any, error) {
	var in struct {
		Username, Name, Unit, Phone, Email, Password string
		Roles                                        []defect.Role
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	added, made, err := a.desk.AddUser(r, r.by, desk.Account{
		Person: defect.Person{Username: in.Username, Name: in.Name, Roles: in.Roles}, Contact: desk.Contact{Unit: in.Unit, Phone: in.Phone, Email: in.Email},
	}, in.Password)
	if err != nil {
		return nil, err
	}
	r.Header("Location", prefix+"/users/"+added.Username)
	return newAccountBody{AccountBody: accountOf(added), Password: given(made)}, nil
}

func (a *api) changeUser(r *request) (any, error) {
	var in struct {
		Name, Unit, Phone, Email *string
		Roles                    []defect.Role
		Disabled                 *bool
		Version                  int
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	if in.Version == 0 && r.body["version"] != nil {
		return nil, apperr.New(apperr.Conflict, apperr.ReasonUserVersion, nil) // no account ever had it
	}
	changed, err := a.desk.ChangeAccount(r, r.by, r.Param("username"), desk.AccountChange{
		Name: in.Name, Unit: in.Unit, Phone: in.Phone, Email: in.Email, Roles: in.Roles, Disabled: in.Disabled, Version: in.Version,
	})
	if err != nil {
		return nil, err
	}
	return accountOf(changed), nil
}

func (a *api) setPassword(r *request) (any, error) {
	var in struct{ Password string }
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	made, err := a.desk.SetPassword(r, r.by, r.Param("username"), in.Password)
	if err != nil {
		return nil, err
	}
	return madePasswordBody{Password: given(made)}, nil
}
