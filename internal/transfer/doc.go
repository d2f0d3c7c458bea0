// Package transfer brings tasks in from files and out into files. An import is a job: the whole file
// goes in, in one transaction, or nothing of it.
package transfer

import (
	"bytes"
	"fmt"
	"slices"
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
	Whole       bool   // of a project of Tandem: one without tasks takes it over as it is
	Description string // the project's
	Statuses    []docStatus
	Labels      []docLabel
	Tasks       []docTask
}

type docStatus struct {
	Name, Category, Color string
	Slug                  string // of Tandem's own
	WIPLimit              *int64
}

type docLabel struct{ Name, Color string }

type docTask struct {
	Entry       string // names it in messages: "entry 17 (#42)"
	Origin      string
	Title       string
	Description string
	Status      string // a name or slug; empty: by Done
	Order       string // sorts the tasks of a column; empty: as they come
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
		if t.Origin != clean(t.Origin) || strings.ContainsAny(t.Origin, "\n\t") {
			return refuse(t.Entry, "has control characters in its id or address")
		}
		if err := short(t.Entry, "id or address", t.Origin, maxOrigin); err != nil {
			return err
		}
		if err := t.checkTimes(); err != nil {
			return err
		}
		for _, p := range []*person{&t.Author, &t.Assignee} {
			p.tidy()
		}
		t.Status = line(t.Status)
		for n := range t.Labels {
			t.Labels[n] = line(t.Labels[n])
		}
		t.Labels = slices.DeleteFunc(t.Labels, func(l string) bool { return l == "" })
		t.Title = line(t.Title)
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
			c.Author.tidy()
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
	for i := range d.Statuses {
		d.Statuses[i].Name = line(d.Statuses[i].Name)
	}
	for i := range d.Labels {
		d.Labels[i].Name = line(d.Labels[i].Name)
	}
	d.Labels = slices.DeleteFunc(d.Labels, func(l docLabel) bool { return l.Name == "" })
	for _, l := range d.Labels {
		if err := short("label "+l.Name, "name", l.Name, 50); err != nil {
			return err
		}
	}
	return nil
}

// maxOrigin is how long the id of a task in another program may be.
const maxOrigin = 1000

// The years that a time may be of: those that the API takes, too.
const minYear, maxYear = 1970, 9998

// checkTimes refuses times that no calendar shows. The year 1 is how some programs write "none".
func (t *docTask) checkTimes() error {
	for _, f := range []struct {
		what string
		at   **time.Time
	}{{"due", &t.DueAt}, {"completed", &t.CompletedAt}} {
		if *f.at != nil && (*f.at).IsZero() {
			*f.at = nil
		}
		if *f.at != nil {
			if err := checkTime(t.Entry, f.what, **f.at); err != nil {
				return err
			}
		}
	}
	for what, at := range map[string]time.Time{"created": t.CreatedAt, "updated": t.UpdatedAt} {
		if err := checkTime(t.Entry, what, at); err != nil {
			return err
		}
	}
	for n, c := range t.Comments {
		if err := checkTime(fmt.Sprintf("%s, comment %d", t.Entry, n+1), "created", c.CreatedAt); err != nil {
			return err
		}
	}
	return nil
}

func checkTime(entry, what string, at time.Time) error {
	if y := at.UTC().Year(); !at.IsZero() && (y < minYear || y > maxYear) {
		return refuse(entry, "%s is in the year %d, and should be from %d to %d", what, y, minYear, maxYear)
	}
	return nil
}

// tidy makes one line of each name.
func (p *person) tidy() { p.Username, p.Email, p.Name = line(p.Username), line(p.Email), line(p.Name) }

// line is clean for a name: without line breaks, and with single blanks.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

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
