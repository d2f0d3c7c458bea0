package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Service reads and changes tasks and comments.
type Service struct {
	db     *db.DB
	log    *events.Log
	users  *users.Service
	teams  *teams.Service
	notify *notify.Service
	render *renderer
	boards *boardCache
}

// NewService returns the service, and hooks into teams what happens to tasks when a status, a
// label or a member goes.
func NewService(d *db.DB, log *events.Log, u *users.Service, n *notify.Service, t *teams.Service) *Service {
	s := &Service{db: d, log: log, users: u, teams: t, notify: n, render: newRenderer(), boards: newBoardCache()}
	t.SetTaskHooks(teams.TaskHooks{
		StatusCounts:  s.countByStatus,
		StatusDeleted: s.statusDeleted,
		LabelDeleted:  s.labelDeleted,
		MemberLeaves:  s.memberLeaves,
		MemberRemoved: s.memberRemoved,
	})
	log.Concerned = s.concerned
	n.TaskKeys = s.keysOf
	return s
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func notFound() error { return errs.New(errs.NotFound, "task not found") }

// load reads a task inside a write and checks the actor's right on its team. Deleted tasks are
// found only when deleted is true, and then only they.
func (s *Service) load(ctx context.Context, tx *db.Tx, actor users.Actor, id string, need teams.Permission, deleted bool) (Task, error) {
	t, err := scanTask(tx.QueryRowContext(ctx, taskByID+lockRows(tx), id))
	if db.NoRow(err) {
		return t, notFound()
	}
	if err != nil {
		return t, fmt.Errorf("read task %s: %w", id, err)
	}
	if _, err := s.teams.Authorize(ctx, tx, actor, t.TeamID, need); err != nil {
		return t, asTask(err)
	}
	if (t.DeletedAt != nil) != deleted {
		return t, notFound()
	}
	return t, s.setKey(ctx, &t)
}

// lockRows makes a query keep the tasks that it reads from others until the commit. SQLite has one
// writer anyway. Locks are taken in the order tasks (by id), project, members, unread counts, streams.
func lockRows(tx *db.Tx) string { return tx.Dialect().Pick("", "\nFOR UPDATE OF t") }

// asTask makes an outsider's "team not found" speak of what they asked for.
func asTask(err error) error {
	for _, e := range errs.All(err) {
		if e.Kind == errs.NotFound {
			return notFound()
		}
	}
	return err
}

func (s *Service) setKey(ctx context.Context, list ...*Task) error {
	for _, t := range list {
		p, err := s.teams.ProjectRef(ctx, t.ProjectID)
		if err != nil {
			return err
		}
		t.Key = key(p.Key, t.Number)
	}
	return nil
}

func key(project string, number int64) string { return project + "-" + strconv.FormatInt(number, 10) }

func checkVersion(t *Task, ifMatch *int64) error {
	if ifMatch == nil || *ifMatch == t.Version {
		return nil
	}
	return &errs.Error{Kind: errs.Stale, Code: "stale", Message: fmt.Sprintf("the task is at version %d, not %d", t.Version, *ifMatch), Data: map[string]any{"current": t}}
}

// save writes a task back under its version; somebody quicker makes the closure run again.
func (s *Service) save(ctx context.Context, tx *db.Tx, t *Task) error {
	n, err := tx.Exec(ctx, updateTask, t.ID, t.Version, t.Title, t.Description, t.Status, slices.Index(Priorities, t.Priority), t.Position, t.AssignedTo,
		db.TimeOrNull(t.DueAt), db.TimeOrNull(t.CompletedAt), t.ProjectID, t.Number, db.TimeOrNull(t.DeletedAt), db.Time(tx.Now))
	if err != nil {
		return fmt.Errorf("update task %s: %w", t.ID, err)
	}
	if n == 0 {
		return fmt.Errorf("update task %s: %w", t.ID, db.ErrRetry)
	}
	t.Version++
	t.UpdatedAt = tx.Now
	return nil
}

func (s *Service) setLabels(ctx context.Context, tx *db.Tx, t *Task) error {
	if _, err := tx.Exec(ctx, deleteLabels, t.ID); err != nil {
		return fmt.Errorf("label task %s: %w", t.ID, err)
	}
	for _, id := range t.Labels {
		if _, err := tx.Exec(ctx, insertLabel, t.ID, id); err != nil {
			return fmt.Errorf("label task %s: %w", t.ID, err)
		}
	}
	return nil
}

func (s *Service) note(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, kind string, changes map[string]Change) error {
	b, err := json.Marshal(changes)
	if err != nil {
		return fmt.Errorf("encode activity: %w", err)
	}
	if changes == nil {
		b = []byte("{}")
	}
	if _, err := tx.Exec(ctx, insertActivity, newID(), t.ID, t.TeamID, actor.ID, kind, string(b), db.Time(tx.Now)); err != nil {
		return fmt.Errorf("note activity of %s: %w", t.ID, err)
	}
	return nil
}

// message is the change message of one task.
func message(kind string, actor users.Actor, t *Task, changes map[string]any) *events.Message {
	return &events.Message{Type: kind, TeamID: t.TeamID, ProjectID: t.ProjectID, TaskID: t.ID, Version: t.Version, Changes: changes, UpdatedBy: actor.By(), MutationID: actor.Mutation.Ref()}
}

// after is what changed, as messages tell it: the new values.
func after(changes map[string]Change, t *Task) map[string]any {
	out := make(map[string]any, len(changes)+1)
	for name, c := range changes {
		out[name] = c.To
	}
	out["updated_at"] = t.UpdatedAt
	return out
}

// complete sets or clears completed_at as the task enters or leaves a status of category done.
func complete(t *Task, p *teams.Project, changes map[string]Change, now time.Time) {
	done := category(p, t.Status) == "done"
	if done == (t.CompletedAt != nil) {
		return
	}
	was := t.CompletedAt
	t.CompletedAt = nil
	if done {
		t.CompletedAt = &now
	}
	changes["completed_at"] = Change{was, t.CompletedAt}
}

func category(p *teams.Project, slug string) string {
	for _, st := range p.Statuses {
		if st.Slug == slug {
			return st.Category
		}
	}
	return ""
}

func checkStatus(field, slug string, p *teams.Project) error {
	names := make([]string, 0, len(p.Statuses))
	for _, st := range p.Statuses {
		if st.Slug == slug {
			return nil
		}
		names = append(names, st.Slug)
	}
	return errs.Field(field, "%q is no status of project %s: it has %v", slug, p.Key, names)
}

func (s *Service) checkAssignee(ctx context.Context, tx *db.Tx, field, teamID string, userID *string) error {
	if userID == nil {
		return nil
	}
	if err := s.teams.HoldMember(ctx, tx, teamID, *userID); err != nil {
		for _, e := range errs.All(err) {
			if e.Kind == errs.NotFound {
				return errs.Field(field, "is no member of this team")
			}
		}
		return err
	}
	return nil
}

// detail adds what only the look at one task shows.
func (s *Service) detail(ctx context.Context, t Task, own own) (Detail, error) {
	d := Detail{Task: t, Watching: own.watching, Muted: own.muted}
	var err error
	if d.DescriptionHTML, err = s.render.HTML(t.Description); err != nil {
		return d, err
	}
	people, err := s.users.Profiles(ctx, deref(t.CreatedBy), deref(t.AssignedTo))
	if err != nil {
		return d, err
	}
	d.Creator, d.Assignee = find(people, t.CreatedBy), find(people, t.AssignedTo)
	return d, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func find(people map[string]users.User, id *string) *users.User {
	if u, ok := people[deref(id)]; ok {
		return &u
	}
	return nil
}
