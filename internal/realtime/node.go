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
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/redis"
	"tandem/internal/users"
)

// Options are what the node asks of the rest of Tandem.
type Options struct {
	Log   *events.Log
	Redis *redis.Client // nil: nodes look for each other's changes in the database

	// Verify returns whose access token this is and when it expires. Its errors carry the code
	// "token_expired" when another token would do.
	Verify func(ctx context.Context, token string) (users.Actor, time.Time, error)
	// CanViewTeam refuses those who may not see the team.
	CanViewTeam func(ctx context.Context, actor users.Actor, teamID string) error
	// TaskTeam returns the team of a task that the actor may see.
	TaskTeam func(ctx context.Context, actor users.Actor, taskID string) (string, error)
	// Profile is how somebody is shown to others.
	Profile func(ctx context.Context, userID string) (users.User, error)
	// ForgetSession and ForgetMembership drop what this node has cached of a right that ended on
	// another node; userID "" means everybody's.
	ForgetSession    func(sessionID string)
	ForgetMembership func(teamID, userID string)
	// ForgetUser drops what this node has cached of a user's name and avatar.
	ForgetUser func(userID string)
	// Refuse answers a handshake that is refused.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)

	BaseURL string // sockets are accepted from pages of this origin
	Logger  *slog.Logger
}

// Limits of one connection. Whoever needs more opens the views one at a time.
const (
	maxConnectionsPerUser = 50
	maxChannels           = 100
	maxMessage            = 64 << 10
	maxPerSecond          = 100 // messages from a client
	maxQueue              = 1 << 20
	maxRecovery           = 2000         // rows; a client further behind reads the snapshot
	maxRecoveryBytes      = maxQueue / 2 // the answer must not end the connection as a slow one, again and again
	recheckEvery          = 5 * time.Minute
)

// Node serves realtime connections of this process.
type Node struct {
	o           Options
	node        *centrifuge.Node
	broker      *logBroker
	hints       *hints
	presence    *presence
	handler     http.Handler
	epoch       string
	sockets     sockets
	draining    atomic.Bool
	writeWithin time.Duration // always the constant, but in tests
	drops       atomic.Int64  // rights that ended, as far as this node has heard

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// control, with the build tag failpoints, may put a broker in front of the log's that loses changes,
// to prove that the fault test finds it. It is nil in every ordinary build.
var control func(ctx context.Context, n *Node) (centrifuge.Broker, error)

// New prepares a node. Nothing runs before Start.
func New(o Options) (*Node, error) {
	n := &Node{o: o, writeWithin: writeWithin}
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
	n.presence = newPresence(n)
	n.node.OnConnecting(n.connecting)
	n.node.OnConnect(n.connected)
	n.node.OnCommandRead(n.command)
	n.handler = n.routes()
	return n, nil
}

// beat is how clients and we notice that the other is gone.
var beat = centrifuge.PingPongConfig{PingInterval: 10 * time.Second, PongTimeout: 5 * time.Second}

// routes are the ways in. The app's own connection is a WebSocket; where there is none, it reads one
// long answer and sends by separate requests.
func (n *Node) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", n.app)
	mux.Handle("POST /ws/stream", centrifuge.NewHTTPStreamHandler(n.node, centrifuge.HTTPStreamConfig{MaxRequestBodySize: maxMessage, PingPongConfig: beat}))
	mux.Handle("POST /ws/emulation", centrifuge.NewEmulationHandler(n.node, centrifuge.EmulationConfig{MaxRequestBodySize: maxMessage}))
	mux.HandleFunc("GET /ws/teams/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		a, _ := admitted(r)
		if err := n.o.CanViewTeam(r.Context(), a.actor, id); err != nil {
			n.o.Refuse(w, r, err)
			return
		}
		n.plain(w, r, teamPrefix+id, id, nil)
	})
	mux.HandleFunc("GET /ws/tasks/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		a, _ := admitted(r)
		team, err := n.o.TaskTeam(r.Context(), a.actor, id)
		if err != nil {
			n.o.Refuse(w, r, err)
			return
		}
		n.plain(w, r, taskPrefix+id, team, ofTask(id))
	})
	mux.HandleFunc("GET /ws/notifications", func(w http.ResponseWriter, r *http.Request) {
		a, _ := admitted(r)
		n.plain(w, r, userPrefix+a.actor.ID, a.actor.ID, notificationsOnly)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		n.o.Refuse(w, r, errs.New(errs.NotFound, "there is nothing here"))
	})
	return n.admit(mux)
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
	n.epoch = epoch
	n.broker = newLogBroker(n.o.Log, epoch, n.o.Logger)
	n.hints = newHints(n.o.Redis, epoch, n.node.ID(), n.o.Logger)
	n.hints.stream, n.hints.presence, n.hints.up = n.broker.Hint, n.presence.heard, n.broker.lookNow
	var broker centrifuge.Broker = n.broker
	if control != nil {
		if broker, err = control(ctx, n); err != nil {
			return err
		}
	}
	n.node.SetBroker(broker)
	if n.o.Redis != nil {
		n.node.SetController(n.hints)
	}
	if err := n.follow(ctx); err != nil {
		return err
	}
	if err := n.node.Run(); err != nil {
		return fmt.Errorf("run realtime node: %w", err)
	}
	n.o.Log.Notify(n.broker)
	n.o.Log.Notify(n.hints)
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel, n.done = cancel, make(chan struct{})
	go func() {
		defer close(n.done)
		var wg sync.WaitGroup
		for _, run := range []func(context.Context){n.broker.run, n.hints.run, n.presence.run} {
			wg.Go(func() { run(runCtx) })
		}
		wg.Wait()
	}()
	return nil
}

// redisKey keeps the keys of several installations in one Redis apart.
func (n *Node) redisKey(name string) string { return "tandem:" + n.epoch + ":" + name }

// Stop tells all clients to connect again elsewhere and waits until everything has ended. A second
// call does nothing.
func (n *Node) Stop(ctx context.Context) error {
	n.mu.Lock()
	cancel, done := n.cancel, n.done
	n.mu.Unlock()
	if cancel == nil {
		return nil
	}
	n.Drain(ctx, 0)
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

// Handler answers /ws and what is below it.
func (n *Node) Handler() http.Handler { return n.handler }

// Stats are the node's counts, for metrics.
type Stats struct {
	Connections, Subscriptions, Channels   int
	Hints, Polls, PollHits, Rows, LogReads uint64
}

// Stats returns the counts as they are now.
func (n *Node) Stats() Stats {
	s := Stats{Connections: n.node.Hub().NumClients() + len(n.allSockets("")), Subscriptions: n.node.Hub().NumSubscriptions(), Channels: n.node.Hub().NumChannels()}
	n.mu.Lock()
	b := n.broker
	n.mu.Unlock()
	if b != nil {
		s.Hints, s.Polls, s.PollHits, s.Rows, s.LogReads = b.stats.hints.Load(), b.stats.polls.Load(), b.stats.pollHits.Load(), b.stats.rows.Load(), b.stats.reads.Load()
	}
	return s
}
