package realtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/realtime"
)

func TestCheckFollowsTheNodesLife(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		idle, err := realtime.New(realtime.Options{Log: w.Log, Logger: w.Logger})
		if err != nil {
			t.Fatal(err)
		}
		if err := idle.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "does not run") {
			t.Errorf("before Start: got %v", err)
		}
		if err := w.node.Check(t.Context()); err != nil {
			t.Errorf("while it runs: got %v, want none", err)
		}
		if err := w.node.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.node.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "does not run") {
			t.Errorf("after Stop: got %v", err)
		}
	})
}

func TestCheckFindsAnotherLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if err := w.DB.Write(t.Context(), func(tx *db.Tx) error { // as restoring a backup does
			_, err := tx.Exec(t.Context(), `UPDATE meta SET value = 'another life' WHERE key = 'epoch'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.node.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "another life") {
			t.Errorf("got %v, want that the log is another", err)
		}
	})
}

func TestCheckFailsWhenTheLogCannotBeRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if err := w.DB.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.node.Check(t.Context()); err == nil {
			t.Error("got no error, though the database is closed")
		}
	})
}

func TestCheckFindsAPollThatIsStuck(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := realtime.Stuck().Check(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that nobody answered in time", err)
	}
}
