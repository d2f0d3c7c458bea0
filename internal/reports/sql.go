package reports

const insertReport = `
INSERT INTO reports (id, team_id, project_id, user_id, kind, name, week, timezone, state, done, total, size, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, $10)`

const reportColumns = `
SELECT id, team_id, project_id, user_id, kind, name, week, timezone, state, done, total, size, created_at, finished_at
FROM reports `

const (
	reportByID = reportColumns + `WHERE id = $1`                                                    // index: primary key
	reportsOf  = reportColumns + `WHERE user_id = $1 AND team_id = $2 ORDER BY created_at DESC, id` // index: reports_by_user
	oldReports = reportColumns + `WHERE created_at < $1`                                            // there are few, and this runs once in hours
)

// Index: reports_by_user.
const countUnfinished = `
SELECT COUNT(*)
FROM reports
WHERE user_id = $1 AND state IN ('waiting', 'running')`

const deleteReport = `
DELETE FROM reports
WHERE id = $1`

// An attempt before this one may have left something.
const dropParts = `
DELETE FROM report_parts
WHERE report_id = $1`

const setProgress = `
UPDATE reports
SET state = $2, done = $3, total = $4, size = $5, finished_at = $6
WHERE id = $1`

const insertPart = `
INSERT INTO report_parts (report_id, number, data)
VALUES ($1, $2, $3)`

// Index: primary key.
const partOf = `
SELECT data
FROM report_parts
WHERE report_id = $1 AND number = $2`

// What is reported on: $1 is the team, $2 one of its projects, or ”. Tasks in the trash are left out.
// Indexes: tasks_by_team_created, comments_by_team, activity_by_team; the primary keys of what is joined.
const (
	ofScope = `
WHERE t.team_id = $1 AND ($2 = '' OR t.project_id = $2) AND t.deleted_at IS NULL`

	countTasks    = `SELECT COUNT(*) FROM tasks t` + ofScope
	countComments = `SELECT COUNT(*) FROM comments c JOIN tasks t ON t.id = c.task_id` + ofScope + ` AND c.deleted_at IS NULL`
	countActivity = `SELECT COUNT(*) FROM activity a JOIN tasks t ON t.id = a.task_id` + ofScope

	firstTask = `SELECT MIN(t.created_at) FROM tasks t` + ofScope

	tasksOf = `
SELECT p.key, t.number, p.name, t.title, t.description, COALESCE(st.name, t.status), COALESCE(st.category, ''), t.priority,
	COALESCE((SELECT STRING_AGG(l.name, '; ' ORDER BY l.name) FROM task_labels tl JOIN labels l ON l.id = tl.label_id WHERE tl.task_id = t.id), ''),
	COALESCE(a.username, ''), COALESCE(c.username, t.imported_author, ''), t.due_at, t.created_at, t.updated_at, t.completed_at
FROM tasks t
JOIN projects p ON p.id = t.project_id
LEFT JOIN statuses st ON st.project_id = t.project_id AND st.slug = t.status
LEFT JOIN users a ON a.id = t.assigned_to
LEFT JOIN users c ON c.id = t.created_by` + ofScope + `
ORDER BY p.key, t.number`

	commentsOf = `
SELECT p.key, t.number, COALESCE(u.username, c.imported_author, ''), c.body, c.created_at, c.updated_at
FROM comments c
JOIN tasks t ON t.id = c.task_id
JOIN projects p ON p.id = t.project_id
LEFT JOIN users u ON u.id = c.author_id` + ofScope + ` AND c.deleted_at IS NULL
ORDER BY p.key, t.number, c.created_at, c.id`

	activityOf = `
SELECT p.key, t.number, a.created_at, COALESCE(u.username, ''), a.type, a.changes
FROM activity a
JOIN tasks t ON t.id = a.task_id
JOIN projects p ON p.id = t.project_id
LEFT JOIN users u ON u.id = a.actor_id` + ofScope + `
ORDER BY p.key, t.number, a.created_at, a.id`

	completedIn = `
SELECT p.id, p.key, t.number, t.title
FROM tasks t
JOIN projects p ON p.id = t.project_id
JOIN statuses st ON st.project_id = t.project_id AND st.slug = t.status AND st.category = 'done'` + ofScope + ` AND t.completed_at >= $3 AND t.completed_at < $4
ORDER BY t.completed_at DESC, t.id
LIMIT 500`

	overdueAt = `
SELECT p.id, p.key, t.number, t.title
FROM tasks t
JOIN projects p ON p.id = t.project_id
JOIN statuses st ON st.project_id = t.project_id AND st.slug = t.status AND st.category NOT IN ('done', 'cancelled')` + ofScope + ` AND t.due_at < $3
ORDER BY t.due_at, t.id
LIMIT 500`
)
