package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// errorHandler logs each failed attempt, once: as a warning while there is another.
type errorHandler struct{ log *slog.Logger }

func (h errorHandler) HandleError(ctx context.Context, j *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if ctx.Err() != nil {
		return nil // the program stops; the job runs again after the start
	}
	attrs := []any{"kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "max_attempts", j.MaxAttempts, "err", err}
	level := slog.LevelWarn
	if j.Attempt >= j.MaxAttempts {
		level = slog.LevelError
	}
	var p *panicked
	if errors.As(err, &p) {
		level = slog.LevelError
		attrs = append(attrs, "stack", string(p.stack))
	}
	h.log.Log(ctx, level, "job failed", attrs...)
	return nil
}

// HandlePanic meets panics outside of workers, which River logs.
func (errorHandler) HandlePanic(context.Context, *rivertype.JobRow, any, string) *river.ErrorHandlerResult {
	return nil
}

// riverLog is what River may say to the operator: warnings and errors, below that it talks to itself.
type riverLog struct{ slog.Handler }

func (h riverLog) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle drops one false alarm. All of River's services take the end of their context for what it
// is, a stop or the loss of leadership, except the one that inserts periodic jobs: stopped before
// its first transaction, which it begins up to a second after the start, or within one, it logs an
// error. No run is lost: the next leader inserts again.
func (h riverLog) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "maintenance.PeriodicJobEnqueuer: ") && errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h riverLog) WithAttrs(a []slog.Attr) slog.Handler { return riverLog{h.Handler.WithAttrs(a)} }
func (h riverLog) WithGroup(g string) slog.Handler      { return riverLog{h.Handler.WithGroup(g)} }
