package realtime

import (
	"testing"
	"time"
)

// MaxPerSecond is how many messages a client may send.
const MaxPerSecond = maxPerSecond

// Stuck is a node whose loop that reads the change log never comes round.
func Stuck() *Node {
	return &Node{broker: newLogBroker(nil, "", nil), done: make(chan struct{})}
}

// SetWriteWithin makes readers too slow earlier, until the test ends. Such a test runs alone.
func SetWriteWithin(t *testing.T, d time.Duration) {
	old := writeWithin
	writeWithin = d
	t.Cleanup(func() { writeWithin = old })
}
