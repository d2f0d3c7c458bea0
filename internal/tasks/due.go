package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/notify"
	"tandem/internal/users"
)

// How far from now a due date may be for people to be told of it.
const (
	dueAhead = 24 * time.Hour
	dueLate  = 24 * time.Hour // a server that was off for longer reminds of nothing that is over
)

// Whom a due date is announced to, who was not told of this very date yet. A date that moves is another date.
// Indexes: tasks_by_due (due_at), primary keys of members, statuses, projects and due_reminders.
const dueSoon = `
SELECT t.id, t.team_id, t.project_id, t.number, t.title, t.due_at, m.user_id
FROM tasks t
JOIN members m ON m.team_id = t.team_id AND m.user_id = COALESCE(t.assigned_to, t.created_by)
WHERE t.due_at > $1 AND t.due_at <= $2 AND t.deleted_at IS NULL AND t.completed_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status AND st.category IN ('done', 'cancelled'))
	AND NOT EXISTS (SELECT 1 FROM due_reminders r WHERE r.task_id = t.id AND r.user_id = m.user_id AND r.due_at = t.due_at)
ORDER BY t.due_at, t.id
LIMIT $3`

// The rows come between these two. Index: primary key.
const (
	insertReminders = `
INSERT INTO due_reminders (task_id, user_id, due_at)
VALUES `
	onceADate = `
ON CONFLICT (task_id, user_id) DO UPDATE
SET due_at = excluded.due_at
WHERE due_reminders.due_at <> excluded.due_at
RETURNING task_id`
)

// RemindDue tells assignees, or where there is none the creator, of what is due within a day: once of each date. It may
// run on several nodes at once, and again.
func (s *Service) RemindDue(ctx context.Context) error {
	const batch = 100
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = s.remindSome(ctx, tx, batch)
			return err
		})
		if err != nil || n < batch {
			return err
		}
	}
}

// remindSome tells of up to limit due dates and returns how many it found.
func (s *Service) remindSome(ctx context.Context, tx *db.Tx, limit int) (int, error) {
	type reminder struct {
		Task
		to string
	}
	found, err := db.Collect(ctx, tx, func(r db.Row) (v reminder, err error) {
		err = r.Scan(&v.ID, &v.TeamID, &v.ProjectID, &v.Number, &v.Title, db.ScanTimeOrNull(&v.DueAt), &v.to)
		return v, err
	}, dueSoon+tx.Dialect().Pick("", "\nFOR UPDATE OF t SKIP LOCKED"), db.Time(tx.Now.Add(-dueLate)), db.Time(tx.Now.Add(dueAhead)), limit)
	if err != nil {
		return 0, fmt.Errorf("find what is due: %w", err)
	}
	if len(found) == 0 {
		return 0, nil
	}
	var args db.Args
	values := make([]string, len(found))
	for i, v := range found {
		values[i] = args.Tuple(v.ID, v.to, db.TimeOrNull(v.DueAt))
	}
	fresh, err := db.Collect(ctx, tx, db.ScanString, insertReminders+strings.Join(values, ", ")+onceADate, args...)
	if err != nil {
		return 0, fmt.Errorf("note %d reminders: %w", len(found), err)
	}
	var news []notify.News
	for i := range found {
		v := &found[i]
		if !slices.Contains(fresh, v.ID) {
			continue // another node was quicker
		}
		if err := s.setKey(ctx, &v.Task); err != nil {
			return 0, err
		}
		n := newsOf(notify.TaskDueSoon, &v.Task, v.to)
		n.Event, n.Due = "due:"+v.ID+":"+v.DueAt.Format(time.RFC3339Nano), *v.DueAt
		news = append(news, n)
	}
	told, err := s.notify.Tell(ctx, tx, users.Actor{}, news...)
	if err != nil {
		return 0, err
	}
	return len(found), s.log.RecordAll(ctx, tx, told)
}
