package tasks

import (
	"encoding/json"
	"strings"

	"tandem/internal/db"
)

// Labels come with the task as one text: an id has a fixed form without commas.
const taskColumns = `t.id, t.team_id, t.project_id, t.number, t.title, t.description, t.status, t.priority, t.position,
	COALESCE((SELECT string_agg(l.label_id, ',') FROM task_labels l WHERE l.task_id = t.id), ''),
	t.assigned_to, t.created_by, t.imported_author, t.due_at, t.completed_at, t.comment_count, t.version, t.created_at, t.updated_at, t.deleted_at`

// cardColumns leave the description in the database.
var cardColumns = strings.Replace(taskColumns, "t.description", "''", 1)

// Index: primary key.
const taskByID = `
SELECT ` + taskColumns + `
FROM tasks t
WHERE t.id = $1`

// Whether somebody watches a task or has muted it. Indexes: primary keys of watchers and muted_tasks.
const ownColumns = `EXISTS (SELECT 1 FROM watchers w WHERE w.task_id = t.id AND w.user_id = $2), EXISTS (SELECT 1 FROM muted_tasks x WHERE x.task_id = t.id AND x.user_id = $2)`

// Index: primary key.
const ownByID = `
SELECT ` + ownColumns + `
FROM tasks t
WHERE t.id = $1`

// Index: primary key.
const detailByID = `
SELECT ` + taskColumns + `, ` + ownColumns + `
FROM tasks t
WHERE t.id = $1 AND t.deleted_at IS NULL`

// Index: primary key.
const taskTeam = `
SELECT team_id
FROM tasks
WHERE id = $1 AND deleted_at IS NULL`

const insertTask = `
INSERT INTO tasks (id, team_id, project_id, number, title, description, status, priority, position, assigned_to, created_by, due_at, completed_at, comment_count, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 1, $14, $14)`

// Index: primary key.
const updateTask = `
UPDATE tasks
SET title = $3, description = $4, status = $5, priority = $6, position = $7, assigned_to = $8, due_at = $9, completed_at = $10,
	project_id = $11, number = $12, deleted_at = $13, updated_at = $14, version = version + 1
WHERE id = $1 AND version = $2`

// Index: tasks_by_board (project_id, status, position, id).
const lastPosition = `
SELECT position
FROM tasks
WHERE project_id = $1 AND status = $2 AND deleted_at IS NULL
ORDER BY position DESC, id DESC
LIMIT 1`

// Index: tasks_by_board.
const positionBefore = `
SELECT position
FROM tasks
WHERE project_id = $1 AND status = $2 AND deleted_at IS NULL AND position < $3
ORDER BY position DESC, id DESC
LIMIT 1`

// Index: tasks_by_board.
const positionAfter = `
SELECT position
FROM tasks
WHERE project_id = $1 AND status = $2 AND deleted_at IS NULL AND position > $3
ORDER BY position, id
LIMIT 1`

// Index: tasks_by_board.
const statusCounts = `
SELECT status, COUNT(*)
FROM tasks
WHERE project_id = $1 AND deleted_at IS NULL
GROUP BY status`

const deleteLabels = `
DELETE FROM task_labels
WHERE task_id = $1`

const insertLabel = `
INSERT INTO task_labels (task_id, label_id)
VALUES ($1, $2)`

const insertActivity = `
INSERT INTO activity (id, task_id, team_id, actor_id, type, changes, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

// Index: activity_by_task (task_id, created_at, id).
const activityOfTask = `
SELECT id, task_id, type, actor_id, changes, created_at
FROM activity
WHERE task_id = $1 AND (created_at, id) < ($2, $3)
ORDER BY created_at DESC, id DESC
LIMIT $4`

const watch = `
INSERT INTO watchers (task_id, user_id)
VALUES ($1, $2)
ON CONFLICT (task_id, user_id) DO NOTHING`

const unwatch = `
DELETE FROM watchers
WHERE task_id = $1 AND user_id = $2`

const commentColumns = `id, task_id, team_id, author_id, imported_author, body, version, created_at, updated_at`

// Index: comments_by_task (task_id, created_at, id).
const commentsOfTask = `
SELECT ` + commentColumns + `
FROM comments
WHERE task_id = $1 AND deleted_at IS NULL AND (created_at, id) > ($2, $3)
ORDER BY created_at, id
LIMIT $4`

// Index: primary key.
const commentByID = `
SELECT ` + commentColumns + `
FROM comments
WHERE id = $1 AND deleted_at IS NULL`

const insertComment = `
INSERT INTO comments (id, task_id, team_id, author_id, imported_author, body, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)`

const updateComment = `
UPDATE comments
SET body = $3, updated_at = $4, version = version + 1
WHERE id = $1 AND version = $2`

const deleteComment = `
UPDATE comments
SET deleted_at = $3, version = version + 1
WHERE id = $1 AND version = $2`

// The count is the truth's copy: it saves each list a join.
const bumpComments = `
UPDATE tasks
SET comment_count = comment_count + $2, version = version + 1, updated_at = $3
WHERE id = $1 AND deleted_at IS NULL
RETURNING comment_count, version`

// Index: search_docs_by_task.
const indexTask = `
INSERT INTO search_docs (team_id, project_id, task_id, comment_id, words)
VALUES ($1, $2, $3, NULL, $4)
ON CONFLICT (task_id) WHERE comment_id IS NULL
DO UPDATE SET words = excluded.words, project_id = excluded.project_id`

// Index: search_docs_by_comment.
const indexComment = `
INSERT INTO search_docs (team_id, project_id, task_id, comment_id, words)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (comment_id) WHERE comment_id IS NOT NULL
DO UPDATE SET words = excluded.words`

const unindexComment = `
DELETE FROM search_docs
WHERE comment_id = $1`

const reprojectDocs = `
UPDATE search_docs
SET project_id = $2
WHERE task_id = $1`

func taskDest(t *Task, priority *int64, labels *string) []any {
	return []any{&t.ID, &t.TeamID, &t.ProjectID, &t.Number, &t.Title, &t.Description, &t.Status, priority, &t.Position, labels,
		&t.AssignedTo, &t.CreatedBy, &t.ImportedAuthor, db.ScanTimeOrNull(&t.DueAt), db.ScanTimeOrNull(&t.CompletedAt), &t.CommentCount, &t.Version,
		db.ScanTime(&t.CreatedAt), db.ScanTime(&t.UpdatedAt), db.ScanTimeOrNull(&t.DeletedAt)}
}

func scanTask(r db.Row, more ...any) (t Task, err error) {
	var priority int64
	var labels string
	if err = r.Scan(append(taskDest(&t, &priority, &labels), more...)...); err != nil {
		return t, err
	}
	t.Priority = Priorities[priority]
	t.Labels = splitLabels(labels)
	return t, nil
}

func scanPlainTask(r db.Row) (Task, error) { return scanTask(r) }

func splitLabels(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

// commentRow is a comment as stored: people and HTML are added when it is shown.
type commentRow struct {
	Comment
	authorID *string
}

func scanComment(r db.Row) (c commentRow, err error) {
	err = r.Scan(&c.ID, &c.TaskID, &c.TeamID, &c.authorID, &c.ImportedAuthor, &c.Body, &c.Version, db.ScanTime(&c.CreatedAt), db.ScanTime(&c.UpdatedAt))
	return c, err
}

type activityRow struct {
	Activity
	actorID *string
}

func scanActivity(r db.Row) (a activityRow, err error) {
	var changes string
	if err = r.Scan(&a.ID, &a.TaskID, &a.Type, &a.actorID, &changes, db.ScanTime(&a.CreatedAt)); err != nil {
		return a, err
	}
	err = json.Unmarshal([]byte(changes), &a.Changes)
	return a, err
}
