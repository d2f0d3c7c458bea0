package errs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line checks a one-line text such as a title: valid UTF-8, no control characters, not blank,
// at most limit characters. It returns the text without surrounding space.
func Line(field, s string, limit int) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", Field(field, "must not be empty")
	}
	return s, checkText(field, s, limit, false)
}

// OptionalLine is Line for a text that may be empty.
func OptionalLine(field, s string, limit int) (string, error) {
	s = strings.TrimSpace(s)
	return s, checkText(field, s, limit, false)
}

// Text checks a text of many lines, which may be empty. Line ends become "\n".
func Text(field, s string, limit int) (string, error) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return s, checkText(field, s, limit, true)
}

func checkText(field, s string, limit int, lines bool) error {
	if !utf8.ValidString(s) {
		return Field(field, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return Field(field, "must be at most %d characters, has %d", limit, n)
	}
	for i, r := range s {
		if unicode.IsControl(r) && (!lines || r != '\n' && r != '\t') {
			return Field(field, "must not contain the control character U+%04X (at byte %d)", r, i)
		}
	}
	return nil
}
