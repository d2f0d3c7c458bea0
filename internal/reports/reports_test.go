package reports_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/internal/analytics"
	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/jobs"
	"tandem/internal/reports"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

type world struct {
	*tandemtest.Env
	service  *reports.Service
	jobs     *jobs.Service
	ann, bob users.Actor
	team     teams.Team
	project  teams.Project
}

func setUp(t testing.TB, env *tandemtest.Env) *world {
	t.Helper()
	w := &world{Env: env, ann: env.User("ann"), bob: env.User("bob")}
	w.team = env.Team(w.ann)
	env.Join(w.team, w.bob, teams.Viewer)
	w.project = env.Project(w.team)
	var err error
	if w.jobs, err = jobs.New(env.DB, env.Logger, jobs.Options{Poll: 50 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if err := w.jobs.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.service = reports.NewService(env.DB, env.Log, env.Users, env.Teams, analytics.NewService(env.DB, env.Teams), w.jobs, env.Logger, tandemtest.BaseURL)
	return w
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) { test(t, setUp(t, env)) })
}

// work has the jobs run from now on.
func (w *world) work(t *testing.T) {
	t.Helper()
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.jobs.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) start(t *testing.T, actor users.Actor, in reports.Input) reports.Report {
	t.Helper()
	if in.Timezone == "" {
		in.Timezone = "Europe/Vienna"
	}
	r, err := w.service.Start(t.Context(), actor, w.team.ID, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ended waits for a report.
func (w *world) ended(t *testing.T, actor users.Actor, id string) reports.Report {
	t.Helper()
	var r reports.Report
	until(t, func() bool {
		var err error
		if r, err = w.service.Report(t.Context(), actor, id); err != nil {
			t.Fatal(err)
		}
		return r.State == reports.Done || r.State == reports.Failed
	})
	return r
}

// until waits for something.
func until(t *testing.T, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it did not come to that in time")
		}
	}
}

// file is what a finished report holds.
func (w *world) file(t *testing.T, actor users.Actor, r reports.Report) []byte {
	t.Helper()
	r, err := w.service.File(t.Context(), actor, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := w.service.Write(t.Context(), &r, &b); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != r.Size {
		t.Errorf("got %d bytes, want the %d that the report tells", b.Len(), r.Size)
	}
	return b.Bytes()
}

// sheets reads a ZIP of CSV files, without their headers.
func sheets(t *testing.T, file []byte) map[string][][]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		text, ok := strings.CutPrefix(string(b), "\ufeff")
		if !ok {
			t.Errorf("%s has no mark that it is UTF-8", f.Name)
		}
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out[f.Name] = rows[1:]
	}
	return out
}

// told are the states that a person's stream tells of their reports.
func (w *world) told(t *testing.T, actor users.Actor) (out []string) {
	t.Helper()
	_, rows, err := w.Log.Replay(t.Context(), actor.ID, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		var m struct {
			Type   string
			Report struct{ State string }
		}
		if err := json.Unmarshal(row.Data, &m); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(m.Type, "report.") {
			out = append(out, strings.TrimPrefix(m.Type, "report.")+" "+m.Report.State)
		}
	}
	return out
}

func TestEverythingIsInTheData(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		label, err := w.Teams.CreateLabel(t.Context(), w.ann, w.team.ID, teams.LabelInput{Name: "Paint", Color: "red"})
		if err != nil {
			t.Fatal(err)
		}
		other, err := w.Teams.CreateProject(t.Context(), w.ann, w.team.ID, teams.ProjectInput{Name: "Other", Key: "ZOO"})
		if err != nil {
			t.Fatal(err)
		}
		task := w.TaskBy(w.ann, w.project, tasks.Fields{Title: tasks.Of("=HYPERLINK(1)"), Description: tasks.Of("two\nlines, \"quoted\""), AssignedTo: tasks.Of(&w.bob.ID), Labels: tasks.Of([]string{label.ID}), Priority: tasks.Of("high")})
		w.TaskBy(w.ann, other, tasks.Fields{Title: tasks.Of("elsewhere")})
		gone := w.Task(w.project, "in the trash")
		if err := w.Tasks.Delete(t.Context(), w.ann, gone.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tasks.AddComment(t.Context(), w.ann, task.ID, "said"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tasks.Move(t.Context(), w.ann, tasks.MoveInput{TaskIDs: []string{task.ID}, Status: "done"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tasks.Update(t.Context(), w.ann, task.ID, tasks.Patch{Fields: tasks.Fields{AssignedTo: tasks.Of[*string](nil)}}, nil); err != nil {
			t.Fatal(err)
		}
		r := w.start(t, w.bob, reports.Input{Kind: reports.Data})
		only := w.start(t, w.bob, reports.Input{Kind: reports.Data, ProjectID: &w.project.ID})
		if _, err := w.service.File(t.Context(), w.bob, r.ID); !hasCode(err, "not_done") {
			t.Errorf("got %v for the file of a report that waits", err)
		}
		w.work(t)
		done := w.ended(t, w.bob, r.ID)
		if done.State != reports.Done || done.Done != done.Total || done.Total == 0 || done.ExpiresAt == nil {
			t.Fatalf("got %+v", done)
		}
		got := sheets(t, w.file(t, w.bob, done))
		now := w.Clock.Now().UTC().Format(time.RFC3339)
		for name, want := range map[string][][]string{
			"projects.csv": {{other.Key, "Other", "", "false", now}, {w.project.Key, w.project.Name, w.project.Description, "false", now}},
			"labels.csv":   {{"Paint", "red"}},
			"members.csv":  {{w.ann.Username, w.name(t, w.ann), "owner", now}, {w.bob.Username, w.name(t, w.bob), "viewer", now}},
			"comments.csv": {{task.Key, w.ann.Username, "said", now, now}},
			"tasks.csv": {
				{task.Key, w.project.Name, "'=HYPERLINK(1)", "two\nlines, \"quoted\"", "Done", "done", "high", "Paint", "", w.ann.Username, "", now, now, now},
				{"ZOO-1", "Other", "elsewhere", "", "To do", "backlog", "none", "", "", w.ann.Username, "", now, now, ""},
			},
		} {
			sort := func(a, b []string) int { return slices.Compare(a, b) }
			slices.SortFunc(want, sort)
			slices.SortFunc(got[name], sort)
			if !slices.EqualFunc(got[name], want, slices.Equal[[]string]) {
				t.Errorf("%s: got\n%q, want\n%q", name, got[name], want)
			}
		}
		if want := []string{task.Key, now, w.ann.Username, "assigned", "assigned_to", w.bob.Username, ""}; !slices.ContainsFunc(got["activity.csv"], func(row []string) bool { return slices.Equal(row, want) }) {
			t.Errorf("activity.csv: got %q, want %q in it", got["activity.csv"], want)
		}
		last := got["figures.csv"][len(got["figures.csv"])-1]
		if last[1] != "2" || last[2] != "1" || last[3] != "1" {
			t.Errorf("figures.csv: got %q, want 2 created, 1 completed, 1 in the backlog", last)
		}
		if len(got["statuses.csv"]) != len(w.project.Statuses)+len(other.Statuses) {
			t.Errorf("statuses.csv: got %q", got["statuses.csv"])
		}
		one := sheets(t, w.file(t, w.bob, w.ended(t, w.bob, only.ID)))
		if len(one["tasks.csv"]) != 1 || len(one["projects.csv"]) != 1 || one["projects.csv"][0][0] != w.project.Key {
			t.Errorf("got %q and %q of one project", one["projects.csv"], one["tasks.csv"])
		}
		told := w.told(t, w.bob)
		for _, want := range []string{"updated waiting", "updated running", "updated done"} {
			if !slices.Contains(told, want) {
				t.Errorf("the stream tells %q, want %q", told, want)
			}
		}
		if told := w.told(t, w.ann); len(told) != 0 {
			t.Errorf("somebody else is told %q", told)
		}
	})
}

func TestLargeReportIsKeptInParts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		text := make([]byte, 60_000) // 80,000 characters that hardly get smaller
		want := map[string]string{}
		for range 35 {
			if _, err := rand.Read(text); err != nil {
				t.Fatal(err)
			}
			task := w.TaskBy(w.ann, w.project, tasks.Fields{Title: tasks.Of("long"), Description: tasks.Of("x" + base64.StdEncoding.EncodeToString(text))})
			want[task.Key] = task.Description
		}
		r := w.start(t, w.ann, reports.Input{Kind: reports.Data})
		// What a node that died had written.
		if err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO report_parts (report_id, number, data) VALUES ($1, 0, $2)`, r.ID, []byte("half"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		w.work(t)
		done := w.ended(t, w.ann, r.ID)
		if done.Size < 2<<20 {
			t.Fatalf("got %d bytes: the test needs more than one part", done.Size)
		}
		for _, row := range sheets(t, w.file(t, w.ann, done))["tasks.csv"] {
			if row[3] != want[row[0]] {
				t.Errorf("%s has another text", row[0])
			}
			delete(want, row[0])
		}
		if len(want) != 0 {
			t.Errorf("%d tasks are missing", len(want))
		}
	})
}

func TestReportThatIsStopped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.start(t, w.ann, reports.Input{Kind: reports.Data})
		if err := w.service.Remove(t.Context(), w.ann, r.ID); err != nil {
			t.Fatal(err)
		}
		after := w.start(t, w.ann, reports.Input{Kind: reports.Week})
		w.work(t)
		w.ended(t, w.ann, after.ID)
		if _, err := w.service.Report(t.Context(), w.ann, r.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("got %v, want that it is gone", err)
		}
		if told := w.told(t, w.ann); told[1] != "deleted waiting" {
			t.Errorf("the stream tells %q", told)
		}
		list, err := w.service.Reports(t.Context(), w.ann, w.team.ID)
		if err != nil || len(list) != 1 || list[0].ID != after.ID {
			t.Errorf("got %+v, %v", list, err)
		}
	})
}

// While rows are read somebody deletes the report: the next piece finds that out, and nothing of it stays.
func TestReportThatIsStoppedWhileItIsMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.start(t, w.ann, reports.Input{Kind: reports.Data})
		f := w.service.FileOf(t.Context(), w.ann, r)
		if err := f.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.service.Remove(t.Context(), w.ann, r.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(make([]byte, 3<<20)); !errors.Is(err, reports.ErrStopped) {
			t.Errorf("got %v, want that it was stopped", err)
		}
		var n int
		if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM report_parts`).Scan(&n); err != nil || n != 0 {
			t.Errorf("got %d parts, %v", n, err)
		}
	})
}

func TestWeek(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		task := w.Task(w.project, "<b>Bold</b> move")
		if _, err := w.Tasks.Update(t.Context(), w.ann, task.ID, tasks.Patch{Fields: tasks.Fields{AssignedTo: tasks.Of(&w.bob.ID)}}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tasks.Move(t.Context(), w.ann, tasks.MoveInput{TaskIDs: []string{task.ID}, Status: "done"}); err != nil {
			t.Fatal(err)
		}
		late := w.Clock.Now().Add(-48 * time.Hour)
		w.TaskBy(w.ann, w.project, tasks.Fields{Title: tasks.Of("Too late"), DueAt: tasks.Of(&late)})
		day := w.Clock.Now().Format(time.DateOnly)
		by := map[string]reports.Report{
			"this":   w.start(t, w.bob, reports.Input{Kind: reports.Week, Week: day}),
			"before": w.start(t, w.bob, reports.Input{Kind: reports.Week, ProjectID: &w.project.ID}),
		}
		if *by["this"].Week == *by["before"].Week {
			t.Errorf("got the same week, %s, want the last one without a day", *by["before"].Week)
		}
		w.work(t)
		page := string(w.file(t, w.bob, w.ended(t, w.bob, by["this"].ID)))
		for _, want := range []string{"&lt;b&gt;Bold&lt;/b&gt; move", "Too late", w.name(t, w.bob), "/p/" + w.project.ID + "/board/" + task.Key, "Completed by project"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
		if page := string(w.file(t, w.bob, w.ended(t, w.bob, by["before"].ID))); !strings.Contains(page, "Nothing was completed in this week.") || strings.Contains(page, "Bold") {
			t.Errorf("the week before has something:\n%s", page)
		}
	})
}

func TestBadReports(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stranger := w.User("carl")
		foreign := w.Project(w.Team(stranger))
		for _, c := range []struct {
			in   reports.Input
			says string
		}{
			{reports.Input{Kind: "all", Timezone: "UTC"}, "kind"},
			{reports.Input{Kind: reports.Data, Timezone: "Mars/Olympus"}, "timezone"},
			{reports.Input{Kind: reports.Data, Timezone: "UTC", Week: "2026-01-05"}, "week"},
			{reports.Input{Kind: reports.Week, Timezone: "UTC", Week: "soon"}, "week"},
			{reports.Input{Kind: reports.Week, Timezone: "UTC", Week: "8999-01-01"}, "week"},
			{reports.Input{Kind: reports.Data, Timezone: "UTC", ProjectID: &foreign.ID}, "project_id"},
		} {
			_, err := w.service.Start(t.Context(), w.ann, w.team.ID, c.in)
			if all := errs.All(err); len(all) != 1 || all[0].Field != c.says {
				t.Errorf("%+v: got %v, want a fault of %s", c.in, err, c.says)
			}
		}
		if _, err := w.service.Start(t.Context(), stranger, w.team.ID, reports.Input{Kind: reports.Data, Timezone: "UTC"}); !errors.Is(err, errs.NotFound) {
			t.Errorf("a stranger got %v", err)
		}
		for range 3 {
			w.start(t, w.ann, reports.Input{Kind: reports.Data})
		}
		if _, err := w.service.Start(t.Context(), w.ann, w.team.ID, reports.Input{Kind: reports.Data, Timezone: "UTC"}); !hasCode(err, "too_many_reports") {
			t.Errorf("got %v for a fourth one", err)
		}
		w.start(t, w.bob, reports.Input{Kind: reports.Data}) // others do not wait for that
	})
}

func TestReportsOfWhoHasLeftAndOldOnes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.start(t, w.ann, reports.Input{Kind: reports.Week}), w.start(t, w.bob, reports.Input{Kind: reports.Data})
		if err := w.Teams.RemoveMember(t.Context(), w.ann, w.team.ID, w.bob.ID); err != nil {
			t.Fatal(err)
		}
		w.work(t)
		w.ended(t, w.ann, mine.ID)
		until(t, func() bool { return w.count(t) == 1 }) // that of who has left is gone
		if _, err := w.service.Report(t.Context(), w.bob, theirs.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("got %v", err)
		}
		w.Clock.Advance(6 * 24 * time.Hour)
		if err := w.service.CleanUp(t.Context()); err != nil || w.count(t) != 1 {
			t.Errorf("after six days: %v, %d reports", err, w.count(t))
		}
		w.Clock.Advance(25 * time.Hour)
		if err := w.service.CleanUp(t.Context()); err != nil || w.count(t) != 0 {
			t.Errorf("after a week: %v, %d reports", err, w.count(t))
		}
	})
}

func hasCode(err error, code string) bool {
	all := errs.All(err)
	return len(all) == 1 && all[0].Code == code
}

func (w *world) name(t *testing.T, actor users.Actor) string {
	t.Helper()
	who, err := w.Users.Profiles(t.Context(), actor.ID)
	if err != nil {
		t.Fatal(err)
	}
	return who[actor.ID].Name
}

func (w *world) count(t *testing.T) (n int) {
	t.Helper()
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM reports`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
