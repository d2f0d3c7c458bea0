package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/users"
)

// Logged is a mail in the administrator's log.
type Logged struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" doc:"a type of notifications, several, digest, report, invite, password_reset or email_verification"`
	Address   string     `json:"address"`
	Subject   string     `json:"subject"`
	State     string     `json:"state" enum:"waiting,sent,failed,kept,dropped" doc:"kept: there is no mail server; dropped: there was nothing left to tell, or the address is suspended"`
	Error     string     `json:"error" doc:"why it was not sent, or not yet"`
	Attempts  int64      `json:"attempts"`
	CreatedAt time.Time  `json:"created_at"`
	SentAt    *time.Time `json:"sent_at"`
}

// LoggedBody is a mail with what it says, which is kept for a week when there is no mail server.
type LoggedBody struct {
	Logged
	HTML string `json:"html"`
	Text string `json:"text"`
}

func (l *Logged) dest() []any {
	return []any{&l.ID, &l.Kind, &l.Address, &l.Subject, &l.State, &l.Error, &l.Attempts, db.ScanTime(&l.CreatedAt), db.ScanTimeOrNull(&l.SentAt)}
}

var states = []string{Waiting, Sent, Failed, Kept, Dropped}

var errNoAdmin = errs.New(errs.Forbidden, "only an administrator of this instance may do this")

// Log lists mails, newest first; state "" is all of them.
func (m *Mailer) Log(ctx context.Context, actor users.Actor, state, cursor string, limit int) (db.Page[Logged], error) {
	var page db.Page[Logged]
	if !actor.Admin {
		return page, errNoAdmin
	}
	limit, err := db.Limit(limit)
	if err != nil {
		return page, err
	}
	if state != "" && !slices.Contains(states, state) {
		return page, errs.Field("query.state", "must be one of %s", strings.Join(states, ", "))
	}
	from := listKey{At: endOfTime}
	if err := db.DecodeCursor(cursor, &from); err != nil {
		return page, err
	}
	page.Items, err = db.Collect(ctx, m.db.Read(), func(r db.Row) (l Logged, err error) {
		err = r.Scan(l.dest()...)
		return l, err
	}, listMails, db.Time(from.At), from.ID, db.NullString(state), limit+1)
	if err != nil {
		return page, fmt.Errorf("list mails: %w", err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.NextCursor = db.EncodeCursor(listKey{page.Items[limit-1].CreatedAt, page.Items[limit-1].ID})
	}
	return page, nil
}

// Logged returns one mail.
func (m *Mailer) Logged(ctx context.Context, actor users.Actor, id string) (LoggedBody, error) {
	var l LoggedBody
	if !actor.Admin {
		return l, errNoAdmin
	}
	err := m.db.Read().QueryRowContext(ctx, mailByID, id).Scan(append(l.dest(), &l.HTML, &l.Text)...)
	if db.NoRow(err) {
		return l, errs.New(errs.NotFound, "mail not found")
	}
	if err != nil {
		return l, fmt.Errorf("read mail %s: %w", id, err)
	}
	return l, nil
}
