package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Imported is a task from elsewhere, ready to be put on a board: its status and labels exist, its
// people are members or names.
type Imported struct {
	Task
	Origin   string // names it where it comes from; the same origin is imported once
	Order    string // sorts the tasks of a column; empty: as they come
	Comments []ImportedComment
}

// ImportedComment is a comment from elsewhere.
type ImportedComment struct {
	AuthorID       *string
	ImportedAuthor *string
	Body           string
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// ImportCounts say what an import did.
type ImportCounts struct{ Tasks, TasksUnchanged, Comments, CommentsUnchanged int }

// tasksPerMessage is how many tasks one message of an import carries.
const tasksPerMessage = 50

const insertImported = `
INSERT INTO tasks (id, team_id, project_id, number, title, description, status, priority, position, assigned_to, created_by, imported_author, origin, due_at, completed_at, comment_count, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, $17, $18)`

// A task of the project itself may come back with an export. Index: tasks_by_origin.
const originsOf = `
SELECT COALESCE(origin, 'tandem:' || id)
FROM tasks
WHERE project_id = $1`

// ImportInto inserts tasks at the ends of their columns, inside the caller's write. Those whose
// origin the project knows stay as they are. It returns the messages that the caller records; each
// is told to progress, whose error ends the import.
func (s *Service) ImportInto(ctx context.Context, tx *db.Tx, actor users.Actor, p *teams.Project, list []Imported, progress func(done int) error) (ImportCounts, []*events.Message, error) {
	var counts ImportCounts
	known, err := db.Collect(ctx, tx, db.ScanString, originsOf, p.ID)
	if err != nil {
		return counts, nil, fmt.Errorf("read origins: %w", err)
	}
	origins := make(map[string]bool, len(known))
	for _, o := range known {
		origins[o] = true
	}
	fresh := list[:0:0]
	for _, t := range list {
		if origins[t.Origin] {
			counts.TasksUnchanged++
			counts.CommentsUnchanged += len(t.Comments)
			continue
		}
		fresh = append(fresh, t)
	}
	if err := s.place(ctx, tx, p, fresh); err != nil {
		return counts, nil, err
	}
	var messages []*events.Message
	for part := range slices.Chunk(fresh, tasksPerMessage) {
		added := message("task.created", actor, &part[0].Task, nil)
		added.TaskID, added.Version, added.ProjectID = "", 0, p.ID
		said := *added
		said.Type = "comment.added"
		var comments []Comment
		for i := range part {
			t := &part[i]
			more, err := s.insertImported(ctx, tx, actor, t)
			if err != nil {
				return counts, nil, err
			}
			comments = append(comments, more...)
			added.Tasks = append(added.Tasks, events.TaskChange{TaskID: t.ID, Version: t.Version, Changes: t.whole()})
			counts.Tasks++
			counts.Comments += len(t.Comments)
			if err := progress(counts.Tasks + counts.TasksUnchanged); err != nil {
				return counts, nil, err
			}
		}
		messages = append(messages, added)
		if len(comments) > 0 {
			said.Comments = comments
			messages = append(messages, &said)
		}
	}
	return counts, messages, nil
}

// place gives the tasks ids, numbers and positions.
func (s *Service) place(ctx context.Context, tx *db.Tx, p *teams.Project, list []Imported) error {
	if len(list) == 0 {
		return nil
	}
	first, err := s.teams.TakeNumbers(ctx, tx, p.ID, int64(len(list)))
	if err != nil {
		return err
	}
	columns := map[string][]*Imported{}
	for i := range list {
		t := &list[i]
		t.ID, t.TeamID, t.ProjectID, t.Version = newID(), p.TeamID, p.ID, 1
		t.Number = first + int64(i)
		t.Key = key(p.Key, t.Number)
		t.CommentCount = int64(len(t.Comments))
		columns[t.Status] = append(columns[t.Status], t)
	}
	for status, column := range columns {
		slices.SortStableFunc(column, func(a, b *Imported) int { return strings.Compare(a.Order, b.Order) })
		spots, err := s.spots(ctx, tx, place{p.ID, status, "", ""}, nil, len(column))
		if err != nil {
			return err
		}
		for i, t := range column {
			t.Position = spots[i]
		}
	}
	return nil
}

func (s *Service) insertImported(ctx context.Context, tx *db.Tx, actor users.Actor, t *Imported) ([]Comment, error) {
	if _, err := tx.Exec(ctx, insertImported, t.ID, t.TeamID, t.ProjectID, t.Number, t.Title, t.Description, t.Status, slices.Index(Priorities, t.Priority), t.Position,
		t.AssignedTo, t.CreatedBy, t.ImportedAuthor, t.Origin, db.TimeOrNull(t.DueAt), db.TimeOrNull(t.CompletedAt), t.CommentCount, db.Time(t.CreatedAt), db.Time(t.UpdatedAt)); err != nil {
		return nil, fmt.Errorf("insert task %s: %w", t.Origin, err)
	}
	for _, l := range t.Labels {
		if _, err := tx.Exec(ctx, insertLabel, t.ID, l); err != nil {
			return nil, fmt.Errorf("label task %s: %w", t.Origin, err)
		}
	}
	if err := s.index(ctx, tx, &t.Task); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, insertActivity, newID(), t.ID, t.TeamID, actor.ID, "imported", "{}", db.Time(t.CreatedAt)); err != nil {
		return nil, fmt.Errorf("note import of %s: %w", t.Origin, err)
	}
	if t.CompletedAt != nil { // reports count from the activity when things were done
		changes := `{"status":{"from":null,"to":"` + t.Status + `"}}`
		if _, err := tx.Exec(ctx, insertActivity, newID(), t.ID, t.TeamID, t.CreatedBy, "moved", changes, db.Time(*t.CompletedAt)); err != nil {
			return nil, fmt.Errorf("note completion of %s: %w", t.Origin, err)
		}
	}
	rows := make([]commentRow, len(t.Comments))
	for i, c := range t.Comments {
		rows[i] = commentRow{authorID: c.AuthorID, Comment: Comment{ID: newID(), TaskID: t.ID, TeamID: t.TeamID, ImportedAuthor: c.ImportedAuthor, Body: c.Body, Version: 1, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}}
		if _, err := tx.Exec(ctx, insertComment, rows[i].ID, t.ID, t.TeamID, c.AuthorID, c.ImportedAuthor, c.Body, db.Time(c.CreatedAt), db.Time(c.UpdatedAt)); err != nil {
			return nil, fmt.Errorf("insert comment of %s: %w", t.Origin, err)
		}
		if _, err := tx.Exec(ctx, indexComment, t.TeamID, t.ProjectID, t.ID, rows[i].ID, words(c.Body)); err != nil {
			return nil, fmt.Errorf("index comment of %s: %w", t.Origin, err)
		}
	}
	return s.showComments(ctx, rows)
}

// Exported is a task with all that an export holds of it.
type Exported struct {
	Task
	Origin   string
	Comments []Comment
}

// ExportFrom hands every task of a project that is not in the trash to each, by number, from one
// moment.
func (s *Service) ExportFrom(ctx context.Context, q db.Querier, p *teams.Project, each func(Exported) error) error {
	var last int64
	for {
		list, err := db.Collect(ctx, q, func(r db.Row) (e Exported, err error) {
			var origin *string
			e.Task, err = scanTask(r, &origin)
			e.Origin = deref(origin)
			return e, err
		}, `SELECT `+taskColumns+`, t.origin FROM tasks t WHERE t.project_id = $1 AND t.deleted_at IS NULL AND t.number > $2 ORDER BY t.number LIMIT 200`, p.ID, last)
		if err != nil {
			return fmt.Errorf("read tasks: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		for i := range list {
			e := &list[i]
			e.Key = key(p.Key, e.Number)
			if e.CommentCount > 0 {
				rows, err := db.Collect(ctx, q, scanComment, commentsOfTask, e.ID, db.Time(time.Unix(0, 0)), "", 1<<30)
				if err != nil {
					return fmt.Errorf("read comments of %s: %w", e.Key, err)
				}
				if e.Comments, err = s.showComments(ctx, rows); err != nil {
					return err
				}
			}
			if err := each(*e); err != nil {
				return err
			}
		}
		last = list[len(list)-1].Number
	}
}
