package tasks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/internal/db"
	"tandem/internal/notify"
)

// Indexes: tasks_by_assignee, primary keys of projects, members, statuses, muted_tasks and muted_projects.
const dueTasks = `
SELECT t.id, t.project_id, t.number, t.title, t.due_at, p.key, p.name
FROM tasks t
JOIN projects p ON p.id = t.project_id AND p.archived_at IS NULL
JOIN members m ON m.team_id = t.team_id AND m.user_id = t.assigned_to
WHERE t.assigned_to = $1 AND t.due_at < $2 AND t.deleted_at IS NULL AND t.completed_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status AND st.category IN ('done', 'cancelled'))
	AND NOT EXISTS (SELECT 1 FROM muted_tasks x WHERE x.user_id = $1 AND x.task_id = t.id)
	AND NOT EXISTS (SELECT 1 FROM muted_projects x WHERE x.user_id = $1 AND x.project_id = t.project_id)
ORDER BY t.due_at DESC, t.id
LIMIT $3`

// dueOf is notify.Service.DueOf.
func (s *Service) dueOf(ctx context.Context, q db.Querier, userID string, before time.Time, limit int) ([]notify.DueTask, error) {
	list, err := db.Collect(ctx, q, func(r db.Row) (t notify.DueTask, err error) {
		var number int64
		var letters string
		err = r.Scan(&t.ID, &t.ProjectID, &number, &t.Title, db.ScanTime(&t.DueAt), &letters, &t.Project)
		t.Key = key(letters, number)
		return t, err
	}, dueTasks, userID, db.Time(before), limit)
	if err != nil {
		return nil, fmt.Errorf("list what is due for %s: %w", userID, err)
	}
	return list, nil
}

// Indexes: primary keys. The lists of ids are added.
const (
	namesOfTasks = `
SELECT t.id, t.number, t.title, p.key
FROM tasks t
JOIN projects p ON p.id = t.project_id
WHERE t.id IN `
	namesOfProjects = `
SELECT id, name
FROM projects
WHERE id IN `
)

// placesOf is notify.Service.Places.
func (s *Service) placesOf(ctx context.Context, q db.Querier, projectIDs, taskIDs []string) (notify.Places, error) {
	type named struct{ id, name string }
	out := notify.Places{Projects: map[string]string{}, Tasks: map[string]string{}}
	for part := range slices.Chunk(taskIDs, 200) {
		var args db.Args
		list, err := db.Collect(ctx, q, func(r db.Row) (n named, err error) {
			var number int64
			var title, letters string
			err = r.Scan(&n.id, &number, &title, &letters)
			n.name = key(letters, number) + " " + title
			return n, err
		}, namesOfTasks+args.In(part), args...)
		if err != nil {
			return out, fmt.Errorf("read names of %d tasks: %w", len(part), err)
		}
		for _, n := range list {
			out.Tasks[n.id] = n.name
		}
	}
	for part := range slices.Chunk(projectIDs, 200) {
		var args db.Args
		list, err := db.Collect(ctx, q, func(r db.Row) (n named, err error) {
			err = r.Scan(&n.id, &n.name)
			return n, err
		}, namesOfProjects+args.In(part), args...)
		if err != nil {
			return out, fmt.Errorf("read names of %d projects: %w", len(part), err)
		}
		for _, n := range list {
			out.Projects[n.id] = n.name
		}
	}
	return out, nil
}
