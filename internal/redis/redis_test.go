package redis_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/internal/redis"
)

// connect runs a client until the test ends; a stop that is called earlier ends it earlier.
func run(t *testing.T, url string) *redis.Client {
	t.Helper()
	c, err := redis.New(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	return c
}

func server(t *testing.T) string {
	t.Helper()
	url := os.Getenv("TANDEM_TEST_REDIS")
	if url == "" {
		t.Fatal("TANDEM_TEST_REDIS is not set: run the tests in scripts/with-services.sh")
	}
	return url
}

// until waits for something that is about to happen.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestMessagesAndFields(t *testing.T) {
	ctx := t.Context()
	a, b := run(t, server(t)), run(t, server(t))
	until(t, "both are connected", func() bool { return a.Check(ctx) == nil && b.Check(ctx) == nil })
	channel := "test:" + t.Name()
	up, heard := make(chan struct{}, 10), make(chan string, 10)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	go b.Listen(listening, channel, func() { up <- struct{}{} }, func(m string) { heard <- m })
	<-up
	if err := a.Publish(ctx, channel, "one", "two"); err != nil {
		t.Fatal(err)
	}
	if x, y := <-heard, <-heard; x != "one" || y != "two" {
		t.Errorf("heard %q, %q", x, y)
	}
	if err := a.SetField(ctx, channel, "x", "1", time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := a.SetField(ctx, channel, "y", "2", time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := b.DropField(ctx, channel, "x"); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Fields(ctx, channel); err != nil || len(got) != 1 || got["y"] != "2" {
		t.Errorf("got %v, %v", got, err)
	}
}

// relay passes bytes on to Redis, and can stop doing so.
type relay struct {
	net.Listener
	conns chan net.Conn
}

func (r *relay) serve(t *testing.T, to string) {
	for {
		from, err := r.Accept()
		if err != nil {
			return
		}
		up, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", to)
		if err != nil {
			_ = from.Close()
			return
		}
		r.conns <- from
		pipe := func(x, y net.Conn) {
			buf := make([]byte, 4096)
			for {
				n, err := x.Read(buf)
				if err == nil {
					_, err = y.Write(buf[:n])
				}
				if err != nil {
					_, _ = x.Close(), y.Close()
					return
				}
			}
		}
		go pipe(from, up)
		go pipe(up, from)
	}
}

func TestItStartsWithoutRedisAndRecovers(t *testing.T) {
	ctx := t.Context()
	free, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	c := run(t, "redis://"+addr)
	if err := c.Publish(ctx, "x", "y"); !errors.Is(err, redis.ErrDown) {
		t.Errorf("got %v, want that it is down", err)
	}
	up, heard := make(chan struct{}, 100), make(chan string, 100)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	channel := "test:" + t.Name()
	go c.Listen(listening, channel, func() { up <- struct{}{} }, func(m string) { heard <- m })

	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{l, make(chan net.Conn, 100)}
	t.Cleanup(func() { _ = l.Close() })
	go r.serve(t, strings.TrimSuffix(strings.TrimPrefix(server(t), "redis://"), "/0"))
	<-up
	until(t, "it answers", func() bool { return c.Check(ctx) == nil })
	if err := c.Publish(ctx, channel, "hello"); err != nil {
		t.Fatal(err)
	}
	if m := <-heard; m != "hello" {
		t.Errorf("heard %q", m)
	}
	for len(r.conns) > 0 { // cut all
		_ = (<-r.conns).Close()
	}
	<-up // it says that it may have missed something
	until(t, "it publishes again", func() bool { return c.Publish(ctx, channel, "again") == nil })
	if m := <-heard; m != "again" {
		t.Errorf("heard %q", m)
	}
}

func TestNobodyIsDown(t *testing.T) {
	var none *redis.Client
	if err := none.Check(t.Context()); !errors.Is(err, redis.ErrDown) {
		t.Errorf("got %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"redis://localhost:6379/0":                                   "",
		"rediss://user:secret@redis.example.org":                     "",
		"redis://a:6379?addr=b:6379&addr=c:6379":                     "",
		"redis://sentinel1:26379?addr=sentinel2:26379&master_set=my": "",
		"http://localhost":                                           "redis-url",
		"redis://:secret word@localhost/x":                           "redis-url",
		"redis://:secret@localhost/x":                                "redis-url",
	} {
		_, err := redis.New(url, slog.New(slog.DiscardHandler))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", url, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: got %v, want an error that begins with %s and tells no secret", url, err, want)
		}
	}
}
