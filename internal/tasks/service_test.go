package tasks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// board is a team with a project and somebody in each role.
type board struct {
	*tandemtest.Env
	ann, bob, eve users.Actor // owner, member, viewer
	team          teams.Team
	project       teams.Project
}

func setUp(env *tandemtest.Env) *board {
	b := &board{Env: env, ann: env.User("ann")}
	b.team = env.Team(b.ann)
	b.bob = env.Member(b.team, teams.Member)
	b.eve = env.Member(b.team, teams.Viewer)
	b.project = env.Project(b.team)
	return b
}

func each(t *testing.T, test func(t *testing.T, b *board)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) { test(t, setUp(env)) })
}

func want(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// last is the newest message of the team.
func (b *board) last(t *testing.T) (m events.Message) {
	t.Helper()
	head, rows, err := b.Log.Replay(t.Context(), b.team.ID, 0, -1)
	ok(t, err)
	if int64(len(rows)) != head {
		t.Fatalf("got %d rows up to seq %d, want no gap", len(rows), head)
	}
	ok(t, json.Unmarshal(rows[len(rows)-1].Data, &m))
	return m
}

func title(s string) tasks.Patch { return tasks.Patch{Fields: tasks.Fields{Title: tasks.Of(s)}} }

func (b *board) column(t *testing.T, status string) []string {
	t.Helper()
	page, err := b.Tasks.List(t.Context(), b.ann, tasks.ListFilter{ProjectID: b.project.ID, Status: []string{status}, Sort: "position"})
	ok(t, err)
	out := []string{}
	for _, task := range page.Items {
		out = append(out, task.Title)
	}
	return out
}

func TestCreateFillsInAndTells(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		label, err := b.Teams.CreateLabel(t.Context(), b.ann, b.team.ID, teams.LabelInput{Name: "Bug", Color: "red"})
		ok(t, err)
		task, err := b.Tasks.Create(t.Context(), b.bob, b.project.ID, tasks.Input{Fields: tasks.Fields{
			Title: tasks.Of("  Write it "), Description: tasks.Of("**now**"), Labels: tasks.Of([]string{"bug"}), AssignedTo: tasks.Of(&b.ann.ID), Priority: tasks.Of("high")}})
		ok(t, err)
		if task.Title != "Write it" || task.Status != "todo" || task.Key != b.project.Key+"-1" || task.Version != 1 || task.DescriptionHTML == "" ||
			!slices.Equal(task.Labels, []string{label.ID}) || task.Assignee == nil || task.Assignee.ID != b.ann.ID || task.Creator.ID != b.bob.ID {
			t.Errorf("got %+v", task)
		}
		again, err := b.Tasks.Get(t.Context(), b.eve, task.ID)
		ok(t, err)
		if again.Title != task.Title || !slices.Equal(again.Labels, task.Labels) || !again.CreatedAt.Equal(task.CreatedAt) {
			t.Errorf("got %+v, want what was created", again)
		}
		if m := b.last(t); m.Type != "task.created" || m.TaskID != task.ID || m.Changes["title"] != "Write it" || m.UpdatedBy.ID != b.bob.ID {
			t.Errorf("got message %+v", m)
		}
	})
}

func TestRolesAndOutsiders(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		task := b.Task(b.project, "x")
		stranger := b.User("stranger")
		_, err := b.Tasks.Get(ctx, stranger, task.ID)
		want(t, err, errs.NotFound)
		_, err = b.Tasks.Update(ctx, stranger, task.ID, title("y"), nil)
		want(t, err, errs.NotFound)
		_, err = b.Tasks.Update(ctx, b.eve, task.ID, title("y"), nil)
		want(t, err, errs.Forbidden)
		_, err = b.Tasks.AddComment(ctx, b.eve, task.ID, "hm")
		want(t, err, errs.Forbidden)
		want(t, b.Tasks.Delete(ctx, b.eve, task.ID, nil), errs.Forbidden)
		_, err = b.Tasks.Board(ctx, stranger, b.project.ID, 0)
		want(t, err, errs.NotFound)
		_, err = b.Tasks.List(ctx, stranger, tasks.ListFilter{ProjectID: b.project.ID})
		want(t, err, errs.NotFound)
		page, err := b.Tasks.List(ctx, stranger, tasks.ListFilter{})
		ok(t, err)
		if len(page.Items) != 0 {
			t.Errorf("an outsider lists %d tasks", len(page.Items))
		}
	})
}

func TestUpdateMergesAndConflicts(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		task := b.Task(b.project, "Old")
		_, err := b.Tasks.Update(ctx, b.bob, task.ID, title("Bob's"), nil)
		ok(t, err)
		p := title("Ann's")
		p.Was.Title = tasks.Of("Old")
		_, err = b.Tasks.Update(ctx, b.ann, task.ID, p, nil)
		want(t, err, errs.Conflict)
		var e *errs.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		conflicts, _ := e.Data["conflicts"].([]tasks.Conflict)
		if len(conflicts) != 1 || conflicts[0].Theirs != "Bob's" || conflicts[0].By != (events.By{ID: b.bob.ID, Username: b.bob.Username}) || conflicts[0].At == nil {
			t.Errorf("got conflicts %+v", conflicts)
		}
		p.Was.Title = tasks.Of("Bob's")
		got, err := b.Tasks.Update(ctx, b.ann, task.ID, p, nil)
		ok(t, err)
		if got.Title != "Ann's" || got.Version != 3 {
			t.Errorf("got %q at version %d, want Ann's at 3", got.Title, got.Version)
		}
		old := int64(1)
		_, err = b.Tasks.Update(ctx, b.ann, task.ID, title("z"), &old)
		want(t, err, errs.Stale)
		seq := b.last(t).Seq
		_, err = b.Tasks.Update(ctx, b.ann, task.ID, title("Ann's"), nil)
		ok(t, err)
		if b.last(t).Seq != seq {
			t.Error("a patch that changes nothing was recorded")
		}
	})
}

func TestConcurrentPatchesOfDifferentFieldsAllCount(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		task := b.Task(b.project, "x")
		patches := []tasks.Patch{title("t"), {Fields: tasks.Fields{Description: tasks.Of("d")}}, {Fields: tasks.Fields{Priority: tasks.Of("urgent")}}, {Fields: tasks.Fields{Status: tasks.Of("done")}}, {Fields: tasks.Fields{AssignedTo: tasks.Of(&b.bob.ID)}}}
		var wg sync.WaitGroup
		for _, p := range patches {
			wg.Go(func() {
				if _, err := b.Tasks.Update(ctx, b.bob, task.ID, p, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := b.Tasks.Get(ctx, b.ann, task.ID)
		ok(t, err)
		if got.Title != "t" || got.Description != "d" || got.Priority != "urgent" || got.Status != "done" || got.AssignedTo == nil || got.CompletedAt == nil || got.Version != 6 {
			t.Errorf("lost an edit: %+v", got.Task)
		}
	})
}

func TestARepeatedMutationChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		actor := b.ann
		actor.Mutation = events.Mutation{ID: "m1", Fingerprint: "a"}
		in := tasks.Input{Fields: tasks.Fields{Title: tasks.Of("once")}}
		first, err := b.Tasks.Create(ctx, actor, b.project.ID, in)
		ok(t, err)
		second, err := b.Tasks.Create(ctx, actor, b.project.ID, in)
		ok(t, err)
		if first.ID != second.ID || first.Key != second.Key {
			t.Errorf("got %s and %s, want one task", first.Key, second.Key)
		}
		if m := b.last(t); m.MutationID == nil || *m.MutationID != "m1" {
			t.Errorf("got mutation id %v", m.MutationID)
		}
	})
}

func TestMove(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		var id []string
		for _, name := range []string{"a", "b", "c", "d"} {
			id = append(id, b.Task(b.project, name).ID)
		}
		_, err := b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{id[3]}, Before: id[1]})
		ok(t, err)
		if got := b.column(t, "todo"); !slices.Equal(got, []string{"a", "d", "b", "c"}) {
			t.Errorf("got %v", got)
		}
		moved, err := b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{id[2], id[0]}, Status: "done"})
		ok(t, err)
		if got := b.column(t, "done"); !slices.Equal(got, []string{"c", "a"}) {
			t.Errorf("got %v", got)
		}
		if m := b.last(t); m.Type != "task.moved" || len(m.Tasks) != 2 || m.Seq != moved.Seq || m.Tasks[0].Changes["completed_at"] == nil {
			t.Errorf("got %+v, want one message for both", m)
		}
		_, err = b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{id[1]}, Status: "done", After: id[2]})
		ok(t, err)
		if got := b.column(t, "done"); !slices.Equal(got, []string{"c", "b", "a"}) {
			t.Errorf("got %v", got)
		}
		for name, in := range map[string]tasks.MoveInput{
			"a status that is not there": {TaskIDs: id[:1], Status: "nowhere"},
			"beside itself":              {TaskIDs: id[:1], Before: id[0]},
			"beside another column's":    {TaskIDs: id[:1], Status: "done", Before: id[3]},
			"the same twice":             {TaskIDs: []string{id[0], id[0]}},
			"none":                       {},
		} {
			if _, err := b.Tasks.Move(ctx, b.bob, in); !errors.Is(err, errs.Invalid) {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		_, err = b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{id[0], "unknown"}, Status: "todo"})
		want(t, err, errs.NotFound)
		if got := b.column(t, "done"); len(got) != 3 {
			t.Errorf("a refused move moved something: %v", got)
		}
	})
}

func TestConcurrentMovesToOnePlaceKeepEveryTask(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		anchor := b.Task(b.project, "anchor")
		var wg sync.WaitGroup
		for i := range 12 {
			task := b.Task(b.project, fmt.Sprint(i))
			wg.Go(func() {
				if _, err := b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{task.ID}, Before: anchor.ID}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		page, err := b.Tasks.List(ctx, b.ann, tasks.ListFilter{ProjectID: b.project.ID, Sort: "position"})
		ok(t, err)
		seen := map[string]bool{}
		for _, task := range page.Items {
			if seen[task.Position] {
				t.Errorf("two tasks have the position %s", task.Position)
			}
			seen[task.Position] = true
		}
		if n := len(page.Items); n != 13 || page.Items[n-1].ID != anchor.ID {
			t.Errorf("got %d tasks, the last %s", n, page.Items[n-1].Title)
		}
	})
}

func TestMoveToAnotherProject(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		other := b.Project(b.team)
		task := b.Task(b.project, "wanderer")
		moved, err := b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{task.ID}, ProjectID: other.ID, Status: "in_review"})
		ok(t, err)
		if got := moved.Items[0]; got.ProjectID != other.ID || got.Key != other.Key+"-1" || got.Status != "in_review" {
			t.Errorf("got %+v", got)
		}
		found, err := b.Tasks.List(ctx, b.ann, tasks.ListFilter{ProjectID: other.ID, Query: "wander"})
		ok(t, err)
		if len(found.Items) != 1 {
			t.Error("the moved task is not found in its new project")
		}
		foreign := b.Project(b.Team(b.bob))
		_, err = b.Tasks.Move(ctx, b.bob, tasks.MoveInput{TaskIDs: []string{task.ID}, ProjectID: foreign.ID, Status: "todo"})
		want(t, err, errs.Invalid)
	})
}

func TestDeleteAndRestore(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		a, x, c := b.Task(b.project, "a"), b.Task(b.project, "x"), b.Task(b.project, "c")
		ok(t, b.Tasks.Delete(ctx, b.bob, x.ID, nil))
		_, err := b.Tasks.Get(ctx, b.ann, x.ID)
		want(t, err, errs.NotFound)
		want(t, b.Tasks.Delete(ctx, b.bob, x.ID, nil), errs.NotFound)
		trash, err := b.Tasks.List(ctx, b.ann, tasks.ListFilter{ProjectID: b.project.ID, Deleted: true})
		ok(t, err)
		if len(trash.Items) != 1 || trash.Items[0].DeletedAt == nil {
			t.Errorf("got trash %+v", trash.Items)
		}
		got, err := b.Tasks.Restore(ctx, b.bob, x.ID)
		ok(t, err)
		if col := b.column(t, "todo"); !slices.Equal(col, []string{"a", "x", "c"}) || got.DeletedAt != nil {
			t.Errorf("got %v", col)
		}
		if m := b.last(t); m.Type != "task.restored" || m.Changes["title"] != "x" {
			t.Errorf("got %+v", m)
		}
		_, err = b.Tasks.Restore(ctx, b.bob, a.ID)
		want(t, err, errs.NotFound)
		_ = c
	})
}

func TestComments(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		task := b.Task(b.project, "x")
		first, err := b.Tasks.AddComment(ctx, b.bob, task.ID, "Grüße, *Ann*")
		ok(t, err)
		if m := b.last(t); m.Type != "comment.added" || m.Version != 2 || m.Changes["comment_count"] != 1.0 {
			t.Errorf("got %+v", m)
		}
		_, err = b.Tasks.AddComment(ctx, b.ann, task.ID, "second")
		ok(t, err)
		page, err := b.Tasks.Comments(ctx, b.eve, task.ID, "", 1)
		ok(t, err)
		if len(page.Items) != 1 || page.Items[0].ID != first.ID || page.NextCursor == nil || page.Items[0].Author.ID != b.bob.ID {
			t.Fatalf("got %+v", page)
		}
		page, err = b.Tasks.Comments(ctx, b.eve, task.ID, *page.NextCursor, 1)
		ok(t, err)
		if len(page.Items) != 1 || page.Items[0].Body != "second" || page.NextCursor != nil {
			t.Fatalf("got %+v", page)
		}
		_, err = b.Tasks.UpdateComment(ctx, b.ann, first.ID, tasks.CommentPatch{Body: "mine"}, nil)
		want(t, err, errs.Forbidden)
		was := "something else"
		_, err = b.Tasks.UpdateComment(ctx, b.bob, first.ID, tasks.CommentPatch{Body: "new", Was: &was}, nil)
		want(t, err, errs.Conflict)
		_, err = b.Tasks.UpdateComment(ctx, b.bob, first.ID, tasks.CommentPatch{Body: "Zebra"}, nil)
		ok(t, err)
		found, err := b.Tasks.Search(ctx, b.eve, tasks.SearchQuery{Query: "zeb"})
		ok(t, err)
		if len(found.Items) != 1 || found.Items[0].Type != "comment" || *found.Items[0].CommentID != first.ID || found.Items[0].Task.Key != task.Key {
			t.Errorf("got %+v", found.Items)
		}
		ok(t, b.Tasks.DeleteComment(ctx, b.ann, first.ID, nil)) // the owner manages comments
		found, err = b.Tasks.Search(ctx, b.eve, tasks.SearchQuery{Query: "zeb"})
		ok(t, err)
		got, err := b.Tasks.Get(ctx, b.ann, task.ID)
		ok(t, err)
		if len(found.Items) != 0 || got.CommentCount != 1 {
			t.Errorf("got %d found, count %d, after deleting", len(found.Items), got.CommentCount)
		}
	})
}

func TestSearchFoldsAndScopes(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		task := b.Task(b.project, "Überprüfung des Café-Menüs")
		stranger := b.User("stranger")
		b.Task(b.project, "設定画面を開く")
		for query, hits := range map[string]int{"uberpr": 1, "CAFÉ men": 1, "cafe zebra": 0, task.Key: 1, `"*:&|!()<->'`: 0, "": 0, "ü": 1, "画面": 1, "画面 開": 1, "画像": 0} {
			found, err := b.Tasks.Search(ctx, b.bob, tasks.SearchQuery{Query: query})
			ok(t, err)
			if len(found.Items) != hits {
				t.Errorf("%q: got %d, want %d", query, len(found.Items), hits)
			}
			found, err = b.Tasks.Search(ctx, stranger, tasks.SearchQuery{Query: query})
			ok(t, err)
			if len(found.Items) != 0 {
				t.Errorf("%q: an outsider finds %d", query, len(found.Items))
			}
		}
	})
}

func TestSearchIsScopedAndTyped(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		other := b.Project(b.team)
		task, there := b.Task(b.project, "Paint the lamp"), b.Task(other, "Lamp oil")
		_, err := b.Tasks.AddComment(ctx, b.bob, task.ID, "which lamp, <b>the red</b> one?")
		ok(t, err)
		for _, c := range []struct {
			q    tasks.SearchQuery
			want []string
		}{
			{tasks.SearchQuery{Query: "lamp"}, []string{"comment " + task.ID, "task " + task.ID, "task " + there.ID}},
			{tasks.SearchQuery{Query: "lamp", Type: "task"}, []string{"task " + task.ID, "task " + there.ID}},
			{tasks.SearchQuery{Query: "lamp", Type: "comment"}, []string{"comment " + task.ID}},
			{tasks.SearchQuery{Query: "lamp", ProjectID: other.ID}, []string{"task " + there.ID}},
		} {
			page, err := b.Tasks.Search(ctx, b.ann, c.q)
			ok(t, err)
			got := []string{}
			for _, f := range page.Items {
				got = append(got, f.Type+" "+f.Task.ID)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%+v: got %v, want %v", c.q, got, c.want)
			}
		}
		page, err := b.Tasks.Search(ctx, b.ann, tasks.SearchQuery{Query: "RED", Type: "comment"})
		ok(t, err)
		if !slices.Contains(page.Items[0].Parts, tasks.Part{Text: "red", Marked: true}) {
			t.Errorf("got %+v, want the word marked", page.Items[0].Parts)
		}
		_, err = b.Tasks.Search(ctx, b.User("stranger"), tasks.SearchQuery{Query: "lamp", ProjectID: other.ID})
		want(t, err, errs.NotFound)
	})
}

func TestPeopleAreFoundInOnesTeamsOnly(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		find := func(q string, limit int) (names []string) {
			t.Helper()
			people, err := b.Tasks.People(ctx, b.ann, q, "", limit)
			ok(t, err)
			for _, u := range people {
				names = append(names, u.ID)
			}
			return names
		}
		b.User("stranger")
		me, err := b.Users.Me(ctx, b.bob.ID)
		ok(t, err)
		if got := find(me.Username[:len(me.Username)-1], 100); !slices.Contains(got, b.bob.ID) {
			t.Errorf("got %v, want bob", got)
		}
		if got := find("stranger", 100); len(got) != 0 {
			t.Errorf("an outsider is found: %v", got)
		}
		if got := find(" ", 100); len(got) != 0 {
			t.Errorf("no words find %v", got)
		}
	})
}

func TestListPagesThroughEverySort(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		for i := range 7 {
			task := b.Task(b.project, fmt.Sprintf("%c task", 'a'+(i*3)%7))
			_, err := b.Tasks.Update(ctx, b.ann, task.ID, tasks.Patch{Fields: tasks.Fields{Status: tasks.Of(b.project.Statuses[i%3].Slug)}}, nil)
			ok(t, err)
			if i%2 == 0 {
				due := tandemtest.Start.AddDate(0, 0, i%3)
				_, err := b.Tasks.Update(ctx, b.ann, task.ID, tasks.Patch{Fields: tasks.Fields{DueAt: tasks.Of(&due), Priority: tasks.Of("high")}}, nil)
				ok(t, err)
			}
		}
		for _, sort := range []string{"position", "created_at", "updated_at", "due_at", "priority", "title", "number", "status", ""} {
			for _, sign := range []string{"", "-"} {
				if sort == "" && sign == "-" {
					continue
				}
				var all, paged []string
				page, err := b.Tasks.List(ctx, b.ann, tasks.ListFilter{ProjectID: b.project.ID, Sort: sign + sort})
				ok(t, err)
				var columns []string
				for _, task := range page.Items {
					all = append(all, task.ID)
					columns = append(columns, task.Status)
				}
				if sort == "status" { // as the columns stand, not by name
					order := func(slug string) int {
						return slices.IndexFunc(b.project.Statuses, func(s teams.Status) bool { return s.Slug == slug })
					}
					if sorted := slices.IsSortedFunc(columns, func(x, y string) int { return order(x) - order(y) }); sorted != (sign == "") {
						t.Errorf("sort %s%s: got %v", sign, sort, columns)
					}
				}
				cursor := ""
				for {
					page, err := b.Tasks.List(ctx, b.ann, tasks.ListFilter{ProjectID: b.project.ID, Sort: sign + sort, Limit: 2, Cursor: cursor})
					ok(t, err)
					for _, task := range page.Items {
						paged = append(paged, task.ID)
					}
					if page.NextCursor == nil {
						break
					}
					cursor = *page.NextCursor
				}
				if len(all) != 7 || !slices.Equal(all, paged) {
					t.Errorf("sort %s%s: pages give %v, one list %v", sign, sort, paged, all)
				}
			}
		}
		_, err := b.Tasks.List(ctx, b.ann, tasks.ListFilter{ProjectID: b.project.ID, Cursor: *db.EncodeCursor(1)})
		want(t, err, errs.Invalid)
	})
}

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		label, err := b.Teams.CreateLabel(ctx, b.ann, b.team.ID, teams.LabelInput{Name: "Bug"})
		ok(t, err)
		b.Task(b.project, "plain")
		_, err = b.Tasks.Create(ctx, b.bob, b.project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of("full"), Status: tasks.Of("done"), Labels: tasks.Of([]string{label.ID}), AssignedTo: tasks.Of(&b.ann.ID), Priority: tasks.Of("urgent")}})
		ok(t, err)
		for name, c := range map[string]struct {
			f    tasks.ListFilter
			want string
		}{
			"status":      {tasks.ListFilter{Status: []string{"done", "in_review"}}, "full"},
			"open":        {tasks.ListFilter{Open: true}, "plain"},
			"label name":  {tasks.ListFilter{Labels: []string{"bug"}}, "full"},
			"label id":    {tasks.ListFilter{Labels: []string{label.ID}}, "full"},
			"me":          {tasks.ListFilter{AssignedTo: []string{"me"}}, "full"},
			"nobody":      {tasks.ListFilter{AssignedTo: []string{"none"}}, "plain"},
			"priority":    {tasks.ListFilter{Priority: []string{"urgent"}}, "full"},
			"created by":  {tasks.ListFilter{CreatedBy: []string{b.bob.ID}}, "full"},
			"number":      {tasks.ListFilter{Number: 1}, "plain"},
			"words":       {tasks.ListFilter{Query: "FUL"}, "full"},
			"team":        {tasks.ListFilter{TeamID: b.team.ID, Query: "plain"}, "plain"},
			"two filters": {tasks.ListFilter{Status: []string{"done"}, AssignedTo: []string{"none", "me"}}, "full"},
		} {
			if c.f.TeamID == "" {
				c.f.ProjectID = b.project.ID
			}
			page, err := b.Tasks.List(ctx, b.ann, c.f)
			ok(t, err)
			if len(page.Items) != 1 || page.Items[0].Title != c.want {
				t.Errorf("%s: got %+v, want %s", name, page.Items, c.want)
			}
		}
	})
}

func TestBoardIsOneMomentAndFollowsChanges(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		for i := range 3 {
			b.Task(b.project, fmt.Sprint(i))
		}
		read := func() (tasks.Board, string) {
			snap, err := b.Tasks.Board(ctx, b.eve, b.project.ID, 2)
			ok(t, err)
			var got tasks.Board
			ok(t, json.Unmarshal(snap.JSON, &got))
			return got, snap.ETag
		}
		first, tag := read()
		todo := first.Columns["todo"]
		if len(todo.Items) != 2 || todo.NextCursor == nil || first.Statuses[0].Count != 3 || len(first.Members) != 3 || first.Seq != b.last(t).Seq {
			t.Fatalf("got %+v", first)
		}
		rest, err := b.Tasks.List(ctx, b.eve, tasks.ListFilter{ProjectID: b.project.ID, Status: []string{"todo"}, Sort: "position", Cursor: *todo.NextCursor})
		ok(t, err)
		if len(rest.Items) != 1 || rest.Items[0].Title != "2" {
			t.Errorf("got %+v after the first cards", rest.Items)
		}
		if _, same := read(); same != tag {
			t.Error("the tag changed though nothing else did")
		}
		_, err = b.Tasks.Update(ctx, b.ann, todo.Items[0].ID, title("new"), nil)
		ok(t, err)
		if second, other := read(); other == tag || second.Columns["todo"].Items[0].Title != "new" {
			t.Error("the board is old after a change")
		}
	})
}

func TestWhatGoesTakesTasksAlong(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		label, err := b.Teams.CreateLabel(ctx, b.ann, b.team.ID, teams.LabelInput{Name: "Bug"})
		ok(t, err)
		task, err := b.Tasks.Create(ctx, b.ann, b.project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of("x"), Status: tasks.Of("in_review"), Labels: tasks.Of([]string{label.ID}), AssignedTo: tasks.Of(&b.bob.ID)}})
		ok(t, err)
		ok(t, b.Teams.DeleteLabel(ctx, b.ann, label.ID))
		if m := b.last(t); m.Type != "label.deleted" || len(m.Tasks) != 1 {
			t.Errorf("got %+v", m)
		}
		_, err = b.Teams.DeleteStatus(ctx, b.ann, b.project.ID, "in_review", "")
		want(t, err, errs.Invalid)
		_, err = b.Teams.DeleteStatus(ctx, b.ann, b.project.ID, "in_review", "done")
		ok(t, err)
		ok(t, b.Teams.RemoveMember(ctx, b.ann, b.team.ID, b.bob.ID))
		got, err := b.Tasks.Get(ctx, b.ann, task.ID)
		ok(t, err)
		if len(got.Labels) != 0 || got.Status != "done" || got.CompletedAt == nil || got.AssignedTo != nil || got.Version != 4 {
			t.Errorf("got %+v", got.Task)
		}
	})
}

func TestActivityTellsWhoDidWhat(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		task := b.Task(b.project, "x")
		_, err := b.Tasks.Update(ctx, b.bob, task.ID, tasks.Patch{Fields: tasks.Fields{Status: tasks.Of("done")}}, nil)
		ok(t, err)
		page, err := b.Tasks.ActivityOf(ctx, b.eve, task.ID, "", 0)
		ok(t, err)
		if len(page.Items) != 2 || page.Items[0].Type != "moved" || page.Items[0].Actor.ID != b.bob.ID || page.Items[0].Changes["status"].To != "done" || page.Items[1].Type != "created" {
			t.Errorf("got %+v", page.Items)
		}
	})
}
