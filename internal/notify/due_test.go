package notify_test

import (
	"sync"
	"testing"
	"time"

	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func dueAt(at time.Time) func(*tasks.Fields) {
	return func(f *tasks.Fields) { f.DueAt = tasks.Of(&at) }
}

func (w *world) remind(t *testing.T) {
	t.Helper()
	ok(t, w.Tasks.RemindDue(t.Context()))
}

func TestDueDatesAreToldOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		now := tandemtest.Start
		w.task("later", dueAt(now.Add(25*time.Hour)), assignedTo(w.bob))
		w.task("long ago", dueAt(now.Add(-25*time.Hour)), assignedTo(w.bob))
		w.task("done", dueAt(now.Add(time.Hour)), assignedTo(w.bob), func(f *tasks.Fields) { f.Status = tasks.Of("done") })
		gone := w.task("in the trash", dueAt(now.Add(time.Hour)), assignedTo(w.bob))
		ok(t, w.Tasks.Delete(t.Context(), w.ann, gone.ID, nil))
		project := must[teams.Project](t)(w.Teams.AddStatus(t.Context(), w.ann, w.project.ID, teams.StatusInput{Name: "Never", Category: "cancelled"}))
		w.task("cancelled", dueAt(now.Add(time.Hour)), assignedTo(w.bob), func(f *tasks.Fields) { f.Status = tasks.Of(project.Statuses[len(project.Statuses)-1].Slug) })
		soon := w.task("soon", dueAt(now.Add(5*time.Hour)), assignedTo(w.bob))
		late := w.task("late", dueAt(now.Add(-13*time.Hour)), assignedTo(w.bob))
		own := w.task("nobody's", dueAt(now.Add(24*time.Hour)))
		w.forget(t, w.bob)
		for range 3 {
			w.remind(t)
		}
		w.heard(t, w.bob, late.Key+" was due yesterday at 23:00", soon.Key+" is due today at 17:00")
		w.heard(t, w.ann, own.Key+" is due tomorrow at 12:00")
		n := w.list(t, w.bob)[1]
		if n.TriggeredBy != nil || n.Message != "soon" || n.Type != notify.TaskDueSoon || *n.TaskID != soon.ID {
			t.Errorf("got %+v", n)
		}
	})
}

func TestMovedDueDatesAreToldAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := tandemtest.Start.Add(5*time.Hour), tandemtest.Start.Add(6*time.Hour)
		task := w.task("Sweep", dueAt(first), assignedTo(w.bob))
		w.forget(t, w.bob)
		w.remind(t)
		w.patch(t, w.ann, task, tasks.Fields{DueAt: tasks.Of(&second)})
		w.remind(t)
		w.remind(t)
		w.heard(t, w.bob, task.Key+" is due today at 18:00", task.Key+" is due today at 17:00")
		w.patch(t, w.ann, task, tasks.Fields{DueAt: tasks.Of(&first)}) // back again: of this date he was told
		w.remind(t)
		w.heard(t, w.bob, task.Key+" is due today at 18:00", task.Key+" is due today at 17:00")
		w.patch(t, w.ann, task, tasks.Fields{AssignedTo: tasks.Of(&w.eve.ID)})
		w.forget(t, w.eve)
		w.remind(t)
		w.heard(t, w.eve, task.Key+" is due today at 17:00")
	})
}

func TestDueDatesKeepToPreferencesAndMutes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, who := range []users.Actor{w.bob, w.eve} {
			w.task("Sweep", dueAt(tandemtest.Start.Add(time.Hour)), assignedTo(who))
		}
		w.prefer(t, w.bob, notify.TaskDueSoon, false, notify.Off)
		ok(t, w.Teams.MuteProject(t.Context(), w.eve, w.project.ID, true))
		w.forget(t, w.bob, w.eve)
		w.remind(t)
		w.heard(t, w.bob)
		w.heard(t, w.eve)
		ok(t, w.Teams.MuteProject(t.Context(), w.eve, w.project.ID, false))
		w.remind(t)
		w.heard(t, w.eve) // the date has passed her by
	})
}

// What is due is told in everybody's own zone, also around the nights that are longer or shorter.
func TestDueDatesAreThoseOfTheCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, now, due, want string }{
		{"UTC", "2026-01-15T12:00:00Z", "2026-01-15T17:00:00Z", "is due today at 17:00"},
		{"Asia/Tokyo", "2026-01-15T12:00:00Z", "2026-01-15T17:00:00Z", "is due tomorrow at 02:00"},
		{"America/Los_Angeles", "2026-01-15T12:00:00Z", "2026-01-16T07:59:00Z", "is due today"},
		{"Asia/Kathmandu", "2026-01-15T12:00:00Z", "2026-01-15T19:00:00Z", "is due tomorrow at 00:45"},
		// In Vienna, clocks go forward at 2:00 on 29 March 2026 and back at 3:00 on 25 October.
		{"Europe/Vienna", "2026-03-28T18:00:00Z", "2026-03-29T16:00:00Z", "is due tomorrow at 18:00"},
		{"Europe/Vienna", "2026-03-28T22:30:00Z", "2026-03-29T22:15:00Z", "is due on 30 March at 00:15"},
		{"Europe/Vienna", "2026-03-29T00:30:00Z", "2026-03-29T21:59:00Z", "is due today"},
		{"Europe/Vienna", "2026-10-25T00:30:00Z", "2026-10-25T22:59:00Z", "is due today"},
		{"Europe/Vienna", "2026-10-24T21:00:00Z", "2026-10-25T18:00:00Z", "is due tomorrow at 19:00"},
		{"Europe/Vienna", "2026-10-25T00:45:00Z", "2026-10-25T00:30:00Z", "was due today at 02:30"},
		{"Europe/Vienna", "2026-01-15T12:00:00Z", "2026-01-14T22:59:00Z", "was due yesterday"},
		{"Pacific/Apia", "2026-01-15T12:00:00Z", "2026-01-15T10:30:00Z", "was due yesterday at 23:30"},
	} {
		if got := notify.Due(parse(t, c.due), parse(t, c.now), zone(t, c.zone)); got != c.want {
			t.Errorf("%s, at %s due %s: got %q, want %q", c.zone, c.now, c.due, got, c.want)
		}
	}
}

func parse(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	ok(t, err)
	return at
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	ok(t, err)
	return z
}

func TestDueDatesAreToldInTheirZones(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		must[users.Me](t)(w.Users.UpdateMe(t.Context(), w.bob, users.Patch{Timezone: new("Asia/Tokyo")}))
		task := w.task("Sweep", dueAt(tandemtest.Start.Add(5*time.Hour)), assignedTo(w.bob))
		w.forget(t, w.bob)
		w.remind(t)
		w.heard(t, w.bob, task.Key+" is due tomorrow at 02:00")
	})
}

// Several nodes look at once, at more than fits one batch.
func TestRemindersOfManyNodesAreOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 120 {
			w.task("Sweep", dueAt(tandemtest.Start.Add(time.Hour)), assignedTo(w.bob))
		}
		w.forget(t, w.bob)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := w.Tasks.RemindDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.remind(t)
		if got := len(w.list(t, w.bob)); got != 120 {
			t.Errorf("bob heard of %d due dates, want 120", got)
		}
	})
}
