package realtime_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/internal/events"
	"tandem/internal/realtime"
	"tandem/internal/redis"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
)

// sees waits until the task's presence, as a plain socket hears it, is what is wanted.
func sees(t *testing.T, conn *websocket.Conn, want ...string) {
	t.Helper()
	var got []string
	for {
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, text, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("got %v, last saw %v, want %v", err, got, want)
		}
		var m struct {
			Type  string         `json:"type"`
			Users []tasks.Viewer `json:"users"`
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		if m.Type != "presence.changed" {
			continue
		}
		if got = names(m.Users); slices.Equal(got, want) {
			return
		}
	}
}

// viewing waits until a node says that these look at the task.
func (w *world) viewing(t *testing.T, node *realtime.Node, want ...string) {
	t.Helper()
	var got []string
	for range 200 {
		list, err := node.Viewers(t.Context(), w.team.ID, w.task.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got = names(list); slices.Equal(got, want) {
			return
		}
		pause(t, 25*time.Millisecond)
	}
	t.Fatalf("got %v, want %v", got, want)
}

func TestPresenceComesAndGoes(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	ann, bob := w.ann.Username, w.bob.Username
	plain, _ := w.plain(t, "/tasks/"+w.task.ID, ann)
	sees(t, plain, ann)
	one, two := w.connect(t, bob), w.connect(t, bob)
	channel := "task:" + w.task.ID
	one.subscribe(channel, nil, "")
	sees(t, plain, ann, bob)
	two.subscribe(channel, nil, "") // another tab is no other person
	edit := func(c *client, field any) reply {
		return c.call(map[string]any{"rpc": map[string]any{"method": "edit", "data": map[string]any{"task_id": w.task.ID, "field": field}}})
	}
	if r := edit(two, "description"); r.Error != nil {
		t.Fatalf("edit: %+v", r.Error)
	}
	sees(t, plain, ann, bob+" edits description")
	if r := edit(one, "password"); r.Error == nil {
		t.Error("a field that cannot be edited was taken")
	}
	w.viewing(t, w.node, ann, bob+" edits description")
	if r := edit(two, nil); r.Error != nil {
		t.Fatalf("edit: %+v", r.Error)
	}
	sees(t, plain, ann, bob)
	_ = two.conn.Close()
	one.call(map[string]any{"unsubscribe": map[string]any{"channel": channel}})
	sees(t, plain, ann)
	if r := edit(one, "title"); r.Error == nil {
		t.Error("somebody edits without looking")
	}
}

func TestPresenceComesWithTheTeam(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	w.plain(t, "/tasks/"+w.task.ID, w.ann.Username)
	w.viewing(t, w.node, w.ann.Username)
	board := w.connect(t, w.bob.Username)
	r := board.subscribe("team:"+w.team.ID, nil, "").Subscribe
	if got := names(r.Data.Presence[w.task.ID]); !slices.Equal(got, []string{w.ann.Username}) {
		t.Errorf("got %v with the subscription", got)
	}
	board.subscribe("task:"+w.task.ID, nil, "")
	var m struct {
		Type  string         `json:"type"`
		Users []tasks.Viewer `json:"users"`
	}
	for m.Type != "presence.changed" || len(m.Users) != 2 {
		p := board.push()
		if p.Push == nil || p.Push.Channel != "team:"+w.team.ID || p.Push.Pub == nil {
			continue
		}
		if p.Push.Pub.Offset != 0 {
			t.Fatalf("presence has offset %d: it is not in the log", p.Push.Pub.Offset)
		}
		if err := json.Unmarshal(p.Push.Pub.raw, &m); err != nil {
			t.Fatal(err)
		}
	}
}

// nodes runs a second node on the same database, told of changes by Redis alone.
func (w *world) second(t *testing.T) (*realtime.Node, string) {
	t.Helper()
	return w.start(t, events.NewLog(w.DB), w.redis(t))
}

func (w *world) redis(t *testing.T) *redis.Client {
	t.Helper()
	url := os.Getenv("TANDEM_TEST_REDIS")
	if url == "" {
		t.Fatal("TANDEM_TEST_REDIS is not set: run the tests in scripts/with-services.sh")
	}
	r, err := redis.New(url, w.Logger)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	go r.Run(ctx)
	for r.Check(t.Context()) != nil {
		pause(t, 5*time.Millisecond)
	}
	return r
}

func TestNodesHearOfEachOther(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		w := setUp(t, env)
		ann, bob := w.ann.Username, w.bob.Username
		_, url := w.start(t, w.Log, w.redis(t)) // the node that writes
		other, elsewhere := w.second(t)
		c := connect(t, elsewhere, bob)
		c.subscribe("team:"+w.team.ID, nil, "")
		c.subscribe("task:"+w.task.ID, nil, "")
		polls := other.Stats().PollHits
		for range 20 {
			w.edit(t, w.task, time.Now().String())
			for p := c.message(); p.Data.Type != "task.updated"; p = c.message() {
			}
		}
		if got := other.Stats().PollHits - polls; got > 5 {
			t.Errorf("%d of 20 changes were found by polling: the hints do not arrive", got)
		}
		w.url = url
		conn, _ := w.plain(t, "/tasks/"+w.task.ID, ann)
		sees(t, conn, ann, bob)
		w.viewing(t, other, ann, bob)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := other.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		sees(t, conn, ann)
	})
}
