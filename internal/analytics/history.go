// Package analytics computes the figures of teams, projects and people: what was done when, how long it took, what waits.
// It only reads, from tasks and their activity, which keeps the time of every change of a status.
package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tandem/internal/db"
)

// The categories of statuses.
const (
	Backlog   = "backlog"
	Active    = "active"
	Done      = "done"
	Cancelled = "cancelled"
)

// step is a status that a task took.
type step struct {
	at     time.Time
	status string // "": not known, as before the completion of an imported task
}

// history is a task with all that happened to its status.
type history struct {
	id, project, status string
	priority            int
	assignee            string // "": nobody
	created             time.Time
	completed, due      *time.Time
	steps               []step // from its creation on, oldest first
}

// scope is whose tasks count: $1 is a team, or a person in all their teams.
type scope struct {
	where, statuses string
	args            []any
}

// Indexes: tasks_by_team_created, activity_by_team.
func ofTeam(teamID, projectID string) scope {
	return scope{"t.team_id = $1 AND ($2 = '' OR t.project_id = $2)", "p.team_id = $1 AND ($2 = '' OR p.id = $2)", []any{teamID, projectID}}
}

// Indexes: tasks_by_assignee, activity_by_task, primary key of members.
func ofPerson(userID string) scope {
	const own = "EXISTS (SELECT 1 FROM members m WHERE m.team_id = %s.team_id AND m.user_id = $1)"
	return scope{"t.assigned_to = $1 AND " + fmt.Sprintf(own, "t"), fmt.Sprintf(own, "p"), []any{userID}}
}

// Index: tasks_by_assignee.
func ofMember(teamID, userID string) scope {
	return scope{"t.team_id = $1 AND t.assigned_to = $2", "p.team_id = $1 AND $2 <> ''", []any{teamID, userID}}
}

// The conditions of a scope are added. Tasks in the trash count for nothing.
const (
	tasksOf = `
SELECT t.id, t.project_id, t.status, t.priority, COALESCE(t.assigned_to, ''), t.created_at, t.completed_at, t.due_at
FROM tasks t
WHERE t.deleted_at IS NULL AND `
	stepsOf = `
SELECT a.task_id, a.changes, a.created_at
FROM tasks t
JOIN activity a ON a.task_id = t.id
WHERE t.deleted_at IS NULL AND a.changes LIKE '%"status":%' AND `
	inOrder      = ` ORDER BY a.created_at, a.id`
	categoriesOf = `
SELECT st.project_id, st.slug, st.category
FROM projects p
JOIN statuses st ON st.project_id = p.id
WHERE `
)

// read loads the histories of a scope's tasks.
func read(ctx context.Context, q db.Querier, sc scope) ([]*history, error) {
	list, err := db.Collect(ctx, q, func(r db.Row) (*history, error) {
		h := &history{}
		return h, r.Scan(&h.id, &h.project, &h.status, &h.priority, &h.assignee, db.ScanTime(&h.created), db.ScanTimeOrNull(&h.completed), db.ScanTimeOrNull(&h.due))
	}, tasksOf+sc.where, sc.args...)
	if err != nil {
		return nil, fmt.Errorf("read tasks for figures: %w", err)
	}
	byID := make(map[string]*history, len(list))
	for _, h := range list {
		byID[h.id] = h
	}
	type change struct {
		task, from, to string
		at             time.Time
	}
	changes, err := db.Collect(ctx, q, func(r db.Row) (c change, err error) {
		var text string
		if err := r.Scan(&c.task, &text, db.ScanTime(&c.at)); err != nil {
			return c, err
		}
		var fields struct {
			Status *struct{ From, To *string }
		}
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			return c, err
		}
		if s := fields.Status; s != nil && s.To != nil {
			c.to = *s.To
			if s.From != nil {
				c.from = *s.From
			}
		}
		return c, nil
	}, stepsOf+sc.where+inOrder, sc.args...)
	if err != nil {
		return nil, fmt.Errorf("read steps for figures: %w", err)
	}
	for _, c := range changes {
		h := byID[c.task]
		if h == nil || c.to == "" {
			continue
		}
		if len(h.steps) == 0 {
			h.steps = append(h.steps, step{h.created, c.from})
		}
		h.steps = append(h.steps, step{c.at, c.to})
	}
	for _, h := range list {
		if len(h.steps) == 0 {
			h.steps = []step{{h.created, h.status}}
		}
		slices.SortStableFunc(h.steps, func(a, b step) int { return a.at.Compare(b.at) })
	}
	return list, nil
}

func readCategories(ctx context.Context, q db.Querier, sc scope) (categories, error) {
	type row struct{ project, slug, category string }
	list, err := db.Collect(ctx, q, func(r db.Row) (c row, err error) {
		err = r.Scan(&c.project, &c.slug, &c.category)
		return c, err
	}, categoriesOf+sc.statuses, sc.args...)
	if err != nil {
		return nil, fmt.Errorf("read statuses for figures: %w", err)
	}
	out := categories{}
	for _, c := range list {
		if out[c.project] == nil {
			out[c.project] = map[string]string{}
		}
		out[c.project][c.slug] = c.category
	}
	return out, nil
}
