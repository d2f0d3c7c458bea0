package httpapi

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tandem/internal/auth"
	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/reports"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// OpenAPI returns the document of the API, as GET /api/openapi.json answers it.
func OpenAPI() ([]byte, error) {
	a, err := New(Options{Config: &config.Config{BaseURL: "http://localhost:8080"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return a.document()
}

const documentIntro = `Everything Tandem does, for programs. What all endpoints have in common:

- JSON in snake_case; ids are strings; times are RFC 3339 in UTC; empty lists are [], absent values null.
- Send the access token as Authorization: Bearer. It lives for some minutes; POST /api/auth/refresh gives the next one.
- Refusals are problem documents (RFC 9457) with a code for programs and, in errors, the place of each fault. Nothing of a refused request is written. What belongs to a team that you are not in answers 404, a role that is too weak 403.
- Lists take limit (1 to 200, by default 50) and cursor, and answer items and next_cursor.
- Every GET takes fields: the members you want of each item, such as fields=id,title.
- Things with a version answer with ETag. If-None-Match saves the answer (304), If-Match guards a change (412).
- Every write takes Idempotency-Key, an id that you make. A repeat within 24 hours is answered as the first was and changes nothing.`

func newDocument() *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI:  "3.1.0",
		Info:     &huma.Info{Title: "Tandem", Version: "1", Description: documentIntro},
		Security: []map[string][]string{{"token": {}}},
		Components: &huma.Components{
			Schemas:         newRegistry(),
			SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "access token"}},
		},
	}
}

// schemaNames are of types whose own name says too little outside of their package.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[users.Patch]():                 "MePatch",
	reflect.TypeFor[auth.RegisterInput]():          "RegisterInput",
	reflect.TypeFor[events.Message]():              "Message",
	reflect.TypeFor[tasks.Conflict]():              "FieldConflict",
	reflect.TypeFor[notify.Settings]():             "NotificationPreferences",
	reflect.TypeFor[notify.Left]():                 "UnreadCount",
	reflect.TypeFor[NotificationSettingsPatch]():   "NotificationPreferencesPatch",
	reflect.TypeFor[teams.Shared]():                "SharedTeam",
	reflect.TypeFor[tasks.Detail]():                "TaskDetail",
	reflect.TypeFor[notify.Logged]():               "Mail",
	reflect.TypeFor[notify.LoggedBody]():           "MailDetail",
	reflect.TypeFor[notify.Preview]():              "MailPreview",
	reflect.TypeFor[notify.PreviewKind]():          "MailKind",
	reflect.TypeFor[db.Page[notify.Logged]]():      "PageMail",
	reflect.TypeFor[db.Page[notify.PreviewKind]](): "PageMailKind",
	reflect.TypeFor[reportAnswer]():                "ReportSubscription",
	reflect.TypeFor[reports.Input]():               "ReportInput",
	reflect.TypeFor[publicConfig]():                "Config",
	reflect.TypeFor[healthAnswer]():                "Health",
	reflect.TypeFor[db.Page[teams.Membership]]():   "PageMember",
	reflect.TypeFor[teams.Membership]():            "Member",
}

func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if name, ok := schemaNames[t]; ok {
			return name
		}
		return huma.DefaultSchemaNamer(t, hint)
	})
	// A field that may be left out looks like its value.
	r.RegisterTypeAlias(reflect.TypeFor[tasks.Field[string]](), reflect.TypeFor[string]())
	r.RegisterTypeAlias(reflect.TypeFor[tasks.Field[*string]](), reflect.TypeFor[*string]())
	r.RegisterTypeAlias(reflect.TypeFor[tasks.Field[[]string]](), reflect.TypeFor[[]string]())
	r.RegisterTypeAlias(reflect.TypeFor[tasks.Field[*int64]](), reflect.TypeFor[*int64]())
	r.RegisterTypeAlias(reflect.TypeFor[tasks.Field[*time.Time]](), reflect.TypeFor[*time.Time]())
	return r
}

// describe documents what the layers around handlers add to a route.
func describe(op *huma.Operation, rt *route, versioned bool) {
	if rt.fields != nil {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "fields", In: "query", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "answer only these, separated by commas: " + strings.Join(rt.fields, ", ")})
	}
	if op.Method != http.MethodGet && !rt.public {
		limit := 128
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &limit},
			Description: "an id that you make: a repeat is answered as the first request was and changes nothing"})
	}
	if versioned {
		if op.Method == http.MethodGet {
			op.Parameters = append(op.Parameters, &huma.Param{Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Description: "answers 304 when this is still the ETag"})
		}
		code := fmt.Sprint(max(op.DefaultStatus, http.StatusOK))
		op.Responses = map[string]*huma.Response{code: {Headers: map[string]*huma.Param{
			"ETag": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "the version"},
		}}}
	}
}

// document encodes the OpenAPI document.
func (a *API) document() ([]byte, error) {
	doc := a.huma.OpenAPI()
	allowNull(doc.Components.Schemas)
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode openapi document: %w", err)
	}
	return append(b, '\n'), nil
}

// allowNull says of answers where an object may be null, which huma cannot.
func allowNull(r huma.Registry) {
	for name, schema := range r.Map() {
		t := r.TypeFromRef("#/components/schemas/" + name)
		if t == nil || t.Kind() != reflect.Struct {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			p := schema.Properties[jsonName(f)]
			if p == nil || p.Ref == "" || f.Type.Kind() != reflect.Pointer || strings.Contains(f.Tag.Get("json"), ",omit") {
				continue
			}
			schema.Properties[jsonName(f)] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}, Description: p.Description}
		}
	}
}
