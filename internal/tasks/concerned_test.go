package tasks_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"tandem/internal/events"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// heard is the types of the task messages in somebody's own stream, whose numbers must be gap-free.
func (b *board) heard(t *testing.T, who users.Actor) []string {
	t.Helper()
	head, rows, err := b.Log.Replay(t.Context(), who.ID, 0, -1)
	ok(t, err)
	if int64(len(rows)) != head {
		t.Fatalf("got %d rows up to seq %d, want no gap", len(rows), head)
	}
	out := []string{}
	for i, r := range rows {
		if r.Seq != int64(i+1) {
			t.Fatalf("row %d has seq %d", i+1, r.Seq)
		}
		var m events.Message
		ok(t, json.Unmarshal(r.Data, &m))
		if m.TaskID != "" || len(m.Tasks) > 0 {
			out = append(out, m.Type)
		}
	}
	return out
}

func TestChangesReachWhomTheyConcern(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		carl, dora := b.Member(b.team, teams.Member), b.Member(b.team, teams.Member)
		task := b.TaskBy(b.ann, b.project, tasks.Fields{Title: tasks.Of("one"), AssignedTo: tasks.Of(&b.bob.ID)})
		ok(t, b.Tasks.Watch(ctx, b.eve, task.ID, true))
		_, err := b.Tasks.Update(ctx, carl, task.ID, title("two"), nil)
		ok(t, err)
		_, err = b.Tasks.AddComment(ctx, carl, task.ID, "hm")
		ok(t, err)
		_, err = b.Tasks.Update(ctx, carl, task.ID, tasks.Patch{Fields: tasks.Fields{AssignedTo: tasks.Of(&carl.ID)}}, nil)
		ok(t, err)
		other := b.TaskBy(carl, b.project, tasks.Fields{Title: tasks.Of("other")})
		_, err = b.Tasks.Move(ctx, dora, tasks.MoveInput{TaskIDs: []string{task.ID, other.ID}, Status: "done"})
		ok(t, err)
		ok(t, b.Tasks.Delete(ctx, dora, task.ID, nil))

		for _, c := range []struct {
			who  users.Actor
			as   string
			want []string
		}{
			{b.ann, "creator", []string{"task.created", "task.updated", "comment.added", "task.assigned", "task.moved", "task.deleted"}},
			{b.bob, "former assignee", []string{"task.created", "task.updated", "comment.added", "task.assigned"}},
			{b.eve, "watcher", []string{"task.updated", "comment.added", "task.assigned", "task.moved", "task.deleted"}},
			{carl, "assignee", []string{"task.assigned", "task.created", "task.moved", "task.deleted"}},
			{dora, "nobody's", []string{}},
		} {
			if got := b.heard(t, c.who); !slices.Equal(got, c.want) {
				t.Errorf("%s heard %v, want %v", c.as, got, c.want)
			}
		}
		_, own, err := b.Log.Replay(ctx, b.eve.ID, 0, -1)
		ok(t, err)
		_, team, err := b.Log.Replay(ctx, b.team.ID, 0, -1)
		ok(t, err)
		if a, z := own[len(own)-1].Data, team[len(team)-1].Data; string(a) != string(z) {
			t.Errorf("the copy is %s, want what the team got: %s", a, z)
		}
	})
}

func TestWhoLeftHearsNothingMore(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		task := b.TaskBy(b.bob, b.project, tasks.Fields{Title: tasks.Of("one"), AssignedTo: tasks.Of(&b.bob.ID)})
		ok(t, b.Teams.RemoveMember(t.Context(), b.ann, b.team.ID, b.bob.ID))
		before := len(b.heard(t, b.bob))
		_, err := b.Tasks.Update(t.Context(), b.ann, task.ID, title("two"), nil)
		ok(t, err)
		if got := b.heard(t, b.bob); len(got) != before {
			t.Errorf("heard %v after leaving", got[before:])
		}
	})
}

// Two teams whose people overlap change their tasks at once: nobody waits for each other in a circle.
func TestChangesOfTwoTeamsDoNotDeadlock(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		other := b.Team(b.bob)
		b.Join(other, b.ann, teams.Member)
		var mine []tasks.Detail
		for _, p := range []teams.Project{b.project, b.Project(other)} {
			task := b.TaskBy(b.ann, p, tasks.Fields{Title: tasks.Of("x"), AssignedTo: tasks.Of(&b.bob.ID)})
			mine = append(mine, task)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 10 {
					if _, err := b.Tasks.AddComment(t.Context(), []users.Actor{b.ann, b.bob}[i%2], mine[i/2%2].ID, "y"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := len(b.heard(t, b.bob)); got != 82 {
			t.Errorf("heard %d changes, want 2 tasks and 80 comments", got)
		}
	})
}
