// Package app puts Tandem together. Tests run the whole program with it, on a free port.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"sync"
	"syscall"
	"time"

	"tandem/internal/analytics"
	"tandem/internal/auth"
	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/httpapi"
	"tandem/internal/jobs"
	"tandem/internal/mail"
	"tandem/internal/notify"
	"tandem/internal/realtime"
	"tandem/internal/redis"
	"tandem/internal/reports"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/telemetry"
	"tandem/internal/transfer"
	"tandem/internal/users"
	"tandem/web"
)

// stopWithin bounds a graceful stop; what is not answered by then is cut off.
const stopWithin = 15 * time.Second

// requestsWithin is the part of it that requests may take.
const requestsWithin = 10 * time.Second

// App is a Tandem that is ready to run. Its services are for the command line, which needs no
// listener.
type App struct {
	DB       *db.DB
	Log      *events.Log
	Users    *users.Service
	Auth     *auth.Service
	Notify   *notify.Service
	Mails    *notify.Mailer
	Teams    *teams.Service
	Tasks    *tasks.Service
	Jobs     *jobs.Service
	Transfer *transfer.Service
	Reports  *reports.Service

	cfg      *config.Config
	log      *slog.Logger
	metrics  *telemetry.Metrics
	redis    *redis.Client // nil: not configured
	realtime *realtime.Node
	api      *httpapi.API
	listener net.Listener
	admin    net.Listener

	closing sync.Once
}

// New opens the database, brings its schema up to date and wires the services. It listens on
// nothing yet.
func New(ctx context.Context, cfg *config.Config, log *slog.Logger) (*App, error) {
	d, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	a := &App{DB: d, cfg: cfg, log: log, metrics: telemetry.NewMetrics()}
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Open opens the configured database and nothing else.
func Open(ctx context.Context, cfg *config.Config) (*db.DB, error) {
	o := db.Options{SQLitePath: cfg.SQLitePath()}
	if cfg.Postgres() {
		o = db.Options{PostgresURL: cfg.DatabaseURL}
	}
	return db.Open(ctx, o)
}

func (a *App) wire(ctx context.Context) error {
	if err := a.DB.Migrate(ctx, a.log); err != nil {
		return err
	}
	key, err := a.signingKey()
	if err != nil {
		return err
	}
	a.Log = events.NewLog(a.DB)
	a.Users = users.NewService(a.DB)
	a.Notify = notify.NewService(a.DB, a.Log, a.Users)
	a.Teams = teams.NewService(a.DB, a.Log, a.Users, a.Notify, key)
	a.Users.SharesTeam, a.Users.Shown = a.Teams.SharesTeam, a.Teams.UserShown
	a.Auth = auth.NewService(a.DB, a.Log, a.Users, auth.Options{Key: key, Notify: a.Notify, AccessLife: a.cfg.AccessTokenLife, Registration: a.cfg.Registration, BaseURL: a.cfg.BaseURL, Dev: a.cfg.Dev, Logger: a.log, InviteValid: a.Teams.InviteValid})
	a.Tasks = tasks.NewService(a.DB, a.Log, a.Users, a.Notify, a.Teams)
	if a.Jobs, err = jobs.New(a.DB, a.log, jobs.Options{}); err != nil {
		return err
	}
	if err := a.Jobs.Migrate(ctx); err != nil { // also a command that only writes may have something mailed
		return err
	}
	if err := a.wireMail(key); err != nil {
		return err
	}
	a.Transfer = transfer.NewService(a.DB, a.Log, a.Users, a.Teams, a.Tasks, a.Jobs, a.log)
	figures := analytics.NewService(a.DB, a.Teams)
	a.Reports = reports.NewService(a.DB, a.Log, a.Users, a.Teams, figures, a.Jobs, a.log, a.cfg.BaseURL)
	a.measureJobs(context.WithoutCancel(ctx))
	a.maintenance()
	if err := a.wireRealtime(); err != nil {
		return err
	}
	checks := map[string]httpapi.Check{"broker": {Run: a.realtime.Check}, "jobs": {Run: a.Jobs.Check, Optional: true}}
	if a.redis != nil {
		checks["redis"] = httpapi.Check{Run: a.redis.Check, Optional: true}
	}
	jobsPage, err := a.Jobs.UI(httpapi.JobsPath)
	if err != nil {
		return err
	}
	a.api, err = httpapi.New(httpapi.Options{
		Config: a.cfg, Log: a.log, DB: a.DB, Events: a.Log, Users: a.Users, Auth: a.Auth, Notify: a.Notify, Mails: a.Mails, Teams: a.Teams, Tasks: a.Tasks, Transfer: a.Transfer, Analytics: figures, Reports: a.Reports,
		Assets: web.Dist, WS: a.realtime.Handler(), Jobs: jobsPage, Presence: a.realtime.Viewers, Checks: checks, Version: telemetry.Version(), Metrics: a.metrics.Request,
	})
	return err
}

// signingKey is the configured one, or with SQLite one that is made at the first start.
func (a *App) signingKey() ([]byte, error) {
	if a.cfg.SigningKey != "" {
		return []byte(a.cfg.SigningKey), nil
	}
	return auth.LoadOrCreateKey(a.cfg.DataDir)
}

// wireMail sets mails up.
func (a *App) wireMail(key []byte) error {
	server, err := a.cfg.SMTP()
	if err != nil {
		return err
	}
	client, err := mail.New(mail.Options{Server: server, From: a.cfg.Sender()})
	if err != nil {
		return err
	}
	o := notify.MailerOptions{Client: client, Jobs: a.Jobs, Key: key, BaseURL: a.cfg.BaseURL, Domain: client.Domain(), Delay: a.cfg.MailDelay, Logger: a.log}
	if server.Host == "" {
		o.Client = nil
	}
	a.Mails = notify.NewMailer(a.Notify, o)
	return nil
}

// measureJobs shows what becomes of mails and of all other jobs. ctx lives as long as the program.
func (a *App) measureJobs(ctx context.Context) {
	a.metrics.Each("tandem_mails_total", "Mails that this node handed to the mail server, by what came of it.", telemetry.Counter, []string{"result"}, func(emit func(float64, ...string)) {
		s := a.Mails.Stats()
		emit(float64(s.Sent), "sent")
		emit(float64(s.Refused), "refused")
		emit(float64(s.Delayed), "delayed")
	})
	a.metrics.Each("tandem_jobs_total", "Attempts at jobs that ended on this node, by kind and result.", telemetry.Counter, []string{"kind", "result"}, func(emit func(float64, ...string)) {
		for o, n := range a.Jobs.Outcomes() {
			emit(n, o.Kind, o.Result)
		}
	})
	a.metrics.Each("tandem_jobs", "Jobs that are not done, of the whole cluster, by kind and state; discarded ones were given up.", telemetry.Gauge, []string{"kind", "state"}, func(emit func(float64, ...string)) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		waiting, err := a.Jobs.Waiting(ctx)
		if err != nil {
			a.log.WarnContext(ctx, "jobs cannot be counted", "err", err)
		}
		for o, n := range waiting {
			emit(n, o.Kind, o.Result)
		}
	})
}

func (a *App) wireRealtime() (err error) {
	if a.cfg.RedisURL != "" {
		if a.redis, err = redis.New(a.cfg.RedisURL, a.log); err != nil {
			return err
		}
	}
	node, err := realtime.New(realtime.Options{
		Log: a.Log, Redis: a.redis, Verify: a.Auth.Verify, TaskTeam: a.Tasks.TeamOf, BaseURL: a.cfg.BaseURL, Logger: a.log,
		Profile: a.Users.Profile, ForgetSession: a.Auth.Forget, ForgetMembership: a.Teams.Forget, ForgetUser: a.Users.Forget,
		Refuse: func(w http.ResponseWriter, r *http.Request, err error) { a.api.Refuse(w, r, err) },
		CanViewTeam: func(ctx context.Context, actor users.Actor, teamID string) error {
			_, err := a.Teams.AuthorizeRead(ctx, actor, teamID, teams.ViewTeam)
			return err
		},
	})
	if err != nil {
		return err
	}
	a.realtime = node
	a.metrics.Gauge("tandem_realtime_connections", "Open realtime connections.", func() float64 { return float64(node.Stats().Connections) })
	a.metrics.Gauge("tandem_realtime_subscriptions", "Subscriptions of all connections.", func() float64 { return float64(node.Stats().Subscriptions) })
	a.metrics.Counter("tandem_realtime_log_reads_total", "Queries that read rows or heads of the change log.", func() float64 { return float64(node.Stats().LogReads) })
	a.metrics.Counter("tandem_realtime_changes_total", "Changes dispatched to channels.", func() float64 { return float64(node.Stats().Rows) })
	return nil
}

// maintenance is what is cleaned up from time to time, once in the cluster.
func (a *App) maintenance() {
	a.Jobs.Every("idempotency keys", time.Hour, func(ctx context.Context) error {
		_, err := events.ForgetMutations(ctx, a.DB, 24*time.Hour)
		return err
	})
	a.Jobs.Every("change log", 6*time.Hour, func(ctx context.Context) error {
		_, err := a.Log.Prune(ctx, time.Duration(a.cfg.EventRetentionDays)*24*time.Hour, int64(a.cfg.EventRetentionRows))
		return err
	})
	a.Jobs.Every("sessions", 6*time.Hour, a.Auth.CleanUp)
	a.Jobs.Every("due reminders", time.Minute, a.Tasks.RemindDue)
	a.Jobs.Every("notifications", 6*time.Hour, a.Notify.CleanUp)
	a.Jobs.Every("digests", 5*time.Minute, a.Mails.PlanDigests)
	a.Jobs.Every("reports", 5*time.Minute, a.Mails.PlanReports)
	a.Jobs.Every("mails", 6*time.Hour, a.Mails.CleanUp)
	a.Jobs.Every("imports", 6*time.Hour, a.Transfer.CleanUp)
	a.Jobs.Every("old reports", 6*time.Hour, a.Reports.CleanUp)
	a.Jobs.Every("trash", 6*time.Hour, a.Tasks.Purge)
}

// Listen takes the addresses, so that a port in use is told before anything runs.
func (a *App) Listen() error {
	var err error
	if a.listener, err = listen("addr", a.cfg.Addr); err != nil {
		return err
	}
	if a.cfg.AdminAddr != "" {
		if a.admin, err = listen("admin-addr", a.cfg.AdminAddr); err != nil {
			return errors.Join(err, a.listener.Close())
		}
	}
	return nil
}

func listen(setting, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use by another program: stop it, or choose another address", setting, addr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: listen on %s: %w", setting, addr, err)
	}
	return l, nil
}

// Addr is where the app is served, once Listen has returned.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Run serves until ctx ends, then stops: /readyz turns to 503, requests are answered to their end,
// sockets are told to come back, jobs finish.
func (a *App) Run(ctx context.Context) error {
	running := context.WithoutCancel(ctx)
	if a.redis != nil {
		connected, disconnect := context.WithCancel(running)
		defer disconnect()
		go a.redis.Run(connected)
	}
	if err := a.realtime.Start(running); err != nil {
		return errors.Join(err, a.release())
	}
	if err := a.Jobs.Start(running); err != nil {
		return errors.Join(err, a.realtime.Stop(running), a.release())
	}
	servers := []*http.Server{a.server(a.api.Handler())}
	listeners := []net.Listener{a.listener}
	if a.admin != nil {
		servers = append(servers, a.server(a.adminHandler()))
		listeners = append(listeners, a.admin)
	}
	failed := make(chan error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() {
			if err := s.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	err = errors.Join(err, a.stop(running, servers))
	wg.Wait()
	return err
}

// adminHandler answers what only the operator may ask.
func (a *App) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	return mux
}

// release gives the addresses back when serving did not begin.
func (a *App) release() error {
	err := a.listener.Close()
	if a.admin != nil {
		err = errors.Join(err, a.admin.Close())
	}
	return err
}

func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

func (a *App) stop(ctx context.Context, servers []*http.Server) error {
	a.api.SetDraining(true)
	if half := a.cfg.ShutdownDelay / 2; half > 0 {
		t := time.NewTimer(half) // until load balancers have seen it
		<-t.C
		a.realtime.Drain(ctx, half)
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	// Requests first: what they change still reaches the sockets, and these, once told to come back,
	// find the listener closed and go to another node. Shutdown neither closes nor waits for sockets.
	requests, cut := context.WithTimeout(ctx, requestsWithin)
	defer cut()
	var err error
	for _, s := range servers {
		if stopErr := s.Shutdown(requests); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stop serving: %w", stopErr), s.Close())
		}
	}
	return errors.Join(err, a.realtime.Stop(ctx), a.Jobs.Stop(ctx))
}

// Close closes the database. It may be called twice.
func (a *App) Close() error {
	var err error
	a.closing.Do(func() { err = a.DB.Close() })
	return err
}

// DataDirWritable checks that files can be made in the data directory.
func DataDirWritable(cfg *config.Config) error {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(cfg.DataDir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
