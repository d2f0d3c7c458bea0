package notify_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

// Whatever the clocks do, everybody has one digest for each date of their calendar.
func TestEachDayHasOneDigest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Vienna", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"} {
		z := zone(t, name)
		for hour := range int64(24) {
			last, had := "2026-02-01", map[string]int{}
			for now := instant(t, "2026-02-02T12:00:00Z"); now.Year() == 2026; now = now.Add(15 * time.Minute) {
				today, due, planned := notify.DigestDay(now, z, hour, last, time.Time{})
				if due != planned && today > "2026-02-03" { // it begins at noon
					t.Fatalf("%s at %d: %v is planned and not sent", name, hour, now)
				}
				if due {
					had[today]++
				}
				if planned {
					last = today
				}
			}
			for day := time.Date(2026, 2, 4, 12, 0, 0, 0, time.UTC); day.Before(time.Date(2026, 12, 30, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 1) {
				if n := had[day.Format("2006-01-02")]; n != 1 {
					t.Fatalf("%s at %d: got %d digests for %s", name, hour, n, day.Format("2006-01-02"))
				}
			}
		}
	}
}

func TestADigestThatIsTooLateWaitsForTheNextDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now, since   string
		due, planned bool
	}{
		"before its hour":                 {"2026-01-15T07:59:00Z", "2025-01-01T00:00:00Z", false, false},
		"at its hour":                     {"2026-01-15T08:00:00Z", "2025-01-01T00:00:00Z", true, true},
		"after a stop":                    {"2026-01-15T14:00:00Z", "2025-01-01T00:00:00Z", true, true},
		"after a long stop":               {"2026-01-15T15:00:00Z", "2025-01-01T00:00:00Z", false, true},
		"for somebody who has just come":  {"2026-01-15T09:00:00Z", "2026-01-15T08:30:00Z", false, true},
		"for somebody who came before it": {"2026-01-15T09:00:00Z", "2026-01-15T07:30:00Z", true, true},
	} {
		if _, due, planned := notify.DigestDay(instant(t, c.now), time.UTC, 8, "2026-01-14", instant(t, c.since)); due != c.due || planned != c.planned {
			t.Errorf("%s: got due %v, planned %v", name, due, planned)
		}
	}
}

func TestADigestTellsWhatIsDueAndUnread(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		ctx := t.Context()
		now := p.DB.Now()
		due := func(title string, at time.Time) tasks.Detail {
			return p.TaskBy(p.bob, p.project, tasks.Fields{Title: tasks.Of(title), AssignedTo: tasks.Of(&p.bob.ID), DueAt: tasks.Of(&at)})
		}
		due("Overdue one", now.Add(-48*time.Hour))
		due("Tomorrow's", now.Add(36*time.Hour))
		today := due("Today's", now.Add(time.Hour))
		p.comment(t, today.ID, "the *first* words")
		p.comment(t, today.ID, "the second words")
		read := p.Task(p.project, "Read already")
		ok(t, p.Tasks.Watch(ctx, p.bob, read.ID, true))
		p.comment(t, read.ID, "seen in the app")
		must[notify.Notification](t)(p.Notify.MarkRead(ctx, p.bob, p.list(t, p.bob)[0].ID))

		p.Clock.Set(time.Date(2026, 1, 15, 12, 30, 0, 0, time.UTC)) // all joined at noon, after the hour of their digest
		p.plan(t)
		p.start(t)
		p.idle(t)
		if n := len(p.server.Mails()); n != 0 {
			t.Fatalf("got %d mails on the first day", n)
		}
		ok(t, p.DB.Write(ctx, func(tx *db.Tx) error { // as if they had been here for long
			_, err := tx.Exec(ctx, `UPDATE digests SET day = '2026-01-14'`)
			return err
		}))
		ok(t, p.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE users SET created_at = $1`, db.Time(now.AddDate(-1, 0, 0)))
			return err
		}))
		var wg sync.WaitGroup
		for range 4 { // as several nodes
			wg.Go(func() { p.plan(t) })
		}
		wg.Wait()
		p.plan(t)
		p.idle(t)
		mails := p.server.Mails()
		if len(mails) != 1 {
			t.Fatalf("got %d mails, want bob's alone: the others have nothing unread", len(mails))
		}
		m := mails[0]
		if m.To != "bob@example.org" || m.Subject() != "Tandem: 1 due today, 1 overdue and 2 unread" || m.Header.Get("List-Unsubscribe") == "" {
			t.Errorf("got %s about %q", m.To, m.Subject())
		}
		at := -1
		for _, want := range []string{"Due today", "Today's", "Overdue", "Overdue one", "\nProject 1\n", "the second words"} {
			next := strings.Index(m.Text, want)
			if next <= at {
				t.Errorf("got %q at %d after %d in\n%s", want, next, at, m.Text)
			}
			at = next
		}
		for _, not := range []string{"Tomorrow's", "seen in the app"} {
			if strings.Contains(m.Text, not) {
				t.Errorf("got %q in\n%s", not, m.Text)
			}
		}
		p.Clock.Advance(24 * time.Hour) // what was mailed is not mailed again, and what is overdue alone is no reason
		ok(t, p.Tasks.Delete(ctx, p.bob, p.find(t, "Tomorrow's"), nil))
		p.plan(t)
		p.idle(t)
		if n := len(p.server.Mails()); n != 1 {
			t.Errorf("got %d mails after the next day, want none", n-1)
		}
	})
}

func (p *post) plan(t *testing.T) {
	t.Helper()
	if err := p.mailer.PlanDigests(t.Context()); err != nil {
		t.Error(err)
	}
}

// find is the id of a task.
func (p *post) find(t *testing.T, title string) string {
	t.Helper()
	var id string
	ok(t, p.DB.Read().QueryRowContext(t.Context(), `SELECT id FROM tasks WHERE title = $1`, title).Scan(&id))
	return id
}

func TestReportsComeOnMondays(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) { // the clock shows Thursday, 15 January
		ctx := t.Context()
		p.start(t)
		ok(t, p.Tasks.SetReport(ctx, p.eve, p.team.ID, true))
		done := p.assign(t, "Done")
		must[tasks.Detail](t)(p.Tasks.Update(ctx, p.ann, done.ID, tasks.Patch{Fields: tasks.Fields{Status: tasks.Of("done")}}, nil))
		p.assign(t, "Opened")
		p.idle(t)
		before := len(p.server.Mails())
		reports := func(at string) []tandemtest.Mail {
			t.Helper()
			p.Clock.Set(instant(t, at))
			for range 2 {
				ok(t, p.mailer.PlanReports(ctx))
			}
			p.idle(t)
			return p.server.Mails()[before:]
		}
		if got := reports("2026-01-18T20:00:00Z"); len(got) != 0 {
			t.Errorf("on Sunday: got %d", len(got))
		}
		if got := reports("2026-01-19T07:59:00Z"); len(got) != 0 {
			t.Errorf("before the hour: got %d", len(got))
		}
		got := reports("2026-01-19T08:00:00Z")
		if len(got) != 1 || got[0].To != "eve@example.org" || got[0].Subject() != p.team.Name+": 1 task done last week" {
			t.Fatalf("on Monday: got %+v", got)
		}
		for _, want := range []string{"12 January to 18 January", "1 done", "2 opened", "0 overdue", "Project 1", "Others"} {
			if !strings.Contains(got[0].Text, want) {
				t.Errorf("got no %q in\n%s", want, got[0].Text)
			}
		}
		if strings.Contains(got[0].Text, "bob") {
			t.Errorf("the team does not show its members' figures to each other, and yet names them:\n%s", got[0].Text)
		}
		ok(t, p.Teams.RemoveMember(ctx, p.eve, p.team.ID, p.eve.ID))
		if got := reports("2026-01-26T09:00:00Z"); len(got) != 1 {
			t.Errorf("after leaving: got %d", len(got))
		}
	})
}

// 10,000 digests are to be prepared within a minute; there is no mail server, so all but the sending is measured.
func BenchmarkDigests(b *testing.B) {
	p := newPost(b, tandemtest.New(b), nil)
	ctx := b.Context()
	task := p.Task(p.project, "Sweep")
	const people = 1000
	var crowd []users.Actor
	for i := range people {
		crowd = append(crowd, p.User("crowd"+strconv.Itoa(i)))
	}
	if err := p.DB.Write(ctx, func(tx *db.Tx) error {
		for i, u := range crowd {
			for j := range 5 {
				if _, err := tx.Exec(ctx, `INSERT INTO notifications (id, user_id, type, event_key, team_id, project_id, task_id, title, message, task_count, in_app, email, created_at)
VALUES ($1, $2, 'task_commented', $1, $3, $4, $5, 'ann commented on PRJ1-1', 'some words', 1, TRUE, 'digest', $6)`, fmt.Sprintf("n%d-%d", i, j), u.ID, p.team.ID, p.project.ID, task.ID, db.Time(tx.Now)); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	began := time.Now()
	n := 0
	for b.Loop() {
		if err := p.mailer.Prepare(ctx, crowd[n%people].ID); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric((time.Since(began) * 10_000 / time.Duration(n)).Seconds(), "s/10000-digests")
}
