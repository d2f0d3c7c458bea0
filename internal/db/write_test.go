package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tandem/internal/db"
	"tandem/internal/tandemtest"
)

const (
	putMeta = `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
	getMeta = `SELECT value FROM meta WHERE key = $1`
)

func put(ctx context.Context, tx *db.Tx, key, value string) error {
	_, err := tx.Exec(ctx, putMeta, key, value)
	return err
}

// get is the committed value, "" if there is none.
func get(t *testing.T, d *db.DB, key string) string {
	t.Helper()
	var v string
	err := d.Read().QueryRowContext(t.Context(), getMeta, key).Scan(&v)
	if err != nil && !db.NoRow(err) {
		t.Fatal(err)
	}
	return v
}

func TestWriteCommits(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		for range 3 { // from the second time on the statement is a prepared one
			if err := env.DB.Write(t.Context(), func(tx *db.Tx) error { return put(t.Context(), tx, "a", "1") }); err != nil {
				t.Fatal(err)
			}
		}
		if got := get(t, env.DB, "a"); got != "1" {
			t.Errorf("got %q, want 1", got)
		}
	})
}

func TestWriteRunsAgainWhenAskedTo(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		runs := 0
		err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
			runs++
			if err := put(t.Context(), tx, "run", fmt.Sprint(runs)); err != nil {
				return err
			}
			if runs < 3 {
				if err := put(t.Context(), tx, "early", "must not stay"); err != nil {
					return err
				}
				return fmt.Errorf("save: %w", db.ErrRetry)
			}
			return nil
		})
		if err != nil || runs != 3 {
			t.Fatalf("got %d runs, %v, want 3", runs, err)
		}
		if got := get(t, env.DB, "run"); got != "3" {
			t.Errorf("got %q, want what the third run wrote", got)
		}
		if got := get(t, env.DB, "early"); got != "" {
			t.Errorf("got %q from a run that was given up, want nothing", got)
		}
	})
}

func TestWriteGivesUpAfterAWhile(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		runs := 0
		err := env.DB.Write(t.Context(), func(*db.Tx) error { runs++; return db.ErrRetry })
		if !errors.Is(err, db.ErrRetry) || runs != db.MaxAttempts {
			t.Errorf("got %v after %d runs, want %v after %d", err, runs, db.ErrRetry, db.MaxAttempts)
		}
	})
}

func TestWriteStopsRetryingWhenCancelled(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		err := env.DB.Write(ctx, func(*db.Tx) error { runs++; cancel(); return db.ErrRetry })
		if !errors.Is(err, context.Canceled) || runs != 1 {
			t.Errorf("got %v after %d runs, want %v after one", err, runs, context.Canceled)
		}
	})
}

func TestWriteRetriesADeadlock(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		if env.DB.Dialect == db.SQLite {
			return // one writer cannot meet another
		}
		ctx := t.Context()
		if err := env.DB.Write(ctx, func(tx *db.Tx) error {
			return errors.Join(put(ctx, tx, "a", ""), put(ctx, tx, "b", ""))
		}); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup // until each holds its first row; later runs do not wait
		both.Add(2)
		var first [2]sync.Once
		var runs [2]int
		lock := func(i int, keys ...string) error {
			return env.DB.Write(ctx, func(tx *db.Tx) error {
				runs[i]++
				if err := put(ctx, tx, keys[0], fmt.Sprint(i)); err != nil {
					return err
				}
				first[i].Do(func() { both.Done(); both.Wait() })
				return put(ctx, tx, keys[1], fmt.Sprint(i))
			})
		}
		errc := make(chan error, 2)
		go func() { errc <- lock(0, "a", "b") }()
		go func() { errc <- lock(1, "b", "a") }()
		if err := errors.Join(<-errc, <-errc); err != nil {
			t.Fatalf("got %v, want both writes done", err)
		}
		if runs[0]+runs[1] < 3 {
			t.Errorf("got %v runs, want at least one to have run again", runs)
		}
	})
}

func TestWriteRollsBackOnError(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		broken := errors.New("broken")
		hooks := 0
		err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
			tx.Invalidate(func(context.Context) { hooks++ })
			tx.AfterCommit(func(context.Context) { hooks++ })
			return errors.Join(put(t.Context(), tx, "a", "1"), broken)
		})
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		if got := get(t, env.DB, "a"); got != "" || hooks != 0 {
			t.Errorf("got value %q and %d hooks run, want nothing", got, hooks)
		}
	})
}

func TestWriteRollsBackOnPanic(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("got panic %v, want boom", got)
				}
			}()
			_ = env.DB.Write(t.Context(), func(tx *db.Tx) error {
				if err := put(t.Context(), tx, "a", "1"); err != nil {
					return err
				}
				panic("boom")
			})
		}()
		if got := get(t, env.DB, "a"); got != "" {
			t.Errorf("got %q, want nothing", got)
		}
		// The connection is free again: there is only one on SQLite.
		if err := env.DB.Write(t.Context(), func(tx *db.Tx) error { return put(t.Context(), tx, "a", "2") }); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHooksRunInOrderAfterTheCommit(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		var order []string
		hook := func(name string) func(context.Context) {
			return func(context.Context) { order = append(order, name+" sees "+get(t, env.DB, "a")) }
		}
		runs := 0
		err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
			runs++
			tx.AfterCommit(hook("publish 1"))
			tx.Invalidate(hook("drop 1"))
			tx.AfterCommit(hook("publish 2"))
			tx.Invalidate(hook("drop 2"))
			if err := put(t.Context(), tx, "a", fmt.Sprint(runs)); err != nil || runs == 2 {
				return err
			}
			return db.ErrRetry // the hooks of this run are forgotten
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"drop 1 sees 2", "drop 2 sees 2", "publish 1 sees 2", "publish 2 sees 2"}
		if !slices.Equal(order, want) {
			t.Errorf("got %q, want %q", order, want)
		}
	})
}

func TestHooksMayWriteAndOutliveTheRequest(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx, cancel := context.WithCancel(t.Context())
		var inHook error
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Invalidate(func(context.Context) { cancel() })
			tx.AfterCommit(func(ctx context.Context) {
				inHook = env.DB.Write(ctx, func(tx *db.Tx) error { return put(ctx, tx, "hook", "1") })
			})
			return put(ctx, tx, "a", "1")
		})
		if err := errors.Join(err, inHook); err != nil {
			t.Fatal(err)
		}
		if got := get(t, env.DB, "hook"); got != "1" {
			t.Errorf("got %q, want what the hook wrote", got)
		}
	})
}

func TestManyWritersAtOnce(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const writers = 100
		ctx := t.Context()
		if err := env.DB.Write(ctx, func(tx *db.Tx) error { return put(ctx, tx, "n", "0") }); err != nil {
			t.Fatal(err)
		}
		errc := make(chan error, writers)
		for range writers {
			go func() {
				errc <- env.DB.Write(ctx, func(tx *db.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE key = $1`, "n")
					return err
				})
			}()
		}
		for range writers {
			if err := <-errc; err != nil {
				t.Error(err)
			}
		}
		if got := get(t, env.DB, "n"); got != fmt.Sprint(writers) {
			t.Errorf("got %s, want %d", got, writers)
		}
		if env.DB.Dialect == db.SQLite {
			if got := env.DB.Writer().Stats().MaxOpenConnections; got != 1 {
				t.Errorf("got %d connections that write, want 1", got)
			}
		}
	})
}

func TestNowIsFixedWithinAWrite(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
			before := tx.Now
			env.Clock.Advance(1)
			if !tx.Now.Equal(before) || tx.Now.Nanosecond()%1000 != 0 {
				t.Errorf("got %v then %v, want one time in whole microseconds", before, tx.Now)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
