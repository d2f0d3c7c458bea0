package notify_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/internal/notify"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// gone is the ids that somebody was told are deleted, after a seq, and the unread count that came last.
func (w *world) gone(t *testing.T, who users.Actor, after int64) (ids []string, unread int64) {
	t.Helper()
	list, _ := w.live(t, who, after)
	for _, m := range list {
		if m.Type != "notification.deleted" {
			continue
		}
		if len(m.IDs) == 0 || len(m.IDs) > 200 {
			t.Errorf("got a message with %d ids", len(m.IDs))
		}
		ids, unread = append(ids, m.IDs...), *m.Unread
	}
	slices.Sort(ids)
	return ids, unread
}

func idsOf(list []notify.Notification) []string {
	ids := make([]string, len(list))
	for i, n := range list {
		ids[i] = n.ID
	}
	slices.Sort(ids)
	return ids
}

// ending is a way in which things go, and how many of bob's three notifications about them stay: one that a task was
// assigned to him, one of a comment, and one of a move of two tasks.
type ending struct {
	name  string
	act   func(t *testing.T, w *world, task tasks.Detail, comment tasks.Comment)
	stays int
}

var endings = []ending{
	{"comment deleted", func(t *testing.T, w *world, _ tasks.Detail, c tasks.Comment) {
		ok(t, w.Tasks.DeleteComment(t.Context(), w.ann, c.ID, nil))
	}, 2},
	{"task in the trash", func(t *testing.T, w *world, task tasks.Detail, _ tasks.Comment) {
		ok(t, w.Tasks.Delete(t.Context(), w.ann, task.ID, nil))
		w.Clock.Advance(29 * 24 * time.Hour)
		ok(t, w.Tasks.Purge(t.Context()))
	}, 3},
	{"task purged", func(t *testing.T, w *world, task tasks.Detail, _ tasks.Comment) {
		ok(t, w.Tasks.Delete(t.Context(), w.ann, task.ID, nil))
		w.Clock.Advance(31 * 24 * time.Hour)
		ok(t, w.Tasks.Purge(t.Context()))
	}, 1},
	{"project deleted", func(t *testing.T, w *world, _ tasks.Detail, _ tasks.Comment) {
		ok(t, w.Teams.DeleteProject(t.Context(), w.ann, w.project.ID))
	}, 0},
	{"project deleted that the tasks had left", func(t *testing.T, w *world, task tasks.Detail, _ tasks.Comment) {
		must[tasks.Changed](t)(w.Tasks.Move(t.Context(), w.bob, tasks.MoveInput{TaskIDs: []string{task.ID}, ProjectID: w.Project(w.team).ID}))
		ok(t, w.Teams.DeleteProject(t.Context(), w.ann, w.project.ID))
	}, 2},
	{"left", func(t *testing.T, w *world, _ tasks.Detail, _ tasks.Comment) {
		ok(t, w.Teams.RemoveMember(t.Context(), w.bob, w.team.ID, w.bob.ID))
	}, 0},
	{"removed", func(t *testing.T, w *world, _ tasks.Detail, _ tasks.Comment) {
		ok(t, w.Teams.RemoveMember(t.Context(), w.ann, w.team.ID, w.bob.ID))
	}, 0},
	{"team deleted", func(t *testing.T, w *world, _ tasks.Detail, _ tasks.Comment) {
		ok(t, w.Teams.DeleteTeam(t.Context(), w.ann, w.team.ID))
	}, 0},
}

func TestWhatGoesTakesItsNotificationsAlong(t *testing.T) {
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				ctx := t.Context()
				elsewhere := w.Team(w.ann)
				w.Join(elsewhere, w.bob, teams.Member)
				kept := w.TaskBy(w.ann, w.Project(elsewhere), tasks.Fields{Title: tasks.Of("kept"), AssignedTo: tasks.Of(&w.bob.ID)})
				other := w.task("Other", assignedTo(w.bob))
				ok(t, w.Notify.Delete(ctx, w.bob, w.list(t, w.bob)[0].ID))
				task := w.task("Sweep", assignedTo(w.bob))
				comment := w.comment(t, w.ann, task, "hm")
				must[tasks.Changed](t)(w.Tasks.Move(ctx, w.ann, tasks.MoveInput{TaskIDs: []string{task.ID, other.ID}, Status: "done"}))
				must[notify.Notification](t)(w.Notify.MarkRead(ctx, w.bob, w.list(t, w.bob)[0].ID))
				before := w.list(t, w.bob)
				_, head := w.live(t, w.bob, 0)

				e.act(t, w, task, comment)
				w.check(t)
				after := w.list(t, w.bob)
				if len(before) != 4 || len(after) != 1+e.stays || !slices.Contains(w.titles(t, w.bob), "ann assigned "+kept.Key+" to you") {
					t.Fatalf("of %d stay %v, want %d of the team's and that of another", len(before), w.titles(t, w.bob), e.stays)
				}
				gone, unread := w.gone(t, w.bob, head)
				want := slices.DeleteFunc(idsOf(before), func(id string) bool { return slices.Contains(idsOf(after), id) })
				if !slices.Equal(gone, want) {
					t.Errorf("bob was told that %v are gone, want %v", gone, want)
				}
				if now, err := w.Notify.Unread(ctx, w.bob.ID); err != nil || len(gone) > 0 && now != unread {
					t.Errorf("bob was told of %d unread, has %d, %v", unread, now, err)
				}
			})
		})
	}
}

func TestLinksFollowTasksIntoOtherProjects(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.task("Sweep", assignedTo(w.bob))
		to := w.Project(w.team)
		must[tasks.Changed](t)(w.Tasks.Move(t.Context(), w.ann, tasks.MoveInput{TaskIDs: []string{task.ID}, ProjectID: to.ID}))
		n := w.list(t, w.bob)[0]
		if *n.ProjectID != to.ID || n.Link != "/p/"+to.ID+"/board/"+to.Key+"-1" {
			t.Errorf("got %+v, want a link into %s", n, to.Key)
		}
	})
}

func TestDeletionsOfManyAreToldInParts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Notifications(w.bob, &w.team.ID, 450)
		_, head := w.live(t, w.bob, 0)
		ok(t, w.Teams.DeleteTeam(t.Context(), w.ann, w.team.ID))
		if gone, unread := w.gone(t, w.bob, head); len(gone) != 450 || unread != 0 {
			t.Errorf("got %d gone and %d unread, want 450 and 0", len(gone), unread)
		}
	})
}

func TestCleanUpKeepsWhatIsYoungOrUnread(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.forget(t, w.bob)
		w.Notifications(w.bob, &w.team.ID, 600)
		w.task("Mailed only")
		w.prefer(t, w.bob, notify.TaskAssigned, false, notify.AtOnce)
		w.task("Sweep", assignedTo(w.bob))
		for _, c := range []struct {
			days, unread, all int
		}{{80, 400, 600}, {12, 400, 400}, {80, 400, 400}, {10, 0, 0}} {
			w.Clock.Advance(time.Duration(c.days) * 24 * time.Hour)
			_, head := w.live(t, w.bob, 0)
			before := w.rows(t)
			ok(t, w.Notify.CleanUp(ctx))
			w.check(t)
			unread, err := w.Notify.Unread(ctx, w.bob.ID)
			if err != nil || unread != int64(c.unread) {
				t.Errorf("after %d days more: %d unread, %v, want %d", c.days, unread, err, c.unread)
			}
			if _, told := w.gone(t, w.bob, head); before != w.rows(t) && told != unread && c.all > 0 {
				t.Errorf("after %d days more: bob was told of %d unread, want %d", c.days, told, unread)
			}
		}
		if n := w.rows(t); n != 0 {
			t.Errorf("%d rows are left, want none", n)
		}
	})
}

// rows counts bob's rows, those that are not in the app too.
func (w *world) rows(t *testing.T) (n int) {
	t.Helper()
	ok(t, w.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM notifications WHERE user_id = $1`, w.bob.ID).Scan(&n))
	return n
}

func TestPurgeLeavesNothingBehind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		var list []tasks.Detail
		for i := range 250 {
			list = append(list, w.task(fmt.Sprint("Gone ", i)))
		}
		task := list[0]
		w.comment(t, w.bob, task, "@eve searchable")
		ok(t, w.Tasks.Mute(ctx, w.bob, task.ID, true))
		for _, task := range list {
			ok(t, w.Tasks.Delete(ctx, w.ann, task.ID, nil))
		}
		w.Clock.Advance(20 * 24 * time.Hour)
		later := w.task("Later")
		ok(t, w.Tasks.Delete(ctx, w.ann, later.ID, nil))
		w.Clock.Advance(11 * 24 * time.Hour)
		for range 2 { // again changes nothing
			ok(t, w.Tasks.Purge(ctx))
		}
		for table, where := range map[string]string{"tasks": "id", "comments": "task_id", "activity": "task_id", "watchers": "task_id", "search_docs": "task_id", "muted_tasks": "task_id", "notifications": "task_id"} {
			var n int
			ok(t, w.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table+` WHERE `+where+` <> $1`, later.ID).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		must[tasks.Detail](t)(w.Tasks.Restore(ctx, w.ann, later.ID))
		if found, err := w.Tasks.Search(ctx, w.ann, tasks.SearchQuery{Query: "searchable"}); err != nil || len(found.Items) != 0 {
			t.Errorf("got %d found, %v, want nothing of what was purged", len(found.Items), err)
		}
	})
}
