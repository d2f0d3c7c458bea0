package realtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/realtime"
	"tandem/internal/redis"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// world is a node on a real database, with a team, a member and a task.
type world struct {
	*tandemtest.Env
	node *realtime.Node
	url  string

	ann, bob users.Actor
	team     teams.Team
	project  teams.Project
	task     tasks.Detail

	mu     sync.Mutex
	tokens map[string]users.Actor // what Verify knows
	lasts  time.Duration          // how long they are good for; 0: an hour

	meanwhile func()              // happens once, after a token was looked at
	forget    func(userID string) // what nodes do about a user that looks different; nil: what they do anyway
}

var errExpired = errs.Code(errs.Unauthenticated, "token_expired", "expired")

func (w *world) verify(_ context.Context, token string) (users.Actor, time.Time, error) {
	w.mu.Lock()
	defer func() {
		then := w.meanwhile
		w.meanwhile = nil
		w.mu.Unlock()
		if then != nil {
			then()
		}
	}()
	if token == "expired" {
		return users.Actor{}, time.Time{}, errExpired
	}
	a, ok := w.tokens[token]
	if !ok {
		return users.Actor{}, time.Time{}, errs.Code(errs.Unauthenticated, "token_invalid", "invalid")
	}
	lasts := time.Hour
	if w.lasts > 0 {
		lasts = w.lasts
	}
	return a, time.Now().Add(lasts), nil
}

func setUp(t *testing.T, env *tandemtest.Env) *world {
	t.Helper()
	w := &world{Env: env, ann: env.User("ann"), tokens: map[string]users.Actor{}}
	w.team = env.Team(w.ann)
	w.bob = env.Member(w.team, teams.Member)
	w.project = env.Project(w.team)
	w.task = env.Task(w.project, "first")
	for _, a := range []users.Actor{w.ann, w.bob} {
		a.SessionID = "session-" + a.Username
		w.tokens[a.Username] = a
	}
	stranger := env.User("stranger")
	w.tokens["stranger"] = stranger
	w.node, w.url = w.start(t, env.Log, nil)
	return w
}

// start runs a node on a log and gives the address of its sockets.
func (w *world) start(t *testing.T, log *events.Log, r *redis.Client) (*realtime.Node, string) {
	t.Helper()
	forget := w.forget
	if forget == nil {
		forget = w.Users.Forget
	}
	node, err := realtime.New(realtime.Options{
		Log: log, Redis: r, Verify: w.verify, TaskTeam: w.Tasks.TeamOf, Profile: w.Users.Profile, BaseURL: "http://tandem.test", Logger: w.Logger,
		CanViewTeam: func(ctx context.Context, a users.Actor, teamID string) error {
			_, err := w.Teams.AuthorizeRead(ctx, a, teamID, teams.ViewTeam)
			return err
		},
		ForgetSession: func(string) {}, ForgetMembership: w.Teams.Forget, ForgetUser: forget,
		Refuse: func(rw http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusInternalServerError
			for kind, s := range map[error]int{errs.Unauthenticated: 401, errs.Forbidden: 403, errs.NotFound: 404, errs.Gone: 410, errs.Invalid: 422, errs.TooMany: 429, errs.Unavailable: 503} {
				if errors.Is(err, kind) {
					status = s
				}
			}
			http.Error(rw, err.Error(), status)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(node.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := node.Stop(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return node, "ws" + strings.TrimPrefix(server.URL, "http") + "/ws"
}

// endSession is what ending a session elsewhere writes.
func (w *world) endSession(t *testing.T, who users.Actor) {
	t.Helper()
	if err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := w.Log.Record(t.Context(), tx, events.Nodes, &events.Message{Type: events.SessionEnded, SessionID: "session-" + who.Username, UserID: who.ID})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) { test(t, setUp(t, env)) })
}

// client speaks centrifuge's JSON protocol.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	next int
	held []reply // pushes that came while waiting for an answer
	come []reply // the rest of a frame
}

type publication struct {
	Offset uint64         `json:"offset"`
	Data   events.Message `json:"data"`
	raw    json.RawMessage
}

func (p *publication) UnmarshalJSON(text []byte) error {
	var in struct {
		Offset uint64          `json:"offset"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	p.Offset, p.raw = in.Offset, in.Data
	return json.Unmarshal(in.Data, &p.Data)
}

type reply struct {
	ID    int `json:"id"`
	Error *struct {
		Code int `json:"code"`
	} `json:"error"`
	Subscribe *struct {
		Recovered    bool          `json:"recovered"`
		Offset       uint64        `json:"offset"`
		Epoch        string        `json:"epoch"`
		Publications []publication `json:"publications"`
		Data         struct {
			Presence map[string][]tasks.Viewer `json:"presence"`
		} `json:"data"`
	} `json:"subscribe"`
	Push *struct {
		Channel     string       `json:"channel"`
		Pub         *publication `json:"pub"`
		Unsubscribe *struct {
			Code int `json:"code"`
		} `json:"unsubscribe"`
	} `json:"push"`
}

// connect opens the app's connection on a node, as its owner's token says.
func connect(t *testing.T, url, token string) *client {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial(url+"?token="+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return begin(t, conn)
}

// begin sends the connect command.
func begin(t *testing.T, conn *websocket.Conn) *client {
	t.Helper()
	c := &client{t: t, conn: conn}
	if r := c.call(map[string]any{"connect": map[string]any{}}); r.Error != nil {
		t.Fatalf("connect: %+v", r.Error)
	}
	return c
}

func (w *world) connect(t *testing.T, token string) *client {
	t.Helper()
	return connect(t, w.url, token)
}

func (c *client) call(command map[string]any) reply {
	c.t.Helper()
	c.next++
	command["id"] = c.next
	if err := c.conn.WriteJSON(command); err != nil {
		c.t.Fatal(err)
	}
	for {
		r, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		if r.ID == c.next {
			return r
		}
		c.held = append(c.held, r)
	}
}

// read returns the next reply; one frame may hold several, one a line. Pings are answered.
func (c *client) read() (reply, error) {
	for {
		if len(c.come) > 0 {
			r := c.come[0]
			c.come = c.come[1:]
			return r, nil
		}
		_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, frame, err := c.conn.ReadMessage()
		if err != nil {
			return reply{}, err
		}
		for _, line := range strings.Split(strings.TrimSpace(string(frame)), "\n") {
			if line == "{}" {
				if err := c.conn.WriteMessage(websocket.TextMessage, []byte("{}")); err != nil {
					return reply{}, err
				}
				continue
			}
			var r reply
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				return r, err
			}
			c.come = append(c.come, r)
		}
	}
}

func (c *client) subscribe(channel string, since *uint64, epoch string) reply {
	c.t.Helper()
	s := map[string]any{"channel": channel}
	if since != nil {
		s["recover"], s["offset"], s["epoch"] = true, *since, epoch
	}
	return c.call(map[string]any{"subscribe": s})
}

// push is the next thing that the server says by itself.
func (c *client) push() reply {
	c.t.Helper()
	if len(c.held) > 0 {
		r := c.held[0]
		c.held = c.held[1:]
		return r
	}
	r, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *client) message() publication {
	c.t.Helper()
	r := c.push()
	if r.Push == nil || r.Push.Pub == nil {
		c.t.Fatalf("got %+v, want a publication", r)
	}
	return *r.Push.Pub
}

func patch(title string) tasks.Patch {
	return tasks.Patch{Fields: tasks.Fields{Title: tasks.Of(title)}}
}

func TestChangesArriveInOrderFromManyWriters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.connect(t, w.bob.Username)
		start := c.subscribe("team:"+w.team.ID, nil, "").Subscribe
		const writers, each = 8, 10
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for j := range each {
					if _, err := w.Tasks.Update(t.Context(), w.ann, w.task.ID, patch(fmt.Sprintf("%d/%d", i, j)), nil); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for i := range writers * each {
			p := c.message()
			if want := start.Offset + uint64(i) + 1; p.Offset != want || p.Data.Seq != int64(want) || p.Data.Type != "task.updated" {
				t.Fatalf("got %s with offset %d and seq %d, want %d", p.Data.Type, p.Offset, p.Data.Seq, want)
			}
		}
		wg.Wait()
	})
}

func TestWhatWasMissedIsReplayed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.connect(t, w.bob.Username)
		at := c.subscribe("team:"+w.team.ID, nil, "").Subscribe
		_ = c.conn.Close()
		for i := range 5 {
			if _, err := w.Tasks.Update(t.Context(), w.ann, w.task.ID, patch(fmt.Sprint(i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		c = w.connect(t, w.bob.Username)
		again := c.subscribe("team:"+w.team.ID, &at.Offset, at.Epoch).Subscribe
		if !again.Recovered {
			t.Error("not recovered")
		}
		got := again.Publications
		for len(got) < 5 { // the newest may still be on their way to the channel
			got = append(got, c.message())
		}
		for i, p := range got {
			if p.Offset != at.Offset+uint64(i)+1 || p.Data.Changes["title"] != fmt.Sprint(i) {
				t.Errorf("change %d is %d, %v", i, p.Offset, p.Data.Changes)
			}
		}
		other := w.connect(t, w.bob.Username).subscribe("team:"+w.team.ID, &at.Offset, "another life").Subscribe
		if other.Recovered {
			t.Error("recovered though the log had another epoch")
		}
	})
}

func TestPrunedRowsAreNotRecovered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 5 {
			if _, err := w.Tasks.Update(t.Context(), w.ann, w.task.ID, patch(fmt.Sprint(i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		w.Clock.Advance(time.Hour)
		if n, err := w.Log.Prune(t.Context(), time.Minute, 2); err != nil || n == 0 {
			t.Fatalf("pruned %d, %v", n, err)
		}
		epoch, err := w.Log.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		since := uint64(1)
		r := w.connect(t, w.bob.Username).subscribe("team:"+w.team.ID, &since, epoch).Subscribe
		if r == nil || r.Recovered {
			t.Errorf("got %+v, want a subscription that did not recover", r)
		}
	})
}

func TestALostHintIsFoundByThePoll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.connect(t, w.bob.Username)
		c.subscribe("team:"+w.team.ID, nil, "")
		other := events.NewLog(w.DB) // another node's: its hints do not come here
		elsewhere := tasks.NewService(w.DB, other, w.Users, w.Notify, teams.NewService(w.DB, other, w.Users, w.Notify, []byte(tandemtest.SigningKey)))
		if _, err := elsewhere.Update(t.Context(), w.ann, w.task.ID, patch("quiet"), nil); err != nil {
			t.Fatal(err)
		}
		if p := c.message(); p.Data.Changes["title"] != "quiet" {
			t.Errorf("got %+v", p.Data)
		}
	})
}

func TestRightsAreCheckedAndEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stranger := w.connect(t, "stranger")
		for _, ch := range []string{"team:" + w.team.ID, "task:" + w.task.ID, "user:" + w.ann.ID, "team:", "nothing", "secret:x"} {
			if r := stranger.subscribe(ch, nil, ""); r.Error == nil {
				t.Errorf("a stranger listens to %q", ch)
			}
		}
		bob := w.connect(t, w.bob.Username)
		for _, ch := range []string{"team:" + w.team.ID, "task:" + w.task.ID, "user:" + w.bob.ID} {
			if r := bob.subscribe(ch, nil, ""); r.Error != nil {
				t.Fatalf("%s: got %+v", ch, r.Error)
			}
		}
		if r := bob.call(map[string]any{"publish": map[string]any{"channel": "team:" + w.team.ID, "data": map[string]any{}}}); r.Error == nil {
			t.Error("a client may publish")
		}
		if err := w.Teams.RemoveMember(t.Context(), w.ann, w.team.ID, w.bob.ID); err != nil {
			t.Fatal(err)
		}
		ended := map[string]bool{}
		for len(ended) < 2 {
			if r := bob.push(); r.Push != nil && r.Push.Unsubscribe != nil {
				ended[r.Push.Channel] = true
			}
		}
		if !ended["team:"+w.team.ID] || !ended["task:"+w.task.ID] {
			t.Errorf("got the end of %v", ended)
		}
	})
}

func TestTokens(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	for token, want := range map[string]int{"": 401, "nonsense": 401, "expired": 401, "bob": 101} {
		token := strings.ReplaceAll(token, "bob", w.bob.Username)
		for way, dial := range map[string]func() (*websocket.Conn, *http.Response, error){
			"query": func() (*websocket.Conn, *http.Response, error) {
				return websocket.DefaultDialer.Dial(w.url+"?token="+token, nil)
			},
			"header": func() (*websocket.Conn, *http.Response, error) {
				return websocket.DefaultDialer.Dial(w.url, http.Header{"Authorization": {"Bearer " + token}})
			},
			"subprotocol": func() (*websocket.Conn, *http.Response, error) {
				return (&websocket.Dialer{Subprotocols: []string{"bearer", token}}).Dial(w.url, nil)
			},
			"subprotocol of the app": func() (*websocket.Conn, *http.Response, error) {
				return (&websocket.Dialer{Subprotocols: []string{"bearer", token, "centrifuge-json"}}).Dial(w.url, nil)
			},
		} {
			conn, res, err := dial()
			if res == nil || res.StatusCode != want {
				t.Fatalf("%q by %s: got %v, %v, want %d", token, way, res, err, want)
			}
			_ = res.Body.Close()
			if err != nil {
				continue
			}
			if proto := conn.Subprotocol(); strings.HasPrefix(way, "sub") && proto != "bearer" && proto != "centrifuge-json" {
				t.Errorf("by %s: took up %q", way, proto)
			}
			c := &client{t: t, conn: conn}
			if r := c.call(map[string]any{"connect": map[string]any{}}); r.Error != nil {
				t.Errorf("by %s: connect: %+v", way, r.Error)
			}
			_ = conn.Close()
		}
	}
	bob := w.connect(t, w.bob.Username)
	w.endSession(t, w.bob)
	closedWith(t, bob, 4401)
}

func closedWith(t *testing.T, c *client, code int) {
	t.Helper()
	for {
		_, err := c.read()
		if err == nil {
			continue
		}
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != code {
			t.Errorf("got %v, want close %d", err, code)
		}
		return
	}
}

func TestForeignPagesAreRefused(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	for origin, want := range map[string]int{"https://evil.test": http.StatusForbidden, "http://tandem.test": http.StatusSwitchingProtocols, "": http.StatusSwitchingProtocols} {
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		conn, res, err := websocket.DefaultDialer.Dial(w.url+"?token="+w.bob.Username, h)
		if err == nil {
			_ = conn.Close()
		}
		if res == nil || res.StatusCode != want {
			t.Errorf("origin %q: got %v, %v, want %d", origin, res, err, want)
		}
		if res != nil {
			_ = res.Body.Close()
		}
	}
}

func TestAHerdIsServedFromMemory(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	c := w.connect(t, w.bob.Username)
	at := c.subscribe("team:"+w.team.ID, nil, "").Subscribe
	for i := range 20 {
		if _, err := w.Tasks.Update(t.Context(), w.ann, w.task.ID, patch(fmt.Sprint(i)), nil); err != nil {
			t.Fatal(err)
		}
		c.message()
	}
	before := w.node.Stats().LogReads
	for range 40 {
		if r := w.connect(t, w.bob.Username).subscribe("team:"+w.team.ID, &at.Offset, at.Epoch).Subscribe; !r.Recovered || len(r.Publications) != 20 {
			t.Fatalf("got %+v", r)
		}
	}
	if reads := w.node.Stats().LogReads - before; reads > 2 {
		t.Errorf("40 clients that came back read the log %d times", reads)
	}
}

// A client that comes while others' read of the same rows is under way must not be answered with a head
// from before what has been dispatched meanwhile: it was not there to get it, and nobody would tell it.
func TestARecoveryDoesNotShareAnOlderRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		since, _, err := w.Log.Replay(t.Context(), w.team.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.edit(t, w.task, fmt.Sprint(time.Now()))
		}
		// Somebody listens from here on, so the rows before are not in memory.
		c := w.connect(t, w.bob.Username)
		c.subscribe("team:"+w.team.ID, nil, "")
		w.edit(t, w.task, "dispatched")
		c.message()
		release := make(chan struct{})
		go func() {
			pause(t, 50*time.Millisecond) // for the read to join; if it has not, it is right anyway
			close(release)
		}()
		head, err := w.node.ReadDuring(t.Context(), w.team.ID, since, release)
		if err != nil || head != since+4 {
			t.Errorf("got head %d, %v, want %d", head, err, since+4)
		}
	})
}

// After a restart nothing is in memory yet: one read serves all who are as far behind, and none those who
// missed nothing.
func TestAHerdOfANodeThatStartedIsServedFromMemory(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	for i := range 5 {
		w.edit(t, w.task, fmt.Sprint(i))
	}
	epoch, err := w.Log.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head, _, err := w.Log.Replay(t.Context(), w.team.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, behind := range []int64{3, 0} {
		before := w.node.Stats().LogReads
		since := uint64(head - behind)
		for range 20 {
			r := w.connect(t, w.bob.Username).subscribe("team:"+w.team.ID, &since, epoch).Subscribe
			if !r.Recovered || len(r.Publications) != int(behind) {
				t.Fatalf("%d behind: got %+v", behind, r)
			}
		}
		if reads := w.node.Stats().LogReads - before; reads > 3 {
			t.Errorf("20 clients that were %d behind read the log %d times", behind, reads)
		}
	}
}

// A node keeps profiles for a minute. Whoever hears that somebody has another name, and reads again there, must not
// meet the one before.
func TestOtherNodesForgetHowSomebodyLooked(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		w := setUp(t, env)
		elsewhere, forgotten := users.NewService(w.DB), make(chan string, 1)
		w.forget = func(id string) { elsewhere.Forget(id); forgotten <- id }
		w.start(t, w.Log, nil)
		before, err := elsewhere.Profile(t.Context(), w.bob.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Users.UpdateMe(t.Context(), w.bob, users.Patch{Name: new("Bob Lee")}); err != nil {
			t.Fatal(err)
		}
		select {
		case id := <-forgotten:
			if id != w.bob.ID {
				t.Errorf("got %s, want %s", id, w.bob.ID)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the node was not told")
		}
		if now, err := elsewhere.Profile(t.Context(), w.bob.ID); err != nil || now.Name != "Bob Lee" || before.Name == now.Name {
			t.Errorf("got %q, then %q, %v", before.Name, now.Name, err)
		}
	})
}
