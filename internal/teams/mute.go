package teams

import (
	"context"
	"fmt"

	"tandem/internal/db"
	"tandem/internal/users"
)

// ProjectDetail is a project as one person looks at it.
type ProjectDetail struct {
	Project
	Muted bool `json:"muted" doc:"whether the caller hears nothing of it"`
}

// Own names what the project is to the caller, for ETags.
func (d ProjectDetail) Own() string {
	if d.Muted {
		return "muted"
	}
	return ""
}

// Detail returns one of the actor's projects, with counts.
func (s *Service) Detail(ctx context.Context, actor users.Actor, id string) (ProjectDetail, error) {
	p, err := s.Project(ctx, actor, id)
	if err != nil {
		return ProjectDetail{}, err
	}
	d := ProjectDetail{Project: p}
	if err := s.db.Read().QueryRowContext(ctx, projectMuted, actor.ID, id).Scan(&d.Muted); err != nil {
		return d, fmt.Errorf("read mute of %s: %w", id, err)
	}
	return d, nil
}

// MuteProject has the actor hear nothing of a project, or hear of it again.
func (s *Service) MuteProject(ctx context.Context, actor users.Actor, id string, on bool) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		p, err := s.FindProject(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := s.Authorize(ctx, tx, actor, p.TeamID, ViewTeam); err != nil {
			return asProject(err)
		}
		return s.notify.MuteProject(ctx, tx, actor.ID, id, on)
	})
}

// MutedProjects lists those that the actor has muted in their teams, by name.
func (s *Service) MutedProjects(ctx context.Context, actor users.Actor) ([]ProjectRef, error) {
	list, err := db.Collect(ctx, s.db.Read(), func(r db.Row) (p ProjectRef, err error) {
		err = r.Scan(&p.ID, &p.TeamID, &p.Key, &p.Name)
		return p, err
	}, mutedProjects, actor.ID)
	if err != nil {
		return nil, fmt.Errorf("list muted projects of %s: %w", actor.ID, err)
	}
	return list, nil
}

// Shared is a team that two people are in.
type Shared struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role" enum:"owner,admin,member,viewer" doc:"theirs"`
}

// SharedWith lists the teams that the actor and somebody else are in, by name; of the actor alone, all.
func (s *Service) SharedWith(ctx context.Context, actor users.Actor, userID string) ([]Shared, error) {
	list, err := db.Collect(ctx, s.db.Read(), func(r db.Row) (t Shared, err error) {
		err = r.Scan(&t.ID, &t.Name, &t.Role)
		return t, err
	}, sharedTeams, actor.ID, userID)
	if err != nil {
		return nil, fmt.Errorf("list teams shared with %s: %w", userID, err)
	}
	return list, nil
}
