package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/internal/auth"
	"tandem/internal/httpapi"
	"tandem/internal/tandemtest"
)

func TestNotificationsOverTheAPI(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		member := w.people["member"]
		s.want(t, 200, "owner", "PATCH", "/api/tasks/"+w.task, map[string]any{"assigned_to": member.ID})
		s.want(t, 201, "owner", "POST", "/api/tasks/"+w.task+"/comments", map[string]any{"body": "@member, look"})
		s.want(t, 201, "admin", "POST", "/api/tasks/"+w.task+"/comments", map[string]any{"body": "yes"})

		list := s.want(t, 200, "member", "GET", "/api/notifications?limit=2", nil)
		items := list["items"].([]any)
		first := items[0].(map[string]any)
		if len(items) != 2 || first["title"] != "admin commented on WEB-1" || first["triggered_by"].(map[string]any)["username"] != "admin" || list["next_cursor"] == nil {
			t.Fatalf("got %v", list)
		}
		rest := s.want(t, 200, "member", "GET", "/api/notifications?limit=2&cursor="+list["next_cursor"].(string), nil)
		if items := rest["items"].([]any); len(items) != 1 || items[0].(map[string]any)["type"] != "task_assigned" || rest["next_cursor"] != nil {
			t.Errorf("got %v", rest)
		}
		for path, want := range map[string]float64{"/api/notifications?type=mention": 1, "/api/notifications?type=mention,task_assigned&type=task_commented": 3, "/api/notifications?is_read=true": 0, "/api/notifications?is_read=false": 3} {
			if got := len(s.want(t, 200, "member", "GET", path, nil)["items"].([]any)); float64(got) != want {
				t.Errorf("%s: got %d, want %v", path, got, want)
			}
		}
		count := func(want float64, got map[string]any) {
			t.Helper()
			if got["count"] != want {
				t.Errorf("got %v unread, want %v", got["count"], want)
			}
		}
		id := first["id"].(string)
		count(3, s.want(t, 200, "member", "GET", "/api/notifications/unread", nil))
		if got := s.want(t, 200, "member", "POST", "/api/notifications/"+id+"/read", nil); got["is_read"] != true || got["id"] != id {
			t.Errorf("got %v", got)
		}
		count(2, s.want(t, 200, "member", "POST", "/api/notifications/read", map[string]any{"ids": []string{id}}))
		count(1, s.want(t, 200, "member", "POST", "/api/notifications/read-all", map[string]any{"type": "mention"}))
		count(0, s.want(t, 200, "member", "POST", "/api/notifications/read-all", nil))
		s.want(t, 204, "member", "DELETE", "/api/notifications/"+id, nil)
		s.want(t, 404, "member", "DELETE", "/api/notifications/"+id, nil)
		count(0, s.want(t, 200, "member", "POST", "/api/notifications/delete", map[string]any{"ids": []string{items[1].(map[string]any)["id"].(string)}}))
	})
}

func TestPreferencesOverTheAPI(t *testing.T) {
	s := on(t)
	s.User("ann")
	path := "/api/me/notification-preferences"
	whole := s.want(t, 200, "ann", "GET", path, nil)
	if len(whole["types"].(map[string]any)) != 6 || whole["digest_hour"] != 8.0 || whole["quiet_from"] != nil || whole["timezone"] != "UTC" {
		t.Errorf("got %v", whole)
	}
	whole["quiet_from"], whole["quiet_to"] = "22:00", "07:00"
	if got := s.want(t, 200, "ann", "PUT", path, whole); got["quiet_from"] != "22:00" { // the whole may be sent back
		t.Errorf("got %v", got)
	}
	got := s.want(t, 200, "ann", "PUT", path, map[string]any{"types": map[string]any{"mention": map[string]any{"email": "off"}}})
	mention := got["types"].(map[string]any)["mention"].(map[string]any)
	if mention["email"] != "off" || mention["in_app"] != true || got["quiet_to"] != "07:00" {
		t.Errorf("got %v", got)
	}
	if got := s.want(t, 200, "ann", "PUT", path, map[string]any{"quiet_from": nil, "quiet_to": nil}); got["quiet_from"] != nil {
		t.Errorf("got %v", got)
	}
}

// A version does not count what a thing is to one person, and yet nobody may be shown the answer from before.
func TestMutesChangeTheETag(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	for _, path := range []string{"/api/tasks/" + w.task, "/api/projects/" + w.project} {
		before := s.request(t, "viewer", "GET", path, nil)
		s.want(t, 204, "viewer", "PUT", path+"/mute", nil)
		tag := before.header.Get("ETag")
		muted := s.request(t, "viewer", "GET", path, nil, "If-None-Match", tag)
		if muted.status != 200 || muted.json(t)["muted"] != true || muted.header.Get("ETag") == tag {
			t.Errorf("%s: got %d %s, ETag %s", path, muted.status, muted.text, muted.header.Get("ETag"))
		}
		if a := s.request(t, "owner", "PATCH", path, map[string]any{"description": "x"}, "If-Match", muted.header.Get("ETag")); a.status != 200 {
			t.Errorf("%s: the ETag is no precondition: %d %s", path, a.status, a.text)
		}
		s.want(t, 204, "viewer", "DELETE", path+"/mute", nil)
		if s.want(t, 200, "viewer", "GET", path, nil)["muted"] != false {
			t.Errorf("%s is still muted", path)
		}
	}
	mutes := s.want(t, 200, "viewer", "GET", "/api/me/mutes", nil)
	if len(mutes["tasks"].([]any))+len(mutes["projects"].([]any)) != 0 {
		t.Errorf("got %v", mutes)
	}
}

func TestPeopleShowWhatIsShared(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	member := w.people["member"]
	other := s.want(t, 201, "member", "POST", "/api/teams", map[string]any{"name": "Others'"})["id"].(string)
	hidden := s.want(t, 201, "member", "POST", "/api/teams/"+other+"/projects", map[string]any{"name": "Hidden"})["id"].(string)
	s.want(t, 201, "member", "POST", "/api/projects/"+hidden+"/tasks", map[string]any{"title": "hidden", "assigned_to": member.ID})
	for i, due := range []any{nil, "2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"} {
		s.want(t, 201, "owner", "POST", "/api/projects/"+w.project+"/tasks", map[string]any{"title": fmt.Sprint("T", i), "assigned_to": member.ID, "due_at": due})
	}
	s.want(t, 201, "owner", "POST", "/api/projects/"+w.project+"/tasks", map[string]any{"title": "done", "assigned_to": member.ID, "status": "done"})
	got := s.want(t, 200, "viewer", "GET", "/api/users/member", nil)
	shared := got["teams"].([]any)
	if got["username"] != "member" || len(shared) != 1 || shared[0].(map[string]any)["id"] != w.team || shared[0].(map[string]any)["role"] != "member" {
		t.Errorf("got %v", got)
	}
	open := got["open_tasks"].(map[string]any)
	var titles []string
	for _, item := range open["items"].([]any) {
		titles = append(titles, item.(map[string]any)["title"].(string))
	}
	if open["count"] != 3.0 || !slices.Equal(titles, []string{"T2", "T1", "T0"}) {
		t.Errorf("got %v, want three, what is due soonest first", open)
	}
	if key := open["items"].([]any)[0].(map[string]any)["key"]; key != "WEB-5" {
		t.Errorf("got the key %v", key)
	}
	own := s.want(t, 200, "member", "GET", "/api/users/member", nil)
	if len(own["teams"].([]any)) != 2 || own["open_tasks"].(map[string]any)["count"] != 4.0 {
		t.Errorf("of themselves: got %v", own)
	}
}

// BenchmarkNotifications asks over HTTP for the unread count and the first page of somebody with 100,000 of them.
func BenchmarkNotifications(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *tandemtest.Env{"sqlite": tandemtest.NewSQLite, "postgres": tandemtest.NewPostgres} {
		b.Run(name, func(b *testing.B) {
			if name == "postgres" && !tandemtest.HasPostgres() {
				b.Skip("there is no PostgreSQL")
			}
			env := open(b)
			s := newServer(b, env, func(o *httpapi.Options) { o.Config.RateLimits = "off" })
			ann := env.User("ann")
			env.Notifications(ann, nil, 100_000)
			l, err := env.Auth.Login(b.Context(), "ann", tandemtest.Password, auth.Client{})
			if err != nil {
				b.Fatal(err)
			}
			web := httptest.NewServer(s.api.Handler())
			defer web.Close()
			for _, path := range []string{"/api/notifications/unread", "/api/notifications", "/api/notifications?is_read=false", "/api/notifications?type=mention,task_assigned"} {
				b.Run(strings.TrimPrefix(path, "/api/"), func(b *testing.B) {
					var times []time.Duration
					for b.Loop() {
						began := time.Now()
						req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, web.URL+path, nil)
						if err != nil {
							b.Fatal(err)
						}
						req.Header.Set("Authorization", "Bearer "+l.AccessToken)
						res, err := web.Client().Do(req)
						if err != nil {
							b.Fatal(err)
						}
						if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
							b.Fatal(res.Status, err)
						}
						_ = res.Body.Close()
						times = append(times, time.Since(began))
					}
					slices.Sort(times)
					b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "p95-ms")
				})
			}
		})
	}
}
