package notify_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/tandemtest"
)

// pages reads a list to its end.
func (w *world) pages(t *testing.T, f notify.Filter) (out []notify.Notification) {
	t.Helper()
	for {
		page, err := w.Notify.List(t.Context(), w.bob, f)
		ok(t, err)
		out = append(out, page.Items...)
		if page.NextCursor == nil {
			return out
		}
		f.Cursor = *page.NextCursor
	}
}

func TestListsAreNewestFirstAndWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.forget(t, w.bob)
		w.Notifications(w.bob, nil, 120)
		w.Notifications(w.bob, nil, 90)
		task := w.task("Sweep", assignedTo(w.bob))
		all := w.pages(t, notify.Filter{Limit: 7})
		if len(all) != 211 || all[0].Title != "ann assigned "+task.Key+" to you" {
			t.Fatalf("got %d, the first %q", len(all), all[0].Title)
		}
		if !slices.IsSortedFunc(all, func(a, b notify.Notification) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
			t.Error("the list is not in order")
		}
		yes, no := true, false
		for name, c := range map[string]struct {
			f    notify.Filter
			want func(notify.Notification) bool
		}{
			"mentions":              {notify.Filter{Types: []notify.Type{notify.Mention}}, func(n notify.Notification) bool { return n.Type == notify.Mention }},
			"mentions and comments": {notify.Filter{Types: []notify.Type{notify.Mention, notify.TaskCommented, notify.Mention}}, func(n notify.Notification) bool { return n.Type != notify.TaskAssigned }},
			"read":                  {notify.Filter{Read: &yes}, func(n notify.Notification) bool { return n.IsRead }},
			"unread":                {notify.Filter{Read: &no}, func(n notify.Notification) bool { return !n.IsRead }},
			"unread mentions":       {notify.Filter{Types: []notify.Type{notify.Mention}, Read: &no}, func(n notify.Notification) bool { return !n.IsRead && n.Type == notify.Mention }},
		} {
			want := slices.DeleteFunc(slices.Clone(all), func(n notify.Notification) bool { return !c.want(n) })
			c.f.Limit = 10
			if got := w.pages(t, c.f); len(want) == 0 || !slices.EqualFunc(got, want, func(a, b notify.Notification) bool { return a.ID == b.ID }) {
				t.Errorf("%s: got %d, want %d", name, len(got), len(want))
			}
		}
		if got := w.list(t, w.eve); len(got) != 0 {
			t.Errorf("eve sees %d of them", len(got))
		}
	})
}

func TestReadingTellsOtherTabs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		task := w.task("Sweep", assignedTo(w.bob))
		for i := range 4 {
			w.comment(t, w.ann, task, fmt.Sprint(i))
		}
		list := w.list(t, w.bob)
		_, head := w.live(t, w.bob, 0)
		bob := w.bob
		bob.Mutation = events.Mutation{ID: "m", Fingerprint: "f"}
		for range 2 {
			if n, err := w.Notify.MarkRead(ctx, bob, list[0].ID); err != nil || !n.IsRead || n.Title != list[0].Title || n.Link != list[0].Link || n.TriggeredBy.ID != w.ann.ID {
				t.Fatalf("got %+v, %v", n, err)
			}
		}
		must[notify.Notification](t)(w.Notify.MarkRead(ctx, w.bob, list[0].ID)) // read already: nothing to tell
		if left, err := w.Notify.MarkManyRead(ctx, w.bob, []string{list[0].ID, list[1].ID}); err != nil || left.Count != 3 {
			t.Fatalf("got %+v, %v, want 3 left", left, err)
		}
		if left, err := w.Notify.MarkAllRead(ctx, w.bob, notify.TaskAssigned); err != nil || left.Count != 2 {
			t.Fatalf("got %+v, %v, want 2 left", left, err)
		}
		for range 2 {
			if left, err := w.Notify.MarkAllRead(ctx, w.bob, ""); err != nil || left.Count != 0 {
				t.Fatalf("got %+v, %v, want none left", left, err)
			}
		}
		if left, err := w.Notify.DeleteMany(ctx, w.bob, []string{list[0].ID, list[1].ID}); err != nil || left.Count != 0 {
			t.Fatalf("got %+v, %v, want none left", left, err)
		}
		ok(t, w.Notify.Delete(ctx, w.bob, list[2].ID))
		if err := w.Notify.Delete(ctx, w.bob, list[2].ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("got %v, want it not found any more", err)
		}
		told, _ := w.live(t, w.bob, head)
		var got []string
		for _, m := range told {
			got = append(got, fmt.Sprint(m.Type, " ", len(m.IDs), " ", m.All, " ", *m.Unread))
		}
		want := []string{"notification.read 1 false 4", "notification.read 1 false 3", "notification.read 1 false 2", "notification.read 0 true 0", "notification.deleted 2 false 0", "notification.deleted 1 false 0"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if told[0].MutationID == nil || *told[0].MutationID != "m" || told[0].IDs[0] != list[0].ID {
			t.Errorf("got %+v", told[0])
		}
	})
}

func TestNotificationsOfOthersAreNotFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		task := w.task("Sweep", assignedTo(w.bob))
		w.comment(t, w.ann, task, "@eve")
		his, hers := w.list(t, w.bob)[0].ID, w.list(t, w.eve)[0].ID
		_, single := w.Notify.MarkRead(ctx, w.eve, his)
		_, read := w.Notify.MarkManyRead(ctx, w.eve, []string{hers, his})
		_, deleted := w.Notify.DeleteMany(ctx, w.eve, []string{hers, his})
		for name, err := range map[string]error{"read": single, "read many": read, "delete many": deleted, "delete": w.Notify.Delete(ctx, w.eve, his)} {
			if !errors.Is(err, errs.NotFound) {
				t.Errorf("%s: got %v, want not found", name, err)
			}
		}
		if all := errs.All(read); len(all) != 1 || all[0].Field != "ids[1]" {
			t.Errorf("got %v, want it at ids[1]", all)
		}
		if n := w.list(t, w.eve)[0]; n.IsRead {
			t.Error("half of the request was done")
		}
		// What is not in the app is not there either.
		w.prefer(t, w.eve, notify.Mention, false, notify.AtOnce)
		w.forget(t, w.eve)
		w.comment(t, w.ann, task, "@eve again")
		if _, err := w.Notify.MarkRead(ctx, w.eve, w.mailed[0].ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("got %v, want not found", err)
		}
	})
}

// A user with 100,000 notifications, every third of them read.
func BenchmarkUnreadAndFirstPage(b *testing.B) {
	for name, env := range map[string]func(testing.TB) *tandemtest.Env{"sqlite": tandemtest.NewSQLite, "postgres": tandemtest.NewPostgres} {
		b.Run(name, func(b *testing.B) {
			if name == "postgres" && !tandemtest.HasPostgres() {
				b.Skip("there is no PostgreSQL")
			}
			w := setUp(env(b))
			w.Notifications(w.bob, nil, 100_000)
			no := false
			for name, f := range map[string]notify.Filter{"first page": {}, "mentions": {Types: []notify.Type{notify.Mention}}, "two types": {Types: []notify.Type{notify.Mention, notify.TaskAssigned}}, "unread": {Read: &no}} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						n, err := w.Notify.Unread(b.Context(), w.bob.ID)
						if err != nil || n < 60_000 {
							b.Fatal(n, err)
						}
						if page, err := w.Notify.List(b.Context(), w.bob, f); err != nil || len(page.Items) != 50 {
							b.Fatal(len(page.Items), err)
						}
					}
				})
			}
		})
	}
}
