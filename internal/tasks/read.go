package tasks

import (
	"context"
	"fmt"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Get returns one task.
func (s *Service) Get(ctx context.Context, actor users.Actor, id string) (Detail, error) {
	var own own
	t, err := scanTask(s.db.Read().QueryRowContext(ctx, detailByID, id, actor.ID), &own.watching, &own.muted)
	if db.NoRow(err) {
		return Detail{}, notFound()
	}
	if err != nil {
		return Detail{}, fmt.Errorf("read task %s: %w", id, err)
	}
	if _, err := s.teams.AuthorizeRead(ctx, actor, t.TeamID, teams.ViewTeam); err != nil {
		return Detail{}, asTask(err)
	}
	if err := s.setKey(ctx, &t); err != nil {
		return Detail{}, err
	}
	return s.detail(ctx, t, own)
}

// own is what a task is to one person.
type own struct{ watching, muted bool }

// show is the answer to a write: the task as it was written, and what it is to the actor.
func (s *Service) show(ctx context.Context, actor users.Actor, t Task) (Detail, error) {
	var own own
	if err := s.db.Read().QueryRowContext(ctx, ownByID, t.ID, actor.ID).Scan(&own.watching, &own.muted); err != nil {
		return Detail{}, fmt.Errorf("read watcher of %s: %w", t.ID, err)
	}
	return s.detail(ctx, t, own)
}

// TeamOf returns the team of a task that the actor may see.
func (s *Service) TeamOf(ctx context.Context, actor users.Actor, taskID string) (string, error) {
	var teamID string
	err := s.db.Read().QueryRowContext(ctx, taskTeam, taskID).Scan(&teamID)
	if db.NoRow(err) {
		return "", notFound()
	}
	if err != nil {
		return "", fmt.Errorf("read team of task %s: %w", taskID, err)
	}
	if _, err := s.teams.AuthorizeRead(ctx, actor, teamID, teams.ViewTeam); err != nil {
		return "", asTask(err)
	}
	return teamID, nil
}

// ActivityOf lists what happened to a task, newest first.
func (s *Service) ActivityOf(ctx context.Context, actor users.Actor, taskID, cursor string, limit int) (db.Page[Activity], error) {
	var page db.Page[Activity]
	limit, err := db.Limit(limit)
	if err != nil {
		return page, err
	}
	from := struct {
		At time.Time `json:"a"`
		ID string    `json:"i"`
	}{At: endOfTime}
	if err := db.DecodeCursor(cursor, &from); err != nil {
		return page, err
	}
	if _, err := s.TeamOf(ctx, actor, taskID); err != nil {
		return page, err
	}
	rows, err := db.Collect(ctx, s.db.Read(), scanActivity, activityOfTask, taskID, db.Time(from.At), from.ID, limit+1)
	if err != nil {
		return page, fmt.Errorf("list activity of %s: %w", taskID, err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		from.At, from.ID = rows[limit-1].CreatedAt, rows[limit-1].ID
		page.NextCursor = db.EncodeCursor(from)
	}
	ids := make([]string, len(rows))
	for i, a := range rows {
		ids[i] = deref(a.actorID)
	}
	people, err := s.users.Profiles(ctx, ids...)
	if err != nil {
		return page, err
	}
	page.Items = make([]Activity, len(rows))
	for i, a := range rows {
		page.Items[i] = a.Activity
		page.Items[i].Actor = find(people, a.actorID)
	}
	return page, nil
}

// scope is which teams and project a list covers, checked against what the actor may see.
func (s *Service) scope(ctx context.Context, actor users.Actor, teamID, projectID string) (teamIDs []string, err error) {
	if projectID != "" {
		p, err := s.teams.ProjectRef(ctx, projectID)
		if err == nil {
			_, err = s.teams.AuthorizeRead(ctx, actor, p.TeamID, teams.ViewTeam)
		}
		for _, e := range errs.All(err) {
			if e.Kind == errs.NotFound {
				return nil, errs.New(errs.NotFound, "project not found")
			}
		}
		if err == nil && teamID != "" && teamID != p.TeamID {
			err = errs.New(errs.NotFound, "project not found")
		}
		return []string{p.TeamID}, err
	}
	if teamID != "" {
		_, err := s.teams.AuthorizeRead(ctx, actor, teamID, teams.ViewTeam)
		return []string{teamID}, err
	}
	return s.teams.TeamIDs(ctx, actor.ID)
}
