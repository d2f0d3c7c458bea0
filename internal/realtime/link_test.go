package realtime_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/internal/tandemtest"
)

// A client that reads too slowly is cut off, in a frame or after one, and comes back.
func TestAClientThatReadsTooSlowlyCatchesUp(t *testing.T) {
	t.Parallel()
	w := setUp(t, tandemtest.New(t))
	slow := begin(t, w.narrow(t, ""))
	was := slow.subscribe("team:"+w.team.ID, nil, "").Subscribe
	last := was.Offset
	for range 2 { // the first fills what the kernel holds, the second more than the queue
		w.flood(t)
	}
	head, _, err := w.Log.Replay(t.Context(), w.team.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for w.node.Stats().Connections > 0 {
		pause(t, 10*time.Millisecond)
	}
	for {
		r, err := slow.read()
		if err != nil {
			break
		}
		if r.Push == nil {
			continue
		}
		if r.Push.Pub.Offset != last+1 {
			t.Fatalf("got %d after %d", r.Push.Pub.Offset, last)
		}
		last = r.Push.Pub.Offset
	}
	if last >= uint64(head) { //nolint:gosec // a seq
		t.Fatal("it got all: the reader was not slow")
	}
	// What it missed is more than a connection may hold: it is told so, and reads the snapshot.
	for at := uint64(0); at < uint64(head); pause(t, 10*time.Millisecond) { //nolint:gosec // a seq; the second flood may be on its way yet
		again := w.connect(t, w.bob.Username).subscribe("team:"+w.team.ID, &last, was.Epoch).Subscribe
		if at = again.Offset; again.Recovered || len(again.Publications) > 0 {
			t.Fatalf("recovered %t with %d changes, want none", again.Recovered, len(again.Publications))
		}
	}
	few := uint64(head) - 5 //nolint:gosec // a seq
	again := w.connect(t, w.bob.Username).subscribe("team:"+w.team.ID, &few, was.Epoch).Subscribe
	if !again.Recovered || len(again.Publications) != 5 {
		t.Errorf("recovered %t with %d changes, want 5", again.Recovered, len(again.Publications))
	}
}

func TestTheAppsSocketsAnswerPingsAndCloses(t *testing.T) {
	t.Parallel()
	w := setUp(t, tandemtest.New(t))
	c := w.connect(t, w.bob.Username)
	pong := make(chan string, 1)
	c.conn.SetPongHandler(func(text string) error { pong <- text; return nil })
	if err := c.conn.WriteControl(websocket.PingMessage, []byte("you?"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	closedWith(t, c, 1000)
	if got := <-pong; got != "you?" {
		t.Errorf("got pong %q", got)
	}
}

// Clients may speak protobuf, each message with its length before it.
func TestTheAppsSocketsSpeakProtobuf(t *testing.T) {
	t.Parallel()
	w := setUp(t, tandemtest.New(t))
	dialer := websocket.Dialer{Subprotocols: []string{"bearer", "centrifuge-protobuf"}}
	conn, res, err := dialer.Dial(w.url, http.Header{"Authorization": {"Bearer " + w.bob.Username}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if got := conn.Subprotocol(); got != "centrifuge-protobuf" {
		t.Errorf("got subprotocol %q", got)
	}
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte{4, 0x08, 1, 0x22, 0}); err != nil { // {id: 1, connect: {}}
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, got, err := conn.ReadMessage()
	if err != nil || kind != websocket.BinaryMessage {
		t.Fatalf("got kind %d, %v", kind, err)
	}
	if len(got) < 4 || int(got[0]) != len(got)-1 || !bytes.HasPrefix(got[1:], []byte{0x08, 1}) {
		t.Errorf("got % x, want a length and the reply to command 1", got)
	}
}
