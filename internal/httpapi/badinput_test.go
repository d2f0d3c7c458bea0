package httpapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// bad is a request that must be refused.
type bad struct {
	name    string
	request string // method and path
	body    any
	headers []string
	status  int
	place   string // a location that the problem names; empty: none is needed
}

// refuse sends each as the owner, and fails the test unless it is refused and nothing was written.
func (s *server) refuse(t *testing.T, w world, cases []bad) {
	t.Helper()
	owner := w.people["owner"].Username
	s.token(t, owner)
	for _, c := range cases {
		before := s.rows(t)
		method, path, _ := strings.Cut(c.request, " ")
		a := s.request(t, owner, method, w.fill(path), c.body, c.headers...)
		if a.status != c.status {
			t.Errorf("%s: got %d, want %d\n%s", c.name, a.status, c.status, cutText(a.text))
			continue
		}
		p := checkProblem(t, a)
		if c.place != "" && !slices.Contains(places(p), c.place) {
			t.Errorf("%s: got places %v, want %s\n%s", c.name, places(p), c.place, cutText(a.text))
		}
		if after := s.rows(t); !maps.Equal(before, after) {
			t.Errorf("%s: wrote something: before %v, after %v", c.name, before, after)
		}
	}
}

func cutText(s string) string { return s[:min(len(s), 600)] }

func TestBadBodiesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		create, change := "POST /api/projects/{project}/tasks", "PATCH /api/tasks/{task}"
		s.refuse(t, s.world(t, ""), []bad{
			{"unknown field", create, `{"title":"x","colour":"red"}`, nil, 422, "body.colour"},
			{"unknown field in a part", change, `{"title":"x","was":{"colour":"red"}}`, nil, 422, "body.was.colour"},
			{"field in another case", create, `{"Title":"x"}`, nil, 422, "body.Title"},
			{"no title", create, `{}`, nil, 422, "body.title"},
			{"missing field", "POST /api/auth/login", `{"login":"x"}`, nil, 422, "body.password"},
			{"blank title", create, `{"title":"  "}`, nil, 422, "body.title"},
			{"title is null", change, `{"title":null}`, nil, 422, "body.title"},
			{"title is a number", create, `{"title":5}`, nil, 422, "body.title"},
			{"labels are a text", create, `{"title":"x","labels":"bug"}`, nil, 422, "body.labels"},
			{"a label is a number", create, `{"title":"x","labels":[1]}`, nil, 422, "body.labels[0]"},
			{"assignee is an object", create, `{"title":"x","assigned_to":{}}`, nil, 422, "body.assigned_to"},
			{"priority is unknown", create, `{"title":"x","priority":"huge"}`, nil, 422, "body.priority"},
			{"status is unknown", create, `{"title":"x","status":"nowhere"}`, nil, 422, "body.status"},
			{"due_at is no time", create, `{"title":"x","due_at":"tomorrow"}`, nil, 422, "body.due_at"},
			{"due_at is out of range", create, `{"title":"x","due_at":"0001-01-01T00:00:00Z"}`, nil, 422, "body.due_at"},
			{"limit is out of range", "PATCH /api/projects/{project}/statuses/todo", `{"wip_limit":1e30}`, nil, 422, "body.wip_limit"},
			{"title too long", create, map[string]any{"title": strings.Repeat("x", 501)}, nil, 422, "body.title"},
			{"description too long", create, map[string]any{"title": "x", "description": strings.Repeat("x", 100_001)}, nil, 422, "body.description"},
			{"control character", create, `{"title":"a\u0007b"}`, nil, 422, "body.title"},
			{"NUL in a text", create, `{"title":"a\u0000b"}`, nil, 422, "body.title"},
			{"NUL in an id", create, `{"title":"x","assigned_to":"\u0000"}`, nil, 422, "body.assigned_to"},
			{"NUL in a list", create, `{"title":"x","labels":["a","\u0000"]}`, nil, 422, "body.labels[1]"},
			{"invalid UTF-8", create, "{\"title\":\"a\xff\"}", nil, 422, "body.title"},
			{"invalid UTF-8 in a name", create, "{\"title\":\"a\",\"\xff\":1}", nil, 422, "body"},
			{"several faults at once", create, `{"title":"","priority":"none","assigned_to":""}`, nil, 422, "body.assigned_to"},
			{"an array", create, `[]`, nil, 422, "body"},
			{"null", create, `null`, nil, 422, "body"},
			{"no JSON", create, `title=x`, nil, 400, "body"},
			{"truncated", create, `{"title":"x"`, nil, 400, "body"},
			{"two values", create, `{"title":"x"} {}`, nil, 400, "body"},
			{"empty", create, ``, nil, 400, ""},
			{"deeply nested", create, strings.Repeat("[", 200_000), nil, 400, "body"},
			{"deeply nested and closed", create, `{"title":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, nil, 422, "body.title"},
			{"huge", create, `{"title":"` + strings.Repeat("x", 4<<20) + `"}`, nil, 413, ""},
			{"a form", create, `title=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "header.Content-Type"},
			{"plain text", create, `{"title":"x"}`, []string{"Content-Type", "text/plain"}, 415, "header.Content-Type"},
			{"unreadable type", create, `{"title":"x"}`, []string{"Content-Type", ";"}, 415, "header.Content-Type"},
			{"body where none belongs", "POST /api/tasks/{task}/restore", `{"title":"x"}`, nil, 422, "body"},
			{"long idempotency key", create, `{"title":"x"}`, []string{"Idempotency-Key", strings.Repeat("k", 129)}, 422, "header.Idempotency-Key"},
			{"blank in the idempotency key", create, `{"title":"x"}`, []string{"Idempotency-Key", "a b"}, 422, "header.Idempotency-Key"},
			{"If-Match is no version", change, `{"title":"x"}`, []string{"If-Match", `"x"`}, 422, "header.If-Match"},
			{"If-Match is two versions", change, `{"title":"x"}`, []string{"If-Match", `"1", "2"`}, 422, "header.If-Match"},
			{"too many tasks", "POST /api/tasks/move", map[string]any{"task_ids": make([]string, 501)}, nil, 422, "body.task_ids"},
			{"no tasks", "POST /api/tasks/move", `{"task_ids":[],"status":"todo"}`, nil, 422, "body.task_ids"},
			{"a task twice", "POST /api/tasks/move", `{"task_ids":["a","a"],"status":"todo"}`, nil, 422, "body.task_ids[1]"},
			{"no edits", "POST /api/tasks/edit", `{"edits":[]}`, nil, 422, "body.edits"},
			{"a task edited twice", "POST /api/tasks/edit", `{"edits":[{"task_id":"a"},{"task_id":"a"}]}`, nil, 422, "body.edits[1].task_id"},
			{"a title for many", "POST /api/tasks/edit", `{"edits":[{"task_id":"a","title":"x"}]}`, nil, 422, "body.edits[0].title"},
			{"priority of an edit", "POST /api/tasks/edit", `{"edits":[{"task_id":"a","priority":"huge"}]}`, nil, 422, "body.edits[0].priority"},
			{"a task deleted twice", "POST /api/tasks/delete", `{"task_ids":["a","a"]}`, nil, 422, "body.task_ids[1]"},
			{"nothing to restore", "POST /api/tasks/restore", `{"task_ids":[]}`, nil, 422, "body.task_ids"},
			{"unknown role", "PATCH /api/teams/{team}/members/{member}", `{"role":"king"}`, nil, 422, "body.role"},
			{"owner by invite", "POST /api/teams/{team}/invites", `{"username":"x","role":"owner"}`, nil, 422, "body.role"},
			{"unknown color", "POST /api/teams/{team}/labels", `{"name":"x","color":"mauve"}`, nil, 422, "body.color"},
			{"empty comment", "POST /api/tasks/{task}/comments", `{"body":" "}`, nil, 422, "body.body"},
			{"long comment", "PATCH /api/comments/{comment}", map[string]any{"body": strings.Repeat("x", 20_001)}, nil, 422, "body.body"},
			{"no verification token", "POST /api/auth/email/verify", `{}`, nil, 422, "body.token"},
			{"a made-up verification", "POST /api/auth/email/verify", `{"token":"x"}`, nil, 422, "body.token"},
			{"a made-up unsubscribe link", "POST /api/unsubscribe/eHg", `{"setting":"off"}`, nil, 404, ""},
			{"an unsubscribe setting of no kind", "POST /api/unsubscribe/eHg", `{"setting":"never"}`, nil, 422, "body.setting"},
			{"bad time zone", "PATCH /api/me", `{"timezone":"Mars/Base"}`, nil, 422, "body.timezone"},
			{"weak password", "POST /api/auth/register", `{"username":"new","email":"new@example.org","password":"123"}`, nil, 422, "body.password"},
			{"no notifications", "POST /api/notifications/read", `{"ids":[]}`, nil, 422, "body.ids"},
			{"too many notifications", "POST /api/notifications/delete", map[string]any{"ids": make([]string, 501)}, nil, 422, "body.ids"},
			{"unknown notification", "POST /api/notifications/read", `{"ids":["nonsense"]}`, nil, 404, "body.ids[0]"},
			{"unknown notification to delete", "POST /api/notifications/delete", `{"ids":["nonsense"]}`, nil, 404, "body.ids[0]"},
			{"no type to read", "POST /api/notifications/read-all", `{"type":"gossip"}`, nil, 422, "body.type"},
			{"no object to read", "POST /api/notifications/read-all", `[]`, nil, 422, "body"},
			{"unknown type of preferences", "PUT /api/me/notification-preferences", `{"types":{"gossip":{"in_app":true}}}`, nil, 422, "body.types.gossip"},
			{"unknown way", "PUT /api/me/notification-preferences", `{"types":{"mention":{"email":"pigeon"}}}`, nil, 422, "body.types.mention.email"},
			{"hour of no day", "PUT /api/me/notification-preferences", `{"digest_hour":24}`, nil, 422, "body.digest_hour"},
			{"quiet without an end", "PUT /api/me/notification-preferences", `{"quiet_from":"22:00"}`, nil, 422, "body.quiet_to"},
			{"quiet without a beginning", "PUT /api/me/notification-preferences", `{"quiet_from":null,"quiet_to":"07:00"}`, nil, 422, "body.quiet_from"},
			{"no time of day", "PUT /api/me/notification-preferences", `{"quiet_from":"22:00","quiet_to":"7"}`, nil, 422, "body.quiet_to"},
			{"quiet all day", "PUT /api/me/notification-preferences", `{"quiet_from":"22:00","quiet_to":"22:00"}`, nil, 422, "body.quiet_to"},
			{"a name that is taken", "POST /api/auth/register", `{"username":"OWNER","email":"new@example.org","password":"correct horse battery"}`, nil, 422, "body.username"},
		})
	})
}

func TestBadAddressesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		owner := w.people["owner"].Username
		bySort := s.want(t, 200, owner, "GET", "/api/tasks?limit=1&sort=title", nil)["next_cursor"]
		s.refuse(t, w, []bad{
			{"unknown parameter", "GET /api/tasks?colour=red", nil, nil, 422, "query.colour"},
			{"unknown parameter of a write", "POST /api/tasks/move?force=1", `{"task_ids":["x"],"status":"todo"}`, nil, 422, "query.force"},
			{"limit 0", "GET /api/tasks?limit=0", nil, nil, 422, "query.limit"},
			{"limit 201", "GET /api/teams/{team}/members?limit=201", nil, nil, 422, "query.limit"},
			{"limit is a word", "GET /api/tasks?limit=all", nil, nil, 422, "query.limit"},
			{"limit of the board", "GET /api/projects/{project}/board?limit=1000", nil, nil, 422, "query.limit"},
			{"no cursor", "GET /api/tasks?cursor=nonsense", nil, nil, 422, "query.cursor"},
			{"no cursor of members", "GET /api/teams/{team}/members?cursor=!!", nil, nil, 422, "query.cursor"},
			{"no type of notification", "GET /api/notifications?type=mention,gossip", nil, nil, 422, "query.type"},
			{"neither read nor unread", "GET /api/notifications?is_read=maybe", nil, nil, 422, "query.is_read"},
			{"no cursor of notifications", "GET /api/notifications?cursor=!!", nil, nil, 422, "query.cursor"},
			{"no notification", "DELETE /api/notifications/nonsense", nil, nil, 404, ""},
			{"no cursor of comments", "GET /api/tasks/{task}/comments?cursor=bm8", nil, nil, 422, "query.cursor"},
			{"cursor of another order", fmt.Sprintf("GET /api/tasks?sort=number&cursor=%s", bySort), nil, nil, 422, "query.cursor"},
			{"unknown state of mails", "GET /api/admin/mails?state=lost", nil, nil, 422, "query.state"},
			{"unknown order", "GET /api/tasks?sort=colour", nil, nil, 422, "query.sort"},
			{"unknown priority", "GET /api/tasks?priority=huge", nil, nil, 422, "query.priority"},
			{"no time", "GET /api/tasks?due_before=soon", nil, nil, 422, "query.due_before"},
			{"no number", "GET /api/tasks?number=-1", nil, nil, 422, "query.number"},
			{"no truth", "GET /api/tasks?open=perhaps", nil, nil, 422, "query.open"},
			{"search without words", "GET /api/search", nil, nil, 422, "query.q"},
			{"endless words", "GET /api/search?q=" + strings.Repeat("x", 201), nil, nil, 422, "query.q"},
			{"seq below 0", "GET /api/teams/{team}/events?after=-1", nil, nil, 422, "query.after"},
			{"seq beyond the last", "GET /api/teams/{team}/events?after=99999", nil, nil, 410, ""},
			{"control character", "GET /api/tasks?q=a%07", nil, nil, 422, "query.q"},
			{"NUL", "GET /api/tasks?created_by=%00", nil, nil, 422, "query.created_by"},
			{"invalid UTF-8", "GET /api/search?q=%ff", nil, nil, 422, "query.q"},
			{"bad escape", "GET /api/tasks?q=%zz", nil, nil, 422, ""},
			{"semicolon", "GET /api/tasks?q=a;b", nil, nil, 422, ""},
			{"NUL in the path", "GET /api/tasks/%00", nil, nil, 404, ""},
			{"invalid UTF-8 in the path", "GET /api/tasks/%ff", nil, nil, 404, ""},
			{"no id", "GET /api/tasks/nonsense", nil, nil, 404, ""},
			{"statement in the path", "GET /api/tasks/x'%20OR%201=1--", nil, nil, 404, ""},
			{"unknown status", "DELETE /api/projects/{project}/statuses/nowhere", nil, nil, 404, ""},
			{"status to nowhere", "DELETE /api/projects/{project}/statuses/todo?move_to=nowhere", nil, nil, 422, "query.move_to"},
			{"status with tasks", "DELETE /api/projects/{project}/statuses/todo", nil, nil, 422, "query.move_to"},
			{"unknown endpoint", "GET /api/nothing", nil, nil, 404, ""},
			{"unknown method", "DELETE /api/teams", nil, nil, 405, ""},
		})
	})
}

func TestThingsOfOtherTeamsAreRefusedEverywhere(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w, x := s.world(t, ""), s.world(t, "other")
		create := "POST /api/projects/{project}/tasks"
		s.refuse(t, w, []bad{
			{"assignee", create, map[string]any{"title": "x", "assigned_to": x.people["member"].ID}, nil, 422, "body.assigned_to"},
			{"assignee of a change", "PATCH /api/tasks/{task}", map[string]any{"assigned_to": x.people["member"].ID}, nil, 422, "body.assigned_to"},
			{"label", create, map[string]any{"title": "x", "labels": []string{x.label}}, nil, 422, "body.labels[0]"},
			{"label of a change", "PATCH /api/tasks/{task}", map[string]any{"labels": []string{w.label, x.label}}, nil, 422, "body.labels[1]"},
			{"neighbour", create, map[string]any{"title": "x", "before": x.task}, nil, 422, "body.before"},
			{"task in a batch", "POST /api/tasks/move", map[string]any{"task_ids": []string{w.task, x.task}, "status": "done"}, nil, 404, ""},
			{"task first in a batch", "POST /api/tasks/move", map[string]any{"task_ids": []string{x.task, w.task}, "status": "done"}, nil, 404, ""},
			{"task in edits", "POST /api/tasks/edit", map[string]any{"edits": []any{map[string]any{"task_id": w.task, "priority": "low"}, map[string]any{"task_id": x.task, "priority": "low"}}}, nil, 404, ""},
			{"label in edits", "POST /api/tasks/edit", map[string]any{"edits": []any{map[string]any{"task_id": w.task, "labels": []string{x.label}}}}, nil, 422, "body.edits[0].labels[0]"},
			{"assignee in edits", "POST /api/tasks/edit", map[string]any{"edits": []any{map[string]any{"task_id": w.task, "assigned_to": x.people["member"].ID}}}, nil, 422, "body.edits[0].assigned_to"},
			{"task among deleted ones", "POST /api/tasks/delete", map[string]any{"task_ids": []string{w.task, x.task}}, nil, 404, ""},
			{"task among restored ones", "POST /api/tasks/restore", map[string]any{"task_ids": []string{w.task, x.task}}, nil, 404, ""},
			{"neighbour of a batch", "POST /api/tasks/move", map[string]any{"task_ids": []string{w.task}, "status": "todo", "after": x.task}, nil, 422, "body.after"},
			{"project of a batch", "POST /api/tasks/move", map[string]any{"task_ids": []string{w.task}, "status": "todo", "project_id": x.project}, nil, 422, "body.project_id"},
			{"team of a list", "GET /api/tasks?team_id=" + x.team, nil, nil, 404, ""},
			{"project of a list", "GET /api/tasks?project_id=" + x.project, nil, nil, 404, ""},
			{"project of another team", "GET /api/tasks?team_id={team}&project_id=" + x.project, nil, nil, 404, ""},
			{"project of a search", "GET /api/search?q=first&project_id=" + x.project, nil, nil, 404, ""},
			{"people of another team", "GET /api/search/people?q=a&team_id=" + x.team, nil, nil, 404, ""},
			{"team of a search", "GET /api/search?q=first&team_id=" + x.team, nil, nil, 404, ""},
			{"member of another team", "PATCH /api/teams/{team}/members/" + x.people["member"].ID, `{"role":"admin"}`, nil, 404, ""},
			{"invite of another team", "DELETE /api/teams/{team}/invites/" + x.invite, nil, nil, 404, ""},
		})
		owner := w.people["owner"].Username
		for _, query := range []string{"created_by=" + x.people["owner"].ID, "label=" + x.label, "assigned_to=" + x.people["member"].ID} {
			if items := s.want(t, 200, owner, "GET", "/api/tasks?"+query, nil)["items"].([]any); len(items) != 0 {
				t.Errorf("filter %s: got %d tasks, want none", query, len(items))
			}
		}
		for _, item := range s.want(t, 200, owner, "GET", "/api/search?q=first", nil)["items"].([]any) {
			if team := item.(map[string]any)["task"].(map[string]any)["team_id"]; team != w.team {
				t.Errorf("search finds a task of team %v", team)
			}
		}
	})
}
