// Package errs says what kind of failure an error is, in words a person may read.
// An error without a kind is a bug or an outage: people see only "internal error".
package errs

import (
	"errors"
	"fmt"
)

// Kind is a class of failure. It is itself an error, so errors.Is(err, errs.NotFound) works.
type Kind string

// The kinds. httpapi maps each to one HTTP status; realtime maps each to one error code.
const (
	Malformed       Kind = "malformed"       // 400: the request cannot be read at all
	Unauthenticated Kind = "unauthenticated" // 401
	Forbidden       Kind = "forbidden"       // 403
	NotFound        Kind = "not found"       // 404
	Conflict        Kind = "conflict"        // 409
	Gone            Kind = "gone"            // 410
	Stale           Kind = "stale"           // 412: If-Match names an old version
	TooLarge        Kind = "too large"       // 413
	Invalid         Kind = "invalid"         // 422
	TooMany         Kind = "too many"        // 429
	Unavailable     Kind = "unavailable"     // 503
)

func (k Kind) Error() string { return string(k) }

// Error is a failure with a message that is safe to show.
type Error struct {
	Kind    Kind
	Code    string // machine-readable reason beside the kind, such as "last_owner"; empty means the kind's own
	Field   string // the input at fault, as the API names it ("body.title"); empty if none
	Message string
	Data    map[string]any // further members of the problem document, such as "current"; safe to show
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Kind }

// New returns an error of kind k.
func New(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Code returns an error of kind k with a machine-readable reason.
func Code(k Kind, code, format string, args ...any) error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Field returns an Invalid error about one input. The name is relative to the request body
// ("title", "task_ids[3]") unless it says "path." or "query." itself.
func Field(name, format string, args ...any) error {
	return &Error{Kind: Invalid, Field: name, Message: fmt.Sprintf(format, args...)}
}

// All returns every *Error joined in err, or nil if there is none.
func All(err error) []*Error {
	var out []*Error
	var walk func(error)
	walk = func(err error) {
		switch e := err.(type) { //nolint:errorlint // this is the walk that errors.As would do, over joined errors too
		case nil:
		case *Error:
			out = append(out, e)
		case interface{ Unwrap() []error }:
			for _, sub := range e.Unwrap() {
				walk(sub)
			}
		default:
			walk(errors.Unwrap(err))
		}
	}
	walk(err)
	return out
}
