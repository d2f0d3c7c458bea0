package realtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/realtime"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
)

// plain opens a plain socket; status is what a refused handshake is answered with.
func (w *world) plain(t *testing.T, path, token string) (conn *websocket.Conn, status int) {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial(w.url+path, http.Header{"Authorization": {"Bearer " + token}})
	if res == nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if conn != nil {
		t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, res.StatusCode
}

// heard is the next message of a plain socket, as it is on the wire.
func heard(t *testing.T, conn *websocket.Conn) (m struct {
	events.Message
	Users []tasks.Viewer `json:"users"`
}, raw string) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, text, err := conn.ReadMessage()
	if err != nil || kind != websocket.TextMessage {
		t.Fatalf("got kind %d, %v", kind, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m, string(text)
}

// change is the next message that is no presence.
func change(t *testing.T, conn *websocket.Conn) events.Message {
	t.Helper()
	for {
		if m, _ := heard(t, conn); m.Type != "presence.changed" {
			return m.Message
		}
	}
}

func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

func closes(t *testing.T, conn *websocket.Conn, code int) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(45 * time.Second))
	for {
		_, _, err := conn.ReadMessage()
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

func (w *world) edit(t *testing.T, task tasks.Detail, title string) {
	t.Helper()
	if _, err := w.Tasks.Update(t.Context(), w.ann, task.ID, patch(title), nil); err != nil {
		t.Fatal(err)
	}
}

func TestPlainSocketsRefuseBeforeTheUpgrade(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	for _, c := range []struct {
		path, token string
		want        int
	}{
		{"/teams/" + w.team.ID, "nonsense", 401},
		{"/teams/" + w.team.ID, "expired", 401},
		{"/teams/" + w.team.ID, "stranger", 404},
		{"/teams/0192", w.bob.Username, 404},
		{"/tasks/" + w.task.ID, "stranger", 404},
		{"/tasks/0192", w.bob.Username, 404},
		{"/notifications", "nonsense", 401},
		{"/nothing", w.bob.Username, 404},
		{"/teams/" + w.team.ID + "?since=x", w.bob.Username, 422},
		{"/teams/" + w.team.ID + "?since=-1", w.bob.Username, 422},
		{"/teams/" + w.team.ID + "?since=999", w.bob.Username, 410},
		{"/teams/" + w.team.ID + "?since=0", w.bob.Username, 101},
		{"/tasks/" + w.task.ID, w.bob.Username, 101},
		{"/notifications", w.bob.Username, 101},
	} {
		if _, got := w.plain(t, c.path, c.token); got != c.want {
			t.Errorf("%s as %q: got %d, want %d", c.path, c.token, got, c.want)
		}
	}
	w.Clock.Advance(time.Hour)
	for i := range 3 {
		w.edit(t, w.task, fmt.Sprint(i))
	}
	w.Clock.Advance(time.Hour)
	if n, err := w.Log.Prune(t.Context(), time.Minute, 1); err != nil || n == 0 {
		t.Fatalf("pruned %d, %v", n, err)
	}
	if _, got := w.plain(t, "/teams/"+w.team.ID+"?since=1", w.bob.Username); got != 410 {
		t.Errorf("since a pruned change: got %d, want 410", got)
	}
}

func TestPlainSocketsCarryTheBareMessages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.Task(w.project, "other")
		team, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
		task, _ := w.plain(t, "/tasks/"+w.task.ID, w.bob.Username)
		w.edit(t, w.task, "one")
		w.edit(t, other, "two")
		if _, err := w.Tasks.AddComment(t.Context(), w.ann, w.task.ID, "hello"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tasks.Move(t.Context(), w.ann, tasks.MoveInput{TaskIDs: []string{other.ID, w.task.ID}, Status: "done"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Tasks.Delete(t.Context(), w.ann, other.ID, nil); err != nil {
			t.Fatal(err)
		}
		head, rows, err := w.Log.Replay(t.Context(), w.team.ID, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		rows = rows[len(rows)-5:]
		for _, r := range rows {
			if _, raw := heard(t, team); raw != string(r.Data) {
				t.Errorf("the team got %s, want the row %s", raw, r.Data)
			}
		}
		for _, want := range []string{"task.updated", "comment.added", "task.moved"} {
			if m := change(t, task); m.Type != want {
				t.Errorf("the task got %s, want %s", m.Type, want)
			}
		}
		again, _ := w.plain(t, fmt.Sprintf("/teams/%s?since=%d", w.team.ID, head-2), w.bob.Username)
		if a, b := change(t, again), change(t, again); a.Seq != head-1 || b.Seq != head {
			t.Errorf("since %d: got %d and %d", head-2, a.Seq, b.Seq)
		}
		missed, _ := w.plain(t, fmt.Sprintf("/tasks/%s?since=%d", w.task.ID, head-5), w.bob.Username)
		for _, want := range []string{"task.updated", "comment.added", "task.moved"} {
			if m := change(t, missed); m.Type != want {
				t.Errorf("what the task missed: got %s, want %s", m.Type, want)
			}
		}
	})
}

func TestPlainSocketsOfAnotherLifeOfTheLogReadTheSnapshot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.edit(t, w.task, "one")
		epoch, err := w.Log.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, status := w.plain(t, "/teams/"+w.team.ID+"?since=1&epoch=another", w.bob.Username); status != http.StatusGone {
			t.Errorf("another epoch: got %d, want %d", status, http.StatusGone)
		}
		conn, _ := w.plain(t, "/teams/"+w.team.ID+"?since=1&epoch="+epoch, w.bob.Username)
		if m := change(t, conn); m.Seq != 2 {
			t.Errorf("got %d, want 2", m.Seq)
		}
	})
}

func TestPlainSocketsEndWithTheirRight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		team, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
		task, _ := w.plain(t, "/tasks/"+w.task.ID, w.bob.Username)
		mine, _ := w.plain(t, "/notifications", w.bob.Username)
		ann, _ := w.plain(t, "/teams/"+w.team.ID, w.ann.Username)
		if err := w.Teams.RemoveMember(t.Context(), w.ann, w.team.ID, w.bob.ID); err != nil {
			t.Fatal(err)
		}
		closes(t, team, 4403)
		closes(t, task, 4403)
		w.endSession(t, w.bob)
		closes(t, mine, 4401)
		if m := change(t, ann); m.Type != "member.removed" {
			t.Errorf("who stays got %s", m.Type)
		}
		if err := w.Teams.DeleteTeam(t.Context(), w.ann, w.team.ID); err != nil {
			t.Fatal(err)
		}
		closes(t, ann, 4403)
	})
}

// Only who lost a right while they connected is sent away.
func TestRightsThatEndDuringTheHandshake(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		eve := w.Member(w.team, teams.Member)
		eve.SessionID = "session-" + eve.Username
		w.mu.Lock()
		w.tokens[eve.Username] = eve
		w.mu.Unlock()
		meanwhile := func(then func()) {
			w.mu.Lock()
			w.meanwhile = then
			w.mu.Unlock()
		}
		hers, _ := w.plain(t, "/teams/"+w.team.ID, eve.Username)
		meanwhile(func() {
			if err := w.Teams.RemoveMember(t.Context(), w.ann, w.team.ID, eve.ID); err != nil {
				t.Error(err)
			}
			closes(t, hers, 4403)
		})
		bobs, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
		w.edit(t, w.task, "bob still listens")
		if m := change(t, bobs); m.Type != "task.updated" {
			t.Errorf("got %s, want the edit", m.Type)
		}
		meanwhile(func() {
			w.mu.Lock()
			delete(w.tokens, w.bob.Username)
			w.mu.Unlock()
			w.endSession(t, w.bob)
			closes(t, bobs, 4401)
		})
		late, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
		closes(t, late, 4401)
	})
}

func TestTheSocketOfNotificationsCarriesThemAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		conn, _ := w.plain(t, "/notifications", w.bob.Username)
		if err := w.Tasks.Watch(ctx, w.bob, w.task.ID, true); err != nil {
			t.Fatal(err)
		}
		var ids []string
		mention := func() tasks.Comment {
			t.Helper()
			c, err := w.Tasks.AddComment(ctx, w.ann, w.task.ID, "@"+w.bob.Username)
			if err != nil {
				t.Fatal(err)
			}
			m, _ := heard(t, conn)
			n := m.Notification.(map[string]any)
			if m.Type != "notification.created" || n["type"] != "mention" || m.Seq == 0 || *m.Unread != 1 {
				t.Fatalf("got %+v, want a mention", m.Message)
			}
			ids = append(ids, n["id"].(string))
			return c
		}
		w.edit(t, w.task, "in bob's own stream, and not for this socket")
		viewer, _ := w.plain(t, "/tasks/"+w.task.ID, w.ann.Username)
		heard(t, viewer) // ann is present
		comment := mention()
		_, err := w.Notify.MarkRead(ctx, w.bob, ids[0])
		deleteErr := w.Tasks.DeleteComment(ctx, w.ann, comment.ID, nil)
		if err := errors.Join(err, deleteErr); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"notification.read", "notification.deleted"} {
			if m, _ := heard(t, conn); m.Type != kind || !slices.Equal(m.IDs, ids) || *m.Unread != 0 {
				t.Errorf("got %+v, want %s of %v", m.Message, kind, ids)
			}
		}
		mention()
		if _, err := w.Notify.MarkAllRead(ctx, w.bob, ""); err != nil {
			t.Fatal(err)
		}
		if m, _ := heard(t, conn); m.Type != "notification.read" || !m.All || m.IDs != nil || *m.Unread != 0 {
			t.Errorf("got %+v, want all of them read", m.Message)
		}
	})
}

func TestPlainSocketsEndWithTheirToken(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	w.lasts = 1500 * time.Millisecond
	conn, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
	closes(t, conn, 4401)
}

func TestAStoppingNodeSendsItsSocketsElsewhere(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	plain, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
	app := w.connect(t, w.bob.Username)
	for w.node.Stats().Connections < 2 { // the answer to a handshake comes before its entry
		pause(t, time.Millisecond)
	}
	began := time.Now()
	w.node.Drain(t.Context(), 200*time.Millisecond)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("two connections drained within %v, want them spread", took)
	}
	closes(t, plain, 1001)
	closedWith(t, app, 3001)
	if _, got := w.plain(t, "/teams/"+w.team.ID, w.bob.Username); got != http.StatusServiceUnavailable {
		t.Errorf("a new connection: got %d, want 503", got)
	}
}

func TestPlainSocketsOnlyListen(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	chatty, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
	for range realtime.MaxPerSecond*2 + 10 { // a second may end in between
		if chatty.WriteMessage(websocket.TextMessage, []byte("hi")) != nil {
			break
		}
	}
	closes(t, chatty, 4429)
	long, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
	_ = long.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 5000)))
	closes(t, long, 1009)
}

func TestPlainSocketsAnswerPings(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	conn, _ := w.plain(t, "/teams/"+w.team.ID, w.bob.Username)
	pong := make(chan struct{}, 1)
	conn.SetPongHandler(func(string) error { pong <- struct{}{}; return nil })
	go func() { _, _, _ = conn.ReadMessage() }()
	if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-pong:
	case <-time.After(5 * time.Second):
		t.Error("no pong")
	}
}

// narrow opens a socket that holds little of what its reader has not read.
func (w *world) narrow(t *testing.T, path string) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		return c, err
	}}
	conn, res, err := dialer.Dial(w.url+path+"?token="+w.bob.Username, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// flood logs changes that are more than a narrow socket's buffers hold, all at once: a busy machine would
// take so long to make them that a reader who waits for them seems gone.
func (w *world) flood(t *testing.T) {
	t.Helper()
	text := strings.Repeat("slow ", 18_000)
	var changes []*events.Message
	for i := range 60 {
		changes = append(changes, &events.Message{Type: "task.updated", TaskID: w.task.ID, Changes: map[string]any{"description": text + fmt.Sprint(i)}})
	}
	if err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := w.Log.Record(t.Context(), tx, w.team.ID, changes...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// What does not go out at once is in the middle of a frame when other frames are due.
func TestAReaderThatPausesMissesNothing(t *testing.T) {
	t.Parallel()
	w := setUp(t, tandemtest.New(t))
	w.node.SetWriteWithin(time.Minute) // a busy machine pauses for long
	seq, _, err := w.Log.Replay(t.Context(), w.team.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := w.narrow(t, "/teams/"+w.team.ID)
	pongs := 0
	conn.SetPongHandler(func(string) error {
		pongs++
		return nil
	})
	for range 2 {
		w.flood(t)
		if err := conn.WriteMessage(websocket.PingMessage, nil); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			if got := change(t, conn).Seq; got != seq+1 {
				t.Fatalf("got %d, want %d", got, seq+1)
			}
			seq++
		}
		w.edit(t, w.task, fmt.Sprint("small ", seq))
		if got := change(t, conn).Seq; got != seq+1 {
			t.Fatalf("got %d, want %d", got, seq+1)
		}
		seq++
	}
	for i := range 100 { // pongs are seen while messages are read
		if pongs == 2 {
			return
		}
		w.edit(t, w.task, fmt.Sprint("more ", i))
		change(t, conn)
	}
	t.Errorf("got %d pongs, want 2", pongs)
}

// A reader that stops for too long is told so once it reads on, and gets all when it comes back.
func TestASlowReaderIsClosedAndCatchesUp(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	w.node.SetWriteWithin(300 * time.Millisecond)
	before, _, err := w.Log.Replay(t.Context(), w.team.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := w.narrow(t, "/teams/"+w.team.ID)
	w.flood(t)
	head, _, err := w.Log.Replay(t.Context(), w.team.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	pause(t, time.Second)
	var seqs []int64
	for {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, text, err := conn.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if !errors.As(err, &closed) || closed.Code != 4408 {
				t.Fatalf("got %v after %d messages, want close 4408", err, len(seqs))
			}
			break
		}
		var m events.Message
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, m.Seq)
	}
	if len(seqs) == 0 || seqs[len(seqs)-1] == head {
		t.Fatalf("got %d messages before the close: the reader was not slow", len(seqs))
	}
	again, _ := w.plain(t, fmt.Sprintf("/teams/%s?since=%d", w.team.ID, seqs[len(seqs)-1]), w.bob.Username)
	for seqs[len(seqs)-1] < head {
		seqs = append(seqs, change(t, again).Seq)
	}
	for i, seq := range seqs {
		if seq != before+int64(i)+1 {
			t.Fatalf("message %d has seq %d, want %d: %v", i, seq, before+int64(i)+1, seqs)
		}
	}
}

func TestConnectionsOfAUserAreLimited(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	for range 25 {
		w.plain(t, "/notifications", w.bob.Username)
		w.connect(t, w.bob.Username)
	}
	for w.node.Stats().Connections < 50 { // a handshake is answered before it counts
		pause(t, time.Millisecond)
	}
	if _, got := w.plain(t, "/notifications", w.bob.Username); got != http.StatusTooManyRequests {
		t.Errorf("the 51st: got %d, want 429", got)
	}
	if _, got := w.plain(t, "/notifications", w.ann.Username); got != http.StatusSwitchingProtocols {
		t.Errorf("somebody else's first: got %d", got)
	}
}

func TestClientsAreLimited(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	fast := w.connect(t, w.bob.Username)
	for i := range realtime.MaxPerSecond*2 + 10 {
		if fast.conn.WriteJSON(map[string]any{"id": 1000 + i, "rpc": map[string]any{"method": "nothing"}}) != nil {
			break
		}
	}
	closedWith(t, fast, 3013)
	long := w.connect(t, w.bob.Username)
	_ = long.conn.WriteMessage(websocket.TextMessage, []byte(`{"id":9,"rpc":{"method":"`+strings.Repeat("x", 70_000)+`"}}`))
	closedWith(t, long, 1009)
	many := w.connect(t, w.bob.Username)
	for i := range 101 {
		if i == 60 {
			pause(t, time.Second) // or it is refused for its haste
		}
		task := w.Task(w.project, fmt.Sprint(i))
		if r := many.subscribe("task:"+task.ID, nil, ""); (r.Error != nil && r.Error.Code == 106) != (i == 100) {
			t.Fatalf("channel %d: got %+v", i+1, r.Error)
		}
	}
}

// Without WebSockets the app's connection is one long answer and separate requests.
func TestStreamingOverHTTP(t *testing.T) {
	w := setUp(t, tandemtest.New(t))
	base := "http" + strings.TrimPrefix(w.url, "ws")
	post := func(path, body string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+w.bob.Username)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	stream := json.NewDecoder(post("/stream", `{"id":1,"connect":{}}`).Body)
	var hello struct {
		Connect struct{ Session, Node string }
	}
	if err := stream.Decode(&hello); err != nil || hello.Connect.Session == "" {
		t.Fatalf("got %+v, %v", hello, err)
	}
	command, err := json.Marshal(map[string]any{"session": hello.Connect.Session, "node": hello.Connect.Node, "data": `{"id":2,"subscribe":{"channel":"team:` + w.team.ID + `"}}`})
	if err != nil {
		t.Fatal(err)
	}
	if res := post("/emulation", string(command)); res.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(res.Body)
		t.Fatalf("got %d %s", res.StatusCode, text)
	}
	var r reply
	for r.Subscribe == nil {
		if err := stream.Decode(&r); err != nil {
			t.Fatal(err)
		}
	}
	w.edit(t, w.task, "streamed")
	for r.Push == nil || r.Push.Pub == nil {
		if err := stream.Decode(&r); err != nil {
			t.Fatal(err)
		}
	}
	if r.Push.Pub.Data.Changes["title"] != "streamed" {
		t.Errorf("got %+v", r.Push.Pub.Data)
	}
}

func names(list []tasks.Viewer) (out []string) {
	for _, v := range list {
		name := v.Username
		if v.Editing != nil {
			name += " edits " + *v.Editing
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
