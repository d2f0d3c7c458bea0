package notify_test

import (
	"strings"
	"testing"
	"time"

	"tandem/internal/notify"
	"tandem/internal/tasks"
)

func TestMutingStopsMailsThatWait(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		ctx := t.Context()
		other := p.Project(p.team)
		muted, elsewhere := p.assign(t, "Muted"), p.TaskBy(p.ann, other, tasks.Fields{Title: tasks.Of("Elsewhere"), AssignedTo: tasks.Of(&p.bob.ID)})
		p.assign(t, "Heard")
		ok(t, p.Tasks.Mute(ctx, p.bob, muted.ID, true))
		ok(t, p.Teams.MuteProject(ctx, p.bob, other.ID, true))
		p.start(t)
		p.idle(t)
		mails := p.server.Mails()
		if len(mails) != 1 || !strings.HasSuffix(mails[0].Subject(), ": Heard") {
			t.Errorf("got %d mails, want that of the task that is not muted; nothing about %s and %s", len(mails), muted.Key, elsewhere.Key)
		}
	})
}

func TestATypeThatIsTurnedOffStopsItsMailsThatWait(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.comment(t, p.assign(t, "One").ID, "@bob hello")
		p.prefer(t, p.bob, notify.TaskAssigned, true, notify.Off)
		p.start(t)
		p.idle(t)
		mails := p.server.Mails()
		if len(mails) != 1 || !strings.Contains(mails[0].Text, "hello") || strings.Contains(mails[0].Text, "assigned") {
			t.Errorf("got %+v, want the mention alone", mails)
		}
	})
}

func TestWhoeverIsLockedOutGetsNoMailThatWaits(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		ctx := t.Context()
		p.assign(t, "Secret")
		ok(t, p.Tasks.SetReport(ctx, p.bob, p.team.ID, true))
		p.Clock.Set(instant(t, "2026-01-19T08:00:00Z"))
		ok(t, p.mailer.PlanReports(ctx))
		ok(t, p.Auth.SetDisabled(ctx, p.bob.Username, true))
		p.start(t)
		p.idle(t)
		for _, m := range p.server.Mails() {
			t.Errorf("got a mail about %q", m.Subject())
		}
	})
}

func TestWhoLeavesWhileTheServerIsDownGetsNoMail(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		until := func(what string, done func(notify.Logged) bool) {
			t.Helper()
			for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
				log := p.logged(t)
				if len(log) == 1 && done(log[0]) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("got %+v, want %s", log, what)
				}
			}
		}
		p.server.RefuseAll(451, "later")
		p.assign(t, "Secret")
		p.start(t)
		until("further attempts", func(l notify.Logged) bool { return l.Attempts > 1 })
		ok(t, p.Teams.RemoveMember(t.Context(), p.bob, p.team.ID, p.bob.ID))
		// An attempt that had read the task before is refused; the next one finds nothing to tell.
		until("it dropped", func(l notify.Logged) bool { return l.State == notify.Dropped })
		p.server.Refuse(nil)
		p.idle(t)
		if n := len(p.server.Mails()); n != 0 {
			t.Errorf("got %d mails", n)
		}
	})
}
