package analytics

import (
	"context"
	"errors"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Service computes figures.
type Service struct {
	db    *db.DB
	teams *teams.Service
}

// NewService returns the service.
func NewService(d *db.DB, t *teams.Service) *Service { return &Service{d, t} }

// Query says of what and of when. From and To are days, as YYYY-MM-DD, the last one included; empty ones mean the last 30 days.
type Query struct {
	TeamID, ProjectID string
	From, To, Bucket  string
	Zone              *time.Location
}

// longest is how many days a range may have: ten years.
const longest = 3660

func (q Query) span(now time.Time) (span, error) {
	now = now.In(q.Zone)
	s := span{bucket: q.Bucket}
	if s.bucket == "" {
		s.bucket = "day"
	}
	day := func(field, text string, otherwise time.Time) (time.Time, error) {
		if text == "" {
			return time.Date(otherwise.Year(), otherwise.Month(), otherwise.Day(), 0, 0, 0, 0, q.Zone), nil
		}
		t, err := time.ParseInLocation(time.DateOnly, text, q.Zone)
		if err != nil || t.Year() < 1970 || t.Year() > 9000 {
			return t, errs.Field("query."+field, "must be a day such as 2026-11-23")
		}
		return t, nil
	}
	last, err := day("to", q.To, now)
	if err != nil {
		return s, err
	}
	s.to = last.AddDate(0, 0, 1)
	if s.from, err = day("from", q.From, last.AddDate(0, 0, -29)); err != nil {
		return s, err
	}
	switch {
	case s.from.After(last):
		return s, errs.Field("query.from", "must not be after \"to\"")
	case s.from.AddDate(0, 0, longest).Before(s.to):
		return s, errs.Field("query.from", "must be at most %d days before \"to\"", longest)
	}
	return s, nil
}

// Figures are those of a team, or of one of its projects, for whoever may see the team.
func (s *Service) Figures(ctx context.Context, actor users.Actor, q Query) (Figures, error) {
	team, err := s.teams.Team(ctx, actor, q.TeamID)
	if err != nil {
		return Figures{}, err
	}
	if q.ProjectID != "" {
		if ref, err := s.teams.ProjectRef(ctx, q.ProjectID); err != nil || ref.TeamID != q.TeamID {
			return Figures{}, errs.Field("query.project_id", "must be a project of the team")
		}
	}
	f, err := s.figures(ctx, ofTeam(q.TeamID, q.ProjectID), q)
	if err == nil && !team.NamesMembers() {
		f.ByPerson = unnamed(f.ByPerson, actor.ID)
	}
	return f, err
}

// Others stands for all members but the reader, where a team does not show them to each other.
const Others = "others"

// unnamed leaves the reader and nobody apart, and puts the others together, last.
func unnamed(people []Count, reader string) []Count {
	out, others := []Count{}, 0
	for _, c := range people {
		if c.Name == "" || c.Name == reader {
			out = append(out, c)
		} else {
			others += c.Count
		}
	}
	if others > 0 {
		out = append(out, Count{Others, others})
	}
	return out
}

// PersonFigures are the figures of somebody's tasks.
type PersonFigures struct {
	Figures
	Streaks Streaks `json:"streaks"`
	Days    []Day   `json:"days" doc:"what was completed on each day of the last twelve weeks, from a Monday to today"`
}

// Personal are the figures of the actor's own tasks, in all their teams.
func (s *Service) Personal(ctx context.Context, actor users.Actor, q Query) (PersonFigures, error) {
	return s.person(ctx, ofPerson(actor.ID), q)
}

// Member are the figures of a member's tasks in one team. Others may look when the team's setting says so.
func (s *Service) Member(ctx context.Context, actor users.Actor, userID string, q Query) (PersonFigures, error) {
	if _, err := s.teams.AuthorizeRead(ctx, actor, q.TeamID, teams.ViewTeam); err != nil {
		return PersonFigures{}, err
	}
	if _, err := s.teams.RoleOf(ctx, s.db.Read(), q.TeamID, userID); err != nil {
		if errors.Is(err, errs.NotFound) {
			return PersonFigures{}, errs.New(errs.NotFound, "member not found")
		}
		return PersonFigures{}, err
	}
	if userID != actor.ID {
		team, err := s.teams.Team(ctx, actor, q.TeamID)
		if err != nil {
			return PersonFigures{}, err
		}
		if !team.ShowMembers {
			return PersonFigures{}, errs.Code(errs.Forbidden, "not_shown", "this team does not show its members' figures to each other")
		}
	}
	return s.person(ctx, ofMember(q.TeamID, userID), q)
}

func (s *Service) person(ctx context.Context, sc scope, q Query) (PersonFigures, error) {
	now := s.db.Now()
	sp, err := q.span(now)
	if err != nil {
		return PersonFigures{}, err
	}
	list, of, err := s.read(ctx, sc)
	if err != nil {
		return PersonFigures{}, err
	}
	here := now.In(q.Zone)
	return PersonFigures{compute(list, of, sp, now, tasks.Priorities), streaks(list, of, here), heat(list, of, here)}, nil
}

func (s *Service) figures(ctx context.Context, sc scope, q Query) (Figures, error) {
	now := s.db.Now()
	sp, err := q.span(now)
	if err != nil {
		return Figures{}, err
	}
	list, of, err := s.read(ctx, sc)
	if err != nil {
		return Figures{}, err
	}
	return compute(list, of, sp, now, tasks.Priorities), nil
}

func (s *Service) read(ctx context.Context, sc scope) ([]*history, categories, error) {
	list, err := read(ctx, s.db.Read(), sc)
	if err != nil {
		return nil, nil, err
	}
	of, err := readCategories(ctx, s.db.Read(), sc)
	return list, of, err
}
