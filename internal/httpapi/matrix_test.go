package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tandem/internal/httpapi"
)

// access is a row of the matrix: what each kind of person is answered on one route.
type access struct {
	route string
	// want is the statuses of: nobody, outsider, viewer, member, admin, owner.
	want string
	// target makes what the request is about, anew for each person, and returns path and body.
	target func(t *testing.T, s *server, w world) (path string, body any)
}

var askers = []string{"", "outsider", "viewer", "member", "admin", "owner"}

// at is a target that is always the same.
func at(path string, body ...any) func(*testing.T, *server, world) (string, any) {
	return func(_ *testing.T, _ *server, w world) (string, any) {
		var b any
		if len(body) > 0 {
			b = body[0]
		}
		return w.fill(path), b
	}
}

// fill puts the world's ids into a path.
func (w world) fill(path string) string {
	return strings.NewReplacer("{team}", w.team, "{project}", w.project, "{task}", w.task, "{other}", w.other, "{comment}", w.comment, "{label}", w.label,
		"{invite}", w.invite, "{token}", w.token, "{owner}", w.people["owner"].ID, "{member}", w.people["member"].ID).Replace(path)
}

// made is a target that the owner makes first; its id takes the place of {new}.
func made(create string, input map[string]any, path string, body ...any) func(*testing.T, *server, world) (string, any) {
	return func(t *testing.T, s *server, w world) (string, any) {
		in := map[string]any{}
		for k, v := range input {
			if text, ok := v.(string); ok {
				v = strings.ReplaceAll(text, "{n}", fmt.Sprint(number.Add(1)))
			}
			in[k] = v
		}
		id := s.want(t, 201, w.people["owner"].Username, "POST", w.fill(create), in)["id"].(string)
		var b any
		if len(body) > 0 {
			b = body[0]
		}
		return strings.ReplaceAll(w.fill(path), "{new}", id), b
	}
}

var number atomic.Int64

// unique is a target with a body that differs each time.
func unique(path, body string) func(*testing.T, *server, world) (string, any) {
	return func(_ *testing.T, _ *server, w world) (string, any) {
		return w.fill(path), strings.ReplaceAll(w.fill(body), "{n}", fmt.Sprint(number.Add(1)))
	}
}

// joined makes a user who is a member.
func joined(path string, body ...any) func(*testing.T, *server, world) (string, any) {
	return func(t *testing.T, s *server, w world) (string, any) {
		u := s.User("")
		token := s.want(t, 201, w.people["owner"].Username, "POST", "/api/teams/"+w.team+"/invites", map[string]any{"username": u.Username, "role": "member"})["token"].(string)
		s.want(t, 200, u.Username, "POST", "/api/invites/"+token+"/accept", nil)
		var b any
		if len(body) > 0 {
			b = body[0]
		}
		return strings.ReplaceAll(w.fill(path), "{new}", u.ID), b
	}
}

// trashed is a task in the trash.
func trashed(path string) func(*testing.T, *server, world) (string, any) {
	return func(t *testing.T, s *server, w world) (string, any) {
		path, _ := made("/api/projects/{project}/tasks", map[string]any{"title": "Gone"}, path)(t, s, w)
		s.want(t, 204, w.people["owner"].Username, "DELETE", strings.TrimSuffix(path, "/restore"), nil)
		return path, nil
	}
}

// fresh is a batch of one task that is only there for it.
func fresh(path string) func(*testing.T, *server, world) (string, any) {
	return func(t *testing.T, s *server, w world) (string, any) {
		made := s.want(t, 201, w.people["owner"].Username, "POST", "/api/projects/"+w.project+"/tasks", map[string]any{"title": "Gone"})
		return path, map[string]any{"task_ids": []any{made["id"]}}
	}
}

// invitedGuest is an invite for somebody who is none of the askers.
func invitedGuest(path string) func(*testing.T, *server, world) (string, any) {
	return func(t *testing.T, s *server, w world) (string, any) {
		guest := s.User("")
		i := s.want(t, 201, w.people["owner"].Username, "POST", "/api/teams/"+w.team+"/invites", map[string]any{"username": guest.Username, "role": "member"})
		return strings.NewReplacer("{new}", i["id"].(string), "{secret}", i["token"].(string)).Replace(w.fill(path)), nil
	}
}

// notified is a notification of somebody who is none of the askers, named in the path or else in the body.
func notified(path string) func(*testing.T, *server, world) (string, any) {
	return func(t *testing.T, s *server, w world) (string, any) {
		guest := s.User("")
		s.want(t, 201, w.people["owner"].Username, "POST", "/api/teams/"+w.team+"/invites", map[string]any{"username": guest.Username})
		n := s.want(t, 200, guest.Username, "GET", "/api/notifications", nil)["items"].([]any)[0].(map[string]any)
		id := n["id"].(string)
		if strings.Contains(path, "{new}") {
			return strings.ReplaceAll(path, "{new}", id), nil
		}
		return path, map[string]any{"ids": []string{id}}
	}
}

var sharedFilter = map[string]any{"name": "Late", "query": "due=overdue", "shared": true}

var task = map[string]any{"title": "Task {n}"}

var matrix = []access{
	{"POST /api/auth/register", "201 201 201 201 201 201", unique("/api/auth/register", `{"username":"new{n}","email":"new{n}@example.org","password":"correct horse battery","name":"New"}`)},
	{"POST /api/auth/login", "401 401 401 401 401 401", at("/api/auth/login", map[string]any{"login": "nobody", "password": "wrong password"})},
	{"POST /api/auth/refresh", "401 401 401 401 401 401", at("/api/auth/refresh")},
	{"POST /api/auth/logout", "204 204 204 204 204 204", at("/api/auth/logout")},
	{"POST /api/auth/password/forgot", "202 202 202 202 202 202", at("/api/auth/password/forgot", map[string]any{"email": "nobody@example.org"})},
	{"POST /api/auth/password/reset", "422 422 422 422 422 422", at("/api/auth/password/reset", map[string]any{"token": "wrong", "password": "correct horse battery"})},
	{"POST /api/auth/email/verify", "422 422 422 422 422 422", at("/api/auth/email/verify", map[string]any{"token": "wrong"})},
	{"GET /api/unsubscribe/{token}", "404 404 404 404 404 404", at("/api/unsubscribe/wrong")},
	{"POST /api/unsubscribe/{token}", "404 404 404 404 404 404", at("/api/unsubscribe/wrong", map[string]any{"setting": "off"})},
	{"GET /api/config", "200 200 200 200 200 200", at("/api/config")},

	{"GET /api/me", "401 200 200 200 200 200", at("/api/me")},
	{"PATCH /api/me", "401 200 200 200 200 200", at("/api/me", map[string]any{"name": "Somebody"})},
	{"PUT /api/me/avatar", "401 200 200 200 200 200", at("/api/me/avatar", smallPNG)},
	{"DELETE /api/me/avatar", "401 200 200 200 200 200", at("/api/me/avatar")},
	{"PUT /api/me/password", "401 422 422 422 422 422", at("/api/me/password", map[string]any{"current_password": "wrong", "new_password": "correct horse battery 2"})},
	{"POST /api/me/email/verification", "401 202 202 202 202 202", at("/api/me/email/verification")},
	{"POST /api/me/email/resume", "401 204 204 204 204 204", at("/api/me/email/resume")},
	{"GET /api/me/sessions", "401 200 200 200 200 200", at("/api/me/sessions")},
	{"DELETE /api/me/sessions/{id}", "401 404 404 404 404 404", func(t *testing.T, s *server, _ world) (string, any) {
		stranger := s.User("")
		list := s.want(t, 200, stranger.Username, "GET", "/api/me/sessions", nil)["items"].([]any)
		return "/api/me/sessions/" + list[0].(map[string]any)["id"].(string), nil
	}},
	{"GET /api/me/analytics", "401 200 200 200 200 200", at("/api/me/analytics?from=2026-01-01&to=2026-02-01")},
	{"GET /api/me/filters", "401 200 200 200 200 200", at("/api/me/filters")},
	{"POST /api/me/filters", "401 201 201 201 201 201", at("/api/me/filters", map[string]any{"name": "Late", "query": "due=overdue"})},
	{"GET /api/me/invites", "401 200 200 200 200 200", at("/api/me/invites")},
	{"POST /api/me/invites/{id}/accept", "401 404 404 404 404 404", invitedGuest("/api/me/invites/{new}/accept")},
	{"POST /api/me/invites/{id}/decline", "401 404 404 404 404 404", invitedGuest("/api/me/invites/{new}/decline")},
	{"GET /api/users/{username}", "401 404 200 200 200 200", func(_ *testing.T, _ *server, w world) (string, any) {
		return "/api/users/" + w.people["owner"].Username, nil
	}},

	{"GET /api/notifications", "401 200 200 200 200 200", at("/api/notifications?type=mention,task_assigned&is_read=false")},
	{"GET /api/notifications/unread", "401 200 200 200 200 200", at("/api/notifications/unread")},
	{"POST /api/notifications/{id}/read", "401 404 404 404 404 404", notified("/api/notifications/{new}/read")},
	{"POST /api/notifications/read", "401 404 404 404 404 404", notified("/api/notifications/read")},
	{"POST /api/notifications/read-all", "401 200 200 200 200 200", at("/api/notifications/read-all")},
	{"DELETE /api/notifications/{id}", "401 404 404 404 404 404", notified("/api/notifications/{new}")},
	{"POST /api/notifications/delete", "401 404 404 404 404 404", notified("/api/notifications/delete")},
	{"GET /api/me/notification-preferences", "401 200 200 200 200 200", at("/api/me/notification-preferences")},
	{"PUT /api/me/notification-preferences", "401 200 200 200 200 200", at("/api/me/notification-preferences", map[string]any{"digest_hour": 9})},
	{"GET /api/me/mutes", "401 200 200 200 200 200", at("/api/me/mutes")},
	{"PUT /api/tasks/{id}/mute", "401 404 204 204 204 204", at("/api/tasks/{task}/mute")},
	{"DELETE /api/tasks/{id}/mute", "401 404 204 204 204 204", at("/api/tasks/{task}/mute")},
	{"PUT /api/projects/{id}/mute", "401 404 204 204 204 204", at("/api/projects/{project}/mute")},
	{"DELETE /api/projects/{id}/mute", "401 404 204 204 204 204", at("/api/projects/{project}/mute")},

	{"GET /api/teams", "401 200 200 200 200 200", at("/api/teams")},
	{"POST /api/teams", "401 201 201 201 201 201", at("/api/teams", map[string]any{"name": "Mine"})},
	{"GET /api/teams/{id}", "401 404 200 200 200 200", at("/api/teams/{team}")},
	{"PATCH /api/teams/{id}", "401 404 403 403 200 200", at("/api/teams/{team}", map[string]any{"description": "Ours"})},
	{"DELETE /api/teams/{id}", "401 404 403 403 403 204", at("/api/teams/{team}")},
	{"GET /api/teams/{id}/members", "401 404 200 200 200 200", at("/api/teams/{team}/members")},
	{"PATCH /api/teams/{id}/members/{user_id}", "401 404 403 403 200 200", joined("/api/teams/{team}/members/{new}", map[string]any{"role": "viewer"})},
	{"DELETE /api/teams/{id}/members/{user_id}", "401 404 403 403 204 204", joined("/api/teams/{team}/members/{new}")},
	{"GET /api/teams/{id}/invites", "401 404 403 403 200 200", at("/api/teams/{team}/invites")},
	{"POST /api/teams/{id}/invites", "401 404 403 403 201 201", unique("/api/teams/{team}/invites", `{"email":"guest{n}@example.org","role":"member"}`)},
	{"DELETE /api/teams/{id}/invites/{invite_id}", "401 404 403 403 204 204", invitedGuest("/api/teams/{team}/invites/{new}")},
	{"GET /api/invites/{token}", "200 200 200 200 200 200", invitedGuest("/api/invites/{secret}")},
	{"POST /api/invites/{token}/accept", "401 404 404 404 404 404", invitedGuest("/api/invites/{secret}/accept")},
	{"POST /api/invites/{token}/decline", "401 404 404 404 404 404", invitedGuest("/api/invites/{secret}/decline")},
	{"GET /api/teams/{id}/labels", "401 404 200 200 200 200", at("/api/teams/{team}/labels")},
	{"POST /api/teams/{id}/labels", "401 404 403 201 201 201", unique("/api/teams/{team}/labels", `{"name":"label {n}","color":"blue"}`)},
	{"PATCH /api/labels/{id}", "401 404 403 200 200 200", at("/api/labels/{label}", map[string]any{"color": "green"})},
	{"DELETE /api/labels/{id}", "401 404 403 204 204 204", made("/api/teams/{team}/labels", map[string]any{"name": "gone {n}", "color": "red"}, "/api/labels/{new}")},
	{"GET /api/teams/{id}/members/{user_id}/analytics", "401 404 403 403 403 200", at("/api/teams/{team}/members/{owner}/analytics")},
	{"GET /api/teams/{id}/analytics", "401 404 200 200 200 200", at("/api/teams/{team}/analytics?bucket=week&project_id={project}")},
	{"GET /api/teams/{id}/report", "401 404 200 200 200 200", at("/api/teams/{team}/report")},
	{"PUT /api/teams/{id}/report", "401 404 204 204 204 204", at("/api/teams/{team}/report")},
	{"DELETE /api/teams/{id}/report", "401 404 204 204 204 204", at("/api/teams/{team}/report")},
	{"GET /api/admin/mails", "401 403 403 403 403 403", at("/api/admin/mails")},
	{"GET /api/admin/mails/{id}", "401 403 403 403 403 403", at("/api/admin/mails/nothing")},
	{"GET /api/admin/mail-previews", "401 403 403 403 403 403", at("/api/admin/mail-previews")},
	{"GET /api/admin/mail-previews/{kind}", "401 403 403 403 403 403", at("/api/admin/mail-previews/mention")},
	{"GET /api/teams/{id}/events", "401 404 200 200 200 200", at("/api/teams/{team}/events?after=1")},

	{"GET /api/teams/{id}/projects", "401 404 200 200 200 200", at("/api/teams/{team}/projects")},
	{"POST /api/teams/{id}/projects", "401 404 403 403 201 201", unique("/api/teams/{team}/projects", `{"name":"P","key":"P{n}"}`)},
	{"GET /api/projects/{id}", "401 404 200 200 200 200", at("/api/projects/{project}")},
	{"PATCH /api/projects/{id}", "401 404 403 403 200 200", at("/api/projects/{project}", map[string]any{"description": "x"})},
	{"DELETE /api/projects/{id}", "401 404 403 403 204 204", made("/api/teams/{team}/projects", map[string]any{"name": "D", "key": "D{n}"}, "/api/projects/{new}")},
	{"POST /api/projects/{id}/statuses", "401 404 403 403 201 201", unique("/api/projects/{project}/statuses", `{"name":"Status {n}","color":"gray","category":"active"}`)},
	{"PATCH /api/projects/{id}/statuses/{slug}", "401 404 403 403 200 200", at("/api/projects/{project}/statuses/in_review", map[string]any{"wip_limit": 5})},
	{"DELETE /api/projects/{id}/statuses/{slug}", "401 404 403 403 200 200", made("/api/teams/{team}/projects", map[string]any{"name": "S", "key": "S{n}"}, "/api/projects/{new}/statuses/in_review")},
	{"GET /api/projects/{id}/filters", "401 404 200 200 200 200", at("/api/projects/{project}/filters")},
	{"POST /api/projects/{id}/filters", "401 404 403 201 201 201", at("/api/projects/{project}/filters", map[string]any{"name": "Late", "query": "due=overdue", "shared": true})},
	{"PATCH /api/filters/{id}", "401 404 403 403 200 200", made("/api/projects/{project}/filters", sharedFilter, "/api/filters/{new}", map[string]any{"name": "Very late"})},
	{"DELETE /api/filters/{id}", "401 404 403 403 204 204", made("/api/projects/{project}/filters", sharedFilter, "/api/filters/{new}")},
	{"GET /api/projects/{id}/board", "401 404 200 200 200 200", at("/api/projects/{project}/board")},
	{"GET /api/teams/{id}/reports", "401 404 200 200 200 200", at("/api/teams/{team}/reports")},
	{"POST /api/teams/{id}/reports", "401 404 202 202 202 202", at("/api/teams/{team}/reports", map[string]any{"kind": "data"})},
	{"GET /api/reports/{id}", "401 404 404 404 404 200", ownReport},
	{"DELETE /api/reports/{id}", "401 404 404 404 404 204", ownReport},
	{"GET /api/reports/{id}/file", "401 404 404 404 404 409", func(t *testing.T, s *server, w world) (string, any) {
		path, body := ownReport(t, s, w)
		return path + "/file", body
	}},
	{"POST /api/projects/{id}/import", "401 404 403 403 202 202", at("/api/projects/{project}/import?format=csv", "title\nImported\n")},
	{"GET /api/imports/{id}", "401 404 200 200 200 200", func(t *testing.T, s *server, w world) (string, any) {
		id := s.want(t, 202, w.people["owner"].Username, "POST", "/api/projects/"+w.project+"/import?format=csv", "title\nImported\n")["id"].(string)
		return "/api/imports/" + id, nil
	}},
	{"DELETE /api/imports/{id}", "401 404 403 403 204 204", func(t *testing.T, s *server, w world) (string, any) {
		id := s.want(t, 202, w.people["owner"].Username, "POST", "/api/projects/"+w.project+"/import?format=csv", "title\nImported\n")["id"].(string)
		return "/api/imports/" + id, nil
	}},
	{"GET /api/projects/{id}/export", "401 404 200 200 200 200", at("/api/projects/{project}/export?format=json")},

	{"GET /api/tasks", "401 404 200 200 200 200", at("/api/tasks?team_id={team}")},
	{"POST /api/projects/{id}/tasks", "401 404 403 201 201 201", at("/api/projects/{project}/tasks", map[string]any{"title": "New"})},
	{"POST /api/tasks/move", "401 404 403 200 200 200", func(_ *testing.T, _ *server, w world) (string, any) {
		return "/api/tasks/move", map[string]any{"task_ids": []string{w.task}, "status": "in_progress"}
	}},
	{"POST /api/tasks/edit", "401 404 403 200 200 200", func(_ *testing.T, _ *server, w world) (string, any) {
		return "/api/tasks/edit", map[string]any{"edits": []any{map[string]any{"task_id": w.task, "priority": "high"}}}
	}},
	{"POST /api/tasks/delete", "401 404 403 200 200 200", fresh("/api/tasks/delete")},
	{"POST /api/tasks/restore", "401 404 403 200 200 200", fresh("/api/tasks/restore")},
	{"GET /api/tasks/{id}", "401 404 200 200 200 200", at("/api/tasks/{task}")},
	{"PATCH /api/tasks/{id}", "401 404 403 200 200 200", at("/api/tasks/{task}", map[string]any{"title": "Changed"})},
	{"DELETE /api/tasks/{id}", "401 404 403 204 204 204", made("/api/projects/{project}/tasks", task, "/api/tasks/{new}")},
	{"POST /api/tasks/{id}/restore", "401 404 403 200 200 200", trashed("/api/tasks/{new}/restore")},
	{"PUT /api/tasks/{id}/watch", "401 404 204 204 204 204", at("/api/tasks/{task}/watch")},
	{"DELETE /api/tasks/{id}/watch", "401 404 204 204 204 204", at("/api/tasks/{task}/watch")},
	{"GET /api/tasks/{id}/activity", "401 404 200 200 200 200", at("/api/tasks/{task}/activity")},
	{"GET /api/tasks/{id}/presence", "401 404 200 200 200 200", at("/api/tasks/{task}/presence")},
	{"GET /api/tasks/{id}/comments", "401 404 200 200 200 200", at("/api/tasks/{task}/comments")},
	{"POST /api/tasks/{id}/comments", "401 404 403 201 201 201", at("/api/tasks/{task}/comments", map[string]any{"body": "Yes"})},
	{"PATCH /api/comments/{id}", "401 404 403 403 403 200", at("/api/comments/{comment}", map[string]any{"body": "Changed"})},
	{"DELETE /api/comments/{id}", "401 404 403 403 204 204", made("/api/tasks/{task}/comments", map[string]any{"body": "Gone"}, "/api/comments/{new}")},
	{"GET /api/search/people", "401 404 200 200 200 200", at("/api/search/people?q=o&team_id={team}")},
	{"GET /api/search", "401 404 200 200 200 200", at("/api/search?q=first&team_id={team}")},

	{"GET /healthz", "200 200 200 200 200 200", at("/healthz")},
	{"GET /readyz", "200 200 200 200 200 200", at("/readyz")},
}

func TestEveryRouteAnswersEachRoleAsItShould(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		shared := s.world(t, "")
		for _, row := range matrix {
			w := shared
			if row.route == "DELETE /api/teams/{id}" || row.route == "POST /api/auth/logout" {
				w = s.world(t, "doomed"+method(row.route))
			}
			want := strings.Fields(row.want)
			for i, who := range askers {
				path, body := row.target(t, s, w)
				a := s.request(t, w.people[who].Username, method(row.route), path, body)
				if got := fmt.Sprint(a.status); got != want[i] {
					t.Errorf("%s as %q: got %s, want %s\n%s", row.route, who, got, want[i], a.text)
				}
				if a.status >= 400 {
					checkProblem(t, a)
				}
				if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s as %q: 401 without WWW-Authenticate", row.route, who)
				}
			}
		}
	})
}

func method(route string) string {
	m, _, _ := strings.Cut(route, " ")
	return m
}

// routesOf lists the operations of the document.
func routesOf(t *testing.T) []string {
	t.Helper()
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	var out []string
	for path, ops := range d.Paths {
		for method := range ops {
			out = append(out, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

func TestMatrixHoldsEveryRoute(t *testing.T) {
	t.Parallel()
	routes := routesOf(t)
	for _, r := range routes {
		n := 0
		for _, row := range matrix {
			if row.route == r {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d rows in the matrix, want 1", r, n)
		}
	}
	for _, row := range matrix {
		if !slices.Contains(routes, row.route) {
			t.Errorf("%s is in the matrix and not in the API", row.route)
		}
	}
}

// ownReport is a report that the owner asked for, which is nobody else's. Only some may wait at a time.
func ownReport(t *testing.T, s *server, w world) (string, any) {
	owner := w.people["owner"].Username
	for _, r := range s.want(t, 200, owner, "GET", "/api/teams/"+w.team+"/reports", nil)["items"].([]any) {
		s.want(t, 204, owner, "DELETE", "/api/reports/"+r.(map[string]any)["id"].(string), nil)
	}
	return "/api/reports/" + s.want(t, 202, owner, "POST", "/api/teams/"+w.team+"/reports", map[string]any{"kind": "week"})["id"].(string), nil
}
