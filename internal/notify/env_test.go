package notify_test

import (
	"context"
	"encoding/json"
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

// world is a team of whose members ann does things and the others hear of them.
type world struct {
	*tandemtest.Env
	ann, bob, eve users.Actor // owner, member, viewer
	team          teams.Team
	project       teams.Project

	mu     sync.Mutex
	mailed []notify.Notification
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		w := setUp(env)
		test(t, w)
		w.check(t)
	})
}

func setUp(env *tandemtest.Env) *world {
	w := &world{Env: env, ann: env.User("ann"), bob: env.User("bob"), eve: env.User("eve")}
	w.team = env.Team(w.ann)
	w.Join(w.team, w.bob, teams.Member)
	w.Join(w.team, w.eve, teams.Viewer)
	w.project = env.Project(w.team)
	env.Notify.MailLater = func(_ context.Context, _ *db.Tx, made []notify.Notification) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.mailed = append(w.mailed, made...)
		return nil
	}
	return w
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must is for calls whose result a test does not need.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

// check fails the test unless every unread count is what counting finds.
func (w *world) check(t *testing.T) {
	t.Helper()
	wrong, err := db.Collect(t.Context(), w.DB.Read(), db.ScanString, `
SELECT u.username
FROM users u
WHERE COALESCE((SELECT c.unread FROM unread_counts c WHERE c.user_id = u.id), 0)
	<> (SELECT COUNT(*) FROM notifications n WHERE n.user_id = u.id AND n.in_app AND n.read_at IS NULL)`)
	ok(t, err)
	if len(wrong) > 0 {
		t.Errorf("the unread counts of %v are wrong", wrong)
	}
}

// list is what somebody sees, newest first.
func (w *world) list(t *testing.T, who users.Actor, types ...notify.Type) []notify.Notification {
	t.Helper()
	page, err := w.Notify.List(t.Context(), who, notify.Filter{Types: types, Limit: 200})
	ok(t, err)
	return page.Items
}

// titles are those of list.
func (w *world) titles(t *testing.T, who users.Actor) []string {
	t.Helper()
	out := []string{}
	for _, n := range w.list(t, who) {
		out = append(out, n.Title)
	}
	return out
}

// heard fails the test unless somebody sees just these titles, newest first, and the counts are right.
func (w *world) heard(t *testing.T, who users.Actor, want ...string) {
	t.Helper()
	if got := w.titles(t, who); !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("%s heard %q, want %q", who.Username, got, want)
	}
	w.check(t)
}

// live is the messages about notifications in somebody's own stream after a seq, and its head.
func (w *world) live(t *testing.T, who users.Actor, after int64) (list []events.Message, head int64) {
	t.Helper()
	head, rows, err := w.Log.Replay(t.Context(), who.ID, after, -1)
	ok(t, err)
	for _, r := range rows {
		var m events.Message
		ok(t, json.Unmarshal(r.Data, &m))
		if strings.HasPrefix(m.Type, "notification.") {
			list = append(list, m)
		}
	}
	return list, head
}

func (w *world) set(t *testing.T, who users.Actor, p notify.SettingsPatch) {
	t.Helper()
	_, err := w.Notify.UpdateSettings(t.Context(), who, p)
	ok(t, err)
}

// prefer sets how somebody is told of a type.
func (w *world) prefer(t *testing.T, who users.Actor, kind notify.Type, inApp bool, email notify.Email) {
	t.Helper()
	w.set(t, who, notify.SettingsPatch{Types: map[notify.Type]notify.PreferencePatch{kind: {InApp: &inApp, Email: &email}}})
}

// task is one of ann's.
func (w *world) task(title string, more ...func(*tasks.Fields)) tasks.Detail {
	f := tasks.Fields{Title: tasks.Of(title)}
	for _, m := range more {
		m(&f)
	}
	return w.TaskBy(w.ann, w.project, f)
}

func assignedTo(who users.Actor) func(*tasks.Fields) {
	return func(f *tasks.Fields) { f.AssignedTo = tasks.Of(&who.ID) }
}

func (w *world) comment(t *testing.T, by users.Actor, task tasks.Detail, body string) tasks.Comment {
	t.Helper()
	c, err := w.Tasks.AddComment(t.Context(), by, task.ID, body)
	ok(t, err)
	return c
}

func (w *world) patch(t *testing.T, by users.Actor, task tasks.Detail, f tasks.Fields) {
	t.Helper()
	_, err := w.Tasks.Update(t.Context(), by, task.ID, tasks.Patch{Fields: f}, nil)
	ok(t, err)
}

// forget deletes what somebody has heard so far.
func (w *world) forget(t *testing.T, people ...users.Actor) {
	t.Helper()
	for _, who := range people {
		for _, n := range w.list(t, who) {
			ok(t, w.Notify.Delete(t.Context(), who, n.ID))
		}
	}
	w.mailed = nil
}
