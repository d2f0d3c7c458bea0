package notify_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/jobs"
	"tandem/internal/mail"
	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

// post is a world whose mails go to a real server, once its jobs are started.
type post struct {
	*world
	server *tandemtest.MailServer // nil: none is configured
	jobs   *jobs.Service
	mailer *notify.Mailer
}

// eachPost runs a test with a mail server on each database. Mails wait for nothing but the start of the jobs.
func eachPost(t *testing.T, test func(t *testing.T, p *post)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		p := newPost(t, env, tandemtest.NewMailServer(t, tandemtest.MailOptions{}))
		test(t, p)
		p.check(t)
	})
}

func newPost(t testing.TB, env *tandemtest.Env, server *tandemtest.MailServer, tweaks ...func(*notify.MailerOptions)) *post {
	t.Helper()
	j, err := jobs.New(env.DB, env.Logger, jobs.Options{Poll: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := &post{world: setUp(env), server: server, jobs: j}
	o := notify.MailerOptions{
		Jobs: j, Key: []byte(tandemtest.SigningKey), BaseURL: "https://tandem.test/", Domain: "tandem.test", Logger: env.Logger,
		Retry: func(int) time.Duration { return 20 * time.Millisecond },
	}
	if server != nil {
		o.Client = mailClient(t, server)
	}
	for _, tweak := range tweaks {
		tweak(&o)
	}
	p.mailer = notify.NewMailer(env.Notify, o)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := j.Stop(ctx); err != nil {
			t.Errorf("stop jobs: %v", err)
		}
	})
	return p
}

func mailClient(t testing.TB, s *tandemtest.MailServer) *mail.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mail.New(mail.Options{Server: config.SMTP{Host: host, Port: n, TLS: config.TLSOff}, From: "Tandem <tandem@tandem.test>"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *post) start(t *testing.T) {
	t.Helper()
	ok(t, p.jobs.Start(t.Context()))
}

// idle waits until no job is left that is to run now.
func (p *post) idle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		waiting, err := p.jobs.Waiting(t.Context())
		ok(t, err)
		n := waiting[jobs.Outcome{Kind: "mail", Result: "available"}] + waiting[jobs.Outcome{Kind: "mail", Result: "running"}] + waiting[jobs.Outcome{Kind: "mail", Result: "retryable"}]
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v, want no job left", waiting)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// assign has ann assign a new task to bob.
func (p *post) assign(t *testing.T, title string) tasks.Detail {
	t.Helper()
	return p.TaskBy(p.ann, p.project, tasks.Fields{Title: tasks.Of(title), AssignedTo: tasks.Of(&p.bob.ID)})
}

func (p *post) comment(t *testing.T, task, body string) {
	t.Helper()
	_, err := p.Tasks.AddComment(t.Context(), p.ann, task, body)
	ok(t, err)
}

var admin = users.Actor{Admin: true}

// logged is the log of mails, newest first.
func (p *post) logged(t *testing.T) []notify.Logged {
	t.Helper()
	page, err := p.mailer.Log(t.Context(), admin, "", "", 200)
	ok(t, err)
	return page.Items
}

func TestAChangeIsMailedOnce(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		task := p.assign(t, "Sweep the floor")
		p.start(t)
		p.idle(t)
		mails := p.server.Mails()
		if len(mails) != 1 {
			t.Fatalf("got %d mails, want 1", len(mails))
		}
		m := mails[0]
		if m.To != "bob@example.org" || m.Subject() != "ann assigned PRJ1-1 to you: Sweep the floor" {
			t.Errorf("got a mail to %s about %q", m.To, m.Subject())
		}
		link := "https://tandem.test/p/" + p.project.ID + "/board/" + task.Key
		for _, text := range []string{m.Text, m.HTML} {
			if !strings.Contains(text, link) || !strings.Contains(text, "Sweep the floor") || !strings.Contains(text, "because a task was assigned to you") {
				t.Errorf("got %s", text)
			}
		}
		log := p.logged(t)
		if len(log) != 1 || log[0].State != notify.Sent || log[0].Attempts != 1 || log[0].SentAt == nil || log[0].Kind != "task_assigned" || "<"+log[0].ID+"@tandem.test>" != m.Header.Get("Message-Id") {
			t.Errorf("got the log %+v of a mail with id %s", log, m.Header.Get("Message-Id"))
		}
		if one, err := p.mailer.Logged(t.Context(), admin, log[0].ID); err != nil || one.HTML != "" || one.Text != "" {
			t.Errorf("got %+v, %v, want no body", one, err)
		}
	})
}

func TestAMailWaitsForTwoMinutes(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		p := newPost(t, env, nil, func(o *notify.MailerOptions) { o.Delay = 2 * time.Minute })
		p.assign(t, "Sweep")
		var state, at string
		ok(t, p.DB.Read().QueryRowContext(t.Context(), `SELECT CAST(state AS TEXT), CAST(scheduled_at AS TEXT) FROM river_job WHERE kind = 'mail'`).Scan(&state, &at))
		if state != "scheduled" || !strings.HasPrefix(at, "2026-01-15 12:02:00") {
			t.Errorf("got %s at %s, want two minutes after noon", state, at)
		}
	})
}

func TestWhatWasRolledBackIsNotMailed(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		fault := errors.New("changed my mind")
		if err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := p.Notify.Tell(t.Context(), tx, p.ann, notify.News{To: p.bob.ID, Event: "x", Type: notify.TeamInvite, TeamID: p.team.ID, Team: "x"}); err != nil {
				return err
			}
			return fault
		}); !errors.Is(err, fault) {
			t.Fatal(err)
		}
		p.assign(t, "Last")
		p.start(t)
		p.idle(t)
		if mails := p.server.Mails(); len(mails) != 1 || !strings.Contains(mails[0].Subject(), "Last") {
			t.Errorf("got %d mails, want that of the change that was committed", len(mails))
		}
	})
}

func TestMailsOfATaskAreBundled(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		one := p.assign(t, "One")
		p.comment(t, one.ID, "@bob look at *this*")
		p.comment(t, one.ID, "not for you at once") // to the digest
		p.comment(t, one.ID, "@bob and this")
		p.assign(t, "Two")
		p.start(t)
		p.idle(t)
		bySubject := map[string]tandemtest.Mail{}
		for _, m := range p.server.Mails() {
			bySubject[m.Subject()] = m
		}
		bundle, found := bySubject["3 updates: PRJ1-1 One"]
		if len(bySubject) != 2 || !found {
			t.Fatalf("got %v, want a bundle and a single one", bySubject)
		}
		first, last := strings.Index(bundle.Text, "look at this"), strings.Index(bundle.Text, "and this")
		if first < 0 || last < first || strings.Contains(bundle.Text, "not for you") {
			t.Errorf("got %s, want what happened in its order", bundle.Text)
		}
	})
}

func TestWhatIsReadInTheAppIsNotMailed(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		read, open := p.assign(t, "Read"), p.assign(t, "Open")
		p.comment(t, open.ID, "@bob hello")
		for _, n := range p.list(t, p.bob) {
			if *n.TaskID == read.ID || n.Type == notify.Mention {
				must[notify.Notification](t)(p.Notify.MarkRead(t.Context(), p.bob, n.ID))
			}
		}
		p.start(t)
		p.idle(t)
		mails := p.server.Mails()
		if len(mails) != 1 || mails[0].Subject() != "ann assigned PRJ1-2 to you: Open" || strings.Contains(mails[0].Text, "hello") {
			t.Errorf("got %+v, want what is unread alone", mails)
		}
	})
}

func TestQuietHoursPutMailsOff(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		from, to := new("11:00"), new("13:00") // the clock shows 12:00 UTC
		must[notify.Settings](t)(p.Notify.UpdateSettings(t.Context(), p.bob, notify.SettingsPatch{QuietFrom: &from, QuietTo: &to}))
		p.assign(t, "Quiet")
		p.start(t)
		p.idle(t)
		waiting, err := p.jobs.Waiting(t.Context())
		ok(t, err)
		if len(p.server.Mails()) != 0 || waiting[jobs.Outcome{Kind: "mail", Result: "scheduled"}] != 1 {
			t.Errorf("got %d mails and %v, want a job for later", len(p.server.Mails()), waiting)
		}
		p.Clock.Advance(time.Hour)
		ok(t, p.DB.Write(t.Context(), func(tx *db.Tx) error { // River's clock is not ours to move
			_, err := tx.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state = 'scheduled'`)
			return err
		}))
		p.server.Wait(t, 1)
	})
}

func TestATemporaryErrorIsTriedAgainUnderTheSameID(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.server.RefuseAll(451, "later")
		p.assign(t, "Sweep")
		p.start(t)
		for deadline := time.Now().Add(20 * time.Second); ; {
			if log := p.logged(t); len(log) == 1 && log[0].Attempts > 2 && log[0].State == notify.Waiting {
				if !strings.Contains(log[0].Error, "later") || log[0].Address != "bob@example.org" {
					t.Errorf("got %+v, want the reason", log[0])
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %+v, want further attempts", p.logged(t))
			}
			<-time.After(10 * time.Millisecond)
		}
		p.server.Refuse(nil)
		m := p.server.Wait(t, 1)[0]
		p.idle(t)
		if log := p.logged(t); log[0].State != notify.Sent || log[0].Error != "" || m.Header.Get("Message-Id") != "<"+log[0].ID+"@tandem.test>" {
			t.Errorf("got %+v and id %s", log[0], m.Header.Get("Message-Id"))
		}
		if n := len(p.server.Mails()); n != 1 {
			t.Errorf("got %d mails, want 1", n)
		}
	})
}

// The pauses between attempts are a thousandth of those in earnest, and so are the ten minutes.
func TestAServerThatIsDownForTenMinutesLosesNothing(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		const n = 20
		p.server.RefuseAll(421, "down")
		for i := range n {
			p.assign(t, "Task "+strconv.Itoa(i))
		}
		p.start(t)
		<-time.After(600 * time.Millisecond)
		if got := len(p.server.Mails()); got != 0 {
			t.Fatalf("got %d mails from a server that is down", got)
		}
		p.server.Refuse(nil)
		p.idle(t)
		ids := map[string]bool{}
		for _, m := range p.server.Mails() {
			ids[m.Header.Get("Message-Id")] = true
		}
		if len(p.server.Mails()) != n || len(ids) != n {
			t.Errorf("got %d mails with %d ids, want %d", len(p.server.Mails()), len(ids), n)
		}
	})
}

func TestTheBackoffLastsForAboutADay(t *testing.T) {
	t.Parallel()
	var total, tenMinutes time.Duration
	for attempt := 1; attempt < notify.MailAttempts; attempt++ {
		pause := notify.Backoff(attempt)
		if pause < 30*time.Second || pause > time.Hour {
			t.Errorf("after attempt %d: got %v", attempt, pause)
		}
		if total += pause; tenMinutes == 0 && total >= 10*time.Minute {
			tenMinutes = total
		}
	}
	if total < 22*time.Hour || total > 26*time.Hour || tenMinutes > 16*time.Minute {
		t.Errorf("got %v in all, and an attempt %v after ten minutes without a server", total, tenMinutes)
	}
}

func TestAnAddressThatRefusesIsSuspended(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		ctx := t.Context()
		p.start(t)
		p.server.RefuseAll(550, "5.1.1 <bob@example.org>: no such mailbox")
		for i := range 3 {
			if me, err := p.Users.Me(ctx, p.bob.ID); err != nil || me.EmailSuspended != nil {
				t.Errorf("after %d refusals: got %+v, %v, want mails to go on", i, me.EmailSuspended, err)
			}
			p.assign(t, "Task "+strconv.Itoa(i))
			p.idle(t)
		}
		me, err := p.Users.Me(ctx, p.bob.ID)
		if err != nil || me.EmailSuspended == nil || !strings.Contains(me.EmailSuspended.Reason, "no such mailbox") {
			t.Errorf("got %+v, %v, want the reason", me.EmailSuspended, err)
		}
		p.server.Refuse(nil)
		p.assign(t, "Not sent")
		p.idle(t)
		var got []string
		for _, l := range p.logged(t) {
			got = append(got, l.State)
		}
		if strings.Join(got, " ") != "dropped failed failed failed" || len(p.server.Mails()) != 0 {
			t.Errorf("got %v and %d mails, want nothing sent", got, len(p.server.Mails()))
		}
		ok(t, p.mailer.Resume(ctx, p.bob))
		p.assign(t, "Sent")
		p.server.Wait(t, 1)
		if s := p.mailer.Stats(); s.Refused != 3 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestASuccessForgivesRefusals(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.start(t)
		for i := range 6 {
			if p.server.Refuse(nil); i%3 != 2 {
				p.server.RefuseAll(550, "full")
			}
			p.assign(t, "Task "+strconv.Itoa(i))
			p.idle(t)
		}
		if me, err := p.Users.Me(t.Context(), p.bob.ID); err != nil || me.EmailSuspended != nil || len(p.server.Mails()) != 2 {
			t.Errorf("got %+v, %v, %d mails", me.EmailSuspended, err, len(p.server.Mails()))
		}
	})
}

// rerun has all jobs run once more, as River does after it has lost a node.
func (p *post) rerun(t *testing.T, unmark bool) {
	t.Helper()
	ok(t, p.DB.Write(t.Context(), func(tx *db.Tx) error {
		if unmark {
			if _, err := tx.Exec(t.Context(), `UPDATE mails SET state = 'waiting', sent_at = NULL`); err != nil {
				return err
			}
		}
		_, err := tx.Exec(t.Context(), `UPDATE river_job SET state = 'available', finalized_at = NULL, attempt = 1, max_attempts = 30 WHERE kind = 'mail'`) //nolint:misspell // River's name
		return err
	}))
}

func TestAJobThatRunsAgainRepeatsOnlyWhatWasNotMarked(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.assign(t, "One")
		p.start(t)
		p.idle(t)
		p.rerun(t, false)
		p.idle(t)
		if n := len(p.server.Mails()); n != 1 {
			t.Errorf("got %d mails, want 1: it was marked", n)
		}
		p.rerun(t, true)
		mails := p.server.Wait(t, 2)
		if a, b := mails[0], mails[1]; a.Header.Get("Message-Id") != b.Header.Get("Message-Id") || a.Text != b.Text {
			t.Errorf("got %s and %s, want the same mail twice", a.Raw, b.Raw)
		}
	})
}
