package realtime

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
)

// sockets are the plain ones of this node, by user.
type sockets struct {
	mu     sync.Mutex
	byUser map[string]map[*socket]struct{}
}

func (n *Node) addSocket(k *socket) {
	s := &n.sockets
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byUser == nil {
		s.byUser = map[string]map[*socket]struct{}{}
	}
	if s.byUser[k.actor.ID] == nil {
		s.byUser[k.actor.ID] = map[*socket]struct{}{}
	}
	s.byUser[k.actor.ID][k] = struct{}{}
}

func (n *Node) removeSocket(k *socket) {
	s := &n.sockets
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byUser[k.actor.ID], k)
	if len(s.byUser[k.actor.ID]) == 0 {
		delete(s.byUser, k.actor.ID)
	}
}

// allSockets are those of a user; "" means everybody's.
func (n *Node) allSockets(userID string) []*socket {
	s := &n.sockets
	s.mu.Lock()
	defer s.mu.Unlock()
	if userID != "" {
		return slices.Collect(maps.Keys(s.byUser[userID]))
	}
	var out []*socket
	for _, of := range s.byUser {
		out = slices.AppendSeq(out, maps.Keys(of))
	}
	return out
}

// connections is how many a user has open on this node, of both kinds.
func (n *Node) connections(userID string) int {
	n.sockets.mu.Lock()
	plain := len(n.sockets.byUser[userID])
	n.sockets.mu.Unlock()
	return plain + len(n.node.Hub().UserConnections(userID))
}

// Drain refuses new connections and has the open ones come back elsewhere, at random moments within
// the given time, so that the other nodes are not run over.
func (n *Node) Drain(ctx context.Context, within time.Duration) {
	n.draining.Store(true)
	var ends []func()
	for _, c := range n.node.Hub().Connections() {
		ends = append(ends, func() { c.Disconnect(centrifuge.DisconnectShutdown) })
	}
	for _, k := range n.allSockets("") {
		ends = append(ends, func() { k.close(serverStops.code, serverStops.reason) })
	}
	rand.Shuffle(len(ends), func(i, j int) { ends[i], ends[j] = ends[j], ends[i] }) //nolint:gosec // jitter
	begin := time.Now()
	for i, end := range ends {
		at := time.NewTimer(time.Until(begin.Add(within * time.Duration(i) / time.Duration(len(ends)))))
		select {
		case <-ctx.Done():
			at.Stop()
			return
		case <-at.C:
			end()
		}
	}
}

// pace counts what a peer says. Its zero value is ready.
type pace struct {
	mu     sync.Mutex
	second int64
	n      int
}

// allows says whether one more message is within the limit.
func (p *pace) allows(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := now.Unix(); s != p.second {
		p.second, p.n = s, 0
	}
	p.n++
	return p.n <= maxPerSecond
}
