package realtime

import (
	"context"
	"time"
)

// MaxPerSecond is how many messages a client may send.
const MaxPerSecond = maxPerSecond

// Stuck is a node whose loop that reads the change log never comes round.
func Stuck() *Node {
	return &Node{broker: newLogBroker(nil, "", nil), done: make(chan struct{})}
}

// ReadDuring reads a stream while a read of the same rows, which began when the head was since, is under
// way. It returns the head that was read.
func (n *Node) ReadDuring(ctx context.Context, id string, since int64, release <-chan struct{}) (head int64, err error) {
	begun := make(chan struct{})
	go func() {
		_, _, _ = n.broker.flight.Do(flightKey(id, since, batch), func() (any, error) {
			close(begun)
			<-release
			return history{head: since}, nil
		})
	}()
	<-begun
	h, err := n.broker.read(ctx, id, since, batch)
	return h.head, err
}

// SetWriteWithin makes readers too slow earlier or later, on sockets that are not yet open.
func (n *Node) SetWriteWithin(d time.Duration) { n.writeWithin = d }
