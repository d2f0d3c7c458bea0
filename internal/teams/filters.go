package teams

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

const (
	maxFilterQuery = 2000
	maxFilters     = 100 // of one user, for one project or for their own tasks
)

// filterNames are what the query of a list's address may hold.
var filterNames = []string{"q", "status", "category", "priority", "label", "assignee", "created_by", "due", "created", "completed", "open", "sort"}

// SavedFilter is the query of a list under a name: a project's, or that of one's own tasks.
type SavedFilter struct {
	ID        string    `json:"id"`
	TeamID    *string   `json:"team_id" doc:"null for a filter of one's own tasks"`
	ProjectID *string   `json:"project_id" doc:"null for a filter of one's own tasks"`
	UserID    string    `json:"user_id" doc:"who saved it"`
	Name      string    `json:"name"`
	Query     string    `json:"query" doc:"as in the address of a list: status=todo,done&assignee=me"`
	Shared    bool      `json:"shared" doc:"whether everybody in the project has it"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// FilterInput is a new saved filter.
type FilterInput struct {
	Name   string `json:"name"`
	Query  string `json:"query" doc:"as in the address of a list: status=todo,done&assignee=me"`
	Shared bool   `json:"shared,omitempty"`
}

// FilterPatch is an edit of a saved filter; nil means not sent.
type FilterPatch struct {
	Name   *string `json:"name,omitempty"`
	Query  *string `json:"query,omitempty"`
	Shared *bool   `json:"shared,omitempty" doc:"only who saved it may change this"`
}

// checkFilterQuery refuses what is no query of a list, and puts the rest into one form.
func checkFilterQuery(query string) (string, error) {
	query = strings.TrimPrefix(query, "?")
	if len(query) > maxFilterQuery {
		return "", errs.Field("query", "is longer than %d characters", maxFilterQuery)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", errs.Field("query", "must be like the address of a list: status=todo,done&assignee=me")
	}
	filters := 0
	for name, list := range values {
		if !slices.Contains(filterNames, name) {
			return "", errs.Field("query", "%q is no filter: there are %s", name, strings.Join(filterNames, ", "))
		}
		if len(list) > 1 {
			return "", errs.Field("query", "%s may be there once, with commas between its values", name)
		}
		if _, err := errs.OptionalLine("query", list[0], maxFilterQuery); err != nil {
			return "", err
		}
		if list[0] == "" {
			delete(values, name)
		} else if name != "sort" {
			filters++
		}
	}
	if filters == 0 {
		return "", errs.Field("query", "holds no filter")
	}
	return values.Encode(), nil
}

func scanFilter(r db.Row) (f SavedFilter, err error) {
	err = r.Scan(&f.ID, &f.TeamID, &f.ProjectID, &f.UserID, &f.Name, &f.Query, &f.Shared, db.ScanTime(&f.CreatedAt), db.ScanTime(&f.UpdatedAt))
	return f, err
}

// Filters lists the actor's saved filters of a project and those that are shared, oldest first.
func (s *Service) Filters(ctx context.Context, actor users.Actor, projectID string) ([]SavedFilter, error) {
	p, err := s.ProjectRef(ctx, projectID)
	if err == nil {
		_, err = s.AuthorizeRead(ctx, actor, p.TeamID, ViewTeam)
	}
	if err != nil {
		return nil, asProject(err)
	}
	list, err := db.Collect(ctx, s.db.Read(), scanFilter, filtersOfProject, projectID, actor.ID)
	if err != nil {
		return nil, fmt.Errorf("list filters of %s: %w", projectID, err)
	}
	return list, nil
}

// OwnFilters lists the actor's saved filters of their own tasks, oldest first.
func (s *Service) OwnFilters(ctx context.Context, actor users.Actor) ([]SavedFilter, error) {
	list, err := db.Collect(ctx, s.db.Read(), scanFilter, ownFilters, actor.ID)
	if err != nil {
		return nil, fmt.Errorf("list filters of user %s: %w", actor.ID, err)
	}
	return list, nil
}

// CreateFilter saves a filter: of a project, or of the actor's own tasks when projectID is empty.
func (s *Service) CreateFilter(ctx context.Context, actor users.Actor, projectID string, in FilterInput) (SavedFilter, error) {
	name, err := errs.Line("name", in.Name, 50)
	query, err2 := checkFilterQuery(in.Query)
	if projectID == "" && in.Shared {
		err2 = errors.Join(err2, notShareable())
	}
	if err := errors.Join(err, err2); err != nil {
		return SavedFilter{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (SavedFilter, error) {
		f := SavedFilter{ID: newID(), UserID: actor.ID, Name: name, Query: query, Shared: in.Shared, CreatedAt: tx.Now, UpdatedAt: tx.Now}
		if projectID != "" {
			p, err := s.FindProject(ctx, tx, projectID)
			if err != nil {
				return f, err
			}
			if _, err := s.Authorize(ctx, tx, actor, p.TeamID, ViewTeam); err != nil {
				return f, asProject(err)
			}
			f.ProjectID, f.TeamID = &projectID, &p.TeamID
			if err := s.mayShare(ctx, tx, actor, f); err != nil {
				return f, err
			}
		}
		var held int
		if err := tx.QueryRowContext(ctx, countFilters, actor.ID, db.NullString(projectID)).Scan(&held); err != nil {
			return f, fmt.Errorf("count filters of user %s: %w", actor.ID, err)
		}
		if held >= maxFilters {
			return f, errs.New(errs.Invalid, "there are %d filters already: delete one first", held)
		}
		if _, err := tx.Exec(ctx, insertFilter, f.ID, f.TeamID, f.ProjectID, f.UserID, f.Name, f.Query, f.Shared, db.Time(tx.Now)); err != nil {
			return f, fmt.Errorf("insert filter: %w", err)
		}
		return f, s.tellFilter(ctx, tx, actor, "filter.created", f)
	})
}

func notShareable() error {
	return errs.Field("shared", "a filter of your own tasks is yours alone: save it in a project to share it")
}

func (s *Service) mayShare(ctx context.Context, tx *db.Tx, actor users.Actor, f SavedFilter) error {
	if !f.Shared {
		return nil
	}
	_, err := s.Authorize(ctx, tx, actor, *f.TeamID, ShareFilters)
	return err
}

// tellFilter records a change of a filter for whom it is: the team, or its owner alone.
func (s *Service) tellFilter(ctx context.Context, tx *db.Tx, actor users.Actor, kind string, f SavedFilter) error {
	stream, team := f.UserID, ""
	if f.Shared {
		stream, team = *f.TeamID, *f.TeamID
	}
	m := s.message(kind, actor, team)
	m.Filter = f
	_, err := s.log.Record(ctx, tx, stream, m)
	return err
}

// filterOf reads a filter inside a write and checks whether the actor may change it: one's own, and as somebody who manages
// projects the shared ones of others. Others' private ones do not exist.
func (s *Service) filterOf(ctx context.Context, tx *db.Tx, actor users.Actor, id string) (SavedFilter, error) {
	f, err := scanFilter(tx.QueryRowContext(ctx, filterByID, id))
	if db.NoRow(err) {
		return f, notFound("filter")
	}
	if err != nil {
		return f, fmt.Errorf("read filter %s: %w", id, err)
	}
	own := f.UserID == actor.ID
	if !own && !f.Shared {
		return f, notFound("filter")
	}
	if f.TeamID == nil {
		return f, nil
	}
	need := ManageProjects
	if own {
		need = ViewTeam
	}
	if _, err := s.Authorize(ctx, tx, actor, *f.TeamID, need); errors.Is(err, errs.NotFound) {
		return f, notFound("filter")
	} else if err != nil {
		return f, err
	}
	return f, nil
}

// UpdateFilter renames, changes or shares a filter, or takes it back.
func (s *Service) UpdateFilter(ctx context.Context, actor users.Actor, id string, p FilterPatch) (SavedFilter, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (SavedFilter, error) {
		f, err := s.filterOf(ctx, tx, actor, id)
		if err != nil {
			return f, err
		}
		before := f
		if f, err = f.patched(p, f.UserID == actor.ID); err != nil {
			return f, err
		}
		if f == before {
			return f, nil
		}
		if !before.Shared {
			if err := s.mayShare(ctx, tx, actor, f); err != nil {
				return f, err
			}
		}
		f.UpdatedAt = tx.Now
		if _, err := tx.Exec(ctx, updateFilter, id, f.Name, f.Query, f.Shared, db.Time(tx.Now)); err != nil {
			return f, fmt.Errorf("update filter %s: %w", id, err)
		}
		if before.Shared == f.Shared {
			return f, s.tellFilter(ctx, tx, actor, "filter.updated", f)
		}
		// It changes the stream: gone for those who had it, new for those who get it. Its owner has it all along.
		gone, came := s.message("filter.deleted", actor, ""), s.message("filter.updated", actor, "")
		gone.Filter, came.Filter = before, f
		byStream := map[string][]*events.Message{f.UserID: {came}}
		if f.Shared {
			came.TeamID = *f.TeamID
			byStream = map[string][]*events.Message{*f.TeamID: {came}}
		} else {
			gone.TeamID = *f.TeamID
			byStream[*f.TeamID] = []*events.Message{gone}
		}
		return f, s.log.RecordAll(ctx, tx, byStream)
	})
}

func (f SavedFilter) patched(p FilterPatch, own bool) (SavedFilter, error) {
	var faults [3]error
	if p.Name != nil {
		f.Name, faults[0] = errs.Line("name", *p.Name, 50)
	}
	if p.Query != nil {
		f.Query, faults[1] = checkFilterQuery(*p.Query)
	}
	if p.Shared != nil && *p.Shared != f.Shared {
		switch {
		case f.TeamID == nil:
			faults[2] = notShareable()
		case !own:
			faults[2] = errs.New(errs.Forbidden, "only who saved a filter may take it back")
		}
		f.Shared = *p.Shared
	}
	return f, errors.Join(faults[:]...)
}

// DeleteFilter deletes a saved filter.
func (s *Service) DeleteFilter(ctx context.Context, actor users.Actor, id string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		f, err := s.filterOf(ctx, tx, actor, id)
		if err != nil {
			return struct{}{}, err
		}
		if _, err := tx.Exec(ctx, deleteFilter, id); err != nil {
			return struct{}{}, fmt.Errorf("delete filter %s: %w", id, err)
		}
		return struct{}{}, s.tellFilter(ctx, tx, actor, "filter.deleted", f)
	})
	return err
}
