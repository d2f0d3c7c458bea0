package tasks

import (
	"context"
	"fmt"

	"tandem/internal/db"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Person is a user as somebody who shares teams with them sees them.
type Person struct {
	users.User
	Teams     []teams.Shared `json:"teams" nullable:"false" doc:"that both are in"`
	OpenTasks OpenTasks      `json:"open_tasks" doc:"assigned to them, in these teams"`
}

// OpenTasks are tasks that wait for somebody.
type OpenTasks struct {
	Count int64      `json:"count"`
	Items []OpenTask `json:"items" nullable:"false" doc:"at most 10, what is due soonest first"`
}

// OpenTask is one of them.
type OpenTask struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	Title     string `json:"title"`
	Status    string `json:"status"`
	ProjectID string `json:"project_id"`
	TeamID    string `json:"team_id"`
}

// Indexes: tasks_by_assignee, primary keys of members and statuses.
const openOf = `
FROM tasks t
JOIN members m ON m.team_id = t.team_id AND m.user_id = $2
WHERE t.assigned_to = $1 AND t.deleted_at IS NULL AND t.completed_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status AND st.category IN ('done', 'cancelled'))`

// Person returns the actor, or somebody the actor shares a team with.
func (s *Service) Person(ctx context.Context, actor users.Actor, username string) (Person, error) {
	u, err := s.users.ByUsername(ctx, actor, username)
	if err != nil {
		return Person{}, err
	}
	p := Person{User: u}
	if p.Teams, err = s.teams.SharedWith(ctx, actor, u.ID); err != nil {
		return p, err
	}
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*)`+openOf, u.ID, actor.ID).Scan(&p.OpenTasks.Count); err != nil {
		return p, fmt.Errorf("count open tasks of %s: %w", u.ID, err)
	}
	list, err := db.Collect(ctx, s.db.Read(), scanBrief,
		`SELECT t.id, t.team_id, t.project_id, t.number, t.title, t.status`+openOf+` ORDER BY t.due_at IS NULL, t.due_at, t.created_at, t.id LIMIT 10`, u.ID, actor.ID)
	if err != nil {
		return p, fmt.Errorf("list open tasks of %s: %w", u.ID, err)
	}
	p.OpenTasks.Items = make([]OpenTask, len(list))
	for i := range list {
		t := &list[i]
		if err := s.setKey(ctx, t); err != nil {
			return p, err
		}
		p.OpenTasks.Items[i] = OpenTask{t.ID, t.Key, t.Title, t.Status, t.ProjectID, t.TeamID}
	}
	return p, nil
}

// scanBrief scans what short lists show of a task.
func scanBrief(r db.Row) (t Task, err error) {
	err = r.Scan(&t.ID, &t.TeamID, &t.ProjectID, &t.Number, &t.Title, &t.Status)
	return t, err
}
