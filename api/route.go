package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
)

const prefix = "/api/v1"

// route is one thing that can be asked for.
type route struct {
	method, path string // gin's form: /defects/:number
	id           string // of the operation
	summary      string
	tag          string
	open         bool           // asked for without a token
	once         bool           // takes an Idempotency-Key
	query        []param        // parameters of the address
	body         []defect.Field // nil: no JSON body
	upload       bool           // takes a file
	slow         bool           // a file comes or goes, or all of a period is read
	form         []defect.Field // texts of the form that the file comes in
	status       int            // of success
	also         []int          // other statuses of success
	answer       any            // an example of the answer's type; nil: none, or a file
	handle       func(*request) (any, error)
	may          func(*request) error // whether the caller may do this at all, asked before they are told of their mistakes
}

// param is a parameter of an address.
type param struct {
	defect.Field
	list    bool // several values, by commas or repetition
	summary string
}

// request is a request whose caller is known and whose input is checked.
type request struct {
	*gin.Context
	by     desk.Caller
	query  map[string]any
	body   map[string]any
	key    string // Idempotency-Key
	status int    // of success
}

// handler turns a route into gin's form: who calls, what is asked, do it, answer.
func (a *api) handler(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		req := &request{Context: c, status: r.status}
		answer, err := a.serve(r, req)
		if err != nil {
			a.refuse(c, err)
			return
		}
		switch {
		case c.Writer.Written():
		case answer == nil:
			c.Status(req.status)
			c.Writer.WriteHeaderNow()
		default:
			body, err := json.Marshal(answer) // before the status is written: what cannot be written is no success
			if err != nil {
				a.refuse(c, fmt.Errorf("write the answer of %s: %w", r.id, err))
				return
			}
			c.Data(req.status, jsonType+"; charset=utf-8", body)
		}
	}
}

func (a *api) serve(r route, req *request) (any, error) {
	if !r.open {
		by, err := a.desk.Authenticate(req, bearer(req.Request))
		if err != nil {
			return nil, err
		}
		req.by = by
		edge.KnownAs(req.Context, by.Username)
	}
	var wrong apperr.Fields
	values, err := url.ParseQuery(req.Request.URL.RawQuery) // URL.Query would drop what it cannot read, and a filter with it
	if err != nil {
		return nil, apperr.New(apperr.Unreadable, apperr.ReasonQuery, nil)
	}
	req.query = readQuery(values, r.query, &wrong)
	if r.once {
		req.key = readKey(req.Context, &wrong)
	}
	if r.body != nil {
		if req.body, err = readBody(req.Writer, req.Request, r.body, &wrong); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(req.Request.Context(), r.patience())
	defer cancel()
	req.Request = req.Request.WithContext(ctx)
	if err := wrong.Err(); err != nil {
		if r.may != nil {
			if forbidden := r.may(req); forbidden != nil {
				return nil, forbidden
			}
		}
		return nil, err
	}
	return r.handle(req)
}

// patience bounds the work on a request.
func (r route) patience() time.Duration {
	if r.slow {
		return filePatience
	}
	return patience
}

const maxKey = 200

// readKey returns the Idempotency-Key of a request, if it has one.
func readKey(c *gin.Context, wrong *apperr.Fields) string {
	keys := c.Request.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return ""
	}
	printable := func(r rune) bool { return r > ' ' && r <= '~' }
	if key := keys[0]; len(keys) == 1 && key != "" && len(key) <= maxKey && strings.IndexFunc(key, func(r rune) bool { return !printable(r) }) < 0 {
		return key
	}
	wrong.Add("Idempotency-Key", apperr.FieldKey, nil)
	return ""
}

// readQuery reads and checks the parameters of an address.
func readQuery(values url.Values, params []param, wrong *apperr.Fields) map[string]any {
	doc := map[string]any{}
	fields := make([]defect.Field, len(params))
	for i, p := range params {
		fields[i] = p.Field
		if p.list {
			continue // each of its values is checked below
		}
		if given := values[p.Name]; len(given) > 1 {
			wrong.Add(p.Name, apperr.FieldDuplicate, nil)
		} else if len(given) == 1 && given[0] != "" {
			doc[p.Name] = typed(p.Type, given[0])
		}
	}
	for name := range values {
		if !slices.ContainsFunc(params, func(p param) bool { return p.Name == name }) {
			doc[name] = "" // unknown; CheckFields says so
		}
	}
	defect.CheckFields(fields, doc, wrong)
	for _, p := range params {
		if p.list {
			doc[p.Name] = readList(values[p.Name], p, wrong)
		}
	}
	return doc
}

// readList reads a parameter of several values.
func readList(given []string, p param, wrong *apperr.Fields) []any {
	var out []any
	field := p.Field
	field.Required = true // of every value that is there
	for _, one := range strings.Split(strings.Join(given, ","), ",") {
		if one == "" {
			continue
		}
		v := typed(p.Type, one)
		var bad apperr.Fields
		defect.CheckFields([]defect.Field{field}, map[string]any{p.Name: v}, &bad)
		if len(bad) > 0 {
			*wrong = append(*wrong, bad[0])
			return nil
		}
		out = append(out, v)
	}
	return out
}

// typed gives a text of an address its type; what is not of the type stays a text, which CheckFields then refuses.
func typed(t defect.FieldType, text string) any {
	switch t {
	case defect.TypeInteger, defect.TypeNumber:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case defect.TypeBool:
		if b, err := strconv.ParseBool(text); err == nil && (text == "true" || text == "false") {
			return b
		}
	case defect.TypeText, defect.TypeTime, defect.TypeEmail, defect.TypeUser, defect.TypeCase, defect.TypeDate, defect.TypeClock, defect.TypeZone,
		defect.TypeObject, defect.TypeList:
	}
	return text
}

// text returns a text of the query.
func (r *request) text(name string) string {
	s, ok := r.query[name].(string)
	if !ok || !utf8.ValidString(s) {
		return ""
	}
	return s
}

// integer returns a number of the query, or what is meant where none was given.
func (r *request) integer(name string, otherwise int) int {
	if f, ok := r.query[name].(float64); ok {
		return int(f)
	}
	return otherwise
}

// boolean returns a truth value of the query, or nil.
func (r *request) boolean(name string) *bool {
	if b, ok := r.query[name].(bool); ok {
		return &b
	}
	return nil
}
