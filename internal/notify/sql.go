package notify

import "tandem/internal/db"

const columns = `id, user_id, type, team_id, project_id, task_id, comment_id, invite_id, actor_id, title, message, task_count, read_at IS NOT NULL, email, created_at`

func scan(r db.Row) (n row, err error) {
	var email string
	err = r.Scan(&n.ID, &n.UserID, &n.Type, &n.TeamID, &n.ProjectID, &n.TaskID, &n.CommentID, &n.inviteID, &n.actorID, &n.Title, &n.Message, &n.TaskCount, &n.IsRead, &email, db.ScanTime(&n.CreatedAt))
	n.Email = emailOf(email)
	return n, err
}

// What somebody has said about types of notifications, about mails and about what is muted decides whether they are
// told. The rows of candidates come before this.
// Indexes: primary keys of users, notification_preferences, notification_settings, muted_tasks and muted_projects.
const willing = `
SELECT DISTINCT c.user_id, c.type, c.task_id, u.timezone, p.in_app, p.email, s.digest, s.watched_status
FROM candidates c
JOIN users u ON u.id = c.user_id
LEFT JOIN notification_preferences p ON p.user_id = c.user_id AND p.type = c.type
LEFT JOIN notification_settings s ON s.user_id = c.user_id
WHERE u.disabled_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM muted_tasks m WHERE m.user_id = c.user_id AND m.task_id = c.task_id)
	AND NOT EXISTS (SELECT 1 FROM muted_projects m WHERE m.user_id = c.user_id AND m.project_id = c.project_id)`

// The rows come between these two. Index: notifications_by_event.
const (
	insertNotifications = `
INSERT INTO notifications (id, user_id, type, event_key, team_id, project_id, task_id, comment_id, invite_id, actor_id, title, message, task_count, in_app, email, created_at)
VALUES `
	onceAnEvent = `
ON CONFLICT (user_id, event_key) DO NOTHING
RETURNING id`
)

// The rows, sorted by user_id, come between these two: an INSERT locks them in the order of its VALUES.
const (
	insertCounts = `
INSERT INTO unread_counts (user_id, unread)
VALUES `
	addToCounts = `
ON CONFLICT (user_id) DO UPDATE
SET unread = unread_counts.unread + excluded.unread
RETURNING user_id, unread`
)

// Index: primary key.
const unreadOf = `
SELECT unread
FROM unread_counts
WHERE user_id = $1`

// Index: primary key.
const byID = `
SELECT ` + columns + `
FROM notifications
WHERE id = $1 AND user_id = $2 AND in_app`

// Index: primary key. The list of ids is added.
const ownByIDs = `
SELECT id
FROM notifications
WHERE user_id = $1 AND in_app AND id IN `

// Index: primary key. The list of ids comes between these two.
const (
	markRead = `
UPDATE notifications
SET read_at = $2
WHERE user_id = $1 AND in_app AND read_at IS NULL AND id IN `
	returningID = `
RETURNING id`
)

// Index: notifications_unread.
const markAllRead = `
UPDATE notifications
SET read_at = $2
WHERE user_id = $1 AND in_app AND read_at IS NULL`

// Index: notifications_unread.
const markTypeRead = `
UPDATE notifications
SET read_at = $2
WHERE user_id = $1 AND in_app AND read_at IS NULL AND type = $3
RETURNING id`

// What is removed, by one of the conditions below.
const (
	ownersOf = `
SELECT DISTINCT user_id
FROM notifications
WHERE `
	deleteWhere = `
DELETE FROM notifications
WHERE `
	returningRemoved = `
RETURNING id, user_id, in_app, read_at IS NULL`
)

// Index: notifications_by_age. Mails were sent long before: what is not in the app counts as read.
const tooOld = `
SELECT id
FROM notifications
WHERE created_at < $1 AND (created_at < $2 OR read_at IS NOT NULL OR NOT in_app)
ORDER BY created_at
LIMIT $3`

// Index: notifications_by_task.
const reproject = `
UPDATE notifications
SET project_id = $2
WHERE task_id = $1`

// Index: primary key.
const settingsOf = `
SELECT s.digest, s.digest_hour, s.quiet_from, s.quiet_to, s.watched_status, u.timezone
FROM users u
LEFT JOIN notification_settings s ON s.user_id = u.id
WHERE u.id = $1`

// Index: primary key.
const preferencesOf = `
SELECT type, in_app, email
FROM notification_preferences
WHERE user_id = $1`

const setSettings = `
INSERT INTO notification_settings (user_id, digest, digest_hour, quiet_from, quiet_to, watched_status)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id) DO UPDATE
SET digest = excluded.digest, digest_hour = excluded.digest_hour, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, watched_status = excluded.watched_status`

const setPreference = `
INSERT INTO notification_preferences (user_id, type, in_app, email)
VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, type) DO UPDATE
SET in_app = excluded.in_app, email = excluded.email`

const dropPreference = `
DELETE FROM notification_preferences
WHERE user_id = $1 AND type = $2`

const muteTask = `
INSERT INTO muted_tasks (user_id, task_id)
VALUES ($1, $2)
ON CONFLICT (user_id, task_id) DO NOTHING`

const unmuteTask = `
DELETE FROM muted_tasks
WHERE user_id = $1 AND task_id = $2`

const muteProject = `
INSERT INTO muted_projects (user_id, project_id)
VALUES ($1, $2)
ON CONFLICT (user_id, project_id) DO NOTHING`

const unmuteProject = `
DELETE FROM muted_projects
WHERE user_id = $1 AND project_id = $2`
