package tasks

import (
	"context"
	"fmt"

	"tandem/internal/db"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Mutes are what somebody wants to hear nothing of.
type Mutes struct {
	Tasks    []MutedTask    `json:"tasks" nullable:"false"`
	Projects []MutedProject `json:"projects" nullable:"false"`
}

// MutedTask is one of the tasks.
type MutedTask struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	Title     string `json:"title"`
	ProjectID string `json:"project_id"`
}

// MutedProject is one of the projects.
type MutedProject struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	TeamID string `json:"team_id"`
}

// Indexes: primary keys of muted_tasks, tasks and members.
const mutedTasks = `
SELECT t.id, t.team_id, t.project_id, t.number, t.title, t.status
FROM muted_tasks x
JOIN tasks t ON t.id = x.task_id
JOIN members m ON m.team_id = t.team_id AND m.user_id = x.user_id
WHERE x.user_id = $1 AND t.deleted_at IS NULL
ORDER BY t.title, t.id`

// Mute has the actor hear nothing of a task, or hear of it again.
func (s *Service) Mute(ctx context.Context, actor users.Actor, id string, on bool) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		t, err := s.load(ctx, tx, actor, id, teams.ViewTeam, false)
		if err != nil {
			return err
		}
		return s.notify.MuteTask(ctx, tx, actor.ID, t.ID, on)
	})
}

// Mutes lists what the actor has muted in their teams.
func (s *Service) Mutes(ctx context.Context, actor users.Actor) (Mutes, error) {
	m := Mutes{Tasks: []MutedTask{}, Projects: []MutedProject{}}
	list, err := db.Collect(ctx, s.db.Read(), scanBrief, mutedTasks, actor.ID)
	if err != nil {
		return m, fmt.Errorf("list muted tasks of %s: %w", actor.ID, err)
	}
	for i := range list {
		t := &list[i]
		if err := s.setKey(ctx, t); err != nil {
			return m, err
		}
		m.Tasks = append(m.Tasks, MutedTask{t.ID, t.Key, t.Title, t.ProjectID})
	}
	projects, err := s.teams.MutedProjects(ctx, actor)
	for _, p := range projects {
		m.Projects = append(m.Projects, MutedProject{p.ID, p.Name, p.TeamID})
	}
	return m, err
}
