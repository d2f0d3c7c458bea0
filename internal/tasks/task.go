// Package tasks owns tasks and their comments: the rules by which they change, merge and move,
// and the reads that lists, boards and searches are made of.
package tasks

import (
	"time"

	"tandem/internal/users"
)

// The longest texts, in characters.
const (
	MaxTitle       = 500
	MaxDescription = 100_000
	MaxComment     = 20_000
	MaxLabels      = 50
	MaxBatch       = 500 // tasks of one change of many
)

// Task is a piece of work on a project's board.
type Task struct {
	ID             string     `json:"id"`
	TeamID         string     `json:"team_id"`
	ProjectID      string     `json:"project_id"`
	Key            string     `json:"key" doc:"project key and number, such as WEB-12"`
	Number         int64      `json:"number"`
	Title          string     `json:"title"`
	Description    string     `json:"description" doc:"Markdown"`
	Status         string     `json:"status" doc:"slug of one of the project's statuses"`
	Priority       string     `json:"priority" enum:"none,low,medium,high,urgent"`
	Position       string     `json:"position" doc:"sorts the task in its column, byte by byte"`
	Labels         []string   `json:"labels" nullable:"false" doc:"label ids"`
	AssignedTo     *string    `json:"assigned_to" doc:"user id"`
	CreatedBy      *string    `json:"created_by" doc:"user id"`
	ImportedAuthor *string    `json:"imported_author" doc:"who wrote it where it was imported from, when that is no member"`
	DueAt          *time.Time `json:"due_at"`
	CompletedAt    *time.Time `json:"completed_at" doc:"when it came into a status of category done"`
	CommentCount   int64      `json:"comment_count"`
	Version        int64      `json:"version"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
	DeletedAt      *time.Time `json:"deleted_at"`
}

// Detail is a task as one looks at it alone.
type Detail struct {
	Task
	DescriptionHTML string      `json:"description_html" doc:"the description, rendered and sanitised"`
	Watching        bool        `json:"watching" doc:"whether the caller watches it"`
	Muted           bool        `json:"muted" doc:"whether the caller hears nothing of it; its project may be muted, too"`
	Creator         *users.User `json:"creator"`
	Assignee        *users.User `json:"assignee"`
}

// Own names what the task is to the caller, for ETags.
func (d Detail) Own() string {
	switch {
	case d.Watching && d.Muted:
		return "watching-muted"
	case d.Watching:
		return "watching"
	case d.Muted:
		return "muted"
	}
	return ""
}

// Card is a task on a board: all but its description.
type Card struct {
	ID             string     `json:"id"`
	TeamID         string     `json:"team_id"`
	ProjectID      string     `json:"project_id"`
	Key            string     `json:"key"`
	Number         int64      `json:"number"`
	Title          string     `json:"title"`
	Status         string     `json:"status"`
	Priority       string     `json:"priority" enum:"none,low,medium,high,urgent"`
	Position       string     `json:"position"`
	Labels         []string   `json:"labels" nullable:"false"`
	AssignedTo     *string    `json:"assigned_to"`
	CreatedBy      *string    `json:"created_by"`
	ImportedAuthor *string    `json:"imported_author"`
	DueAt          *time.Time `json:"due_at"`
	CompletedAt    *time.Time `json:"completed_at"`
	CommentCount   int64      `json:"comment_count"`
	Version        int64      `json:"version"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
}

// Card returns the task without its description.
func (t *Task) Card() Card {
	return Card{t.ID, t.TeamID, t.ProjectID, t.Key, t.Number, t.Title, t.Status, t.Priority, t.Position, t.Labels, t.AssignedTo, t.CreatedBy, t.ImportedAuthor, t.DueAt, t.CompletedAt, t.CommentCount, t.Version, t.CreatedAt, t.UpdatedAt}
}

// whole is the task as the changes of task.created and task.restored hold it.
func (t *Task) whole() map[string]any {
	return map[string]any{
		"id": t.ID, "team_id": t.TeamID, "project_id": t.ProjectID, "key": t.Key, "number": t.Number, "title": t.Title, "description": t.Description,
		"status": t.Status, "priority": t.Priority, "position": t.Position, "labels": t.Labels, "assigned_to": t.AssignedTo, "created_by": t.CreatedBy,
		"imported_author": t.ImportedAuthor, "due_at": t.DueAt, "completed_at": t.CompletedAt, "comment_count": t.CommentCount, "version": t.Version,
		"created_at": t.CreatedAt, "updated_at": t.UpdatedAt, "deleted_at": t.DeletedAt,
	}
}

// Priorities from least to most, as the API names them; a task keeps the index.
var Priorities = []string{"none", "low", "medium", "high", "urgent"}

// Comment is something said about a task.
type Comment struct {
	ID             string      `json:"id"`
	TaskID         string      `json:"task_id"`
	TeamID         string      `json:"team_id"`
	Author         *users.User `json:"author"`
	ImportedAuthor *string     `json:"imported_author"`
	Body           string      `json:"body" doc:"Markdown"`
	BodyHTML       string      `json:"body_html" doc:"the body, rendered and sanitised"`
	Version        int64       `json:"version"`
	CreatedAt      time.Time   `json:"created_at"`
	UpdatedAt      time.Time   `json:"updated_at"`
}

// Activity is one thing that happened to a task.
type Activity struct {
	ID        string            `json:"id"`
	TaskID    string            `json:"task_id"`
	Type      string            `json:"type" enum:"created,updated,moved,assigned,deleted,restored,commented,imported"`
	Actor     *users.User       `json:"actor"`
	Changes   map[string]Change `json:"changes"`
	CreatedAt time.Time         `json:"created_at"`
}

// Change is a field's value before and after.
type Change struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// Viewer is somebody who looks at a task right now.
type Viewer struct {
	users.User
	Editing *string `json:"editing" enum:"title,description,comment" doc:"the field that they are changing; null: they only look"`
}
