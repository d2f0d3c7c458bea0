package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/users"
)

// maxIDs is how many ids one message names.
const maxIDs = 200

// Removed is what people are told of notifications that are gone: the caller records it in their streams.
type Removed = map[string][]*events.Message

// RemoveOfMember removes what somebody was told of a team that they are no longer in. The caller has deleted the
// membership, so that nobody tells them more.
func (s *Service) RemoveOfMember(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, userID string) (Removed, error) {
	return s.remove(ctx, tx, actor, `team_id = $1 AND user_id = $2`, teamID, userID) // index: notifications_by_team
}

// RemoveOfTeam removes all that links to a team, before that goes.
func (s *Service) RemoveOfTeam(ctx context.Context, tx *db.Tx, actor users.Actor, teamID string) (Removed, error) {
	return s.remove(ctx, tx, actor, `team_id = $1`, teamID) // index: notifications_by_team
}

// RemoveOfProject removes all that links to a project, before that goes.
func (s *Service) RemoveOfProject(ctx context.Context, tx *db.Tx, actor users.Actor, projectID string) (Removed, error) {
	return s.remove(ctx, tx, actor, `project_id = $1`, projectID) // index: notifications_by_project
}

// RemoveOfComment removes all that links to a comment.
func (s *Service) RemoveOfComment(ctx context.Context, tx *db.Tx, actor users.Actor, commentID string) (Removed, error) {
	return s.remove(ctx, tx, actor, `comment_id = $1`, commentID) // index: notifications_by_comment
}

// RemoveOfInvite removes all that links to an invite, once it is decided.
func (s *Service) RemoveOfInvite(ctx context.Context, tx *db.Tx, actor users.Actor, inviteID string) (Removed, error) {
	return s.remove(ctx, tx, actor, `invite_id = $1`, inviteID) // index: notifications_by_invite
}

// RemoveOfTasks removes all that links to tasks, before they go for good.
func (s *Service) RemoveOfTasks(ctx context.Context, tx *db.Tx, actor users.Actor, taskIDs []string) (Removed, error) {
	if len(taskIDs) == 0 {
		return nil, nil
	}
	var args db.Args
	return s.remove(ctx, tx, actor, `task_id IN `+args.In(taskIDs), args...) // index: notifications_by_task
}

// remove deletes notifications by a condition, and keeps the counts of their people right.
func (s *Service) remove(ctx context.Context, tx *db.Tx, actor users.Actor, where string, args ...any) (Removed, error) {
	if tx.Dialect() != db.SQLite {
		owners, err := db.Collect(ctx, tx, db.ScanString, ownersOf+where, args...)
		if err != nil {
			return nil, fmt.Errorf("find whose notifications go: %w", err)
		}
		if len(owners) == 0 {
			return nil, nil
		}
		if err := s.lock(ctx, tx, owners...); err != nil {
			return nil, err
		}
	}
	type gone struct {
		id, user      string
		inApp, unread bool
	}
	rows, err := db.Collect(ctx, tx, func(r db.Row) (g gone, err error) {
		err = r.Scan(&g.id, &g.user, &g.inApp, &g.unread)
		return g, err
	}, deleteWhere+where+returningRemoved, args...)
	if err != nil {
		return nil, fmt.Errorf("delete notifications: %w", err)
	}
	fewer, ids := map[string]int64{}, map[string][]string{}
	for _, g := range rows {
		if !g.inApp {
			continue // nobody has seen it
		}
		ids[g.user] = append(ids[g.user], g.id)
		if g.unread {
			fewer[g.user]--
		} else {
			fewer[g.user] += 0 // who is told needs the count
		}
	}
	left, err := s.count(ctx, tx, fewer)
	if err != nil {
		return nil, err
	}
	out := make(Removed, len(ids))
	for user, list := range ids {
		out[user] = messages("notification.deleted", actor, list, left[user])
	}
	return out, nil
}

// messages names ids in as many messages as they need.
func messages(kind string, actor users.Actor, ids []string, unread int64) (out []*events.Message) {
	slices.Sort(ids)
	for part := range slices.Chunk(ids, maxIDs) {
		m := message(kind, actor, unread)
		m.IDs = part
		out = append(out, m)
	}
	return out
}

// Reproject follows a task into another project.
func (s *Service) Reproject(ctx context.Context, tx *db.Tx, taskID, projectID string) error {
	if _, err := tx.Exec(ctx, reproject, taskID, projectID); err != nil {
		return fmt.Errorf("move notifications of %s: %w", taskID, err)
	}
	return nil
}

// How long notifications are kept.
const (
	keepRead   = 90 * 24 * time.Hour
	keepUnread = 180 * 24 * time.Hour
)

// CleanUp removes notifications that nobody looks for any more, some at a time.
func (s *Service) CleanUp(ctx context.Context) error {
	const batch = 500
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			ids, err := db.Collect(ctx, tx, db.ScanString, tooOld, db.Time(tx.Now.Add(-keepRead)), db.Time(tx.Now.Add(-keepUnread)), batch)
			if err != nil {
				return fmt.Errorf("find old notifications: %w", err)
			}
			if n = len(ids); n == 0 {
				return nil
			}
			var args db.Args
			told, err := s.remove(ctx, tx, users.Actor{}, `id IN `+args.In(ids), args...) // index: primary key
			if err != nil {
				return err
			}
			return s.log.RecordAll(ctx, tx, told)
		})
		if err != nil || n < batch {
			return err
		}
	}
}
