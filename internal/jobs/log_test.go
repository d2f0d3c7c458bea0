package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/jobs"
	"tandem/internal/tandemtest"
)

func TestOnlyTheStopIsNoErrorOfThePeriodicJobs(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	late, end := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer end()
	const begin, fetch = "maintenance.PeriodicJobEnqueuer: Error starting transaction", "Producer: Error fetching jobs"
	for name, c := range map[string]struct {
		ctx     context.Context
		level   slog.Level
		message string
		logged  bool
	}{
		"periodic jobs, stopped":   {stopped, slog.LevelError, begin, false},
		"periodic jobs, too slow":  {late, slog.LevelError, begin, true},
		"periodic jobs, at work":   {t.Context(), slog.LevelError, begin, true},
		"another service, stopped": {stopped, slog.LevelError, fetch, true},
		"no warning":               {t.Context(), slog.LevelInfo, fetch, false},
	} {
		var log syncBuffer
		river := slog.New(jobs.RiverLog(slog.NewTextHandler(&log, nil))).With("a", 1).WithGroup("g")
		river.Log(c.ctx, c.level, c.message)
		if logged := log.String() != ""; logged != c.logged {
			t.Errorf("%s: got logged %v, want %v", name, logged, c.logged)
		}
	}
}

// While somebody else writes, River's services wait for their turn, and are stopped there.
func TestStopIsNoErrorWhileTheDatabaseIsBusy(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		var log syncBuffer
		s := service(t, env, slog.New(slog.NewTextHandler(&log, nil)))
		s.Every("sweep", time.Hour, func(context.Context) error { return nil })
		start(t, s)
		waitForRow(t, env, `SELECT COUNT(*) FROM river_leader`)
		begun, end, written := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			written <- env.DB.Write(context.Background(), func(*db.Tx) error {
				close(begun)
				<-end
				return nil
			})
		}()
		receive(t, begun, "the write to begin")
		<-time.After(1200 * time.Millisecond) // River starts its services within a second, to spread many nodes
		stopped := make(chan error, 1)
		go func() { stopped <- s.Stop(context.Background()) }()
		<-time.After(100 * time.Millisecond) // with SQLite it waits for the write, to give up leadership
		close(end)
		if err := receive(t, stopped, "the end of Stop"); err != nil {
			t.Error(err)
		}
		if err := receive(t, written, "the end of the write"); err != nil {
			t.Error(err)
		}
		if strings.Contains(log.String(), "level=") {
			t.Errorf("got these records, want none:\n%s", log.String())
		}
	})
}

func waitForRow(t *testing.T, env *tandemtest.Env, query string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		var n int
		if err := env.DB.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got no row, want one: %s", query)
		}
		<-time.After(20 * time.Millisecond)
	}
}
