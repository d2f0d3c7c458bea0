package tasks_test

import (
	"slices"
	"testing"
	"time"

	"tandem/internal/errs"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
)

// titlesOf lists what a filter finds, sorted.
func (b *board) titlesOf(t *testing.T, f tasks.ListFilter) []string {
	t.Helper()
	page, err := b.Tasks.List(t.Context(), b.ann, f)
	ok(t, err)
	out := []string{}
	for _, task := range page.Items {
		out = append(out, task.Title)
	}
	slices.Sort(out)
	return out
}

func TestFiltersByCategoryTimesAndWhoCreatedIt(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		ctx := t.Context()
		start := tandemtest.Start
		on := func(days int) *time.Time { d := start.AddDate(0, 0, days); return &d }
		b.Task(b.project, "undated")
		due, err := b.Tasks.Create(ctx, b.bob, b.project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of("due"), Status: tasks.Of("in_progress"), DueAt: tasks.Of(on(3))}})
		ok(t, err)
		b.Clock.Set(*on(1))
		_, err = b.Tasks.Create(ctx, b.ann, b.project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of("late"), DueAt: tasks.Of(on(-1))}})
		ok(t, err)
		b.Clock.Set(*on(2))
		_, err = b.Tasks.Update(ctx, b.bob, due.ID, tasks.Patch{Fields: tasks.Fields{Status: tasks.Of("done")}}, nil)
		ok(t, err)

		for name, c := range map[string]struct {
			f    tasks.ListFilter
			want []string
		}{
			"category":              {tasks.ListFilter{Category: []string{"done"}}, []string{"due"}},
			"categories":            {tasks.ListFilter{Category: []string{"done", "backlog"}}, []string{"due", "late", "undated"}},
			"category nobody has":   {tasks.ListFilter{Category: []string{"cancelled"}}, []string{}},
			"created by two":        {tasks.ListFilter{CreatedBy: []string{"me", b.bob.ID}}, []string{"due", "late", "undated"}},
			"created by me":         {tasks.ListFilter{CreatedBy: []string{"me"}}, []string{"late", "undated"}},
			"created from":          {tasks.ListFilter{Created: tasks.Span{From: on(1)}}, []string{"late"}},
			"created up to":         {tasks.ListFilter{Created: tasks.Span{To: on(1)}}, []string{"due", "undated"}},
			"completed that day":    {tasks.ListFilter{Completed: tasks.Span{From: on(2), To: on(3)}}, []string{"due"}},
			"completed before":      {tasks.ListFilter{Completed: tasks.Span{To: on(2)}}, []string{}},
			"due from":              {tasks.ListFilter{Due: tasks.Span{From: on(3)}}, []string{"due"}},
			"due up to, not at":     {tasks.ListFilter{Due: tasks.Span{To: on(3)}}, []string{"late"}},
			"undated":               {tasks.ListFilter{Undated: true}, []string{"undated"}},
			"undated, and due":      {tasks.ListFilter{Undated: true, Due: tasks.Span{To: on(9)}}, []string{}},
			"open and overdue":      {tasks.ListFilter{Open: true, Due: tasks.Span{To: on(2)}}, []string{"late"}},
			"in the team, by words": {tasks.ListFilter{TeamID: b.team.ID, Query: "lat", Category: []string{"backlog"}}, []string{"late"}},
		} {
			if c.f.TeamID == "" {
				c.f.ProjectID = b.project.ID
			}
			if got := b.titlesOf(t, c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v, want %v", name, got, c.want)
			}
		}
	})
}

func TestFiltersThatMakeNoSenseAreRefused(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		now := tandemtest.Start
		for field, f := range map[string]tasks.ListFilter{
			"query.category":     {Category: []string{"doing"}},
			"query.due_to":       {Due: tasks.Span{From: &now, To: &now}},
			"query.created_to":   {Created: tasks.Span{From: &now, To: &now}},
			"query.completed_to": {Completed: tasks.Span{From: &now, To: &now}},
		} {
			_, err := b.Tasks.List(t.Context(), b.ann, f)
			want(t, err, errs.Invalid)
			if got := errs.All(err)[0].Field; got != field {
				t.Errorf("got an error of %s, want %s", got, field)
			}
		}
	})
}

func TestFilteredListsPageWithoutAGap(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		for i := range 9 {
			due := tandemtest.Start.AddDate(0, 0, i%4) // several at the same moment
			_, err := b.Tasks.Create(t.Context(), b.bob, b.project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of(string(rune('a' + i))), DueAt: tasks.Of(&due)}})
			ok(t, err)
		}
		end := tandemtest.Start.AddDate(0, 0, 3)
		for _, sort := range []string{"due_at", "-due_at", "-created_at", "status"} {
			f := tasks.ListFilter{TeamID: b.team.ID, CreatedBy: []string{b.bob.ID}, Category: []string{"backlog"}, Due: tasks.Span{To: &end}, Sort: sort}
			whole, err := b.Tasks.List(t.Context(), b.ann, f)
			ok(t, err)
			var all, paged []string
			for _, task := range whole.Items {
				all = append(all, task.ID)
			}
			for f.Limit = 2; ; {
				page, err := b.Tasks.List(t.Context(), b.ann, f)
				ok(t, err)
				for _, task := range page.Items {
					paged = append(paged, task.ID)
				}
				if page.NextCursor == nil {
					break
				}
				f.Cursor = *page.NextCursor
			}
			if len(all) != 7 || !slices.Equal(all, paged) {
				t.Errorf("sort %s: pages give %v, one list %v", sort, paged, all)
			}
		}
	})
}
