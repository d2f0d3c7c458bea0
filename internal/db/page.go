package db

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"

	"tandem/internal/errs"
)

// Page is one part of a list; NextCursor is nil on the last.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"pass as cursor to read on; null on the last page"`
}

// The sizes of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Limit checks the size of a page that a request asks for; 0 means the default.
func Limit(n int) (int, error) {
	if n == 0 {
		return DefaultLimit, nil
	}
	if n < 0 || n > MaxLimit {
		return 0, errs.Field("query.limit", "must be from 1 to %d", MaxLimit)
	}
	return n, nil
}

// EncodeCursor makes a cursor of the sort key where a page ended. It means nothing to clients.
func EncodeCursor(key any) *string {
	b, err := json.Marshal(key)
	if err != nil {
		panic("cursor keys are plain data: " + err.Error())
	}
	s := base64.RawURLEncoding.EncodeToString(b)
	return &s
}

// yearZero is a time before the first year, which PostgreSQL does not know.
var yearZero = regexp.MustCompile(`"0000-\d\d-\d\dT`)

// DecodeCursor reads what EncodeCursor made into key; "" leaves it alone.
func DecodeCursor(s string, key any) error {
	if s == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, key)
	}
	// What is not of our making may hold what the database cannot compare with.
	if err != nil || bytes.Contains(b, []byte(`\u0000`)) || yearZero.Match(b) {
		return errs.Field("query.cursor", "is not a cursor of this list: pass next_cursor as it was answered")
	}
	return nil
}
