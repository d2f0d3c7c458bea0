package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"tandem/internal/db"
)

// Migrate brings River's own tables up to date; they have their own version, apart from that of
// our schema. It may be called by several nodes at once and more than
// once.
func (s *Service) Migrate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.migrate(ctx)
}

func (s *Service) migrate(ctx context.Context) error {
	if s.migrated {
		return nil
	}
	var err error
	if s.db.Dialect == db.Postgres {
		err = s.migratePostgres(ctx)
	} else {
		err = s.migrateSQLite(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrate job tables: %w", err)
	}
	s.migrated = true
	return nil
}

// migrationLock is an arbitrary number that everybody who migrates River's tables agrees on.
const migrationLock = 7_423_118_907

func (s *Service) migratePostgres(ctx context.Context) error {
	return s.db.Pool().AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		if _, err := c.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
			return fmt.Errorf("wait for other nodes: %w", err)
		}
		defer func() { _, _ = c.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrationLock) }()
		m, err := rivermigrate.New(riverpgxv5.New(s.db.Pool()), s.migrateConfig())
		if err != nil {
			return err
		}
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

// migrateSQLite migrates in one transaction, so that a second process waits for it.
func (s *Service) migrateSQLite(ctx context.Context) error {
	m, err := rivermigrate.New(riversqlite.New(s.db.Writer()), s.migrateConfig())
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		//nolint:staticcheck // Migrate would wait for the one connection that this transaction holds
		_, err := m.MigrateTx(ctx, tx.SQLTx(), rivermigrate.DirectionUp, nil)
		return err
	})
}

func (s *Service) migrateConfig() *rivermigrate.Config {
	return &rivermigrate.Config{Logger: slog.New(riverLog{s.log.Handler()})}
}

// A SQLite file has one server, so what is running before it starts was running when it died.
// Without this it would wait to be rescued. Index: River's river_job_prioritized_fetching_index.
const adoptOrphans = `
UPDATE river_job
SET state = 'available'
WHERE state = 'running' AND attempt < max_attempts`

// Start migrates and begins to work. It returns when jobs are being fetched.
// Cancelling ctx afterwards stops nothing: call Stop.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return nil
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.db.Dialect == db.SQLite {
		if err := s.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, adoptOrphans)
			return err
		}); err != nil {
			return fmt.Errorf("adopt jobs of the last run: %w", err)
		}
	}
	if err := s.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	if s.ui != nil {
		var background context.Context
		background, s.endUI = context.WithCancel(context.WithoutCancel(ctx))
		if err := s.ui.Start(background); err != nil {
			return fmt.Errorf("start the page of jobs: %w", err)
		}
	}
	s.running = true
	return nil
}

// cancelGrace is how long jobs have to give up when Stop's patience is over.
const cancelGrace = 5 * time.Second

// Stop fetches no more jobs and waits for those that run; when ctx ends first, it cancels them.
// They are tried again after the next start.
func (s *Service) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running {
		return nil
	}
	s.running = false
	if s.ui != nil {
		s.endUI()
	}
	err := s.client.Stop(ctx)
	if ctx.Err() == nil {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
	defer cancel()
	if err := s.client.StopAndCancel(hard); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}
