package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tandem/internal/errs"
)

// fieldSet is what ?fields= may name on one route: the members of a list's items, or of the object
// that is answered.
type fieldSet []string

// fieldsOf computes the set of an answer's type.
func fieldsOf(t reflect.Type) fieldSet {
	t = modelOf(t)
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		if jsonName(f) == "items" && f.Type.Kind() == reflect.Slice {
			t = modelOf(f.Type.Elem())
			break
		}
	}
	var set fieldSet
	for _, f := range reflect.VisibleFields(t) {
		if name := jsonName(f); name != "" {
			set = append(set, name)
		}
	}
	return set
}

// modelOf is the type that describes t in the OpenAPI document.
func modelOf(t reflect.Type) reflect.Type {
	if m, ok := reflect.Zero(t).Interface().(interface{ model() reflect.Type }); ok {
		return m.model()
	}
	return t
}

// jsonName is the name a field has in JSON; "" when it has none of its own.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !f.IsExported() || f.Anonymous || name == "-" {
		return ""
	}
	return name
}

// parse reads the parameter; nil means everything.
func (s fieldSet) parse(values []string) ([]string, error) {
	var out []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name = strings.TrimSpace(name)
			if name == "" || slices.Contains(out, name) {
				continue
			}
			if !slices.Contains(s, name) {
				return nil, errs.Field("query.fields", "%q is none of %s", cut(name, 50), strings.Join(s, ", "))
			}
			out = append(out, name)
		}
	}
	return out, nil
}

// pick is the transformer that leaves of an answer what the request asks for.
func pick(ctx huma.Context, status string, v any) (any, error) {
	fields := requestOf(ctx.Context()).fields
	if fields == nil || status[0] != '2' {
		return v, nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var list struct {
		Items *[]json.RawMessage `json:"items"`
	}
	if json.Unmarshal(body, &list) != nil || list.Items == nil {
		return only(body, fields)
	}
	for i, item := range *list.Items {
		if (*list.Items)[i], err = only(item, fields); err != nil {
			return nil, err
		}
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, err
	}
	whole["items"], err = json.Marshal(list.Items)
	return whole, err
}

// only keeps the named members, in the order they were asked for.
func only(object json.RawMessage, fields []string) (json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, fmt.Errorf("pick fields: %w", err)
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range fields {
		v, ok := all[name]
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", name)
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// raw is JSON that is ready to be sent and looks like a T.
type raw[T any] []byte

func (raw[T]) model() reflect.Type { return reflect.TypeFor[T]() }

// Schema implements huma.SchemaProvider.
func (raw[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// MarshalJSON implements json.Marshaler.
func (r raw[T]) MarshalJSON() ([]byte, error) { return r, nil }

// ready lets the format write the bytes without parsing them again.
func (r raw[T]) ready() []byte { return r }
