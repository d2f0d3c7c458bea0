package notify

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"unicode"
)

// Letter is what a mail says, as plain texts: the templates lay it out, as HTML and as text. Nothing in it is markup,
// whoever wrote it. Links are paths of the app.
type Letter struct {
	To   string // the address
	Kind string // names the sort of mail in the log: a Type, several, digest, …

	Subject  string
	Preview  string // what lists of mails show beside the subject
	Title    string
	Intro    string
	Sections []Section
	Figures  []Figure
	Button   Button
	Outro    string // below the button
	Why      string // why they got this
	// Stop is what the recipient can unsubscribe from; empty: nothing.
	Stop Stop

	Settings, Unsubscribe string // links that Mailer fills in
}

// Section is items under a heading, which may be empty.
type Section struct {
	Title string
	Items []Item
}

// Item is one thing in a mail.
type Item struct {
	Title string
	Note  string // beside it: when, or who
	Quote string // what somebody wrote
	Link  string // empty: it links to nothing
	Late  bool   // it is overdue
}

// Figure is a number in a report.
type Figure struct {
	Value int64
	Label string
}

// Button is what the recipient is most likely to do.
type Button struct{ Text, Link string }

//go:embed templates
var templates embed.FS

var (
	layoutHTML = htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/mail.html"))
	layoutText = texttemplate.Must(texttemplate.ParseFS(templates, "templates/mail.txt"))
)

// render lays the letter out.
func (l *Letter) render() (html, text string, err error) {
	l.tidy()
	var h, t bytes.Buffer
	if err := layoutHTML.Execute(&h, l); err != nil {
		return "", "", fmt.Errorf("lay out mail %s: %w", l.Kind, err)
	}
	if err := layoutText.Execute(&t, l); err != nil {
		return "", "", fmt.Errorf("lay out mail %s: %w", l.Kind, err)
	}
	return h.String(), t.String(), nil
}

// complete makes addresses of the paths.
func (l *Letter) complete(baseURL string) {
	links := []*string{&l.Button.Link, &l.Settings, &l.Unsubscribe}
	for i := range l.Sections {
		for j := range l.Sections[i].Items {
			links = append(links, &l.Sections[i].Items[j].Link)
		}
	}
	for _, link := range links {
		if *link != "" {
			*link = baseURL + *link
		}
	}
}

// tidy makes one line of each text. The texts of people hold what may turn those beside them around, or look like
// the next line of a plain mail.
func (l *Letter) tidy() {
	texts := []*string{&l.Subject, &l.Preview, &l.Title, &l.Intro, &l.Button.Text, &l.Outro, &l.Why}
	for i := range l.Sections {
		s := &l.Sections[i]
		texts = append(texts, &s.Title)
		for j := range s.Items {
			texts = append(texts, &s.Items[j].Title, &s.Items[j].Note, &s.Items[j].Quote)
		}
	}
	for _, t := range texts {
		*t = oneLine(*t)
	}
}

// oneLine drops control characters and those that change the direction of a text.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// shortened cuts a text that a subject repeats.
func shortened(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return strings.TrimSpace(string(r[:limit-1])) + "…"
	}
	return s
}
