package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

// periodicArgs are one run of something registered with Every.
type periodicArgs struct {
	Name string `json:"name"`
}

func (periodicArgs) Kind() string { return "periodic" }

// Every has fn run once in each interval in the whole cluster, in the maintenance queue, the first
// time soon after a start. An interval that has had its run gets no second one from a restart, for
// intervals of up to a day. The name is for ever: rows in the database carry it. Intervals are
// whole seconds.
func (s *Service) Every(name string, interval time.Duration, fn func(ctx context.Context) error) {
	if _, twice := s.periodic[name]; twice {
		panic("jobs: two periodic jobs are called " + name)
	}
	s.periodic[name] = fn
	s.client.PeriodicJobs().Add(river.NewPeriodicJob(
		river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) {
			return periodicArgs{name}, &river.InsertOpts{
				Queue:       Maintenance,
				MaxAttempts: 3,
				UniqueOpts:  river.UniqueOpts{ByArgs: true, ByPeriod: interval},
			}
		},
		&river.PeriodicJobOpts{RunOnStart: true},
	))
}

func (s *Service) runPeriodic(ctx context.Context, j *Job[periodicArgs]) error {
	fn, ok := s.periodic[j.Args.Name]
	if !ok { // left by an older or newer version of the program
		return Cancel(fmt.Errorf("nothing here is called %q", j.Args.Name))
	}
	if err := fn(ctx); err != nil {
		return fmt.Errorf("%s: %w", j.Args.Name, err)
	}
	return nil
}
