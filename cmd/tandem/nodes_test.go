package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func redisURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("TANDEM_TEST_REDIS")
	if url == "" {
		t.Fatal("TANDEM_TEST_REDIS is not set: run the tests in scripts/with-services.sh")
	}
	return url
}

// follow reads a team's socket and sends each message's seq, until the connection ends.
func follow(t *testing.T, s *server, path, token string, each func(seq int64)) error {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+path, http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	defer func() { _ = conn.Close() }()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		var m struct{ Seq int64 }
		if err := json.Unmarshal(text, &m); err != nil {
			return err
		}
		if m.Seq > 0 {
			each(m.Seq)
		}
	}
}

// Two nodes that know nothing of each other but the database.
func TestNodesWithoutRedisFollowTheDatabase(t *testing.T) {
	t.Parallel()
	environ := []string{"TANDEM_DATABASE_URL=" + postgres(t), "TANDEM_SIGNING_KEY=" + key}
	a, b := serve(t, t.TempDir(), environ...), serve(t, t.TempDir(), environ...)
	ann := a.register(t, "ann").AccessToken
	var team, project struct{ ID string }
	a.want(t, 201, "POST", "/api/teams", ann, map[string]any{"name": "Lamp"}, &team)
	a.want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", ann, map[string]any{"name": "Lamp", "key": "LAMP"}, &project)
	seqs := make(chan int64, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- follow(t, b, "/ws/teams/"+team.ID+"?since=0", ann, func(seq int64) { seqs <- seq })
	}()
	if seq := <-seqs; seq != 1 {
		t.Fatalf("got %d first", seq)
	}
	a.want(t, 201, "POST", "/api/projects/"+project.ID+"/tasks", ann, map[string]any{"title": "x"}, nil)
	select {
	case seq := <-seqs:
		if seq != 2 {
			t.Errorf("got %d, want 2", seq)
		}
	case <-time.After(patience):
		t.Error("the change of one node does not reach the other")
	}
	var sessions struct{ Items []struct{ ID string } }
	b.want(t, 200, "GET", "/api/me/sessions", ann, nil, &sessions) // the other node remembers it now
	a.want(t, 204, "DELETE", "/api/me/sessions/"+sessions.Items[0].ID, ann, nil, nil)
	select {
	case err := <-ended:
		if !websocket.IsCloseError(err, 4401) {
			t.Errorf("got %v, want close 4401", err)
		}
	case <-time.After(patience):
		t.Error("a session that ended on one node is alive on the other")
	}
	if got := b.call(t, "GET", "/api/teams", ann, nil); got.status != 401 {
		t.Errorf("the other node answers %d to the ended session's token", got.status)
	}
}

func TestANodeServesWithoutRedis(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "TANDEM_REDIS_URL=redis://127.0.0.1:1")
	if a := s.want(t, 200, "GET", "/readyz", "", nil, nil); !strings.Contains(a.text, `"redis":"degraded"`) || !strings.Contains(a.text, `"status":"degraded"`) {
		t.Errorf("got %s, want it degraded", a.text)
	}
	s.register(t, "ann")
	s.signal(t, syscall.SIGTERM)
	if state := s.wait(t); state.ExitCode() != 0 {
		t.Errorf("got %s, want exit code 0", state)
	}
}

// Who was present through a node that is killed is gone within a minute, and those who stop properly at
// once.
func TestPresenceEndsWithItsNode(t *testing.T) {
	t.Parallel()
	environ := []string{"TANDEM_DATABASE_URL=" + postgres(t), "TANDEM_REDIS_URL=" + redisURL(t), "TANDEM_SIGNING_KEY=" + key}
	a, b, c := serve(t, t.TempDir(), environ...), serve(t, t.TempDir(), environ...), serve(t, t.TempDir(), environ...)
	ann := a.register(t, "ann").AccessToken
	var team, project, task struct{ ID string }
	a.want(t, 201, "POST", "/api/teams", ann, map[string]any{"name": "Lamp"}, &team)
	a.want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", ann, map[string]any{"name": "Lamp", "key": "LAMP"}, &project)
	a.want(t, 201, "POST", "/api/projects/"+project.ID+"/tasks", ann, map[string]any{"title": "x"}, &task)
	present := func() int {
		var list struct{ Items []struct{ ID string } }
		a.want(t, 200, "GET", "/api/tasks/"+task.ID+"/presence", ann, nil, &list)
		return len(list.Items)
	}
	for _, n := range []*server{b, c} {
		go func() { _ = follow(t, n, "/ws/tasks/"+task.ID, ann, func(int64) {}) }()
		eventually(t, "she is seen from the first node", func() bool { return present() == 1 })
		began := time.Now()
		if n == b {
			n.stop(t)
		} else {
			n.signal(t, syscall.SIGKILL)
		}
		eventually(t, "she is gone", func() bool { return present() == 0 })
		if took := time.Since(began); took > time.Minute {
			t.Errorf("gone after %v", took)
		}
	}
}

// balancer knows which nodes are ready, as a load balancer does that asks every 50 ms.
type balancer struct {
	mu    sync.Mutex
	nodes []*server
	ready map[*server]bool
	next  int
}

func (b *balancer) set(nodes ...*server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes, b.ready = slices.Clone(nodes), map[*server]bool{}
}

func (b *balancer) run(ctx context.Context) {
	for t := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		b.mu.Lock()
		nodes := append([]*server(nil), b.nodes...)
		b.mu.Unlock()
		for _, n := range nodes {
			ok := false
			if req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/readyz", nil); err == nil {
				if res, err := http.DefaultClient.Do(req); err == nil {
					ok = res.StatusCode == http.StatusOK
					_ = res.Body.Close()
				}
			}
			b.mu.Lock()
			b.ready[n] = ok
			b.mu.Unlock()
		}
	}
}

func (b *balancer) pick() *server {
	for {
		b.mu.Lock()
		for range b.nodes {
			b.next++
			if n := b.nodes[b.next%len(b.nodes)]; b.ready[n] {
				b.mu.Unlock()
				return n
			}
		}
		b.mu.Unlock()
		<-time.After(5 * time.Millisecond)
	}
}

// Each node is stopped and started in its turn, while people write and listen: nobody is refused, and
// those who listen miss nothing.
func TestARollingRestartLosesNothing(t *testing.T) {
	t.Parallel()
	environ := []string{"TANDEM_DATABASE_URL=" + postgres(t), "TANDEM_REDIS_URL=" + redisURL(t), "TANDEM_SIGNING_KEY=" + key, "TANDEM_SHUTDOWN_DELAY=1s", "TANDEM_RATE_LIMITS=off", "TANDEM_LOG_LEVEL=warn"}
	start := func() *server { return serve(t, t.TempDir(), environ...) }
	nodes := []*server{start(), start()}
	ann := nodes[0].register(t, "ann").AccessToken
	var team, project struct{ ID string }
	nodes[0].want(t, 201, "POST", "/api/teams", ann, map[string]any{"name": "Lamp"}, &team)
	nodes[0].want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", ann, map[string]any{"name": "Lamp", "key": "LAMP"}, &project)
	lb := &balancer{}
	lb.set(nodes...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go lb.run(ctx)

	var listeners, writers sync.WaitGroup
	heard := make([][]int64, 10)
	var mu sync.Mutex
	for i := range heard {
		listeners.Go(func() {
			var last int64
			for ctx.Err() == nil {
				_ = follow(t, lb.pick(), fmt.Sprintf("/ws/teams/%s?since=%d", team.ID, last), ann, func(seq int64) {
					mu.Lock()
					heard[i], last = append(heard[i], seq), seq
					mu.Unlock()
				})
			}
		})
	}
	client := &http.Client{Timeout: patience}
	working, finish := context.WithCancel(ctx)
	var written int
	for w := range 4 {
		writers.Go(func() {
			for i := 0; working.Err() == nil; i++ {
				body, _ := json.Marshal(map[string]any{"title": fmt.Sprintf("%d/%d", w, i)})
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, lb.pick().url+"/api/projects/"+project.ID+"/tasks", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+ann)
				req.Header.Set("Content-Type", "application/json")
				res, err := client.Do(req)
				if err != nil {
					t.Errorf("a request failed: %v", err)
					continue
				}
				text, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if res.StatusCode != http.StatusCreated {
					t.Errorf("got %d %s", res.StatusCode, text)
				}
				mu.Lock()
				written++
				mu.Unlock()
				<-time.After(10 * time.Millisecond)
			}
		})
	}
	for i, n := range nodes {
		n.signal(t, syscall.SIGTERM)
		if state := n.wait(t); state.ExitCode() != 0 {
			t.Errorf("got %s, want exit code 0", state)
		}
		nodes[i] = start()
		lb.set(nodes...)
	}
	finish()
	writers.Wait()
	head := int64(written) + 1 // and the project
	eventually(t, "all have heard everything", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, seqs := range heard {
			if len(seqs) == 0 || seqs[len(seqs)-1] < head {
				return false
			}
		}
		return true
	})
	stop()
	for _, n := range nodes {
		n.signal(t, syscall.SIGKILL)
	}
	listeners.Wait()
	for i, seqs := range heard {
		for j, seq := range seqs {
			if seq != int64(j)+1 {
				t.Fatalf("listener %d heard %d as number %d", i, seq, j+1)
			}
		}
	}
	t.Logf("%d writes and %d listeners through two restarts", written, len(heard))
}
