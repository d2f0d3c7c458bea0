package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
)

//go:embed docs.html
var docsSource string

//go:embed docs.css
var docsStyle []byte

// mountDocs serves the document, and a page made of it that needs no script.
func (a *API) mountDocs(document []byte) error {
	page, err := docsPage(document)
	if err != nil {
		return fmt.Errorf("render api reference: %w", err)
	}
	serve := func(path, contentType string, body []byte) {
		a.mux.Handle("GET "+path, named(path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Cache-Control", "no-cache")
			_, _ = w.Write(body)
		})))
	}
	serve("/api/openapi.json", "application/openapi+json", document)
	serve("/api/docs", "text/html; charset=utf-8", page)
	serve("/api/docs.css", "text/css; charset=utf-8", docsStyle)
	return nil
}

// docModel is the part of the document that the page shows.
type docModel struct {
	Info  struct{ Title, Description string }
	Paths map[string]map[string]*docOperation
	Parts struct {
		Schemas map[string]*docSchema
	} `json:"components"`
}

type docOperation struct {
	OperationID string
	Summary     string
	Tags        []string
	Security    *[]any
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                docSchema
	}
	RequestBody *struct{ Content map[string]docContent }
	Responses   map[string]struct {
		Description string
		Content     map[string]docContent
	}

	Method, Path string `json:"-"`
}

type docContent struct{ Schema docSchema }

type docSchema struct {
	Ref         string `json:"$ref"`
	Type        any
	Format      string
	Enum        []any
	Description string
	Items       *docSchema
	AnyOf       []docSchema
	Properties  map[string]*docSchema
	Additional  any `json:"additionalProperties"`
	Required    []string
}

// Name is the type as a reader wants it: Task, Task[], string or null.
func (s docSchema) Name() string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case len(s.AnyOf) > 0:
		names := make([]string, len(s.AnyOf))
		for i, one := range s.AnyOf {
			names[i] = one.Name()
		}
		return strings.Join(names, " or ")
	case s.Items != nil:
		return s.Items.Name() + "[]"
	}
	switch t := s.Type.(type) {
	case string:
		if s.Format == "date-time" {
			return "time"
		}
		return t
	case []any:
		names := make([]string, len(t))
		for i, one := range t {
			names[i] = fmt.Sprint(one)
		}
		return strings.Join(names, " or ")
	}
	return "any"
}

// Anchor is where the page explains the type; empty when it is plain.
func (s docSchema) Anchor() string {
	name := strings.TrimSuffix(strings.TrimSuffix(s.Name(), " or null"), "[]")
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return ""
	}
	return name
}

// Choices are the values that are allowed.
func (s docSchema) Choices() string {
	names := make([]string, len(s.Enum))
	for i, v := range s.Enum {
		names[i] = fmt.Sprint(v)
	}
	return strings.Join(names, ", ")
}

type docGroup struct {
	Tag        string
	Operations []*docOperation
}

func docsPage(document []byte) ([]byte, error) {
	var m docModel
	if err := json.Unmarshal(document, &m); err != nil {
		return nil, err
	}
	groups := map[string]*docGroup{}
	for _, path := range slices.Sorted(maps.Keys(m.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			op := m.Paths[path][method]
			if op == nil {
				continue
			}
			op.Method, op.Path = strings.ToUpper(method), path
			g := groups[op.Tags[0]]
			if g == nil {
				g = &docGroup{Tag: op.Tags[0]}
				groups[op.Tags[0]] = g
			}
			g.Operations = append(g.Operations, op)
		}
	}
	t, err := template.New("docs").Parse(docsSource)
	if err != nil {
		return nil, err
	}
	intro, rules, _ := strings.Cut(m.Info.Description, "\n\n")
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Title": m.Info.Title, "Intro": intro, "Rules": strings.Split(strings.TrimPrefix(rules, "- "), "\n- "),
		"Groups": slices.SortedFunc(maps.Values(groups), func(x, y *docGroup) int { return strings.Compare(x.Tag, y.Tag) }), "Schemas": m.Parts.Schemas,
	})
	return b.Bytes(), err
}
