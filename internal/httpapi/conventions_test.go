package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/internal/httpapi"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
)

func TestFieldsPickMembersOnEveryGet(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	owner := w.people["owner"].Username
	names := documentedFields(t)
	for _, row := range matrix {
		path, ok := strings.CutPrefix(row.route, "GET ")
		if !ok || path == "/api/projects/{id}/export" || path == "/api/reports/{id}/file" { // a file has no members
			continue
		}
		if strings.HasPrefix(path, "/api/admin/") || path == "/api/unsubscribe/{token}" { // answers only administrators, and holders of a link
			continue
		}
		target, _ := row.target(t, s, w)
		sep := "?"
		if strings.Contains(target, "?") {
			sep = "&"
		}
		p := s.want(t, 422, owner, "GET", target+sep+"fields=nonsense", nil)
		if !slices.Contains(places(p), "query.fields") || !strings.Contains(p["detail"].(string), names[path][0]) {
			t.Errorf("%s: fields=nonsense: got %v, want query.fields and the valid names", path, p)
		}
		wanted := names[path][0] + "," + names[path][len(names[path])-1]
		object := s.want(t, 200, owner, "GET", target+sep+"fields="+wanted, nil)
		items, isList := object["items"].([]any)
		if !isList {
			items = []any{object}
		}
		for _, item := range items {
			for name := range item.(map[string]any) {
				if !slices.Contains(strings.Split(wanted, ","), name) {
					t.Errorf("%s: fields=%s: got %s too", path, wanted, name)
				}
			}
		}
		if _, ok := object["next_cursor"]; isList && !ok && path != "/api/teams/{id}/events" {
			t.Errorf("%s: fields take the cursor away: %v", path, object)
		}
	}
}

// documentedFields reads from the document what ?fields= may name.
func documentedFields(t *testing.T) map[string][]string {
	t.Helper()
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, Description string }
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for path, ops := range d.Paths {
		for _, p := range ops["get"].Parameters {
			if p.Name == "fields" {
				_, list, _ := strings.Cut(p.Description, ": ")
				out[path] = strings.Split(list, ", ")
			}
		}
	}
	return out
}

func TestVersionsSaveAnswersAndGuardChanges(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		owner := w.people["owner"].Username
		for _, path := range []string{"/api/tasks/" + w.task, "/api/teams/" + w.team, "/api/projects/" + w.project, "/api/projects/" + w.project + "/board"} {
			first := s.request(t, owner, "GET", path, nil)
			tag := first.header.Get("ETag")
			if tag == "" {
				t.Fatalf("%s: no ETag", path)
			}
			for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
				again := s.request(t, owner, "GET", path, nil, "If-None-Match", sent)
				if again.status != http.StatusNotModified || again.text != "" || again.header.Get("ETag") != tag {
					t.Errorf("%s with If-None-Match %s: got %d %q, want 304", path, sent, again.status, again.text)
				}
			}
			if other := s.request(t, owner, "GET", path, nil, "If-None-Match", `"x"`); other.status != 200 {
				t.Errorf("%s with another tag: got %d, want 200", path, other.status)
			}
		}
		path := "/api/tasks/" + w.task
		tag := s.request(t, owner, "GET", path, nil).header.Get("ETag")
		changed := s.request(t, owner, "PATCH", path, `{"title":"Next"}`, "If-Match", tag)
		if changed.status != 200 || changed.header.Get("ETag") == tag {
			t.Fatalf("change with If-Match: got %d and ETag %s, want 200 and another", changed.status, changed.header.Get("ETag"))
		}
		stale := s.want(t, 412, owner, "PATCH", path, `{"title":"Late"}`, "If-Match", tag)
		if current, _ := stale["current"].(map[string]any); current["title"] != "Next" {
			t.Errorf("412: got current %v, want the task as it is", stale["current"])
		}
		s.want(t, 412, owner, "DELETE", path, nil, "If-Match", tag)
		s.want(t, 412, owner, "PATCH", "/api/teams/"+w.team, `{"name":"x"}`, "If-Match", `"99"`)
		s.want(t, 412, owner, "PATCH", "/api/projects/"+w.project, `{"name":"x"}`, "If-Match", `"99"`)
		s.want(t, 200, owner, "PATCH", path, `{"title":"Any"}`, "If-Match", "*")
	})
}

// A browser keeps answers by their ETag: what only the reader sees of a task is part of it.
func TestWatchingIsNotHiddenByTheETag(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		owner, path := w.people["owner"].Username, "/api/tasks/"+w.task
		tag := s.request(t, owner, "GET", path, nil).header.Get("ETag")
		s.want(t, 204, owner, "PUT", path+"/watch", nil)
		again := s.request(t, owner, "GET", path, nil, "If-None-Match", tag)
		if again.status != http.StatusOK || !strings.Contains(again.text, `"watching":true`) {
			t.Errorf("got %d %s, want the task as watched", again.status, again.text)
		}
		s.want(t, 200, owner, "PATCH", path, `{"title":"Next"}`, "If-Match", again.header.Get("ETag"))
	})
}

func TestConflictTellsWhoChangedWhat(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		path := "/api/tasks/" + w.task
		s.want(t, 200, w.people["member"].Username, "PATCH", path, `{"title":"Theirs"}`)
		p := s.want(t, 409, w.people["admin"].Username, "PATCH", path, `{"title":"Mine","was":{"title":"First"}}`)
		conflicts, _ := p["conflicts"].([]any)
		if p["code"] != "conflict" || len(conflicts) != 1 {
			t.Fatalf("got %v, want one conflict", p)
		}
		c := conflicts[0].(map[string]any)
		if c["field"] != "title" || c["base"] != "First" || c["theirs"] != "Theirs" || c["yours"] != "Mine" || c["by"].(map[string]any)["username"] != "member" || c["at"] == nil {
			t.Errorf("got %v", c)
		}
		if current, _ := p["current"].(map[string]any); current["title"] != "Theirs" {
			t.Errorf("got current %v, want the task as it is", p["current"])
		}
	})
}

func TestRepeatedWriteChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		owner := w.people["owner"].Username
		for _, c := range []struct {
			request string
			body    any
			status  int
		}{
			{"POST /api/projects/{project}/tasks", `{"title":"Once"}`, 201},
			{"PATCH /api/tasks/{task}", `{"title":"Changed"}`, 200},
			{"POST /api/tasks/move", map[string]any{"task_ids": []string{w.task}, "status": "done"}, 200},
			{"POST /api/tasks/{task}/comments", `{"body":"Once"}`, 201},
			{"POST /api/teams", `{"name":"Once"}`, 201},
			{"POST /api/teams/{team}/labels", `{"name":"once","color":"red"}`, 201},
			{"POST /api/teams/{team}/projects", `{"name":"Once","key":"ONCE"}`, 201},
			{"PATCH /api/me", `{"name":"Once"}`, 200},
			{"DELETE /api/comments/{comment}", nil, 204},
			{"DELETE /api/tasks/{other}", nil, 204},
		} {
			method, path, _ := strings.Cut(c.request, " ")
			key := "key of " + c.request
			key = strings.ReplaceAll(key, " ", "-")
			first := s.request(t, owner, method, w.fill(path), c.body, "Idempotency-Key", key)
			before := s.rows(t)
			again := s.request(t, owner, method, w.fill(path), c.body, "Idempotency-Key", key)
			if first.status != c.status || again.status != c.status || first.text != again.text {
				t.Errorf("%s: got %d %s, then %d %s", c.request, first.status, first.text, again.status, again.text)
			}
			if after := s.rows(t); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("%s: the repeat wrote something", c.request)
			}
		}
		key := []string{"Idempotency-Key", "key-of-PATCH-/api/me"}
		if p := s.want(t, 422, owner, "PATCH", "/api/me", `{"name":"Other"}`, key...); p["code"] != "idempotency_key_reused" {
			t.Errorf("other body under the same key: got %v", p)
		}
	})
}

func TestInternalErrorsShowNothing(t *testing.T) {
	const secret = "pq: password of db.internal is hunter2"
	fail := errors.New(secret)
	s := on(t, func(o *httpapi.Options) {
		o.Presence = func(context.Context, string, string) ([]tasks.Viewer, error) { return nil, fail }
	})
	w := s.world(t, "")
	s.logs.reset()
	a := s.request(t, "owner", "GET", "/api/tasks/"+w.task+"/presence", nil)
	p := checkProblem(t, a)
	if a.status != 500 || p["detail"] != "internal error" || p["request_id"] != a.header.Get("X-Request-Id") || strings.Contains(a.text, "hunter2") {
		t.Errorf("got %d %s, want a 500 that tells only its request id", a.status, a.text)
	}
	if n := strings.Count(s.logs.String(), "hunter2"); n != 1 {
		t.Errorf("logged %d times, want once\n%s", n, s.logs)
	}
}

func TestPanicsAreAnsweredAndLogged(t *testing.T) {
	s := on(t, func(o *httpapi.Options) {
		o.Presence = func(context.Context, string, string) ([]tasks.Viewer, error) { panic("secret of the stack") }
	})
	w := s.world(t, "")
	a := s.request(t, "owner", "GET", "/api/tasks/"+w.task+"/presence", nil)
	checkProblem(t, a)
	if a.status != 500 || strings.Contains(a.text, "secret") {
		t.Errorf("got %d %s, want a 500 that tells nothing", a.status, a.text)
	}
	if log := s.logs.String(); !strings.Contains(log, "secret of the stack") || !strings.Contains(log, "conventions_test.go") {
		t.Errorf("the log lacks the panic or its stack:\n%s", log)
	}
}

func TestClosedDatabaseIsAnInternalError(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	token := s.token(t, "owner")
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/tasks?q=x", "/api/tasks/" + w.task, "/api/teams", "/api/me"} {
		a := s.request(t, "", "GET", path, nil, "Authorization", "Bearer "+token)
		if p := checkProblem(t, a); a.status != 500 || p["detail"] != "internal error" || strings.Contains(a.text, "sql") {
			t.Errorf("%s: got %d %s", path, a.status, a.text)
		}
	}
	if got := s.request(t, "", "GET", "/readyz", nil); got.status != 503 || got.json(t)["checks"].(map[string]any)["database"] != "failing" {
		t.Errorf("readyz: got %d %s", got.status, got.text)
	}
	if got := s.request(t, "", "GET", "/healthz", nil); got.status != 200 {
		t.Errorf("healthz: got %d", got.status)
	}
}

func TestEveryAnswerCarriesItsHeaders(t *testing.T) {
	s := on(t)
	for _, path := range []string{"/api/config", "/api/me", "/api/nothing", "/healthz", "/login", "/api/docs"} {
		h := s.request(t, "", "GET", path, nil).header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy is %q", path, csp)
		}
		if h.Get("X-Request-Id") == "" || h.Get("Permissions-Policy") == "" || h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: got %v", path, h)
		}
	}
	h := s.request(t, "", "GET", "/api/config", nil).header
	if h.Get("RateLimit-Policy") != `"read";q=1200;w=60` || !regexp.MustCompile(`^"read";r=\d+;t=\d+$`).MatchString(h.Get("RateLimit")) {
		t.Errorf("got RateLimit-Policy %q and RateLimit %q", h.Get("RateLimit-Policy"), h.Get("RateLimit"))
	}
	if got := s.request(t, "", "GET", "/api/me", nil).header.Get("WWW-Authenticate"); got != `Bearer realm="tandem"` {
		t.Errorf("without a token: WWW-Authenticate is %q", got)
	}
	if got := s.request(t, "", "GET", "/api/me", nil, "Authorization", "Bearer x").header.Get("WWW-Authenticate"); !strings.Contains(got, "invalid_token") {
		t.Errorf("with a bad token: WWW-Authenticate is %q", got)
	}
}

func TestRequestIDIsKeptWhenSane(t *testing.T) {
	s := on(t)
	for sent, kept := range map[string]bool{"0123456789abcdef": true, "req:a_b-c.d1": true, "short": false, "with blank in it": false, strings.Repeat("x", 65): false} {
		got := s.request(t, "", "GET", "/healthz", nil, "X-Request-Id", sent).header.Get("X-Request-Id")
		if (got == sent) != kept || got == "" {
			t.Errorf("%q: got %q", sent, got)
		}
	}
}

func TestAccessLogHoldsNoSecrets(t *testing.T) {
	s := on(t)
	s.User("ann")
	token := s.token(t, "ann")
	s.request(t, "ann", "GET", "/api/invites/invite-secret?fields=role", nil)
	s.request(t, "ann", "GET", "/reset?token=reset-secret", nil)
	s.request(t, "ann", "GET", "/api/search?q=query-secret", nil)
	log := s.logs.String()
	for _, secret := range []string{"invite-secret", "reset-secret", "query-secret", token} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s:\n%s", secret, log)
		}
	}
	if n := strings.Count(log, "msg=request "); n != 3 {
		t.Errorf("got %d access lines for 3 requests:\n%s", n, log)
	}
	for _, part := range []string{"method=GET", "route=/api/invites/{token}", "status=404", "bytes=", "took=", "request_id="} {
		if !strings.Contains(log, part) {
			t.Errorf("the log lacks %s:\n%s", part, log)
		}
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	s := on(t)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site"}} {
		a := s.request(t, "", "POST", "/api/auth/refresh", nil, headers...)
		if p := checkProblem(t, a); a.status != 403 || p["code"] != "cross_origin" {
			t.Errorf("%v: got %d %s", headers, a.status, a.text)
		}
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://tandem.test"}, {}} {
		if a := s.request(t, "", "POST", "/api/auth/logout", nil, headers...); a.status != 204 {
			t.Errorf("%v: got %d %s", headers, a.status, a.text)
		}
	}
}

func TestUnknownMethodsNameTheKnownOnes(t *testing.T) {
	s := on(t)
	a := s.request(t, "", "PUT", "/api/teams", nil)
	if checkProblem(t, a); a.status != 405 || a.header.Get("Allow") != "GET, POST" {
		t.Errorf("got %d, Allow %q", a.status, a.header.Get("Allow"))
	}
	if a := s.request(t, "", "POST", "/login", nil); a.status != 405 {
		t.Errorf("POST of a page: got %d, want 405", a.status)
	}
	if a := s.request(t, "", "HEAD", "/api/config", nil); a.status != 200 {
		t.Errorf("HEAD: got %d, want 200", a.status)
	}
}

func TestLongAnswersAreCompressed(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	for i := range 30 {
		s.want(t, 201, "owner", "POST", "/api/projects/"+w.project+"/tasks", map[string]any{"title": fmt.Sprint("Task ", i)})
	}
	a := s.request(t, "owner", "GET", "/api/tasks", nil, "Accept-Encoding", "gzip")
	if a.header.Get("Content-Encoding") != "gzip" || len(a.text) > 6000 {
		t.Errorf("got encoding %q and %d bytes", a.header.Get("Content-Encoding"), len(a.text))
	}
	if a := s.request(t, "owner", "GET", "/api/tasks", nil); a.header.Get("Content-Encoding") != "" {
		t.Errorf("without Accept-Encoding: got %q", a.header.Get("Content-Encoding"))
	}
}

func TestReadyzNamesItsChecks(t *testing.T) {
	var broken, away error
	s := on(t, func(o *httpapi.Options) {
		o.Checks = map[string]httpapi.Check{
			"broker": {Run: func(context.Context) error { return broken }},
			"redis":  {Run: func(context.Context) error { return away }, Optional: true},
		}
	})
	for name, c := range map[string]struct {
		set    func()
		status int
		want   string
	}{
		"all is well":   {func() {}, 200, `{"status":"ok","checks":{"broker":"ok","database":"ok","migrations":"ok","redis":"ok"}}`},
		"one fails":     {func() { broken = errors.New("10.0.0.7 refused") }, 503, `{"status":"failing","checks":{"broker":"failing","database":"ok","migrations":"ok","redis":"ok"}}`},
		"redis is away": {func() { away = errors.New("10.0.0.8 refused") }, 200, `{"status":"degraded","checks":{"broker":"ok","database":"ok","migrations":"ok","redis":"degraded"}}`},
		"draining":      {func() { s.api.SetDraining(true) }, 503, `{"status":"draining","checks":{"broker":"ok","database":"ok","migrations":"ok","redis":"ok"}}`},
	} {
		broken, away = nil, nil
		s.api.SetDraining(false)
		c.set()
		a := s.request(t, "", "GET", "/readyz", nil)
		if a.status != c.status || strings.TrimSpace(a.text) != c.want {
			t.Errorf("%s: got %d %s, want %d %s", name, a.status, a.text, c.status, c.want)
		}
	}
}

func TestMetricsHearOfEveryRequest(t *testing.T) {
	var heard []string
	s := on(t, func(o *httpapi.Options) {
		o.Metrics = func(method, route string, status int, _ time.Duration) {
			heard = append(heard, fmt.Sprint(method, " ", route, " ", status))
		}
	})
	s.request(t, "", "GET", "/api/tasks/some-id", nil)
	s.request(t, "", "GET", "/nowhere/at/all", nil)
	if want := []string{"GET /api/tasks/{id} 401", "GET / 503"}; !slices.Equal(heard, want) {
		t.Errorf("got %v, want %v", heard, want)
	}
}

func TestSocketsGoToTheirHandler(t *testing.T) {
	s := on(t, func(o *httpapi.Options) {
		o.WS = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := w.(http.Hijacker); !ok {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = w.Write([]byte(r.URL.Path))
		})
	})
	for _, path := range []string{"/ws", "/ws/tasks/x"} {
		if a := s.request(t, "", "GET", path, nil, "Accept-Encoding", "gzip"); a.status != 200 || a.text != path {
			t.Errorf("%s: got %d %q", path, a.status, a.text)
		}
	}
}

// The app sends again what was answered 503, and gives up what was answered 500.
func TestAnOutageOfTheDatabaseIsNoRefusal(t *testing.T) {
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		t.Skip("needs PostgreSQL")
	}
	s := newServer(t, tandemtest.NewPostgres(t))
	w := s.world(t, "")
	owner, path := w.people["owner"].Username, "/api/tasks/"+w.task
	s.token(t, owner)
	over := s.Outage()
	for range 3 { // on a connection that broke, and without one
		for _, r := range []struct{ method, body string }{{"GET", ""}, {"PATCH", `{"title":"Next"}`}} {
			a := s.request(t, owner, r.method, path, r.body)
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "1" {
				t.Errorf("%s: got %d %s, want 503 with Retry-After", r.method, a.status, a.text)
			}
		}
	}
	over()
	s.want(t, 200, owner, "PATCH", path, `{"title":"Next"}`)
}
