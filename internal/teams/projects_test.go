package teams_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func ptr[T any](v T) *T { return &v }

func names(p teams.Project) string {
	var out []string
	for _, st := range p.Statuses {
		out = append(out, st.Name)
	}
	return strings.Join(out, ", ")
}

func TestANewProject(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		p, err := env.Teams.CreateProject(ctx, owner, team.ID, teams.ProjectInput{Name: "  Web  shop ", Key: "shop"})
		if err != nil || p.Key != "SHOP" || p.Version != 1 || p.Archived || names(p) != "To do, In progress, In review, Done" {
			t.Errorf("got %+v, %v", p, err)
		}
		for name, want := range map[string]string{"Marketing site": "MS", "Zürich Üetliberg tours": "ZUT", "Ops": "OPS", "日本": "TASK", "7 of 9": "O9"} {
			p, err := env.Teams.CreateProject(ctx, owner, team.ID, teams.ProjectInput{Name: name})
			if err != nil || p.Key != want {
				t.Errorf("%s: key %q, %v; want %q", name, p.Key, err, want)
			}
		}
		if p, err := env.Teams.CreateProject(ctx, owner, team.ID, teams.ProjectInput{Name: "Ops"}); err != nil || p.Key != "OPS2" {
			t.Errorf("a derived key that is taken: %q, %v", p.Key, err)
		}
		for field, in := range map[string]teams.ProjectInput{
			"name": {Name: " "}, "key": {Name: "x", Key: "A"}, "description": {Name: "x", Description: strings.Repeat("x", 10_001)},
		} {
			if _, err := env.Teams.CreateProject(ctx, owner, team.ID, in); !at(err, field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		for _, key := range []string{"1A", "A-B", "ABCDEFGHIJK", "ÄÖ", "shop"} {
			if _, err := env.Teams.CreateProject(ctx, owner, team.ID, teams.ProjectInput{Name: "x", Key: key}); !at(err, "key") {
				t.Errorf("key %q: %v", key, err)
			}
		}
		if other := env.Team(owner); true {
			if _, err := env.Teams.CreateProject(ctx, owner, other.ID, teams.ProjectInput{Name: "x", Key: "SHOP"}); err != nil {
				t.Errorf("the key in another team: %v", err)
			}
		}
	})
}

func TestWhoMayDoWhatWithAProject(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		team := env.Team(env.User(""))
		p := env.Project(team)
		for name, c := range map[string]struct {
			by                users.Actor
			read, write, make error
		}{
			"admin":    {env.Member(team, teams.Admin), nil, nil, nil},
			"member":   {env.Member(team, teams.Member), nil, errs.Forbidden, errs.Forbidden},
			"viewer":   {env.Member(team, teams.Viewer), nil, errs.Forbidden, errs.Forbidden},
			"outsider": {env.Owner(env.Team(env.User("")).ID), errs.NotFound, errs.NotFound, errs.NotFound},
		} {
			_, read := env.Teams.Project(ctx, c.by, p.ID)
			_, write := env.Teams.UpdateProject(ctx, c.by, p.ID, teams.ProjectPatch{Name: &name}, nil)
			_, status := env.Teams.AddStatus(ctx, c.by, p.ID, teams.StatusInput{Name: name})
			_, create := env.Teams.CreateProject(ctx, c.by, team.ID, teams.ProjectInput{Name: name})
			if !errors.Is(read, c.read) || !errors.Is(write, c.write) || !errors.Is(status, c.write) || !errors.Is(create, c.make) {
				t.Errorf("%s: read %v, write %v, add a status %v, create %v", name, read, write, status, create)
			}
			if c.write != nil {
				if err := env.Teams.DeleteProject(ctx, c.by, p.ID); !errors.Is(err, c.write) {
					t.Errorf("%s deletes it: %v", name, err)
				}
			}
		}
	})
}

func TestChangingAProject(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		p := env.Project(team)
		before := head(t, env, team.ID)
		got, err := env.Teams.UpdateProject(ctx, owner, p.ID, teams.ProjectPatch{Name: ptr("New"), Archived: ptr(true)}, &p.Version)
		if err != nil || got.Name != "New" || !got.Archived || got.Version != p.Version+1 {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := env.Teams.UpdateProject(ctx, owner, p.ID, teams.ProjectPatch{Name: ptr("Old")}, &p.Version); !errors.Is(err, errs.Stale) {
			t.Errorf("an old version: %v", err)
		}
		if same, err := env.Teams.UpdateProject(ctx, owner, p.ID, teams.ProjectPatch{Name: ptr("New")}, nil); err != nil || same.Version != got.Version {
			t.Errorf("no change: %+v, %v", same, err)
		}
		repeat := owner
		repeat.Mutation = events.Mutation{ID: "once", Fingerprint: "this"}
		for range 3 {
			if p, err := env.Teams.UpdateProject(ctx, repeat, p.ID, teams.ProjectPatch{Name: ptr("Again")}, nil); err != nil || p.Version != got.Version+1 {
				t.Errorf("a repeat: version %d, %v", p.Version, err)
			}
		}
		env.Task(p, "goes with it")
		if err := env.Teams.DeleteProject(ctx, owner, p.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := env.Teams.Project(ctx, owner, p.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("after its deletion: %v", err)
		}
		if got := kinds(t, env, team.ID, before); !slices.Equal(got, []string{"project.updated", "project.updated", "task.created", "project.deleted"}) {
			t.Errorf("the team hears of %v", got)
		}
	})
}

func TestStatusesAreAddedChangedAndMoved(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		p := env.Project(env.Team(owner))
		p, err := env.Teams.AddStatus(ctx, owner, p.ID, teams.StatusInput{Name: "Wäiting for", Color: "amber", WIPLimit: ptr(int64(3))})
		if err != nil || names(p) != "To do, In progress, In review, Done, Wäiting for" {
			t.Fatalf("added: %s, %v", names(p), err)
		}
		last := p.Statuses[4]
		if last.Slug != "waiting_for" || last.Category != "active" || last.Color != "amber" || *last.WIPLimit != 3 {
			t.Errorf("got %+v", last)
		}
		for _, c := range []struct {
			slug  string
			patch teams.StatusPatch
			want  string
		}{
			{"waiting_for", teams.StatusPatch{Name: ptr("Waiting"), WIPLimit: ptr(int64(0))}, "To do, In progress, In review, Done, Waiting"},
			{"waiting_for", teams.StatusPatch{Before: ptr("in_review")}, "To do, In progress, Waiting, In review, Done"},
			{"done", teams.StatusPatch{Before: ptr("todo")}, "Done, To do, In progress, Waiting, In review"},
			{"done", teams.StatusPatch{After: ptr("in_review")}, "To do, In progress, Waiting, In review, Done"},
			{"todo", teams.StatusPatch{After: ptr("in_progress"), Name: ptr("Next")}, "In progress, Next, Waiting, In review, Done"},
		} {
			if p, err = env.Teams.UpdateStatus(ctx, owner, p.ID, c.slug, c.patch); err != nil || names(p) != c.want {
				t.Fatalf("%s %+v: %s, %v; want %s", c.slug, c.patch, names(p), err, c.want)
			}
		}
		if read, err := env.Teams.Project(ctx, owner, p.ID); err != nil || names(read) != names(p) || read.Statuses[2].WIPLimit != nil {
			t.Errorf("read again: %+v, %v", read.Statuses, err)
		}
		for name, c := range map[string]struct {
			patch teams.StatusPatch
			field string
		}{
			"no name":      {teams.StatusPatch{Name: ptr("")}, "name"},
			"a taken name": {teams.StatusPatch{Name: ptr("NEXT")}, "name"},
			"no colour":    {teams.StatusPatch{Color: ptr("beige")}, "color"},
			"no category":  {teams.StatusPatch{Category: ptr("soon")}, "category"},
			"a limit":      {teams.StatusPatch{WIPLimit: ptr(int64(1001))}, "wip_limit"},
			"beside none":  {teams.StatusPatch{Before: ptr("nowhere")}, "before"},
			"beside self":  {teams.StatusPatch{After: ptr("done")}, "after"},
		} {
			if _, err := env.Teams.UpdateStatus(ctx, owner, p.ID, "done", c.patch); !at(err, c.field) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := env.Teams.UpdateStatus(ctx, owner, p.ID, "nowhere", teams.StatusPatch{}); !errors.Is(err, errs.NotFound) {
			t.Errorf("no status: %v", err)
		}
	})
}

func TestDeletingAStatusMovesItsTasks(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		p := env.Project(team)
		in := func(title, status string) tasks.Detail {
			return env.TaskBy(owner, p, tasks.Fields{Title: tasks.Of(title), Status: tasks.Of(status)})
		}
		there := in("there before", "done")
		a, b := in("a", "in_review"), in("b", "in_review")
		if _, err := env.Teams.DeleteStatus(ctx, owner, p.ID, "in_review", ""); !at(err, "query.move_to") {
			t.Errorf("without a target: %v", err)
		}
		for _, target := range []string{"nowhere", "in_review"} {
			if _, err := env.Teams.DeleteStatus(ctx, owner, p.ID, "in_review", target); !at(err, "query.move_to") {
				t.Errorf("to %s: %v", target, err)
			}
		}
		before := head(t, env, team.ID)
		p, err := env.Teams.DeleteStatus(ctx, owner, p.ID, "in_review", "done")
		if err != nil || names(p) != "To do, In progress, Done" || p.Statuses[2].Count != 3 {
			t.Fatalf("got %s, %v", names(p), err)
		}
		last := there.Position
		for _, task := range []tasks.Detail{a, b} {
			got, err := env.Tasks.Get(ctx, owner, task.ID)
			if err != nil || got.Status != "done" || got.CompletedAt == nil || got.Version != task.Version+1 || got.Position <= last {
				t.Errorf("%s: %+v, %v", task.Title, got.Task, err)
			}
			last = got.Position
		}
		if got := kinds(t, env, team.ID, before); !slices.Equal(got, []string{"project.updated"}) {
			t.Errorf("the team hears of %v", got)
		}
		for _, slug := range []string{"todo", "in_progress"} { // without tasks no target is needed
			if p, err = env.Teams.DeleteStatus(ctx, owner, p.ID, slug, ""); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := env.Teams.DeleteStatus(ctx, owner, p.ID, "done", ""); !coded(err, "last_status") {
			t.Errorf("the last one: %v", err)
		}
	})
}

func TestLabels(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		member, viewer, outsider := env.Member(team, teams.Member), env.Member(team, teams.Viewer), env.User("")
		before := head(t, env, team.ID)
		bug, err := env.Teams.CreateLabel(ctx, member, team.ID, teams.LabelInput{Name: "Bug", Color: "red"})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := env.Teams.CreateLabel(ctx, member, team.ID, teams.LabelInput{Name: "later"})
		if err != nil || plain.Color != "gray" {
			t.Errorf("got %+v, %v", plain, err)
		}
		for field, in := range map[string]teams.LabelInput{"name": {Name: "BUG"}, "color": {Name: "x", Color: "#fff"}} {
			if _, err := env.Teams.CreateLabel(ctx, member, team.ID, in); !at(err, field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := env.Teams.UpdateLabel(ctx, member, plain.ID, teams.LabelPatch{Name: ptr("bug")}); !at(err, "name") {
			t.Errorf("renamed to a taken name: %v", err)
		}
		if got, err := env.Teams.UpdateLabel(ctx, member, bug.ID, teams.LabelPatch{Name: ptr("bug"), Color: ptr("pink")}); err != nil || got.Name != "bug" || got.Color != "pink" {
			t.Errorf("got %+v, %v", got, err)
		}
		for who, want := range map[users.Actor]error{viewer: errs.Forbidden, outsider: errs.NotFound} {
			_, create := env.Teams.CreateLabel(ctx, who, team.ID, teams.LabelInput{Name: "x"})
			_, update := env.Teams.UpdateLabel(ctx, who, bug.ID, teams.LabelPatch{Name: ptr("x")})
			if remove := env.Teams.DeleteLabel(ctx, who, bug.ID); !errors.Is(create, want) || !errors.Is(update, want) || !errors.Is(remove, want) {
				t.Errorf("%s: %v, %v, %v; want %v", who.Username, create, update, remove, want)
			}
		}
		p := env.Project(team)
		one := env.TaskBy(owner, p, tasks.Fields{Title: tasks.Of("one"), Labels: tasks.Of([]string{bug.ID, plain.ID})})
		two := env.TaskBy(owner, p, tasks.Fields{Title: tasks.Of("two"), Labels: tasks.Of([]string{"bug"})})
		if err := env.Teams.DeleteLabel(ctx, member, bug.ID); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			task tasks.Detail
			want []string
		}{{one, []string{plain.ID}}, {two, []string{}}} {
			got, err := env.Tasks.Get(ctx, owner, c.task.ID)
			if err != nil || !slices.Equal(got.Labels, c.want) || got.Version != c.task.Version+1 {
				t.Errorf("%s: %v version %d, %v", c.task.Title, got.Labels, got.Version, err)
			}
		}
		// The deletion is one message, however many tasks had the label.
		if got := kinds(t, env, team.ID, before); !slices.Equal(got, []string{"label.created", "label.created", "label.updated", "project.created", "task.created", "task.created", "label.deleted"}) {
			t.Errorf("the team hears of %v", got)
		}
	})
}
