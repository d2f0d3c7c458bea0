package tasks

import (
	"context"
	"fmt"
	"time"

	"tandem/internal/db"
	"tandem/internal/users"
)

// keepTrash is how long a task stays in the trash.
const keepTrash = 30 * 24 * time.Hour

// Index: tasks_by_deletion (deleted_at, id).
const longDeleted = `
SELECT t.id
FROM tasks t
WHERE t.deleted_at < $1
ORDER BY t.deleted_at, t.id
LIMIT $2`

// Purge removes what has been in the trash for long, for good and with all that belongs to it, some at a time.
func (s *Service) Purge(ctx context.Context) error {
	const batch = 100
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = s.purgeSome(ctx, tx, batch)
			return err
		})
		if err != nil || n < batch {
			return err
		}
	}
}

// purgeSome purges up to limit tasks and returns how many it found.
func (s *Service) purgeSome(ctx context.Context, tx *db.Tx, limit int) (int, error) {
	// Nobody restores them from here on: that would take the same lock.
	ids, err := db.Collect(ctx, tx, db.ScanString, longDeleted+lockRows(tx), db.Time(tx.Now.Add(-keepTrash)), limit)
	if err != nil {
		return 0, fmt.Errorf("find what is long deleted: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	told, err := s.notify.RemoveOfTasks(ctx, tx, users.Actor{}, ids)
	if err != nil {
		return 0, err
	}
	// Comments, activity, labels, watchers, mutes, reminders and search texts go by cascade.
	var args db.Args
	if _, err := tx.Exec(ctx, `DELETE FROM tasks WHERE id IN `+args.In(ids), args...); err != nil {
		return 0, fmt.Errorf("purge %d tasks: %w", len(ids), err)
	}
	return len(ids), s.log.RecordAll(ctx, tx, told)
}
