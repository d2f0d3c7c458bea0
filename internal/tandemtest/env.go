// Package tandemtest runs tests against real databases and real services. Only tests import it.
package tandemtest

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tandem/internal/auth"
	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Env is a migrated database of its own with the services on it.
type Env struct {
	T      testing.TB
	DB     *db.DB
	Log    *events.Log
	Users  *users.Service
	Auth   *auth.Service
	Notify *notify.Service
	Teams  *teams.Service
	Tasks  *tasks.Service
	Clock  *Clock
	Logger *slog.Logger // to t.Log, from debug on

	// Options open the same database once more, as a second node does.
	Options db.Options

	mu     sync.Mutex
	counts map[string]int
	owners map[string]users.Actor // by team
}

// What Auth is set up with.
const (
	SigningKey = "0123456789abcdef0123456789abcdef"
	BaseURL    = "http://tandem.test"
)

// EachDB runs a test on SQLite, and on PostgreSQL when TANDEM_TEST_POSTGRES names a server where
// it may create databases (postgres://…). The subtests are parallel.
func EachDB(t *testing.T, test func(t *testing.T, env *Env)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, NewSQLite(t))
	})
	if os.Getenv(postgresVariable) == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, NewPostgres(t))
	})
}

// New is an Env on SQLite, for tests that do not depend on the database and for benchmarks.
func New(t testing.TB) *Env {
	t.Helper()
	return NewSQLite(t)
}

// NewSQLite is an Env on a SQLite file of its own.
func NewSQLite(t testing.TB) *Env {
	t.Helper()
	file, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tandem.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, db.Options{SQLitePath: path})
}

func open(t testing.TB, o db.Options) *Env {
	t.Helper()
	clock := NewClock()
	o.Now = clock.Now
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	e := &Env{
		T: t, DB: d, Log: events.NewLog(d), Users: users.NewService(d),
		Clock: clock, Logger: NewLogger(t), Options: o, counts: map[string]int{}, owners: map[string]users.Actor{},
	}
	e.Notify = notify.NewService(d, e.Log, e.Users)
	e.Auth = auth.NewService(d, e.Log, e.Users, auth.Options{
		Key: []byte(SigningKey), Notify: e.Notify, Registration: auth.Open, BaseURL: BaseURL, Dev: true, Logger: e.Logger,
	})
	e.Teams = teams.NewService(d, e.Log, e.Users, e.Notify, []byte(SigningKey))
	e.Users.SharesTeam, e.Users.Shown = e.Teams.SharesTeam, e.Teams.UserShown
	e.Tasks = tasks.NewService(d, e.Log, e.Users, e.Notify, e.Teams)
	return e
}

// next numbers fixtures, so that their names differ.
func (e *Env) next(kind string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[kind]++
	return e.counts[kind]
}

func (e *Env) name(kind string) string { return fmt.Sprintf("%s%d", kind, e.next(kind)) }

// NewLogger is a logger that writes to t.Log until the test ends.
func NewLogger(t testing.TB) *slog.Logger {
	w := &testWriter{t: t}
	t.Cleanup(w.stop)
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// testWriter goes quiet at the end of the test: t.Log panics from then on, while a goroutine that
// is about to stop may still have something to say.
type testWriter struct {
	mu sync.Mutex
	t  testing.TB
}

func (w *testWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t != nil {
		w.t.Log(strings.TrimSuffix(string(p), "\n"))
	}
	return len(p), nil
}

func (w *testWriter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t = nil
}
