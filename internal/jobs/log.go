package jobs

import (
	"context"
	"errors"
	"log/slog"

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

// atLeastWarn drops records below warnings.
type atLeastWarn struct{ slog.Handler }

func (h atLeastWarn) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
func (h atLeastWarn) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeastWarn{h.Handler.WithAttrs(a)}
}
func (h atLeastWarn) WithGroup(g string) slog.Handler { return atLeastWarn{h.Handler.WithGroup(g)} }
