// Package realtime is the second door into Tandem: clients subscribe to channels, and every committed
// change reaches them in order. What is sent comes from the change log (see logBroker), so a lost
// connection, hint or node costs time and never a change.
package realtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/events"
	"tandem/internal/users"
)

// Options are what the node asks of the rest of Tandem.
type Options struct {
	Log *events.Log

	// Verify returns whose access token this is and when it expires. Its errors carry the code
	// "token_expired" when another token would do.
	Verify func(ctx context.Context, token string) (users.Actor, time.Time, error)
	// CanViewTeam refuses those who may not see the team.
	CanViewTeam func(ctx context.Context, actor users.Actor, teamID string) error
	// TaskTeam returns the team of a task that the actor may see.
	TaskTeam func(ctx context.Context, actor users.Actor, taskID string) (string, error)

	BaseURL string // sockets are accepted from pages of this origin
	Logger  *slog.Logger
}

// Limits of one connection. Whoever needs more opens the views one at a time.
const (
	maxConnectionsPerUser = 50
	maxChannels           = 100
	maxMessage            = 64 << 10
	maxQueue              = 1 << 20
	maxRecovery           = 2000 // rows; a client further behind reads the snapshot
	recheckEvery          = 5 * time.Minute
)

// Node serves realtime connections of this process.
type Node struct {
	o      Options
	node   *centrifuge.Node
	broker *logBroker
	ws     http.Handler

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New prepares a node. Nothing runs before Start.
func New(o Options) (*Node, error) {
	n := &Node{o: o}
	var err error
	n.node, err = centrifuge.New(centrifuge.Config{
		LogLevel:                    centrifuge.LogLevelWarn,
		LogHandler:                  n.logEntry,
		ClientChannelLimit:          maxChannels,
		UserConnectionLimit:         maxConnectionsPerUser,
		ClientQueueMaxSize:          maxQueue,
		RecoveryMaxPublicationLimit: maxRecovery,
		ClientExpiredCloseDelay:     25 * time.Second,
		ClientExpiredSubCloseDelay:  25 * time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("make realtime node: %w", err)
	}
	n.node.OnConnecting(n.connecting)
	n.node.OnConnect(n.connected)
	n.ws = centrifuge.NewWebsocketHandler(n.node, centrifuge.WebsocketConfig{
		CheckOrigin:        n.checkOrigin,
		ReadBufferSize:     1024,
		UseWriteBufferPool: true,
		MessageSizeLimit:   maxMessage,
		PingPongConfig:     centrifuge.PingPongConfig{PingInterval: 10 * time.Second, PongTimeout: 5 * time.Second},
	})
	return n, nil
}

func (n *Node) logEntry(e centrifuge.LogEntry) {
	level := slog.LevelWarn
	if e.Level == centrifuge.LogLevelError {
		level = slog.LevelError
	}
	attrs := make([]any, 0, 2*len(e.Fields))
	for k, v := range e.Fields {
		attrs = append(attrs, k, v)
	}
	n.o.Logger.Log(context.Background(), level, e.Message, attrs...)
}

// Start runs the node until Stop; it returns when the node is ready. A second call does nothing.
func (n *Node) Start(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cancel != nil {
		return nil
	}
	epoch, err := n.o.Log.Epoch(ctx)
	if err != nil {
		return err
	}
	memory, err := centrifuge.NewMemoryBroker(n.node, centrifuge.MemoryBrokerConfig{})
	if err != nil {
		return fmt.Errorf("make memory broker: %w", err)
	}
	n.broker = newLogBroker(n.o.Log, epoch, memory, n.o.Logger)
	n.node.SetBroker(n.broker)
	if err := n.node.Run(); err != nil {
		return fmt.Errorf("run realtime node: %w", err)
	}
	n.o.Log.Notify(n.broker)
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel, n.done = cancel, make(chan struct{})
	go func() {
		defer close(n.done)
		n.broker.run(runCtx)
	}()
	return nil
}

// Stop tells all clients to connect again elsewhere and waits until everything has ended. A second
// call does nothing.
func (n *Node) Stop(ctx context.Context) error {
	n.mu.Lock()
	cancel, done := n.cancel, n.done
	n.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	<-done
	if err := n.node.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop realtime node: %w", err)
	}
	return nil
}

// errNotRunning is what Check says before Start and after Stop.
var errNotRunning = errors.New("the change log is not dispatched: the node does not run")

// Check fails when changes do not reach the sockets of this node: it does not run, the loop that
// reads the change log is stuck, or the log cannot be read. It waits until ctx ends.
func (n *Node) Check(ctx context.Context) error {
	n.mu.Lock()
	b, done := n.broker, n.done
	n.mu.Unlock()
	if done == nil {
		return errNotRunning
	}
	return b.check(ctx, done)
}

// Handler answers /ws.
func (n *Node) Handler() http.Handler { return n.ws }

// Stats are the node's counts, for metrics.
type Stats struct {
	Connections, Subscriptions, Channels   int
	Hints, Polls, PollHits, Rows, LogReads uint64
}

// Stats returns the counts as they are now.
func (n *Node) Stats() Stats {
	s := Stats{Connections: n.node.Hub().NumClients(), Subscriptions: n.node.Hub().NumSubscriptions(), Channels: n.node.Hub().NumChannels()}
	n.mu.Lock()
	b := n.broker
	n.mu.Unlock()
	if b != nil {
		s.Hints, s.Polls, s.PollHits, s.Rows, s.LogReads = b.stats.hints.Load(), b.stats.polls.Load(), b.stats.pollHits.Load(), b.stats.rows.Load(), b.stats.reads.Load()
	}
	return s
}
