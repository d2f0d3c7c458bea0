package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem/internal/errs"
	"tandem/internal/events"
)

const (
	maxBody       = 4 << 20 // a description and what it was, each character escaped
	bodyTimeout   = 30 * time.Second
	rawTimeout    = 2 * time.Minute // a picture, over a slow line
	uploadTimeout = 15 * time.Minute
)

// guard is the layer between the mux and huma: who asks, what they may send, and whether it can be
// read at all. Whoever is not logged in learns nothing about their input.
func (a *API) guard(op *huma.Operation, rt *route, next func(huma.Context)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req := requestOf(r.Context())
		req.route = op.Path
		if a.Config.RateLimits != "off" {
			rt.policy.report(w.Header(), rt.policy.quota, rt.policy.window)
		}
		if err := a.admit(w, r, req, op, rt); err != nil {
			a.problemOf(r.Context(), err).write(w)
			return
		}
		next(humago.NewContext(op, r, w))
	}
}

func (a *API) admit(w http.ResponseWriter, r *http.Request, req *request, op *huma.Operation, rt *route) error {
	if err := a.identify(r, req, rt); err != nil {
		return err
	}
	if op.Method == http.MethodGet {
		return takeFields(r, req, rt)
	}
	body, err := a.takeBody(w, r, op, rt)
	if err != nil {
		return err
	}
	req.actor.Mutation, err = mutation(r, body)
	return err
}

// identify finds out who asks.
func (a *API) identify(r *http.Request, req *request, rt *route) error {
	if rt.public {
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return errs.New(errs.Unauthenticated, "log in first: this needs an access token")
	}
	actor, err := a.Auth.Authenticate(r.Context(), strings.TrimSpace(token))
	if err != nil {
		p := a.problemOf(r.Context(), err)
		if p.Status == http.StatusUnauthorized {
			p.headers.Set("WWW-Authenticate", `Bearer realm="tandem", error="invalid_token"`)
		}
		return p
	}
	req.actor = actor
	return nil
}

// takeFields takes ?fields= out of the query, so that no route has to declare it.
func takeFields(r *http.Request, req *request, rt *route) (err error) {
	if rt.fields == nil || !strings.Contains(r.URL.RawQuery, "fields") {
		return nil
	}
	query := r.URL.Query()
	if req.fields, err = rt.fields.parse(query["fields"]); err != nil {
		return err
	}
	query.Del("fields")
	r.URL.RawQuery = query.Encode()
	return nil
}

// takeBody reads the body before huma does and refuses what JSON decoding would let through.
func (a *API) takeBody(w http.ResponseWriter, r *http.Request, op *huma.Operation, rt *route) ([]byte, error) {
	deadline := bodyTimeout
	switch {
	case rt.raw:
		deadline = rawTimeout
	case rt.stream:
		deadline = uploadTimeout
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(a.now().Add(deadline)) // a test's recorder has none
	r.Body = http.MaxBytesReader(w, r.Body, rt.limit)
	if rt.stream {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	_ = control.SetReadDeadline(time.Time{}) // or the server would take the client for gone
	r.Body = io.NopCloser(bytes.NewReader(body))
	if rt.raw {
		if len(body) == 0 {
			return nil, newProblem(http.StatusUnprocessableEntity, "", "body: is required", Fault{"body", "is required"})
		}
		return body, nil
	}
	if op.RequestBody == nil {
		if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && string(trimmed) != "{}" {
			return nil, newProblem(http.StatusUnprocessableEntity, "", "this request takes no body", Fault{"body", "must be empty"})
		}
		return body, nil
	}
	if len(body) == 0 && !op.RequestBody.Required {
		return body, nil
	}
	return body, checkJSON(r.Header.Get("Content-Type"), body)
}

func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newProblem(http.StatusRequestTimeout, "", "the body did not arrive in time")
	}
	return errs.New(errs.Malformed, "the body cannot be read to its end")
}

func checkJSON(contentType string, body []byte) error {
	if contentType != "" {
		kind, _, err := mime.ParseMediaType(contentType)
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return newProblem(http.StatusUnsupportedMediaType, "", "the body must be application/json", Fault{"header.Content-Type", "must be application/json"})
		}
	}
	invalid := !utf8.Valid(body)
	if !invalid && !bytes.Contains(body, []byte(`\u0000`)) {
		return nil
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		if invalid {
			return newProblem(http.StatusUnprocessableEntity, "", "the body must be valid UTF-8", Fault{"body", "must be valid UTF-8"})
		}
		return nil // huma says what is wrong with it
	}
	faults := badTexts(v, "body", invalid)
	if len(faults) == 0 && invalid {
		faults = []Fault{{"body", "must be valid UTF-8"}}
	}
	if len(faults) == 0 {
		return nil
	}
	return newProblem(http.StatusUnprocessableEntity, "", faultsText(faults), faults...)
}

// badTexts finds the texts with a NUL, which PostgreSQL cannot keep, and those that decoding had to
// repair because they are no UTF-8.
func badTexts(v any, at string, invalid bool) (faults []Fault) {
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			faults = append(faults, Fault{at, "must not contain the control character U+0000"})
		} else if invalid && strings.ContainsRune(v, utf8.RuneError) {
			faults = append(faults, Fault{at, "must be valid UTF-8"})
		}
	case []any:
		for i, item := range v {
			faults = append(faults, badTexts(item, fmt.Sprintf("%s[%d]", at, i), invalid)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			faults = append(faults, badTexts(v[name], at+"."+name, invalid)...)
		}
	}
	return faults
}

// mutation reads the Idempotency-Key.
func mutation(r *http.Request, body []byte) (events.Mutation, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return events.Mutation{}, nil
	}
	visible := strings.IndexFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
	if !visible || len(key) > 128 {
		return events.Mutation{}, errs.Field("header.Idempotency-Key", "must be at most 128 visible ASCII characters")
	}
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.Path, sortedQuery(r.URL)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	_, _ = h.Write(body)
	return events.Mutation{ID: key, Fingerprint: hex.EncodeToString(h.Sum(nil))}, nil
}

func sortedQuery(u *url.URL) string { return u.Query().Encode() }

// badType marks an error of unmarshal as one about a member's type: huma passes on the text alone.
const badType = "\x00type\x00"

// unmarshal is huma's decoder.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return errors.New(badType + wrong.Field + "\x00has the wrong type, or a value out of range")
	case errors.As(err, &syntax):
		return fmt.Errorf("is not JSON: %w (at byte %d)", err, syntax.Offset)
	}
	return errors.New(badType + "\x00cannot be read")
}

// marshal is huma's encoder.
func marshal(w io.Writer, v any) error {
	if r, ok := v.(interface{ ready() []byte }); ok {
		_, err := w.Write(r.ready())
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// named gives requests that huma does not see their route.
func named(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requestOf(r.Context()).route = route
		next.ServeHTTP(w, r)
	})
}

func bytesText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
