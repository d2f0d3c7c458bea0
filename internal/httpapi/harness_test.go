package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tandem/internal/analytics"
	"tandem/internal/auth"
	"tandem/internal/config"
	"tandem/internal/httpapi"
	"tandem/internal/jobs"
	"tandem/internal/notify"
	"tandem/internal/reports"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/transfer"
	"tandem/internal/users"
)

// server is an API on a database of its own, called through its real handler.
type server struct {
	*tandemtest.Env
	api  *httpapi.API
	logs *logBuffer
	jobs *jobs.Service // not started

	mu     sync.Mutex
	tokens map[string]string
}

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

func (l *logBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

type tweak func(*httpapi.Options)

func newServer(t testing.TB, env *tandemtest.Env, tweaks ...tweak) *server {
	t.Helper()
	s := &server{Env: env, logs: &logBuffer{}, tokens: map[string]string{}}
	teamService := teams.NewService(env.DB, env.Log, env.Users, env.Notify, []byte(tandemtest.SigningKey))
	env.Users.SharesTeam, env.Users.Shown = teamService.SharesTeam, teamService.UserShown
	o := httpapi.Options{
		Config: &config.Config{BaseURL: tandemtest.BaseURL, MaxImportSize: 2 << 20, RateLimits: "on"},
		Log:    slog.New(slog.NewTextHandler(s.logs, nil)),
		DB:     env.DB, Events: env.Log, Users: env.Users, Auth: env.Auth, Notify: env.Notify, Teams: teamService, Tasks: tasks.NewService(env.DB, env.Log, env.Users, env.Notify, teamService), Version: "test",
	}
	j, err := jobs.New(env.DB, env.Logger, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Migrate(t.Context()); err != nil { // imports are taken in, and not worked on
		t.Fatal(err)
	}
	o.Mails = notify.NewMailer(env.Notify, notify.MailerOptions{Jobs: j, Key: []byte(tandemtest.SigningKey), BaseURL: tandemtest.BaseURL, Domain: "tandem.test", Logger: env.Logger})
	s.jobs = j
	o.Analytics = analytics.NewService(env.DB, o.Teams)
	o.Reports = reports.NewService(env.DB, env.Log, env.Users, o.Teams, o.Analytics, j, env.Logger, tandemtest.BaseURL)
	o.Transfer = transfer.NewService(env.DB, env.Log, env.Users, o.Teams, o.Tasks, j, env.Logger)
	for _, tw := range tweaks {
		tw(&o)
	}
	api, err := httpapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.api = api
	return s
}

func withAssets(files fs.FS) tweak { return func(o *httpapi.Options) { o.Assets = files } }

// each runs a test against the API on each database.
func each(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) { test(t, newServer(t, env)) })
}

// on is each for what does not depend on the database.
func on(t *testing.T, tweaks ...tweak) *server {
	t.Helper()
	t.Parallel()
	return newServer(t, tandemtest.New(t), tweaks...)
}

// token logs a user in, once.
func (s *server) token(t *testing.T, username string) string {
	t.Helper()
	if username == "" {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens[username] == "" {
		l, err := s.Auth.Login(t.Context(), username, tandemtest.Password, auth.Client{UserAgent: "test", IP: "192.0.2.1"})
		if err != nil {
			t.Fatalf("log %s in: %v", username, err)
		}
		s.tokens[username] = l.AccessToken
	}
	return s.tokens[username]
}

type answer struct {
	status int
	header http.Header
	text   string
}

// json reads the answer into a map.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.text), &m); err != nil {
		t.Fatalf("answer %d is no JSON object: %v\n%s", a.status, err, a.text)
	}
	return m
}

// request sends anything as anybody. body is text, bytes, a reader, or something that is encoded.
func (s *server) request(t *testing.T, as, method, path string, body any, headers ...string) answer {
	t.Helper()
	if token := s.token(t, as); token != "" {
		headers = append([]string{"Authorization", "Bearer " + token}, headers...)
	}
	return s.requestFrom(t, "192.0.2.1:1234", method, path, body, headers...)
}

func (s *server) requestFrom(t *testing.T, peer, method, path string, body any, headers ...string) answer {
	t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	case io.Reader:
		r = b
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(encoded)
	}
	req := httptest.NewRequestWithContext(t.Context(), method, path, r)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.api.Handler().ServeHTTP(w, req)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// want sends a request and fails the test unless it is answered with this status.
func (s *server) want(t *testing.T, status int, as, method, path string, body any, headers ...string) map[string]any {
	t.Helper()
	a := s.request(t, as, method, path, body, headers...)
	if a.status != status {
		t.Fatalf("%s %s as %q: got %d, want %d\n%s\n%s", method, path, as, a.status, status, a.text, s.logs)
	}
	if a.text == "" {
		return nil
	}
	if status >= 400 {
		checkProblem(t, a)
	}
	return a.json(t)
}

// checkProblem fails the test unless the answer is a whole problem document.
func checkProblem(t *testing.T, a answer) map[string]any {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type of %d: got %q, want application/problem+json\n%s", a.status, got, a.text)
	}
	p := a.json(t)
	for _, member := range []string{"type", "title", "status", "detail", "code", "errors"} {
		if p[member] == nil || p[member] == "" {
			t.Errorf("problem has no %s: %s", member, a.text)
		}
	}
	if got := p["status"]; got != float64(a.status) {
		t.Errorf("problem says status %v, answer says %d", got, a.status)
	}
	return p
}

// place returns the locations of a problem's faults.
func places(p map[string]any) (out []string) {
	faults, _ := p["errors"].([]any)
	for _, f := range faults {
		location, _ := f.(map[string]any)["location"].(string)
		out = append(out, location)
	}
	return out
}

// rows counts what is in the database, table by table, so that a test can see whether anything was written.
func (s *server) rows(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, table := range []string{"users", "teams", "members", "invites", "labels", "saved_filters", "projects", "statuses", "tasks", "task_labels", "comments", "activity", "watchers", "events", "idempotency_keys", "notifications", "unread_counts", "notification_preferences", "notification_settings", "avatars", "muted_tasks", "muted_projects", "email_verifications", "report_subscriptions", "reports", "report_parts", "river_job"} {
		var n int
		if err := s.DB.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[table] = n
	}
	return out
}

// world is a team with one of everything, and people of each role.
type world struct {
	team, project, task, other, comment, label, invite, token string
	people                                                    map[string]users.Actor
}

// roles of the people in a world; an outsider has a team of their own.
var roleNames = []string{"owner", "admin", "member", "viewer", "outsider"}

// world builds it through the services; prefix keeps the names of several apart.
func (s *server) world(t *testing.T, prefix string) world {
	t.Helper()
	w := world{people: map[string]users.Actor{}}
	for _, r := range roleNames {
		w.people[r] = s.User(prefix + r)
	}
	owner := prefix + "owner"
	w.team = s.want(t, 201, owner, "POST", "/api/teams", map[string]any{"name": "Team " + prefix})["id"].(string)
	for _, r := range roleNames[1:4] {
		token := s.want(t, 201, owner, "POST", "/api/teams/"+w.team+"/invites", map[string]any{"username": prefix + r, "role": r})["token"].(string)
		s.want(t, 200, prefix+r, "POST", "/api/invites/"+token+"/accept", nil)
	}
	w.project = s.want(t, 201, owner, "POST", "/api/teams/"+w.team+"/projects", map[string]any{"name": "Web", "key": "WEB"})["id"].(string)
	w.label = s.want(t, 201, owner, "POST", "/api/teams/"+w.team+"/labels", map[string]any{"name": "bug", "color": "red"})["id"].(string)
	w.task = s.want(t, 201, owner, "POST", "/api/projects/"+w.project+"/tasks", map[string]any{"title": "First", "labels": []string{"bug"}})["id"].(string)
	w.other = s.want(t, 201, owner, "POST", "/api/projects/"+w.project+"/tasks", map[string]any{"title": "Second"})["id"].(string)
	w.comment = s.want(t, 201, owner, "POST", "/api/tasks/"+w.task+"/comments", map[string]any{"body": "Hello"})["id"].(string)
	invite := s.want(t, 201, owner, "POST", "/api/teams/"+w.team+"/invites", map[string]any{"username": prefix + "outsider", "role": "member"})
	w.invite, w.token = invite["id"].(string), invite["token"].(string)
	return w
}
