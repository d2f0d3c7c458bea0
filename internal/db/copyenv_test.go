package db_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/internal/auth"
	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/jobs"
	"tandem/internal/notify"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/transfer"
	"tandem/internal/users"
)

func needPostgres(t *testing.T) {
	t.Helper()
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		t.Skip("copying needs PostgreSQL")
	}
}

// queue makes River's tables and returns the services that need them.
func queue(t *testing.T, env *tandemtest.Env) (*jobs.Service, *transfer.Service) {
	t.Helper()
	j, err := jobs.New(env.DB, env.Logger, jobs.Options{})
	if err == nil {
		err = j.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return j, transfer.NewService(env.DB, env.Log, env.Users, env.Teams, env.Tasks, j, env.Logger)
}

// target is an empty PostgreSQL whose schema is up to date.
func target(t *testing.T) *tandemtest.Env {
	t.Helper()
	env := tandemtest.NewPostgres(t)
	queue(t, env)
	return env
}

// source is a SQLite database with one user.
func source(t *testing.T) *tandemtest.Env {
	t.Helper()
	env := tandemtest.NewSQLite(t)
	queue(t, env)
	env.User("ann")
	return env
}

func copyInto(t *testing.T, from, to *tandemtest.Env, o db.CopyOptions) ([]db.CopiedTable, error) {
	t.Helper()
	return copyCtx(t, t.Context(), from, to, o)
}

func copyCtx(t *testing.T, ctx context.Context, from, to *tandemtest.Env, o db.CopyOptions) ([]db.CopiedTable, error) {
	t.Helper()
	s, err := db.OpenSource(t.Context(), from.Options.SQLitePath)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the source: %v", err)
		}
	}()
	if err := s.CheckTarget(t.Context(), to.DB, o); err != nil {
		return nil, err
	}
	return s.CopyTo(ctx, to.DB, o)
}

// refused fails unless err says all of this and the target is still empty.
func refused(t *testing.T, to *tandemtest.Env, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one that says %q", says)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("got %q, want it to say %q", err, s)
		}
	}
	if rows := filled(t, to.DB); len(rows) != 0 {
		t.Errorf("got rows in %v, want an empty target", rows)
	}
}

// filled names the tables of PostgreSQL that have rows, but for those of the migrations.
func filled(t *testing.T, d *db.DB) []string {
	t.Helper()
	return slices.DeleteFunc(postgresTables(t, d), func(name string) bool {
		where := map[string]string{"meta": ` WHERE key <> 'epoch'`, "streams": ` WHERE id <> 'nodes'`}[name]
		return lines(t, d, `SELECT COUNT(*)::text FROM `+name+where)[0] == "0"
	})
}

// postgresTables are all tables that a copy has to fill.
func postgresTables(t *testing.T, d *db.DB) []string {
	t.Helper()
	return slices.DeleteFunc(lines(t, d, `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'`), func(name string) bool {
		return name == "goose_db_version" || slices.Contains(jobs.CopyOptions().Leave, name)
	})
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// lived is an installation where people have used everything.
type lived struct {
	*tandemtest.Env
	ann     users.Actor
	team    teams.Team
	project teams.Project
	session auth.Login
}

func livedIn(t *testing.T) *lived {
	t.Helper()
	ctx := t.Context()
	w := &lived{Env: tandemtest.NewSQLite(t)}
	_, imports := queue(t, w.Env)
	w.ann = w.User("ann")
	bob := w.User("bob")
	w.team = w.Team(w.ann)
	w.Join(w.team, bob, teams.Member)
	w.project = w.Project(w.team)
	file, err := os.ReadFile("../transfer/testdata/qlog-issues.json")
	if err != nil {
		t.Fatal(err)
	}
	job, err := imports.ImportNow(ctx, w.ann, w.project.ID, "", bytes.NewReader(file), func(int, int) {})
	if err != nil || job.Tasks.Created != 269 || job.Comments.Created != 722 {
		t.Fatalf("got %+v, %v, want the whole file imported", job, err)
	}
	label, err := w.Teams.CreateLabel(ctx, w.ann, w.team.ID, teams.LabelInput{Name: "größer 🎈"})
	if err != nil {
		t.Fatal(err)
	}
	due := w.Clock.Now()
	task := w.TaskBy(w.ann, w.project, tasks.Fields{
		Title: tasks.Of("Kehren — with quote ' and \\. backslash"), Description: tasks.Of("\\N\n\n\tnull"), Labels: tasks.Of([]string{label.ID}),
		DueAt: tasks.Of(&due), AssignedTo: tasks.Of(&bob.ID),
	})
	gone := w.Task(w.project, "in the trash")
	another := w.ann
	another.Mutation = events.Mutation{ID: "0197c1d2-0000-7000-8000-000000000001", Fingerprint: "x"}
	mail := "carl@example.org"
	_, err = w.Tasks.AddComment(ctx, another, task.ID, "said @bob")
	_, inviteErr := w.Teams.Invite(ctx, w.ann, w.team.ID, teams.InviteInput{Email: &mail, Role: teams.Viewer})
	_, startErr := imports.Start(ctx, w.ann, w.project.ID, "", strings.NewReader("waits for the jobs to start \x00\xff"))
	w.session, _ = w.Auth.Login(ctx, "ann", tandemtest.Password, auth.Client{UserAgent: "Phone", IP: "192.0.2.1"})
	if err := errors.Join(err, inviteErr, startErr, w.Tasks.Delete(ctx, w.ann, gone.ID, nil), w.Tasks.Watch(ctx, bob, task.ID, true), w.Auth.ForgotPassword(ctx, "bob@example.org")); err != nil {
		t.Fatal(err)
	}
	off := notify.Off
	_, settingsErr := w.Notify.UpdateSettings(ctx, bob, notify.SettingsPatch{WatchedStatus: new(true), Types: map[notify.Type]notify.PreferencePatch{notify.TaskCommented: {Email: &off}}})
	var portrait bytes.Buffer
	portraitErr := png.Encode(&portrait, image.NewNRGBA(image.Rect(0, 0, 9, 9)))
	_, avatarErr := w.Users.SetAvatar(ctx, bob, portrait.Bytes())
	_, filterErr := w.Teams.CreateFilter(ctx, bob, w.project.ID, teams.FilterInput{Name: "Late", Query: "due=overdue", Shared: true})
	if err := errors.Join(settingsErr, portraitErr, avatarErr, filterErr, w.Tasks.RemindDue(ctx), w.Tasks.Mute(ctx, bob, task.ID, true), w.Teams.MuteProject(ctx, bob, w.project.ID, true)); err != nil {
		t.Fatal(err)
	}
	w.fillWithoutServices(t, bob)
	return w
}

// fillWithoutServices puts a row into each table that no service writes to yet. What gets one leaves this list.
func (w *lived) fillWithoutServices(t *testing.T, u users.Actor) {
	t.Helper()
	now := db.Time(w.Clock.Now())
	exec(t, w.DB, `INSERT INTO mails (id, user_id, kind, address, subject, html, text, state, error, attempts, created_at) VALUES ('m', $1, 'mention', 'bob@example.org', 's', '<p>ü', 'ü', 'kept', '', 0, $2)`, u.ID, now)
	exec(t, w.DB, `INSERT INTO bounces (email_key, count, reason, last_at) VALUES ('bob@example.org', 1, '550 no', $1)`, now)
	exec(t, w.DB, `INSERT INTO digests (user_id, day) VALUES ($1, '2026-01-15')`, u.ID)
	exec(t, w.DB, `INSERT INTO email_verifications (hash, user_id, email_key, created_at, expires_at) VALUES ('h', $1, 'bob@example.org', $2, $2)`, u.ID, now)
	exec(t, w.DB, `INSERT INTO reports (id, team_id, user_id, kind, name, week, timezone, state, done, total, size, created_at) VALUES ('r', $1, $2, 'data', 'ü.zip', '', 'UTC', 'done', 1, 1, 3, $3)`, w.team.ID, u.ID, now)
	exec(t, w.DB, `INSERT INTO report_parts (report_id, number, data) VALUES ('r', 0, $1)`, []byte{0, 1, 0xff})
	exec(t, w.DB, `INSERT INTO report_subscriptions (team_id, user_id, week) VALUES ($1, $2, '2026-W03')`, w.team.ID, u.ID)
}
