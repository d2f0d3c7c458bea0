package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/failpoint"
	"tandem/internal/jobs"
	"tandem/internal/mail"
	"tandem/internal/users"
)

// The states of a mail.
const (
	Waiting = "waiting"
	Sent    = "sent"
	Failed  = "failed"
	Kept    = "kept" // there is no mail server
	Dropped = "dropped"
)

// markWithin is how long it may take to note what became of a mail, also while the program stops.
const markWithin = 10 * time.Second

// deliver hands a letter to the mail server and notes what became of it.
func (m *Mailer) deliver(ctx context.Context, job *jobs.Job[mailArgs], l Letter) error {
	a := job.Args
	if reason, err := m.suspended(ctx, m.db.Read(), users.Key(l.To)); err != nil || reason != nil {
		if err != nil {
			return err
		}
		return m.finish(ctx, a, l, Dropped, "the address is suspended: "+reason.Reason)
	}
	html, text, err := m.render(&l, m.token(l.Stop))
	if err != nil {
		return err
	}
	if m.o.Client == nil {
		return m.close(ctx, a, l, Kept, "", html, text)
	}
	err = m.o.Client.Send(ctx, mail.Message{ID: a.Mail + "@" + m.o.Domain, To: l.To, Subject: l.Subject, HTML: html, Text: text, Unsubscribe: l.Unsubscribe})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markWithin) // it is sent, or not: that must be known
	defer cancel()
	var refused *mail.Error
	switch {
	case err == nil:
		failpoint.Hit("after-send")
		m.sent.Add(1)
		return m.finish(ctx, a, l, Sent, "")
	case errors.As(err, &refused) && refused.Permanent:
		m.refused.Add(1)
		m.o.Logger.WarnContext(ctx, "mail is refused", "mail", a.Mail, "kind", l.Kind, "user", a.User, "err", err)
		return m.bounce(ctx, a, l, refused.Reason)
	case refused == nil:
		return err
	}
	m.delayed.Add(1)
	if job.Last() {
		return errors.Join(fmt.Errorf("send mail %s: %w", a.Mail, err), m.finish(ctx, a, l, Failed, refused.Reason))
	}
	return errors.Join(fmt.Errorf("send mail %s: %w", a.Mail, err), m.finish(ctx, a, l, Waiting, refused.Reason))
}

// render lays the letter out, with whole addresses.
func (m *Mailer) render(l *Letter, token string) (html, text string, err error) {
	if !l.Stop.none() {
		l.Unsubscribe, l.Settings = "/unsubscribe/"+token, "/settings/notifications"
	}
	l.complete(m.o.BaseURL)
	return l.render()
}

// finish notes what became of a mail whose text nobody needs any more.
func (m *Mailer) finish(ctx context.Context, a mailArgs, l Letter, state, reason string) error {
	return m.close(ctx, a, l, state, reason, "", "")
}

func (m *Mailer) close(ctx context.Context, a mailArgs, l Letter, state, reason, html, text string) error {
	return m.db.Write(ctx, func(tx *db.Tx) error { return m.mark(ctx, tx, a, l, state, reason, html, text) })
}

func (m *Mailer) mark(ctx context.Context, tx *db.Tx, a mailArgs, l Letter, state, reason, html, text string) error {
	var sent *time.Time
	if state == Sent {
		sent = &tx.Now
		if _, err := tx.Exec(ctx, forgetBounces, users.Key(l.To)); err != nil {
			return fmt.Errorf("forget bounces: %w", err)
		}
	}
	kind := l.Kind
	if kind == "" {
		kind = a.What
	}
	if _, err := tx.Exec(ctx, markMail, a.Mail, kind, l.To, l.Subject, html, text, state, reason, db.TimeOrNull(sent)); err != nil {
		return fmt.Errorf("mark mail %s: %w", a.Mail, err)
	}
	return nil
}

// maxBounces in a row suspend an address.
const maxBounces = 3

// bounce notes a mail that was refused for good.
func (m *Mailer) bounce(ctx context.Context, a mailArgs, l Letter, reason string) error {
	return m.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, addBounce, users.Key(l.To), reason, db.Time(tx.Now), maxBounces); err != nil {
			return fmt.Errorf("note bounce: %w", err)
		}
		return m.mark(ctx, tx, a, l, Failed, reason, "", "")
	})
}

// suspended says why nothing is sent to an address; nil: mails are.
func (m *Mailer) suspended(ctx context.Context, q db.Querier, key string) (*users.Suspension, error) {
	var s users.Suspension
	err := q.QueryRowContext(ctx, suspension, key).Scan(&s.Reason, db.ScanTime(&s.At))
	if db.NoRow(err) {
		return nil, nil //nolint:nilnil // most addresses are not
	}
	if err != nil {
		return nil, fmt.Errorf("look for a suspended address: %w", err)
	}
	return &s, nil
}

// Resume has mails sent to the actor's address again, which servers refused.
func (m *Mailer) Resume(ctx context.Context, actor users.Actor) error {
	return m.db.Write(ctx, func(tx *db.Tx) error {
		box, err := m.users.Mailbox(ctx, tx, actor.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, forgetBounces, users.Key(box.Email)); err != nil {
			return fmt.Errorf("resume mails of %s: %w", actor.ID, err)
		}
		return nil
	})
}

// MailStats count what became of mails on this node since it started.
type MailStats struct{ Sent, Refused, Delayed int64 }

// Stats are those of this node.
func (m *Mailer) Stats() MailStats {
	return MailStats{m.sent.Load(), m.refused.Load(), m.delayed.Load()}
}

// How long the log of mails is kept.
const (
	keepMails  = 30 * 24 * time.Hour
	keepBodies = 7 * 24 * time.Hour
	// A mail still waits then only if the node that had its last attempt died.
	lostAfter = 3 * 24 * time.Hour
)

// CleanUp shortens the log of mails.
func (m *Mailer) CleanUp(ctx context.Context) error {
	return m.db.Write(ctx, func(tx *db.Tx) error {
		for _, c := range []struct {
			statement string
			age       time.Duration
		}{{deleteMails, keepMails}, {emptyMails, keepBodies}, {failMails, lostAfter}} {
			if _, err := tx.Exec(ctx, c.statement, db.Time(tx.Now.Add(-c.age))); err != nil {
				return fmt.Errorf("clean up mails: %w", err)
			}
		}
		return nil
	})
}

// nothingLeft drops a mail whose news was read meanwhile.
var nothingLeft = errs.New(errs.Gone, "read in the app meanwhile")
