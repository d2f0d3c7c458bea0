package tasks

import (
	"context"
	"fmt"
	"slices"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// MoveInput puts tasks side by side, in the given order, at a place among others.
type MoveInput struct {
	TaskIDs   []string
	Status    string            // empty: each task keeps its own, which only makes sense when all share it
	Before    string            // id of the task they go above
	After     string            // id of the task they go below; neither: the end of the column
	ProjectID string            // empty: the tasks' own
	Was       map[string]string // by task id, the status it was seen in: a task that is elsewhere by now is a conflict
}

// place is a gap between two tasks of a column.
type place struct{ projectID, status, before, after string }

// Move moves tasks, all or none, and touches no other task.
func (s *Service) Move(ctx context.Context, actor users.Actor, in MoveInput) (Changed, error) {
	if err := checkIDs("task_ids", in.TaskIDs, inIDs); err != nil {
		return Changed{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Changed, error) {
		return s.move(ctx, tx, actor, in)
	})
}

func (s *Service) move(ctx context.Context, tx *db.Tx, actor users.Actor, in MoveInput) (Changed, error) {
	teamID, err := s.teamOfFirst(ctx, tx, actor, in.TaskIDs[0])
	if err != nil {
		return Changed{}, err
	}
	list, err := s.loadAll(ctx, tx, teamID, in.TaskIDs, inIDs)
	if err != nil {
		return Changed{}, err
	}
	if err := s.checkSeen(ctx, tx, list, &in); err != nil {
		return Changed{}, err
	}
	target, err := s.target(ctx, tx, teamID, list, &in)
	if err != nil {
		return Changed{}, err
	}
	spots, err := s.spots(ctx, tx, place{target.ID, in.Status, in.Before, in.After}, in.TaskIDs, len(list))
	if err != nil {
		return Changed{}, err
	}
	var parts []events.TaskChange
	for i := range list {
		t := &list[i]
		changes, err := s.moveOne(ctx, tx, actor, t, &target, in.Status, spots[i])
		if err != nil {
			return Changed{}, err
		}
		parts = append(parts, events.TaskChange{TaskID: t.ID, Version: t.Version, Changes: after(changes, t)})
	}
	m := messageOfMany("task.moved", actor, list, parts)
	m.ProjectID = target.ID
	if err := s.tellMoved(ctx, tx, actor, list, parts, &target, m); err != nil {
		return Changed{}, err
	}
	seq, err := s.log.Record(ctx, tx, teamID, m)
	return Changed{Items: list, Seq: seq}, err
}

// checkSeen refuses a move of tasks that are not where the mover saw them, or are in the trash.
func (s *Service) checkSeen(ctx context.Context, tx *db.Tx, list []Task, in *MoveInput) error {
	var conflicted []TaskConflict
	for i := range list {
		t := &list[i]
		if t.DeletedAt != nil {
			return absent(inIDs(i))
		}
		was, said := in.Was[t.ID]
		if !said || t.Status == was || t.Status == in.Status {
			continue
		}
		conflicts := []Conflict{{Field: "status", Base: was, Theirs: t.Status, Yours: in.Status}}
		if err := s.attribute(ctx, tx, t, conflicts); err != nil {
			return err
		}
		conflicted = append(conflicted, TaskConflict{*t, conflicts})
	}
	if len(conflicted) > 0 {
		return conflictOfMany(conflicted)
	}
	return nil
}

func absent(field string) error {
	return &errs.Error{Kind: errs.NotFound, Field: field, Message: "task not found"}
}

// loadAll reads the tasks in the order of ids, those in the trash too; one that is not of this team is not found. field
// names entry i.
func (s *Service) loadAll(ctx context.Context, tx *db.Tx, teamID string, ids []string, field func(i int) string) ([]Task, error) {
	var args db.Args
	found, err := db.Collect(ctx, tx, scanPlainTask, `SELECT `+taskColumns+` FROM tasks t WHERE t.team_id = `+args.Add(teamID)+` AND t.id IN `+args.In(ids)+` ORDER BY t.id`+lockRows(tx), args...)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	byID := make(map[string]*Task, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
		if err := s.setKey(ctx, &found[i]); err != nil {
			return nil, err
		}
	}
	out := make([]Task, 0, len(ids))
	for i, id := range ids {
		t, ok := byID[id]
		if !ok {
			return nil, absent(field(i))
		}
		out = append(out, *t)
	}
	return out, nil
}

// target is the project that the tasks go to; it fills in the status when all share one.
func (s *Service) target(ctx context.Context, tx *db.Tx, teamID string, list []Task, in *MoveInput) (teams.Project, error) {
	id := in.ProjectID
	for i, t := range list {
		if in.ProjectID == "" && t.ProjectID != list[0].ProjectID {
			return teams.Project{}, errs.Field(fmt.Sprintf("task_ids[%d]", i), "belongs to another project than the first: say project_id")
		}
		if in.Status == "" && t.Status != list[0].Status {
			return teams.Project{}, errs.Field("status", "must be given: the tasks come from several columns")
		}
	}
	if id == "" {
		id = list[0].ProjectID
	}
	if in.Status == "" {
		in.Status = list[0].Status
	}
	if err := s.teams.LockProject(ctx, tx, id); err != nil {
		return teams.Project{}, err
	}
	p, err := s.teams.FindProject(ctx, tx, id)
	for _, e := range errs.All(err) {
		if e.Kind == errs.NotFound {
			return p, errs.Field("project_id", "is no project of this team")
		}
	}
	if err != nil {
		return p, err
	}
	if p.TeamID != teamID {
		return p, errs.Field("project_id", "is no project of this team")
	}
	return p, checkStatus("status", in.Status, &p)
}

func (s *Service) moveOne(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, p *teams.Project, status, position string) (map[string]Change, error) {
	changes := map[string]Change{"position": {t.Position, position}}
	t.Position = position
	if t.Status != status {
		changes["status"] = Change{t.Status, status}
		t.Status = status
	}
	if t.ProjectID != p.ID {
		number, err := s.teams.TakeNumbers(ctx, tx, p.ID, 1)
		if err != nil {
			return nil, err
		}
		changes["project_id"] = Change{t.ProjectID, p.ID}
		changes["key"] = Change{t.Key, key(p.Key, number)}
		changes["number"] = Change{t.Number, number}
		t.ProjectID, t.Number, t.Key = p.ID, number, key(p.Key, number)
		if _, err := tx.Exec(ctx, reprojectDocs, t.ID, t.ProjectID); err != nil {
			return nil, fmt.Errorf("move search texts of %s: %w", t.ID, err)
		}
		if err := s.notify.Reproject(ctx, tx, t.ID, t.ProjectID); err != nil {
			return nil, err
		}
		if err := s.index(ctx, tx, t); err != nil {
			return nil, err
		}
	}
	complete(t, p, changes, tx.Now)
	if err := s.save(ctx, tx, t); err != nil {
		return nil, err
	}
	if _, other := changes["status"]; other || changes["project_id"] != (Change{}) { // a new place in the same column is no news
		return changes, s.note(ctx, tx, actor, t, "moved", changes)
	}
	return changes, nil
}

// spots makes n positions for a place, leaving the tasks in moving out of the picture. The
// caller holds the project's lock, so neighbours stay where they are.
func (s *Service) spots(ctx context.Context, tx *db.Tx, at place, moving []string, n int) ([]string, error) {
	if at.before == "" && at.after == "" {
		last, err := s.neighbour(ctx, tx, lastPosition, moving, at.projectID, at.status)
		if err != nil {
			return nil, err
		}
		return teams.Spread(last, "", n)
	}
	if at.before != "" && at.after != "" {
		return nil, errs.Field("after", "must not be given beside before: one neighbour says the place")
	}
	field, anchor := "before", at.before
	if anchor == "" {
		field, anchor = "after", at.after
	}
	if slices.Contains(moving, anchor) {
		return nil, errs.Field(field, "is one of the tasks that move")
	}
	t, err := scanTask(tx.QueryRowContext(ctx, taskByID, anchor))
	if err != nil && !db.NoRow(err) {
		return nil, fmt.Errorf("read task %s: %w", anchor, err)
	}
	if err != nil || t.ProjectID != at.projectID || t.Status != at.status || t.DeletedAt != nil {
		return nil, errs.Field(field, "is no task of that column")
	}
	lo, hi := t.Position, t.Position
	if field == "before" {
		if lo, err = s.neighbour(ctx, tx, positionBefore, moving, at.projectID, at.status, t.Position); err != nil {
			return nil, err
		}
	} else if hi, err = s.neighbour(ctx, tx, positionAfter, moving, at.projectID, at.status, t.Position); err != nil {
		return nil, err
	}
	return teams.Spread(lo, hi, n)
}

// neighbour runs one of the position queries, passing over tasks that move themselves.
func (s *Service) neighbour(ctx context.Context, tx *db.Tx, query string, moving []string, args ...any) (string, error) {
	if len(moving) > 0 {
		a := db.Args(slices.Clone(args))
		query = addCondition(query, "id NOT IN "+a.In(moving))
		args = a
	}
	var position string
	err := tx.QueryRowContext(ctx, query, args...).Scan(&position)
	if err != nil && !db.NoRow(err) {
		return "", fmt.Errorf("find position: %w", err)
	}
	return position, nil
}

// freePosition is where a task from the trash goes: its old place, or right below whoever took it.
func (s *Service) freePosition(ctx context.Context, tx *db.Tx, t *Task) (string, error) {
	var taken int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM tasks WHERE project_id = $1 AND status = $2 AND deleted_at IS NULL AND position = $3`, t.ProjectID, t.Status, t.Position).Scan(&taken); err != nil {
		return "", fmt.Errorf("look for position: %w", err)
	}
	if taken == 0 {
		return t.Position, nil
	}
	next, err := s.neighbour(ctx, tx, positionAfter, nil, t.ProjectID, t.Status, t.Position)
	if err != nil {
		return "", err
	}
	return teams.Between(t.Position, next)
}
