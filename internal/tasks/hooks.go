package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// addCondition puts a condition into one of this package's queries, before its ORDER BY.
func addCondition(query, condition string) string {
	return strings.Replace(query, "\nORDER BY", " AND "+condition+"\nORDER BY", 1)
}

func (s *Service) countByStatus(ctx context.Context, q db.Querier, projectID string) (map[string]int64, error) {
	type row struct {
		status string
		n      int64
	}
	rows, err := db.Collect(ctx, q, func(r db.Row) (v row, err error) {
		err = r.Scan(&v.status, &v.n)
		return v, err
	}, statusCounts, projectID)
	if err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.status] = r.n
	}
	return out, nil
}

// statusDeleted moves what is in a status that goes to the end of another one. Tasks in the
// trash go along, so that Restore finds their column.
func (s *Service) statusDeleted(ctx context.Context, tx *db.Tx, actor users.Actor, p teams.Project, from, to string) ([]events.TaskChange, error) {
	list, err := db.Collect(ctx, tx, scanPlainTask, `SELECT `+taskColumns+` FROM tasks t WHERE t.project_id = $1 AND t.status = $2 ORDER BY t.position, t.id`, p.ID, from)
	if err != nil {
		return nil, fmt.Errorf("read tasks of status %s: %w", from, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	if to == "" {
		live := slices.ContainsFunc(list, func(t Task) bool { return t.DeletedAt == nil })
		if live {
			return nil, errs.Field("query.move_to", "must name the status that the tasks in %q go to", from)
		}
		for _, st := range p.Statuses {
			if st.Slug != from {
				to = st.Slug
				break
			}
		}
	}
	spots, err := s.spots(ctx, tx, place{p.ID, to, "", ""}, nil, len(list))
	if err != nil {
		return nil, err
	}
	var out []events.TaskChange
	for i := range list {
		t := &list[i]
		if err := s.setKey(ctx, t); err != nil {
			return nil, err
		}
		changes, err := s.moveOne(ctx, tx, actor, t, &p, to, spots[i])
		if err != nil {
			return nil, err
		}
		if t.DeletedAt == nil {
			out = append(out, events.TaskChange{TaskID: t.ID, Version: t.Version, Changes: after(changes, t)})
		}
	}
	return out, nil
}

// labelDeleted takes a label off all tasks that have it.
func (s *Service) labelDeleted(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, labelID string) ([]events.TaskChange, error) {
	list, err := db.Collect(ctx, tx, scanPlainTask, `SELECT `+taskColumns+` FROM tasks t WHERE t.team_id = $1 AND t.id IN (SELECT task_id FROM task_labels WHERE label_id = $2) ORDER BY t.id`, teamID, labelID)
	if err != nil {
		return nil, fmt.Errorf("read tasks of label: %w", err)
	}
	return s.sweep(ctx, tx, actor, list, func(t *Task) map[string]Change {
		left := slices.DeleteFunc(slices.Clone(t.Labels), func(id string) bool { return id == labelID })
		was := t.Labels
		t.Labels = left
		return map[string]Change{"labels": {was, left}}
	})
}

// memberRemoved is memberLeaves for what was assigned meanwhile, and ends the watching. Whoever has somebody watch holds
// the membership, so watchers change only when that is gone.
func (s *Service) memberRemoved(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, userID string) ([]events.TaskChange, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM watchers WHERE user_id = $1 AND task_id IN (SELECT id FROM tasks WHERE team_id = $2)`, userID, teamID); err != nil {
		return nil, fmt.Errorf("unwatch tasks of %s: %w", teamID, err)
	}
	return s.memberLeaves(ctx, tx, actor, teamID, userID)
}

// memberLeaves unassigns the tasks of somebody who leaves; what they wrote and made stays theirs.
func (s *Service) memberLeaves(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, userID string) ([]events.TaskChange, error) {
	list, err := db.Collect(ctx, tx, scanPlainTask, `SELECT `+taskColumns+` FROM tasks t WHERE t.team_id = $1 AND t.assigned_to = $2 ORDER BY t.id`+lockRows(tx), teamID, userID)
	if err != nil {
		return nil, fmt.Errorf("read tasks of member: %w", err)
	}
	return s.sweep(ctx, tx, actor, list, func(t *Task) map[string]Change {
		was := t.AssignedTo
		t.AssignedTo = nil
		return map[string]Change{"assigned_to": {was, nil}}
	})
}

// sweep makes the same change to many tasks and returns what the message of the cause carries.
func (s *Service) sweep(ctx context.Context, tx *db.Tx, actor users.Actor, list []Task, change func(*Task) map[string]Change) ([]events.TaskChange, error) {
	var out []events.TaskChange
	for i := range list {
		t := &list[i]
		changes := change(t)
		if err := s.save(ctx, tx, t); err != nil {
			return nil, err
		}
		if _, ok := changes["labels"]; ok {
			if err := s.setLabels(ctx, tx, t); err != nil {
				return nil, err
			}
		}
		if err := s.note(ctx, tx, actor, t, kindOf(changes), changes); err != nil {
			return nil, err
		}
		if t.DeletedAt == nil {
			out = append(out, events.TaskChange{TaskID: t.ID, Version: t.Version, Changes: after(changes, t)})
		}
	}
	return out, nil
}
