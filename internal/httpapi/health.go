package httpapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tandem/internal/errs"
	"tandem/internal/users"
)

const checkTimeout = 2 * time.Second

// health remembers what the checks said last, so that a failure is logged when it begins, and not
// at every question of a load balancer.
type health struct {
	migrated atomic.Bool
	mu       sync.Mutex
	failing  map[string]bool
}

// Check is a part that /readyz asks.
type Check struct {
	Run      func(context.Context) error
	Optional bool // without it the node is slower and serves on
}

// healthAnswer is what probes read.
type healthAnswer struct {
	Status string            `json:"status" enum:"ok,degraded,failing,draining" doc:"degraded: it serves, and something is slower than it should be"`
	Checks map[string]string `json:"checks" doc:"each part by name: ok, degraded or failing"`
}

func (h healthAnswer) status() int {
	if h.Status == "failing" || h.Status == "draining" {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func (a *API) healthz(context.Context, users.Actor, *nothing) (healthAnswer, error) {
	return healthAnswer{"ok", map[string]string{}}, nil
}

func (a *API) readyz(ctx context.Context, _ users.Actor, _ *nothing) (healthAnswer, error) {
	checks := map[string]Check{"database": {Run: a.DB.Ping}, "migrations": {Run: a.checkMigrations}}
	maps.Copy(checks, a.Checks)
	out := healthAnswer{"ok", map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		check := checks[name]
		err := a.ask(ctx, check.Run)
		if a.health.note(name, err) {
			a.Log.ErrorContext(ctx, "health check begins to fail", "check", name, "err", err)
		}
		switch {
		case err == nil:
			out.Checks[name] = "ok"
		case check.Optional:
			out.Checks[name] = "degraded"
			if out.Status == "ok" {
				out.Status = "degraded"
			}
		default:
			out.Checks[name], out.Status = "failing", "failing"
		}
	}
	if a.draining.Load() {
		out.Status = "draining"
	}
	return out, nil
}

func (a *API) ask(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return check(ctx)
}

// note keeps what a check said and reports whether it fails newly.
func (h *health) note(name string, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == nil {
		h.failing = map[string]bool{}
	}
	begins := err != nil && !h.failing[name]
	h.failing[name] = err != nil
	return begins
}

// checkMigrations asks until the schema is up to date; it does not go back while the program runs.
func (a *API) checkMigrations(ctx context.Context) error {
	if a.health.migrated.Load() {
		return nil
	}
	n, err := a.DB.Pending(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		return errs.New(errs.Unavailable, "%d migrations have not been applied", n)
	}
	a.health.migrated.Store(true)
	return nil
}
