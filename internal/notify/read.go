package notify

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// Filter says which of one's notifications a list holds.
type Filter struct {
	Types  []Type // empty: all
	Read   *bool  // nil: both
	Cursor string
	Limit  int
}

type listKey struct {
	At time.Time `json:"a"`
	ID string    `json:"i"`
}

// endOfTime sorts after every time that is kept.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// List returns the actor's notifications, newest first.
func (s *Service) List(ctx context.Context, actor users.Actor, f Filter) (db.Page[Notification], error) {
	var page db.Page[Notification]
	limit, err := db.Limit(f.Limit)
	if err != nil {
		return page, err
	}
	for _, t := range f.Types {
		if !slices.Contains(Types, t) {
			return page, errs.Field("query.type", "%q is none of %s", string(t), names())
		}
	}
	from := listKey{At: endOfTime}
	if err := db.DecodeCursor(f.Cursor, &from); err != nil {
		return page, err
	}
	query, args := listQuery(actor.ID, f, from, limit+1)
	rows, err := db.Collect(ctx, s.db.Read(), scan, query, args...)
	if err != nil {
		return page, fmt.Errorf("list notifications of %s: %w", actor.ID, err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.NextCursor = db.EncodeCursor(listKey{rows[limit-1].CreatedAt, rows[limit-1].ID})
	}
	page.Items, err = s.show(ctx, s.db.Read(), rows)
	return page, err
}

func names() string {
	all := make([]string, len(Types))
	for i, t := range Types {
		all[i] = string(t)
	}
	return strings.Join(all, ", ")
}

// listQuery reads the head of one index, or of one for each type: with an IN the database would read all rows of the
// other types between. Indexes: notifications_by_user, notifications_by_type, notifications_unread.
func listQuery(userID string, f Filter, from listKey, limit int) (string, db.Args) {
	var args db.Args
	where := "user_id = " + args.Add(userID) + " AND in_app AND (created_at, id) < (" + args.Add(db.Time(from.At)) + ", " + args.Add(from.ID) + ")"
	if f.Read != nil && *f.Read {
		where += " AND read_at IS NOT NULL"
	} else if f.Read != nil {
		where += " AND read_at IS NULL"
	}
	order := " ORDER BY created_at DESC, id DESC LIMIT " + args.Add(limit)
	if len(f.Types) == 0 {
		return "SELECT " + columns + " FROM notifications WHERE " + where + order, args
	}
	types := slices.Compact(slices.Sorted(slices.Values(f.Types)))
	parts := make([]string, len(types))
	for i, t := range types {
		parts[i] = "SELECT id FROM (SELECT id FROM notifications WHERE " + where + " AND type = " + args.Add(string(t)) + order + ") t" + strconv.Itoa(i)
	}
	return "SELECT " + columns + " FROM notifications WHERE id IN (" + strings.Join(parts, " UNION ALL ") + ")" + order, args
}

// show fills in people and links, whose keys are those that the tasks have by now.
func (s *Service) show(ctx context.Context, q db.Querier, rows []row) ([]Notification, error) {
	var people, tasks []string
	for _, r := range rows {
		if r.actorID != nil {
			people = append(people, *r.actorID)
		}
		if r.TaskID != nil && !slices.Contains(tasks, *r.TaskID) {
			tasks = append(tasks, *r.TaskID)
		}
	}
	profiles, err := s.users.Profiles(ctx, people...)
	if err != nil {
		return nil, err
	}
	var keys map[string]string
	if len(tasks) > 0 {
		if keys, err = s.TaskKeys(ctx, q, tasks); err != nil {
			return nil, err
		}
	}
	out := make([]Notification, len(rows))
	for i := range rows {
		r := &rows[i]
		if r.actorID != nil {
			if u, ok := profiles[*r.actorID]; ok {
				r.TriggeredBy = &u
			}
		}
		if r.TaskID != nil {
			r.key = keys[*r.TaskID]
		}
		r.setLink()
		out[i] = r.Notification
	}
	return out, nil
}

// MarkRead marks one of the actor's notifications as read and returns it; again, it changes nothing.
func (s *Service) MarkRead(ctx context.Context, actor users.Actor, id string) (Notification, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Notification, error) {
		if err := s.lock(ctx, tx, actor.ID); err != nil {
			return Notification{}, err
		}
		if _, err := s.markRead(ctx, tx, actor, []string{id}); err != nil {
			return Notification{}, err
		}
		r, err := scan(tx.QueryRowContext(ctx, byID, id, actor.ID))
		if db.NoRow(err) {
			return Notification{}, errs.New(errs.NotFound, "notification not found")
		}
		if err != nil {
			return Notification{}, fmt.Errorf("read notification %s: %w", id, err)
		}
		shown, err := s.show(ctx, tx, []row{r})
		if err != nil {
			return Notification{}, err
		}
		return shown[0], nil
	})
}

// Left is how many notifications are unread after a change.
type Left struct {
	Count int64 `json:"count" doc:"how many are unread"`
}

// MarkManyRead marks notifications of the actor as read, all or none.
func (s *Service) MarkManyRead(ctx context.Context, actor users.Actor, ids []string) (Left, error) {
	return s.many(ctx, actor, ids, func(tx *db.Tx) (int64, error) { return s.markRead(ctx, tx, actor, ids) })
}

// DeleteMany deletes notifications of the actor, all or none.
func (s *Service) DeleteMany(ctx context.Context, actor users.Actor, ids []string) (Left, error) {
	return s.many(ctx, actor, ids, func(tx *db.Tx) (int64, error) { return s.delete(ctx, tx, actor, ids) })
}

// many runs a change of notifications that must all be the actor's.
func (s *Service) many(ctx context.Context, actor users.Actor, ids []string, change func(*db.Tx) (int64, error)) (Left, error) {
	if len(ids) == 0 || len(ids) > maxIDs {
		return Left{}, errs.Field("ids", "must name from 1 to %d notifications, names %d", maxIDs, len(ids))
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Left, error) {
		if err := s.lock(ctx, tx, actor.ID); err != nil {
			return Left{}, err
		}
		args := db.Args{actor.ID}
		own, err := db.Collect(ctx, tx, db.ScanString, ownByIDs+args.In(ids), args...)
		if err != nil {
			return Left{}, fmt.Errorf("find notifications of %s: %w", actor.ID, err)
		}
		for i, id := range ids {
			if !slices.Contains(own, id) {
				return Left{}, &errs.Error{Kind: errs.NotFound, Field: fmt.Sprintf("ids[%d]", i), Message: "notification not found"}
			}
		}
		n, err := change(tx)
		return Left{n}, err
	})
}

// markRead marks what is unread of ids, and returns how many are left. The caller holds the actor's lock.
func (s *Service) markRead(ctx context.Context, tx *db.Tx, actor users.Actor, ids []string) (int64, error) {
	args := db.Args{actor.ID, db.Time(tx.Now)}
	marked, err := db.Collect(ctx, tx, db.ScanString, markRead+args.In(ids)+returningID, args...)
	if err != nil {
		return 0, fmt.Errorf("mark notifications of %s: %w", actor.ID, err)
	}
	if len(marked) == 0 {
		return unread(ctx, tx, actor.ID)
	}
	left, err := s.count(ctx, tx, map[string]int64{actor.ID: -int64(len(marked))})
	if err != nil {
		return 0, err
	}
	_, err = s.log.Record(ctx, tx, actor.ID, messages("notification.read", actor, marked, left[actor.ID])...)
	return left[actor.ID], err
}

// MarkAllRead marks all of the actor's notifications as read, or with a type all of that type.
func (s *Service) MarkAllRead(ctx context.Context, actor users.Actor, kind Type) (Left, error) {
	if kind != "" && !slices.Contains(Types, kind) {
		return Left{}, errs.Field("type", "%q is none of %s", string(kind), names())
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Left, error) {
		if err := s.lock(ctx, tx, actor.ID); err != nil {
			return Left{}, err
		}
		var ids []string
		var n int64
		var err error
		if kind == "" {
			n, err = tx.Exec(ctx, markAllRead, actor.ID, db.Time(tx.Now))
		} else {
			ids, err = db.Collect(ctx, tx, db.ScanString, markTypeRead, actor.ID, db.Time(tx.Now), string(kind))
			n = int64(len(ids))
		}
		if err != nil {
			return Left{}, fmt.Errorf("mark all notifications of %s: %w", actor.ID, err)
		}
		if n == 0 {
			left, err := unread(ctx, tx, actor.ID)
			return Left{left}, err
		}
		left, err := s.count(ctx, tx, map[string]int64{actor.ID: -n})
		if err != nil {
			return Left{}, err
		}
		told := messages("notification.read", actor, ids, left[actor.ID])
		if kind == "" {
			m := message("notification.read", actor, left[actor.ID])
			m.All = true
			told = []*events.Message{m}
		}
		_, err = s.log.Record(ctx, tx, actor.ID, told...)
		return Left{left[actor.ID]}, err
	})
}

// Delete deletes one of the actor's notifications.
func (s *Service) Delete(ctx context.Context, actor users.Actor, id string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		var found string
		err := tx.QueryRowContext(ctx, ownByIDs+`($2)`, actor.ID, id).Scan(&found)
		if db.NoRow(err) {
			return struct{}{}, errs.New(errs.NotFound, "notification not found")
		}
		if err != nil {
			return struct{}{}, fmt.Errorf("find notification %s: %w", id, err)
		}
		_, err = s.delete(ctx, tx, actor, []string{id})
		return struct{}{}, err
	})
	return err
}

// delete deletes what is there of ids, and returns how many are left unread.
func (s *Service) delete(ctx context.Context, tx *db.Tx, actor users.Actor, ids []string) (int64, error) {
	args := db.Args{actor.ID}
	told, err := s.remove(ctx, tx, actor, `user_id = $1 AND in_app AND id IN `+args.In(ids), args...) // index: primary key
	if err != nil {
		return 0, err
	}
	if err := s.log.RecordAll(ctx, tx, told); err != nil {
		return 0, err
	}
	return unread(ctx, tx, actor.ID)
}
