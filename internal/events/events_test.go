package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
)

func open(t *testing.T, env *tandemtest.Env, streams ...string) {
	t.Helper()
	err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
		for _, s := range streams {
			if err := env.Log.Open(t.Context(), tx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func record(ctx context.Context, env *tandemtest.Env, stream string, messages ...*events.Message) (seq int64, err error) {
	err = env.DB.Write(ctx, func(tx *db.Tx) error {
		seq, err = env.Log.Record(ctx, tx, stream, messages...)
		return err
	})
	return seq, err
}

// recordN records n messages of one transaction each.
func recordN(t *testing.T, env *tandemtest.Env, stream string, n int) {
	t.Helper()
	for range n {
		if _, err := record(t.Context(), env, stream, &events.Message{Type: "task.updated"}); err != nil {
			t.Fatal(err)
		}
	}
}

func seqs(rows []events.Row) []int64 {
	out := make([]int64, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Seq)
	}
	return out
}

func TestSeqHasNoGapUnderManyWriters(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const writers, each = 20, 5
		ctx := t.Context()
		open(t, env, "team")
		errc := make(chan error, writers)
		for w := range writers {
			go func() {
				var err error
				for i := range each {
					_, e := record(ctx, env, "team", &events.Message{Type: "task.updated", TaskID: fmt.Sprint(w)}, &events.Message{Type: "task.moved"})
					err = errors.Join(err, e)
					// One that is rolled back leaves no hole.
					e = env.DB.Write(ctx, func(tx *db.Tx) error {
						_, e := env.Log.Record(ctx, tx, "team", &events.Message{Type: "never"})
						return errors.Join(e, errRollback)
					})
					if !errors.Is(e, errRollback) {
						err = errors.Join(err, fmt.Errorf("write %d: %w", i, e))
					}
				}
				errc <- err
			}()
		}
		for range writers {
			if err := <-errc; err != nil {
				t.Error(err)
			}
		}
		head, rows, err := env.Log.Replay(ctx, "team", 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		if want := writers * each * 2; head != int64(want) || len(rows) != want {
			t.Fatalf("got head %d and %d rows, want %d", head, len(rows), want)
		}
		for i, r := range rows {
			var m events.Message
			if err := json.Unmarshal(r.Data, &m); err != nil {
				t.Fatal(err)
			}
			if r.Seq != int64(i+1) || m.Seq != r.Seq || m.Type == "never" {
				t.Fatalf("row %d: got seq %d, message %d %s", i, r.Seq, m.Seq, m.Type)
			}
			if want := []string{"task.updated", "task.moved"}[i%2]; m.Type != want {
				t.Errorf("row %d: got %s, want %s: messages of one write stay together", i, m.Type, want)
			}
		}
	})
}

var errRollback = errors.New("roll back")

// A reader that follows the log while others write never sees a number before a smaller one.
func TestRowsAppearInOrder(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const total = 60
		ctx := t.Context()
		open(t, env, "team")
		errc := make(chan error, total)
		for range 6 {
			go func() {
				for range total / 6 {
					_, err := record(ctx, env, "team", &events.Message{Type: "task.updated"})
					errc <- err
				}
			}()
		}
		var seen int64
		for seen < total {
			_, rows, err := env.Log.Replay(ctx, "team", seen, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.Seq != seen+1 {
					t.Fatalf("got %d after %d", r.Seq, seen)
				}
				seen = r.Seq
			}
		}
		for range total {
			if err := <-errc; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRecordFillsInTheMessage(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		open(t, env, "team")
		mutation := "m-1"
		m := &events.Message{Type: "task.created", TeamID: "team", TaskID: "t", Version: 1, UpdatedBy: &events.By{ID: "u", Username: "ann"}, MutationID: &mutation, Changes: map[string]any{"title": "Ä <b>"}}
		seq, err := record(t.Context(), env, "team", m)
		if err != nil || seq != 1 {
			t.Fatalf("got %d, %v, want 1", seq, err)
		}
		if m.ID == "" || m.Seq != 1 || !m.Timestamp.After(tandemtest.Start) {
			t.Errorf("got %+v, want id, seq and time", m)
		}
		_, rows, err := env.Log.Replay(t.Context(), "team", 0, 10)
		if err != nil || len(rows) != 1 {
			t.Fatalf("got %d rows, %v, want one", len(rows), err)
		}
		want, err := json.Marshal(m)
		if err != nil || string(rows[0].Data) != string(want) {
			t.Errorf("got %s, %v, want %s", rows[0].Data, err, want)
		}
	})
}

func TestRecordNeedsAnOpenStream(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		if _, err := record(t.Context(), env, "nobody", &events.Message{Type: "x"}); err == nil {
			t.Error("got a record in a stream that is not there, want an error")
		}
		open(t, env, "team")
		recordN(t, env, "team", 1)
		open(t, env, "team") // again changes nothing
		if head, err := env.Log.Head(t.Context(), env.DB.Read(), "team"); err != nil || head != 1 {
			t.Errorf("got head %d, %v, want 1", head, err)
		}
	})
}

func TestReplayLimits(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		open(t, env, "team", "other", "empty")
		recordN(t, env, "team", 5)
		recordN(t, env, "other", 2)
		for _, c := range []struct {
			stream string
			after  int64
			limit  int
			head   int64
			want   []int64
		}{
			{"team", 0, -1, 5, []int64{1, 2, 3, 4, 5}},
			{"team", 0, 2, 5, []int64{1, 2}},
			{"team", 2, 2, 5, []int64{3, 4}},
			{"team", 4, 200, 5, []int64{5}},
			{"team", 5, 200, 5, []int64{}},
			{"team", 9, 200, 5, []int64{}}, // from a later life of the log: the epoch tells, not this
			{"team", 3, 0, 5, []int64{}},
			{"other", 0, -1, 2, []int64{1, 2}},
			{"empty", 0, -1, 0, []int64{}},
			{"nobody", 0, -1, 0, []int64{}},
			{"nobody", 0, 0, 0, []int64{}},
		} {
			head, rows, err := env.Log.Replay(t.Context(), c.stream, c.after, c.limit)
			if err != nil || head != c.head || !slices.Equal(seqs(rows), c.want) {
				t.Errorf("%s after %d limit %d: got head %d, rows %v, %v, want %d, %v", c.stream, c.after, c.limit, head, seqs(rows), err, c.head, c.want)
			}
		}
		heads, err := env.Log.Heads(t.Context(), []string{"team", "other", "empty", "nobody"})
		if err != nil || len(heads) != 3 || heads["team"] != 5 || heads["other"] != 2 || heads["empty"] != 0 {
			t.Errorf("got %v, %v, want team 5, other 2, empty 0", heads, err)
		}
	})
}

func TestPruneKeepsTheYoungAndTheLast(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const day = 24 * time.Hour
		ctx := t.Context()
		open(t, env, "busy", "quiet")
		recordN(t, env, "busy", 10)
		recordN(t, env, "quiet", 3)
		env.Clock.Advance(8 * day)
		recordN(t, env, "busy", 2)

		if n, err := env.Log.Prune(ctx, 9*day, 1); err != nil || n != 0 {
			t.Errorf("got %d pruned, %v, want none: all are young", n, err)
		}
		if n, err := env.Log.Prune(ctx, 7*day, 5); err != nil || n != 7 { // 1 to 7 of busy; quiet has fewer than 5
			t.Errorf("got %d pruned, %v, want 7", n, err)
		}
		if n, err := env.Log.Prune(ctx, 7*day, 1); err != nil || n != 5 { // 8 to 10 of busy, 1 and 2 of quiet
			t.Errorf("got %d pruned, %v, want 5: busy keeps the two that are young, quiet its last", n, err)
		}
		for _, c := range []struct {
			stream string
			after  int64
			gone   bool
			want   []int64
		}{
			{"busy", 0, true, nil}, {"busy", 9, true, nil}, {"busy", 10, false, []int64{11, 12}}, {"busy", 12, false, []int64{}},
			{"quiet", 1, true, nil}, {"quiet", 2, false, []int64{3}},
		} {
			head, rows, err := env.Log.Replay(ctx, c.stream, c.after, 100)
			if !c.gone {
				if err != nil || !slices.Equal(seqs(rows), c.want) {
					t.Errorf("%s after %d: got %v, %v, want %v", c.stream, c.after, seqs(rows), err, c.want)
				}
				continue
			}
			list := errs.All(err)
			if !errors.Is(err, errs.Gone) || len(list) != 1 || list[0].Code != "pruned" || head == 0 {
				t.Errorf("%s after %d: got head %d, %v, want that it is gone", c.stream, c.after, head, err)
			}
		}
		recordN(t, env, "busy", 1)
		if head, err := env.Log.Head(ctx, env.DB.Read(), "busy"); err != nil || head != 13 {
			t.Errorf("got head %d, %v, want 13: numbers go on", head, err)
		}
	})
}

// Two transactions that record to the same two streams never wait for each other in a circle.
func TestRecordAllCannotDeadlock(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		const rounds = 20
		ctx := t.Context()
		open(t, env, "a", "b")
		errc := make(chan error, 4)
		for range 4 {
			go func() {
				var err error
				for range rounds {
					runs := 0
					err = errors.Join(err, env.DB.Write(ctx, func(tx *db.Tx) error {
						if runs++; runs > 1 {
							return errors.New("ran again")
						}
						return env.Log.RecordAll(ctx, tx, map[string][]*events.Message{"b": {{Type: "x"}}, "a": {{Type: "x"}}})
					}))
				}
				errc <- err
			}()
		}
		for range 4 {
			if err := <-errc; err != nil {
				t.Error(err)
			}
		}
		heads, err := env.Log.Heads(ctx, []string{"a", "b"})
		if err != nil || heads["a"] != 4*rounds || heads["b"] != 4*rounds {
			t.Errorf("got %v, %v, want %d each", heads, err, 4*rounds)
		}
	})
}

type hints struct {
	mu   sync.Mutex
	got  []string
	look func(stream string)
}

func (h *hints) Hint(stream string) {
	h.look(stream)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, stream)
}

func TestHintsComeAfterTheCommit(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		open(t, env, "team", "user")
		h := &hints{}
		h.look = func(stream string) {
			if head, err := env.Log.Head(t.Context(), env.DB.Read(), stream); err != nil || head == 0 {
				t.Errorf("%s: got head %d, %v at the hint, want the change", stream, head, err)
			}
		}
		env.Log.Notify(h)
		recordN(t, env, "team", 2)
		err := env.DB.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := env.Log.Record(t.Context(), tx, "team"); err != nil { // nothing to record, nobody to tell
				return err
			}
			return env.Log.RecordAll(t.Context(), tx, map[string][]*events.Message{"user": {{Type: "x"}}, "team": {{Type: "x"}}})
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"team", "team", "team", "user"}; !slices.Equal(h.got, want) {
			t.Errorf("got hints %v, want %v", h.got, want)
		}
	})
}

func TestEpochIsThatOfTheDatabase(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		first, err := env.Log.Epoch(t.Context())
		if err != nil || len(first) < 16 {
			t.Fatalf("got %q, %v, want a random id", first, err)
		}
		again, err := events.NewLog(env.DB).Epoch(t.Context())
		if err != nil || again != first {
			t.Errorf("got %q, %v, want %q", again, err, first)
		}
	})
}
