package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/desk"
	"yunwei/edge"
)

// sessionDesk is what the pages ask of the desk about who calls.
type sessionDesk interface {
	SignInToConsole(ctx context.Context, from, username, password string) (desk.Session, error)
	SignOut(ctx context.Context, by desk.Caller) error
	Authenticate(ctx context.Context, token string) (desk.Caller, error)
}

const (
	signInPath = "/sign-in"
	callerKey  = "caller"
	// unaskedHeader marks what a page's script asks for while nobody does anything. Browsers say the like of themselves, but
	// not to a site without TLS.
	unaskedHeader = "X-Unasked"
)

func (p *pages) sessionRoutes(e *gin.Engine) {
	e.GET(signInPath, p.askWho)
	e.POST(signInPath, p.signIn)
	e.POST("/sign-out", p.known(p.signOut))
}

// sessionCookie names the cookie that holds the token of a session. Behind TLS its name keeps other hosts from setting it.
func (p *pages) sessionCookie(c *gin.Context) string {
	if p.behindTLS(c) {
		return "__Host-yunwei_session"
	}
	return "yunwei_session"
}

// behindTLS reports whether the browser reaches us over TLS: as the operator says, or as we see. No header of the request is
// believed.
func (p *pages) behindTLS(c *gin.Context) bool { return p.secure || c.Request.TLS != nil }

// setCookie has the browser keep a value for some seconds, or forget it when there are less than none. Scripts do not see it,
// other sites do not have it sent along with what changes something.
func (p *pages) setCookie(c *gin.Context, name, value string, seconds int) {
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure where there is TLS, which a closed network may lack
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: p.behindTLS(c), SameSite: http.SameSiteLaxMode,
	})
}

// caller returns who makes a request; Unauthenticated for nobody.
func (p *pages) caller(c *gin.Context) (desk.Caller, error) {
	token := ""
	if cookie, err := c.Request.Cookie(p.sessionCookie(c)); err == nil {
		token = cookie.Value
	}
	by, err := p.desk.Authenticate(c, token)
	if err == nil {
		c.Set(callerKey, by)
		edge.KnownAs(c, by.Username)
	}
	return by, err
}

// known lets in who has signed in, and shows anybody else the way there and back.
func (p *pages) known(handle func(*gin.Context, desk.Caller)) gin.HandlerFunc {
	return func(c *gin.Context) {
		by, err := p.caller(c)
		switch {
		case apperr.Is(err, apperr.Unauthenticated):
			to := signInPath + "?to=" + url.QueryEscape(wanted(c.Request))
			if _, err := c.Request.Cookie(p.sessionCookie(c)); err == nil { // they had signed in
				to += "&ended=true"
			}
			c.Redirect(http.StatusSeeOther, to)
		case err != nil:
			p.fail(c, err)
		default:
			p.keepSession(c, by)
			handle(c, by)
		}
	}
}

// posted lets in who has signed in, with the form that they have sent.
func (p *pages) posted(handle func(*gin.Context, desk.Caller)) gin.HandlerFunc {
	return p.known(func(c *gin.Context, by desk.Caller) {
		if err := readForm(c); err != nil {
			p.fail(c, err)
			return
		}
		handle(c, by)
	})
}

// wanted returns the page that a request is about: of a form, the one that it stands on, as far as the browser tells.
func wanted(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host && from.Path != "" {
		return localPath(from.RequestURI())
	}
	return r.URL.Path
}

// keepSession has the browser keep the token that takes the place of its own, so that a session lasts while it is used. What
// a page's script asks for on its own is no use: it would keep the session of somebody who has left.
func (p *pages) keepSession(c *gin.Context, by desk.Caller) {
	unasked := c.GetHeader("Sec-Fetch-Dest") == "empty" || c.GetHeader(unaskedHeader) != "" || c.Query(fieldSmall) != ""
	if by.Renewed != "" && !unasked {
		p.setCookie(c, p.sessionCookie(c), by.Renewed, int(by.ExpiresAt.Sub(p.now()).Seconds()))
	}
}

// signInForm is what the sign-in page shows.
type signInForm struct {
	To, Username, Wrong string
	Ended               bool // the session that they had has
	Everywhere          bool // they have ended all of theirs
}

func (p *pages) askWho(c *gin.Context) {
	to := localPath(c.Query("to"))
	if _, err := p.caller(c); err == nil {
		c.Redirect(http.StatusSeeOther, to)
		return
	}
	p.show(c, http.StatusOK, "sign-in", language(c).Term("web.sign_in.title"), signInForm{To: to, Ended: c.Query("ended") == "true", Everywhere: c.Query("everywhere") == "true"})
}

// signIn begins a session, with a token of its own, and ends the one that the browser had.
func (p *pages) signIn(c *gin.Context) {
	if err := readForm(c); err != nil {
		p.fail(c, err)
		return
	}
	form := signInForm{To: localPath(c.PostForm("to")), Username: c.PostForm("username")}
	s, err := p.desk.SignInToConsole(c, c.ClientIP(), form.Username, c.PostForm("password"))
	if e := apperr.Of(err); e != nil {
		if e.Code != apperr.Unauthenticated && e.Code != apperr.TooManyRequests {
			p.fail(c, err)
			return
		}
		l := language(c)
		form.Wrong = said(l, e)
		p.show(c, p.refuse(c, err), "sign-in", l.Term("web.sign_in.title"), form)
		return
	}
	if old, err := p.caller(c); err == nil {
		if err := p.desk.SignOut(c, old); err != nil {
			p.log.WarnContext(c, "the session before stays open", "user", old.Username, "error", err)
		}
	}
	p.setCookie(c, p.sessionCookie(c), s.Token, int(s.ExpiresAt.Sub(p.now()).Seconds()))
	c.Redirect(http.StatusSeeOther, form.To)
}

// signOut ends the session. The browser forgets it even when the desk cannot be told.
func (p *pages) signOut(c *gin.Context, by desk.Caller) {
	p.setCookie(c, p.sessionCookie(c), "", -1)
	if err := p.desk.SignOut(c, by); err != nil {
		p.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, signInPath)
}

// localPath returns an address if it is one of ours, without a host, and that of the first page otherwise.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsRune(to, '\\') || u.Path == signInPath {
		return "/"
	}
	return u.RequestURI()
}
