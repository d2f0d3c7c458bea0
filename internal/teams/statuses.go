package teams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// maxStatuses bounds the columns of a board.
const maxStatuses = 20

// Categories are what reports make of a status.
var Categories = []string{"backlog", "active", "done", "cancelled"}

// Status is a column of a project's board.
type Status struct {
	Slug     string `json:"slug" doc:"names the status in tasks; never changes"`
	Name     string `json:"name"`
	Color    string `json:"color" enum:"gray,red,orange,amber,green,teal,blue,indigo,purple,pink"`
	Category string `json:"category" enum:"backlog,active,done,cancelled"`
	WIPLimit *int64 `json:"wip_limit" doc:"how many tasks it should hold at most"`
	Position string `json:"position"`
	Count    int64  `json:"count" doc:"tasks in it"`
}

func (st *Status) dest() []any {
	return []any{&st.Slug, &st.Name, &st.Color, &st.Category, &st.WIPLimit, &st.Position}
}

func scanStatus(r db.Row) (st Status, err error) {
	err = r.Scan(st.dest()...)
	return st, err
}

// StatusInput is a new status.
type StatusInput struct {
	Name     string `json:"name"`
	Color    string `json:"color,omitempty" doc:"default gray"`
	Category string `json:"category,omitempty" doc:"backlog, active, done or cancelled; default active"`
	WIPLimit *int64 `json:"wip_limit,omitempty" doc:"1 to 1000"`
}

// StatusPatch is an edit of a status; nil means not sent. A WIPLimit of 0 takes the limit away.
type StatusPatch struct {
	Name     *string
	Color    *string
	Category *string
	WIPLimit *int64
	Before   *string // slug of the status it is put before
	After    *string // slug of the status it is put after
}

func (st *Status) check() error {
	var err1, err2, err3 error
	st.Name, err1 = errs.Line("name", st.Name, 50)
	if !slices.Contains(Categories, st.Category) {
		err2 = errs.Field("category", "must be one of %v", Categories)
	}
	if st.WIPLimit != nil && (*st.WIPLimit < 1 || *st.WIPLimit > 1000) {
		err3 = errs.Field("wip_limit", "must be from 1 to 1000, or null")
	}
	return errors.Join(err1, checkColor(st.Color), err2, err3)
}

func (s *Service) firstStatuses(ctx context.Context, tx *db.Tx, p *Project) error {
	p.Statuses = []Status{
		{Slug: "todo", Name: "To do", Color: "gray", Category: "backlog"},
		{Slug: "in_progress", Name: "In progress", Color: "blue", Category: "active"},
		{Slug: "in_review", Name: "In review", Color: "purple", Category: "active"},
		{Slug: "done", Name: "Done", Color: "green", Category: "done"},
	}
	spots, err := Spread("", "", len(p.Statuses))
	if err != nil {
		return err
	}
	for i := range p.Statuses {
		p.Statuses[i].Position = spots[i]
		if err := s.insertStatus(ctx, tx, p.ID, &p.Statuses[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) insertStatus(ctx context.Context, tx *db.Tx, projectID string, st *Status) error {
	if _, err := tx.Exec(ctx, insertStatus, projectID, st.Slug, st.Name, st.Color, st.Category, st.WIPLimit, st.Position); err != nil {
		return fmt.Errorf("insert status: %w", err)
	}
	return nil
}

// statusSlug makes a slug of a name that none of the others has.
func statusSlug(name string, others []Status) string {
	slug := strings.Join(strings.FieldsFunc(users.Fold(name), func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "_")
	if slug == "" {
		slug = "status"
	}
	slug = slug[:min(40, len(slug))]
	unique := slug
	for n := 2; slices.ContainsFunc(others, func(o Status) bool { return o.Slug == unique }); n++ {
		unique = fmt.Sprintf("%s_%d", slug, n)
	}
	return unique
}

func nameTaken(p *Project, st *Status) error {
	for _, o := range p.Statuses {
		if o.Slug != st.Slug && users.Key(o.Name) == users.Key(st.Name) {
			return errs.Field("name", "%q is taken by another status of this project", st.Name)
		}
	}
	return nil
}

// AppendStatus adds a status at the right end without recording it: for imports, which tell of it
// themselves.
func (s *Service) AppendStatus(ctx context.Context, tx *db.Tx, p *Project, st Status) (Status, error) {
	if len(p.Statuses) >= maxStatuses {
		return st, errs.Field("name", "a project has at most %d statuses", maxStatuses)
	}
	if err := st.check(); err != nil {
		return st, err
	}
	st.Slug = statusSlug(st.Name, p.Statuses)
	if err := nameTaken(p, &st); err != nil {
		return st, err
	}
	last := ""
	if n := len(p.Statuses); n > 0 {
		last = p.Statuses[n-1].Position
	}
	var err error
	if st.Position, err = Between(last, ""); err != nil {
		return st, err
	}
	p.Statuses = append(p.Statuses, st)
	return st, s.insertStatus(ctx, tx, p.ID, &st)
}

// ReplaceStatuses gives a project that has no tasks the statuses of another one, slugs and order too.
func (s *Service) ReplaceStatuses(ctx context.Context, tx *db.Tx, p *Project, list []Status) error {
	if len(list) == 0 || len(list) > maxStatuses {
		return errs.Field("statuses", "must be from 1 to %d", maxStatuses)
	}
	positions, err := Spread("", "", len(list))
	if err != nil {
		return err
	}
	for _, st := range p.Statuses {
		if _, err := tx.Exec(ctx, deleteStatus, p.ID, st.Slug); err != nil {
			return fmt.Errorf("delete status %s: %w", st.Slug, err)
		}
	}
	p.Statuses = nil
	for i, st := range list {
		if err := st.check(); err != nil {
			return err
		}
		if st.Slug == "" || st.Slug != statusSlug(st.Slug, p.Statuses) {
			st.Slug = statusSlug(st.Name, p.Statuses)
		}
		if err := nameTaken(p, &st); err != nil {
			return err
		}
		st.Position = positions[i]
		p.Statuses = append(p.Statuses, st)
		if err := s.insertStatus(ctx, tx, p.ID, &st); err != nil {
			return err
		}
	}
	return nil
}

// AddStatus adds a column at the right end of the board.
func (s *Service) AddStatus(ctx context.Context, actor users.Actor, projectID string, in StatusInput) (Project, error) {
	st := Status{Name: in.Name, Color: in.Color, Category: in.Category, WIPLimit: in.WIPLimit}
	if st.Color == "" {
		st.Color = "gray"
	}
	if st.Category == "" {
		st.Category = "active"
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Project, error) {
		p, err := s.manage(ctx, tx, actor, projectID)
		if err != nil {
			return p, err
		}
		if _, err := s.AppendStatus(ctx, tx, &p, st); err != nil {
			return p, err
		}
		return p, s.saveProject(ctx, tx, actor, &p, nil)
	})
}

func find(p *Project, slug string) (int, error) {
	i := slices.IndexFunc(p.Statuses, func(st Status) bool { return st.Slug == slug })
	if i < 0 {
		return 0, notFound("status")
	}
	return i, nil
}

// UpdateStatus edits a column, or puts it elsewhere.
func (s *Service) UpdateStatus(ctx context.Context, actor users.Actor, projectID, slug string, patch StatusPatch) (Project, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Project, error) {
		p, err := s.manage(ctx, tx, actor, projectID)
		if err != nil {
			return p, err
		}
		i, err := find(&p, slug)
		if err != nil {
			return p, err
		}
		st := p.Statuses[i]
		st.edit(patch)
		if err := errors.Join(st.check(), nameTaken(&p, &st)); err != nil {
			return p, err
		}
		if err := st.place(&p, patch); err != nil {
			return p, err
		}
		p.Statuses[i] = st
		slices.SortFunc(p.Statuses, func(a, b Status) int { return strings.Compare(a.Position, b.Position) })
		if _, err := tx.Exec(ctx, updateStatus, p.ID, slug, st.Name, st.Color, st.Category, st.WIPLimit, st.Position); err != nil {
			return p, fmt.Errorf("update status %s: %w", slug, err)
		}
		return p, s.saveProject(ctx, tx, actor, &p, nil)
	})
}

func (st *Status) edit(p StatusPatch) {
	if p.Name != nil {
		st.Name = *p.Name
	}
	if p.Color != nil {
		st.Color = *p.Color
	}
	if p.Category != nil {
		st.Category = *p.Category
	}
	if p.WIPLimit != nil {
		st.WIPLimit = p.WIPLimit
		if *p.WIPLimit == 0 {
			st.WIPLimit = nil
		}
	}
}

// place puts the status beside another one.
func (st *Status) place(p *Project, patch StatusPatch) error {
	if patch.Before == nil && patch.After == nil {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(p.Statuses), func(o Status) bool { return o.Slug == st.Slug })
	field, slug, shift := "before", deref(patch.Before), 0
	if patch.Before == nil {
		field, slug, shift = "after", *patch.After, 1
	}
	at := slices.IndexFunc(others, func(o Status) bool { return o.Slug == slug })
	if at < 0 {
		return errs.Field(field, "%q is no other status of this project", slug)
	}
	at += shift
	lo, hi := "", ""
	if at > 0 {
		lo = others[at-1].Position
	}
	if at < len(others) {
		hi = others[at].Position
	}
	var err error
	st.Position, err = Between(lo, hi)
	return err
}

// DeleteStatus removes a column; its tasks go to the end of moveTo, which must be named when there
// are any.
func (s *Service) DeleteStatus(ctx context.Context, actor users.Actor, projectID, slug, moveTo string) (Project, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Project, error) {
		p, err := s.manage(ctx, tx, actor, projectID)
		if err != nil {
			return p, err
		}
		i, err := find(&p, slug)
		if err != nil {
			return p, err
		}
		if len(p.Statuses) == 1 {
			return p, errs.Code(errs.Conflict, "last_status", "a project keeps at least one status")
		}
		if moveTo != "" {
			if _, err := find(&p, moveTo); err != nil || moveTo == slug {
				return p, errs.Field("query.move_to", "%q is no other status of this project", moveTo)
			}
		}
		parts, err := s.tasks.StatusDeleted(ctx, tx, actor, p, slug, moveTo)
		if err != nil {
			return p, err
		}
		if _, err := tx.Exec(ctx, deleteStatus, p.ID, slug); err != nil {
			return p, fmt.Errorf("delete status %s: %w", slug, err)
		}
		p.Statuses = slices.Delete(p.Statuses, i, i+1)
		if err := s.count(ctx, tx, &p); err != nil {
			return p, err
		}
		return p, s.saveProject(ctx, tx, actor, &p, parts)
	})
}
