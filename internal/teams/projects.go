package teams

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// Project is tasks with a key, statuses and a board.
type Project struct {
	ID          string    `json:"id"`
	TeamID      string    `json:"team_id"`
	Key         string    `json:"key" doc:"begins the keys of its tasks; never changes"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Archived    bool      `json:"archived"`
	Statuses    []Status  `json:"statuses" nullable:"false" doc:"in order"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// ProjectRef is what never, or hardly ever, changes of a project.
type ProjectRef struct {
	ID     string `json:"id"`
	TeamID string `json:"team_id"`
	Key    string `json:"key"`
	Name   string `json:"name"`
}

// ProjectInput is a new project.
type ProjectInput struct {
	Name        string `json:"name"`
	Key         string `json:"key,omitempty" doc:"2 to 10 letters and digits; made of the name when left out"`
	Description string `json:"description,omitempty"`
}

// ProjectPatch is an edit of a project; nil means not sent.
type ProjectPatch struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	Archived    *bool   `json:"archived,omitempty"`
}

func scanProject(r db.Row) (p Project, err error) {
	var archived *time.Time
	err = r.Scan(&p.ID, &p.TeamID, &p.Key, &p.Name, &p.Description, db.ScanTimeOrNull(&archived), &p.Version, db.ScanTime(&p.CreatedAt), db.ScanTime(&p.UpdatedAt))
	p.Archived = archived != nil
	return p, err
}

// FindProject returns a project with its statuses and no counts. It asks nobody's leave.
func (s *Service) FindProject(ctx context.Context, q db.Querier, id string) (Project, error) {
	p, err := scanProject(q.QueryRowContext(ctx, projectByID, id))
	if db.NoRow(err) {
		return p, notFound("project")
	}
	if err != nil {
		return p, fmt.Errorf("read project %s: %w", id, err)
	}
	p.Statuses, err = db.Collect(ctx, q, scanStatus, statusesOf, id)
	if err != nil {
		return p, fmt.Errorf("read statuses of %s: %w", id, err)
	}
	return p, nil
}

// ProjectRef returns a project's team and key, from a cache.
func (s *Service) ProjectRef(ctx context.Context, id string) (ProjectRef, error) {
	if p, ok := s.projects.GetIfPresent(id); ok {
		return p, nil
	}
	var p ProjectRef
	err := s.db.Read().QueryRowContext(ctx, projectRef, id).Scan(&p.ID, &p.TeamID, &p.Key, &p.Name)
	if db.NoRow(err) {
		return p, notFound("project")
	}
	if err != nil {
		return p, fmt.Errorf("read project %s: %w", id, err)
	}
	s.projects.Set(id, p)
	return p, nil
}

// TakeNumbers reserves n task numbers and returns the first.
func (s *Service) TakeNumbers(ctx context.Context, tx *db.Tx, projectID string, n int64) (int64, error) {
	var last int64
	if err := tx.QueryRowContext(ctx, takeNumbers, projectID, n).Scan(&last); err != nil {
		return 0, fmt.Errorf("number tasks of %s: %w", projectID, err)
	}
	return last - n + 1, nil
}

// Projects lists a team's projects by name, with counts.
func (s *Service) Projects(ctx context.Context, actor users.Actor, teamID string) ([]Project, error) {
	if _, err := s.AuthorizeRead(ctx, actor, teamID, ViewTeam); err != nil {
		return nil, err
	}
	q := s.db.Read()
	list, err := db.Collect(ctx, q, scanProject, projectsOf, teamID)
	if err != nil {
		return nil, fmt.Errorf("list projects of %s: %w", teamID, err)
	}
	type row struct {
		project string
		status  Status
	}
	rows, err := db.Collect(ctx, q, func(r db.Row) (v row, err error) {
		err = r.Scan(append([]any{&v.project}, v.status.dest()...)...)
		return v, err
	}, statusesOfTeam, teamID)
	if err != nil {
		return nil, fmt.Errorf("list statuses of %s: %w", teamID, err)
	}
	by := map[string][]Status{}
	for _, r := range rows {
		by[r.project] = append(by[r.project], r.status)
	}
	for i := range list {
		list[i].Statuses = by[list[i].ID]
		if err := s.count(ctx, q, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Service) count(ctx context.Context, q db.Querier, p *Project) error {
	counts, err := s.tasks.StatusCounts(ctx, q, p.ID)
	for i := range p.Statuses {
		p.Statuses[i].Count = counts[p.Statuses[i].Slug]
	}
	return err
}

// Project returns one of the actor's projects, with counts.
func (s *Service) Project(ctx context.Context, actor users.Actor, id string) (Project, error) {
	q := s.db.Read()
	p, err := s.FindProject(ctx, q, id)
	if err != nil {
		return p, err
	}
	if _, err := s.AuthorizeRead(ctx, actor, p.TeamID, ViewTeam); err != nil {
		return Project{}, asProject(err)
	}
	return p, s.count(ctx, q, &p)
}

// asProject makes an outsider's "team not found" speak of what they asked for.
func asProject(err error) error {
	if errors.Is(err, errs.NotFound) {
		return notFound("project")
	}
	return err
}

// LockProject takes the project's row until the commit: whoever decides by its statuses or by the
// positions of its tasks finds them as they stay. A project that is not there is no error here.
func (s *Service) LockProject(ctx context.Context, tx *db.Tx, id string) error {
	if tx.Dialect() == db.SQLite {
		return nil // the one writer is locked already
	}
	if _, err := tx.Exec(ctx, lockProject, id); err != nil {
		return fmt.Errorf("lock project %s: %w", id, err)
	}
	return nil
}

// manage reads a project inside a write and checks that the actor may change it. The project is
// locked: two who change its statuses do so one after the other.
func (s *Service) manage(ctx context.Context, tx *db.Tx, actor users.Actor, id string) (Project, error) {
	if err := s.LockProject(ctx, tx, id); err != nil {
		return Project{}, err
	}
	p, err := s.FindProject(ctx, tx, id)
	if err != nil {
		return p, err
	}
	if _, err := s.Authorize(ctx, tx, actor, p.TeamID, ManageProjects); err != nil {
		return Project{}, asProject(err)
	}
	return p, s.count(ctx, tx, &p)
}

// projectKey makes a key of a name: its initials, or its first letters.
func projectKey(name string) string {
	var initials, letters strings.Builder
	for _, w := range strings.FieldsFunc(users.Fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		for i, r := range w {
			if r > unicode.MaxASCII {
				continue
			}
			if i == 0 {
				initials.WriteRune(r)
			}
			letters.WriteRune(r)
		}
	}
	key := initials.String()
	if len(key) < 2 {
		key = letters.String()
		key = key[:min(3, len(key))]
	}
	key = strings.TrimLeft(strings.ToUpper(key), "0123456789")
	if len(key) < 2 {
		return "TASK"
	}
	return key[:min(5, len(key))]
}

func checkProjectKey(key string) error {
	if len(key) < 2 || len(key) > 10 {
		return errs.Field("key", "must have from 2 to 10 characters")
	}
	for i, r := range key {
		if (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return errs.Field("key", "must be letters A to Z and digits, beginning with a letter")
		}
	}
	return nil
}

// CreateProject adds a project with the usual four statuses.
func (s *Service) CreateProject(ctx context.Context, actor users.Actor, teamID string, in ProjectInput) (Project, error) {
	name, err1 := errs.Line("name", in.Name, 100)
	description, err2 := errs.Text("description", in.Description, 10_000)
	derived := in.Key == ""
	key := strings.ToUpper(strings.TrimSpace(in.Key))
	if derived {
		key = projectKey(name)
	}
	if err := errors.Join(err1, err2, checkProjectKey(key)); err != nil {
		return Project{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Project, error) {
		if _, err := s.Authorize(ctx, tx, actor, teamID, ManageProjects); err != nil {
			return Project{}, err
		}
		p := Project{ID: newID(), TeamID: teamID, Key: key, Name: name, Description: description, Version: 1, CreatedAt: tx.Now, UpdatedAt: tx.Now}
		var inserted int64
		var err error
		for n := 2; ; n++ {
			if inserted, err = tx.Exec(ctx, insertProject, p.ID, teamID, p.Key, name, description, db.Time(tx.Now)); err != nil {
				return p, fmt.Errorf("insert project: %w", err)
			}
			if inserted == 1 || !derived || n > 99 {
				break
			}
			p.Key = fmt.Sprintf("%s%d", key, n)
		}
		if inserted == 0 {
			return p, errs.Field("key", "%q is taken by another project of this team", p.Key)
		}
		if err := s.firstStatuses(ctx, tx, &p); err != nil {
			return p, err
		}
		m := s.message("project.created", actor, teamID)
		m.ProjectID, m.Version, m.Project = p.ID, p.Version, p
		_, err = s.log.Record(ctx, tx, teamID, m)
		return p, err
	})
}

// UpdateProject edits a project.
func (s *Service) UpdateProject(ctx context.Context, actor users.Actor, id string, patch ProjectPatch, ifMatch *int64) (Project, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Project, error) {
		p, err := s.manage(ctx, tx, actor, id)
		if err != nil {
			return p, err
		}
		if ifMatch != nil && *ifMatch != p.Version {
			return p, stale("project", p.Version, *ifMatch, p)
		}
		name, description, archived := p.Name, p.Description, p.Archived
		if patch.Name != nil {
			if p.Name, err = errs.Line("name", *patch.Name, 100); err != nil {
				return p, err
			}
		}
		if patch.Description != nil {
			if p.Description, err = errs.Text("description", *patch.Description, 10_000); err != nil {
				return p, err
			}
		}
		if patch.Archived != nil {
			p.Archived = *patch.Archived
		}
		if p.Name == name && p.Description == description && p.Archived == archived {
			return p, nil
		}
		return p, s.saveProject(ctx, tx, actor, &p, nil)
	})
}

// saveProject ends a change of a project or its statuses.
func (s *Service) saveProject(ctx context.Context, tx *db.Tx, actor users.Actor, p *Project, parts []events.TaskChange) error {
	var archived *time.Time
	if p.Archived {
		archived = &tx.Now
	}
	n, err := tx.Exec(ctx, updateProject, p.ID, p.Version, p.Name, p.Description, db.TimeOrNull(archived), db.Time(tx.Now))
	if err != nil {
		return fmt.Errorf("update project %s: %w", p.ID, err)
	}
	if n == 0 {
		return db.ErrRetry
	}
	p.Version++
	p.UpdatedAt = tx.Now
	tx.Invalidate(func(context.Context) { s.projects.Invalidate(p.ID) })
	m := s.message("project.updated", actor, p.TeamID)
	m.ProjectID, m.Version, m.Project, m.Tasks = p.ID, p.Version, *p, parts
	_, err = s.log.Record(ctx, tx, p.TeamID, m)
	return err
}

// DeleteProject removes a project and its tasks for good.
func (s *Service) DeleteProject(ctx context.Context, actor users.Actor, id string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		p, err := s.manage(ctx, tx, actor, id)
		if err != nil {
			return struct{}{}, err
		}
		if err := s.hold(ctx, tx, holdProject, id); err != nil {
			return struct{}{}, err
		}
		gone, err := s.notify.RemoveOfProject(ctx, tx, actor, id)
		if err != nil {
			return struct{}{}, err
		}
		if _, err := tx.Exec(ctx, deleteProject, id); err != nil {
			return struct{}{}, fmt.Errorf("delete project %s: %w", id, err)
		}
		tx.Invalidate(func(context.Context) { s.projects.Invalidate(id) })
		m := s.message("project.deleted", actor, p.TeamID)
		m.ProjectID, m.Project, m.Personal = id, ProjectRef{p.ID, p.TeamID, p.Key, p.Name}, gone
		_, err = s.log.Record(ctx, tx, p.TeamID, m)
		return struct{}{}, err
	})
	return err
}

// TouchProject counts a change of a project that the caller records: an import that added statuses.
func (s *Service) TouchProject(ctx context.Context, tx *db.Tx, p *Project) (int64, error) {
	var archived *time.Time
	if p.Archived {
		archived = &tx.Now
	}
	if _, err := tx.Exec(ctx, updateProject, p.ID, p.Version, p.Name, p.Description, db.TimeOrNull(archived), db.Time(tx.Now)); err != nil {
		return 0, fmt.Errorf("update project %s: %w", p.ID, err)
	}
	p.Version++
	p.UpdatedAt = tx.Now
	return p.Version, s.count(ctx, tx, p)
}
