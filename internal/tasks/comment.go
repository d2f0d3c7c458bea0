package tasks

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// CommentPatch is an edit of a comment.
type CommentPatch struct {
	Body string
	Was  *string // the body the editor saw; nil: the last writer wins
}

type commentKey struct {
	At time.Time `json:"a"`
	ID string    `json:"i"`
}

// Comments lists a task's comments, oldest first.
func (s *Service) Comments(ctx context.Context, actor users.Actor, taskID, cursor string, limit int) (db.Page[Comment], error) {
	var page db.Page[Comment]
	limit, err := db.Limit(limit)
	if err != nil {
		return page, err
	}
	var from commentKey
	if err := db.DecodeCursor(cursor, &from); err != nil {
		return page, err
	}
	if from.At.IsZero() {
		from.At = time.Unix(0, 0)
	}
	if _, err := s.TeamOf(ctx, actor, taskID); err != nil {
		return page, err
	}
	rows, err := db.Collect(ctx, s.db.Read(), scanComment, commentsOfTask, taskID, db.Time(from.At), from.ID, limit+1)
	if err != nil {
		return page, fmt.Errorf("list comments of %s: %w", taskID, err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		page.NextCursor = db.EncodeCursor(commentKey{last.CreatedAt, last.ID})
	}
	page.Items, err = s.showComments(ctx, rows)
	return page, err
}

func (s *Service) showComments(ctx context.Context, rows []commentRow) ([]Comment, error) {
	ids := make([]string, len(rows))
	for i, c := range rows {
		ids[i] = deref(c.authorID)
	}
	people, err := s.users.Profiles(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]Comment, len(rows))
	for i, c := range rows {
		out[i] = c.Comment
		out[i].Author = find(people, c.authorID)
		if out[i].BodyHTML, err = s.render.HTML(c.Body); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func checkBody(body string) (string, error) {
	body, err := errs.Text("body", body, MaxComment)
	if err == nil && strings.TrimSpace(body) == "" {
		err = errs.Field("body", "must not be empty")
	}
	return body, err
}

// AddComment says something about a task.
func (s *Service) AddComment(ctx context.Context, actor users.Actor, taskID, body string) (Comment, error) {
	body, err := checkBody(body)
	if err != nil {
		return Comment{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Comment, error) {
		t, err := s.load(ctx, tx, actor, taskID, teams.Comment, false)
		if err != nil {
			return Comment{}, err
		}
		row := commentRow{Comment: Comment{ID: newID(), TaskID: t.ID, TeamID: t.TeamID, Body: body, Version: 1, CreatedAt: tx.Now, UpdatedAt: tx.Now}, authorID: &actor.ID}
		if _, err := tx.Exec(ctx, insertComment, row.ID, row.TaskID, row.TeamID, actor.ID, nil, body, db.Time(tx.Now), db.Time(tx.Now)); err != nil {
			return Comment{}, fmt.Errorf("insert comment: %w", err)
		}
		if _, err := tx.Exec(ctx, indexComment, t.TeamID, t.ProjectID, t.ID, row.ID, words(body)); err != nil {
			return Comment{}, fmt.Errorf("index comment: %w", err)
		}
		if err := s.note(ctx, tx, actor, &t, "commented", nil); err != nil {
			return Comment{}, err
		}
		return s.recordComment(ctx, tx, actor, "comment.added", &t, row, 1, func(m *events.Message) error { return s.tellCommented(ctx, tx, actor, &t, &row, m) })
	})
}

// recordComment ends a change of a comment: the task's count and version, what people are told, and the message.
func (s *Service) recordComment(ctx context.Context, tx *db.Tx, actor users.Actor, kind string, t *Task, row commentRow, added int64, tell func(*events.Message) error) (Comment, error) {
	shown, err := s.showComments(ctx, []commentRow{row})
	if err != nil {
		return Comment{}, err
	}
	if err := tx.QueryRowContext(ctx, bumpComments, t.ID, added, db.Time(tx.Now)).Scan(&t.CommentCount, &t.Version); err != nil {
		return Comment{}, fmt.Errorf("count comments of %s: %w", t.ID, err)
	}
	t.UpdatedAt = tx.Now
	m := message(kind, actor, t, map[string]any{"comment_count": t.CommentCount, "updated_at": t.UpdatedAt})
	m.Comment = shown[0]
	if err := tell(m); err != nil {
		return Comment{}, err
	}
	_, err = s.log.Record(ctx, tx, t.TeamID, m)
	return shown[0], err
}

// loadComment reads a comment and its task inside a write.
func (s *Service) loadComment(ctx context.Context, tx *db.Tx, actor users.Actor, id string, need teams.Permission) (commentRow, Task, error) {
	c, err := scanComment(tx.QueryRowContext(ctx, commentByID, id))
	if db.NoRow(err) {
		return c, Task{}, errs.New(errs.NotFound, "comment not found")
	}
	if err != nil {
		return c, Task{}, fmt.Errorf("read comment %s: %w", id, err)
	}
	t, err := s.load(ctx, tx, actor, c.TaskID, need, false)
	for _, e := range errs.All(err) {
		if e.Kind == errs.NotFound {
			return c, t, errs.New(errs.NotFound, "comment not found")
		}
	}
	return c, t, err
}

func (s *Service) checkCommentVersion(ctx context.Context, c *commentRow, ifMatch *int64) error {
	if ifMatch == nil || *ifMatch == c.Version {
		return nil
	}
	shown, err := s.showComments(ctx, []commentRow{*c})
	if err != nil {
		return err
	}
	return &errs.Error{Kind: errs.Stale, Code: "stale", Message: fmt.Sprintf("the comment is at version %d, not %d", c.Version, *ifMatch), Data: map[string]any{"current": shown[0]}}
}

// UpdateComment edits one's own comment.
func (s *Service) UpdateComment(ctx context.Context, actor users.Actor, id string, p CommentPatch, ifMatch *int64) (Comment, error) {
	body, err := checkBody(p.Body)
	if err != nil {
		return Comment{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Comment, error) {
		c, t, err := s.loadComment(ctx, tx, actor, id, teams.Comment)
		if err != nil {
			return Comment{}, err
		}
		if deref(c.authorID) != actor.ID {
			return Comment{}, errs.New(errs.Forbidden, "only its author edits a comment")
		}
		if err := s.checkCommentVersion(ctx, &c, ifMatch); err != nil {
			return Comment{}, err
		}
		if p.Was != nil && *p.Was != c.Body && body != c.Body {
			shown, err := s.showComments(ctx, []commentRow{c})
			if err != nil {
				return Comment{}, err
			}
			return Comment{}, &errs.Error{Kind: errs.Conflict, Code: "conflict", Message: "the comment was changed meanwhile", Data: map[string]any{
				"current": shown[0], "conflicts": []Conflict{{Field: "body", Base: *p.Was, Theirs: c.Body, Yours: body, By: actor.By(), At: &c.UpdatedAt}}}}
		}
		if body == c.Body {
			shown, err := s.showComments(ctx, []commentRow{c})
			if err != nil {
				return Comment{}, err
			}
			return shown[0], nil
		}
		n, err := tx.Exec(ctx, updateComment, c.ID, c.Version, body, db.Time(tx.Now))
		if err != nil {
			return Comment{}, fmt.Errorf("update comment %s: %w", id, err)
		}
		if n == 0 {
			return Comment{}, db.ErrRetry
		}
		was := c.Body
		c.Body, c.UpdatedAt, c.Version = body, tx.Now, c.Version+1
		if _, err := tx.Exec(ctx, indexComment, t.TeamID, t.ProjectID, t.ID, c.ID, words(body)); err != nil {
			return Comment{}, fmt.Errorf("index comment: %w", err)
		}
		return s.recordComment(ctx, tx, actor, "comment.updated", &t, c, 0, func(m *events.Message) error { return s.tellEdited(ctx, tx, actor, &t, &c, was, m) })
	})
}

// DeleteComment takes a comment back: one's own, or anyone's for those who manage comments.
func (s *Service) DeleteComment(ctx context.Context, actor users.Actor, id string, ifMatch *int64) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		c, t, err := s.loadComment(ctx, tx, actor, id, teams.Comment)
		if err != nil {
			return struct{}{}, err
		}
		if deref(c.authorID) != actor.ID {
			if _, err := s.teams.Authorize(ctx, tx, actor, t.TeamID, teams.ManageComments); err != nil {
				return struct{}{}, err
			}
		}
		if err := s.checkCommentVersion(ctx, &c, ifMatch); err != nil {
			return struct{}{}, err
		}
		n, err := tx.Exec(ctx, deleteComment, c.ID, c.Version, db.Time(tx.Now))
		if err != nil {
			return struct{}{}, fmt.Errorf("delete comment %s: %w", id, err)
		}
		if n == 0 {
			return struct{}{}, db.ErrRetry
		}
		if _, err := tx.Exec(ctx, unindexComment, c.ID); err != nil {
			return struct{}{}, fmt.Errorf("delete comment %s: %w", id, err)
		}
		_, err = s.recordComment(ctx, tx, actor, "comment.deleted", &t, c, -1, func(m *events.Message) (err error) {
			m.Personal, err = s.notify.RemoveOfComment(ctx, tx, actor, c.ID)
			return err
		})
		return struct{}{}, err
	})
	return err
}
