package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/jobs"
	"tandem/internal/users"
)

type reportArgs struct {
	ID string `json:"id"`
}

func (reportArgs) Kind() string { return "report" }

// errStopped is what writing a report comes to when somebody has deleted it.
var errStopped = errors.New("the report was stopped")

// work is one attempt at a report; it begins anew.
func (s *Service) work(ctx context.Context, job *jobs.Job[reportArgs]) error {
	r, err := scanReport(s.db.Read().QueryRowContext(ctx, reportByID, job.Args.ID))
	if db.NoRow(err) || err == nil && (r.State == Done || r.State == Failed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read report %s: %w", job.Args.ID, err)
	}
	who, err := s.users.Profiles(ctx, r.userID)
	if err != nil {
		return err
	}
	actor := users.Actor{ID: r.userID, Username: who[r.userID].Username}
	f := &file{ctx: ctx, s: s, actor: actor, r: r}
	err = s.write(ctx, actor, f)
	switch {
	case err == nil, errors.Is(err, errStopped):
		return nil
	case errors.Is(err, errs.NotFound), errors.Is(err, errs.Forbidden): // they have left the team meanwhile
		return s.remove(ctx, actor, r)
	case job.Last():
		s.slog.ErrorContext(ctx, "report fails", "report", r.ID, "err", err)
		if err := f.end(context.WithoutCancel(ctx), Failed); err != nil && !errors.Is(err, errStopped) {
			return err
		}
		return nil
	}
	return fmt.Errorf("report %s: %w", r.ID, err)
}

func (s *Service) write(ctx context.Context, actor users.Actor, f *file) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	make := s.writeData
	if f.r.Kind == Week {
		make = s.writeWeek
	}
	if err := make(ctx, actor, f); err != nil {
		return err
	}
	return f.end(ctx, Done)
}

const (
	partSize = 1 << 20
	tellEach = 400 * time.Millisecond
)

// file is a report that is being written: a writer that keeps what it is given piece by piece, and tells how far it is.
type file struct {
	ctx   context.Context //nolint:containedctx // io.Writer knows none
	s     *Service
	actor users.Actor
	r     Report

	parts  []byte // not kept yet
	number int64
	told   time.Time
}

func (f *file) begin(ctx context.Context) error {
	f.r.State, f.r.Done, f.r.Total, f.r.Size = Running, 0, 0, 0
	f.told = time.Now()
	return f.s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, dropParts, f.r.ID); err != nil {
			return fmt.Errorf("drop parts of report %s: %w", f.r.ID, err)
		}
		return f.progress(ctx, tx)
	})
}

// progress notes and tells how far it is.
func (f *file) progress(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, setProgress, f.r.ID, f.r.State, f.r.Done, f.r.Total, f.r.Size, db.TimeOrNull(f.r.FinishedAt))
	if err != nil {
		return fmt.Errorf("note progress of report %s: %w", f.r.ID, err)
	}
	if n == 0 {
		return errStopped
	}
	return f.s.tell(ctx, tx, f.actor, "report.updated", f.r)
}

// step counts one row.
func (f *file) step() error {
	f.r.Done++
	if time.Since(f.told) < tellEach {
		return nil
	}
	f.told = time.Now()
	return f.s.db.Write(f.ctx, func(tx *db.Tx) error { return f.progress(f.ctx, tx) })
}

func (f *file) Write(p []byte) (int, error) {
	f.parts = append(f.parts, p...)
	for len(f.parts) >= partSize {
		if err := f.s.db.Write(f.ctx, func(tx *db.Tx) error {
			r := f.r
			defer func() { f.r = r }() // should it be tried again
			f.r.Size += partSize
			if err := f.progress(f.ctx, tx); err != nil { // first: it finds out whether there still is a report
				return err
			}
			return f.keep(f.ctx, tx, f.parts[:partSize])
		}); err != nil {
			return 0, err
		}
		f.r.Size += partSize
		f.number++
		f.parts = append(f.parts[:0], f.parts[partSize:]...)
	}
	return len(p), nil
}

var _ io.Writer = (*file)(nil)

func (f *file) keep(ctx context.Context, tx *db.Tx, part []byte) error {
	if len(part) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, insertPart, f.r.ID, f.number, part); err != nil {
		return fmt.Errorf("keep part %d of report %s: %w", f.number, f.r.ID, err)
	}
	return nil
}

func (f *file) end(ctx context.Context, state string) error {
	size := f.r.Size + int64(len(f.parts))
	return f.s.db.Write(ctx, func(tx *db.Tx) error {
		f.r.State, f.r.Size, f.r.FinishedAt = state, size, &tx.Now
		if state == Failed {
			f.r.Size = 0
			if _, err := tx.Exec(ctx, dropParts, f.r.ID); err != nil {
				return fmt.Errorf("drop parts of report %s: %w", f.r.ID, err)
			}
			return f.progress(ctx, tx)
		}
		f.r.Done = f.r.Total
		until := tx.Now.Add(kept)
		f.r.ExpiresAt = &until
		if err := f.progress(ctx, tx); err != nil {
			return err
		}
		return f.keep(ctx, tx, f.parts)
	})
}
