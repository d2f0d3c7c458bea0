package main

import (
	"net"
	"sync"
	"time"
)

const (
	segment  = 1448    // bytes of payload of a full TCP segment
	header   = 40      // bytes of IP and TCP
	biggest  = 1 << 20 // bytes that a congestion window grows to
	prepared = 4096    // segments that wait on the way
)

// link is shared by all connections: they take turns at its rate.
type link struct {
	rtt      time.Duration
	window   int // initial congestion window, segments
	down, up lane
}

// lane is one direction.
type lane struct {
	rate float64 // bit/s
	mu   sync.Mutex
	free time.Time // when the last bit handed over so far will have left
}

// send hands over n bytes and says when the last bit of them leaves.
func (l *lane) send(n int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(n+header) * 8 / l.rate * float64(time.Second)))
	return l.free
}

// serve relays connections to an address. A connection costs its handshake first.
func (l *link) serve(listener net.Listener, to string) error {
	for {
		browser, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			time.Sleep(l.rtt)
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = browser.Close()
				return
			}
			go l.pump(browser, server, &l.up, nil)
			l.pump(server, browser, &l.down, newWindow(l.window*segment))
		}()
	}
}

type packet struct {
	bytes  []byte
	arrive time.Time
}

// pump carries bytes one way until the source ends. Without a window it sends as fast as the lane allows.
func (l *link) pump(from, to net.Conn, lane *lane, w *window) {
	way := make(chan packet, prepared)
	go func() {
		for p := range way {
			time.Sleep(time.Until(p.arrive))
			if _, err := to.Write(p.bytes); err != nil {
				_ = from.Close()
			}
		}
		time.Sleep(l.rtt / 2)
		_ = to.Close()
	}()
	defer close(way)
	for {
		buffer := make([]byte, segment)
		n, err := from.Read(buffer)
		if n > 0 {
			w.take(n)
			arrive := lane.send(n).Add(l.rtt / 2)
			way <- packet{buffer[:n], arrive}
			w.acknowledge(n, arrive.Add(l.rtt/2))
		}
		if err != nil {
			return
		}
	}
}

// window is slow start: what is acknowledged makes it grow by as much (RFC 5681, section 3.1).
type window struct {
	mu             sync.Mutex
	changed        *sync.Cond
	size, inFlight int
}

func newWindow(size int) *window {
	w := &window{size: size}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// take waits until n more bytes may be under way.
func (w *window) take(n int) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.inFlight+n > w.size {
		w.changed.Wait()
	}
	w.inFlight += n
}

func (w *window) acknowledge(n int, at time.Time) {
	if w == nil {
		return
	}
	time.AfterFunc(time.Until(at), func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.inFlight -= n
		w.size = min(w.size+n, biggest)
		w.changed.Broadcast()
	})
}
