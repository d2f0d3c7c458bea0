package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"tandem/internal/db"
	"tandem/internal/tandemtest"
)

// together runs the writes so that they share a commit: they queue up behind a first one, in order.
func together(t *testing.T, d *db.DB, writes ...func() error) []error {
	t.Helper()
	begun, queued, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		first <- d.Write(context.Background(), func(tx *db.Tx) error {
			close(begun)
			<-queued
			return put(context.Background(), tx, "first", "1")
		})
	}()
	<-begun
	out := make([]error, len(writes))
	var wg sync.WaitGroup
	for i, write := range writes {
		wg.Go(func() { out[i] = write() })
		for d.Waiting() <= i {
			runtime.Gosched()
		}
	}
	close(queued)
	wg.Wait()
	t.Logf("the first, which shares the fate of its batch: %v", <-first)
	return out
}

func putting(ctx context.Context, d *db.DB, key string, after func(tx *db.Tx) error) func() error {
	return func() error {
		return d.Write(ctx, func(tx *db.Tx) error {
			if err := put(ctx, tx, key, "1"); err != nil {
				return err
			}
			return after(tx)
		})
	}
}

func fine(*db.Tx) error { return nil }

func TestAFailedWriteLeavesTheOthersOfItsBatchAlone(t *testing.T) {
	env := tandemtest.NewSQLite(t)
	refused := errors.New("refused")
	ctx := t.Context()
	cancelled, cancel := context.WithCancel(ctx)
	got := together(t, env.DB,
		putting(ctx, env.DB, "a", fine),
		putting(ctx, env.DB, "b", func(*db.Tx) error { return refused }),
		putting(ctx, env.DB, "c", fine),
		putting(cancelled, env.DB, "d", func(tx *db.Tx) error {
			cancel()
			return put(cancelled, tx, "d2", "1")
		}),
		putting(ctx, env.DB, "e", fine),
	)
	for i, want := range []error{nil, refused, nil, context.Canceled, nil} {
		if !errors.Is(got[i], want) {
			t.Errorf("write %d: got %v, want %v", i, got[i], want)
		}
	}
	for key, want := range map[string]string{"a": "1", "b": "", "c": "1", "d": "", "d2": "", "e": "1"} {
		if v := get(t, env.DB, key); v != want {
			t.Errorf("%s: got %q, want %q", key, v, want)
		}
	}
}

func TestAPanicInAWriteLeavesTheOthersOfItsBatchAlone(t *testing.T) {
	env := tandemtest.NewSQLite(t)
	ctx := t.Context()
	got := together(t, env.DB,
		putting(ctx, env.DB, "a", fine),
		func() (err error) {
			defer func() { err = fmt.Errorf("recovered: %v", recover()) }()
			return putting(ctx, env.DB, "b", func(*db.Tx) error { panic("on purpose") })()
		},
		putting(ctx, env.DB, "c", fine),
	)
	if got[0] != nil || got[2] != nil || got[1] == nil || got[1].Error() != "recovered: on purpose" {
		t.Errorf("got %v", got)
	}
	if a, b, c := get(t, env.DB, "a"), get(t, env.DB, "b"), get(t, env.DB, "c"); a != "1" || b != "" || c != "1" {
		t.Errorf("got %q, %q, %q", a, b, c)
	}
}

// SQLite gives a transaction up on its own when the disk is full, for instance.
func TestWhenTheTransactionIsLostAllOfItsBatchFail(t *testing.T) {
	env := tandemtest.NewSQLite(t)
	ctx := t.Context()
	got := together(t, env.DB,
		putting(ctx, env.DB, "a", fine),
		putting(ctx, env.DB, "b", func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "ROLLBACK")
			return err
		}),
	)
	for i, err := range got {
		if err == nil {
			t.Errorf("write %d: no error", i)
		}
	}
	if a, b := get(t, env.DB, "a"), get(t, env.DB, "b"); a != "" || b != "" {
		t.Errorf("got %q, %q", a, b)
	}
	if err := putting(ctx, env.DB, "c", fine)(); err != nil {
		t.Fatal(err)
	}
	if c := get(t, env.DB, "c"); c != "1" {
		t.Errorf("got %q", c)
	}
}

func TestHooksRunAfterTheCommitOfTheWholeBatch(t *testing.T) {
	env := tandemtest.NewSQLite(t)
	var writes []func() error
	seen := make([]string, 40) // more than one batch
	for i := range seen {
		key := fmt.Sprint("key", i)
		writes = append(writes, putting(t.Context(), env.DB, key, func(tx *db.Tx) error {
			tx.AfterCommit(func(context.Context) { seen[i] = get(t, env.DB, key) })
			return nil
		}))
	}
	for i, err := range together(t, env.DB, writes...) {
		if err != nil || seen[i] != "1" {
			t.Errorf("write %d: %v, its hook saw %q", i, err, seen[i])
		}
	}
}
