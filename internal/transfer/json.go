package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// maxDepth bounds how deep a file may nest; no format that is read here needs more than six.
const maxDepth = 40

// decodeJSON reads one JSON value and nothing after it, and says where it breaks.
func decodeJSON(file []byte, into any) error {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if err := checkDepth(file); err != nil {
		return err
	}
	if string(bytes.TrimSpace(file)) == "null" {
		return refuse("the file", "holds nothing but null")
	}
	d := json.NewDecoder(bytes.NewReader(file))
	err := d.Decode(into)
	if err == nil {
		if _, err := d.Token(); err != io.EOF {
			return refuse("the file", "goes on after the end of its JSON, at byte %d", d.InputOffset())
		}
		return nil
	}
	var entry *entryFault
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &entry):
		return refuse(fmt.Sprintf("entry %d", entry.number), "%s", entry.reason())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("the file", "ends in the middle of its JSON, after %d bytes", len(file))
	case errors.As(err, &syntax):
		return refuse("the file", "is not JSON: %s, at byte %d (line %d)", strings.TrimPrefix(syntax.Error(), "json: "), syntax.Offset, lineOf(file, syntax.Offset))
	case errors.As(err, &kind):
		return refuse(fmt.Sprintf("line %d", lineOf(file, kind.Offset)), "%s", kindFault(kind))
	}
	return refuse("the file", "cannot be read as JSON: %v", err)
}

// entries is a list whose faults name the entry they are in.
type entries[T any] []T

// UnmarshalJSON reads the entries one by one.
func (e *entries[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*e = make([]T, len(raw))
	for i, r := range raw {
		if err := json.Unmarshal(r, &(*e)[i]); err != nil {
			return &entryFault{i + 1, err}
		}
	}
	return nil
}

// entryFault is what is wrong with one entry of a list, counted from one.
type entryFault struct {
	number int
	err    error
}

func (f *entryFault) Error() string { return fmt.Sprintf("entry %d: %v", f.number, f.err) }

func (f *entryFault) reason() string {
	var kind *json.UnmarshalTypeError
	if errors.As(f.err, &kind) {
		return kindFault(kind)
	}
	var when *time.ParseError
	if errors.As(f.err, &when) {
		return fmt.Sprintf(`%q is no time such as "2026-01-31T12:00:00Z"`, when.Value)
	}
	return "cannot be read: " + f.err.Error()
}

var kindNames = map[reflect.Kind]string{
	reflect.String: "a text", reflect.Slice: "a list", reflect.Struct: "an object", reflect.Map: "an object", reflect.Bool: "true or false",
	reflect.Int: "a whole number", reflect.Int64: "a whole number", reflect.Float64: "a number",
}

func kindFault(f *json.UnmarshalTypeError) string {
	wanted, ok := kindNames[f.Type.Kind()]
	if !ok {
		wanted = f.Type.Kind().String()
	}
	return fmt.Sprintf("%s is of the kind %s, and should be %s", fieldName(f.Field), f.Value, wanted)
}

func fieldName(s string) string {
	if s == "" {
		return "the value"
	}
	return fmt.Sprintf("%q", s)
}

func lineOf(file []byte, offset int64) int {
	return 1 + bytes.Count(file[:min(int64(len(file)), max(0, offset))], []byte("\n"))
}

// checkDepth counts brackets outside of texts, before anything recursive reads the file.
func checkDepth(file []byte) error {
	depth, text, escaped := 0, false, false
	for i, c := range file {
		switch {
		case escaped:
			escaped = false
		case text:
			escaped, text = c == '\\', c != '"'
		case c == '"':
			text = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return refuse("the file", "nests deeper than %d, at byte %d", maxDepth, i)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
