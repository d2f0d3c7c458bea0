package realtime

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strings"
)

// answerBearer lets browsers bring the token as a subprotocol: they break the connection off unless
// one of the subprotocols they offered is taken up, which centrifuge does with its own only.
func answerBearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offered := strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ",")
		if strings.Contains(offered, "bearer") && !strings.Contains(offered, "centrifuge-") {
			w = bearerWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

type bearerWriter struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (w bearerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker.
func (w bearerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return &bearerConn{Conn: conn}, rw, nil
}

// bearerConn adds the header to the answer of the handshake, which is the first thing written.
type bearerConn struct {
	net.Conn
	answered bool
}

func (c *bearerConn) Write(b []byte) (int, error) {
	if c.answered {
		return c.Conn.Write(b)
	}
	c.answered = true
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok || !bytes.HasPrefix(line, []byte("HTTP/1.1 101")) {
		return c.Conn.Write(b)
	}
	answer := append(append(append([]byte{}, line...), "\r\nSec-WebSocket-Protocol: bearer\r\n"...), rest...)
	if _, err := c.Conn.Write(answer); err != nil {
		return 0, err
	}
	return len(b), nil
}
