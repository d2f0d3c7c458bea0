package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Edit is a patch of one task among many.
type Edit struct {
	TaskID string
	Patch
}

// Changed is the outcome of a change of many tasks at once.
type Changed struct {
	Items []Task `json:"items" nullable:"false"`
	Seq   int64  `json:"seq" doc:"the team's seq of this change; 0 when there was nothing to change"`
}

// TaskConflict is one of many tasks that somebody else changed meanwhile.
type TaskConflict struct {
	Current   Task       `json:"current"`
	Conflicts []Conflict `json:"conflicts"`
}

// checkIDs checks the names of a batch. field names entry i.
func checkIDs(list string, ids []string, field func(i int) string) error {
	if len(ids) == 0 || len(ids) > MaxBatch {
		return errs.Field(list, "must name from 1 to %d tasks, names %d", MaxBatch, len(ids))
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return errs.Field(field(i), "is there twice")
		}
	}
	return nil
}

func inIDs(i int) string   { return fmt.Sprintf("task_ids[%d]", i) }
func inEdits(i int) string { return fmt.Sprintf("edits[%d].task_id", i) }

// teamOfFirst is the team of a batch: the first task's, be it in the trash or not. The actor may change its tasks.
func (s *Service) teamOfFirst(ctx context.Context, tx *db.Tx, actor users.Actor, id string) (string, error) {
	var teamID string
	if err := tx.QueryRowContext(ctx, `SELECT team_id FROM tasks WHERE id = $1`, id).Scan(&teamID); db.NoRow(err) {
		return "", notFound()
	} else if err != nil {
		return "", fmt.Errorf("read task: %w", err)
	}
	if _, err := s.teams.Authorize(ctx, tx, actor, teamID, teams.EditTasks); err != nil {
		return "", asTask(err)
	}
	return teamID, nil
}

// EditMany edits tasks of one team, all or none: priority, labels, assignee and due date. When somebody else changed any
// of what they were seen with, the conflict lists each such task.
func (s *Service) EditMany(ctx context.Context, actor users.Actor, edits []Edit) (Changed, error) {
	ids := make([]string, len(edits))
	var faults []error
	for i := range edits {
		e := &edits[i]
		ids[i] = e.TaskID
		prefix := fmt.Sprintf("edits[%d].", i)
		if e.Title.Set || e.Description.Set || e.Status.Set {
			faults = append(faults, errs.Field(prefix+"title", "title, description and status are not changed of many tasks at once"))
		}
		faults = append(faults, e.check(prefix), e.Was.check(prefix+"was."))
	}
	if err := errors.Join(append(faults, checkIDs("edits", ids, inEdits))...); err != nil {
		return Changed{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Changed, error) {
		teamID, err := s.teamOfFirst(ctx, tx, actor, ids[0])
		if err != nil {
			return Changed{}, err
		}
		list, err := s.loadAll(ctx, tx, teamID, ids, inEdits)
		if err != nil {
			return Changed{}, err
		}
		for i := range list {
			if list[i].DeletedAt != nil {
				return Changed{}, absent(inEdits(i))
			}
		}
		return s.editMany(ctx, tx, actor, list, edits)
	})
}

func (s *Service) editMany(ctx context.Context, tx *db.Tx, actor users.Actor, list []Task, edits []Edit) (Changed, error) {
	var conflicted []TaskConflict
	changes := make([]map[string]Change, len(list))
	for i := range list {
		t, patch := &list[i], edits[i].Patch
		refs := *t
		if err := s.checkRefs(ctx, tx, &refs, &patch.Fields, nil); err != nil {
			return Changed{}, within(fmt.Sprintf("edits[%d].", i), err)
		}
		if patch.Labels.Set {
			patch.Labels.Value = refs.Labels
		}
		before := *t
		did, conflicts := t.Apply(patch)
		if len(conflicts) > 0 {
			if err := s.attribute(ctx, tx, &before, conflicts); err != nil {
				return Changed{}, err
			}
			conflicted = append(conflicted, TaskConflict{before, conflicts})
		}
		changes[i] = did
	}
	if len(conflicted) > 0 {
		return Changed{}, conflictOfMany(conflicted)
	}
	var parts []events.TaskChange
	var also []string
	var news []notify.News
	all := map[string]Change{}
	for i := range list {
		t := &list[i]
		if len(changes[i]) == 0 {
			continue
		}
		if err := s.save(ctx, tx, t); err != nil {
			return Changed{}, err
		}
		if _, ok := changes[i]["labels"]; ok {
			if err := s.setLabels(ctx, tx, t); err != nil {
				return Changed{}, err
			}
		}
		if err := s.note(ctx, tx, actor, t, kindOf(changes[i]), changes[i]); err != nil {
			return Changed{}, err
		}
		if c, ok := changes[i]["assigned_to"]; ok {
			if former := c.From.(*string); former != nil {
				also = append(also, *former)
			}
			if t.AssignedTo != nil {
				news = append(news, newsOf(notify.TaskAssigned, t, *t.AssignedTo))
			}
		}
		for name, c := range changes[i] {
			all[name] = c
		}
		parts = append(parts, events.TaskChange{TaskID: t.ID, Version: t.Version, Changes: after(changes[i], t)})
	}
	if len(parts) == 0 {
		return Changed{Items: list}, nil
	}
	for i := range news {
		news[i].Event = fmt.Sprintf("edit:%s:%d", parts[0].TaskID, parts[0].Version)
	}
	m := messageOfMany("task."+kindOf(all), actor, list, parts)
	m.Also = also
	var err error
	if m.Personal, err = s.notify.Tell(ctx, tx, actor, news...); err != nil {
		return Changed{}, err
	}
	seq, err := s.log.Record(ctx, tx, list[0].TeamID, m)
	return Changed{list, seq}, err
}

// messageOfMany is the one message of a batch; of a single task it looks like any other.
func messageOfMany(kind string, actor users.Actor, list []Task, parts []events.TaskChange) *events.Message {
	m := &events.Message{Type: kind, TeamID: list[0].TeamID, ProjectID: list[0].ProjectID, Tasks: parts, UpdatedBy: actor.By(), MutationID: actor.Mutation.Ref()}
	if len(parts) == 1 {
		m.TaskID, m.Version, m.Changes, m.Tasks = parts[0].TaskID, parts[0].Version, parts[0].Changes, nil
	}
	for i := range list {
		if list[i].ProjectID != m.ProjectID {
			m.ProjectID = ""
		}
	}
	return m
}

func conflictOfMany(list []TaskConflict) error {
	return &errs.Error{Kind: errs.Conflict, Code: "conflict", Message: "somebody changed some of the tasks meanwhile; none was changed", Data: map[string]any{"tasks": list}}
}

// within gives the fields of an error the place that they have in a batch.
func within(prefix string, err error) error {
	known := errs.All(err)
	if len(known) == 0 {
		return err
	}
	out := make([]error, len(known))
	for i, e := range known {
		moved := *e
		if moved.Field != "" {
			moved.Field = prefix + moved.Field
		}
		out[i] = &moved
	}
	return errors.Join(out...)
}

// DeleteMany puts tasks of one team into the trash, all or none. Those that are there already stay.
func (s *Service) DeleteMany(ctx context.Context, actor users.Actor, ids []string) (Changed, error) {
	return s.sweepMany(ctx, actor, ids, "deleted", func(t *Task) bool { return t.DeletedAt == nil }, func(tx *db.Tx, t *Task) (map[string]any, error) {
		t.DeletedAt = &tx.Now
		return map[string]any{"deleted_at": t.DeletedAt}, s.save(ctx, tx, t)
	})
}

// RestoreMany brings tasks back from the trash, all or none, each to where it was. Those that are not in it stay.
func (s *Service) RestoreMany(ctx context.Context, actor users.Actor, ids []string) (Changed, error) {
	return s.sweepMany(ctx, actor, ids, "restored", func(t *Task) bool { return t.DeletedAt != nil }, func(tx *db.Tx, t *Task) (map[string]any, error) {
		err := s.revive(ctx, tx, t)
		return t.whole(), err
	})
}

// sweepMany does one thing to each task of a batch that needs it.
func (s *Service) sweepMany(ctx context.Context, actor users.Actor, ids []string, kind string, needs func(*Task) bool, do func(*db.Tx, *Task) (map[string]any, error)) (Changed, error) {
	if err := checkIDs("task_ids", ids, inIDs); err != nil {
		return Changed{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Changed, error) {
		teamID, err := s.teamOfFirst(ctx, tx, actor, ids[0])
		if err != nil {
			return Changed{}, err
		}
		list, err := s.loadAll(ctx, tx, teamID, ids, inIDs)
		if err != nil {
			return Changed{}, err
		}
		var parts []events.TaskChange
		for i := range list {
			t := &list[i]
			if !needs(t) {
				continue
			}
			changes, err := do(tx, t)
			if err != nil {
				return Changed{}, err
			}
			if err := s.note(ctx, tx, actor, t, kind, nil); err != nil {
				return Changed{}, err
			}
			parts = append(parts, events.TaskChange{TaskID: t.ID, Version: t.Version, Changes: changes})
		}
		if len(parts) == 0 {
			return Changed{Items: list}, nil
		}
		seq, err := s.log.Record(ctx, tx, teamID, messageOfMany("task."+kind, actor, list, parts))
		return Changed{list, seq}, err
	})
}
