package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tandem/internal/auth"
	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

const (
	refreshCookie = "tandem_refresh"
	pageCookie    = "tandem_page"
)

// Tokens is the answer to a login. The refresh token is in its cookie alone.
type Tokens struct {
	AccessToken string   `json:"access_token" doc:"send it as Authorization: Bearer"`
	ExpiresIn   int      `json:"expires_in" doc:"seconds until it ends"`
	User        users.Me `json:"user"`

	set []string
}

func (t Tokens) cookies() []string { return t.set }

// tokens packs a login with its cookies.
func (a *API) tokens(l auth.Login) Tokens {
	t := Tokens{AccessToken: l.AccessToken, ExpiresIn: l.ExpiresIn, User: l.User}
	if l.RefreshToken != "" {
		t.set = append(t.set, a.cookie(refreshCookie, "/api/auth", http.SameSiteStrictMode, l.RefreshToken, l.RefreshExpires))
	}
	if l.PageToken != "" {
		t.set = append(t.set, a.cookie(pageCookie, "/", http.SameSiteLaxMode, l.PageToken, l.RefreshExpires))
	}
	return t
}

func (a *API) cookie(name, path string, sameSite http.SameSite, value string, expires time.Time) string {
	//nolint:gosec // Secure where the operator serves https: over plain http browsers would drop the cookie
	c := http.Cookie{Name: name, Value: value, Path: path, Expires: expires.UTC(), HttpOnly: true, Secure: a.https, SameSite: sameSite}
	if value == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// signedOut is an empty answer that takes the cookies away.
type signedOut struct{ set []string }

func (s signedOut) cookies() []string { return s.set }

func (a *API) signedOut() signedOut {
	return signedOut{[]string{a.cookie(refreshCookie, "/api/auth", http.SameSiteStrictMode, "", time.Time{}), a.cookie(pageCookie, "/", http.SameSiteLaxMode, "", time.Time{})}}
}

type registerInput struct{ Body auth.RegisterInput }

func (a *API) register(ctx context.Context, _ users.Actor, in *registerInput) (Tokens, error) {
	l, err := a.Auth.Register(ctx, in.Body, requestOf(ctx).actor.Mutation, requestOf(ctx).client)
	return a.tokens(l), err
}

type loginInput struct {
	Body struct {
		Login    string `json:"login" doc:"username or e-mail address"`
		Password string `json:"password"`
	} `nameHint:"LoginInput"`
}

func (a *API) login(ctx context.Context, _ users.Actor, in *loginInput) (Tokens, error) {
	l, err := a.Auth.Login(ctx, in.Body.Login, in.Body.Password, requestOf(ctx).client)
	return a.tokens(l), err
}

type refreshInput struct {
	Token string `cookie:"tandem_refresh" doc:"the refresh token"`
}

func (a *API) refresh(ctx context.Context, _ users.Actor, in *refreshInput) (Tokens, error) {
	if in.Token == "" {
		return Tokens{}, errs.Code(errs.Unauthenticated, "refresh_missing", "there is no session to go on with: log in")
	}
	l, err := a.Auth.Refresh(ctx, in.Token, requestOf(ctx).actor.Mutation.ID, requestOf(ctx).client)
	return a.tokens(l), err
}

type logoutInput struct {
	Token  string `cookie:"tandem_refresh" doc:"the refresh token"`
	Bearer string `header:"Authorization" hidden:"true"`
}

// logout ends the session of the cookie, or without one that of the access token.
func (a *API) logout(ctx context.Context, _ users.Actor, in *logoutInput) (signedOut, error) {
	if in.Token != "" {
		return a.signedOut(), a.Auth.Logout(ctx, in.Token)
	}
	_, token, _ := strings.Cut(in.Bearer, " ")
	actor, _, err := a.Auth.Verify(ctx, token)
	if err != nil {
		return a.signedOut(), nil //nolint:nilerr // whoever is nobody is logged out
	}
	return a.signedOut(), a.Auth.RevokeSession(ctx, actor, actor.SessionID)
}

type forgotInput struct {
	Body struct {
		Email string `json:"email"`
	} `nameHint:"ForgotInput"`
}

func (a *API) forgotPassword(ctx context.Context, _ users.Actor, in *forgotInput) (none, error) {
	return none{}, a.Auth.ForgotPassword(ctx, in.Body.Email)
}

type resetInput struct {
	Body struct {
		Token    string `json:"token" doc:"of the link in the mail"`
		Password string `json:"password" doc:"the new one"`
	} `nameHint:"ResetInput"`
}

func (a *API) resetPassword(ctx context.Context, _ users.Actor, in *resetInput) (none, error) {
	return none{}, a.Auth.ResetPassword(ctx, in.Body.Token, in.Body.Password)
}

// nothing is the input of routes that need none.
type nothing struct{}

func (a *API) me(ctx context.Context, actor users.Actor, _ *nothing) (users.Me, error) {
	return a.Users.Me(ctx, actor.ID)
}

type mePatchInput struct{ Body users.Patch }

func (a *API) updateMe(ctx context.Context, actor users.Actor, in *mePatchInput) (users.Me, error) {
	return a.Users.UpdateMe(ctx, actor, in.Body)
}

type passwordInput struct {
	Body struct {
		Current string `json:"current_password"`
		New     string `json:"new_password"`
	} `nameHint:"PasswordInput"`
}

func (a *API) changePassword(ctx context.Context, actor users.Actor, in *passwordInput) (none, error) {
	return none{}, a.Auth.ChangePassword(ctx, actor, in.Body.Current, in.Body.New)
}

func (a *API) sessions(ctx context.Context, actor users.Actor, in *Page) (db.Page[auth.Session], error) {
	list, err := a.Auth.Sessions(ctx, actor)
	if err != nil {
		return db.Page[auth.Session]{}, err
	}
	return pageOf(*in, list, func(s auth.Session) string { return s.ID })
}

// ByID names the thing that the path is about.
type ByID struct {
	ID string `path:"id"`
}

func (a *API) endSession(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Auth.RevokeSession(ctx, actor, in.ID)
}

type byUsername struct {
	Username string `path:"username"`
}

func (a *API) user(ctx context.Context, actor users.Actor, in *byUsername) (tasks.Person, error) {
	return a.Tasks.Person(ctx, actor, in.Username)
}

// publicConfig is what the app has to know before anybody has logged in.
type publicConfig struct {
	Version        string `json:"version"`
	Registration   string `json:"registration" enum:"open,closed,first" doc:"first: nobody is registered yet, and the first one becomes administrator"`
	MaxImportBytes int64  `json:"max_import_bytes"`
}

func (a *API) config(ctx context.Context, _ users.Actor, _ *nothing) (publicConfig, error) {
	registration, err := a.Auth.Registration(ctx)
	return publicConfig{a.Version, registration, a.Config.MaxImportSize}, err
}
