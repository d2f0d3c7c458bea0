// Package telemetry is how Tandem tells what it does: logs, and which version speaks.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
)

// version is set by the linker: -X tandem/internal/telemetry.version=v1.2.3.
var version string

// Version names this build: what the linker set, or the revision it was built from.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return "development"
}

// NewLogger writes to w: format "text" or "json", or "auto", which is text on a terminal. Records
// carry the id that request finds in their context, if any.
func NewLogger(w io.Writer, level, format string, request func(context.Context) string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l}
	var h slog.Handler = slog.NewJSONHandler(w, o)
	if format == "text" || format == "auto" && isTerminal(w) {
		h = slog.NewTextHandler(w, o)
	}
	return slog.New(withRequest{h, request})
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type withRequest struct {
	slog.Handler
	request func(context.Context) string
}

func (h withRequest) Handle(ctx context.Context, r slog.Record) error {
	if id := h.request(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withRequest) WithAttrs(a []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(a), h.request}
}

func (h withRequest) WithGroup(g string) slog.Handler {
	return withRequest{h.Handler.WithGroup(g), h.request}
}
