package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/gzhttp"

	"tandem/internal/errs"
)

// middleware wraps what every request goes through, the outermost first: the log must see what
// recovering answers, and a refused cross-site write must carry the security headers too.
func (a *API) middleware(next http.Handler) http.Handler {
	next = a.checkURL(next)
	next = a.compress(next)
	next = a.crossOrigin(next)
	next = a.securityHeaders(next)
	next = a.recovering(next)
	return a.accessLog(next)
}

// recorder notes what was answered, for the access log.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 || status == http.StatusSwitchingProtocols {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach Flush, Hijack and the deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// accessLog gives the request its id and writes one line when it has been answered. The route is
// logged, not the URL: queries and paths may hold tokens.
func (a *API) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := a.now()
		req := newRequest(r)
		w.Header().Set("X-Request-Id", req.id)
		rec := &recorder{ResponseWriter: w}
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), requestKey{}, req)))
		took := a.now().Sub(start)
		if rec.status == 0 {
			rec.status = http.StatusOK
		}
		a.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("route", req.route), slog.Int("status", rec.status),
			slog.Duration("took", took), slog.Int64("bytes", rec.bytes), slog.String("request_id", req.id))
		if a.Metrics != nil {
			a.Metrics(r.Method, req.route, rec.status, took)
		}
	})
}

// Hijack is for WebSocket libraries that look for the method itself.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.status = http.StatusSwitchingProtocols
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// recovering turns a panic into a 500.
func (a *API) recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the request's own context is what it logs with //nolint:contextcheck // it is given the one of the request
			if v := recover(); v != nil {
				a.recovered(r.Context(), w, v)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (a *API) recovered(ctx context.Context, w http.ResponseWriter, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
		panic(v)
	}
	req := requestOf(ctx)
	a.Log.ErrorContext(ctx, "request panics", "route", req.route, "err", fmt.Sprint(v), "stack", string(debug.Stack()))
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		panic(http.ErrAbortHandler) // the answer has begun: cut it off, or it would look complete
	}
	w.Header().Del("Content-Encoding")
	internalProblem(req.id).write(w)
}

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types vue tandem"

// pagePolicy also allows the styles that pages hold, and the build's files of another origin; connecting there is for the
// service worker, which fetches them.
func pagePolicy(origin, styleHash string) string {
	out := strings.Replace(contentPolicy, "style-src 'self'", "style-src 'self' "+styleHash, 1)
	if origin == "" {
		return out
	}
	for _, of := range []string{"script-src", "style-src", "img-src", "connect-src"} {
		out = strings.Replace(out, of+" 'self'", of+" 'self' "+origin+"/assets/", 1)
	}
	return out
}

func (a *API) securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if a.https {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses writes that a browser sends for another site: the refresh cookie would come
// along with them from a sibling domain.
func (a *API) crossOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if u, err := url.Parse(a.Config.BaseURL); err == nil {
		_ = protection.AddTrustedOrigin(u.Scheme + "://" + u.Host) // proxies may rewrite Host; config has checked the URL
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		newProblem(http.StatusForbidden, "cross_origin", "this request comes from another site").write(w)
	}))
	return protection.Handler(next)
}

// compress packs JSON and pages. Assets are compressed when they are built, and sockets must not
// be. The padding hides what an answer's length would tell about secrets in it (BREACH).
func (a *API) compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.RandomJitter(32, 0, false),
		gzhttp.ContentTypes([]string{"application/json", problemType, "text/html", "text/csv", "application/openapi+json", "text/javascript"}))
	if err != nil {
		panic("gzip options are constants: " + err.Error())
	}
	packed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/assets/") || r.URL.Path == "/ws" || strings.HasPrefix(r.URL.Path, "/ws/") {
			next.ServeHTTP(w, r)
			return
		}
		packed(w, r)
	})
}

// checkURL refuses what no address of ours holds. Control characters never get as far as a query
// of the database, which may choke on them.
func (a *API) checkURL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !plain(r.URL.Path) {
			newProblem(http.StatusNotFound, "", "there is nothing here").write(w)
			return
		}
		if err := checkQuery(r.URL.RawQuery); err != nil {
			a.problemOf(r.Context(), err).write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func checkQuery(raw string) error {
	if raw == "" {
		return nil
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return &errs.Error{Kind: errs.Invalid, Message: "the query of the address cannot be read"}
	}
	for name, values := range query {
		if !plain(name) {
			return &errs.Error{Kind: errs.Invalid, Message: "the query of the address has a parameter with an unreadable name"}
		}
		for _, v := range values {
			if !plain(v) {
				return errs.Field("query."+name, "must be valid UTF-8 without control characters")
			}
		}
	}
	return nil
}

func plain(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}
