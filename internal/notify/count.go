package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/internal/db"
)

// count adds to people's unread counts and returns the new ones. The rows stay locked until the commit, and are
// locked in sorted order: two transactions that change those of the same people cannot deadlock.
func (s *Service) count(ctx context.Context, tx *db.Tx, more map[string]int64) (map[string]int64, error) {
	type line struct {
		user   string
		unread int64
	}
	out := make(map[string]int64, len(more))
	for part := range slices.Chunk(slices.Sorted(maps.Keys(more)), 200) {
		var args db.Args
		values := make([]string, len(part))
		for i, u := range part {
			values[i] = args.Tuple(u, more[u])
		}
		lines, err := db.Collect(ctx, tx, func(r db.Row) (l line, err error) {
			err = r.Scan(&l.user, &l.unread)
			return l, err
		}, insertCounts+strings.Join(values, ", ")+addToCounts, args...)
		if err != nil {
			return nil, fmt.Errorf("count notifications of %d people: %w", len(part), err)
		}
		for _, l := range lines {
			out[l.user] = l.unread
		}
	}
	return out, nil
}

// lock keeps others from changing these people's notifications until the commit. Whoever changes rows that are there
// takes it before them, so that nobody waits for rows of one person while holding others of them.
func (s *Service) lock(ctx context.Context, tx *db.Tx, people ...string) error {
	if tx.Dialect() == db.SQLite {
		return nil // the one writer is locked already
	}
	none := make(map[string]int64, len(people))
	for _, u := range people {
		none[u] = 0
	}
	_, err := s.count(ctx, tx, none)
	return err
}

// Unread is how many notifications somebody has not read.
func (s *Service) Unread(ctx context.Context, userID string) (int64, error) {
	return unread(ctx, s.db.Read(), userID)
}

func unread(ctx context.Context, q db.Querier, userID string) (n int64, err error) {
	if err = q.QueryRowContext(ctx, unreadOf, userID).Scan(&n); err != nil && !db.NoRow(err) {
		return 0, fmt.Errorf("read unread count of %s: %w", userID, err)
	}
	return n, nil
}
