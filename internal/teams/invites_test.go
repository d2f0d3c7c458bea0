package teams_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func invite(t *testing.T, env *tandemtest.Env, team teams.Team, in teams.InviteInput) teams.Invite {
	t.Helper()
	i, err := env.Teams.Invite(t.Context(), env.Owner(team.ID), team.ID, in)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAnInviteByAddressIsAcceptedOnce(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		team := env.Team(env.User(""))
		email := "Carol@Example.org"
		i := invite(t, env, team, teams.InviteInput{Email: &email})
		if i.Role != teams.Member || i.Status != "pending" || len(i.Token) < 40 || !i.ExpiresAt.Equal(i.CreatedAt.Add(7*24*time.Hour)) {
			t.Errorf("got %+v", i)
		}
		preview, err := env.Teams.InviteByToken(ctx, i.Token)
		if err != nil || preview.TeamName != team.Name || *preview.Email != email {
			t.Errorf("preview %+v, %v", preview, err)
		}
		carol, dave := env.User("carol"), env.User("dave")
		if list, err := env.Teams.MyInvites(ctx, carol); err != nil || len(list) != 1 || list[0].TeamName != team.Name || list[0].Token != "" {
			t.Errorf("hers: %+v, %v", list, err)
		}
		if list, err := env.Teams.MyInvites(ctx, dave); err != nil || len(list) != 0 {
			t.Errorf("somebody else's: %+v, %v", list, err)
		}
		if _, err := env.Teams.AcceptMyInvite(ctx, dave, i.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("by its id, somebody else: %v", err)
		}
		joined, err := env.Teams.AcceptInvite(ctx, carol, i.Token)
		if err != nil || joined.ID != team.ID || joined.Role != teams.Member || joined.MemberCount != 2 {
			t.Errorf("joined %+v, %v", joined, err)
		}
		if _, err := env.Teams.AcceptInvite(ctx, dave, i.Token); !errors.Is(err, errs.Gone) || !coded(err, "invite_accepted") {
			t.Errorf("a second time: %v", err)
		}
		if err := env.Teams.RevokeInvite(ctx, env.Owner(team.ID), team.ID, i.ID); !coded(err, "invite_decided") {
			t.Errorf("revoked afterwards: %v", err)
		}
		if got := kinds(t, env, team.ID, 0); !slices.Equal(got, []string{"member.added"}) {
			t.Errorf("the team hears of %v", got)
		}
	})
}

func TestTheTokenOfAnInviteIsNotKept(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		team := env.Team(env.User(""))
		email := "carol@example.org"
		i := invite(t, env, team, teams.InviteInput{Email: &email})
		var kept string
		if err := env.DB.Read().QueryRowContext(t.Context(), `SELECT token_hash FROM invites WHERE id = $1`, i.ID).Scan(&kept); err != nil {
			t.Fatal(err)
		}
		if kept == "" || strings.Contains(kept, i.Token) {
			t.Errorf("kept %q", kept)
		}
		list, err := env.Teams.Invites(t.Context(), env.Owner(team.ID), team.ID)
		if err != nil || len(list) != 1 || list[0].Token != "" {
			t.Errorf("listed %+v, %v", list, err)
		}
	})
}

func TestARepeatedInviteGetsALinkThatWorks(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		owner := env.User("")
		team := env.Team(owner)
		owner.Mutation = events.Mutation{ID: "the same key", Fingerprint: "the same request"}
		email := "carol@example.org"
		first, err1 := env.Teams.Invite(t.Context(), owner, team.ID, teams.InviteInput{Email: &email})
		again, err2 := env.Teams.Invite(t.Context(), owner, team.ID, teams.InviteInput{Email: &email})
		if err := errors.Join(err1, err2); err != nil || first.ID != again.ID {
			t.Fatalf("%v; %s, then %s", err, first.ID, again.ID)
		}
		if _, err := env.Teams.AcceptInvite(t.Context(), env.User("carol"), again.Token); err != nil {
			t.Error(err)
		}
	})
}

func TestTheLifeOfAnInvite(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team := env.Team(owner)
		carol := env.User("carol")
		state := func(id string) string {
			t.Helper()
			list, err := env.Teams.Invites(ctx, owner, team.ID)
			if err != nil {
				t.Fatal(err)
			}
			return list[slices.IndexFunc(list, func(i teams.Invite) bool { return i.ID == id })].Status
		}
		declined := invite(t, env, team, teams.InviteInput{Username: &carol.Username, Role: teams.Viewer})
		if _, err := env.Teams.AcceptInvite(ctx, env.User(""), declined.Token); !errors.Is(err, errs.NotFound) {
			t.Errorf("the link to a username, used by another: %v", err)
		}
		for range 2 { // a repeat changes nothing
			if err := env.Teams.DeclineMyInvite(ctx, carol, declined.ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := env.Teams.AcceptMyInvite(ctx, carol, declined.ID); !coded(err, "invite_declined") || state(declined.ID) != "declined" {
			t.Errorf("after declining: %v, %s", err, state(declined.ID))
		}
		revoked := invite(t, env, team, teams.InviteInput{Username: &carol.Username})
		for range 2 {
			if err := env.Teams.RevokeInvite(ctx, owner, team.ID, revoked.ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := env.Teams.AcceptInvite(ctx, carol, revoked.Token); !coded(err, "invite_revoked") {
			t.Errorf("after revoking: %v", err)
		}
		expired := invite(t, env, team, teams.InviteInput{Username: &carol.Username})
		env.Clock.Advance(7*24*time.Hour + time.Second)
		if _, err := env.Teams.AcceptInvite(ctx, carol, expired.Token); !coded(err, "invite_expired") || state(expired.ID) != "expired" {
			t.Errorf("after a week: %v, %s", err, state(expired.ID))
		}
		if list, err := env.Teams.MyInvites(ctx, carol); err != nil || len(list) != 0 {
			t.Errorf("open ones: %+v, %v", list, err)
		}
		again := invite(t, env, team, teams.InviteInput{Username: &carol.Username}) // an expired one is in nobody's way
		if _, err := env.Teams.AcceptMyInvite(ctx, carol, again.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestBadInvites(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		owner := env.User("")
		team, other := env.Team(owner), env.Team(env.User(""))
		admin, member := env.Member(team, teams.Admin), env.Member(team, teams.Member)
		text := func(s string) *string { return &s }
		pending := invite(t, env, team, teams.InviteInput{Email: text("carol@example.org")})
		for name, c := range map[string]struct {
			by   users.Actor
			in   teams.InviteInput
			says func(error) bool
		}{
			"by a member":     {member, teams.InviteInput{Email: text("x@example.org")}, func(err error) bool { return errors.Is(err, errs.Forbidden) }},
			"by an outsider":  {env.User(""), teams.InviteInput{Email: text("x@example.org")}, func(err error) bool { return errors.Is(err, errs.NotFound) }},
			"as owner":        {owner, teams.InviteInput{Email: text("x@example.org"), Role: teams.Owner}, func(err error) bool { return at(err, "role") }},
			"nobody":          {owner, teams.InviteInput{}, func(err error) bool { return at(err, "email") }},
			"both":            {owner, teams.InviteInput{Email: text("x@example.org"), Username: text("x")}, func(err error) bool { return at(err, "email") }},
			"no address":      {owner, teams.InviteInput{Email: text("nowhere")}, func(err error) bool { return at(err, "email") }},
			"unknown":         {owner, teams.InviteInput{Username: text("nobody")}, func(err error) bool { return at(err, "username") }},
			"a member":        {admin, teams.InviteInput{Username: &member.Username}, func(err error) bool { return coded(err, "already_member") }},
			"a member's mail": {admin, teams.InviteInput{Email: text(member.Username + "@example.org")}, func(err error) bool { return coded(err, "already_member") }},
			"again":           {admin, teams.InviteInput{Email: text("CAROL@example.org")}, func(err error) bool { return coded(err, "already_invited") }},
		} {
			if _, err := env.Teams.Invite(ctx, c.by, team.ID, c.in); !c.says(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := env.Teams.RevokeInvite(ctx, env.Owner(other.ID), other.ID, pending.ID); !errors.Is(err, errs.NotFound) {
			t.Errorf("another team's invite: %v", err)
		}
		if _, err := env.Teams.InviteByToken(ctx, "made up"); !errors.Is(err, errs.NotFound) {
			t.Errorf("a made-up link: %v", err)
		}
		if _, err := env.Teams.Invites(ctx, member, team.ID); !errors.Is(err, errs.Forbidden) {
			t.Errorf("a member lists them: %v", err)
		}
	})
}
