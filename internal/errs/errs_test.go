package errs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tandem/internal/errs"
)

var kinds = []errs.Kind{
	errs.Malformed, errs.Unauthenticated, errs.Forbidden, errs.NotFound, errs.Conflict, errs.Gone,
	errs.Stale, errs.TooLarge, errs.Invalid, errs.TooMany, errs.Unavailable,
}

func TestErrorIsOfItsKindAndNoOther(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		wrapped := fmt.Errorf("read task %s: %w", "t1", fmt.Errorf("look it up: %w", errs.New(kind, "task %d is not here", 7)))
		for _, other := range kinds {
			if got := errors.Is(wrapped, other); got != (kind == other) {
				t.Errorf("%s is %s: got %v", kind, other, got)
			}
		}
		var e *errs.Error
		if !errors.As(wrapped, &e) || e.Kind != kind || e.Message != "task 7 is not here" {
			t.Errorf("%s: got %+v, want the error inside", kind, e)
		}
		var k errs.Kind
		if !errors.As(wrapped, &k) || k != kind {
			t.Errorf("%s: got kind %q", kind, k)
		}
	}
	if errors.Is(errors.New("not found"), errs.NotFound) {
		t.Error("a plain error with the same text is of the kind")
	}
}

func TestCodeAndFieldSayMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want errs.Error
	}{
		"new":   {errs.New(errs.Gone, "over"), errs.Error{Kind: errs.Gone, Message: "over"}},
		"code":  {errs.Code(errs.Conflict, "last_owner", "the last %s stays", "owner"), errs.Error{Kind: errs.Conflict, Code: "last_owner", Message: "the last owner stays"}},
		"field": {errs.Field("title", "must be at most %d characters", 9), errs.Error{Kind: errs.Invalid, Field: "title", Message: "must be at most 9 characters"}},
	} {
		var e *errs.Error
		if !errors.As(c.err, &e) || e.Kind != c.want.Kind || e.Code != c.want.Code || e.Field != c.want.Field || e.Message != c.want.Message {
			t.Errorf("%s: got %+v, want %+v", name, e, c.want)
		}
	}
}

// What a person sees is the message alone, whatever it was wrapped in.
func TestMessagesTellNothingOfWhatWrapsThem(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("query postgres://tandem:secret@10.0.0.7: %w", errs.New(errs.NotFound, "task not found"))
	all := errs.All(err)
	if len(all) != 1 || all[0].Error() != "task not found" {
		t.Errorf("got %v, want the safe message", all)
	}
}

func TestAllFindsEveryError(t *testing.T) {
	t.Parallel()
	title, email := errs.Field("title", "must not be empty"), errs.Field("email", "is no address")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nil":              {nil, ""},
		"a plain error":    {errors.New("disk full"), ""},
		"a kind":           {errs.NotFound, ""},
		"one":              {title, "title"},
		"wrapped":          {fmt.Errorf("a: %w", fmt.Errorf("b: %w", title)), "title"},
		"joined":           {errors.Join(title, nil, email), "title email"},
		"joined in joined": {errors.Join(errors.Join(title), fmt.Errorf("c: %w", errors.Join(email, title))), "title email title"},
		"wrapped twice":    {fmt.Errorf("%w and %w", email, title), "email title"},
		"among others":     {errors.Join(errors.New("disk full"), email), "email"},
	} {
		var fields []string
		for _, e := range errs.All(c.err) {
			fields = append(fields, e.Field)
		}
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestTextsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check     func(field, s string, limit int) (string, error)
		in, want  string
		complaint string
	}{
		"a line":                    {errs.Line, "  Ærø 🙂 ", "Ærø 🙂", ""},
		"a line, empty":             {errs.Line, "", "", "must not be empty"},
		"a line, blank":             {errs.Line, " \t\n ", "", "must not be empty"},
		"a line, as long as may be": {errs.Line, "ééééé🙂🙂🙂🙂🙂", "ééééé🙂🙂🙂🙂🙂", ""},
		"a line, too long":          {errs.Line, "ééééé🙂🙂🙂🙂🙂x", "", "at most 10 characters, has 11"},
		"a line with a line end":    {errs.Line, "a\nb", "", "U+000A"},
		"a line with a NUL":         {errs.Line, "a\x00b", "", "U+0000 (at byte 1)"},
		"a line with a C1 control":  {errs.Line, "a\u0085b", "", "U+0085"},
		"a line that is no UTF-8":   {errs.Line, "a\xffb", "", "valid UTF-8"},
		"an optional line, blank":   {errs.OptionalLine, "  ", "", ""},
		"an optional line":          {errs.OptionalLine, " a ", "a", ""},
		"an optional line, tab":     {errs.OptionalLine, "a\tb", "", "U+0009"},
		"a text":                    {errs.Text, "a\r\nb\rc\n\td", "a\nb\nc\n\td", ""},
		"a text, empty":             {errs.Text, "", "", ""},
		"a text, too long":          {errs.Text, "12345678901", "", "at most 10"},
		"a text with an escape":     {errs.Text, "\x1b[2J", "", "U+001B"},
		"a text that is no UTF-8":   {errs.Text, "\xc3", "", "valid UTF-8"},
	} {
		got, err := c.check("title", c.in, 10)
		if c.complaint == "" {
			if err != nil || got != c.want {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
			}
			continue
		}
		all := errs.All(err)
		if len(all) != 1 || all[0].Kind != errs.Invalid || all[0].Field != "title" || !strings.Contains(all[0].Message, c.complaint) {
			t.Errorf("%s: got %v, want about title: %s", name, err, c.complaint)
		}
	}
}
