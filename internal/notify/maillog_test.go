package notify_test

import (
	"strings"
	"testing"
	"time"

	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/teams"
)

func TestMailsAreKeptWithoutAServer(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		p := newPost(t, env, nil)
		p.assign(t, "Sweep")
		p.start(t)
		p.idle(t)
		ctx := t.Context()
		page, err := p.mailer.Log(ctx, admin, notify.Kept, "", 1)
		if err != nil || len(page.Items) != 1 || page.Items[0].Address != "bob@example.org" {
			t.Fatalf("got %+v, %v, want one kept", page, err)
		}
		one, err := p.mailer.Logged(ctx, admin, page.Items[0].ID)
		if err != nil || !strings.Contains(one.HTML, "Sweep") || !strings.Contains(one.Text, "Sweep") {
			t.Errorf("got %+v, %v, want what it says", one, err)
		}
		p.Clock.Advance(8 * 24 * time.Hour)
		ok(t, p.mailer.CleanUp(ctx))
		if one, err = p.mailer.Logged(ctx, admin, one.ID); err != nil || one.HTML+one.Text != "" || one.Subject == "" {
			t.Errorf("after a week: got %+v, %v, want it without its body", one, err)
		}
		p.Clock.Advance(23 * 24 * time.Hour)
		ok(t, p.mailer.CleanUp(ctx))
		if n := len(p.logged(t)); n != 0 {
			t.Errorf("after a month: got %d mails", n)
		}
		if _, err := p.mailer.Log(ctx, p.ann, "", "", 1); err == nil {
			t.Error("somebody else reads the log")
		}
	})
}

func TestAMemberWhoLeavesGetsNoMailAboutTheTeam(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.assign(t, "Secret")
		ok(t, p.Teams.RemoveMember(t.Context(), p.bob, p.team.ID, p.bob.ID))
		p.start(t)
		p.idle(t)
		if n := len(p.server.Mails()); n != 0 {
			t.Errorf("got %d mails", n)
		}
	})
}

func TestInvitesAreMailed(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		ctx := t.Context()
		stranger, member := "zoe@example.org", p.User("yan")
		link := func(to string) string {
			t.Helper()
			for _, m := range p.server.Mails() {
				if m.To == to {
					_, after, _ := strings.Cut(m.Text, "https://tandem.test/invite/")
					token, _, _ := strings.Cut(after, "\n")
					return token
				}
			}
			t.Fatalf("nothing was mailed to %s", to)
			return ""
		}
		must[teams.Invite](t)(p.Teams.Invite(ctx, p.ann, p.team.ID, teams.InviteInput{Email: &stranger}))
		must[teams.Invite](t)(p.Teams.Invite(ctx, p.ann, p.team.ID, teams.InviteInput{Username: &member.Username}))
		gone := must[teams.Invite](t)(p.Teams.Invite(ctx, p.ann, p.team.ID, teams.InviteInput{Email: new("gone@example.org")}))
		ok(t, p.Teams.RevokeInvite(ctx, p.ann, p.team.ID, gone.ID))
		p.start(t)
		p.idle(t)
		if n := len(p.server.Mails()); n != 2 {
			t.Errorf("got %d mails, want 2: one invite was revoked", n)
		}
		if _, err := p.Teams.AcceptInvite(ctx, member, link("yan@example.org")); err != nil {
			t.Errorf("the link of a member's mail: %v", err)
		}
		zoe := p.User("zoe")
		list, err := p.Teams.MyInvites(ctx, zoe)
		ok(t, err)
		if _, err := p.Teams.AcceptMyInvite(ctx, zoe, list[0].ID); err == nil || !strings.Contains(err.Error(), "confirm your e-mail address") {
			t.Errorf("in the app, with an address that anybody may have claimed: got %v", err)
		}
		if _, err := p.Teams.AcceptInvite(ctx, zoe, link(stranger)); err != nil {
			t.Errorf("the link: %v", err)
		}
	})
}
