package realtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"golang.org/x/sync/singleflight"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/failpoint"
)

// Prefixes of channels.
const (
	teamPrefix = "team:"
	userPrefix = "user:"
	taskPrefix = "task:"
)

// errNoPublish refuses what would put something into a channel beside the log.
var errNoPublish = errors.New("channels are written by committing a change, not by publishing")

const (
	pollEvery  = time.Second // the longest that a lost hint delays a change
	tailLength = 200         // rows of a busy stream that are kept for those who reconnect
	batch      = 500         // rows that are read at once
	dispatches = 4           // streams that are dispatched side by side
	readWithin = 10 * time.Second
)

// logBroker is a centrifuge.Broker whose history, for log channels, is the change log: the
// protocol's (epoch, offset) is (database epoch, seq), so its own gap check and recovery are exact.
// The other channels are for what may be lost; they only need to exist.
type logBroker struct {
	log   *events.Log
	epoch string
	slog  *slog.Logger
	h     centrifuge.BrokerEventHandler

	// each, when set, sees a dispatched row after those who listen to its stream.
	each func(ctx context.Context, stream string, r events.Row)
	// pruned, when set, is told that rows of a stream were gone before they could be dispatched.
	pruned func(stream string)

	mu      sync.Mutex
	streams map[string]*stream // by id: those that somebody here listens to
	kick    chan string
	look    chan struct{}   // for the poll to come now
	ask     chan chan error // for check; the poll answers

	flight singleflight.Group
	stats  counters
}

type counters struct{ hints, polls, pollHits, rows, reads atomic.Uint64 }

func newLogBroker(log *events.Log, epoch string, logger *slog.Logger) *logBroker {
	return &logBroker{log: log, epoch: epoch, slog: logger, streams: map[string]*stream{}, kick: make(chan string, 1024), look: make(chan struct{}, 1), ask: make(chan chan error)}
}

func isLog(channel string) bool {
	return strings.HasPrefix(channel, teamPrefix) || strings.HasPrefix(channel, userPrefix)
}

// streamOf is the stream behind a log channel: the id after the colon.
func streamOf(channel string) string { return channel[strings.IndexByte(channel, ':')+1:] }

func (b *logBroker) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	b.h = h
	return nil
}

// ReliableDelivery tells centrifuge that it need not compare positions from time to time.
func (b *logBroker) ReliableDelivery() bool { return true }

func (b *logBroker) Subscribe(channels ...string) error {
	for _, ch := range channels {
		if !isLog(ch) {
			continue
		}
		if _, err := b.attach(context.Background(), streamOf(ch), ch); err != nil {
			return err
		}
	}
	return nil
}

func (b *logBroker) Unsubscribe(channels ...string) error {
	for _, ch := range channels {
		if isLog(ch) {
			b.detach(streamOf(ch), ch)
		}
	}
	return nil
}

func (b *logBroker) Publish(string, []byte, centrifuge.PublishOptions) (centrifuge.PublishResult, error) {
	return centrifuge.PublishResult{}, errNoPublish
}

func (b *logBroker) PublishJoin(string, *centrifuge.ClientInfo) error  { return errNoPublish }
func (b *logBroker) PublishLeave(string, *centrifuge.ClientInfo) error { return errNoPublish }
func (b *logBroker) RemoveHistory(string) error                        { return errNoPublish }

// History reads the log. Rows that are no longer kept, or too many for the queue of a connection, give a
// position without rows, from which centrifuge concludes that the client did not recover.
func (b *logBroker) History(ch string, o centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	if !isLog(ch) {
		return nil, centrifuge.StreamPosition{Epoch: b.epoch}, nil
	}
	var since int64
	if o.Filter.Since != nil {
		since = int64(o.Filter.Since.Offset) //nolint:gosec // a seq
	}
	h, err := b.read(context.Background(), streamOf(ch), since, o.Filter.Limit)
	if err != nil && !errors.Is(err, errs.Gone) {
		return nil, centrifuge.StreamPosition{}, err
	}
	if size(h.list) > maxRecoveryBytes {
		h.list = nil
	}
	return publications(h.list), centrifuge.StreamPosition{Offset: uint64(h.head), Epoch: b.epoch}, nil //nolint:gosec // a seq
}

type history struct {
	head int64
	list []entry
}

// read returns a stream's head and its rows after since, from memory when it can; errs.Gone says that
// some of them are no longer kept.
func (b *logBroker) read(ctx context.Context, id string, since int64, limit int) (history, error) {
	b.mu.Lock()
	s := b.streams[id]
	b.mu.Unlock()
	if s == nil {
		h, _, err := b.readOnce(ctx, id, since, limit)
		return h, err
	}
	if list, ok := s.after(since); ok && limit != 0 {
		return history{since + int64(len(list)), list}, nil
	}
	// What was dispatched up to here, the caller may have come too late for: the answer has to hold it.
	least := s.dispatched()
	h, shared, err := b.readOnce(ctx, id, since, limit)
	if err == nil && shared && h.head < least { // by a read that had begun before; another one has not
		h, _, err = b.readOnce(ctx, id, since, limit)
	}
	if err == nil {
		s.learn(h.list)
	}
	return h, err
}

// readOnce reads the log. After a restart everybody comes back with the same position: one read serves
// them. So the one who happens to be first must not fail the others by leaving.
func (b *logBroker) readOnce(ctx context.Context, id string, since int64, limit int) (h history, shared bool, err error) {
	v, err, shared := b.flight.Do(flightKey(id, since, limit), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin)
		defer cancel()
		b.stats.reads.Add(1)
		head, rows, err := b.log.Replay(ctx, id, since, limit)
		return history{head, entries(rows)}, err
	})
	return v.(history), shared, err
}

func flightKey(id string, since int64, limit int) string {
	return id + "/" + strconv.FormatInt(since, 10) + "/" + strconv.Itoa(limit)
}

// Hint says that a stream has something new. When the queue is full the poll finds it.
func (b *logBroker) Hint(id string) {
	b.stats.hints.Add(1)
	b.mu.Lock()
	_, followed := b.streams[id]
	b.mu.Unlock()
	if followed {
		b.kickOff(id)
	}
}

func (b *logBroker) kickOff(id string) {
	select {
	case b.kick <- id:
	default: // the poll, at most a second later, does not depend on the queue
	}
}

// lookNow makes the poll come now: hints may have been lost.
func (b *logBroker) lookNow() {
	select {
	case b.look <- struct{}{}:
	default:
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
				case id := <-b.kick:
					b.drain(ctx, id)
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
		case <-b.look:
		case <-t.C:
		}
		followed := b.followed()
		if len(followed) == 0 {
			continue
		}
		b.stats.polls.Add(1)
		heads, err := b.log.Heads(ctx, slices.Collect(maps.Keys(followed)))
		if err != nil {
			if ctx.Err() == nil {
				b.slog.WarnContext(ctx, "poll the change log", "err", err)
			}
			continue
		}
		for id, s := range followed {
			if s.position() < heads[id] {
				b.stats.pollHits.Add(1)
				b.drain(ctx, id)
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

func (b *logBroker) followed() map[string]*stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.streams)
}

// drain hands all rows that were not yet dispatched to those who listen, in order.
func (b *logBroker) drain(ctx context.Context, id string) {
	b.mu.Lock()
	s := b.streams[id]
	b.mu.Unlock()
	if s == nil {
		return // nobody here listens any more
	}
	s.dispatching.Lock()
	defer s.dispatching.Unlock()
	for {
		b.stats.reads.Add(1)
		head, rows, err := b.log.Replay(ctx, id, s.seq, batch)
		if errors.Is(err, errs.Gone) { // nobody read for so long
			s.skipTo(head)
			s.wake()
			if b.pruned != nil {
				b.pruned(id)
			}
			return
		}
		if err != nil {
			if ctx.Err() == nil {
				b.slog.WarnContext(ctx, "read the change log", "err", err) // the next poll tries again
			}
			return
		}
		b.dispatch(ctx, s, entries(rows))
		if len(rows) == 0 || s.seq >= head {
			return
		}
	}
}

// dispatch is the way of rows to all who listen to their stream on this node.
func (b *logBroker) dispatch(ctx context.Context, s *stream, list []entry) {
	// Whoever opens the channel after the next line finds the rows in the tail, and whoever did before it
	// is seen by the one after.
	s.keep(list)
	b.mu.Lock()
	channel := s.channel
	b.mu.Unlock()
	for _, e := range list {
		failpoint.Hit("dispatch")
		if channel != "" {
			if err := b.h.HandlePublication(channel, e.pub, centrifuge.StreamPosition{Offset: e.pub.Offset, Epoch: b.epoch}, false, nil); err != nil {
				b.slog.WarnContext(ctx, "dispatch a change", "err", err)
			}
		}
		s.reached(e.Seq)
		b.stats.rows.Add(1)
		if b.each != nil {
			b.each(ctx, s.id, e.Row)
		}
	}
	if len(list) > 0 {
		s.offer(list)
	}
}
