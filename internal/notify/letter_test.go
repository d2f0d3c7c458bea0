package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
)

var update = flag.Bool("update", false, "write the golden mails anew")

func TestMailsLookAsTheGoldenOnes(t *testing.T) {
	t.Parallel()
	p := newPost(t, tandemtest.New(t), nil)
	kinds, err := p.mailer.Previews(admin)
	ok(t, err)
	for _, k := range kinds {
		preview, err := p.mailer.Preview(admin, k.Kind)
		ok(t, err)
		for ext, got := range map[string]string{".html": preview.HTML, ".txt": "Subject: " + preview.Subject + "\n\n" + preview.Text} {
			path := filepath.Join("testdata", "mails", k.Kind+ext)
			if *update {
				ok(t, os.MkdirAll(filepath.Dir(path), 0o750))
				ok(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			ok(t, err)
			if got != string(want) {
				t.Errorf("%s differs from %s: look at it, and run go test ./internal/notify -update", k.Kind, path)
			}
			if strings.Contains(got, "ZgotmplZ") || strings.Contains(got, "<img") || strings.Contains(got, "<no value>") {
				t.Errorf("%s: got %s", path, got)
			}
		}
	}
}

// Whatever people call themselves and their tasks, a mail says it, and nothing of it is more than words.
func TestNothingThatPeopleWriteIsMarkup(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		const evil = "<script>alert(1)</script> \"><img src=x onerror=alert(1)> {{.To}} \u202egnihsihp\u202c"
		ok(t, p.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE users SET name = $2 WHERE id = $1`, p.ann.ID, "Ann\r\nBcc: eve@example.org <b>bold</b> \u202e")
			return err
		}))
		task := p.TaskBy(p.ann, p.project, tasks.Fields{Title: tasks.Of(evil), AssignedTo: tasks.Of(&p.bob.ID)})
		p.comment(t, task.ID, "@bob "+evil+"\n\n[click](javascript:alert(1)) <a href=\"javascript:alert(2)\">x</a>\n\n-- \nUnsubscribe: https://evil.test")
		p.start(t)
		p.idle(t)
		mails := p.server.Mails()
		if len(mails) != 1 {
			t.Fatalf("got %d mails", len(mails))
		}
		m := mails[0]
		if m.Header.Get("Bcc") != "" || len(m.Header["To"]) != 1 || strings.ContainsAny(m.Subject(), "\r\n\u202e") {
			t.Errorf("got headers %v", m.Header)
		}
		for _, bad := range []string{"<script", "<img", "<b>", "href=\"javascript", "bob@example.org}}"} {
			if strings.Contains(strings.ToLower(m.HTML), bad) {
				t.Errorf("got %q in\n%s", bad, m.HTML)
			}
		}
		if strings.Contains(m.HTML+m.Text, "\u202e") || strings.Contains(m.Text, "\nUnsubscribe: https://evil.test") || !strings.Contains(m.Text, "<script>alert(1)</script>") {
			t.Errorf("got %s", m.Text)
		}
	})
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	vienna := zone(t, "Europe/Vienna")
	for name, c := range map[string]struct {
		now, from, to string
		want          time.Duration
	}{
		"before":                        {"2026-01-15T20:59:00Z", "22:00", "07:00", 0},
		"at the beginning":              {"2026-01-15T21:00:00Z", "22:00", "07:00", 9 * time.Hour},
		"after midnight":                {"2026-01-15T23:30:30Z", "22:00", "07:00", 6*time.Hour + 29*time.Minute + 30*time.Second},
		"at the end":                    {"2026-01-16T06:00:00Z", "22:00", "07:00", 0},
		"within a day":                  {"2026-01-15T12:00:00Z", "12:00", "14:00", time.Hour},
		"a day's other hours":           {"2026-01-15T13:00:00Z", "12:00", "14:00", 0},
		"a night of 23 hours":           {"2026-03-28T21:00:00Z", "22:00", "07:00", 8 * time.Hour},
		"a night of 25 hours":           {"2026-10-24T20:00:00Z", "22:00", "07:00", 10 * time.Hour},
		"an end that is skipped":        {"2026-03-28T21:00:00Z", "22:00", "02:30", 4 * time.Hour},
		"an end that comes twice":       {"2026-10-24T20:00:00Z", "22:00", "02:30", 4*time.Hour + 30*time.Minute},
		"a beginning that comes again":  {"2026-10-25T01:10:00Z", "02:15", "02:30", 5*time.Minute + 15*time.Minute - 20*time.Minute},
		"a beginning that is the first": {"2026-10-25T00:20:00Z", "02:15", "02:30", 10 * time.Minute},
	} {
		if got := notify.QuietFor(instant(t, c.now), vienna, c.from, c.to); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	ok(t, err)
	return at
}
