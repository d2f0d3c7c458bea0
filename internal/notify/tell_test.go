package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// trigger is something that ann does and somebody else hears of. before makes the task; act does the thing.
type trigger struct {
	name   string
	kind   notify.Type
	title  string // of what they hear; KEY stands for the task's
	before func(t *testing.T, w *world, who users.Actor) tasks.Detail
	act    func(t *testing.T, w *world, who users.Actor, task tasks.Detail)
}

func plain(_ *testing.T, w *world, _ users.Actor) tasks.Detail { return w.task("Sweep") }

func watched(t *testing.T, w *world, who users.Actor) tasks.Detail {
	task := w.task("Sweep")
	ok(t, w.Tasks.Watch(t.Context(), who, task.ID, true))
	return task
}

func theirs(t *testing.T, w *world, who users.Actor) tasks.Detail {
	task := w.task("Sweep", assignedTo(who))
	w.forget(t, who)
	return task
}

func says(body string) func(*testing.T, *world, users.Actor, tasks.Detail) {
	return func(t *testing.T, w *world, who users.Actor, task tasks.Detail) {
		w.comment(t, w.ann, task, strings.ReplaceAll(body, "WHO", who.Username))
	}
}

func moves(t *testing.T, w *world, _ users.Actor, task tasks.Detail) {
	_, err := w.Tasks.Move(t.Context(), w.ann, tasks.MoveInput{TaskIDs: []string{task.ID}, Status: "in_review"})
	ok(t, err)
}

func patchesStatus(t *testing.T, w *world, _ users.Actor, task tasks.Detail) {
	w.patch(t, w.ann, task, tasks.Fields{Status: tasks.Of("in_review")})
}

func wantsWatched(t *testing.T, w *world, who users.Actor) tasks.Detail {
	w.set(t, who, notify.SettingsPatch{WatchedStatus: new(true)})
	return watched(t, w, who)
}

var triggers = []trigger{
	{"assigned", notify.TaskAssigned, "ann assigned KEY to you", plain, func(t *testing.T, w *world, who users.Actor, task tasks.Detail) {
		w.patch(t, w.ann, task, tasks.Fields{AssignedTo: tasks.Of(&who.ID)})
	}},
	{"comment for the assignee", notify.TaskCommented, "ann commented on KEY", theirs, says("hm")},
	{"comment for a watcher", notify.TaskCommented, "ann commented on KEY", watched, says("hm")},
	{"mention in a comment", notify.Mention, "ann mentioned you in a comment on KEY", plain, says("see @WHO")},
	{"mention of the assignee", notify.Mention, "ann mentioned you in a comment on KEY", theirs, says("see @WHO")},
	{"mention in a description", notify.Mention, "ann mentioned you in KEY", plain, func(t *testing.T, w *world, who users.Actor, task tasks.Detail) {
		w.patch(t, w.ann, task, tasks.Fields{Description: tasks.Of("for @" + who.Username)})
	}},
	{"status by a patch", notify.TaskStatusChanged, "ann moved KEY to In review", theirs, patchesStatus},
	{"status by a move", notify.TaskStatusChanged, "ann moved KEY to In review", theirs, moves},
	{"status for a watcher", notify.TaskStatusChanged, "ann moved KEY to In review", wantsWatched, moves},
	{"status for a watcher, by a patch", notify.TaskStatusChanged, "ann moved KEY to In review", wantsWatched, patchesStatus},
}

// setting is a way to be told, and what of it is expected.
type setting struct {
	name            string
	set             func(t *testing.T, w *world, who users.Actor, tr *trigger, task tasks.Detail)
	inApp, mailable bool
}

func preference(inApp bool, email notify.Email) func(*testing.T, *world, users.Actor, *trigger, tasks.Detail) {
	return func(t *testing.T, w *world, who users.Actor, tr *trigger, _ tasks.Detail) {
		w.prefer(t, who, tr.kind, inApp, email)
	}
}

var settings = []setting{
	{"in the app and at once", preference(true, notify.AtOnce), true, true},
	{"in the app and in the digest", preference(true, notify.Digest), true, false},
	{"in the app only", preference(true, notify.Off), true, false},
	{"by mail only", preference(false, notify.AtOnce), false, true},
	{"in the digest only", preference(false, notify.Digest), false, false},
	{"off", preference(false, notify.Off), false, false},
	{"task muted", func(t *testing.T, w *world, who users.Actor, _ *trigger, task tasks.Detail) {
		ok(t, w.Tasks.Mute(t.Context(), who, task.ID, true))
	}, false, false},
	{"project muted", func(t *testing.T, w *world, who users.Actor, _ *trigger, _ tasks.Detail) {
		ok(t, w.Teams.MuteProject(t.Context(), who, w.project.ID, true))
	}, false, false},
	{"task muted and unmuted", func(t *testing.T, w *world, who users.Actor, tr *trigger, task tasks.Detail) {
		ok(t, w.Tasks.Mute(t.Context(), who, task.ID, true))
		ok(t, w.Tasks.Mute(t.Context(), who, task.ID, false))
		w.prefer(t, who, tr.kind, true, notify.AtOnce)
	}, true, true},
	{"disabled", func(t *testing.T, w *world, who users.Actor, _ *trigger, _ tasks.Detail) {
		ok(t, w.Auth.SetDisabled(t.Context(), who.Username, true))
	}, false, false},
}

func TestTriggersMeetPreferencesRolesAndMutes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, tr := range triggers {
			for _, role := range []teams.Role{teams.Owner, teams.Admin, teams.Member, teams.Viewer} {
				for _, s := range settings {
					name := fmt.Sprintf("%s, %s, %s", tr.name, role, s.name)
					who := w.Member(w.team, role)
					w.forget(t, who)
					task := tr.before(t, w, who)
					s.set(t, w, who, &tr, task)
					w.forget(t, who)
					tr.act(t, w, who, task)
					list := w.list(t, who)
					if len(list) != map[bool]int{true: 1}[s.inApp] {
						t.Errorf("%s: heard %+v", name, list)
					}
					if want := strings.ReplaceAll(tr.title, "KEY", task.Key); len(list) == 1 && (list[0].Title != want || list[0].Type != tr.kind || list[0].IsRead) {
						t.Errorf("%s: got %+v, want %q", name, list[0], want)
					}
					mine := slices.DeleteFunc(slices.Clone(w.mailed), func(n notify.Notification) bool { return n.UserID != who.ID })
					if len(mine) != map[bool]int{true: 1}[s.mailable] {
						t.Errorf("%s: to be mailed: %+v", name, mine)
					}
					if err := w.Auth.SetDisabled(t.Context(), who.Username, false); err != nil {
						t.Fatal(err)
					}
					ok(t, w.Teams.RemoveMember(t.Context(), w.ann, w.team.ID, who.ID)) // or later cases would move their locks, too
				}
			}
		}
	})
}

func TestNewTasksTellAssigneesAndWhoIsMentioned(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.task("Sweep", assignedTo(w.bob), func(f *tasks.Fields) { f.Description = tasks.Of("@eve looks on, and @ann") })
		w.heard(t, w.bob, "ann assigned "+task.Key+" to you")
		w.heard(t, w.eve, "ann mentioned you in "+task.Key)
		w.heard(t, w.ann)
		n := w.list(t, w.bob)[0]
		if n.Link != "/p/"+w.project.ID+"/board/"+task.Key || n.Message != "Sweep" || *n.TaskID != task.ID || *n.TeamID != w.team.ID || *n.ProjectID != w.project.ID ||
			n.CommentID != nil || n.TaskCount != 1 || n.TriggeredBy == nil || n.TriggeredBy.ID != w.ann.ID {
			t.Errorf("got %+v", n)
		}
		if d, err := w.Tasks.Get(t.Context(), w.eve, task.ID); err != nil || !d.Watching {
			t.Errorf("eve, who is mentioned, does not watch: %v", err)
		}
	})
}

func TestCreatorsHearOfComments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.task("Sweep")
		c := w.comment(t, w.bob, task, "**Which**  <b>room</b>?\n\n- `@ann`\n- all &amp; more")
		w.heard(t, w.ann, "bob commented on "+task.Key)
		n := w.list(t, w.ann)[0]
		if n.Message != "Which room? @ann all & more" || n.Link != "/p/"+w.project.ID+"/board/"+task.Key+"?comment="+c.ID || *n.CommentID != c.ID {
			t.Errorf("got %+v", n)
		}
		long := w.comment(t, w.bob, task, strings.Repeat("wörd ", 100))
		if n := w.list(t, w.ann)[0]; len([]rune(n.Message)) != 200 || !strings.HasSuffix(n.Message, "wörd…") || *n.CommentID != long.ID {
			t.Errorf("got %d characters: %q", len([]rune(n.Message)), n.Message)
		}
	})
}

func TestNobodyHearsOfTheirOwnActions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.set(t, w.ann, notify.SettingsPatch{WatchedStatus: new(true)})
		task := w.task("Sweep", assignedTo(w.ann), func(f *tasks.Fields) { f.Description = tasks.Of("@ann") })
		ok(t, w.Tasks.Watch(t.Context(), w.ann, task.ID, true))
		w.comment(t, w.ann, task, "I, @ann, say so")
		moves(t, w, w.ann, task)
		patchesStatus(t, w, w.ann, task)
		w.heard(t, w.ann)
		if list, _ := w.live(t, w.ann, 0); len(list) != 0 {
			t.Errorf("got %+v", list)
		}
	})
}

func TestTheStrongestReasonWins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.task("Sweep")
		w.patch(t, w.ann, task, tasks.Fields{AssignedTo: tasks.Of(&w.bob.ID), Status: tasks.Of("in_progress"), Description: tasks.Of("@bob")})
		w.heard(t, w.bob, "ann mentioned you in "+task.Key)
		w.forget(t, w.bob)
		w.patch(t, w.ann, task, tasks.Fields{AssignedTo: tasks.Of[*string](nil)})
		w.patch(t, w.ann, task, tasks.Fields{AssignedTo: tasks.Of(&w.bob.ID), Status: tasks.Of("in_review")})
		w.heard(t, w.bob, "ann assigned "+task.Key+" to you")
		w.forget(t, w.bob)
		w.comment(t, w.ann, task, "@bob @bob @BOB") // he is the assignee and watches
		w.heard(t, w.bob, "ann mentioned you in a comment on "+task.Key)
	})
}

func TestOnlyNewMentionsCount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		outsider := w.User("otto")
		task := w.task("Sweep", func(f *tasks.Fields) { f.Description = tasks.Of("@bob") })
		w.forget(t, w.bob)
		w.patch(t, w.ann, task, tasks.Fields{Description: tasks.Of("@bob and more")})
		w.patch(t, w.ann, task, tasks.Fields{Description: tasks.Of("@bob, @otto, `@eve`, eve@example.org, @nobody")})
		w.heard(t, w.bob)
		w.heard(t, w.eve)
		w.heard(t, outsider)
		c := w.comment(t, w.bob, task, "hm")
		w.forget(t, w.ann)
		for _, body := range []string{"hm @eve", "hm @eve!", "hm @eve @ann"} {
			_, err := w.Tasks.UpdateComment(ctx, w.bob, c.ID, tasks.CommentPatch{Body: body}, nil)
			ok(t, err)
		}
		w.heard(t, w.eve, "bob mentioned you in a comment on "+task.Key)
		w.heard(t, w.ann, "bob mentioned you in a comment on "+task.Key) // she made the task, and heard of the comment before
	})
}

func TestMovingManyTasksIsOneNotification(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		var ids []string
		var muted tasks.Detail
		for i := range 50 {
			who := w.bob
			if i%10 == 9 {
				who = w.eve
			}
			task := w.task(fmt.Sprint("Task ", i), assignedTo(who))
			if ids = append(ids, task.ID); i == 0 {
				muted = task
			}
		}
		ok(t, w.Tasks.Mute(ctx, w.bob, muted.ID, true))
		w.forget(t, w.bob, w.eve)
		_, err := w.Tasks.Move(ctx, w.ann, tasks.MoveInput{TaskIDs: ids, Status: "done"})
		ok(t, err)
		w.heard(t, w.bob, "ann moved 44 tasks to Done")
		w.heard(t, w.eve, "ann moved 5 tasks to Done")
		n := w.list(t, w.bob)[0]
		if n.TaskCount != 44 || n.TaskID != nil || n.Link != "/p/"+w.project.ID+"/board" || n.Message != "PRJ1-2, PRJ1-3, PRJ1-4 and 41 more" {
			t.Errorf("got %+v", n)
		}
		_, err = w.Tasks.Move(ctx, w.ann, tasks.MoveInput{TaskIDs: ids, Status: "done"}) // to another place in the column
		ok(t, err)
		w.heard(t, w.bob, "ann moved 44 tasks to Done")
	})
}

func TestInvitesTellWhoHasAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		carl, dora := w.User("carl"), w.User("dora")
		byName := must[teams.Invite](t)(w.Teams.Invite(ctx, w.ann, w.team.ID, teams.InviteInput{Username: &carl.Username, Role: teams.Admin}))
		byMail := must[teams.Invite](t)(w.Teams.Invite(ctx, w.ann, w.team.ID, teams.InviteInput{Email: new("Dora@example.org")}))
		must[teams.Invite](t)(w.Teams.Invite(ctx, w.ann, w.team.ID, teams.InviteInput{Email: new("stranger@example.org")}))
		w.heard(t, carl, "ann invited you to "+w.team.Name)
		w.heard(t, dora, "ann invited you to "+w.team.Name)
		n := w.list(t, carl, notify.TeamInvite)[0]
		if n.Link != "/?invite="+byName.ID || n.Message != "You would be an admin." || *n.TeamID != w.team.ID || n.ProjectID != nil {
			t.Errorf("got %+v", n)
		}
		ok(t, w.Teams.DeclineMyInvite(ctx, carl, byName.ID))
		w.heard(t, carl)
		ok(t, w.Teams.RevokeInvite(ctx, w.ann, w.team.ID, byMail.ID))
		w.heard(t, dora)
		again := must[teams.Invite](t)(w.Teams.Invite(ctx, w.ann, w.team.ID, teams.InviteInput{Username: &carl.Username}))
		ok(t, w.Notify.Delete(ctx, carl, w.list(t, carl)[0].ID)) // before it is accepted
		must[teams.Team](t)(w.Teams.AcceptMyInvite(ctx, carl, again.ID))
		w.heard(t, carl)
	})
}

func TestRepeatsTellNobodyTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.task("Sweep", assignedTo(w.bob))
		w.forget(t, w.bob)
		again := w.ann
		again.Mutation = events.Mutation{ID: "m", Fingerprint: "f"}
		for range 3 {
			w.comment(t, again, task, "@bob and @eve")
		}
		w.heard(t, w.bob, "ann mentioned you in a comment on "+task.Key)
		w.heard(t, w.eve, "ann mentioned you in a comment on "+task.Key)
	})
}

func TestLiveMessagesCarryTheCount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, head := w.live(t, w.bob, 0)
		task := w.task("Sweep", assignedTo(w.bob))
		w.comment(t, w.ann, task, "hm")
		list, _ := w.live(t, w.bob, head)
		if len(list) != 2 || *list[0].Unread != 1 || *list[1].Unread != 2 || list[0].UpdatedBy.ID != w.ann.ID {
			t.Fatalf("got %+v", list)
		}
		n := list[1].Notification.(map[string]any)
		if n["title"] != "ann commented on "+task.Key || n["message"] != "hm" || n["is_read"] != false || n["triggered_by"].(map[string]any)["username"] != "ann" {
			t.Errorf("got %v", n)
		}
	})
}

func TestImportsTellNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.task("Sweep")
		file := tasks.Imported{Origin: "x:1", Task: tasks.Task{Title: "@bob", Description: "@bob", Status: "todo", Priority: "none", AssignedTo: &w.bob.ID, CreatedAt: tandemtest.Start, UpdatedAt: tandemtest.Start},
			Comments: []tasks.ImportedComment{{Body: "@bob", CreatedAt: tandemtest.Start, UpdatedAt: tandemtest.Start}}}
		ok(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, messages, err := w.Tasks.ImportInto(t.Context(), tx, w.ann, &w.project, []tasks.Imported{file}, func(int) error { return nil })
			if err != nil {
				return err
			}
			_, err = w.Log.Record(t.Context(), tx, w.team.ID, messages...)
			return err
		}))
		w.heard(t, w.bob)
	})
}

func TestTellAsksNothingWhereNobodyIsToBeTold(t *testing.T) {
	t.Parallel()
	w := setUp(tandemtest.New(t))
	for _, news := range [][]notify.News{nil, {{To: w.ann.ID, Type: notify.Mention}, {Type: notify.TaskAssigned}}} {
		if told, err := w.Notify.Tell(t.Context(), nil, w.ann, news...); told != nil || err != nil { // a query would meet that there is no transaction
			t.Errorf("got %v, %v, want nothing", told, err)
		}
	}
}

// Whoever has left hears nothing more, also of what was on its way meanwhile.
func TestLeavingWhileOthersComment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.task("Sweep", assignedTo(w.bob))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if _, err := w.Tasks.AddComment(t.Context(), w.ann, task.ID, "@bob, look"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			if err := w.Teams.RemoveMember(t.Context(), w.bob, w.team.ID, w.bob.ID); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		w.heard(t, w.bob)
	})
}

// Eight people comment at once on tasks that concern them all.
func TestCommentsAtOnceDoNotDeadlock(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const rounds = 10
		w := setUp(env)
		people := []users.Actor{w.ann, w.bob}
		for range 6 {
			people = append(people, w.Member(w.team, teams.Member))
		}
		list := []tasks.Detail{w.task("a"), w.task("b"), w.task("c")}
		for _, who := range people {
			for _, task := range list {
				ok(t, w.Tasks.Watch(t.Context(), who, task.ID, true))
			}
		}
		var wg sync.WaitGroup
		for i, who := range people {
			wg.Go(func() {
				for n := range rounds {
					if _, err := w.Tasks.AddComment(t.Context(), who, list[(i+n)%len(list)].ID, "@bob, look"); err != nil {
						t.Error(err)
					}
					if n%3 != 0 {
						continue
					}
					if _, err := w.Notify.MarkAllRead(t.Context(), people[(i+1)%len(people)], ""); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		w.check(t)
		if got := len(w.list(t, w.ann, notify.TaskCommented)); got != 7*rounds {
			t.Errorf("ann heard of %d comments, want %d", got, 7*rounds)
		}
		if got := len(w.list(t, w.bob, notify.Mention)); got != 7*rounds {
			t.Errorf("bob heard of %d mentions, want %d", got, 7*rounds)
		}
	})
}
