package teams_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"slices"
	"sync"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// coded says whether err carries this code.
func coded(err error, code string) bool {
	return slices.ContainsFunc(errs.All(err), func(e *errs.Error) bool { return e.Code == code })
}

// at says whether err is about this field.
func at(err error, field string) bool {
	return errors.Is(err, errs.Invalid) && slices.ContainsFunc(errs.All(err), func(e *errs.Error) bool { return e.Field == field })
}

// kinds are the types of a stream's messages after seq, which has no gap.
func kinds(t *testing.T, env *tandemtest.Env, stream string, after int64) []string {
	t.Helper()
	_, rows, err := env.Log.Replay(t.Context(), stream, after, -1)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		var m struct{ Type string }
		if err := json.Unmarshal(r.Data, &m); err != nil {
			t.Fatal(err)
		}
		out[i] = m.Type
		if r.Seq != after+int64(i)+1 {
			t.Errorf("message %d of %s has seq %d, want %d", i, stream, r.Seq, after+int64(i)+1)
		}
	}
	return out
}

// told is whose membership the nodes hear of.
func told(t *testing.T, env *tandemtest.Env, after int64) (out []string) {
	t.Helper()
	_, rows, err := env.Log.Replay(t.Context(), events.Nodes, after, -1)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		var m events.Message
		if err := json.Unmarshal(r.Data, &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m.UserID)
	}
	return out
}

// head is the seq of a stream's last message.
func head(t *testing.T, env *tandemtest.Env, stream string) int64 {
	t.Helper()
	seq, err := env.Log.Head(t.Context(), env.DB.Read(), stream)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func TestWhoMaySetWhichRole(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		for _, c := range []struct {
			by, of, to teams.Role
			want       error
		}{
			{teams.Owner, teams.Viewer, teams.Owner, nil},
			{teams.Owner, teams.Owner, teams.Viewer, nil},
			{teams.Owner, teams.Admin, teams.Member, nil},
			{teams.Admin, teams.Member, teams.Admin, nil},
			{teams.Admin, teams.Admin, teams.Viewer, nil},
			{teams.Admin, teams.Member, teams.Owner, errs.Forbidden},
			{teams.Admin, teams.Owner, teams.Member, errs.Forbidden},
			{teams.Member, teams.Viewer, teams.Member, errs.Forbidden},
			{teams.Viewer, teams.Member, teams.Viewer, errs.Forbidden},
		} {
			team := env.Team(env.User(""))
			by, of := env.Member(team, c.by), env.Member(team, c.of)
			m, err := env.Teams.SetRole(ctx, by, team.ID, of.ID, c.to)
			if !errors.Is(err, c.want) || (err == nil && m.Role != c.to) {
				t.Errorf("%s makes %s of %s: %v %v, want %v", c.by, c.to, c.of, m.Role, err, c.want)
			}
		}
		team := env.Team(env.User(""))
		member := env.Member(team, teams.Member)
		if _, err := env.Teams.SetRole(ctx, member, team.ID, member.ID, teams.Admin); !errors.Is(err, errs.Forbidden) {
			t.Errorf("a member makes themselves admin: %v", err)
		}
		if _, err := env.Teams.SetRole(ctx, env.User(""), team.ID, member.ID, teams.Viewer); !errors.Is(err, errs.NotFound) {
			t.Errorf("an outsider: %v", err)
		}
		if _, err := env.Teams.SetRole(ctx, env.Owner(team.ID), team.ID, env.User("").ID, teams.Viewer); !errors.Is(err, errs.NotFound) {
			t.Errorf("somebody who is no member: %v", err)
		}
		if _, err := env.Teams.SetRole(ctx, env.Owner(team.ID), team.ID, member.ID, "king"); !at(err, "role") {
			t.Errorf("no role: %v", err)
		}
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		env.Member(team, teams.Admin)
		if _, err := env.Teams.SetRole(ctx, owner, team.ID, owner.ID, teams.Admin); !coded(err, "last_owner") {
			t.Errorf("step down: %v", err)
		}
		if err := env.Teams.RemoveMember(ctx, owner, team.ID, owner.ID); !coded(err, "last_owner") {
			t.Errorf("leave: %v", err)
		}
		heir := env.Member(team, teams.Member)
		if _, err := env.Teams.SetRole(ctx, owner, team.ID, heir.ID, teams.Owner); err != nil {
			t.Fatal(err)
		}
		if err := env.Teams.RemoveMember(ctx, owner, team.ID, owner.ID); err != nil {
			t.Errorf("leave after handing over: %v", err)
		}
	})
}

func TestTwoOwnersWhoLeaveAtOnceLeaveOne(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		for round := range 20 {
			a := env.User("")
			team := env.Team(a)
			b := env.Member(team, teams.Owner)
			gone := make([]error, 2)
			var wg sync.WaitGroup
			for i, who := range []users.Actor{a, b} {
				wg.Go(func() {
					if round%2 == 0 {
						gone[i] = env.Teams.RemoveMember(context.Background(), who, team.ID, who.ID)
					} else {
						_, gone[i] = env.Teams.SetRole(context.Background(), who, team.ID, who.ID, teams.Member)
					}
				})
			}
			wg.Wait()
			if (gone[0] == nil) == (gone[1] == nil) || !coded(errors.Join(gone...), "last_owner") {
				t.Fatalf("round %d: %v, %v", round, gone[0], gone[1])
			}
			members, err := env.Teams.MembersOf(t.Context(), env.DB.Read(), team.ID)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(slices.DeleteFunc(members, func(m teams.Membership) bool { return m.Role != teams.Owner })); n != 1 {
				t.Fatalf("round %d: %d owners", round, n)
			}
		}
	})
}

func TestRemovingAMember(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		admin, member, viewer := env.Member(team, teams.Admin), env.Member(team, teams.Member), env.Member(team, teams.Viewer)
		project := env.Project(team)
		task := env.TaskBy(owner, project, tasks.Fields{Title: tasks.Of("theirs"), AssignedTo: tasks.Of(&member.ID)})
		for _, c := range []struct {
			by, of users.Actor
			want   error
		}{{viewer, member, errs.Forbidden}, {member, viewer, errs.Forbidden}, {admin, owner, errs.Forbidden}, {env.User(""), member, errs.NotFound}, {owner, env.User(""), errs.NotFound}} {
			if err := env.Teams.RemoveMember(ctx, c.by, team.ID, c.of.ID); !errors.Is(err, c.want) {
				t.Errorf("%s removes %s: %v, want %v", c.by.Username, c.of.Username, err, c.want)
			}
		}
		before := head(t, env, team.ID)
		nodes := head(t, env, events.Nodes)
		if err := env.Teams.RemoveMember(ctx, admin, team.ID, member.ID); err != nil {
			t.Fatal(err)
		}
		if err := env.Teams.RemoveMember(ctx, viewer, team.ID, viewer.ID); err != nil {
			t.Errorf("a viewer leaves: %v", err)
		}
		if got := kinds(t, env, team.ID, before); !slices.Equal(got, []string{"member.removed", "member.removed"}) {
			t.Errorf("the team hears of %v", got)
		}
		if got := kinds(t, env, member.ID, 0); !slices.Equal(got, []string{"invite.created", "notification.created", "team.joined", "notification.deleted", "task.created", "notification.created", "notification.deleted", "team.left"}) {
			t.Errorf("the member hears of %v", got)
		}
		if got := told(t, env, nodes); !slices.Equal(got, []string{member.ID, viewer.ID}) {
			t.Errorf("the nodes are told of %v", got)
		}
		if got, err := env.Tasks.Get(ctx, owner, task.ID); err != nil || got.AssignedTo != nil || got.Version != task.Version+1 {
			t.Errorf("their task: %+v, %v", got.Task, err)
		}
		if _, err := env.Teams.Team(ctx, member, team.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("they still see the team: %v", err)
		}
	})
}

func TestEveryTeamHearsHowAMemberLooksNow(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("ann")
		one, other := env.Team(ann), env.Team(ann)
		bob := env.Member(one, teams.Member)
		strangers := env.Team(env.User("cy"))
		streams := []string{one.ID, other.ID, ann.ID}
		outside := []string{strangers.ID, bob.ID}
		change := func(what string, want []string, do func() (users.Me, error)) {
			t.Helper()
			before := map[string]int64{}
			for _, s := range append(streams, outside...) {
				before[s] = head(t, env, s)
			}
			me, err := do()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for _, s := range streams {
				if got := kinds(t, env, s, before[s]); !slices.Equal(got, want) {
					t.Errorf("%s: stream %s has %v, want %v", what, s, got, want)
				}
				_, rows, err := env.Log.Replay(t.Context(), s, before[s], -1)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					var m struct{ User users.User }
					if err := json.Unmarshal(r.Data, &m); err != nil || m.User.Name != me.Name || (m.User.AvatarURL == nil) != (me.AvatarURL == nil) || me.AvatarURL != nil && *m.User.AvatarURL != *me.AvatarURL {
						t.Errorf("%s: got %s, %v", what, r.Data, err)
					}
				}
			}
			for _, s := range outside {
				if got := kinds(t, env, s, before[s]); len(got) > 0 {
					t.Errorf("%s: stream %s has %v, want nothing", what, s, got)
				}
			}
		}
		told := []string{"user.updated"}
		change("another name", told, func() (users.Me, error) {
			return env.Users.UpdateMe(t.Context(), ann, users.Patch{Name: new("Ann Lee")})
		})
		change("the same name", []string{}, func() (users.Me, error) {
			return env.Users.UpdateMe(t.Context(), ann, users.Patch{Name: new("Ann Lee"), Theme: new("dark")})
		})
		var file bytes.Buffer
		if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
			t.Fatal(err)
		}
		set := func() (users.Me, error) { return env.Users.SetAvatar(t.Context(), ann, file.Bytes()) }
		remove := func() (users.Me, error) { return env.Users.RemoveAvatar(t.Context(), ann) }
		change("an avatar", told, set)
		change("the same avatar", []string{}, set)
		change("no avatar", told, remove)
		change("still none", []string{}, remove)
	})
}
