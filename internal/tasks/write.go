package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Input is a new task.
type Input struct {
	Fields
	Before string // id of the task it is put above; empty: the end of the column
	After  string // id of the task it is put below
}

// Create puts a new task on the project's board; without a status, into its first column.
func (s *Service) Create(ctx context.Context, actor users.Actor, projectID string, in Input) (Detail, error) {
	if !in.Title.Set {
		return Detail{}, errs.Field("title", "must not be empty")
	}
	if err := in.check(""); err != nil {
		return Detail{}, err
	}
	t, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Task, error) {
		if err := s.teams.LockProject(ctx, tx, projectID); err != nil {
			return Task{}, err
		}
		p, err := s.project(ctx, tx, actor, projectID, teams.EditTasks)
		if err != nil {
			return Task{}, err
		}
		t := Task{ID: newID(), TeamID: p.TeamID, ProjectID: p.ID, Title: in.Title.Value, Description: in.Description.Value, Status: p.Statuses[0].Slug,
			Priority: "none", Labels: []string{}, AssignedTo: in.AssignedTo.Value, CreatedBy: &actor.ID, DueAt: in.DueAt.Value, Version: 1, CreatedAt: tx.Now, UpdatedAt: tx.Now}
		if in.Priority.Set {
			t.Priority = in.Priority.Value
		}
		if in.Status.Set {
			t.Status = in.Status.Value
		}
		if err := s.checkRefs(ctx, tx, &t, &in.Fields, &p); err != nil {
			return Task{}, err
		}
		if category(&p, t.Status) == "done" {
			t.CompletedAt = &tx.Now
		}
		spots, err := s.spots(ctx, tx, place{p.ID, t.Status, in.Before, in.After}, nil, 1)
		if err != nil {
			return Task{}, err
		}
		t.Position = spots[0]
		if t.Number, err = s.teams.TakeNumbers(ctx, tx, p.ID, 1); err != nil {
			return Task{}, err
		}
		t.Key = key(p.Key, t.Number)
		return t, s.insert(ctx, tx, actor, &t)
	})
	if err != nil {
		return Detail{}, err
	}
	return s.detail(ctx, t, own{})
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task) error {
	if _, err := tx.Exec(ctx, insertTask, t.ID, t.TeamID, t.ProjectID, t.Number, t.Title, t.Description, t.Status, slices.Index(Priorities, t.Priority), t.Position,
		t.AssignedTo, actor.ID, db.TimeOrNull(t.DueAt), db.TimeOrNull(t.CompletedAt), db.Time(tx.Now)); err != nil {
		return fmt.Errorf("insert task: %w", err)
	}
	if len(t.Labels) > 0 {
		if err := s.setLabels(ctx, tx, t); err != nil {
			return err
		}
	}
	if err := s.index(ctx, tx, t); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, t, "created", nil); err != nil {
		return err
	}
	m := message("task.created", actor, t, t.whole())
	fresh := map[string]Change{"assigned_to": {nil, t.AssignedTo}, "description": {"", t.Description}}
	if err := s.tellChanged(ctx, tx, actor, t, fresh, nil, m); err != nil {
		return err
	}
	_, err := s.log.Record(ctx, tx, t.TeamID, m)
	return err
}

// project reads a project inside a write and checks the actor's right on its team.
func (s *Service) project(ctx context.Context, tx *db.Tx, actor users.Actor, id string, need teams.Permission) (teams.Project, error) {
	p, err := s.teams.FindProject(ctx, tx, id)
	if err != nil {
		return p, err
	}
	if _, err := s.teams.Authorize(ctx, tx, actor, p.TeamID, need); err != nil {
		for _, e := range errs.All(err) {
			if e.Kind == errs.NotFound {
				return p, errs.New(errs.NotFound, "project not found")
			}
		}
		return p, err
	}
	return p, nil
}

// checkRefs checks what the fields refer to, and makes ids of label names.
func (s *Service) checkRefs(ctx context.Context, tx *db.Tx, t *Task, f *Fields, p *teams.Project) error {
	var faults []error
	if f.Status.Set {
		faults = append(faults, checkStatus("status", f.Status.Value, p))
	}
	if f.AssignedTo.Set {
		faults = append(faults, s.checkAssignee(ctx, tx, "assigned_to", t.TeamID, f.AssignedTo.Value))
	}
	if f.Labels.Set {
		ids, err := s.teams.ResolveLabels(ctx, tx, t.TeamID, f.Labels.Value)
		faults = append(faults, err)
		t.Labels = ids
	}
	return errors.Join(faults...)
}

// Update edits a task. See Patch for how edits of several people meet.
func (s *Service) Update(ctx context.Context, actor users.Actor, id string, p Patch, ifMatch *int64) (Detail, error) {
	if err := errors.Join(p.check(""), p.Was.check("was.")); err != nil {
		return Detail{}, err
	}
	t, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Task, error) {
		t, err := s.load(ctx, tx, actor, id, teams.EditTasks, false)
		if err != nil {
			return t, err
		}
		if err := checkVersion(&t, ifMatch); err != nil {
			return t, err
		}
		return t, s.update(ctx, tx, actor, &t, p)
	})
	if err != nil {
		return Detail{}, err
	}
	return s.show(ctx, actor, t)
}

func (s *Service) update(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, p Patch) error {
	if p.Status.Set && p.Status.Value != t.Status {
		if err := s.teams.LockProject(ctx, tx, t.ProjectID); err != nil { // it will take a place among others
			return err
		}
	}
	var project teams.Project
	if p.Status.Set {
		var err error
		if project, err = s.teams.FindProject(ctx, tx, t.ProjectID); err != nil {
			return err
		}
	}
	refs := *t
	if err := s.checkRefs(ctx, tx, &refs, &p.Fields, &project); err != nil {
		return err
	}
	if p.Labels.Set {
		p.Labels.Value = refs.Labels
	}
	if p.Was.Labels.Set {
		if ids, err := s.teams.ResolveLabels(ctx, tx, t.TeamID, p.Was.Labels.Value); err == nil {
			p.Was.Labels.Value = ids // a label that is gone by now stays as it was sent, and is a conflict
		}
	}
	before := *t
	changes, conflicts := t.Apply(p)
	if len(conflicts) > 0 {
		return s.conflict(ctx, tx, &before, conflicts)
	}
	if len(changes) == 0 {
		return nil
	}
	if _, moved := changes["status"]; moved {
		spots, err := s.spots(ctx, tx, place{t.ProjectID, t.Status, "", ""}, nil, 1)
		if err != nil {
			return err
		}
		changes["position"] = Change{t.Position, spots[0]}
		t.Position = spots[0]
		complete(t, &project, changes, tx.Now)
	}
	if err := s.save(ctx, tx, t); err != nil {
		return err
	}
	if _, ok := changes["labels"]; ok {
		if err := s.setLabels(ctx, tx, t); err != nil {
			return err
		}
	}
	_, title := changes["title"]
	_, text := changes["description"]
	if title || text {
		if err := s.index(ctx, tx, t); err != nil {
			return err
		}
	}
	return s.record(ctx, tx, actor, t, changes, &project)
}

// record ends a change of one task: its activity, whom it is told to, and its message.
func (s *Service) record(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, changes map[string]Change, p *teams.Project) error {
	visible := map[string]Change{} // completed_at follows from the status and makes no kind of its own
	for name, c := range changes {
		if name != "completed_at" {
			visible[name] = c
		}
	}
	kind := kindOf(visible)
	if err := s.note(ctx, tx, actor, t, kind, changes); err != nil {
		return err
	}
	m := message("task."+kind, actor, t, after(changes, t))
	if former, ok := changes["assigned_to"].From.(*string); ok && former != nil {
		m.Also = []string{*former}
	}
	if err := s.tellChanged(ctx, tx, actor, t, changes, p, m); err != nil {
		return err
	}
	_, err := s.log.Record(ctx, tx, t.TeamID, m)
	return err
}

func (s *Service) conflict(ctx context.Context, tx *db.Tx, t *Task, conflicts []Conflict) error {
	if err := s.attribute(ctx, tx, t, conflicts); err != nil {
		return err
	}
	return &errs.Error{Kind: errs.Conflict, Code: "conflict", Message: "somebody changed this meanwhile", Data: map[string]any{"current": t, "conflicts": conflicts}}
}

// attribute says who changed each field meanwhile, as the activity knows it.
func (s *Service) attribute(ctx context.Context, tx *db.Tx, t *Task, conflicts []Conflict) error {
	recent, err := db.Collect(ctx, tx, scanActivity, activityOfTask, t.ID, db.Time(endOfTime), "", 100)
	if err != nil {
		return fmt.Errorf("read activity of %s: %w", t.ID, err)
	}
	ids := make([]string, 0, len(recent))
	for _, a := range recent {
		ids = append(ids, deref(a.actorID))
	}
	people, err := s.users.Profiles(ctx, ids...)
	if err != nil {
		return err
	}
	for i := range conflicts {
		c := &conflicts[i]
		for _, a := range recent {
			if _, ok := a.Changes[c.Field]; !ok {
				continue
			}
			if u := find(people, a.actorID); u != nil {
				c.By = events.By{ID: u.ID, Username: u.Username}
			}
			c.At = &a.CreatedAt
			break
		}
	}
	return nil
}

// endOfTime sorts after every time that is kept.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Delete puts a task into the trash, from where Restore brings it back.
func (s *Service) Delete(ctx context.Context, actor users.Actor, id string, ifMatch *int64) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		t, err := s.load(ctx, tx, actor, id, teams.EditTasks, false)
		if err != nil {
			return struct{}{}, err
		}
		if err := checkVersion(&t, ifMatch); err != nil {
			return struct{}{}, err
		}
		t.DeletedAt = &tx.Now
		if err := s.save(ctx, tx, &t); err != nil {
			return struct{}{}, err
		}
		if err := s.note(ctx, tx, actor, &t, "deleted", nil); err != nil {
			return struct{}{}, err
		}
		_, err = s.log.Record(ctx, tx, t.TeamID, message("task.deleted", actor, &t, map[string]any{"deleted_at": t.DeletedAt}))
		return struct{}{}, err
	})
	return err
}

// Restore brings a task back from the trash to where it was; when its column is gone, to the end
// of the first one.
func (s *Service) Restore(ctx context.Context, actor users.Actor, id string) (Detail, error) {
	t, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Task, error) {
		t, err := s.load(ctx, tx, actor, id, teams.EditTasks, true)
		if err != nil {
			return t, err
		}
		return t, s.restore(ctx, tx, actor, &t)
	})
	if err != nil {
		return Detail{}, err
	}
	return s.show(ctx, actor, t)
}

func (s *Service) restore(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task) error {
	if err := s.revive(ctx, tx, t); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, t, "restored", nil); err != nil {
		return err
	}
	_, err := s.log.Record(ctx, tx, t.TeamID, message("task.restored", actor, t, t.whole()))
	return err
}

// revive puts a task that is in the trash back to its place.
func (s *Service) revive(ctx context.Context, tx *db.Tx, t *Task) error {
	if err := s.teams.LockProject(ctx, tx, t.ProjectID); err != nil {
		return err
	}
	p, err := s.teams.FindProject(ctx, tx, t.ProjectID)
	if err != nil {
		return err
	}
	changes := map[string]Change{}
	if category(&p, t.Status) == "" {
		t.Status = p.Statuses[0].Slug
		spots, err := s.spots(ctx, tx, place{t.ProjectID, t.Status, "", ""}, nil, 1)
		if err != nil {
			return err
		}
		t.Position = spots[0]
		complete(t, &p, changes, tx.Now)
	} else if t.Position, err = s.freePosition(ctx, tx, t); err != nil {
		return err
	}
	t.DeletedAt = nil
	return s.save(ctx, tx, t)
}

// Watch makes the actor a watcher of the task, or no longer one.
func (s *Service) Watch(ctx context.Context, actor users.Actor, id string, on bool) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		t, err := s.load(ctx, tx, actor, id, teams.ViewTeam, false)
		if err != nil {
			return err
		}
		statement := unwatch
		if on {
			statement = watch
		}
		if _, err := tx.Exec(ctx, statement, t.ID, actor.ID); err != nil {
			return fmt.Errorf("watch task %s: %w", t.ID, err)
		}
		return nil
	})
}
