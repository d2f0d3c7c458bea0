package jobs_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/jobs"
	"tandem/internal/tandemtest"
)

// Jobs that wait run on PostgreSQL, what SQLite's server left running too, and a periodic job that had its run does not.
func TestCopiedJobsGoOn(t *testing.T) {
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		t.Skip("copying needs PostgreSQL")
	}
	from, to := tandemtest.NewSQLite(t), tandemtest.NewPostgres(t)
	old := service(t, from, from.Logger)
	swept := make(chan string, 10)
	sweep := func(context.Context) error {
		swept <- "sweep"
		return nil
	}
	old.Every("sweep", 24*time.Hour, sweep)
	jobs.Handle(old, func(context.Context, *jobs.Job[greet]) error { return errors.New(`no "luck" <today>`) })
	start(t, old)
	receive(t, swept, "the first run")
	insert(t, from, old, greet{"unlucky"}, jobs.InsertOptions{})
	if waitForState(t, from, "greet", "retryable") == 0 || waitForState(t, from, "periodic", "completed") == 0 {
		t.Fatal("the jobs did not run")
	}
	if err := old.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	insert(t, from, old, greet{"orphan"}, jobs.InsertOptions{})
	if err := from.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1 WHERE state = 'available'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	insert(t, from, old, greet{"waiting"}, jobs.InsertOptions{})
	insert(t, from, old, greet{"later"}, jobs.InsertOptions{At: time.Now().Add(time.Hour), Queue: jobs.Maintenance})

	next := service(t, to, to.Logger)
	source, err := db.OpenSource(t.Context(), from.Options.SQLitePath)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := source.CopyTo(t.Context(), to.DB, jobs.CopyOptions())
	if err := errors.Join(err, source.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range copied {
		if c.Name == "river_job" && c.Rows != 5 {
			t.Errorf("got %d jobs, want 5", c.Rows)
		}
	}
	if waitForState(t, to, "greet", "retryable") != 1 || waitForState(t, to, "greet", "scheduled") != 1 {
		t.Error("got another number of jobs for later, want one that failed and one that is scheduled")
	}
	why, err := db.Collect(t.Context(), to.DB.Read(), db.ScanString, `SELECT errors[1]->>'error' FROM river_job WHERE CAST(state AS TEXT) = 'retryable'`)
	if err != nil || !slices.Equal(why, []string{`no "luck" <today>`}) {
		t.Errorf("got %q, %v for the reason of the failure, want it as it was", why, err)
	}

	ran := make(chan jobs.Job[greet], 10)
	jobs.Handle(next, func(_ context.Context, j *jobs.Job[greet]) error {
		ran <- *j
		return nil
	})
	next.Every("sweep", 24*time.Hour, sweep)
	next.Every("other", 24*time.Hour, func(context.Context) error {
		swept <- "other"
		return nil
	})
	start(t, next)
	insert(t, to, next, greet{"new"}, jobs.InsertOptions{})
	attempts := map[string]int{}
	want := map[string]int{"orphan": 2, "waiting": 1, "new": 1}
	for len(attempts) < len(want) {
		if j := receive(t, ran, "the jobs"); j.Args.Name != "unlucky" { // its turn comes some time
			attempts[j.Args.Name] = j.Attempt
		}
	}
	for name, want := range want {
		if attempts[name] != want {
			t.Errorf("got attempt %d of %s, want %d", attempts[name], name, want)
		}
	}
	if got := receive(t, swept, "the other periodic job"); got != "other" {
		t.Errorf("got %s once more", got)
	}
	if len(swept) > 0 {
		t.Error("got a second run of a day")
	}
}

// A column or a table that a later River brings must be copied, or left knowingly.
func TestCopyKnowsAllOfRiver(t *testing.T) {
	t.Parallel()
	env := tandemtest.NewSQLite(t)
	service(t, env, env.Logger)
	o := jobs.CopyOptions()
	known := slices.Clone(o.Leave)
	for _, table := range o.Tables {
		known = append(known, table.Name)
		var names []string
		for _, c := range table.Columns {
			names = append(names, c.Name)
		}
		columns, err := db.Collect(t.Context(), env.DB.Read(), db.ScanString, `SELECT name FROM pragma_table_info($1)`, table.Name)
		slices.Sort(names)
		if slices.Sort(columns); err != nil || !slices.Equal(names, columns) {
			t.Errorf("%s: got columns %v, %v, want %v", table.Name, names, err, columns)
		}
	}
	tables, err := db.Collect(t.Context(), env.DB.Read(), db.ScanString, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'river%'`)
	slices.Sort(known)
	if slices.Sort(tables); err != nil || !slices.Equal(known, tables) {
		t.Errorf("got %v, %v, want %v", known, err, tables)
	}
}
