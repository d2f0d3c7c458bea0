package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/tasks"
)

// Fault is one thing that is wrong with a request, and where.
type Fault struct {
	Location string `json:"location" doc:"where, such as body.title, query.limit or header.If-Match"`
	Message  string `json:"message"`
}

// Problem is an RFC 9457 problem document: every refusal of the API has this form.
type Problem struct {
	Type      string           `json:"type" doc:"about:blank: title and status say what kind of problem it is, code says which"`
	Title     string           `json:"title"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail" doc:"what is wrong, for people"`
	Code      string           `json:"code" doc:"what is wrong, for programs"`
	Errors    []Fault          `json:"errors" nullable:"false" doc:"what is wrong with which input"`
	RequestID string           `json:"request_id,omitempty" doc:"find it in the server's log"`
	Current   any              `json:"current,omitempty" doc:"the thing as it is now, when it is not what If-Match or was say"`
	Conflicts []tasks.Conflict `json:"conflicts,omitempty" doc:"the fields that somebody else changed meanwhile"`

	_ struct{} `additionalProperties:"true"`

	// What errs.Error.Data holds, Current and Conflicts among it.
	more    map[string]any
	headers http.Header
}

// Error implements error, which huma wants.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// MarshalJSON writes the members of the problem and those that the error brought with it.
func (p *Problem) MarshalJSON() ([]byte, error) {
	doc := map[string]any{"type": p.Type, "title": p.Title, "status": p.Status, "detail": p.Detail, "code": p.Code, "errors": p.Errors}
	if p.RequestID != "" {
		doc["request_id"] = p.RequestID
	}
	maps.Copy(doc, p.more)
	return json.Marshal(doc)
}

var statusOf = map[errs.Kind]int{
	errs.Malformed:       http.StatusBadRequest,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.Gone:            http.StatusGone,
	errs.Stale:           http.StatusPreconditionFailed,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.Invalid:         http.StatusUnprocessableEntity,
	errs.TooMany:         http.StatusTooManyRequests,
	errs.Unavailable:     http.StatusServiceUnavailable,
}

// codeOf names problems that bring no code of their own.
var codeOf = map[int]string{
	http.StatusBadRequest:            "malformed",
	http.StatusUnauthorized:          "unauthenticated",
	http.StatusForbidden:             "forbidden",
	http.StatusNotFound:              "not_found",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusRequestTimeout:        "timeout",
	http.StatusConflict:              "conflict",
	http.StatusGone:                  "gone",
	http.StatusPreconditionFailed:    "stale",
	http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   "invalid",
	http.StatusTooManyRequests:       "too_many_requests",
	http.StatusServiceUnavailable:    "unavailable",
}

// statusClientGone is nginx's: nobody reads the answer, so it only appears in logs.
const statusClientGone = 499

func newProblem(status int, code, detail string, faults ...Fault) *Problem {
	if code == "" {
		code = codeOf[status]
	}
	if code == "" {
		code = "error"
	}
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code, Errors: faults, headers: http.Header{}}
	if faults == nil {
		p.Errors = []Fault{}
	}
	if status == http.StatusUnauthorized {
		p.headers.Set("WWW-Authenticate", `Bearer realm="tandem"`)
	}
	return p
}

// problemOf turns any error into what people see. An error without a kind is logged here, once, and
// its text goes nowhere else.
func (a *API) problemOf(ctx context.Context, err error) *Problem {
	var ready *Problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, "", "the request has more than "+bytesText(tooLarge.Limit))
	}
	if known := errs.All(err); len(known) > 0 {
		return problemOfKnown(known)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return newProblem(statusClientGone, "canceled", "the client went away")
	}
	req := requestOf(ctx)
	a.Log.ErrorContext(ctx, "request fails", "route", req.route, "err", err)
	if db.Unavailable(err) { // clients keep what they have to say, and say it again
		p := newProblem(http.StatusServiceUnavailable, "", "the database does not answer right now: try again in a moment")
		p.RequestID = req.id
		p.headers.Set("Retry-After", "1")
		return p
	}
	return internalProblem(req.id)
}

func internalProblem(requestID string) *Problem {
	p := newProblem(http.StatusInternalServerError, "internal", "internal error")
	p.RequestID = requestID
	return p
}

// problemOfKnown tells all joined errors. One that is not about an input, such as a missing right,
// gives the whole its status.
func problemOfKnown(known []*errs.Error) *Problem {
	lead := known[0]
	for _, e := range known {
		if e.Kind != errs.Invalid {
			lead = e
			break
		}
	}
	var faults []Fault
	more := map[string]any{}
	for _, e := range known {
		if e.Field != "" {
			faults = append(faults, Fault{location(e.Field), e.Message})
		}
		maps.Copy(more, e.Data)
	}
	detail := lead.Message
	if lead.Field != "" {
		detail = faultsText(faults)
	}
	p := newProblem(statusOf[lead.Kind], lead.Code, detail, faults...)
	p.more = more
	if after, ok := more["retry_after"].(string); ok {
		p.headers.Set("Retry-After", after)
		delete(more, "retry_after")
	}
	return p
}

// location gives a field's name, which is relative to the body unless it says otherwise, its place.
func location(field string) string {
	for _, place := range []string{"body.", "path.", "query.", "header.", "cookie."} {
		if strings.HasPrefix(field, place) {
			return strings.TrimSuffix(field, ".") // "body." is the body as a whole
		}
	}
	return "body." + field
}

func faultsText(faults []Fault) string {
	texts := make([]string, len(faults))
	for i, f := range faults {
		_, name, _ := strings.Cut(f.Location, ".")
		if name == "" {
			name = f.Location
		}
		texts[i] = name + ": " + f.Message
	}
	return cut(strings.Join(texts, "; "), 500)
}

// humaProblem gives huma's own refusals our form. huma's values and details of Go types stay inside.
func humaProblem(_ huma.Context, status int, message string, causes ...error) huma.StatusError {
	if status >= http.StatusInternalServerError {
		// Only a fault in huma or in an output type leads here; the recover layer logs what it was.
		return newProblem(status, "internal", "internal error")
	}
	var faults []Fault
	for _, c := range causes {
		if p, ok := c.(*Problem); ok { //nolint:errorlint // huma's causes are not wrapped
			return p
		}
		d, ok := c.(huma.ErrorDetailer) //nolint:errorlint // huma's causes are not wrapped
		if !ok {
			continue
		}
		faults = append(faults, humaFault(d.ErrorDetail()))
	}
	if len(faults) > 0 {
		message = faultsText(faults)
	}
	return newProblem(status, "", message, faults...)
}

var missingProperty = regexp.MustCompile(`^expected required property (\S+) to be present$`)

func humaFault(d *huma.ErrorDetail) Fault {
	if m := missingProperty.FindStringSubmatch(d.Message); m != nil {
		return Fault{d.Location + "." + m[1], "is required"}
	}
	f := Fault{d.Location, d.Message}
	switch {
	case d.Message == "unexpected property":
		f.Message = "is not known here"
	case d.Message == "unknown query parameter":
		f.Message = "is not known here"
	case strings.HasPrefix(d.Message, "required ") && strings.HasSuffix(d.Message, " parameter is missing"):
		f.Message = "is required"
	case strings.HasPrefix(d.Message, badType):
		name, message, _ := strings.Cut(strings.TrimPrefix(d.Message, badType), "\x00")
		f = Fault{"body", message}
		if name != "" {
			f.Location = "body." + name
		}
	}
	return f
}

// write sends the problem.
func (p *Problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil { // Data that does not encode is a fault in a service
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"internal error","code":"internal","errors":[]}`)
		p.Status = http.StatusInternalServerError
	}
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// Refuse answers a request that another door than the API's, such as the sockets', has refused.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	a.problemOf(r.Context(), err).write(w)
}
