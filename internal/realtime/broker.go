package realtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"golang.org/x/sync/singleflight"

	"tandem/internal/errs"
	"tandem/internal/events"
)

// Prefixes of channels.
const (
	teamPrefix = "team:"
	userPrefix = "user:"
	taskPrefix = "task:"
)

// errLogChannel refuses what would put something into a log channel beside the log.
var errLogChannel = errors.New("log channels are written by committing a change, not by Publish")

const (
	pollEvery  = time.Second // the longest that a lost hint delays a change
	tailLength = 200         // rows of a busy stream that are kept for those who reconnect
	batch      = 500         // rows that are read at once
	dispatches = 4           // streams that are dispatched side by side
	readWithin = 10 * time.Second
)

// logBroker is a centrifuge.Broker whose history, for log channels, is the change log: the
// protocol's (epoch, offset) is (database epoch, seq), so its own gap check and recovery are exact.
// All other channels go to next.
type logBroker struct {
	log   *events.Log
	next  centrifuge.Broker
	epoch string
	slog  *slog.Logger
	h     centrifuge.BrokerEventHandler

	mu      sync.Mutex
	streams map[string]*cursor // by channel: those that somebody here listens to
	kick    chan string
	ask     chan chan error // for check; the poll answers

	flight singleflight.Group
	stats  counters
}

type counters struct{ hints, polls, pollHits, rows, reads atomic.Uint64 }

// cursor is how far a channel was dispatched. Its mutex is held while dispatching, which keeps the
// order; the tail has a lock of its own, so that recovery does not wait for slow sockets.
type cursor struct {
	mu  sync.Mutex
	seq int64

	tailMu sync.Mutex
	tail   []*centrifuge.Publication // the last rows, without a gap
}

func newLogBroker(log *events.Log, epoch string, next centrifuge.Broker, logger *slog.Logger) *logBroker {
	return &logBroker{log: log, next: next, epoch: epoch, slog: logger, streams: map[string]*cursor{}, kick: make(chan string, 1024), ask: make(chan chan error)}
}

func isLog(channel string) bool {
	return strings.HasPrefix(channel, teamPrefix) || strings.HasPrefix(channel, userPrefix)
}

// streamOf is the stream behind a log channel: the id after the colon.
func streamOf(channel string) string { return channel[strings.IndexByte(channel, ':')+1:] }

func (b *logBroker) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	b.h = h
	return b.next.RegisterBrokerEventHandler(h)
}

// ReliableDelivery tells centrifuge that it need not compare positions from time to time.
func (b *logBroker) ReliableDelivery() bool { return true }

func (b *logBroker) Subscribe(channels ...string) error {
	for _, ch := range channels {
		if !isLog(ch) {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), readWithin)
		head, _, err := b.log.Replay(ctx, streamOf(ch), 0, 0)
		cancel()
		if err != nil {
			return err
		}
		b.mu.Lock()
		b.streams[ch] = &cursor{seq: head}
		b.mu.Unlock()
		b.hint(ch) // a commit between the read and the line above had nobody to tell
	}
	return b.next.Subscribe(channels...) // join and leave flow on the same names
}

func (b *logBroker) Unsubscribe(channels ...string) error {
	b.mu.Lock()
	for _, ch := range channels {
		delete(b.streams, ch)
	}
	b.mu.Unlock()
	return b.next.Unsubscribe(channels...)
}

func (b *logBroker) Publish(ch string, data []byte, o centrifuge.PublishOptions) (centrifuge.PublishResult, error) {
	if isLog(ch) {
		return centrifuge.PublishResult{}, errLogChannel
	}
	return b.next.Publish(ch, data, o)
}

func (b *logBroker) PublishJoin(ch string, i *centrifuge.ClientInfo) error {
	return b.next.PublishJoin(ch, i)
}

func (b *logBroker) PublishLeave(ch string, i *centrifuge.ClientInfo) error {
	return b.next.PublishLeave(ch, i)
}

func (b *logBroker) RemoveHistory(ch string) error {
	if isLog(ch) {
		return errLogChannel
	}
	return b.next.RemoveHistory(ch)
}

// History reads the log. Rows that are no longer kept give a position without rows, from which
// centrifuge concludes that the client did not recover.
func (b *logBroker) History(ch string, o centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	if !isLog(ch) {
		return b.next.History(ch, o)
	}
	var since int64
	if o.Filter.Since != nil {
		since = int64(o.Filter.Since.Offset) //nolint:gosec // a seq
	}
	if o.Filter.Limit != 0 {
		if pubs, ok := b.fromTail(ch, since); ok {
			return pubs, b.position(since + int64(len(pubs))), nil
		}
	}
	// After a restart everybody comes back with the same position: one read serves them.
	key := ch + "/" + strconv.FormatInt(since, 10) + "/" + strconv.Itoa(o.Filter.Limit)
	v, err, _ := b.flight.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), readWithin)
		defer cancel()
		b.stats.reads.Add(1)
		head, rows, err := b.log.Replay(ctx, streamOf(ch), since, o.Filter.Limit)
		if errors.Is(err, errs.Gone) {
			return history{head: head}, nil
		}
		return history{head, publications(rows)}, err
	})
	if err != nil {
		return nil, centrifuge.StreamPosition{}, err
	}
	h := v.(history)
	return h.pubs, b.position(h.head), nil
}

type history struct {
	head int64
	pubs []*centrifuge.Publication
}

func (b *logBroker) position(seq int64) centrifuge.StreamPosition {
	return centrifuge.StreamPosition{Offset: uint64(seq), Epoch: b.epoch} //nolint:gosec // a seq
}

func publications(rows []events.Row) []*centrifuge.Publication {
	out := make([]*centrifuge.Publication, len(rows))
	for i, r := range rows {
		out[i] = &centrifuge.Publication{Offset: uint64(r.Seq), Data: r.Data} //nolint:gosec // a seq
	}
	return out
}

// fromTail answers from memory when the kept rows begin at or before the wanted one.
func (b *logBroker) fromTail(ch string, since int64) ([]*centrifuge.Publication, bool) {
	b.mu.Lock()
	c := b.streams[ch]
	b.mu.Unlock()
	if c == nil {
		return nil, false
	}
	c.tailMu.Lock()
	defer c.tailMu.Unlock()
	if len(c.tail) == 0 || uint64(since)+1 < c.tail[0].Offset || uint64(since) >= c.tail[len(c.tail)-1].Offset { //nolint:gosec // a seq
		return nil, false
	}
	skip := uint64(since) + 1 - c.tail[0].Offset //nolint:gosec // a seq
	return append([]*centrifuge.Publication(nil), c.tail[skip:]...), true
}

func (c *cursor) keep(p *centrifuge.Publication) {
	c.tailMu.Lock()
	defer c.tailMu.Unlock()
	if len(c.tail) >= 2*tailLength { // cut rarely, into a new array that frees the old one
		c.tail = append([]*centrifuge.Publication(nil), c.tail[tailLength:]...)
	}
	c.tail = append(c.tail, p)
}

// Hint says that a stream has something new. When the queue is full the poll finds it.
func (b *logBroker) Hint(stream string) {
	b.stats.hints.Add(1)
	b.mu.Lock()
	_, team := b.streams[teamPrefix+stream]
	_, user := b.streams[userPrefix+stream]
	b.mu.Unlock()
	if team {
		b.hint(teamPrefix + stream)
	}
	if user {
		b.hint(userPrefix + stream)
	}
}

func (b *logBroker) hint(channel string) {
	select {
	case b.kick <- channel:
	default: // the poll, at most a second later, does not depend on the queue
	}
}

// run dispatches until ctx ends, and returns when all its goroutines have ended.
func (b *logBroker) run(ctx context.Context) {
	var wg sync.WaitGroup
	for range dispatches {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case ch := <-b.kick:
					b.drain(ctx, ch)
				}
			}
		})
	}
	wg.Go(func() { b.poll(ctx) })
	wg.Wait()
}

// poll looks for streams that are behind, whether a hint came or not.
func (b *logBroker) poll(ctx context.Context) {
	t := time.NewTicker(pollEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case answer := <-b.ask:
			answer <- b.sameLog(ctx)
			continue
		case <-t.C:
		}
		at := b.cursors()
		if len(at) == 0 {
			continue
		}
		b.stats.polls.Add(1)
		ids := make([]string, 0, len(at))
		for ch := range at {
			ids = append(ids, streamOf(ch))
		}
		heads, err := b.log.Heads(ctx, ids)
		if err != nil {
			if ctx.Err() == nil {
				b.slog.WarnContext(ctx, "poll the change log", "err", err)
			}
			continue
		}
		for ch, c := range at {
			c.tailMu.Lock()
			behind := c.seq < heads[streamOf(ch)]
			c.tailMu.Unlock()
			if behind {
				b.stats.pollHits.Add(1)
				b.drain(ctx, ch)
			}
		}
	}
}

// check asks the poll, so that one that hangs, or waits for the database, fails too. The poll ends
// before done closes.
func (b *logBroker) check(ctx context.Context, done <-chan struct{}) error {
	answer := make(chan error, 1)
	select {
	case b.ask <- answer:
	case <-done:
		return errNotRunning
	case <-ctx.Done():
		return fmt.Errorf("ask the poll of the change log: %w", ctx.Err())
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the poll of the change log: %w", ctx.Err())
	}
}

// sameLog fails when the log cannot be read, or is no longer the one that clients are told of.
func (b *logBroker) sameLog(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	epoch, err := b.log.Epoch(ctx)
	if err != nil {
		return err
	}
	if epoch != b.epoch {
		return fmt.Errorf("the change log is another than at the start (%s, was %s): restart", epoch, b.epoch)
	}
	return nil
}

func (b *logBroker) cursors() map[string]*cursor {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[string]*cursor, len(b.streams))
	for ch, c := range b.streams {
		out[ch] = c
	}
	return out
}

// drain hands all rows after the cursor to the subscribers, in order.
func (b *logBroker) drain(ctx context.Context, channel string) {
	b.mu.Lock()
	c := b.streams[channel]
	b.mu.Unlock()
	if c == nil {
		return // nobody here listens any more
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		b.stats.reads.Add(1)
		head, rows, err := b.log.Replay(ctx, streamOf(channel), c.seq, batch)
		if errors.Is(err, errs.Gone) { // nobody read for so long that rows are gone: clients see the gap and recover
			c.setSeq(head)
			return
		}
		if err != nil {
			if ctx.Err() == nil {
				b.slog.WarnContext(ctx, "read the change log", "err", err) // the next poll tries again
			}
			return
		}
		for _, p := range publications(rows) {
			c.keep(p)
			if err := b.h.HandlePublication(channel, p, centrifuge.StreamPosition{Offset: p.Offset, Epoch: b.epoch}, false, nil); err != nil {
				b.slog.WarnContext(ctx, "dispatch a change", "err", err)
			}
			c.setSeq(int64(p.Offset)) //nolint:gosec // a seq
			b.stats.rows.Add(1)
		}
		if len(rows) == 0 || c.seq >= head {
			return
		}
	}
}

// setSeq is called with mu held; the poll reads seq under tailMu alone.
func (c *cursor) setSeq(seq int64) {
	c.tailMu.Lock()
	c.seq = seq
	c.tailMu.Unlock()
}
