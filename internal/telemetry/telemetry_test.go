package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/internal/telemetry"
)

type idKey struct{}

func idOf(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

func TestRecordsCarryTheRequestID(t *testing.T) {
	t.Parallel()
	ctx := context.WithValue(t.Context(), idKey{}, "r-1")
	for name, c := range map[string]struct {
		log  func(*slog.Logger)
		want string // the id, where it belongs
	}{
		"in a request":          {func(l *slog.Logger) { l.InfoContext(ctx, "works") }, `"request_id":"r-1"`},
		"outside of one":        {func(l *slog.Logger) { l.Info("works") }, ""},
		"with attributes":       {func(l *slog.Logger) { l.With("a", 1).InfoContext(ctx, "works") }, `"a":1,"request_id":"r-1"`},
		"in a group":            {func(l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "works", "a", 1) }, `"request_id":"r-1"`},
		"below the least level": {func(l *slog.Logger) { l.DebugContext(ctx, "works") }, "nothing"},
	} {
		var out bytes.Buffer
		c.log(telemetry.NewLogger(&out, "info", "auto", idOf))
		if c.want == "nothing" {
			if out.Len() > 0 {
				t.Errorf("%s: got %s, want nothing", name, out.String())
			}
			continue
		}
		var record map[string]any
		if err := json.Unmarshal(out.Bytes(), &record); err != nil || record["msg"] != "works" {
			t.Errorf("%s: got %s, %v, want JSON", name, out.String(), err)
		}
		if !strings.Contains(out.String(), c.want) || c.want == "" && strings.Contains(out.String(), "request_id") {
			t.Errorf("%s: got %s, want %q", name, out.String(), c.want)
		}
	}
}

func TestFormatAndLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ format, begins string }{{"text", "time="}, {"json", "{"}, {"auto", "{"}} {
		path := filepath.Join(t.TempDir(), "log") // a file is no terminal
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		log := telemetry.NewLogger(f, "warn", c.format, idOf)
		log.Info("too low")
		log.Warn("logged")
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(got), c.begins) || strings.Count(string(got), "\n") != 1 || !strings.Contains(string(got), "logged") {
			t.Errorf("%s: got %s, want one record that begins with %q", c.format, got, c.begins)
		}
	}
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "nonsense", "json", idOf)
	log.Debug("too low")
	log.Info("logged")
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("a level that is none: got %s, want info", out.String())
	}
}

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	res := httptest.NewRecorder()
	m.Handler().ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if res.Code != http.StatusOK || !strings.HasPrefix(res.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("got %d %s", res.Code, res.Header().Get("Content-Type"))
	}
	return res.Body.String()
}

func TestMetricsAreShown(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()
	open, changes := 3.0, 40.0
	m.Gauge("tandem_test_open", "Open things.", func() float64 { return open })
	m.Counter("tandem_test_changes_total", "Changes.", func() float64 { return changes })
	m.Request("GET", "GET /api/tasks/{id}", 200, 3*time.Millisecond)
	m.Request("GET", "GET /api/tasks/{id}", 200, 7*time.Second)
	m.Request("PATCH", "PATCH /api/tasks/{id}", 409, time.Millisecond)
	changes++
	got := scrape(t, m)
	for _, want := range []string{
		"# HELP tandem_test_open Open things.\n# TYPE tandem_test_open gauge\ntandem_test_open 3\n",
		"# TYPE tandem_test_changes_total counter\ntandem_test_changes_total 41\n",
		`tandem_http_request_duration_seconds_count{method="GET",route="GET /api/tasks/{id}",status="200"} 2`,
		`tandem_http_request_duration_seconds_bucket{method="GET",route="GET /api/tasks/{id}",status="200",le="0.005"} 1`,
		`tandem_http_request_duration_seconds_bucket{method="GET",route="GET /api/tasks/{id}",status="200",le="10"} 2`,
		`tandem_http_request_duration_seconds_count{method="PATCH",route="PATCH /api/tasks/{id}",status="409"} 1`,
		`tandem_build_info{version="` + telemetry.Version() + `"} 1`,
		"go_goroutines ", "process_start_time_seconds ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}

func TestClientsCannotInventMethods(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()
	for _, method := range []string{"BREW", "get", "", "GET\n", "PROPFIND", strings.Repeat("A", 1000)} {
		m.Request(method, "none", 405, time.Millisecond)
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		m.Request(method, "none", 405, time.Millisecond)
	}
	got := scrape(t, m)
	if want := `tandem_http_request_duration_seconds_count{method="other",route="none",status="405"} 6`; !strings.Contains(got, want) {
		t.Errorf("the metrics lack %s", want)
	}
	if n := strings.Count(got, "tandem_http_request_duration_seconds_count{"); n != 8 {
		t.Errorf("got %d series, want seven methods and other", n)
	}
}

func TestVersionIsNeverEmpty(t *testing.T) {
	t.Parallel()
	if telemetry.Version() == "" {
		t.Error("got no version")
	}
}
