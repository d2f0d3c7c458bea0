package main_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/internal/tandemtest"
)

// A node is killed while it sends: each of 200 changes is mailed exactly once, by whichever node. Only what the mail
// server had taken when the node died may come again, under the same Message-ID.
func TestANodeThatIsKilledLosesAndRepeatsNoMail(t *testing.T) {
	t.Parallel()
	mails := tandemtest.NewMailServer(t, tandemtest.MailOptions{})
	environ := []string{
		"TANDEM_DATABASE_URL=" + postgres(t), "TANDEM_REDIS_URL=" + redisURL(t), "TANDEM_SIGNING_KEY=" + key, "TANDEM_RATE_LIMITS=off", "TANDEM_LOG_LEVEL=error",
		"TANDEM_SMTP_URL=" + mails.URL(), "TANDEM_MAIL_DELAY=0s",
	}
	a, b := serve(t, t.TempDir(), environ...), serve(t, t.TempDir(), environ...)
	ann := a.register(t, "ann").AccessToken
	bob := a.register(t, "bob").AccessToken
	var team, project, me, invite struct{ ID, Token string }
	a.want(t, 201, "POST", "/api/teams", ann, map[string]any{"name": "Lamp"}, &team)
	a.want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", ann, map[string]any{"name": "Lamp", "key": "LAMP"}, &project)
	a.want(t, 201, "POST", "/api/teams/"+team.ID+"/invites", ann, map[string]any{"username": "bob", "role": "member"}, &invite)
	a.want(t, 200, "POST", "/api/invites/"+invite.Token+"/accept", bob, nil, nil)
	a.want(t, 200, "GET", "/api/me", bob, nil, &me)

	mails.Refuse(func(string) error { <-time.After(20 * time.Millisecond); return nil }) // some are on their way when it dies
	const events = 200
	assign := func(i int) {
		b.want(t, 201, "POST", "/api/projects/"+project.ID+"/tasks", ann, map[string]any{"title": "Number " + strconv.Itoa(i) + ".", "assigned_to": me.ID}, nil)
	}
	for i := range events / 2 {
		assign(i)
	}
	a.signal(t, syscall.SIGKILL)
	for i := events / 2; i < events; i++ {
		assign(i)
	}
	byID, tasks := map[string]string{}, map[string]int{}
	all := func() bool {
		clear(byID)
		clear(tasks)
		for _, m := range mails.Mails() {
			if _, text, ok := strings.Cut(m.Subject(), ": Number "); ok {
				byID[m.Header.Get("Message-Id")] = text
			}
		}
		for _, text := range byID {
			tasks[text]++
		}
		return len(tasks) == events
	}
	for deadline := time.Now().Add(4 * time.Minute); !all(); <-time.After(100 * time.Millisecond) { // a dead node's mails are taken over within two
		if time.Now().After(deadline) {
			t.Fatalf("got mails of %d changes, want %d", len(tasks), events)
		}
	}
	for i := range events {
		if n := tasks[strconv.Itoa(i)+"."]; n != 1 {
			t.Errorf("got %d different mails about change %d, want 1", n, i)
		}
	}
	t.Logf("%d changes, %d mails with %d Message-IDs", events, len(mails.Mails()), len(byID))
}
