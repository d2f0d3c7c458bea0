package realtime

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/gorilla/websocket"
)

const (
	linkWithin  = time.Second     // how long a frame of the app may wait
	closeWithin = 5 * time.Second // how long a peer has to answer the close frame
)

// link is a socket of the app, below centrifuge's client: a centrifuge.Transport. It writes what the
// connection takes at once, and sets a deadline for the rest only.
type link struct {
	conn     *websocket.Conn // its writing side is not used, but to say that a message was too long
	raw      syscall.RawConn // nil: cannot be written to without waiting
	protocol centrifuge.ProtocolType
	ended    chan struct{} // closed when the peer is gone

	writing sync.Mutex
	err     error // why nothing can be written any more
}

// app answers the handshake of the app's own protocol.
func (n *Node) app(w http.ResponseWriter, r *http.Request) {
	a, ok := admitted(r)
	if !ok {
		return
	}
	conn, err := n.upgrade(w, r, "centrifuge-json", "centrifuge-protobuf", "bearer")
	if err != nil {
		return // the upgrader has answered
	}
	l := &link{conn: conn, protocol: centrifuge.ProtocolTypeJSON, ended: make(chan struct{})}
	asked := r.URL.Query()
	if conn.Subprotocol() == "centrifuge-protobuf" || asked.Get("format") == "protobuf" || asked.Get("cf_protocol") == "protobuf" {
		l.protocol = centrifuge.ProtocolTypeProtobuf
	}
	if c, ok := conn.NetConn().(syscall.Conn); ok {
		l.raw, _ = c.SyscallConn()
	}
	go n.serve(a, l) //nolint:contextcheck // it outlives the request
}

// serve reads commands until the connection ends. It keeps nothing of the request: that would stay in
// memory for as long.
func (n *Node) serve(a admission, l *link) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), admissionKey{}, a))
	defer cancel()
	l.conn.SetReadLimit(maxMessage)
	l.conn.SetPingHandler(func(text string) error { return l.send(opPong, []byte(text)) })
	l.conn.SetCloseHandler(func(code int, _ string) error { return l.send(opClose, websocket.FormatCloseMessage(code, "")) })
	select {
	case <-n.node.NotifyShutdown():
		_ = l.Close(centrifuge.DisconnectShutdown)
		return
	default:
	}
	c, end, err := centrifuge.NewClient(ctx, n.node, l)
	if err != nil {
		n.o.Logger.ErrorContext(ctx, "make realtime client", "err", err)
		_ = l.conn.Close()
		return
	}
	defer func() { _ = end() }()
	defer close(l.ended)
	for proceed := true; proceed; {
		_, message, err := l.conn.NextReader()
		if err != nil {
			return
		}
		proceed = handled(c, message)
	}
	_ = l.conn.SetReadDeadline(time.Now().Add(closeWithin))
	for err == nil {
		_, _, err = l.conn.NextReader()
	}
}

// handled runs the commands of a message on a goroutine of their own: they need a deep stack, which a
// goroutine keeps for as long as it lives.
func handled(c *centrifuge.Client, message io.Reader) bool {
	proceed := make(chan bool, 1)
	go func() { proceed <- centrifuge.HandleReadFrame(c, message, maxMessage) }()
	return <-proceed
}

func (l *link) Name() string                                { return "websocket" }
func (l *link) AcceptProtocol() string                      { return "h1" }
func (l *link) Protocol() centrifuge.ProtocolType           { return l.protocol }
func (l *link) ProtocolVersion() centrifuge.ProtocolVersion { return centrifuge.ProtocolVersion2 }
func (l *link) Unidirectional() bool                        { return false }
func (l *link) Emulation() bool                             { return false }
func (l *link) DisabledPushFlags() uint64                   { return centrifuge.PushFlagDisconnect } // the close frame says it
func (l *link) PingPongConfig() centrifuge.PingPongConfig   { return beat }

// Write implements centrifuge.Transport.
func (l *link) Write(message []byte) error {
	if l.protocol == centrifuge.ProtocolTypeProtobuf {
		return l.WriteMany(message)
	}
	return l.send(opText, message)
}

// WriteMany implements centrifuge.Transport: the messages go in one frame.
func (l *link) WriteMany(messages ...[]byte) error {
	var payload []byte
	for i, m := range messages {
		switch {
		case l.protocol == centrifuge.ProtocolTypeProtobuf:
			payload = binary.AppendUvarint(payload, uint64(len(m)))
		case i > 0:
			payload = append(payload, '\n')
		}
		payload = append(payload, m...)
	}
	if l.protocol == centrifuge.ProtocolTypeProtobuf {
		return l.send(opBinary, payload)
	}
	return l.send(opText, payload)
}

// Close implements centrifuge.Transport. It waits for the peer's own close frame: to close before that
// could discard what was sent.
func (l *link) Close(d centrifuge.Disconnect) error {
	if d.Code != centrifuge.DisconnectConnectionClosed.Code && l.send(opClose, websocket.FormatCloseMessage(int(d.Code), d.Reason)) == nil {
		t := time.NewTimer(closeWithin)
		defer t.Stop()
		select {
		case <-l.ended:
		case <-t.C:
		}
	}
	return l.conn.Close()
}

// output is what a frame is made in and written with, for many connections.
type output struct {
	*attempt
	frame []byte
}

var outputs = sync.Pool{New: func() any { return &output{attempt: newAttempt()} }}

// send writes a frame whole; after a close frame, and after a failure, there is no other.
func (l *link) send(opcode byte, payload []byte) error {
	o := outputs.Get().(*output)
	o.frame = appendFrame(o.frame[:0], opcode, payload)
	if cap(o.frame) <= maxMessage {
		defer outputs.Put(o)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.err != nil {
		return l.err
	}
	rest := o.frame
	if l.raw != nil {
		rest = rest[o.write(l.raw, rest):]
	}
	if len(rest) > 0 {
		l.err = l.wait(rest)
	}
	if err := l.err; err != nil || opcode != opClose {
		return err
	}
	l.err = net.ErrClosed
	return nil
}

// wait writes what the connection did not take at once.
func (l *link) wait(rest []byte) error {
	conn := l.conn.NetConn()
	_ = conn.SetWriteDeadline(time.Now().Add(linkWithin))
	if _, err := conn.Write(rest); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{}) // for the next attempt
}
