package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/internal/app"
	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/tandemtest"
)

const patience = 30 * time.Second

// logBuffer collects what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// running is an App that runs until stop.
type running struct {
	*app.App
	log   *logBuffer
	stop  context.CancelFunc
	ended chan error
}

func settings(t *testing.T) *config.Config {
	t.Helper()
	return &config.Config{
		Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", DataDir: t.TempDir(), BaseURL: tandemtest.BaseURL, Registration: "open",
		RateLimits: "on", MaxImportSize: 1 << 20, EventRetentionDays: 7, EventRetentionRows: 1000,
	}
}

// eachDB runs a test on SQLite, and on PostgreSQL when there is one for tests.
func eachDB(t *testing.T, test func(t *testing.T, cfg *config.Config)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		cfg := settings(t)
		if env.DB.Dialect == db.Postgres {
			cfg.DatabaseURL, cfg.SigningKey = env.Options.PostgresURL, tandemtest.SigningKey
		}
		test(t, cfg)
	})
}

func start(t *testing.T, cfg *config.Config) *running {
	t.Helper()
	r := &running{log: &logBuffer{}, ended: make(chan error, 1)}
	var err error
	if r.App, err = app.New(t.Context(), cfg, slog.New(slog.NewTextHandler(r.log, nil))); err != nil {
		t.Fatal(err)
	}
	if err := r.Listen(); err != nil {
		t.Fatal(errors.Join(err, r.Close()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() { r.ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return r
}

// wait returns when Run has returned, without an error.
func (r *running) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.ended:
		if err != nil {
			t.Errorf("got %v, want a clean end", err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
	if log := r.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("got errors in the log:\n%s", log)
	}
}

// get asks over a connection of its own.
func get(t *testing.T, url string) (status int, text string, err error) {
	t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func want(t *testing.T, url string, status int) string {
	t.Helper()
	got, text, err := get(t, url)
	if err != nil || got != status {
		t.Errorf("%s: got %d %s, %v, want %d", url, got, text, err, status)
	}
	return text
}

func TestRunServesUntilItsContextEnds(t *testing.T) {
	eachDB(t, func(t *testing.T, cfg *config.Config) {
		for range 2 { // a second life finds everything in order
			a := start(t, cfg)
			want(t, "http://"+a.Addr()+"/healthz", 200)
			text := want(t, "http://"+a.Addr()+"/readyz", 200)
			if want := `{"status":"ok","checks":{"broker":"ok","database":"ok","jobs":"ok","migrations":"ok"}}`; strings.TrimSpace(text) != want {
				t.Errorf("got %s, want %s", text, want)
			}
			a.stop()
			a.wait(t)
			for _, addr := range []string{a.Addr(), a.AdminAddr()} {
				if _, _, err := get(t, "http://"+addr+"/"); !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("%s: got %v, want nobody there", addr, err)
				}
			}
			for range 2 {
				if err := a.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
		}
	})
}

func TestReadyzTurnsBeforeTheListenerCloses(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.ShutdownDelay = 3 * time.Second
	a := start(t, cfg)
	want(t, "http://"+a.Addr()+"/readyz", 200)
	a.stop()
	for deadline := time.Now().Add(patience); ; {
		status, text, err := get(t, "http://"+a.Addr()+"/readyz")
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("got %v before 503", err)
		}
		if status == 503 {
			if !strings.Contains(text, `"draining"`) {
				t.Errorf("got %s, want draining", text)
			}
			break
		}
		<-time.After(5 * time.Millisecond)
	}
	want(t, "http://"+a.Addr()+"/healthz", 200) // it lives, and must not be restarted
	a.wait(t)
}

func TestReadyzNamesWhatFails(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t))
	want(t, "http://"+a.Addr()+"/readyz", 200)
	if err := a.DB.Write(t.Context(), func(tx *db.Tx) error { // somebody restores a backup under it
		_, err := tx.Exec(t.Context(), `UPDATE meta SET value = 'another life' WHERE key = 'epoch'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		text := want(t, "http://"+a.Addr()+"/readyz", 503)
		if want := `{"status":"failing","checks":{"broker":"failing","database":"ok","jobs":"ok","migrations":"ok"}}`; strings.TrimSpace(text) != want {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	if n := strings.Count(a.log.String(), "level=ERROR"); n != 1 || !strings.Contains(a.log.String(), "check=broker") {
		t.Errorf("got %d errors in the log, want one, about the broker:\n%s", n, a.log.String())
	}
}

func TestOnlyTheAdminListenerShowsTheInside(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t))
	want(t, "http://"+a.Addr()+"/healthz", 200)
	inside := map[string]string{
		"/metrics":                       "# TYPE ",
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "goroutine profile: ",
		"/debug/pprof/heap?debug=1":      "heap profile: ",
		"/debug/pprof/profile?seconds=1": "",
		"/debug/pprof/trace?seconds=0.1": "",
		"/debug/pprof/symbol":            "num_symbols",
	}
	for path, says := range inside {
		status, text, err := get(t, "http://"+a.AdminAddr()+path)
		if err != nil || status != 200 || !strings.Contains(text, says) {
			t.Errorf("%s: got %d, %v, want 200 with %q", path, status, err, says)
		}
	}
	metrics := want(t, "http://"+a.AdminAddr()+"/metrics", 200) // a short answer leaves after it was counted
	for _, name := range []string{
		"tandem_realtime_connections 0", "tandem_realtime_subscriptions 0", "tandem_realtime_changes_total 0",
		`tandem_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"} 1`, "go_goroutines", "tandem_build_info",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("the metrics lack %q", name)
		}
	}
	for path, says := range inside {
		status, text, err := get(t, "http://"+a.Addr()+path)
		if err != nil || says != "" && strings.Contains(text, says) || status == 200 && !strings.Contains(text, "<!doctype html") && !strings.Contains(text, "<!DOCTYPE html") {
			t.Errorf("public %s: got %d %.200s, %v", path, status, text, err)
		}
	}
	want(t, "http://"+a.AdminAddr()+"/api/config", 404)
	want(t, "http://"+a.AdminAddr()+"/", 404)
}

func TestAddressesInUseAreNamedAndGivenBack(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, set := range map[string]func(*config.Config){
		"addr":       func(c *config.Config) { c.Addr = taken.Addr().String() },
		"admin-addr": func(c *config.Config) { c.AdminAddr = taken.Addr().String() },
	} {
		cfg := settings(t)
		set(cfg)
		a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Listen(); err == nil || !strings.HasPrefix(err.Error(), name+": "+taken.Addr().String()+" is in use") {
			t.Errorf("%s: got %v, want that it is in use", name, err)
		}
		if name == "admin-addr" {
			l, err := net.Listen("tcp", a.Addr())
			if err != nil {
				t.Errorf("the other address is still taken: %v", err)
			} else {
				_ = l.Close()
			}
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNewClosesTheDatabaseWhenItFails(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	if err := os.WriteFile(filepath.Join(cfg.DataDir, "signing.key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "signing.key") {
		t.Errorf("got %v, want that the key is unusable", err)
	}
	if runtime.GOOS != "linux" {
		return // only there can be seen what is open
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		if target, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(target, cfg.DataDir) {
			t.Errorf("%s is still open", target)
		}
	}
}

func TestDataDirWritable(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet")
	if err := app.DataDirWritable(&config.Config{DataDir: dir}); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want an empty directory", left, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := app.DataDirWritable(&config.Config{DataDir: file}); err == nil {
		t.Error("a file: got no error")
	}
}
