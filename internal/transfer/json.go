package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds how deep a file may nest; no format that is read here needs more than six.
const maxDepth = 40

// decodeJSON reads one JSON value and nothing after it, and says where it breaks.
func decodeJSON(file []byte, into any) error {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if err := checkDepth(file); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(file))
	err := d.Decode(into)
	if err == nil {
		if _, err := d.Token(); err != io.EOF {
			return refuse("the file", "goes on after the end of its JSON, at byte %d", d.InputOffset())
		}
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("the file", "ends in the middle of its JSON, after %d bytes", len(file))
	case errors.As(err, &syntax):
		return refuse("the file", "is not JSON: %s, at byte %d (line %d)", strings.TrimPrefix(syntax.Error(), "json: "), syntax.Offset, lineOf(file, syntax.Offset))
	case errors.As(err, &kind):
		return refuse(fmt.Sprintf("line %d", lineOf(file, kind.Offset)), "%s is a %s, and should be a %s", fieldName(kind.Field), kind.Value, kind.Type.Kind())
	}
	return refuse("the file", "cannot be read as JSON: %v", err) // a time in a wrong form, with its text
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
