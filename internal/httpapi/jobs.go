package httpapi

import (
	"errors"
	"net/http"
	"net/url"

	"tandem/internal/errs"
	"tandem/internal/users"
)

// JobsPath is where administrators find the page of background jobs.
const JobsPath = "/admin/jobs"

// jobsPolicy is the CSP of that page, which is River's own: it neither knows our Trusted Types nor does
// without styles that its scripts make.
const jobsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// adminPage serves a page that has no login of its own to administrators, by the page cookie: a browser
// sends nothing else when it opens an address. The cookie is SameSite, and crossOrigin refuses writes from elsewhere.
func (a *API) adminPage(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.pageActor(r)
		switch {
		case errors.Is(err, errs.Unauthenticated) && r.Method == http.MethodGet:
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
		case err != nil:
			a.problemOf(r.Context(), err).write(w)
		case !actor.Admin:
			a.problemOf(r.Context(), errs.New(errs.Forbidden, "this page is for administrators of the instance")).write(w)
		default:
			w.Header().Set("Content-Security-Policy", jobsPolicy)
			w.Header().Set("Cache-Control", "no-store")
			page.ServeHTTP(w, r)
		}
	})
}

// pageActor is who opened a page.
func (a *API) pageActor(r *http.Request) (users.Actor, error) {
	cookie, err := r.Cookie(pageCookie)
	if err != nil {
		return users.Actor{}, errs.New(errs.Unauthenticated, "log in first")
	}
	return a.Auth.AuthenticatePage(r.Context(), cookie.Value)
}
