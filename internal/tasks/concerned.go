package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/internal/db"
	"tandem/internal/events"
)

// concerned is whose own stream gets a copy of a change: of the task's creator, assignee (the former
// one too) and watchers, those who are members of its team.
func (s *Service) concerned(ctx context.Context, tx *db.Tx, m *events.Message) ([]string, error) {
	var ids []string
	if m.TaskID != "" {
		ids = append(ids, m.TaskID)
	}
	for _, t := range m.Tasks {
		ids = append(ids, t.TaskID)
	}
	var people []string
	for part := range slices.Chunk(ids, 200) {
		var args db.Args
		team := args.Add(m.TeamID)
		in := args.In(part)
		who := []string{
			"SELECT created_by AS user_id FROM tasks WHERE id IN " + in,
			"SELECT assigned_to FROM tasks WHERE id IN " + in,
			"SELECT user_id FROM watchers WHERE task_id IN " + in,
		}
		if len(m.Also) > 0 {
			who = append(who, "SELECT id FROM users WHERE id IN "+args.In(m.Also))
		}
		// Indexes: primary keys of tasks, watchers, users and members.
		found, err := db.Collect(ctx, tx, db.ScanString, `SELECT m.user_id FROM members m JOIN (`+strings.Join(who, " UNION ")+`) c ON c.user_id = m.user_id WHERE m.team_id = `+team, args...)
		if err != nil {
			return nil, fmt.Errorf("find whom the change of %d tasks concerns: %w", len(ids), err)
		}
		people = append(people, found...)
	}
	slices.Sort(people)
	return slices.Compact(people), nil
}
