// Package reports makes files that take a while: all data of a team or a project as CSV, and the report of a week. A job
// makes each, tells whoever asked how far it is, and keeps the file for some days.
package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"tandem/internal/analytics"
	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/jobs"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// The kinds of reports.
const (
	Data = "data" // a ZIP of CSV files with everything
	Week = "week" // a page about one week
)

// The states of a report.
const (
	Waiting = "waiting"
	Running = "running"
	Done    = "done"
	Failed  = "failed"
)

const (
	kept       = 7 * 24 * time.Hour
	unfinished = 3 // of one user, in all teams
)

// Report is a file that is being made, or was.
type Report struct {
	ID         string     `json:"id"`
	TeamID     string     `json:"team_id"`
	ProjectID  *string    `json:"project_id" doc:"null for one of the whole team"`
	Kind       string     `json:"kind" enum:"data,week"`
	Name       string     `json:"name" doc:"of the file"`
	Week       *string    `json:"week" format:"date" doc:"the Monday of the week; null for all data"`
	State      string     `json:"state" enum:"waiting,running,done,failed"`
	Done       int64      `json:"done" doc:"rows so far"`
	Total      int64      `json:"total" doc:"rows there will be; 0 until they are counted"`
	Size       int64      `json:"size" doc:"bytes of the file so far"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
	ExpiresAt  *time.Time `json:"expires_at" doc:"when the file is deleted; null until it is there"`

	userID, timezone string
}

// Input says what to report on.
type Input struct {
	Kind      string  `json:"kind" enum:"data,week" doc:"data: everything, as a ZIP of CSV files; week: a page about one week"`
	ProjectID *string `json:"project_id,omitempty" doc:"only this project of the team"`
	Week      string  `json:"week,omitempty" doc:"a day of the week to report on, such as 2026-11-23; without it the last week that is over"`
	Timezone  string  `json:"timezone,omitempty" doc:"an IANA time zone, in which days begin; without it your own"`
}

// Service makes reports.
type Service struct {
	db        *db.DB
	log       *events.Log
	users     *users.Service
	teams     *teams.Service
	analytics *analytics.Service
	jobs      *jobs.Service
	slog      *slog.Logger
	baseURL   string
}

// NewService returns the service and registers its job; call it before the jobs start. Links in reports begin with baseURL.
func NewService(d *db.DB, log *events.Log, u *users.Service, tm *teams.Service, an *analytics.Service, j *jobs.Service, logger *slog.Logger, baseURL string) *Service {
	s := &Service{db: d, log: log, users: u, teams: tm, analytics: an, jobs: j, slog: logger, baseURL: strings.TrimSuffix(baseURL, "/")}
	jobs.HandleAs(j, jobs.Work{Within: 30 * time.Minute}, s.work)
	return s
}

func notFound() error { return errs.New(errs.NotFound, "report not found") }

// monday is the first day of the week that a day is in.
func monday(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }

// weekOf finds the Monday of the week to report on.
func weekOf(in Input, now time.Time) (string, error) {
	day := now.AddDate(0, 0, -7)
	if in.Week != "" {
		var err error
		if day, err = time.ParseInLocation(time.DateOnly, in.Week, now.Location()); err != nil || day.Year() < 1970 || day.Year() > 9000 {
			return "", errs.Field("week", "must be a day such as 2026-11-23")
		}
		if day.After(now) {
			return "", errs.Field("week", "has not begun")
		}
	}
	return monday(day).Format(time.DateOnly), nil
}

// Start has a report made. Its stream tells the actor how that goes, and so does Report.
func (s *Service) Start(ctx context.Context, actor users.Actor, teamID string, in Input) (Report, error) {
	team, err := s.teams.Team(ctx, actor, teamID)
	if err != nil {
		return Report{}, err
	}
	zone, err := time.LoadLocation(in.Timezone)
	if err != nil || in.Timezone == "" || in.Timezone == "Local" {
		return Report{}, errs.Field("timezone", "must be an IANA time zone such as Europe/Vienna")
	}
	now := s.db.Now()
	r := Report{ID: uuid.Must(uuid.NewV7()).String(), TeamID: teamID, ProjectID: in.ProjectID, Kind: in.Kind, State: Waiting, CreatedAt: now, userID: actor.ID, timezone: in.Timezone}
	of := team.Name
	if in.ProjectID != nil {
		p, err := s.teams.Project(ctx, actor, *in.ProjectID)
		if errors.Is(err, errs.NotFound) || err == nil && p.TeamID != teamID {
			return Report{}, errs.Field("project_id", "must be a project of the team")
		}
		if err != nil {
			return Report{}, err
		}
		of = p.Name
	}
	switch in.Kind {
	case Data:
		if in.Week != "" {
			return Report{}, errs.Field("week", "belongs to a report of kind week")
		}
		r.Name = fmt.Sprintf("%s %s.zip", fileName(of), now.In(zone).Format(time.DateOnly))
	case Week:
		week, err := weekOf(in, now.In(zone))
		if err != nil {
			return Report{}, err
		}
		r.Week = &week
		r.Name = fmt.Sprintf("%s week of %s.html", fileName(of), week)
	default:
		return Report{}, errs.Field("kind", "must be data or week")
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Report, error) {
		if _, err := s.teams.Authorize(ctx, tx, actor, teamID, teams.Export); err != nil {
			return r, err
		}
		var n int
		if err := tx.QueryRowContext(ctx, countUnfinished, actor.ID).Scan(&n); err != nil {
			return r, fmt.Errorf("count reports of user %s: %w", actor.ID, err)
		}
		if n >= unfinished {
			return r, errs.Code(errs.Conflict, "too_many_reports", "%d reports are being made for you already: wait for one, or stop it", n)
		}
		r.CreatedAt = tx.Now
		week := ""
		if r.Week != nil {
			week = *r.Week
		}
		if _, err := tx.Exec(ctx, insertReport, r.ID, r.TeamID, r.ProjectID, actor.ID, r.Kind, r.Name, week, r.timezone, r.State, db.Time(tx.Now)); err != nil {
			return r, fmt.Errorf("insert report: %w", err)
		}
		if _, err := s.jobs.Insert(ctx, tx, reportArgs{r.ID}, jobs.InsertOptions{MaxAttempts: 3}); err != nil {
			return r, err
		}
		return r, s.tell(ctx, tx, actor, "report.updated", r)
	})
}

// fileName leaves of a name what every file system takes.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '-'
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60])
	}
	return strings.Trim(name, " .")
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor users.Actor, kind string, r Report) error {
	_, err := s.log.Record(ctx, tx, r.userID, &events.Message{Type: kind, TeamID: r.TeamID, Report: r, UpdatedBy: actor.By(), MutationID: actor.Mutation.Ref()})
	return err
}

func scanReport(row db.Row) (r Report, err error) {
	var week string
	err = row.Scan(&r.ID, &r.TeamID, &r.ProjectID, &r.userID, &r.Kind, &r.Name, &week, &r.timezone, &r.State, &r.Done, &r.Total, &r.Size, db.ScanTime(&r.CreatedAt), db.ScanTimeOrNull(&r.FinishedAt))
	if week != "" {
		r.Week = &week
	}
	if r.State == Done && r.FinishedAt != nil {
		until := r.FinishedAt.Add(kept)
		r.ExpiresAt = &until
	}
	return r, err
}

// Reports lists those of a team that the actor asked for, newest first.
func (s *Service) Reports(ctx context.Context, actor users.Actor, teamID string) ([]Report, error) {
	if _, err := s.teams.AuthorizeRead(ctx, actor, teamID, teams.Export); err != nil {
		return nil, err
	}
	list, err := db.Collect(ctx, s.db.Read(), scanReport, reportsOf, actor.ID, teamID)
	if err != nil {
		return nil, fmt.Errorf("list reports of user %s: %w", actor.ID, err)
	}
	return list, nil
}

// Report tells how a report of the actor's goes. Those of others do not exist.
func (s *Service) Report(ctx context.Context, actor users.Actor, id string) (Report, error) {
	r, err := scanReport(s.db.Read().QueryRowContext(ctx, reportByID, id))
	if db.NoRow(err) || err == nil && r.userID != actor.ID {
		return Report{}, notFound()
	}
	if err != nil {
		return Report{}, fmt.Errorf("read report %s: %w", id, err)
	}
	if _, err := s.teams.AuthorizeRead(ctx, actor, r.TeamID, teams.Export); err != nil { // who has left the team gets none
		if errors.Is(err, errs.NotFound) {
			err = notFound()
		}
		return Report{}, err
	}
	return r, nil
}

// Remove deletes a report of the actor's; one that is being made is stopped.
func (s *Service) Remove(ctx context.Context, actor users.Actor, id string) error {
	r, err := s.Report(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.remove(ctx, actor, r)
}

func (s *Service) remove(ctx context.Context, actor users.Actor, r Report) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, deleteReport, r.ID)
		if err != nil {
			return fmt.Errorf("delete report %s: %w", r.ID, err)
		}
		if n == 0 {
			return nil // somebody was quicker
		}
		return s.tell(ctx, tx, actor, "report.deleted", r)
	})
}

// ContentType is that of the report's file.
func (r *Report) ContentType() string {
	if r.Kind == Week {
		return "text/html; charset=utf-8"
	}
	return "application/zip"
}

// Write writes a finished report's file, piece by piece.
func (s *Service) Write(ctx context.Context, r *Report, w io.Writer) error {
	for n := int64(0); ; n++ {
		var part []byte
		err := s.db.Read().QueryRowContext(ctx, partOf, r.ID, n).Scan(&part)
		if db.NoRow(err) {
			break
		}
		if err != nil {
			return fmt.Errorf("read part %d of report %s: %w", n, r.ID, err)
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// File is a finished report, for Write.
func (s *Service) File(ctx context.Context, actor users.Actor, id string) (Report, error) {
	r, err := s.Report(ctx, actor, id)
	if err == nil && r.State != Done {
		err = errs.Code(errs.Conflict, "not_done", "the report is not done")
	}
	return r, err
}

// CleanUp deletes what is old, and ends what a lost job left unfinished.
func (s *Service) CleanUp(ctx context.Context) error {
	now := s.db.Now()
	list, err := db.Collect(ctx, s.db.Read(), scanReport, oldReports, db.Time(now.Add(-kept)))
	if err != nil {
		return fmt.Errorf("list old reports: %w", err)
	}
	for _, r := range list {
		if err := s.remove(ctx, users.Actor{ID: r.userID}, r); err != nil {
			return err
		}
	}
	return nil
}
