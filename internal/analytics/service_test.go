package analytics_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/internal/analytics"
	"tandem/internal/errs"
	"tandem/internal/jobs"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/transfer"
	"tandem/internal/users"
)

// The real issues, with their real times, and what people did with them since; each figure is counted from what the API
// tells of every single task.
func TestFiguresOfARealProject(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := context.Background()
		ann := env.User("ann")
		team := env.Team(ann)
		project := env.Project(team)
		other := env.Project(team)
		worker, err := jobs.New(env.DB, env.Logger, jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile("../transfer/testdata/qlog-issues.json")
		if err != nil {
			t.Fatal(err)
		}
		imports := transfer.NewService(env.DB, env.Log, env.Users, env.Teams, env.Tasks, worker, env.Logger)
		if _, err := imports.ImportNow(ctx, ann, project.ID, "github", strings.NewReader(string(file)), func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		work(t, env, ann, project, other)

		service := analytics.NewService(env.DB, env.Teams)
		zone, err := time.LoadLocation("America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []analytics.Query{
			{TeamID: team.ID, ProjectID: project.ID, From: "2021-01-01", To: "2025-12-31", Bucket: "month", Zone: zone},
			{TeamID: team.ID, From: env.DB.Now().In(zone).AddDate(0, 0, -20).Format(time.DateOnly), Bucket: "day", Zone: zone},
		} {
			got, err := service.Figures(ctx, ann, q)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, env, ann, q, got)
		}
	})
}

// work moves, finishes, reopens and deletes tasks over two weeks.
func work(t *testing.T, env *tandemtest.Env, actor users.Actor, project, other teams.Project) {
	t.Helper()
	ctx := context.Background()
	page, err := env.Tasks.List(ctx, actor, tasks.ListFilter{ProjectID: project.ID, Limit: 60, Sort: "-created_at"})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 5)) //nolint:gosec // the same work each time
	for i, task := range page.Items {
		for range 1 + rng.IntN(3) {
			env.Clock.Advance(time.Duration(rng.IntN(3*3600)) * time.Second)
			status := []string{"todo", "in_progress", "in_review", "done"}[rng.IntN(4)]
			in := tasks.MoveInput{TaskIDs: []string{task.ID}, Status: status}
			if i%9 == 0 {
				in.ProjectID = other.ID
			}
			if _, err := env.Tasks.Move(ctx, actor, in); err != nil {
				t.Fatal(err)
			}
		}
		if i%11 == 0 {
			if err := env.Tasks.Delete(ctx, actor, task.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	yesterday := env.Clock.Now().Add(-24 * time.Hour)
	env.TaskBy(actor, project, tasks.Fields{Title: tasks.Of("Made today"), DueAt: tasks.Of(&yesterday), Priority: tasks.Of("urgent")})
}

func compare(t *testing.T, env *tandemtest.Env, actor users.Actor, q analytics.Query, got analytics.Figures) {
	t.Helper()
	ctx := context.Background()
	from, err := time.ParseInLocation(time.DateOnly, q.From, q.Zone)
	if err != nil {
		t.Fatal(err)
	}
	to := env.DB.Now().In(q.Zone).AddDate(0, 0, 1)
	if q.To != "" {
		if to, err = time.ParseInLocation(time.DateOnly, q.To, q.Zone); err != nil {
			t.Fatal(err)
		}
		to = to.AddDate(0, 0, 1)
	}
	to = time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, q.Zone)
	in := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	var created, completed, open int
	var took, cycles []float64
	overdue, byStatus, byPriority := 0, map[string]int{}, map[string]int{}
	var waiting []tasks.Task
	filter := tasks.ListFilter{ProjectID: q.ProjectID, TeamID: q.TeamID, Limit: 200}
	for {
		page, err := env.Tasks.List(ctx, actor, filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page.Items {
			if in(task.CreatedAt) {
				created++
			}
			byStatus[task.Status]++
			if task.Status != "done" {
				open++
				byPriority[task.Priority]++
				waiting = append(waiting, task)
				if task.DueAt != nil && task.DueAt.Before(env.DB.Now()) {
					overdue++
				}
			}
			if task.CompletedAt == nil || !in(*task.CompletedAt) {
				continue
			}
			completed++
			took = append(took, task.CompletedAt.Sub(task.CreatedAt).Seconds())
			happened, err := env.Tasks.ActivityOf(ctx, actor, task.ID, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range slices.Backward(happened.Items) {
				if to, _ := a.Changes["status"].To.(string); to == "in_progress" || to == "in_review" {
					cycles = append(cycles, task.CompletedAt.Sub(a.CreatedAt).Seconds())
					break
				}
			}
		}
		if page.NextCursor == nil {
			break
		}
		filter.Cursor = *page.NextCursor
	}
	series := [2]int{}
	for _, p := range got.Series {
		series[0] += p.Created
		series[1] += p.Completed
	}
	if want := [2]int{created, completed}; [2]int{got.Now.Created, got.Now.Completed} != want || series != want {
		t.Errorf("created and completed: got %+v, in the series %v, want %v", got.Now, series, want)
	}
	for name, s := range map[string]struct {
		got  analytics.Spread
		want []float64
	}{"completion": {got.Now.Completion, took}, "cycle": {got.Now.Cycle, cycles}} {
		slices.Sort(s.want)
		n := len(s.want)
		if n == 0 && name == "cycle" {
			continue // imported tasks were never in progress
		}
		if s.got.Count != n || s.got.Median != s.want[(n+1)/2-1] || s.got.P85 != s.want[(85*n+99)/100-1] {
			t.Errorf("%s: got %+v, want %d with median %g", name, s.got, n, s.want[(n+1)/2-1])
		}
	}
	if got.Open != open || got.Overdue != overdue || overdue == 0 || completed == 0 {
		t.Errorf("got %d open and %d overdue, want %d and %d; %d completed", got.Open, got.Overdue, open, overdue, completed)
	}
	for name, it := range map[string]struct {
		got  []analytics.Count
		want map[string]int
	}{"status": {got.ByStatus, byStatus}, "priority": {got.ByPriority, byPriority}} {
		for _, c := range it.got {
			if it.want[c.Name] != c.Count {
				t.Errorf("%s %s: got %d, want %d", name, c.Name, c.Count, it.want[c.Name])
			}
			delete(it.want, c.Name)
		}
		if len(it.want) > 0 {
			t.Errorf("%s: %v are missing", name, it.want)
		}
	}
	slices.SortFunc(waiting, func(a, b tasks.Task) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	for i, id := range got.Oldest {
		if waiting[i].ID != id {
			t.Errorf("oldest: got %v", got.Oldest)
		}
	}
	if len(got.Oldest) != min(10, len(waiting)) {
		t.Errorf("oldest: got %d of %d", len(got.Oldest), len(waiting))
	}
}

func TestFiguresAreForTheTeamOnly(t *testing.T) {
	t.Parallel()
	env := tandemtest.New(t)
	ann, eve := env.User("ann"), env.User("eve")
	team, theirs := env.Team(ann), env.Team(eve)
	service := analytics.NewService(env.DB, env.Teams)
	foreign := env.Project(theirs)
	for name, c := range map[string]struct {
		actor users.Actor
		q     analytics.Query
		field string // "": not found
	}{
		"a team of others":        {eve, analytics.Query{TeamID: team.ID}, ""},
		"a project of others":     {ann, analytics.Query{TeamID: team.ID, ProjectID: foreign.ID}, "query.project_id"},
		"no day":                  {ann, analytics.Query{TeamID: team.ID, From: "yesterday"}, "query.from"},
		"a range that ends first": {ann, analytics.Query{TeamID: team.ID, From: "2026-02-01", To: "2026-01-01"}, "query.from"},
		"a range of ages":         {ann, analytics.Query{TeamID: team.ID, From: "1990-02-01", To: "2026-01-01"}, "query.from"},
	} {
		c.q.Zone = time.UTC
		_, err := service.Figures(context.Background(), c.actor, c.q)
		if c.field == "" {
			if !errors.Is(err, errs.NotFound) {
				t.Errorf("%s: got %v, want not found", name, err)
			}
			continue
		}
		if all := errs.All(err); len(all) != 1 || all[0].Field != c.field {
			t.Errorf("%s: got %v, want %s refused", name, err, c.field)
		}
	}
}

// Everybody sees their own figures; those of others as the team's setting says, which an admin changes.
func TestMembersFiguresFollowTheTeamsSetting(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := context.Background()
		ann, bob, eve, out := env.User("ann"), env.User("bob"), env.User("eve"), env.User("out")
		team := env.Team(ann)
		env.Join(team, bob, teams.Member)
		env.Join(team, eve, teams.Viewer)
		project := env.Project(team)
		task := env.TaskBy(ann, project, tasks.Fields{Title: tasks.Of("x"), AssignedTo: tasks.Of(&bob.ID)})
		if _, err := env.Tasks.Move(ctx, bob, tasks.MoveInput{TaskIDs: []string{task.ID}, Status: "done"}); err != nil {
			t.Fatal(err)
		}
		elsewhere := env.Team(bob)
		env.TaskBy(bob, env.Project(elsewhere), tasks.Fields{Title: tasks.Of("not of this team"), AssignedTo: tasks.Of(&bob.ID)})
		service := analytics.NewService(env.DB, env.Teams)
		q := analytics.Query{TeamID: team.ID, Zone: time.UTC}
		look := func(who users.Actor, of string, want errs.Kind) {
			t.Helper()
			got, err := service.Member(ctx, who, of, q)
			if want != "" {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Now.Completed != 1 || got.Open != 0 || got.Streaks.Days != 1 {
				t.Errorf("got %+v, want the one task of this team", got)
			}
		}
		people := func(who users.Actor, want ...analytics.Count) {
			t.Helper()
			got, err := service.Figures(ctx, who, q)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.ByPerson, want) {
				t.Errorf("%s gets %v, want %v", who.ID, got.ByPerson, want)
			}
		}
		bobs, others := analytics.Count{Name: bob.ID, Count: 1}, analytics.Count{Name: analytics.Others, Count: 1}
		people(ann, bobs)
		people(bob, bobs)
		people(eve, others)
		look(bob, bob.ID, "")
		look(ann, bob.ID, errs.Forbidden)
		look(eve, bob.ID, errs.Forbidden)
		look(out, bob.ID, errs.NotFound)
		look(ann, out.ID, errs.NotFound)
		on := true
		if _, err := env.Teams.UpdateTeam(ctx, bob, team.ID, teams.TeamPatch{ShowMembers: &on}, nil); !errors.Is(err, errs.Forbidden) {
			t.Errorf("a member may change the setting: %v", err)
		}
		if _, err := env.Teams.UpdateTeam(ctx, ann, team.ID, teams.TeamPatch{ShowMembers: &on}, nil); err != nil {
			t.Fatal(err)
		}
		people(eve, bobs)
		look(ann, bob.ID, "")
		look(eve, bob.ID, "")
		look(out, bob.ID, errs.NotFound)
	})
}
