package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"tandem/internal/users"
)

// group is routes that the OpenAPI document shows together.
type group struct {
	api *API
	tag string
}

// route is what the layer around a handler has to know about it.
type route struct {
	public bool
	policy policy
	limit  int64 // largest body
	stream bool  // the handler reads the body itself
	raw    bool  // the body is no JSON
	fields fieldSet
}

type option func(*huma.Operation, *route)

// public lets everybody call the route: the handler's actor is empty.
func public(op *huma.Operation, rt *route) {
	rt.public = true
	op.Security = []map[string][]string{}
}

// status sets the status of success, where it is not 200, or 204 without a body.
func status(code int) option {
	return func(op *huma.Operation, _ *route) { op.DefaultStatus = code }
}

func limited(p policy) option {
	return func(_ *huma.Operation, rt *route) { rt.policy = p }
}

// stream leaves reading the body, of up to limit bytes, to the handler.
func stream(limit int64) option {
	return func(_ *huma.Operation, rt *route) { rt.stream, rt.limit = true, limit }
}

// rawBody takes a body of up to limit bytes as it is.
func rawBody(limit int64) option {
	return func(op *huma.Operation, rt *route) { rt.raw, rt.limit, op.MaxBodyBytes = true, limit, limit+1 }
}

// handler is what each route has one of. The actor is empty on public routes.
type handler[I, O any] func(ctx context.Context, actor users.Actor, in *I) (O, error)

// none is the answer of a handler that has nothing to say.
type none struct{}

func get[I, O any](g group, path, id, summary string, h handler[I, O], opts ...option) {
	handle(g, http.MethodGet, path, id, summary, h, opts)
}

func post[I, O any](g group, path, id, summary string, h handler[I, O], opts ...option) {
	handle(g, http.MethodPost, path, id, summary, h, opts)
}

func put[I, O any](g group, path, id, summary string, h handler[I, O], opts ...option) {
	handle(g, http.MethodPut, path, id, summary, h, opts)
}

func patch[I, O any](g group, path, id, summary string, h handler[I, O], opts ...option) {
	handle(g, http.MethodPatch, path, id, summary, h, opts)
}

func del[I, O any](g group, path, id, summary string, h handler[I, O], opts ...option) {
	handle(g, http.MethodDelete, path, id, summary, h, opts)
}

// handle registers a route. Nothing else calls huma.Register, which would show the text of any
// error to the client.
func handle[I, O any](g group, method, path, id, summary string, h handler[I, O], opts []option) {
	a := g.api
	rt := &route{policy: writePolicy, limit: maxBody}
	if method == http.MethodGet {
		rt.policy = readPolicy
	}
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{g.tag}, BodyReadTimeout: -1, MaxBodyBytes: maxBody + 1,
		Metadata: map[string]any{"route": rt}}
	for _, o := range opts {
		o(&op, rt)
	}
	answer := reflect.TypeFor[O]()
	version := versionOf(answer)
	if method == http.MethodGet {
		rt.fields = fieldsOf(answer)
	}
	describe(&op, rt, version != nil)
	if answer == reflect.TypeFor[none]() || answer == reflect.TypeFor[signedOut]() {
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*empty, error) {
			out, err := h(ctx, requestOf(ctx).actor, in)
			if err != nil {
				return nil, a.problemOf(ctx, err)
			}
			return &empty{Cookies: cookiesOf(out)}, nil
		})
		return
	}
	if rt.stream {
		defer func() { importBody(a.huma.OpenAPI().Paths[path].Post) }()
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*output[O], error) {
		req := requestOf(ctx)
		body, err := h(ctx, req.actor, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return pack(op.DefaultStatus, method, req, body, version), nil
	})
}

// output is an answer as huma sends it.
type output[T any] struct {
	Status  int
	ETag    string   `header:"ETag" hidden:"true"`
	Cache   string   `header:"Cache-Control" hidden:"true"`
	Cookies []string `header:"Set-Cookie" hidden:"true"`
	Body    T
}

// empty is an answer without a body.
type empty struct {
	Cookies []string `header:"Set-Cookie" hidden:"true"`
}

func pack[T any](success int, method string, req *request, body T, version []int) *output[T] {
	out := &output[T]{Status: max(success, http.StatusOK), Cache: "no-store", Cookies: cookiesOf(body), Body: body}
	if s, ok := any(body).(interface{ status() int }); ok {
		out.Status = s.status()
	}
	if version != nil {
		out.ETag = etag(reflect.ValueOf(body).FieldByIndex(version).Int(), body)
	} else if t, ok := any(body).(interface{ tag() string }); ok {
		out.ETag = t.tag()
	}
	if out.ETag != "" {
		out.Cache = "private, no-cache"
		if method == http.MethodGet && matches(req.ifNoneMatch, out.ETag) {
			out.Status = http.StatusNotModified
		}
	}
	return out
}

func cookiesOf(body any) []string {
	if c, ok := body.(interface{ cookies() []string }); ok {
		return c.cookies()
	}
	return nil
}

// versionOf finds the version of a versioned thing, for its ETag.
func versionOf(t reflect.Type) []int {
	if t.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := t.FieldByName("Version"); ok && f.Type.Kind() == reflect.Int64 {
		return f.Index
	}
	return nil
}

// etag is the version, and what the thing is to the caller: muting a task gives it no new version, and yet another answer.
func etag(version int64, thing any) string {
	tag := strconv.FormatInt(version, 10)
	if o, ok := thing.(interface{ Own() string }); ok && o.Own() != "" {
		tag += "." + o.Own()
	}
	return `"` + tag + `"`
}

// matches compares weakly, as RFC 9110 wants it for If-None-Match.
func matches(header, tag string) bool {
	for t := range strings.SplitSeq(header, ",") {
		t = strings.TrimSpace(t)
		if t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// Precondition is the If-Match of a change.
type Precondition struct {
	IfMatch string `header:"If-Match" doc:"the version the change is meant for, as ETag has it; any other answers 412"`

	version *int64 // nil: any
}

// Resolve implements huma.Resolver: it reads the header once, for every route that takes it.
func (p *Precondition) Resolve(huma.Context) []error {
	tag := strings.TrimPrefix(strings.TrimSpace(p.IfMatch), "W/") // compressing proxies weaken tags
	if tag == "" || tag == "*" {
		return nil
	}
	unquoted, err := strconv.Unquote(tag)
	if err != nil || tag[0] != '"' {
		unquoted = "-"
	}
	number, _, _ := strings.Cut(unquoted, ".")
	v, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return []error{&huma.ErrorDetail{Location: "header.If-Match", Message: `must be one version as ETag has it, such as "8"`}}
	}
	p.version = &v
	return nil
}

var humaSettings sync.Once

// newHuma sets huma up on the API's mux.
func newHuma(a *API) huma.API {
	humaSettings.Do(func() { // huma keeps these for the whole process
		huma.NewErrorWithContext = humaProblem
		huma.NewError = func(status int, message string, causes ...error) huma.StatusError {
			return humaProblem(nil, status, message, causes...)
		}
		huma.DefaultArrayNullable = false
		huma.ValidateStrictCasing = true
	})
	format := huma.Format{Marshal: marshal, Unmarshal: unmarshal}
	cfg := huma.Config{OpenAPI: newDocument(), Formats: map[string]huma.Format{"application/json": format, "json": format}, DefaultFormat: "application/json",
		RejectUnknownQueryParameters: true, Transformers: []huma.Transformer{pick}}
	return huma.NewAPI(cfg, adapter{a})
}

var errNoRoute = errors.New("route was not registered through handle")

// adapter puts huma's operations onto the mux, each behind the layer that handle describes.
type adapter struct{ api *API }

// Handle implements huma.Adapter.
func (ad adapter) Handle(op *huma.Operation, next func(huma.Context)) {
	rt, ok := op.Metadata["route"].(*route)
	if !ok {
		panic(errNoRoute)
	}
	ad.api.mux.Handle(op.Method+" "+op.Path, ad.api.guard(op, rt, next))
}

// ServeHTTP implements huma.Adapter.
func (ad adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { ad.api.mux.ServeHTTP(w, r) }
