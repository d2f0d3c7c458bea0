package tandemtest_test

import (
	"testing"
	"time"

	"tandem/internal/tandemtest"
	"tandem/internal/teams"
)

func TestEachDBGivesAMigratedDatabase(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		pending, err := env.DB.Pending(t.Context())
		if err != nil || pending != 0 {
			t.Fatalf("got %d pending migrations, %v, want none", pending, err)
		}
		ann := env.User("ann")
		me, err := env.Users.Me(t.Context(), ann.ID)
		if err != nil {
			t.Fatal(err)
		}
		if me.Username != "ann" || !me.CreatedAt.After(tandemtest.Start) {
			t.Errorf("got %+v, want ann, made after %v", me, tandemtest.Start)
		}
	})
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	for range 2 {
		tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
			env.User("ann") // a second one in the same database would be refused
		})
	}
}

func TestClockMovesOnlyForward(t *testing.T) {
	t.Parallel()
	c := tandemtest.NewClock()
	first := c.Now()
	if second := c.Now(); !second.After(first) {
		t.Errorf("got %v after %v, want a later time", second, first)
	}
	c.Advance(time.Hour)
	if got := c.Now(); got.Sub(first) < time.Hour {
		t.Errorf("got %v, want at least an hour after %v", got, first)
	}
	defer func() {
		if recover() == nil {
			t.Error("got a clock set back, want a panic")
		}
	}()
	c.Set(first)
}

func TestFixturesFitTogether(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		team := env.Team(env.User("ann"))
		for _, role := range []teams.Role{teams.Owner, teams.Admin, teams.Member, teams.Viewer} {
			u := env.Member(team, role)
			if got, err := env.Teams.RoleOf(t.Context(), env.DB.Read(), team.ID, u.ID); err != nil || got != role {
				t.Errorf("got %s, %v, want %s", got, err, role)
			}
		}
		task := env.Task(env.Project(team), "Sweep")
		if task.Key != "PRJ1-1" || task.Title != "Sweep" {
			t.Errorf("got %s %q, want PRJ1-1 Sweep", task.Key, task.Title)
		}
	})
}
