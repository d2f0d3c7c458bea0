package teams_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func TestFilterQueriesAreThoseOfLists(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"status=todo,done&assignee=me":     "assignee=me&status=todo%2Cdone",
		"?q=big+door&open=1&sort=-due_at":  "open=1&q=big+door&sort=-due_at",
		"label=&due=overdue":               "due=overdue",
		"created=2026-11-01..&created_by=": "created=2026-11-01..",
	} {
		if got, err := teams.CheckFilterQuery(in); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "sort=title", "status=", "owner=me", "q=%zz", "q=a&q=b", "q=a%00b", "q=" + strings.Repeat("x", 2000)} {
		_, err := teams.CheckFilterQuery(in)
		var e *errs.Error
		if !errors.As(err, &e) || e.Kind != errs.Invalid || e.Field != "query" {
			t.Errorf("%.40q: got %v, want an error of query", in, err)
		}
	}
}

// filterNames are the names of what somebody sees in a project.
func filterNames(t *testing.T, env *tandemtest.Env, actor users.Actor, project string) string {
	t.Helper()
	list, err := env.Teams.Filters(t.Context(), actor, project)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// heard are the types of a stream's messages about filters.
func heard(t *testing.T, env *tandemtest.Env, stream string) string {
	t.Helper()
	_, rows, err := env.Log.Replay(t.Context(), stream, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		var m events.Message
		if err := json.Unmarshal(r.Data, &m); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(m.Type, "filter.") {
			out = append(out, m.Type)
		}
	}
	return strings.Join(out, " ")
}

func TestSavedFiltersArePrivateUntilTheyAreShared(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		ann := env.User("ann")
		team := env.Team(ann)
		bob, eve, stranger := env.Member(team, teams.Member), env.Member(team, teams.Viewer), env.User("stranger")
		project := env.Project(team)
		yes, no, name := true, false, "Later"

		f, err := env.Teams.CreateFilter(ctx, bob, project.ID, teams.FilterInput{Name: " Late ", Query: "due=overdue"})
		if err != nil || f.Name != "Late" || f.Shared || *f.TeamID != team.ID {
			t.Fatalf("got %+v, %v", f, err)
		}
		if got := filterNames(t, env, ann, project.ID); got != "" {
			t.Errorf("somebody else sees %s", got)
		}
		if _, err := env.Teams.UpdateFilter(ctx, ann, f.ID, teams.FilterPatch{Name: &name}); !errors.Is(err, errs.NotFound) {
			t.Errorf("the owner of the team changes a private filter: got %v", err)
		}
		if f, err = env.Teams.UpdateFilter(ctx, bob, f.ID, teams.FilterPatch{Shared: &yes}); err != nil || !f.Shared {
			t.Fatalf("got %+v, %v", f, err)
		}
		if got := filterNames(t, env, eve, project.ID); got != "Late" {
			t.Errorf("a viewer sees %q, want Late", got)
		}
		if _, err := env.Teams.UpdateFilter(ctx, ann, f.ID, teams.FilterPatch{Name: &name}); err != nil {
			t.Errorf("who manages projects renames a shared filter: got %v", err)
		}
		for who, err := range map[string]error{
			"an admin takes it back":    second(env.Teams.UpdateFilter(ctx, ann, f.ID, teams.FilterPatch{Shared: &no})),
			"a viewer renames it":       second(env.Teams.UpdateFilter(ctx, eve, f.ID, teams.FilterPatch{Name: &name})),
			"a viewer deletes it":       env.Teams.DeleteFilter(ctx, eve, f.ID),
			"a viewer shares their own": second(env.Teams.CreateFilter(ctx, eve, project.ID, teams.FilterInput{Name: "x", Query: "q=x", Shared: true})),
		} {
			if !errors.Is(err, errs.Forbidden) {
				t.Errorf("%s: got %v, want forbidden", who, err)
			}
		}
		for who, err := range map[string]error{
			"lists":   second(env.Teams.Filters(ctx, stranger, project.ID)),
			"creates": second(env.Teams.CreateFilter(ctx, stranger, project.ID, teams.FilterInput{Name: "x", Query: "q=x"})),
			"changes": second(env.Teams.UpdateFilter(ctx, stranger, f.ID, teams.FilterPatch{Name: &name})),
			"deletes": env.Teams.DeleteFilter(ctx, stranger, f.ID),
		} {
			if !errors.Is(err, errs.NotFound) {
				t.Errorf("an outsider %s: got %v, want not found", who, err)
			}
		}
		if _, err := env.Teams.UpdateFilter(ctx, bob, f.ID, teams.FilterPatch{Shared: &no}); err != nil {
			t.Fatal(err)
		}
		if got := filterNames(t, env, eve, project.ID) + filterNames(t, env, bob, project.ID); got != "Later" {
			t.Errorf("after it was taken back: got %q, want it for bob alone", got)
		}
		if err := env.Teams.DeleteFilter(ctx, bob, f.ID); err != nil {
			t.Fatal(err)
		}
		if got := heard(t, env, team.ID); got != "filter.updated filter.updated filter.deleted" {
			t.Errorf("the team heard %s", got)
		}
		if got := heard(t, env, bob.ID); got != "filter.created filter.updated filter.deleted" {
			t.Errorf("bob heard %s", got)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestFiltersOfOnesOwnTasks(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		ann, bob := env.User("ann"), env.User("bob")
		f, err := env.Teams.CreateFilter(ctx, ann, "", teams.FilterInput{Name: "Late", Query: "due=overdue"})
		if err != nil {
			t.Fatal(err)
		}
		yes := true
		for _, err := range []error{
			second(env.Teams.CreateFilter(ctx, ann, "", teams.FilterInput{Name: "x", Query: "q=x", Shared: true})),
			second(env.Teams.UpdateFilter(ctx, ann, f.ID, teams.FilterPatch{Shared: &yes})),
		} {
			if !errors.Is(err, errs.Invalid) {
				t.Errorf("sharing it: got %v, want invalid", err)
			}
		}
		if err := env.Teams.DeleteFilter(ctx, bob, f.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("somebody else deletes it: got %v", err)
		}
		for who, want := range map[users.Actor]int{ann: 1, bob: 0} {
			if list, err := env.Teams.OwnFilters(ctx, who); err != nil || len(list) != want {
				t.Errorf("got %v, %v, want %d", list, err, want)
			}
		}
	})
}

func TestThereIsAnEndToSavedFilters(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("ann")
		for range 100 {
			if _, err := env.Teams.CreateFilter(t.Context(), ann, "", teams.FilterInput{Name: "x", Query: "q=x"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := env.Teams.CreateFilter(t.Context(), ann, "", teams.FilterInput{Name: "x", Query: "q=x"}); !errors.Is(err, errs.Invalid) {
			t.Errorf("got %v, want invalid", err)
		}
	})
}
