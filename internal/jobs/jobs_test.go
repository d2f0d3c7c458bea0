package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/jobs"
	"tandem/internal/tandemtest"
)

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "greet" }

func service(t *testing.T, env *tandemtest.Env, log *slog.Logger) *jobs.Service {
	t.Helper()
	s, err := jobs.New(env.DB, log, jobs.Options{Poll: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

func start(t *testing.T, s *jobs.Service) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func insert(t *testing.T, env *tandemtest.Env, s *jobs.Service, args jobs.Args, o jobs.InsertOptions) {
	t.Helper()
	if err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := s.Insert(t.Context(), tx, args, o)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func receive[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("got nothing, want %s", what)
		panic("unreachable")
	}
}

func TestCommittedJobRunsAndRolledBackOneDoesNot(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		ran := make(chan string, 10)
		jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
			ran <- j.Args.Name
			return nil
		})
		start(t, s)
		fault := errors.New("changed my mind")
		if err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := s.Insert(t.Context(), tx, greet{"nobody"}, jobs.InsertOptions{}); err != nil {
				return err
			}
			return fault
		}); !errors.Is(err, fault) {
			t.Fatalf("got %v, want %v", err, fault)
		}
		// They run in order of their insertion, so "last" says that there was nothing else.
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
		if got := receive(t, ran, "ann"); got != "ann" {
			t.Errorf("got %q, want ann", got)
		}
		insert(t, env, s, greet{"last"}, jobs.InsertOptions{})
		if got := receive(t, ran, "last"); got != "last" {
			t.Errorf("got %q, want last", got)
		}
	})
}

func TestFailedJobIsTriedAgainAndItsErrorLoggedOnce(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		var log syncBuffer
		s := service(t, env, slog.New(slog.NewTextHandler(&log, nil)))
		attempts := make(chan int, 10)
		jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
			attempts <- j.Attempt
			if j.Attempt == 1 {
				return errors.New("no luck")
			}
			return nil
		})
		start(t, s)
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
		for want := 1; want <= 2; want++ {
			if got := receive(t, attempts, "an attempt"); got != want {
				t.Errorf("got attempt %d, want %d", got, want)
			}
		}
		if n := strings.Count(log.String(), "no luck"); n != 1 {
			t.Errorf("got the error %d times in the log, want once:\n%s", n, log.String())
		}
	})
}

func TestCancelledJobIsGivenUp(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		ran := make(chan string, 10)
		jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
			ran <- j.Args.Name
			return jobs.Cancel(errors.New("nobody there"))
		})
		start(t, s)
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
		receive(t, ran, "the job")
		if got := waitForState(t, env, "greet", "cancelled"); got != 1 {
			t.Errorf("got %d cancelled jobs, want 1", got)
		}
	})
}

// waitForState waits until a job of this kind is in that state, as River notes it a little after
// the work.
func waitForState(t *testing.T, env *tandemtest.Env, kind, state string) int {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		var n int
		if err := env.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM river_job WHERE kind = $1 AND CAST(state AS TEXT) = $2`, kind, state).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 || time.Now().After(deadline) {
			return n
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestPanicIsLoggedAndHarmsNobodyElse(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		var log syncBuffer
		s := service(t, env, slog.New(slog.NewTextHandler(&log, nil)))
		ran := make(chan string, 10)
		jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
			ran <- j.Args.Name
			if j.Args.Name == "bad" {
				panic("bad args")
			}
			return nil
		})
		start(t, s)
		insert(t, env, s, greet{"bad"}, jobs.InsertOptions{MaxAttempts: 1})
		receive(t, ran, "bad")
		insert(t, env, s, greet{"good"}, jobs.InsertOptions{})
		if got := receive(t, ran, "good"); got != "good" {
			t.Errorf("got %q, want good", got)
		}
		waitForState(t, env, "greet", "discarded")
		if n := strings.Count(log.String(), "bad args"); n != 1 {
			t.Errorf("got the panic %d times in the log, want once:\n%s", n, log.String())
		}
	})
}

func TestStopWaitsForRunningJobs(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		begun, end := make(chan struct{}), make(chan struct{})
		var done atomic.Bool
		jobs.Handle(s, func(context.Context, *jobs.Job[greet]) error {
			close(begun)
			<-end
			done.Store(true)
			return nil
		})
		start(t, s)
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
		receive(t, begun, "the job to begin")
		stopped := make(chan error)
		go func() { stopped <- s.Stop(context.Background()) }()
		select {
		case err := <-stopped:
			t.Errorf("stopped while a job was running: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		close(end)
		if err := receive(t, stopped, "the end of Stop"); err != nil || !done.Load() {
			t.Errorf("got %v and done %v, want a finished job", err, done.Load())
		}
	})
}

func TestStopCancelsWhenItsPatienceIsOverAndTheJobRunsAgain(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		begun := make(chan struct{})
		jobs.Handle(s, func(ctx context.Context, _ *jobs.Job[greet]) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		start(t, s)
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
		receive(t, begun, "the job to begin")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Stop(ctx); err != nil {
			t.Fatal(err)
		}

		next := service(t, env, env.Logger)
		again := make(chan string, 1)
		jobs.Handle(next, func(_ context.Context, j *jobs.Job[greet]) error {
			again <- j.Args.Name
			return nil
		})
		start(t, next)
		if got := receive(t, again, "a second run"); got != "ann" {
			t.Errorf("got %q, want ann", got)
		}
	})
}

func TestStartAndStopMayBeCalledTwice(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		ran := make(chan string, 1)
		jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
			ran <- j.Args.Name
			return nil
		})
		for range 2 {
			start(t, s)
			start(t, s)
			insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
			receive(t, ran, "the job")
			for range 2 {
				if err := s.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestJobOfADeadProcessIsAdopted(t *testing.T) {
	t.Parallel()
	env := tandemtest.New(t)
	s := service(t, env, env.Logger)
	ran := make(chan int, 1)
	jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
		ran <- j.Attempt
		return nil
	})
	insert(t, env, s, greet{"ann"}, jobs.InsertOptions{})
	if err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	start(t, s)
	if got := receive(t, ran, "the job"); got != 2 {
		t.Errorf("got attempt %d, want 2", got)
	}
}

func TestPeriodicJobRunsOnceInTheCluster(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ran := make(chan struct{}, 10)
		var running []*jobs.Service
		nodes := 1
		if env.DB.Dialect == db.Postgres {
			nodes = 2
		}
		for range nodes {
			s := service(t, env, env.Logger)
			s.Every("sweep", 24*time.Hour, func(context.Context) error {
				ran <- struct{}{}
				return nil
			})
			start(t, s)
			running = append(running, s)
		}
		receive(t, ran, "a run")
		for _, s := range running {
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// A restart within the day brings no second run.
		s := service(t, env, env.Logger)
		s.Every("sweep", 24*time.Hour, func(context.Context) error {
			ran <- struct{}{}
			return nil
		})
		start(t, s)
		select {
		case <-ran:
			t.Error("got a second run, want one a day")
		case <-time.After(300 * time.Millisecond):
		}
	})
}

func TestManyNodesMigrateAtOnce(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := jobs.New(env.DB, env.Logger, jobs.Options{})
				if err == nil {
					err = s.Migrate(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		env := tandemtest.New(b)
		b.StartTimer()
		s, err := jobs.New(env.DB, env.Logger, jobs.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkRestart(b *testing.B) {
	env := tandemtest.New(b)
	for b.Loop() {
		s, err := jobs.New(env.DB, env.Logger, jobs.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkPickUp is the time from the commit to the worker.
func BenchmarkPickUp(b *testing.B) {
	env := tandemtest.New(b)
	s, err := jobs.New(env.DB, env.Logger, jobs.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ran := make(chan struct{})
	jobs.Handle(s, func(context.Context, *jobs.Job[greet]) error {
		ran <- struct{}{}
		return nil
	})
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := env.DB.Write(b.Context(), func(tx *db.Tx) error {
			_, err := s.Insert(b.Context(), tx, greet{"ann"}, jobs.InsertOptions{})
			return err
		}); err != nil {
			b.Fatal(err)
		}
		<-ran
	}
	if err := s.Stop(context.Background()); err != nil {
		b.Fatal(err)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestAJobThatIsNotDueIsPutBackWithoutAnAttempt(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		attempts := make(chan int, 10)
		var early atomic.Bool
		early.Store(true)
		jobs.Handle(s, func(_ context.Context, j *jobs.Job[greet]) error {
			attempts <- j.Attempt
			if early.Swap(false) {
				return jobs.Later(time.Millisecond)
			}
			return nil
		})
		start(t, s)
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{Queue: jobs.Mail, MaxAttempts: 1})
		for range 2 {
			if got := receive(t, attempts, "an attempt"); got != 1 {
				t.Errorf("got attempt %d, want 1", got)
			}
		}
		waitForState(t, env, "greet", "completed")
		if got := s.Outcomes(); got[jobs.Outcome{Kind: "greet", Result: jobs.Postponed}] != 1 || got[jobs.Outcome{Kind: "greet", Result: jobs.Done}] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

func TestWorkersSayWhenTheyTryAgain(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		attempts := make(chan int, 10)
		jobs.HandleAs(s, jobs.Work{Within: time.Minute, Retry: func(attempt int) time.Duration { return time.Duration(attempt) * time.Millisecond }}, func(_ context.Context, j *jobs.Job[greet]) error {
			attempts <- j.Attempt
			return errors.New("no luck")
		})
		start(t, s)
		insert(t, env, s, greet{"ann"}, jobs.InsertOptions{MaxAttempts: 4}) // by River's policy it would take 98 seconds
		for want := 1; want <= 4; want++ {
			if got := receive(t, attempts, "an attempt"); got != want {
				t.Errorf("got attempt %d, want %d", got, want)
			}
		}
		waitForState(t, env, "greet", "discarded")
		if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "1 jobs were given up") {
			t.Errorf("got %v, want it to say that a job was given up", err)
		}
		if n, err := s.Waiting(t.Context()); err != nil || n[jobs.Outcome{Kind: "greet", Result: "discarded"}] != 1 {
			t.Errorf("got %v, %v", n, err)
		}
		if got := s.Outcomes(); got[jobs.Outcome{Kind: "greet", Result: jobs.Failed}] != 3 || got[jobs.Outcome{Kind: "greet", Result: jobs.GivenUp}] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

func TestManyJobsAreInsertedAtOnce(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		s := service(t, env, env.Logger)
		jobs.Handle(s, func(context.Context, *jobs.Job[greet]) error { return nil })
		var ids []int64
		if err := env.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
			ids, err = s.InsertMany(t.Context(), tx, []jobs.Args{greet{"ann"}, greet{"bob"}, greet{"carol"}}, jobs.InsertOptions{})
			return err
		}); err != nil || len(ids) != 3 || ids[0] == ids[1] {
			t.Errorf("got %v, %v, want three ids", ids, err)
		}
	})
}
