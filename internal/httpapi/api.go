// Package httpapi is the HTTP door into Tandem: the API, its OpenAPI document, and the pages the web
// app starts from. It unpacks requests, calls one service method each, and packs the answers; it is
// the only place where errors become responses.
package httpapi

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tandem/internal/analytics"
	"tandem/internal/auth"
	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/reports"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/transfer"
	"tandem/internal/users"
)

// Options are what the API works with. All services are needed; Assets, WS, Jobs, Presence, Checks and
// Metrics may be left out.
type Options struct {
	Config    *config.Config
	Log       *slog.Logger
	DB        *db.DB
	Events    *events.Log
	Users     *users.Service
	Auth      *auth.Service
	Notify    *notify.Service
	Mails     *notify.Mailer
	Teams     *teams.Service
	Tasks     *tasks.Service
	Transfer  *transfer.Service
	Analytics *analytics.Service
	Reports   *reports.Service

	Assets  fs.FS        // the built web app; its paths begin with "dist/"
	WS      http.Handler // answers /ws
	Jobs    http.Handler // answers JobsPath, to administrators
	Version string

	// Presence is who looks at a task right now.
	Presence func(ctx context.Context, teamID, taskID string) ([]tasks.Viewer, error)
	// Checks are parts besides the database that /readyz asks, by name.
	Checks map[string]Check
	// Metrics is told of every request. route is the pattern, never a path.
	Metrics func(method, route string, status int, took time.Duration)
}

// API answers HTTP requests.
type API struct {
	Options

	huma     huma.API
	mux      *http.ServeMux
	handler  http.Handler
	site     *site
	health   health
	https    bool // the base URL is https: cookies are Secure, HSTS is sent
	draining atomic.Bool
	now      func() time.Time
}

// New builds the API.
func New(o Options) (*API, error) {
	a := &API{Options: o, mux: http.NewServeMux(), https: strings.HasPrefix(o.Config.BaseURL, "https://"), now: time.Now}
	a.huma = newHuma(a)
	a.routes()
	document, err := a.document()
	if err != nil {
		return nil, err
	}
	if err := a.mountDocs(document); err != nil {
		return nil, err
	}
	if a.site, err = newSite(o.Assets, o.Config.AssetURL); err != nil {
		return nil, err
	}
	a.mountPages()
	if o.WS != nil {
		a.mux.Handle("/ws", named("/ws", o.WS))
		a.mux.Handle("/ws/", named("/ws/", o.WS))
	}
	if o.Jobs != nil {
		a.mux.Handle(JobsPath+"/", named(JobsPath+"/", a.adminPage(o.Jobs)))
	}
	a.handler = a.middleware(a.mux)
	return a, nil
}

// Handler answers everything the main listener is asked.
func (a *API) Handler() http.Handler { return a.handler }

// SetDraining makes /readyz answer 503, so that load balancers look elsewhere before the server
// stops. Everything else is served on.
func (a *API) SetDraining(on bool) { a.draining.Store(on) }
