package jobs

import "log/slog"

// RiverLog is the handler that River gets on top of h.
func RiverLog(h slog.Handler) slog.Handler { return riverLog{h} }
