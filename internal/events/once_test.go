package events_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
)

type made struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// create is a write with a visible effect: a stream with a new name, and how often it ran.
func create(env *tandemtest.Env, t *testing.T, user string, m events.Mutation, name string) (made, error) {
	return events.Once(t.Context(), env.DB, user, m, func(tx *db.Tx) (made, error) {
		if _, err := tx.Exec(t.Context(), `INSERT INTO streams (id, seq) VALUES ($1, 0)`, name); err != nil {
			return made{}, fmt.Errorf("create %s: %w", name, err)
		}
		return made{name, tx.Now}, nil
	})
}

func count(t *testing.T, env *tandemtest.Env) (n int) {
	t.Helper()
	if err := env.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM streams WHERE id <> 'nodes'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOnceAnswersARepeatAsTheFirstTime(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		m := events.Mutation{ID: "k", Fingerprint: "POST /a"}
		first, err := create(env, t, "ann", m, "one")
		if err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(time.Hour)
		again, err := create(env, t, "ann", m, "two")
		if err != nil || again.ID != first.ID || !again.At.Equal(first.At) {
			t.Errorf("got %v, %v, want %v as the first time", again, err, first)
		}
		if n := count(t, env); n != 1 {
			t.Errorf("got %d effects, want 1", n)
		}
	})
}

func TestOnceTellsUsersAndKeysApart(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		for i, c := range []struct{ user, key string }{{"ann", "k"}, {"bob", "k"}, {"ann", "l"}, {"ann", ""}, {"ann", ""}} {
			if _, err := create(env, t, c.user, events.Mutation{ID: c.key, Fingerprint: "f"}, fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, env); n != 5 {
			t.Errorf("got %d effects, want 5", n)
		}
	})
}

func TestOnceRefusesAKeyOfAnotherRequest(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		if _, err := create(env, t, "ann", events.Mutation{ID: "k", Fingerprint: "POST /a"}, "one"); err != nil {
			t.Fatal(err)
		}
		_, err := create(env, t, "ann", events.Mutation{ID: "k", Fingerprint: "POST /b"}, "two")
		list := errs.All(err)
		if !errors.Is(err, errs.Invalid) || len(list) != 1 || list[0].Code != "idempotency_key_reused" {
			t.Errorf("got %v, want a refusal of the reused key", err)
		}
		if n := count(t, env); n != 1 {
			t.Errorf("got %d effects, want 1", n)
		}
	})
}

func TestOnceForgetsWhatFailed(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		m := events.Mutation{ID: "k", Fingerprint: "f"}
		refused := errs.Field("title", "must not be empty")
		_, err := events.Once(t.Context(), env.DB, "ann", m, func(*db.Tx) (made, error) { return made{ID: "half"}, refused })
		if !errors.Is(err, refused) {
			t.Fatalf("got %v, want %v", err, refused)
		}
		// Put right, the request may go out under the same key; a client may also just try again.
		if got, err := create(env, t, "ann", m, "one"); err != nil || got.ID != "one" {
			t.Errorf("got %v, %v, want it done", got, err)
		}
	})
}

// A client that gave up waiting sends again while the first request is still at work.
func TestOnceHasOneEffectForRequestsAtTheSameTime(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const requests = 8
		m := events.Mutation{ID: "k", Fingerprint: "f"}
		type answer struct {
			made
			err error
		}
		answers := make(chan answer, requests)
		var ready sync.WaitGroup
		ready.Add(requests)
		for i := range requests {
			go func() {
				ready.Done()
				ready.Wait()
				got, err := create(env, t, "ann", m, fmt.Sprint(i))
				answers <- answer{got, err}
			}()
		}
		first := <-answers
		for range requests - 1 {
			if a := <-answers; a.err != nil || a.ID != first.ID {
				t.Errorf("got %v, %v, want %v for all", a.made, a.err, first.made)
			}
		}
		if n := count(t, env); first.err != nil || n != 1 {
			t.Errorf("got %d effects, %v, want 1", n, first.err)
		}
	})
}

func TestMutationsAreForgottenInTheEnd(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		m := events.Mutation{ID: "k", Fingerprint: "f"}
		if _, err := create(env, t, "ann", m, "one"); err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(23 * time.Hour)
		if n, err := events.ForgetMutations(t.Context(), env.DB, 24*time.Hour); err != nil || n != 0 {
			t.Errorf("got %d, %v forgotten within a day, want none", n, err)
		}
		env.Clock.Advance(2 * time.Hour)
		if n, err := events.ForgetMutations(t.Context(), env.DB, 24*time.Hour); err != nil || n != 1 {
			t.Errorf("got %d, %v forgotten after a day, want 1", n, err)
		}
		if _, err := create(env, t, "ann", m, "two"); err != nil {
			t.Errorf("got %v, want a new write under the old key", err)
		}
	})
}
