package db

import (
	"context"
	"database/sql"
	"time"
)

// SQLite copies its write-ahead log into the database from time to time, and waits for the disk meanwhile. Left to
// itself it does so within somebody's commit, while everybody else waits for their turn to write. The checkpointer
// does it beside them, on a connection of its own: a passive checkpoint blocks nobody.
// https://www.sqlite.org/wal.html#ckpt

const (
	checkpointEvery  = 100             // writes
	checkpointAtMost = 5 * time.Second // after a write
)

type checkpointer struct {
	db     *sql.DB
	writes chan struct{}
	quit   func()
	done   chan struct{}
}

func startCheckpointer(db *sql.DB) *checkpointer {
	ctx, quit := context.WithCancel(context.Background())
	c := &checkpointer{db: db, writes: make(chan struct{}, checkpointEvery), quit: quit, done: make(chan struct{})}
	go c.run(ctx)
	return c
}

// wrote counts a commit; it never waits.
func (c *checkpointer) wrote() {
	select {
	case c.writes <- struct{}{}:
	default: // it is at work, and will see this one too
	}
}

func (c *checkpointer) run(ctx context.Context) {
	defer close(c.done)
	n := 0
	var due <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.writes:
			if n++; n == 1 {
				due = time.After(checkpointAtMost)
			}
			if n < checkpointEvery {
				continue
			}
		case <-due:
		}
		n, due = 0, nil
		// A failure leaves the log longer, and nothing lost: the writer itself checkpoints a log that has grown too
		// long, and reports what is wrong with the disk.
		_, _ = c.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	}
}

// close ends it; it may be called twice. Closing the last connection checkpoints what is left.
func (c *checkpointer) close() error {
	c.quit()
	<-c.done
	return c.db.Close()
}
