package reports

import (
	"context"

	"tandem/internal/users"
)

// ErrStopped is errStopped.
var ErrStopped = errStopped

// File is a report that is being written.
type File = file

// FileOf is what an attempt writes to.
func (s *Service) FileOf(ctx context.Context, actor users.Actor, r Report) *File {
	return &file{ctx: ctx, s: s, actor: actor, r: r}
}

// Begin is begin.
func (f *file) Begin(ctx context.Context) error { return f.begin(ctx) }
