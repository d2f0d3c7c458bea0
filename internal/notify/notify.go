// Package notify tells people what concerns them: in the app, by mail at once, or in a daily digest. A
// notification is a row that is written in the transaction of the change that causes it, and so is the job
// that mails it.
package notify

import (
	"context"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/users"
)

// Type is a kind of notification.
type Type string

// The types.
const (
	TaskAssigned      Type = "task_assigned"
	TaskCommented     Type = "task_commented"
	TaskDueSoon       Type = "task_due_soon"
	TeamInvite        Type = "team_invite"
	Mention           Type = "mention"
	TaskStatusChanged Type = "task_status_changed"
)

// Types are all types, in the order in which people see them.
var Types = []Type{Mention, TaskAssigned, TeamInvite, TaskCommented, TaskStatusChanged, TaskDueSoon}

// Email is the way of a notification into a mailbox.
type Email string

// The ways.
const (
	Off    Email = "off"
	AtOnce Email = "at_once"
	Digest Email = "digest"
)

// Notification is one thing that one person is told.
type Notification struct {
	ID          string      `json:"id"`
	Type        Type        `json:"type" enum:"task_assigned,task_commented,task_due_soon,team_invite,mention,task_status_changed"`
	Title       string      `json:"title" doc:"what happened, such as: Ann assigned WEB-12 to you"`
	Message     string      `json:"message" doc:"what it is about: the task's title, or the beginning of the comment"`
	Link        string      `json:"link" doc:"where it is, as a path of the app"`
	IsRead      bool        `json:"is_read"`
	CreatedAt   time.Time   `json:"created_at"`
	TeamID      *string     `json:"team_id"`
	ProjectID   *string     `json:"project_id"`
	TaskID      *string     `json:"task_id" doc:"null also when it is about many tasks"`
	CommentID   *string     `json:"comment_id"`
	TaskCount   int64       `json:"task_count" doc:"more than 1 when one action changed many tasks"`
	TriggeredBy *users.User `json:"triggered_by" doc:"who did it; null: a date did"`

	UserID string `json:"-"`
	Email  Email  `json:"-"` // its way into the mailbox, decided when it was made
}

// Service tells people.
type Service struct {
	// MailLater puts jobs into the transaction that mail these notifications, each with Email AtOnce, when
	// their recipients' two minutes and quiet hours are over. Until it is set nothing is mailed.
	MailLater func(ctx context.Context, tx *db.Tx, made []Notification) error
	// TaskKeys are the keys of tasks, such as WEB-12, by id; those that are gone are left out. tasks sets it.
	TaskKeys func(ctx context.Context, q db.Querier, ids []string) (map[string]string, error)

	db    *db.DB
	log   *events.Log
	users *users.Service
}

// NewService returns the service on d.
func NewService(d *db.DB, log *events.Log, u *users.Service) *Service {
	return &Service{db: d, log: log, users: u}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
