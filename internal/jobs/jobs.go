// Package jobs runs work outside of requests, with River, on the same database as everything else:
// a job joins the transaction that causes it, so it runs if and only if that commits, survives a
// crash, is retried, and runs on one node of the cluster. Jobs may run twice (a node may die right
// after the work and before the note of it), so workers are idempotent.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"riverqueue.com/riverui"
	"riverqueue.com/riverui/uiendpoints"

	"tandem/internal/db"
)

// The queues.
const (
	Default     = river.QueueDefault // what somebody waits for
	Mail        = "mail"             // what waits for a mail server, so many at once
	Maintenance = "maintenance"      // what nobody waits for, one at a time
)

// maxRun ends a job that hangs, unless its worker says otherwise.
const maxRun = 10 * time.Minute

// Args are what a job is told, kept as JSON. Kind names the sort of job for ever: rows in the
// database carry it.
type Args interface{ Kind() string }

// Job is one attempt at a job.
type Job[A Args] struct {
	ID          int64
	Args        A
	Attempt     int // 1 is the first
	MaxAttempts int
}

// Last says that the job is not tried again if this attempt fails.
func (j *Job[A]) Last() bool { return j.Attempt >= j.MaxAttempts }

// Options set up the service.
type Options struct {
	Workers int           // jobs of the default queue at once on this node; 0: 4
	Mailers int           // jobs of the mail queue at once on this node; 0: 8
	Poll    time.Duration // between looks for jobs whose announcement was missed; 0: 5 s
}

// InsertOptions say when and where a job runs. The zero value: now, in the default queue, with up to
// eight attempts over about an hour.
type InsertOptions struct {
	Queue       string
	At          time.Time
	MaxAttempts int
}

const maxAttempts = 8

// Service takes jobs and works them. Register workers and periodic jobs before Start.
type Service struct {
	db      *db.DB
	log     *slog.Logger
	workers *river.Workers
	client  client
	wake    *wake // nil on PostgreSQL, which has its own LISTEN

	ui    *riverui.Handler // nil: nobody asked for it
	endUI context.CancelFunc

	periodic map[string]func(context.Context) error
	outcomes outcomes

	mu       sync.Mutex
	migrated bool
	running  bool
}

// client hides that River's is generic in the kind of transaction.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	PeriodicJobs() *river.PeriodicJobBundle
	insert(ctx context.Context, tx *db.Tx, jobs []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
	endpoints() uiendpoints.Bundle
}

type pgClient struct{ *river.Client[pgx.Tx] }

func (c pgClient) insert(ctx context.Context, tx *db.Tx, jobs []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	return c.InsertManyTx(ctx, tx.PgxTx(), jobs)
}

type liteClient struct{ *river.Client[*sql.Tx] }

func (c liteClient) insert(ctx context.Context, tx *db.Tx, jobs []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	return c.InsertManyTx(ctx, tx.SQLTx(), jobs)
}

// New returns the service on d. It touches the database only in Migrate and Start.
func New(d *db.DB, log *slog.Logger, o Options) (*Service, error) {
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Mailers == 0 {
		o.Mailers = 8
	}
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	s := &Service{db: d, log: log, workers: river.NewWorkers(), periodic: map[string]func(context.Context) error{}}
	Handle(s, s.runPeriodic)
	cfg := &river.Config{
		ErrorHandler:      errorHandler{log},
		FetchCooldown:     min(20*time.Millisecond, o.Poll),
		FetchPollInterval: o.Poll,
		JobTimeout:        leastRescue, // each worker has its own
		Logger:            slog.New(riverLog{log.Handler()}),
		MaxAttempts:       maxAttempts,
		Queues: map[string]river.QueueConfig{
			Default:     {MaxWorkers: o.Workers},
			Mail:        {MaxWorkers: o.Mailers},
			Maintenance: {MaxWorkers: 1},
		},
		RescueStuckJobsAfter: leastRescue,
		Workers:              s.workers,
	}
	if d.Dialect == db.Postgres {
		c, err := river.NewClient(riverpgxv5.New(d.Pool()), cfg)
		if err != nil {
			return nil, fmt.Errorf("set up jobs: %w", err)
		}
		s.client = pgClient{c}
		return s, nil
	}
	s.wake = newWake()
	c, err := river.NewClient(newLiteDriver(d.Writer(), s.wake), cfg)
	if err != nil {
		return nil, fmt.Errorf("set up jobs: %w", err)
	}
	s.client = liteClient{c}
	return s, nil
}

// storable is an error whose text every database keeps. One with a U+0000 in it, as a database
// quotes what it was given, would fail again when River notes it, and hold up the jobs beside it.
func storable(err error) error {
	if err == nil || !strings.ContainsRune(err.Error(), 0) && utf8.ValidString(err.Error()) {
		return err
	}
	return errors.New(strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", "\uFFFD"), "\uFFFD"))
}

// guarded makes an error of a panic, so that it is logged once: River itself logs it beside the handler.
func guarded(work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, debug.Stack()}
		}
	}()
	return work()
}

type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

type cancelled struct{ err error }

func (c *cancelled) Error() string { return c.err.Error() }
func (c *cancelled) Unwrap() error { return c.err }

// Cancel marks an error that trying again cannot mend: the job is given up.
func Cancel(err error) error { return &cancelled{err} }

// Insert adds a job to the transaction. It runs after the commit, here at once or, when this node
// is busy, on another.
func (s *Service) Insert(ctx context.Context, tx *db.Tx, args Args, o InsertOptions) (id int64, err error) {
	ids, err := s.InsertMany(ctx, tx, []Args{args}, o)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// InsertMany is Insert for many jobs, with one statement.
func (s *Service) InsertMany(ctx context.Context, tx *db.Tx, args []Args, o InsertOptions) (ids []int64, err error) {
	if len(args) == 0 {
		return nil, nil
	}
	if o.Queue == "" {
		o.Queue = Default
	}
	params := make([]river.InsertManyParams, len(args))
	for i, a := range args {
		params[i] = river.InsertManyParams{Args: a, InsertOpts: &river.InsertOpts{Queue: o.Queue, ScheduledAt: o.At, MaxAttempts: o.MaxAttempts}}
	}
	inserted, err := s.client.insert(ctx, tx, params)
	if err != nil {
		return nil, fmt.Errorf("insert %d jobs %s: %w", len(args), args[0].Kind(), err)
	}
	for _, r := range inserted {
		ids = append(ids, r.Job.ID)
	}
	if s.wake != nil {
		tx.AfterCommit(func(context.Context) { s.wake.up(o.Queue) })
	}
	return ids, nil
}
