package notify

import (
	"context"

	"tandem/internal/db"
	"tandem/internal/jobs"
)

// For tests of the rules alone.
var (
	QuietFor  = quietFor
	DigestDay = digestDay
	Monday    = monday
	DayOf     = dayOf
	Due       = due // the text about a due date
)

// MailAttempts are how many a mail gets.
const MailAttempts = mailAttempts

// Prepare claims and writes somebody's digest, and lets go of what it has claimed.
func (m *Mailer) Prepare(ctx context.Context, userID string) error {
	job := &jobs.Job[mailArgs]{Args: mailArgs{Mail: newID(), What: kindDigest, User: userID}, Attempt: 1, MaxAttempts: 1}
	if err := m.work(ctx, job); err != nil {
		return err
	}
	return m.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE notifications SET mail_id = NULL WHERE mail_id = $1`, job.Args.Mail)
		return err
	})
}
