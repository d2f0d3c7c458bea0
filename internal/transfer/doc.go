// Package transfer brings tasks in from files and out into files. An import is a job: the whole file
// goes in, in one transaction, or nothing of it.
package transfer

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tandem/internal/errs"
	"tandem/internal/tasks"
)

// The formats of imports.
const (
	GitHub = "github" // gh issue list --json …
	Trello = "trello" // a board's export as JSON
	CSV    = "csv"    // with a header
	Tandem = "tandem" // Tandem's own export
)

// document is a file's content, in no format's words.
type document struct {
	Statuses []docStatus
	Labels   []docLabel
	Tasks    []docTask
}

type docStatus struct{ Name, Category, Color string }

type docLabel struct{ Name, Color string }

type docTask struct {
	Entry       string // names it in messages: "entry 17 (#42)"
	Origin      string
	Title       string
	Description string
	Status      string // a name or slug; empty: by Done
	Done        bool
	Priority    string
	Labels      []string
	Author      person
	Assignee    person
	DueAt       *time.Time
	CompletedAt *time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Comments    []docComment
}

type docComment struct {
	Author               person
	Body                 string
	CreatedAt, UpdatedAt time.Time
}

// person is how a file names somebody: what of it is known.
type person struct{ Username, Email, Name string }

// shown is the name that is kept when the person is no member.
func (p person) shown() string {
	for _, s := range []string{p.Username, p.Name, p.Email} {
		if s != "" {
			return s
		}
	}
	return ""
}

func refuse(entry, format string, args ...any) error {
	return &errs.Error{Kind: errs.Invalid, Code: "bad_file", Field: "body", Message: entry + ": " + fmt.Sprintf(format, args...)}
}

// parse reads a file. now stands in for times that it does not tell.
func parse(format string, file []byte, now time.Time) (*document, error) {
	if !utf8.Valid(file) {
		return nil, refuse("the file", "is not UTF-8 text")
	}
	var doc *document
	var err error
	switch format {
	case GitHub:
		doc, err = parseGitHub(file)
	case Trello:
		doc, err = parseTrello(file)
	case CSV:
		doc, err = parseCSV(file, now)
	case Tandem:
		doc, err = parseTandem(file)
	default:
		return nil, errs.Field("query.format", "must be one of github, trello, csv, tandem")
	}
	if err != nil {
		return nil, err
	}
	return doc, doc.check(now)
}

// detect guesses a file's format; what is no JSON is taken for CSV.
func detect(file []byte) string {
	file = bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(file, []byte("[")):
		return GitHub
	case bytes.HasPrefix(file, []byte(`{"tandem"`)):
		return Tandem
	case bytes.HasPrefix(file, []byte("{")):
		return Trello
	}
	return CSV
}

// check brings texts into the form that is kept and refuses what is too long.
func (d *document) check(now time.Time) error {
	seen := map[string]string{}
	for i := range d.Tasks {
		t := &d.Tasks[i]
		if other := seen[t.Origin]; other != "" {
			return refuse(t.Entry, "is the same as %s", other)
		}
		seen[t.Origin] = t.Entry
		t.Title = strings.Join(strings.Fields(clean(t.Title)), " ")
		t.Description = clean(t.Description)
		if t.Title == "" {
			return refuse(t.Entry, "has no title")
		}
		if err := short(t.Entry, "title", t.Title, tasks.MaxTitle); err != nil {
			return err
		}
		if err := short(t.Entry, "description", t.Description, tasks.MaxDescription); err != nil {
			return err
		}
		if t.Priority == "" {
			t.Priority = "none"
		}
		if t.CreatedAt.IsZero() {
			t.CreatedAt = now
		}
		if t.UpdatedAt.Before(t.CreatedAt) {
			t.UpdatedAt = t.CreatedAt
		}
		kept := t.Comments[:0]
		for n, c := range t.Comments {
			c.Body = clean(c.Body)
			if err := short(fmt.Sprintf("%s, comment %d", t.Entry, n+1), "text", c.Body, tasks.MaxComment); err != nil {
				return err
			}
			if strings.TrimSpace(c.Body) == "" {
				continue // GitHub keeps comments that were emptied; there is nothing to show
			}
			if c.UpdatedAt.Before(c.CreatedAt) {
				c.UpdatedAt = c.CreatedAt
			}
			kept = append(kept, c)
		}
		t.Comments = kept
	}
	for _, l := range d.Labels {
		if err := short("label "+l.Name, "name", l.Name, 50); err != nil {
			return err
		}
	}
	return nil
}

func short(entry, what, s string, limit int) error {
	if n := utf8.RuneCountInString(s); n > limit {
		return refuse(entry, "%s has %d characters, at most %d fit", what, n, limit)
	}
	return nil
}

// clean drops what cannot be seen: other programs let control characters into their texts.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
