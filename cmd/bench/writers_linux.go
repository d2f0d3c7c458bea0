package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// titleStart is what comes before the number in the titles of changes.
const titleStart = `Bench title `

// patcher is a connection that asks for changes.
type patcher struct {
	fd    int
	busy  bool
	make  func(number string) []byte
	bytes []byte // of an answer
}

func (p *patcher) read(buf []byte) error {
	n, err := syscall.Read(p.fd, buf)
	if errors.Is(err, syscall.EAGAIN) {
		return nil
	}
	if err != nil || n == 0 {
		return fmt.Errorf("the connection of a writer ended: %w", errors.Join(err, errors.New("end of file")))
	}
	p.bytes = append(p.bytes, buf[:n]...)
	head, body, ok := bytes.Cut(p.bytes, []byte("\r\n\r\n"))
	if !ok {
		return nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("a change was refused: %s", p.bytes)
	}
	_, length, ok := bytes.Cut(head, []byte("Content-Length: "))
	if ok {
		length, _, _ = bytes.Cut(length, []byte{'\r'})
		if n, err := strconv.Atoi(string(length)); err != nil || len(body) < n {
			return err
		}
	} else if !bytes.HasSuffix(body, []byte("\r\n0\r\n\r\n")) {
		return nil
	}
	p.bytes, p.busy = p.bytes[:0], false
	return nil
}

// addWriter has changes made over a connection of its own.
func (c *crowd) addWriter(ctx context.Context, addr string, request func(number string) []byte) error {
	fd, err := join(ctx, viaLoop, 0, addr, "", nil)
	if err != nil {
		return err
	}
	c.writers = append(c.writers, &patcher{fd: fd, make: request})
	return syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(-len(c.writers))}) //nolint:gosec // few
}

// change asks for one change, if a writer is free.
func (c *crowd) change() (asked bool, err error) {
	for range c.writers {
		c.next++ // in turn, so that none idles until the server closes it
		w := c.writers[c.next%len(c.writers)]
		if w.busy {
			continue
		}
		number := strconv.Itoa(c.next)
		if c.timing {
			c.sent[number] = time.Now()
		}
		if _, err := syscall.Write(w.fd, w.make(number)); err != nil {
			return false, err
		}
		w.busy = c.kind != viaLoop
		return true, nil
	}
	return false, nil
}

// lead is how many members may still lack a change when the next is asked for: by the time that it is
// committed, they have it too, so that no two go out in one frame.
const lead = 500

// saturate asks for the next change as soon as nearly everybody has the one before.
func (c *crowd) saturate(ctx context.Context, length time.Duration) error {
	until := time.Now().Add(length)
	due := c.counts.messages
	for ctx.Err() == nil && c.lost == nil {
		if c.counts.messages+lead >= due {
			if time.Now().After(until) {
				return nil
			}
			asked, err := c.change()
			if err != nil {
				return err
			}
			if asked {
				due += len(c.members)
			}
		}
		c.step(1000)
		if time.Since(until) > 20*time.Second {
			return fmt.Errorf("%d deliveries are missing", due-c.counts.messages)
		}
	}
	return errors.Join(ctx.Err(), c.lost)
}

// pace asks for so many changes a second and returns how late they were, in order.
func (c *crowd) pace(ctx context.Context, perSecond int, length time.Duration) ([]time.Duration, error) {
	c.timing, c.begun, c.sinceSent = true, nil, nil
	clear(c.sent)
	defer func() { c.timing = false }()
	due := c.counts.messages
	every := time.Second / time.Duration(perSecond)
	began := time.Now()
	for i := 0; ctx.Err() == nil && c.lost == nil; {
		wait := time.Until(began.Add(time.Duration(i) * every))
		if i < int(length/every) && wait <= 0 {
			asked, err := c.change()
			if err != nil {
				return nil, err
			}
			if asked {
				i++
				due += len(c.members)
			}
		}
		if i >= int(length/every) {
			if c.counts.messages >= due {
				slices.Sort(c.begun)
				slices.Sort(c.sinceSent)
				return c.begun, c.lost
			}
			wait = time.Second
		}
		if time.Since(began) > length+20*time.Second {
			return nil, fmt.Errorf("%d deliveries are missing", due-c.counts.messages)
		}
		c.step(int(max(0, wait.Milliseconds())))
	}
	return nil, errors.Join(ctx.Err(), c.lost)
}
