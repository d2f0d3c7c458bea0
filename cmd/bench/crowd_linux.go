package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// kind is how subscribers listen.
type kind string

const (
	viaApp   kind = "app (/ws)"
	viaPlain kind = "plain (/ws/teams)"
	viaLoop  kind = "bare write() loop"
)

// crowd is many subscribers of one team in one thread: it must cost much less than what it measures.
// It reads whatever is there, follows the frames and counts messages.
type crowd struct {
	kind    kind
	epoll   int
	members []*member
	buf     []byte
	events  []syscall.EpollEvent
	counts  counts
	lost    error // a connection ended

	writers []*patcher // requests that make changes; the bare loop: a byte on one connection does
	next    int

	// Of pace.
	timing    bool
	begun     []time.Duration
	sinceSent []time.Duration
	sent      map[string]time.Time // by the number in the title
}

type counts struct{ messages, frames, bytes int }

func (c counts) minus(b counts) counts {
	return counts{c.messages - b.messages, c.frames - b.frames, c.bytes - b.bytes}
}

// member is one connection.
type member struct {
	fd     int
	rest   []byte // of a frame that has not fully come
	sample bool   // its messages are timed
}

// samples is of how many members one is timed.
const samples = 20

// gather connects n subscribers.
func gather(ctx context.Context, k kind, n int, addr, team string, tokens []string) (*crowd, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &crowd{kind: k, epoll: epoll, buf: make([]byte, 1<<18), events: make([]syscall.EpollEvent, 2048), sent: map[string]time.Time{}}
	made := make(chan int, n)
	errs := make(chan error, n)
	var wg sync.WaitGroup
	turns := make(chan struct{}, 64)
	go func() {
		defer close(made)
		for i := range n {
			turns <- struct{}{}
			wg.Go(func() {
				defer func() { <-turns }()
				fd, err := join(ctx, k, i, addr, team, tokens)
				if err != nil {
					errs <- err
					return
				}
				made <- fd
			})
		}
		wg.Wait()
	}()
	for open := true; open; { // those who came first are pinged meanwhile
		select {
		case fd, ok := <-made:
			if open = ok; !ok {
				break
			}
			if err := c.add(fd); err != nil {
				return nil, err
			}
		case <-time.After(time.Millisecond):
		}
		c.step(0)
	}
	if len(errs) > 0 {
		c.close()
		return nil, fmt.Errorf("%d of %d did not connect: %w", len(errs), n, <-errs)
	}
	return c, c.lost
}

func (c *crowd) add(fd int) error {
	c.members = append(c.members, &member{fd: fd, sample: len(c.members)%samples == 0})
	return syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(len(c.members) - 1)}) //nolint:gosec // few
}

// join makes one connection and returns its descriptor, for the crowd's own loop.
func join(ctx context.Context, k kind, i int, addr, team string, tokens []string) (int, error) {
	// Each loopback address has ports of its own.
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/4000))}, Timeout: 30 * time.Second} //nolint:gosec // few
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if k != viaLoop {
		if err := handshake(conn, k, addr, team, tokens[i%len(tokens)]); err != nil {
			return 0, err
		}
	}
	_ = conn.SetDeadline(time.Time{})
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	fd, dupErr := 0, error(nil)
	if err := raw.Control(func(old uintptr) { fd, dupErr = syscall.Dup(int(old)) }); err != nil {
		return 0, err
	}
	return fd, dupErr
}

func handshake(conn net.Conn, k kind, addr, team, token string) error {
	path := "/ws"
	if k == viaPlain {
		path = "/ws/teams/" + team
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, addr, token); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.Contains(line, " 101 ") {
		return errors.New(strings.TrimSpace(line))
	}
	for strings.TrimSpace(line) != "" {
		if line, err = in.ReadString('\n'); err != nil {
			return err
		}
	}
	if k == viaPlain {
		return nil
	}
	for id, command := range []string{1: `{"id":1,"connect":{}}`, 2: `{"id":2,"subscribe":{"channel":"team:` + team + `"}}`} {
		if command == "" {
			continue
		}
		if _, err := conn.Write(masked(command)); err != nil {
			return err
		}
		if err := answered(in, id); err != nil {
			return err
		}
	}
	return nil
}

// answered reads frames up to the reply to a command.
func answered(in *bufio.Reader, id int) error {
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil {
			return err
		}
		size := int(head[1] & 127)
		if size == 126 {
			if _, err := io.ReadFull(in, head); err != nil {
				return err
			}
			size = int(binary.BigEndian.Uint16(head))
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(in, payload); err != nil {
			return err
		}
		switch {
		case !bytes.Contains(payload, fmt.Appendf(nil, `"id":%d`, id)):
		case bytes.Contains(payload, []byte(`"error"`)):
			return errors.New(string(payload))
		case in.Buffered() > 0:
			return errors.New("more came than was asked for")
		default:
			return nil
		}
	}
}

// masked is a text frame of a client, short, with the mask 0.
func masked(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...) //nolint:gosec // at most 125
}

func (c *crowd) close() {
	for _, m := range c.members {
		_ = syscall.Close(m.fd)
	}
	for _, w := range c.writers {
		_ = syscall.Close(w.fd)
	}
	_ = syscall.Close(c.epoll)
}

// nap is how long a large crowd lets messages come in before it reads them: subscribers elsewhere do
// not make the server wake them, one by one, from within its writes.
var nap = syscall.Timespec{Nsec: 300_000}

// step reads what has come, waiting for it at most so many milliseconds.
func (c *crowd) step(wait int) {
	if len(c.members) > 100 && wait > 0 {
		if n, _ := syscall.EpollWait(c.epoll, c.events, wait); n > 0 {
			_ = syscall.Nanosleep(&nap, nil)
		}
		wait = 0
	}
	n, err := syscall.EpollWait(c.epoll, c.events, wait)
	if err != nil && !errors.Is(err, syscall.EINTR) {
		c.lost = err
	}
	for i := range max(0, n) {
		if id := int(c.events[i].Fd); id < 0 {
			c.lost = errors.Join(c.lost, c.writers[-id-1].read(c.buf))
		} else {
			c.read(c.members[id])
		}
	}
}

func (c *crowd) read(m *member) {
	n, err := syscall.Read(m.fd, c.buf)
	if errors.Is(err, syscall.EAGAIN) {
		return
	}
	if err != nil || n == 0 {
		c.lost = fmt.Errorf("a connection ended: %w", errors.Join(err, errors.New("end of file")))
		_ = syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_DEL, m.fd, nil)
		return
	}
	b := c.buf[:n]
	if len(m.rest) > 0 {
		b = append(m.rest, b...)
		m.rest = nil
	}
	for len(b) > 0 {
		used := c.frame(m, b)
		if used == 0 {
			m.rest = bytes.Clone(b)
			return
		}
		b = b[used:]
	}
}

// frame takes one frame off b and returns its length; 0: it has not fully come.
func (c *crowd) frame(m *member, b []byte) int {
	if len(b) < 2 {
		return 0
	}
	head, size := 2, int(b[1]&127)
	switch size {
	case 126:
		if len(b) < 4 {
			return 0
		}
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if len(b) < 10 {
			return 0
		}
		head, size = 10, int(binary.BigEndian.Uint64(b[2:])) //nolint:gosec // a server of ours
	}
	if len(b) < head+size {
		return 0
	}
	payload := b[head : head+size]
	switch b[0] & 15 {
	case 1:
		c.text(m, payload)
	case 8:
		c.lost = fmt.Errorf("closed by the server: %d %s", binary.BigEndian.Uint16(payload), payload[2:])
	case 9:
		_, _ = syscall.Write(m.fd, []byte{0x8a, 0x80, 0, 0, 0, 0})
	}
	return head + size
}

// text counts the messages of a frame, one a line.
func (c *crowd) text(m *member, payload []byte) {
	messages := 1
	if c.kind == viaApp {
		messages = 0
		for line := range bytes.SplitSeq(payload, []byte{'\n'}) {
			switch {
			case bytes.HasPrefix(line, []byte(`{"push"`)):
				messages++
			case string(line) == "{}":
				_, _ = syscall.Write(m.fd, masked("{}"))
			}
		}
		if messages == 0 {
			return
		}
	}
	c.counts.frames++
	c.counts.messages += messages
	c.counts.bytes += len(payload)
	if c.timing && m.sample {
		now := time.Now()
		for line := range bytes.SplitSeq(payload, []byte{'\n'}) {
			c.time(line, now)
		}
	}
}

// time notes how old a message is: by its own timestamp, and by when its change was asked for.
func (c *crowd) time(message []byte, now time.Time) {
	_, stamp, ok := bytes.Cut(message, []byte(`"timestamp":"`))
	if !ok {
		return
	}
	stamp, _, _ = bytes.Cut(stamp, []byte{'"'})
	begun, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return
	}
	c.begun = append(c.begun, now.Sub(begun))
	_, title, _ := bytes.Cut(message, []byte(titleStart))
	title, _, _ = bytes.Cut(title, []byte{' '})
	if at, ok := c.sent[string(title)]; ok {
		c.sinceSent = append(c.sinceSent, now.Sub(at))
	}
}

// wait answers pings for so long.
func (c *crowd) wait(ctx context.Context, length time.Duration) error {
	for until := time.Now().Add(length); time.Now().Before(until) && ctx.Err() == nil; {
		c.step(100)
	}
	return c.lost
}
