package tasks_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/notify"
	"tandem/internal/tasks"
	"tandem/internal/teams"
)

func edit(id string, was, set tasks.Fields) tasks.Edit {
	return tasks.Edit{TaskID: id, Patch: tasks.Patch{Fields: set, Was: was}}
}

func priority(p string) tasks.Fields { return tasks.Fields{Priority: tasks.Of(p)} }

func TestEditMany(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		var id []string
		for _, name := range []string{"a", "b", "c"} {
			id = append(id, b.Task(b.project, name).ID)
		}
		label, err := b.Teams.CreateLabel(ctx, b.ann, b.team.ID, teams.LabelInput{Name: "Paint", Color: "red"})
		ok(t, err)
		all := tasks.Fields{Priority: tasks.Of("high"), AssignedTo: tasks.Of(&b.ann.ID), Labels: tasks.Of([]string{label.ID})}
		changed, err := b.Tasks.EditMany(ctx, b.bob, []tasks.Edit{edit(id[1], priority("none"), all), edit(id[0], tasks.Fields{}, all)})
		ok(t, err)
		if len(changed.Items) != 2 || changed.Items[0].ID != id[1] || changed.Items[0].Priority != "high" || !slices.Equal(changed.Items[1].Labels, []string{label.ID}) {
			t.Errorf("got %+v, want both as they are now, in the order of the edits", changed.Items)
		}
		if m := b.last(t); m.Type != "task.updated" || len(m.Tasks) != 2 || m.Seq != changed.Seq || m.Tasks[0].Changes["priority"] != "high" || m.ProjectID != b.project.ID {
			t.Errorf("got %+v, want one message for both", m)
		}
		news, err := b.Notify.List(ctx, b.ann, notify.Filter{Types: []notify.Type{notify.TaskAssigned}})
		ok(t, err)
		if len(news.Items) != 1 || news.Items[0].TaskCount != 2 || !strings.HasSuffix(news.Items[0].Title, " assigned 2 tasks to you") {
			t.Errorf("got %+v, want one notification of both", news.Items)
		}

		// Nothing to change is no message.
		head := changed.Seq
		changed, err = b.Tasks.EditMany(ctx, b.bob, []tasks.Edit{edit(id[0], tasks.Fields{}, priority("high"))})
		ok(t, err)
		if changed.Seq != 0 || b.last(t).Seq != head {
			t.Errorf("an edit that changes nothing made message %d", b.last(t).Seq)
		}

		// Somebody changed one of them: all of it is refused, and the conflict names that one.
		_, err = b.Tasks.Update(ctx, b.ann, id[0], tasks.Patch{Fields: priority("urgent")}, nil)
		ok(t, err)
		_, err = b.Tasks.EditMany(ctx, b.bob, []tasks.Edit{edit(id[0], priority("high"), priority("none")), edit(id[1], priority("high"), priority("none"))})
		want(t, err, errs.Conflict)
		list := errs.All(err)[0].Data["tasks"].([]tasks.TaskConflict)
		if len(list) != 1 || list[0].Current.ID != id[0] || list[0].Current.Priority != "urgent" || list[0].Conflicts[0].Field != "priority" || list[0].Conflicts[0].By == nil {
			t.Errorf("got %+v", list)
		}
		got, err := b.Tasks.Get(ctx, b.ann, id[1])
		ok(t, err)
		if got.Priority != "high" {
			t.Errorf("a refused batch changed a task to %s", got.Priority)
		}

		for name, edits := range map[string][]tasks.Edit{
			"none":           {},
			"the same twice": {edit(id[0], tasks.Fields{}, all), edit(id[0], tasks.Fields{}, all)},
			"a title":        {edit(id[0], tasks.Fields{}, tasks.Fields{Title: tasks.Of("x")})},
			"no priority":    {edit(id[0], tasks.Fields{}, priority("huge"))},
		} {
			if _, err := b.Tasks.EditMany(ctx, b.bob, edits); !errors.Is(err, errs.Invalid) {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		_, err = b.Tasks.EditMany(ctx, b.bob, []tasks.Edit{edit(id[0], tasks.Fields{}, all), edit("unknown", tasks.Fields{}, all)})
		want(t, err, errs.NotFound)
		ok(t, b.Tasks.Delete(ctx, b.bob, id[2], nil))
		_, err = b.Tasks.EditMany(ctx, b.bob, []tasks.Edit{edit(id[2], tasks.Fields{}, all)})
		want(t, err, errs.NotFound)
		_, err = b.Tasks.EditMany(ctx, b.eve, []tasks.Edit{edit(id[0], tasks.Fields{}, all)})
		want(t, err, errs.Forbidden)
	})
}

func TestDeleteAndRestoreMany(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		var id []string
		for _, name := range []string{"a", "b", "c", "d"} {
			id = append(id, b.Task(b.project, name).ID)
		}
		ok(t, b.Tasks.Delete(ctx, b.ann, id[1], nil))
		gone, err := b.Tasks.DeleteMany(ctx, b.bob, id[:3])
		ok(t, err)
		if m := b.last(t); m.Type != "task.deleted" || len(m.Tasks) != 2 || m.Seq != gone.Seq || m.Tasks[0].Changes["deleted_at"] == nil {
			t.Errorf("got %+v, want one message for the two that were there", m)
		}
		if got := b.column(t, "todo"); !slices.Equal(got, []string{"d"}) {
			t.Errorf("got %v", got)
		}
		back, err := b.Tasks.RestoreMany(ctx, b.bob, []string{id[0], id[2], id[3]})
		ok(t, err)
		if m := b.last(t); m.Type != "task.restored" || len(m.Tasks) != 2 || m.Seq != back.Seq || m.Tasks[1].Changes["title"] != "c" {
			t.Errorf("got %+v, want one message with both whole", m)
		}
		if got := b.column(t, "todo"); !slices.Equal(got, []string{"a", "c", "d"}) {
			t.Errorf("got %v", got)
		}
		again, err := b.Tasks.RestoreMany(ctx, b.bob, id[2:])
		ok(t, err)
		if again.Seq != 0 {
			t.Error("restoring what is there made a message")
		}
		_, err = b.Tasks.DeleteMany(ctx, b.bob, []string{id[0], "unknown"})
		want(t, err, errs.NotFound)
		_, err = b.Tasks.DeleteMany(ctx, b.eve, id[:1])
		want(t, err, errs.Forbidden)
		if got := b.column(t, "todo"); !slices.Equal(got, []string{"a", "c", "d"}) {
			t.Errorf("a refused deletion deleted something: %v", got)
		}
	})
}

func TestAMoveThatSaysWhereTheTasksWereIsRefusedWhenOneIsElsewhere(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		x, y := b.Task(b.project, "x"), b.Task(b.project, "y")
		_, err := b.Tasks.Move(ctx, b.ann, tasks.MoveInput{TaskIDs: []string{y.ID}, Status: "in_review"})
		ok(t, err)
		back := tasks.MoveInput{TaskIDs: []string{x.ID, y.ID}, Status: "in_progress", Was: map[string]string{x.ID: "todo", y.ID: "todo"}}
		_, err = b.Tasks.Move(ctx, b.bob, back)
		want(t, err, errs.Conflict)
		list := errs.All(err)[0].Data["tasks"].([]tasks.TaskConflict)
		if len(list) != 1 || list[0].Current.ID != y.ID || list[0].Conflicts[0].Theirs != "in_review" || list[0].Conflicts[0].By == nil {
			t.Errorf("got %+v", list)
		}
		if got := b.column(t, "todo"); !slices.Equal(got, []string{"x"}) {
			t.Errorf("a refused move moved something: %v", got)
		}
		back.TaskIDs = []string{x.ID}
		_, err = b.Tasks.Move(ctx, b.bob, back)
		ok(t, err)
	})
}
