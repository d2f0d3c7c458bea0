package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// leastRescue is the earliest that a job is taken from a node that died. River looks every 30 seconds.
const leastRescue = 75 * time.Second

// Work says how long one attempt may take, and when the next one comes.
type Work struct {
	Within time.Duration                   // ends an attempt; from a minute on; 0: ten minutes
	Retry  func(attempt int) time.Duration // between an attempt (1 is the first) and the next; nil: attempt⁴ seconds
}

// Handle registers the one worker of jobs with arguments A. An error means that the job is tried
// again later, unless it is wrapped by Cancel. A second worker of the same kind panics.
func Handle[A Args](s *Service, work func(ctx context.Context, job *Job[A]) error) {
	HandleAs(s, Work{}, work)
}

// HandleAs is Handle for jobs that are not as others are.
func HandleAs[A Args](s *Service, o Work, work func(ctx context.Context, job *Job[A]) error) {
	if o.Within == 0 {
		o.Within = maxRun
	}
	if o.Within < leastRescue*4/5 {
		panic("jobs: a job that is not done within a shorter time than others might be rescued while it runs")
	}
	river.AddWorker(s.workers, &worker[A]{outcomes: &s.outcomes, o: o, work: work})
}

// worker is one as River knows them.
type worker[A Args] struct {
	river.WorkerDefaults[A]
	outcomes *outcomes
	o        Work
	work     func(context.Context, *Job[A]) error
}

// Timeout is what makes a job's node count as dead, so it leaves an attempt that was ended the time to say so.
func (w *worker[A]) Timeout(*river.Job[A]) time.Duration { return w.o.Within * 5 / 4 }

func (w *worker[A]) NextRetry(j *river.Job[A]) time.Time {
	if w.o.Retry == nil {
		return time.Time{}
	}
	return time.Now().Add(w.o.Retry(j.Attempt)) // by River's clock, which is the machine's
}

func (w *worker[A]) Work(ctx context.Context, j *river.Job[A]) error {
	ctx, cancel := context.WithTimeout(ctx, w.o.Within)
	defer cancel()
	job := &Job[A]{ID: j.ID, Args: j.Args, Attempt: j.Attempt, MaxAttempts: j.MaxAttempts}
	err := guarded(func() error { return w.work(ctx, job) })
	var c *cancelled
	var l *later
	switch {
	case errors.As(err, &l):
		w.outcomes.add(j.Kind, Postponed)
		return &rivertype.JobSnoozeError{Duration: max(l.wait, 0)}
	case errors.As(err, &c):
		w.outcomes.add(j.Kind, Cancelled)
		return river.JobCancel(storable(err))
	case err != nil && job.Last():
		w.outcomes.add(j.Kind, GivenUp)
	case err != nil:
		w.outcomes.add(j.Kind, Failed)
	default:
		w.outcomes.add(j.Kind, Done)
	}
	return storable(err)
}

type later struct{ wait time.Duration }

func (l *later) Error() string { return "not yet" }

// Later is what a worker returns for a job whose time has not come: it is put back for so long, which counts as no
// attempt.
func Later(wait time.Duration) error { return &later{wait} }
