package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/jobs"
	"tandem/internal/mail"
	"tandem/internal/users"
)

// MailerOptions set up a Mailer.
type MailerOptions struct {
	Client  *mail.Client // nil: there is no mail server, and mails are kept for the administrator
	Jobs    *jobs.Service
	Key     []byte        // signs the links that need no login
	BaseURL string        // where people reach the app
	Domain  string        // of Message-IDs
	Delay   time.Duration // before a mail about a notification
	Retry   func(attempt int) time.Duration
	Logger  *slog.Logger
}

// Compose writes the letter of a kind of mail, in the moment in which it is sent. ref is what Post was given. When
// there is nothing to say any more (NotFound, Gone), the mail is dropped.
type Compose func(ctx context.Context, q db.Querier, userID, ref string) (Letter, error)

// Mailer sends mails, by jobs that are part of the transactions that cause them.
type Mailer struct {
	*Service
	o MailerOptions

	sent, refused, delayed atomic.Int64
}

// Places are names of what notifications are about, by id. What is gone is left out.
type Places struct{ Projects, Tasks map[string]string }

// DueTask is an open task as a digest shows it.
type DueTask struct {
	ID, ProjectID, Key, Title, Project string
	DueAt                              time.Time
}

// The kinds of jobs that are not composed elsewhere.
const (
	kindNotification = "notification"
	kindDigest       = "digest"
)

// mailArgs are a job's. Mail is the mail's id, in mails and in Message-ID: each attempt sends the same mail. There is
// no secret in them: who composes the mail makes its link's token anew.
type mailArgs struct {
	Mail string `json:"mail"`
	What string `json:"what"`
	User string `json:"user,omitempty"`
	Ref  string `json:"ref,omitempty"`
	Task string `json:"task,omitempty"`
}

func (mailArgs) Kind() string { return "mail" }

// A mail that is not sent is tried again for about a day: after half a minute, a minute, and so on up to an hour.
const (
	mailAttempts = 30
	mailWithin   = time.Minute
)

// Backoff is the pause after an attempt at a mail.
func Backoff(attempt int) time.Duration {
	return min(30*time.Second<<min(attempt-1, 10), time.Hour)
}

// NewMailer returns the mailer of s, which mails from now on.
func NewMailer(s *Service, o MailerOptions) *Mailer {
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	if o.Retry == nil {
		o.Retry = Backoff
	}
	m := &Mailer{Service: s, o: o}
	jobs.HandleAs(o.Jobs, jobs.Work{Within: mailWithin, Retry: o.Retry}, m.work)
	s.MailLater = m.later
	s.mailer = m
	s.users.Suspended = m.suspended
	return m
}

// Composes names who writes a kind of mail.
func (s *Service) Composes(kind string, fn Compose) { s.composes[kind] = fn }

// Post has a mail sent after the commit, which the kind's Compose writes. userID is empty for somebody without an
// account. Without a Mailer, as on the command line, nothing is sent.
func (s *Service) Post(ctx context.Context, tx *db.Tx, kind, userID, ref string) error {
	if s.mailer == nil {
		return nil
	}
	return s.mailer.post(ctx, tx, time.Time{}, mailArgs{newID(), kind, userID, ref, ""})
}

func (m *Mailer) post(ctx context.Context, tx *db.Tx, at time.Time, args ...mailArgs) error {
	list := make([]jobs.Args, len(args))
	for i, a := range args {
		list[i] = a
	}
	_, err := m.o.Jobs.InsertMany(ctx, tx, list, jobs.InsertOptions{Queue: jobs.Mail, At: at, MaxAttempts: mailAttempts})
	return err
}

// later is Service.MailLater: one job for each person and task.
func (m *Mailer) later(ctx context.Context, tx *db.Tx, made []Notification) error {
	type place struct{ user, task string }
	seen := map[place]bool{}
	var args []mailArgs
	for _, n := range made {
		if n.Email != AtOnce {
			continue
		}
		a := mailArgs{Mail: newID(), What: kindNotification, User: n.UserID, Ref: n.ID}
		if n.TaskID != nil {
			a.Task = *n.TaskID
			if seen[place{a.User, a.Task}] {
				continue
			}
			seen[place{a.User, a.Task}] = true
		}
		args = append(args, a)
	}
	at := time.Time{}
	if m.o.Delay > 0 { // River looks for what is to run later only every few seconds
		at = tx.Now.Add(m.o.Delay)
	}
	return m.post(ctx, tx, at, args...)
}

// work is one attempt at a mail.
func (m *Mailer) work(ctx context.Context, job *jobs.Job[mailArgs]) error {
	a := job.Args
	if a.What == kindNotification {
		wait, err := m.quiet(ctx, a.User)
		if err != nil {
			return err
		}
		if wait > 0 {
			return jobs.Later(wait)
		}
	}
	waiting, err := m.begin(ctx, a)
	if err != nil || !waiting {
		return err
	}
	letter, err := m.compose(ctx, a)
	switch {
	case errors.Is(err, errs.NotFound), errors.Is(err, errs.Gone):
		return m.finish(ctx, a, letter, Dropped, err.Error())
	case err != nil:
		return fmt.Errorf("compose mail %s: %w", a.Mail, err)
	}
	return m.deliver(ctx, job, letter)
}

func (m *Mailer) compose(ctx context.Context, a mailArgs) (Letter, error) {
	switch a.What {
	case kindNotification:
		return m.composeNotifications(ctx, a)
	case kindDigest:
		return m.composeDigest(ctx, a)
	}
	compose, ok := m.composes[a.What]
	if !ok { // of a newer or older version of the program
		return Letter{}, jobs.Cancel(fmt.Errorf("nobody here writes mails of the kind %q", a.What))
	}
	if a.User != "" { // who writes it need not know of locks
		if _, err := m.recipient(ctx, m.db.Read(), a.User); err != nil {
			return Letter{}, err
		}
	}
	return compose(ctx, m.db.Read(), a.User, a.Ref)
}

// begin notes the attempt, and at the first one claims what the mail is to tell. It says whether there is something
// to send: neither a mail that was sent before its job could say so, nor one about what was read meanwhile.
func (m *Mailer) begin(ctx context.Context, a mailArgs) (waiting bool, err error) {
	err = m.db.Write(ctx, func(tx *db.Tx) error {
		var state string
		err := tx.QueryRowContext(ctx, mailState, a.Mail).Scan(&state)
		switch {
		case db.NoRow(err):
			if waiting, err = m.claim(ctx, tx, a); err != nil || !waiting {
				return err
			}
		case err != nil:
			return fmt.Errorf("read mail %s: %w", a.Mail, err)
		default:
			waiting = state == Waiting
		}
		if _, err := tx.Exec(ctx, beginMail, a.Mail, db.NullString(a.User), a.What, db.Time(tx.Now)); err != nil {
			return fmt.Errorf("begin mail %s: %w", a.Mail, err)
		}
		return nil
	})
	return waiting, err
}

// claim marks the rows that this mail tells of, so that no other does.
func (m *Mailer) claim(ctx context.Context, tx *db.Tx, a mailArgs) (bool, error) {
	var n int64
	var err error
	switch {
	case a.What == kindDigest:
		return m.claimDigest(ctx, tx, a)
	case a.What != kindNotification:
		return true, nil
	case a.Task != "":
		n, err = tx.Exec(ctx, claimTask, a.Mail, a.User, a.Task)
	default:
		n, err = tx.Exec(ctx, claimOne, a.Mail, a.User, a.Ref)
	}
	if err != nil {
		return false, fmt.Errorf("claim notifications for mail %s: %w", a.Mail, err)
	}
	return n > 0, nil
}

// recipient is who a mail to a user goes to; nobody who is locked out gets any.
func (m *Mailer) recipient(ctx context.Context, q db.Querier, userID string) (users.Mailbox, error) {
	box, err := m.users.Mailbox(ctx, q, userID)
	if err == nil && box.Disabled {
		err = errs.New(errs.Gone, "the account is locked")
	}
	return box, err
}
