package realtime_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"tandem/internal/analytics"
	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/jobs"
	"tandem/internal/notify"
	"tandem/internal/reports"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

var update = flag.Bool("update", false, "write docs/api/messages.json")

const golden = "../../docs/api/messages.json"

// types are all that clients may meet. A new one is documented in docs/api/realtime.md.
var types = []string{
	"comment.added", "comment.deleted", "comment.updated", "filter.created", "filter.deleted", "filter.updated", "invite.created", "label.created", "label.deleted", "label.updated", "member.added", "member.removed", "member.updated",
	"notification.created", "notification.deleted", "notification.read", "notification.read (all)", "presence.changed", "project.created", "project.deleted", "project.updated", "report.deleted", "report.updated", "session.ended", "task.assigned", "task.created", "task.deleted", "task.moved", "task.moved (many)",
	"task.restored", "task.updated", "team.deleted", "team.joined", "team.left", "team.updated", "user.updated",
}

// The examples are what the services really write, with ids and times that are the same each time.
func TestMessagesAreAsDocumented(t *testing.T) {
	w := setUp(t, tandemtest.NewSQLite(t))
	ctx := t.Context()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	conn, _ := w.plain(t, "/tasks/"+w.task.ID, w.bob.Username)
	_, presence := heard(t, conn)

	name, key := "Lighthouse keepers", "LAMP"
	_, err := w.Teams.UpdateTeam(ctx, w.ann, w.team.ID, teams.TeamPatch{Name: &name}, nil)
	do(err)
	project, err := w.Teams.CreateProject(ctx, w.ann, w.team.ID, teams.ProjectInput{Name: "Lamp", Key: key})
	do(err)
	_, err = w.Teams.UpdateProject(ctx, w.ann, project.ID, teams.ProjectPatch{Name: &name}, nil)
	do(err)
	label, err := w.Teams.CreateLabel(ctx, w.ann, w.team.ID, teams.LabelInput{Name: "Paint", Color: "red"})
	do(err)
	green := "green"
	_, err = w.Teams.UpdateLabel(ctx, w.ann, label.ID, teams.LabelPatch{Color: &green})
	do(err)
	task, err := w.Tasks.Create(ctx, w.ann, project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of("Paint the lamp"), Description: tasks.Of("Red and white"), Labels: tasks.Of([]string{label.ID})}})
	do(err)
	other := w.TaskBy(w.ann, project, tasks.Fields{Title: tasks.Of("Oil the gears")})
	ann := w.ann
	ann.Mutation = events.Mutation{ID: "an-idempotency-key"}
	_, err = w.Tasks.Update(ctx, ann, task.ID, patch("Paint the lamp house"), nil)
	do(err)
	_, err = w.Tasks.Update(ctx, w.ann, task.ID, tasks.Patch{Fields: tasks.Fields{AssignedTo: tasks.Of(&w.bob.ID)}}, nil)
	do(err)
	_, err = w.Tasks.Move(ctx, w.ann, tasks.MoveInput{TaskIDs: []string{task.ID}, Status: "in_progress"})
	do(err)
	_, err = w.Tasks.Move(ctx, w.ann, tasks.MoveInput{TaskIDs: []string{task.ID, other.ID}, Status: "done"})
	do(err)
	_, err = w.Tasks.AddComment(ctx, w.ann, task.ID, "@"+w.bob.Username+", by **Friday**?")
	do(err)
	news, err := w.Notify.List(ctx, w.bob, notify.Filter{Types: []notify.Type{notify.Mention}})
	do(err)
	_, err = w.Notify.MarkRead(ctx, w.bob, news.Items[0].ID)
	do(err)
	_, err = w.Notify.MarkAllRead(ctx, w.bob, "")
	do(err)
	comment, err := w.Tasks.AddComment(ctx, w.bob, task.ID, "Which **red**?")
	do(err)
	_, err = w.Tasks.UpdateComment(ctx, w.bob, comment.ID, tasks.CommentPatch{Body: "Which red?"}, nil)
	do(err)
	do(w.Tasks.DeleteComment(ctx, w.bob, comment.ID, nil))
	do(w.Tasks.Delete(ctx, w.ann, task.ID, nil))
	_, err = w.Tasks.Restore(ctx, w.ann, task.ID)
	do(err)
	do(w.Teams.DeleteLabel(ctx, w.ann, label.ID))
	filter, err := w.Teams.CreateFilter(ctx, w.ann, project.ID, teams.FilterInput{Name: "Late", Query: "due=overdue", Shared: true})
	do(err)
	later := "Too late"
	_, err = w.Teams.UpdateFilter(ctx, w.ann, filter.ID, teams.FilterPatch{Name: &later})
	do(err)
	do(w.Teams.DeleteFilter(ctx, w.ann, filter.ID))
	do(w.Teams.DeleteProject(ctx, w.ann, project.ID))
	work, err := jobs.New(w.DB, w.Logger, jobs.Options{})
	do(err)
	do(work.Migrate(ctx))
	files := reports.NewService(w.DB, w.Log, w.Users, w.Teams, analytics.NewService(w.DB, w.Teams), work, w.Logger, tandemtest.BaseURL)
	report, err := files.Start(ctx, w.bob, w.team.ID, reports.Input{Kind: reports.Data, Timezone: "Europe/Vienna"})
	do(err)
	do(files.Remove(ctx, w.bob, report.ID))
	_, err = w.Teams.SetRole(ctx, w.ann, w.team.ID, w.bob.ID, teams.Admin)
	do(err)
	_, err = w.Users.UpdateMe(ctx, w.bob, users.Patch{Name: new("Bob Lee")})
	do(err)
	do(w.Teams.RemoveMember(ctx, w.ann, w.team.ID, w.bob.ID))
	do(w.Teams.DeleteTeam(ctx, w.ann, w.team.ID))
	do(w.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := w.Log.Record(ctx, tx, w.bob.ID, &events.Message{Type: events.SessionEnded, SessionID: "01a20000-0000-7000-8000-000000000999", UpdatedBy: w.bob.By()})
		return err
	}))

	examples := map[string]json.RawMessage{"presence.changed": json.RawMessage(presence)}
	for _, stream := range []string{w.team.ID, w.bob.ID} {
		_, rows, err := w.Log.Replay(ctx, stream, 0, -1)
		do(err)
		for _, r := range rows {
			var m events.Message
			do(json.Unmarshal(r.Data, &m))
			if m.Type == "task.moved" && len(m.Tasks) > 0 {
				m.Type = "task.moved (many)"
			}
			if m.Type == "notification.read" && m.All {
				m.Type = "notification.read (all)"
			}
			if m.Type == "task.created" && m.Changes["title"] != "Paint the lamp" {
				continue
			}
			if m.Type == "notification.created" && !bytes.Contains(r.Data, []byte(`"type":"mention"`)) {
				continue
			}
			if _, known := examples[m.Type]; !known {
				examples[m.Type] = r.Data
			}
		}
	}
	if got := slices.Sorted(maps.Keys(examples)); !slices.Equal(got, types) {
		t.Fatalf("got the types %v, want %v", got, types)
	}
	text := steady(t, examples)
	if *update {
		do(os.WriteFile(golden, text, 0o644)) //nolint:gosec // a document
		return
	}
	want, err := os.ReadFile(golden)
	do(err)
	if !bytes.Equal(text, want) {
		t.Errorf("docs/api/messages.json is stale: go test ./internal/realtime -run Messages -update, and see what changed for clients")
	}
}

var (
	ids   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// steady writes the examples by type, with ids that are numbered and one time for all.
func steady(t *testing.T, examples map[string]json.RawMessage) []byte {
	t.Helper()
	text, err := json.MarshalIndent(examples, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	text = ids.ReplaceAllFunc(text, func(id []byte) []byte {
		if seen[string(id)] == "" {
			seen[string(id)] = fmt.Sprintf("01a20000-0000-7000-8000-%012d", len(seen)+1)
		}
		return []byte(seen[string(id)])
	})
	return append(times.ReplaceAll(text, []byte("2026-01-15T12:00:00Z")), '\n')
}
