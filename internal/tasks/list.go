package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// ListFilter says which tasks, in which order.
type ListFilter struct {
	TeamID, ProjectID  string
	Status, Priority   []string
	Category           []string // of the status
	Labels             []string // ids, or names within the team in scope; a task has all of them
	AssignedTo         []string // user ids, "me" or "none"
	CreatedBy          []string // user ids or "me"
	Created, Completed Span
	Due                Span
	Undated            bool // only tasks without a due date
	Number             int64
	Query              string // words to find in title, description and comments
	Open               bool   // leave out done and cancelled
	Deleted            bool   // the trash instead
	Sort               string
	Cursor             string
	Limit              int
}

// Span is a time from a moment up to another, which is no part of it; nil is open.
type Span struct{ From, To *time.Time }

// sorts are what lists can be ordered by. The id breaks ties, so that a cursor is exact.
var sorts = map[string]struct {
	expr string // $far stands for a time after all others, where tasks without one sort
	time bool
	key  func(*Task) any // nil: only the database knows it
}{
	"position":   {"t.position", false, func(t *Task) any { return t.Position }},
	"created_at": {"t.created_at", true, func(t *Task) any { return t.CreatedAt }},
	"updated_at": {"t.updated_at", true, func(t *Task) any { return t.UpdatedAt }},
	"due_at":     {"COALESCE(t.due_at, $far)", true, func(t *Task) any { return orFar(t.DueAt) }},
	"priority":   {"t.priority", false, func(t *Task) any { return slices.Index(Priorities, t.Priority) }},
	"title":      {"LOWER(t.title)", false, nil}, // lowered by the database, so that both compare alike
	"number":     {"t.number", false, func(t *Task) any { return t.Number }},
	"key":        {"t.number", false, func(t *Task) any { return t.Number }},
	"status":     {"COALESCE((SELECT st.position FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status), '')", false, nil}, // as the columns stand
}

func orFar(t *time.Time) time.Time {
	if t == nil {
		return endOfTime
	}
	return *t
}

// cursorKey is where a page ended.
type cursorKey struct {
	Sort string    `json:"s"`
	ID   string    `json:"i"`
	Text string    `json:"x,omitempty"`
	Int  int64     `json:"n,omitempty"`
	Time time.Time `json:"t,omitzero"`
}

// List returns a page of tasks that the actor may see.
func (s *Service) List(ctx context.Context, actor users.Actor, f ListFilter) (db.Page[Task], error) {
	var page db.Page[Task]
	limit, err := db.Limit(f.Limit)
	if err != nil {
		return page, err
	}
	teamIDs, err := s.scope(ctx, actor, f.TeamID, f.ProjectID)
	if err != nil {
		return page, err
	}
	if len(teamIDs) == 0 {
		page.Items = []Task{}
		return page, nil
	}
	q, err := s.listQuery(actor, &f, teamIDs, limit)
	if err != nil {
		return page, err
	}
	keys := map[string]string{}
	page.Items, err = db.Collect(ctx, s.db.Read(), func(r db.Row) (Task, error) {
		var key any
		t, err := scanTask(r, &key)
		if text, ok := key.(string); ok {
			keys[t.ID] = text
		}
		return t, err
	}, q.text, q.args...)
	if err != nil {
		return page, fmt.Errorf("list tasks: %w", err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.NextCursor = q.cursor(&page.Items[limit-1], keys)
	}
	for i := range page.Items {
		if err := s.setKey(ctx, &page.Items[i]); err != nil {
			return page, err
		}
	}
	return page, nil
}

type listQuery struct {
	text string
	args db.Args
	sort string
}

func (q *listQuery) cursor(last *Task, keys map[string]string) *string {
	k := cursorKey{Sort: q.sort, ID: last.ID}
	key := sorts[strings.TrimPrefix(q.sort, "-")].key
	if key == nil {
		k.Text = keys[last.ID]
		return db.EncodeCursor(k)
	}
	switch v := key(last).(type) {
	case string:
		k.Text = v
	case int:
		k.Int = int64(v)
	case int64:
		k.Int = v
	case time.Time:
		k.Time = v
	}
	return db.EncodeCursor(k)
}

func (s *Service) listQuery(actor users.Actor, f *ListFilter, teamIDs []string, limit int) (*listQuery, error) {
	q := &listQuery{sort: f.Sort}
	if q.sort == "" {
		q.sort = "-created_at"
	}
	name, down := strings.CutPrefix(q.sort, "-")
	order, ok := sorts[name]
	if !ok {
		return nil, errs.Field("query.sort", "must be one of position, created_at, updated_at, due_at, priority, title, number, status, with - in front for descending")
	}
	where, err := s.conditions(actor, f, teamIDs, &q.args)
	if err != nil {
		return nil, err
	}
	expr := order.expr
	if strings.Contains(expr, "$far") {
		expr = strings.ReplaceAll(expr, "$far", q.args.Add(db.Time(endOfTime)))
	}
	direction, compare := "", ">"
	if down {
		direction, compare = " DESC", "<"
	}
	if f.Cursor != "" {
		var k cursorKey
		if err := db.DecodeCursor(f.Cursor, &k); err != nil {
			return nil, err
		}
		if k.Sort != q.sort || k.ID == "" {
			return nil, errs.Field("query.cursor", "belongs to a list sorted otherwise")
		}
		var from any = k.Text
		switch {
		case order.time:
			from = db.Time(k.Time)
		case name == "priority" || name == "number" || name == "key":
			from = k.Int
		}
		where = append(where, fmt.Sprintf("(%s, t.id) %s (%s, %s)", expr, compare, q.args.Add(from), q.args.Add(k.ID)))
	}
	keyColumn := "NULL"
	if order.key == nil {
		keyColumn = expr
	}
	q.text = "SELECT " + taskColumns + ", " + keyColumn + "\nFROM tasks t\nWHERE " + strings.Join(where, "\n\tAND ") +
		"\nORDER BY " + expr + direction + ", t.id" + direction + "\nLIMIT " + q.args.Add(limit+1)
	return q, nil
}

// Indexes: tasks_by_board, tasks_by_project_created, tasks_by_project_updated, tasks_by_team_created
// or tasks_by_assignee, as the filter allows; other orders sort what the filter leaves.
func (s *Service) conditions(actor users.Actor, f *ListFilter, teamIDs []string, args *db.Args) ([]string, error) {
	where := []string{"t.deleted_at IS NULL"}
	if f.Deleted {
		where[0] = "t.deleted_at IS NOT NULL"
	}
	if f.ProjectID != "" {
		where = append(where, "t.project_id = "+args.Add(f.ProjectID))
	} else {
		where = append(where, "t.team_id IN "+args.In(teamIDs))
	}
	if len(f.Status) > 0 {
		where = append(where, "t.status IN "+args.In(f.Status))
	}
	if len(f.Priority) > 0 {
		marks := make([]string, len(f.Priority))
		for i, p := range f.Priority {
			n := slices.Index(Priorities, p)
			if n < 0 {
				return nil, errs.Field("query.priority", "must be one of none, low, medium, high, urgent")
			}
			marks[i] = args.Add(n)
		}
		where = append(where, "t.priority IN ("+strings.Join(marks, ", ")+")")
	}
	if len(f.Category) > 0 {
		for _, c := range f.Category {
			if !slices.Contains(teams.Categories, c) {
				return nil, errs.Field("query.category", "must be one of backlog, active, done, cancelled")
			}
		}
		where = append(where, "EXISTS (SELECT 1 FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status AND st.category IN "+args.In(f.Category)+")")
	}
	if f.Open {
		where = append(where, `NOT EXISTS (SELECT 1 FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status AND st.category IN ('done', 'cancelled'))`)
	}
	for _, l := range f.Labels {
		where = append(where, "EXISTS (SELECT 1 FROM task_labels tl JOIN labels l ON l.id = tl.label_id WHERE tl.task_id = t.id AND (l.id = "+args.Add(l)+" OR l.name_key = "+args.Add(users.Key(l))+"))")
	}
	if c := assignees(f.AssignedTo, actor, args); c != "" {
		where = append(where, c)
	}
	if len(f.CreatedBy) > 0 {
		where = append(where, "t.created_by IN "+args.In(people(f.CreatedBy, actor)))
	}
	spans, err := f.spans(args)
	if err != nil {
		return nil, err
	}
	where = append(where, spans...)
	if f.Undated {
		where = append(where, "t.due_at IS NULL")
	}
	if f.Number != 0 {
		where = append(where, "t.number = "+args.Add(f.Number))
	}
	if f.Query != "" {
		if err := checkQuery("query.q", f.Query); err != nil {
			return nil, err
		}
		if found := s.found(f.Query, args); found != "" {
			where = append(where, "t.id IN (SELECT d.task_id FROM search_docs d WHERE "+found+")")
		} else {
			where = append(where, "1 = 0") // nothing but punctuation finds nothing
		}
	}
	return where, nil
}

// spans are the conditions on times.
// Index: tasks_by_project_due for a project's due dates.
func (f *ListFilter) spans(args *db.Args) (where []string, err error) {
	for _, s := range []struct {
		name, column string
		Span
	}{{"created", "t.created_at", f.Created}, {"completed", "t.completed_at", f.Completed}, {"due", "t.due_at", f.Due}} {
		if s.From != nil && s.To != nil && !s.From.Before(*s.To) {
			return nil, errs.Field("query."+s.name+"_to", "must be after %s_from", s.name)
		}
		if s.From != nil {
			where = append(where, s.column+" >= "+args.Add(db.Time(*s.From)))
		}
		if s.To != nil {
			where = append(where, s.column+" < "+args.Add(db.Time(*s.To)))
		}
	}
	return where, nil
}

// people puts the actor's id in the place of "me".
func people(wanted []string, actor users.Actor) []string {
	ids := slices.Clone(wanted)
	for i, w := range ids {
		if w == "me" {
			ids[i] = actor.ID
		}
	}
	return ids
}

func assignees(wanted []string, actor users.Actor, args *db.Args) string {
	ids := slices.DeleteFunc(people(wanted, actor), func(w string) bool { return w == "none" })
	var or []string
	if len(ids) < len(wanted) {
		or = append(or, "t.assigned_to IS NULL")
	}
	if len(ids) > 0 {
		or = append(or, "t.assigned_to IN "+args.In(ids))
	}
	if len(or) == 0 {
		return ""
	}
	return "(" + strings.Join(or, " OR ") + ")"
}
