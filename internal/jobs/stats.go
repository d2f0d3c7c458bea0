package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tandem/internal/db"
)

// How an attempt at a job may end.
const (
	Done      = "done"
	Failed    = "failed" // tried again
	GivenUp   = "given_up"
	Cancelled = "cancelled"
	Postponed = "postponed"
)

// Outcome is a kind of job and how attempts at it ended.
type Outcome struct{ Kind, Result string }

// outcomes counts attempts on this node.
type outcomes struct {
	mu sync.Mutex
	n  map[Outcome]float64
}

func (o *outcomes) add(kind, result string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.n == nil {
		o.n = map[Outcome]float64{}
	}
	o.n[Outcome{kind, result}]++
}

// Outcomes are the attempts that ended on this node, each kind and result with its number.
func (s *Service) Outcomes() map[Outcome]float64 {
	s.outcomes.mu.Lock()
	defer s.outcomes.mu.Unlock()
	out := make(map[Outcome]float64, len(s.outcomes.n))
	for k, n := range s.outcomes.n {
		out[k] = n
	}
	return out
}

// Index: River's river_job_prioritized_fetching_index (state, …). What is completed stays for a day and is not counted.
const countJobs = `
SELECT kind, CAST(state AS TEXT), COUNT(*)
FROM river_job
WHERE state IN ('available', 'scheduled', 'running', 'retryable', 'discarded')
GROUP BY kind, state`

// Waiting is how many jobs of each kind are in each of River's states, of those that are not done.
func (s *Service) Waiting(ctx context.Context) (map[Outcome]float64, error) {
	type row struct {
		of Outcome
		n  int64
	}
	rows, err := db.Collect(ctx, s.db.Read(), func(r db.Row) (v row, err error) {
		err = r.Scan(&v.of.Kind, &v.of.Result, &v.n)
		return v, err
	}, countJobs)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	out := make(map[Outcome]float64, len(rows))
	for _, r := range rows {
		out[r.of] = float64(r.n)
	}
	return out, nil
}

//nolint:misspell // River's names. Index: its river_job_state_and_finalized_at_index (state, finalized_at).
const countDiscarded = `
SELECT COUNT(*)
FROM river_job
WHERE state = 'discarded' AND finalized_at > $1` //nolint:misspell // as above

// Check says whether jobs were given up within the last day: somebody should look why.
func (s *Service) Check(ctx context.Context) error {
	since := s.db.Now().Add(-24 * time.Hour)
	var arg any = db.Time(since)
	if s.db.Dialect == db.SQLite {
		arg = since.Format("2006-01-02 15:04:05.000") // as River writes it there
	}
	var n int64
	if err := s.db.Read().QueryRowContext(ctx, countDiscarded, arg).Scan(&n); err != nil {
		return fmt.Errorf("count jobs that were given up: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("%d jobs were given up within a day: the log says which, and why", n)
	}
	return nil
}
