package realtime

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"tandem/internal/errs"
	"tandem/internal/users"
)

const (
	writeWithin = 5 * time.Second // how long a frame may take; a reader that needs more is too slow
	plainPing   = 25 * time.Second
	plainPong   = 10 * time.Second // how long after a ping a peer may be silent
	partWithin  = 30 * time.Second // how long a slow reader has for the rest of a frame, to learn why it is closed
	plainRead   = 4 << 10          // plain sockets only listen
)

// socket is a plain RFC 6455 socket: the messages of a stream, one JSON text frame each. It has no
// queue that could overflow: it remembers how far it is in the stream and reads on from there, from
// the stream's tail or the log, as fast as its reader takes frames. A socket that has all before is
// written to by who dispatches, as far as that does not wait; the rest is its own goroutine's.
type socket struct {
	n       *Node
	conn    *websocket.Conn
	actor   users.Actor
	expires time.Time
	channel string // whose right it needs
	stream  *stream
	wanted  func(*entry) bool // nil: all
	id      string            // among the connections
	task    string            // the task that is looked at, if it is one
	team    string
	alive   chan struct{} // closed when the peer is gone
	news    chan struct{}
	raw     syscall.RawConn // nil: cannot be written to without waiting

	writing sync.Mutex // held by who writes to the connection
	seq     int64      // how far it is
	rest    []byte     // of a frame that was begun

	mu      sync.Mutex
	closing *closing
	ping    bool
	pong    bool
	note    []byte // the last presence message, not yet sent
	pace    pace
}

type closing struct {
	code   uint16
	reason string
}

// plain answers a plain socket's handshake: who asks must be somebody, may see the thing, and gets
// what was missed since the given seq first.
func (n *Node) plain(w http.ResponseWriter, r *http.Request, channel, streamID string, wanted func(*entry) bool) {
	a, ok := admitted(r)
	if !ok {
		return
	}
	ctx := r.Context()
	s, err := n.broker.attach(ctx, streamID, "")
	if err != nil {
		n.o.Refuse(w, r, err)
		return
	}
	k := &socket{n: n, actor: a.actor, expires: a.expires, channel: channel, stream: s, wanted: wanted, id: uuid.NewString(),
		alive: make(chan struct{}), news: make(chan struct{}, 1)}
	if k.seq, err = n.start(ctx, r, s); err != nil {
		n.broker.detach(streamID, "")
		n.o.Refuse(w, r, err)
		return
	}
	if k.conn, err = n.upgrade(w, r, "bearer"); err != nil {
		n.broker.detach(streamID, "")
		return // the upgrader has answered
	}
	k.listen()
	if c, ok := k.conn.NetConn().(syscall.Conn); ok {
		k.raw, _ = c.SyscallConn()
	}
	if task, ok := strings.CutPrefix(channel, taskPrefix); ok {
		k.task, k.team = task, streamID
		n.enter(ctx, k.team, k.id, task, k.actor)
	}
	s.add(k)
	n.addSocket(k)
	if n.draining.Load() {
		k.close(serverStops.code, serverStops.reason)
	}
	if n.drops.Load() != a.drops {
		k.lookAgain(ctx, a.token)
	}
	k.wake()
	go k.read()
	go k.run() //nolint:contextcheck,gosec // it outlives the request
}

// start is the seq that a socket begins after: the one it asks for, or the head. Who says of which epoch
// that seq is (a board and a page of events do) is told when it is of another life of the log, which a
// restored backup begins: there may be a change of that number, and it is not the one that was missed.
func (n *Node) start(ctx context.Context, r *http.Request, s *stream) (int64, error) {
	text, given := r.URL.Query().Get("since"), r.URL.Query().Has("since")
	head, _, err := n.o.Log.Replay(ctx, s.id, 0, 0)
	if err != nil || !given {
		return head, err
	}
	since, err := strconv.ParseInt(text, 10, 64)
	if err != nil || since < 0 {
		return 0, errs.Field("query.since", "must be the seq of a message, a number from 0 on")
	}
	if epoch := r.URL.Query().Get("epoch"); epoch != "" && epoch != n.epoch {
		return 0, errs.Code(errs.Gone, "pruned", "the changes after %d of this epoch are no longer kept: read the snapshot again", since)
	}
	if since > head {
		return 0, errs.Code(errs.Gone, "pruned", "there is no change %d: read the snapshot again", since)
	}
	_, _, err = n.o.Log.Replay(ctx, s.id, since, 1)
	return since, err
}

// upgrade makes a socket of a request. Browsers break it off unless one of the subprotocols that they
// offered is taken up, and they bring their token as one.
func (n *Node) upgrade(w http.ResponseWriter, r *http.Request, protocols ...string) (*websocket.Conn, error) {
	upgrader := websocket.Upgrader{
		ReadBufferSize: 512, WriteBufferPool: noBuffers{}, Subprotocols: protocols,
		CheckOrigin: func(*http.Request) bool { return true }, // admit has
		Error: func(w http.ResponseWriter, r *http.Request, _ int, reason error) {
			n.o.Refuse(w, r, errs.New(errs.Malformed, "this is an address for WebSockets: %v", reason))
		},
	}
	return upgrader.Upgrade(w, r, nil)
}

// noBuffers is for the writing side of the library, which is not used: frames are written as they
// are, the same bytes to all.
type noBuffers struct{}

func (noBuffers) Get() any { return nil }
func (noBuffers) Put(any)  {}

// listen sets up what the peer may say: plain sockets only listen.
func (k *socket) listen() {
	k.conn.SetReadLimit(plainRead)
	k.conn.SetPingHandler(func(string) error {
		k.mu.Lock()
		k.pong = true
		k.mu.Unlock()
		k.wake()
		return k.heard()
	})
	k.conn.SetPongHandler(func(string) error { return k.heard() })
	k.conn.SetCloseHandler(func(int, string) error { return nil })
	_ = k.heard()
}

// heard puts off the end of a peer that is silent.
func (k *socket) heard() error {
	if !k.pace.allows(time.Now()) {
		k.close(tooMany.code, tooMany.reason)
	}
	return k.conn.SetReadDeadline(time.Now().Add(plainPing + plainPong))
}

// read ends with the peer.
func (k *socket) read() {
	defer close(k.alive)
	for {
		_, message, err := k.conn.NextReader()
		if err == nil {
			_, err = io.Copy(io.Discard, message)
		}
		if errors.Is(err, websocket.ErrReadLimit) {
			k.close(tooLong.code, tooLong.reason)
		}
		if err != nil || k.heard() != nil {
			return
		}
	}
}

// Reasons to close a plain socket, of api.md.
var (
	tokenExpired  = closing{4401, "token expired"}
	plainEnded    = closing{4401, "session ended"}
	noLonger      = closing{4403, "membership ended"}
	tooSlow       = closing{4408, "too slow: connect again with since to go on"}
	tooMany       = closing{4429, "too many messages"}
	tooLong       = closing{1009, "message too long"}
	serverStops   = closing{1001, "server is stopping: connect again"}
	internalError = closing{1011, "internal error: connect again"}
)

// close has the socket closed; the first reason counts.
func (k *socket) close(code uint16, reason string) {
	k.mu.Lock()
	if k.closing == nil {
		k.closing = &closing{code, reason}
	}
	k.mu.Unlock()
	k.wake()
}

func (k *socket) wake() {
	select {
	case k.news <- struct{}{}:
	default:
	}
}

// tell sends a presence message, if it is not overtaken by a newer one first.
func (k *socket) tell(message []byte) {
	k.mu.Lock()
	k.note = message
	k.mu.Unlock()
	k.wake()
}

// offer sends rows that were just dispatched, as far as that does not wait.
func (k *socket) offer(list []entry, w *attempt) {
	if !k.take(list, w) {
		k.wake()
	}
}

func (k *socket) take(list []entry, w *attempt) bool {
	if k.raw == nil || !k.writing.TryLock() {
		return false
	}
	defer k.writing.Unlock()
	if k.seq+1 != list[0].Seq || k.rest != nil || k.isClosing() {
		return false
	}
	for i := range list {
		e := &list[i]
		k.seq = e.Seq
		if k.wanted != nil && !k.wanted(e) {
			continue
		}
		if n := w.write(k.raw, e.frame); n < len(e.frame) {
			k.rest = e.frame[n:]
			return false
		}
	}
	return true
}

// run writes what offer could not, and all else, until the socket is closed.
func (k *socket) run() {
	defer k.end()
	ping := time.NewTicker(plainPing)
	defer ping.Stop()
	expiry := time.NewTimer(time.Until(k.expires))
	defer expiry.Stop()
	checked := time.Now()
	for {
		if !k.flush() {
			return
		}
		select {
		case <-k.alive:
			return
		case <-k.news:
		case <-expiry.C:
			k.close(tokenExpired.code, tokenExpired.reason)
		case now := <-ping.C:
			k.mu.Lock()
			k.ping = true
			k.mu.Unlock()
			if now.Sub(checked) >= recheckEvery {
				checked = now
				k.recheck(context.Background())
			}
		}
	}
}

func (k *socket) end() {
	_ = k.conn.NetConn().Close()
	k.stream.remove(k)
	k.n.broker.detach(k.stream.id, "")
	k.n.removeSocket(k)
	if k.task != "" {
		k.n.presence.leave(k.team, k.id, k.task)
	}
}

// lookAgain closes the socket if a right that ended while it was admitted was its own.
func (k *socket) lookAgain(ctx context.Context, token string) {
	switch _, _, err := k.n.o.Verify(ctx, token); {
	case errors.Is(err, errs.Unauthenticated):
		k.close(plainEnded.code, plainEnded.reason)
	case err != nil:
		k.close(internalError.code, internalError.reason)
	default:
		k.recheck(ctx)
	}
}

// recheck closes the socket when its owner may no longer listen.
func (k *socket) recheck(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if err := k.n.allowed(ctx, k.actor, k.channel); errors.Is(err, errs.NotFound) || errors.Is(err, errs.Forbidden) {
		k.close(noLonger.code, noLonger.reason)
	}
}

// flush writes all that there is; false: the socket is closed.
func (k *socket) flush() bool {
	k.writing.Lock()
	defer k.writing.Unlock()
	for {
		if rest := k.rest; rest != nil {
			if k.rest = nil; !k.write(rest) {
				return false
			}
		}
		k.mu.Lock()
		c, ping, pong, note := k.closing, k.ping, k.pong, k.note
		k.ping, k.pong, k.note = false, false, nil
		k.mu.Unlock()
		switch {
		case c != nil:
			k.farewell(*c)
			return false
		case ping && !k.write(frame(opPing, nil)), pong && !k.write(frame(opPong, nil)), note != nil && !k.write(frame(opText, note)):
			return false
		}
		if k.seq >= k.stream.position() {
			return true
		}
		h, err := k.n.broker.read(context.Background(), k.stream.id, k.seq, batch)
		switch {
		case errors.Is(err, errs.Gone):
			k.farewell(tooSlow) // so slow that the log has moved on
			return false
		case err != nil:
			k.farewell(internalError)
			return false
		}
		for i := range h.list {
			e := &h.list[i]
			if k.wanted == nil || k.wanted(e) {
				if !k.write(e.frame) {
					return false
				}
			}
			k.seq = e.Seq
			if k.isClosing() {
				break
			}
		}
	}
}

func (k *socket) isClosing() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closing != nil
}

// write sends a frame whole. A reader that is too slow for it gets the rest of it and is told so, if
// it reads on soon.
func (k *socket) write(f []byte) bool {
	conn := k.conn.NetConn()
	_ = conn.SetWriteDeadline(time.Now().Add(k.n.writeWithin))
	n, err := conn.Write(f)
	if err == nil {
		return conn.SetWriteDeadline(time.Time{}) == nil // for offer
	}
	var ne net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || (errors.As(err, &ne) && ne.Timeout()) {
		_ = conn.SetWriteDeadline(time.Now().Add(partWithin))
		if _, err := conn.Write(f[n:]); err == nil {
			k.farewell(tooSlow)
		}
	}
	return false
}

// farewell sends the close frame.
func (k *socket) farewell(c closing) {
	conn := k.conn.NetConn()
	_ = conn.SetWriteDeadline(time.Now().Add(k.n.writeWithin))
	_, _ = conn.Write(frame(opClose, append(binary.BigEndian.AppendUint16(nil, c.code), c.reason...)))
	// The peer answers with its own close frame; closing before that could discard what we sent.
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-k.alive:
	case <-t.C:
	}
}

// ofTask keeps what is about a task: its own changes, and those of many tasks that it is among.
func ofTask(id string) func(*entry) bool {
	part := `"task_id":"` + id + `"`
	return func(e *entry) bool {
		return e.TaskID == id || e.TaskID == "" && strings.Contains(string(e.Data), part)
	}
}

// notificationsOnly keeps a person's notifications out of all that concerns them.
func notificationsOnly(e *entry) bool {
	return strings.HasPrefix(string(e.Data), `{"type":"notification.`)
}
