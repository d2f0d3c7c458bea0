package main

import (
	"io"
	"net"
	"testing"
	"time"
)

// A lane's arithmetic, without waiting for anything.
func TestLaneSharesItsRate(t *testing.T) {
	t.Parallel()
	l := lane{rate: 8 * (segment + header)} // one segment a second
	first := l.send(segment)
	second := l.send(segment)
	if got := second.Sub(first); got != time.Second {
		t.Errorf("the second segment leaves %v after the first, want 1s", got)
	}
}

func TestWindowGrowsByWhatIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWindow(2 * segment)
	w.take(2 * segment)
	free := make(chan bool)
	go func() {
		w.take(3 * segment)
		close(free)
	}()
	select {
	case <-free:
		t.Fatal("more under way than the window allows")
	case <-time.After(20 * time.Millisecond):
	}
	w.acknowledge(segment, time.Now())
	w.acknowledge(segment, time.Now())
	<-free // 4 segments now, none of the first two under way
}

func TestRelayCarriesEverythingBothWays(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = echo.Close() }()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := link{rtt: 2 * time.Millisecond, window: 10, down: lane{rate: 1e9}, up: lane{rate: 1e9}}
	go func() { _ = l.serve(listener, echo.Addr().String()) }()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	sent := make([]byte, 200_000)
	for i := range sent {
		sent[i] = byte(i * 7)
	}
	go func() { _, _ = c.Write(sent) }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != string(sent) {
		t.Error("the echo is not what was sent")
	}
}
