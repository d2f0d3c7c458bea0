// Package redis is the nodes' connection to each other. Redis carries what may be lost: hints and
// who is present. So nothing here decides anything or blocks for long, a node starts and serves
// while Redis is away, and recovers by itself.
package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// ErrDown is what calls answer while there is no connection.
var ErrDown = errors.New("redis is not reachable")

const (
	dialWithin = time.Second
	callWithin = 300 * time.Millisecond // a stalled Redis must not stall us
	retryEvery = time.Second
)

// Client is a connection that may be down. A nil *Client is one that is always down: a node that
// runs alone.
type Client struct {
	options rueidis.ClientOption
	log     *slog.Logger

	mu   sync.RWMutex
	conn rueidis.Client // nil until the first connection; from then on it reconnects by itself
}

// New prepares a connection to redis:// or rediss:// (one server, or one of a Cluster; more of its
// nodes with ?addr=host:port) or to Sentinels (?master_set=name). It does not connect.
func New(url string, log *slog.Logger) (*Client, error) {
	o, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redis-url: cannot be read: " + withoutURL(err))
	}
	if o.Dialer.Timeout == 0 {
		o.Dialer.Timeout = dialWithin
	}
	o.Dialer.KeepAlive = time.Second // also how often a silent connection is tried
	if o.ConnWriteTimeout == 0 {
		o.ConnWriteTimeout = 2 * time.Second
	}
	o.DisableCache = true
	o.ClientName = "tandem"
	if o.Sentinel.MasterSet != "" {
		o.Sentinel.Dialer = net.Dialer{Timeout: o.Dialer.Timeout}
		o.Sentinel.TopologyRefreshInterval = 5 * time.Second // a failover that nobody heard of
	}
	return &Client{options: o, log: log}, nil
}

// withoutURL is the error's text unless it may repeat the URL, which holds the password.
func withoutURL(err error) string {
	var u interface{ Timeout() bool } // *url.Error and its like
	if errors.As(err, &u) {
		return "it is no URL"
	}
	return err.Error()
}

// Run connects, and keeps trying until it has; it returns when ctx ends, with the connection closed.
func (c *Client) Run(ctx context.Context) {
	for said := false; ; {
		conn, err := rueidis.NewClient(c.options)
		if err == nil {
			c.mu.Lock()
			c.conn = conn
			c.mu.Unlock()
			c.log.InfoContext(ctx, "redis is connected")
			<-ctx.Done()
			c.mu.Lock()
			c.conn = nil
			c.mu.Unlock()
			conn.Close()
			return
		}
		if !said {
			c.log.WarnContext(ctx, "redis is not reachable: nodes look for each other's changes in the database until it is", "err", err)
			said = true
		}
		if !sleep(ctx, retryEvery) {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (c *Client) get() (rueidis.Client, error) {
	if c == nil {
		return nil, ErrDown
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.conn == nil {
		return nil, ErrDown
	}
	return c.conn, nil
}

// Check fails while Redis does not answer.
func (c *Client) Check(ctx context.Context) error {
	conn, err := c.get()
	if err != nil {
		return err
	}
	return conn.Do(ctx, conn.B().Ping().Build()).Error()
}

// Publish sends messages to whoever listens to a channel now.
func (c *Client) Publish(ctx context.Context, channel string, messages ...string) error {
	conn, err := c.get()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	commands := make(rueidis.Commands, len(messages))
	for i, m := range messages {
		commands[i] = conn.B().Publish().Channel(channel).Message(m).Build()
	}
	for _, r := range conn.DoMulti(ctx, commands...) {
		if err := r.Error(); err != nil {
			return fmt.Errorf("publish to %s: %w", channel, err)
		}
	}
	return nil
}

// Listen hands what is published to a channel to each, until ctx ends. It calls up whenever it
// begins to hear, or begins again: what was said before is lost. Neither may block.
func (c *Client) Listen(ctx context.Context, channel string, up func(), each func(message string)) {
	for {
		if conn, err := c.get(); err == nil {
			c.listen(ctx, conn, channel, up, each)
		}
		if !sleep(ctx, retryEvery/4) {
			return
		}
	}
}

func (c *Client) listen(ctx context.Context, conn rueidis.Client, channel string, up func(), each func(message string)) {
	own, release := conn.Dedicate()
	defer release()
	gone := own.SetPubSubHooks(rueidis.PubSubHooks{
		OnSubscription: func(s rueidis.PubSubSubscription) {
			if s.Kind == "subscribe" {
				up()
			}
		},
		OnMessage: func(m rueidis.PubSubMessage) { each(m.Message) },
	})
	if err := own.Do(ctx, own.B().Subscribe().Channel(channel).Build()).Error(); err != nil {
		return
	}
	select {
	case <-ctx.Done():
	case <-gone: //nolint:errcheck // why it broke is of no use: Listen begins again
	}
}

// SetField puts a field into the hash of a key, which as a whole is dropped when nobody has written
// to it for ttl.
func (c *Client) SetField(ctx context.Context, key, field, value string, ttl time.Duration) error {
	conn, err := c.get()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	for _, r := range conn.DoMulti(ctx,
		conn.B().Hset().Key(key).FieldValue().FieldValue(field, value).Build(),
		conn.B().Expire().Key(key).Seconds(int64(ttl.Seconds())).Build()) {
		if err := r.Error(); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	return nil
}

// DropField takes a field out of the hash of a key.
func (c *Client) DropField(ctx context.Context, key, field string) error {
	conn, err := c.get()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return conn.Do(ctx, conn.B().Hdel().Key(key).Field(field).Build()).Error()
}

// Fields reads the hash of a key.
func (c *Client) Fields(ctx context.Context, key string) (map[string]string, error) {
	conn, err := c.get()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return conn.Do(ctx, conn.B().Hgetall().Key(key).Build()).AsStrMap()
}
