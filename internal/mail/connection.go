package mail

import (
	"context"
	"crypto/tls"
	"net"
	"sync"

	"github.com/wneessen/go-mail/smtp"
)

// connection is one to the server. It is kept beside go-mail's client, which leaves it open when the server greets us
// badly.
type connection struct {
	tls  *tls.Config
	smtp *smtp.Client

	mu   sync.Mutex
	conn net.Conn
}

// dial is how go-mail gets its connection; encrypted, where TLS comes before SMTP.
func (c *connection) dial(encrypted bool) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		if encrypted {
			conn, err = (&tls.Dialer{Config: c.tls}).DialContext(ctx, network, addr)
		} else {
			conn, err = (&net.Dialer{}).DialContext(ctx, network, addr)
		}
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.conn = conn
		return conn, nil
	}
}

// close may be called more than once, and while somebody reads.
func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}
