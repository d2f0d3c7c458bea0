package transfer_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/internal/errs"
	"tandem/internal/jobs"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/transfer"
	"tandem/internal/users"
)

type world struct {
	*tandemtest.Env
	service  *transfer.Service
	jobs     *jobs.Service
	ann, bob users.Actor
	team     teams.Team
	project  teams.Project
}

func setUp(t testing.TB, env *tandemtest.Env) *world {
	t.Helper()
	w := &world{Env: env, ann: env.User("ann"), bob: env.User("bob")}
	w.team = env.Team(w.ann)
	env.Join(w.team, w.bob, teams.Member)
	w.project = env.Project(w.team)
	var err error
	if w.jobs, err = jobs.New(env.DB, env.Logger, jobs.Options{}); err != nil {
		t.Fatal(err)
	}
	w.service = transfer.NewService(env.DB, env.Log, env.Users, env.Teams, env.Tasks, w.jobs, env.Logger)
	return w
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) { test(t, setUp(t, env)) })
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *world) importInto(t testing.TB, project, format, file string) transfer.Job {
	t.Helper()
	job, err := w.service.ImportNow(context.Background(), w.ann, project, format, strings.NewReader(file), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (w *world) all(t testing.TB, project string) map[string]tasks.Task {
	t.Helper()
	out := map[string]tasks.Task{}
	cursor := ""
	for {
		page, err := w.Tasks.List(context.Background(), w.ann, tasks.ListFilter{ProjectID: project, Limit: 200, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page.Items {
			out[task.Title] = task
		}
		if page.NextCursor == nil {
			return out
		}
		cursor = *page.NextCursor
	}
}

func TestTheRealProjectComesInOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		file := read(t, "qlog-issues.json")
		job := w.importInto(t, w.project.ID, "", file)
		if job.Tasks.Created != 269 || job.Comments.Created != 722 || job.Done != 269 || job.Total != 269 {
			t.Fatalf("got %+v, want 269 tasks and 722 comments", job)
		}
		list := w.all(t, w.project.ID)
		first := list["Allow flexible fields definitions"]
		if first.Status != "done" || first.CompletedAt == nil || !first.CompletedAt.Equal(time.Date(2019, 10, 14, 9, 31, 32, 0, time.UTC)) ||
			!first.CreatedAt.Equal(time.Date(2019, 4, 4, 13, 46, 52, 0, time.UTC)) || first.ImportedAuthor == nil || *first.ImportedAuthor != "rmarx" || first.Number != 1 || first.CommentCount != 1 || len(first.Labels) != 2 {
			t.Errorf("got %+v", first)
		}
		head, rows, err := w.Log.Replay(t.Context(), w.team.ID, 0, -1)
		if err != nil || int64(len(rows)) != head {
			t.Fatalf("got %d rows up to %d, %v", len(rows), head, err)
		}
		found, err := w.Tasks.Search(t.Context(), w.bob, tasks.SearchQuery{Query: "draft-01 allowing"})
		if err != nil || len(found.Items) == 0 || found.Items[0].Type != "comment" {
			t.Errorf("a word of a comment is not found: %+v, %v", found.Items, err)
		}
		again := w.importInto(t, w.project.ID, "github", file)
		if again.Tasks.Created != 0 || again.Tasks.Unchanged != 269 || again.Comments.Created != 0 {
			t.Errorf("the second import did something: %+v", again)
		}
		if now, err := w.Log.Head(t.Context(), w.DB.Read(), w.team.ID); err != nil || now != head {
			t.Errorf("the second import was recorded: seq %d, was %d", now, head)
		}
	})
}

func TestTrello(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		job := w.importInto(t, w.project.ID, "", read(t, "trello-board.json"))
		if job.Tasks.Created != 5 || job.Comments.Created != 2 {
			t.Fatalf("got %+v", job)
		}
		list := w.all(t, w.project.ID)
		card := list[`Überschrift "mit" Zitat`]
		if card.Status != "todo" || card.AssignedTo == nil || *card.AssignedTo != w.bob.ID || card.CreatedBy == nil || *card.CreatedBy != w.bob.ID || len(card.Labels) != 2 || card.DueAt == nil ||
			card.Description != "First line\nSecond line\n\n**Steps**\n\n- [x] First\n- [ ] Second" {
			t.Errorf("got %+v", card)
		}
		comments, err := w.Tasks.Comments(t.Context(), w.ann, card.ID, "", 0)
		if err != nil || len(comments.Items) != 2 || comments.Items[0].Body != "First thought" || comments.Items[0].Author.ID != w.bob.ID || *comments.Items[1].ImportedAuthor != "carol" {
			t.Errorf("got %+v, %v", comments.Items, err)
		}
		for title, status := range map[string]string{"Build the stage": "doing", "Find a name": "done_2", "Archived card": "done", "Card of an archived list": "done"} {
			if got := list[title]; got.Status != status && !strings.HasPrefix(got.Status, strings.TrimSuffix(status, "_2")) {
				t.Errorf("%s: got %s, want %s", title, got.Status, status)
			}
		}
		if list["Archived card"].CompletedAt == nil {
			t.Error("an archived card is not completed")
		}
	})
}

func TestCSV(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		job := w.importInto(t, w.project.ID, "", read(t, "tasks.csv"))
		if job.Tasks.Created != 3 {
			t.Fatalf("got %+v", job)
		}
		list := w.all(t, w.project.ID)
		order := list["Order; with a semicolon"]
		if order.Status != "in_progress" || order.Priority != "high" || order.AssignedTo == nil || len(order.Labels) != 2 || order.DueAt == nil || order.Description != "Two\nlines" {
			t.Errorf("got %+v", order)
		}
		if formula := list["=SUM(A1:A2)"]; formula.CompletedAt == nil || formula.AssignedTo != nil {
			t.Errorf("got %+v", formula)
		}
		if again := w.importInto(t, w.project.ID, "csv", "title\nsame\nsame\n"); again.Tasks.Created != 2 {
			t.Errorf("twins without an id: got %+v, want both", again)
		}
		if again := w.importInto(t, w.project.ID, "csv", "title\nsame\nsame\n"); again.Tasks.Created != 0 {
			t.Errorf("the same file again: got %+v", again)
		}
	})
}

func export(t *testing.T, w *world, format string) string {
	t.Helper()
	f, err := w.service.Export(t.Context(), w.bob, w.project.ID, format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnExportComesInAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.importInto(t, w.project.ID, "", read(t, "trello-board.json"))
		own := w.Task(w.project, "=1+1")
		if _, err := w.Tasks.AddComment(t.Context(), w.bob, own.ID, "mine"); err != nil {
			t.Fatal(err)
		}
		before := w.all(t, w.project.ID)
		for _, format := range []string{"json", "csv"} {
			file := export(t, w, format)
			if format == "csv" && !strings.Contains(file, "'=1+1") {
				t.Error("the CSV holds a formula")
			}
			target := w.Env.Project(w.team)
			if format == "csv" { // CSV does not say what statuses are
				w.importInto(t, target.ID, "", read(t, "trello-board.json"))
			}
			w.importInto(t, target.ID, "", file)
			after := w.all(t, target.ID)
			for title, b := range before {
				a := after[title]
				if a.Title != b.Title || a.Description != b.Description || a.Priority != b.Priority || !a.CreatedAt.Equal(b.CreatedAt) || len(a.Labels) != len(b.Labels) ||
					(a.AssignedTo == nil) != (b.AssignedTo == nil) || (a.CompletedAt == nil) != (b.CompletedAt == nil) || format == "json" && (a.CommentCount != b.CommentCount || a.Status != b.Status) {
					t.Errorf("%s: got %+v, want %+v", format, a, b)
				}
			}
		}
	})
}

// A fresh project that takes an export becomes what was exported: columns, limits, the order of cards.
func TestAnExportIsEverything(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		begin, limit := "Begin", int64(4)
		_, err := w.Teams.UpdateStatus(ctx, w.ann, w.project.ID, "todo", teams.StatusPatch{Name: &begin, WIPLimit: &limit})
		if err != nil {
			t.Fatal(err)
		}
		about := "All about it"
		if _, err := w.Teams.UpdateProject(ctx, w.ann, w.project.ID, teams.ProjectPatch{Description: &about}, nil); err != nil {
			t.Fatal(err)
		}
		first := w.Task(w.project, "o1")
		for _, name := range []string{"o2", "o3"} {
			w.Task(w.project, name)
		}
		if _, err := w.Tasks.Move(ctx, w.ann, tasks.MoveInput{TaskIDs: []string{first.ID}, Status: "todo"}); err != nil { // to the end
			t.Fatal(err)
		}
		file := export(t, w, "json")
		if job := w.importInto(t, w.project.ID, "", file); job.Tasks.Created != 0 || job.Tasks.Unchanged != 3 {
			t.Errorf("into itself: got %+v, want nothing new", job.Tasks)
		}
		target := w.Env.Project(w.team)
		w.importInto(t, target.ID, "", file)
		before, err := w.Teams.Project(ctx, w.ann, w.project.ID)
		if err != nil {
			t.Fatal(err)
		}
		after, err := w.Teams.Project(ctx, w.ann, target.ID)
		if err != nil {
			t.Fatal(err)
		}
		if after.Description != about || len(after.Statuses) != len(before.Statuses) {
			t.Fatalf("got %+v, want %+v", after, before)
		}
		for i, a := range after.Statuses {
			b := before.Statuses[i]
			if a.Slug != b.Slug || a.Name != b.Name || a.Category != b.Category || a.Color != b.Color || (a.WIPLimit == nil) != (b.WIPLimit == nil) || a.Count != b.Count {
				t.Errorf("status %d: got %+v, want %+v", i, a, b)
			}
		}
		page, err := w.Tasks.List(ctx, w.ann, tasks.ListFilter{ProjectID: target.ID, Sort: "position"})
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, task := range page.Items {
			order = append(order, task.Title)
		}
		if got := strings.Join(order, " "); got != "o2 o3 o1" {
			t.Errorf("got the order %s, want o2 o3 o1", got)
		}
	})
}

func TestOddTextsAndTimes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.importInto(t, w.project.ID, "github", `[{"number":1,"title":"a\u0000b","state":"CLOSED","url":"u1","author":{"login":"x\u0000y"},"labels":[{"name":"l\u0000m","color":"ff0000"}],
			"milestone":{"title":"m\u0000n"},"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","closedAt":"0001-01-01T00:00:00Z"}]`)
		task := w.all(t, w.project.ID)["ab"]
		if task.ImportedAuthor == nil || *task.ImportedAuthor != "xy" || len(task.Labels) != 2 || task.CompletedAt == nil || task.CompletedAt.Year() != 2026 {
			t.Errorf("got %+v", task)
		}
		labels, err := w.Teams.Labels(t.Context(), w.ann, w.team.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range labels {
			if strings.ContainsRune(l.Name, 0) {
				t.Errorf("got the label %q", l.Name)
			}
		}
	})
}

func TestBadFilesAreRefusedWithThePlaceAndWriteNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		issue := func(n, more string) string {
			return `{"number":` + n + `,"title":"x","state":"OPEN","url":"u` + n + `","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"` + more + `}`
		}
		for name, c := range map[string]struct{ format, file, says string }{
			"no JSON":           {"github", "hello", "is not JSON"},
			"truncated":         {"github", "[" + issue("1", ""), "ends in the middle"},
			"trailing":          {"github", "[] []", "goes on after the end"},
			"another shape":     {"github", `{"a":1}`, "should be a list"},
			"a wrong type":      {"github", "[" + issue("1", "") + ",\n" + strings.Replace(issue("2", ""), `"title":"x"`, `"title":7`, 1) + "]", `entry 2: "title" is of the kind number, and should be a text`},
			"too deep":          {"github", strings.Repeat("[", 100_000), "nests deeper"},
			"no title":          {"github", "[" + issue("1", "") + "," + strings.Replace(issue("2", ""), `"x"`, `" "`, 1) + "]", "entry 2 (issue #2): has no title"},
			"a long title":      {"github", "[" + strings.Replace(issue("7", ""), `"x"`, `"`+strings.Repeat("y", 501)+`"`, 1) + "]", "entry 1 (issue #7): title has 501 characters"},
			"a long comment":    {"github", "[" + issue("1", `,"comments":[{"body":"`+strings.Repeat("y", 20_001)+`"}]`) + "]", "comment 1: text has 20001"},
			"a wrong state":     {"github", "[" + issue("1", `,"state":"MERGED"`) + "]", "state is"},
			"the same twice":    {"github", "[" + issue("1", "") + "," + issue("1", "") + "]", "is the same as"},
			"a wrong time":      {"github", "[" + issue("1", `,"closedAt":"yesterday"`) + "]", "entry 1: \"yesterday\" is no time"},
			"not UTF-8":         {"csv", "title\n\xff\xfe\n", "not UTF-8"},
			"no title column":   {"csv", "a\nb\n", "is not understood"},
			"an unknown column": {"csv", "title,colour\nx,y\n", `"colour" is not understood`},
			"too many fields":   {"csv", "title\nx\ny,z\n", "row 3"},
			"a bad quote":       {"csv", "title\n\"x\n", "row 2"},
			"a bad priority":    {"csv", "title,priority\nx,highest\n", "row 2: priority"},
			"a bad date":        {"csv", "title,due\nx,tomorrow\n", "row 2: due"},
			"a wrong status":    {"csv", "title,status\nok,\nx,nowhere\n", "row 3: has the status"},
			"an empty file":     {"csv", "\n", "is empty"},
			"no lists":          {"trello", `{"cards":[]}`, `no "lists"`},
			"a lost card":       {"trello", `{"lists":[{"id":"a","name":"A"}],"cards":[{"id":"x","idShort":3,"idList":"b","name":"y"}]}`, "card 1 (#3)"},
			"NUL in an address": {"github", "[" + strings.Replace(issue("1", ""), `"u1"`, `"a\u0000b"`, 1) + "]", "entry 1 (issue #1): has control characters"},
			"NUL in an id":      {"csv", "id,title\na\x00b,x\n", "has control characters"},
			"the year 9999":     {"github", "[" + issue("1", `,"closedAt":"9999-12-31T00:00:00Z","state":"CLOSED"`) + "]", "completed is in the year 9999"},
			"the year 0":        {"csv", "title,created\nx,0000-01-01\n", "row 2"},
			"the year 1234":     {"csv", "title,due\nx,1234-01-01\n", "due is in the year 1234"},
			"nothing":           {"github", "null", "nothing but null"},
			"no export":         {"tandem", `{}`, "is no export of Tandem"},
			"a newer export":    {"tandem", `{"tandem":99}`, "newer Tandem"},
			"an unknown format": {"xml", "x", "must be one of"},
		} {
			_, err := w.service.ImportNow(t.Context(), w.ann, w.project.ID, c.format, strings.NewReader(c.file), func(int, int) {})
			if !errors.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: got %v, want %q", name, err, c.says)
			}
		}
		if n := len(w.all(t, w.project.ID)); n != 0 {
			t.Errorf("refused files left %d tasks", n)
		}
	})
}

func TestImportAsAJob(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if err := w.jobs.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := w.jobs.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		if _, err := w.service.Start(ctx, w.bob, w.project.ID, "csv", strings.NewReader("title\nx\n")); !errors.Is(err, errs.Forbidden) {
			t.Errorf("a member imports: got %v", err)
		}
		if _, err := w.service.Start(ctx, w.User("stranger"), w.project.ID, "csv", strings.NewReader("title\nx\n")); !errors.Is(err, errs.NotFound) {
			t.Errorf("a stranger imports: got %v", err)
		}
		good, err := w.service.Start(ctx, w.ann, w.project.ID, "", strings.NewReader("title\nx\ny\n"))
		if err != nil {
			t.Fatal(err)
		}
		if job := w.wait(t, good); job.State != "done" || job.Tasks.Created != 2 || job.Problem != nil || job.FinishedAt == nil {
			t.Errorf("got %+v", job)
		}
		bad, err := w.service.Start(ctx, w.ann, w.project.ID, "csv", strings.NewReader("title,status\nz,nowhere\n"))
		if err != nil {
			t.Fatal(err)
		}
		if job := w.wait(t, bad); job.State != "failed" || job.Problem["status"] != 422.0 || job.Tasks.Created != 0 {
			t.Errorf("got %+v", job)
		}
		if n := len(w.all(t, w.project.ID)); n != 2 {
			t.Errorf("got %d tasks, want the two of the good file", n)
		}
		if err := w.service.Cancel(ctx, w.bob, good); !errors.Is(err, errs.Forbidden) {
			t.Errorf("a member cancels: got %v", err)
		}
		if err := w.service.Cancel(ctx, w.ann, good); err != nil {
			t.Errorf("cancelling what is done: got %v, want nothing", err)
		}
	})
}

func (w *world) wait(t *testing.T, id string) transfer.Job {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		job, err := w.service.Job(t.Context(), w.bob, id)
		if err != nil {
			t.Fatal(err)
		}
		if job.State != "running" {
			return job
		}
		select {
		case <-deadline:
			t.Fatalf("the import does not end: %+v", job)
		case <-tick.C:
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"trello-board.json", "tasks.csv"} {
		f.Add(read(f, name))
	}
	f.Add(`[{"number":1,"title":"x","state":"CLOSED","url":"u","createdAt":"2026-01-01T00:00:00Z","comments":[{"body":"b"}]}]`)
	f.Add(`{"tandem":1,"statuses":[{"slug":"a","name":"A","category":"done"}],"tasks":[{"key":"A-1","origin":"o","title":"t","status":"a"}]}`)
	f.Fuzz(func(t *testing.T, file string) {
		for _, format := range []string{"github", "trello", "csv", "tandem", ""} {
			if err := transfer.Check(format, []byte(file)); err != nil && !errors.Is(err, errs.Invalid) {
				t.Fatalf("%s: got %v, want a refusal that names the entry", format, err)
			}
		}
	})
}

func BenchmarkImport(b *testing.B) {
	file := read(b, "qlog-issues.json")
	w := setUp(b, tandemtest.New(b))
	for b.Loop() {
		p := w.Env.Project(w.team)
		if _, err := w.service.ImportNow(context.Background(), w.ann, p.ID, "github", io.NopCloser(strings.NewReader(file)), func(int, int) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAbandonedImportsAreEndedAndOldOnesForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if err := w.jobs.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		id, err := w.service.Start(ctx, w.ann, w.project.ID, "csv", strings.NewReader("title\nOne\n")) // no job runs here
		if err != nil {
			t.Fatal(err)
		}
		state := func() (string, bool) {
			var state string
			var file []byte
			if err := w.DB.Read().QueryRowContext(ctx, `SELECT state, file FROM imports WHERE id = $1`, id).Scan(&state, &file); err != nil {
				return err.Error(), false
			}
			return state, file != nil
		}
		for _, step := range []struct {
			later time.Duration
			state string
			file  bool
		}{{0, "running", true}, {25 * time.Hour, "failed", false}, {91 * 24 * time.Hour, sql.ErrNoRows.Error(), false}} {
			w.Clock.Advance(step.later)
			if err := w.service.CleanUp(ctx); err != nil {
				t.Fatal(err)
			}
			if got, file := state(); got != step.state || file != step.file {
				t.Errorf("after %s: got %s, with its file %t; want %s, %t", step.later, got, file, step.state, step.file)
			}
		}
	})
}
