package realtime

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/events"
)

// stream is a stream of the change log that somebody on this node listens to: clients through their
// channel, plain sockets, or the node itself.
type stream struct {
	id string

	// Of the broker's lock.
	channel string // what clients know it as; empty while none listens
	users   int    // the channel counts as one

	dispatching sync.Mutex // keeps the order; slow sockets never hold it

	mu      sync.Mutex
	seq     int64   // how far it was dispatched
	tail    []entry // the last rows, without a gap
	sockets map[*socket]struct{}
}

// entry is a row in the forms it is sent in.
type entry struct {
	events.Row
	pub   *centrifuge.Publication // to clients
	frame []byte                  // to plain sockets
}

func entries(rows []events.Row) []entry {
	out := make([]entry, len(rows))
	for i, r := range rows {
		out[i] = entry{r, &centrifuge.Publication{Offset: uint64(r.Seq), Data: r.Data}, frame(opText, r.Data)} //nolint:gosec // a seq
	}
	return out
}

func publications(list []entry) []*centrifuge.Publication {
	out := make([]*centrifuge.Publication, len(list))
	for i, e := range list {
		out[i] = e.pub
	}
	return out
}

func size(list []entry) (bytes int) {
	for _, e := range list {
		bytes += len(e.Data)
	}
	return bytes
}

// WebSocket opcodes, RFC 6455 section 5.2.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// frame encodes an unfragmented frame as a server sends it, RFC 6455 section 5.2. One is made for
// all sockets that it goes to.
func frame(opcode byte, payload []byte) []byte {
	return appendFrame(make([]byte, 0, len(payload)+10), opcode, payload)
}

func appendFrame(out []byte, opcode byte, payload []byte) []byte {
	out = append(out, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		out = append(out, byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	return append(out, payload...)
}

func (s *stream) position() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq
}

// dispatched is the last row that somebody may have been handed already.
func (s *stream) dispatched() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.tail); n > 0 {
		return max(s.seq, s.tail[n-1].Seq)
	}
	return s.seq
}

// keep adds dispatched rows to the tail, which is cut rarely, into a new array that frees the old one.
func (s *stream) keep(list []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = append(s.tail, list...)
	if len(s.tail) >= 2*tailLength {
		s.tail = append([]entry(nil), s.tail[len(s.tail)-tailLength:]...)
	}
}

// skipTo goes on after seq. What lies between was pruned; clients see the gap and recover.
func (s *stream) skipTo(seq int64) {
	s.mu.Lock()
	s.seq, s.tail = seq, nil
	s.mu.Unlock()
}

func (s *stream) reached(seq int64) {
	s.mu.Lock()
	s.seq = seq
	s.mu.Unlock()
}

// learn keeps what was read of the log just before the tail: after a restart all are as far behind.
func (s *stream) learn(list []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(list) == 0 {
		return
	}
	begin := s.seq + 1
	if len(s.tail) > 0 {
		begin = s.tail[0].Seq
	}
	n := begin - list[0].Seq
	if n > 0 && n <= int64(len(list)) && int(n)+len(s.tail) < 2*tailLength {
		s.tail = append(append([]entry(nil), list[:n]...), s.tail...)
	}
}

// after answers from memory what came after seq, when the tail begins at or before it. Nothing came when
// all up to seq is dispatched and no more: what follows reaches everybody who listens by now.
func (s *stream) after(seq int64) (list []entry, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq == s.seq && (len(s.tail) == 0 || s.tail[len(s.tail)-1].Seq == seq) {
		return nil, true
	}
	if len(s.tail) == 0 || seq+1 < s.tail[0].Seq || seq >= s.tail[len(s.tail)-1].Seq {
		return nil, false
	}
	return slices.Clip(s.tail[seq+1-s.tail[0].Seq:]), true // keep never changes what it has
}

func (s *stream) add(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets == nil {
		s.sockets = map[*socket]struct{}{}
	}
	s.sockets[k] = struct{}{}
}

func (s *stream) remove(k *socket) {
	s.mu.Lock()
	delete(s.sockets, k)
	s.mu.Unlock()
}

// wake tells the sockets that there is something to read.
func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.sockets {
		k.wake()
	}
}

// together is how many sockets one goroutine writes to.
const together = 500

// offer sends rows that were just dispatched to the sockets, and waits for none of them.
func (s *stream) offer(list []entry) {
	s.mu.Lock()
	all := make([]*socket, 0, len(s.sockets))
	for k := range s.sockets {
		all = append(all, k)
	}
	s.mu.Unlock()
	var wg sync.WaitGroup
	for part := range slices.Chunk(all, together) {
		wg.Go(func() {
			w := newAttempt()
			for _, k := range part {
				k.offer(list, w)
			}
		})
	}
	wg.Wait()
}

// attach makes the node follow a stream, until detach.
func (b *logBroker) attach(ctx context.Context, id, channel string) (*stream, error) {
	take := func() *stream { // with the lock held
		s := b.streams[id]
		if s != nil {
			s.users++
			if channel != "" {
				s.channel = channel
			}
		}
		return s
	}
	b.mu.Lock()
	s := take()
	b.mu.Unlock()
	if s != nil {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	head, _, err := b.log.Replay(ctx, id, 0, 0)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	if s = take(); s == nil {
		s = &stream{id: id, channel: channel, users: 1, seq: head}
		b.streams[id] = s
	}
	b.mu.Unlock()
	b.kickOff(id) // a commit between the read and the line above had nobody to tell
	return s, nil
}

func (b *logBroker) detach(id, channel string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.streams[id]
	if s == nil {
		return
	}
	if channel != "" {
		s.channel = ""
	}
	if s.users--; s.users == 0 {
		delete(b.streams, id)
	}
}
