package db_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/tandemtest"
)

// Many requests for a board at once, right after the start: all connections that read hold a
// snapshot, and none of the statements to come is prepared yet.
func TestSnapshotsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	env := tandemtest.NewSQLite(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // a deadlock would last for ever
	defer cancel()
	readers := max(4, 2*runtime.NumCPU()) // as many as there are connections
	errc := make(chan error, readers)
	var begun sync.WaitGroup
	begun.Add(readers)
	for i := range readers {
		go func() {
			errc <- env.DB.Snapshot(ctx, func(q db.Querier) error {
				begun.Done()
				begun.Wait()
				var n int
				return q.QueryRowContext(ctx, fmt.Sprintf(`SELECT COUNT(*) + %d FROM meta`, i)).Scan(&n)
			})
		}()
	}
	for range readers {
		if err := <-errc; err != nil {
			t.Fatal(err)
		}
	}
}
