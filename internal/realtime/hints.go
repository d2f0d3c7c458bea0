package realtime

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strings"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/redis"
)

// Kinds of what nodes tell each other over Redis. All of it may be lost.
const (
	hintStream   = "stream"   // has something new
	hintPresence = "presence" // of a team changed
	hintControl  = "control"  // a command of centrifuge, for one node or ("*") all
)

// hints is how the nodes of one database tell each other that there is something to look at. What
// they then look at is the log, or the presence that each node keeps in Redis.
type hints struct {
	redis   *redis.Client // nil: alone
	channel string
	self    string // so that a node passes over what it said itself
	log     *slog.Logger
	out     chan string

	stream   func(id string)
	presence func(teamID string)
	control  centrifuge.ControlEventHandler
	up       func() // hints may have been lost
}

const hintsQueued = 4096

func newHints(r *redis.Client, epoch, self string, log *slog.Logger) *hints {
	return &hints{redis: r, channel: "tandem:" + epoch + ":hints", self: self, log: log, out: make(chan string, hintsQueued)}
}

// send says something to the other nodes, soon. When too much waits already, it is dropped: they poll.
func (h *hints) send(kind, what string) {
	if h.redis == nil {
		return
	}
	select {
	case h.out <- h.self + " " + kind + " " + what:
	default:
	}
}

// sayNow sends at once: the last words of a node that stops.
func (h *hints) sayNow(ctx context.Context, kind, what string) {
	if err := h.redis.Publish(ctx, h.channel, h.self+" "+kind+" "+what); err != nil {
		h.log.DebugContext(ctx, "hint to other nodes", "err", err)
	}
}

// Hint implements events.Hinter.
func (h *hints) Hint(stream string) { h.send(hintStream, stream) }

// run sends and listens until ctx ends.
func (h *hints) run(ctx context.Context) {
	if h.redis == nil {
		return
	}
	go h.redis.Listen(ctx, h.channel, h.up, h.hear)
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-h.out:
			if err := h.redis.Publish(ctx, h.channel, h.pending(first)...); err != nil && ctx.Err() == nil {
				h.log.DebugContext(ctx, "hint to other nodes", "err", err) // Check tells the operator
			}
		}
	}
}

// pending is what waits to be said, each thing once.
func (h *hints) pending(first string) []string {
	said := map[string]bool{first: true}
	all := []string{first}
	for len(all) < 128 {
		select {
		case m := <-h.out:
			if !said[m] {
				said[m] = true
				all = append(all, m)
			}
		default:
			return all
		}
	}
	return all
}

func (h *hints) hear(message string) {
	from, rest, _ := strings.Cut(message, " ")
	kind, what, _ := strings.Cut(rest, " ")
	if from == h.self {
		return
	}
	switch kind {
	case hintStream:
		h.stream(what)
	case hintPresence:
		h.presence(what)
	case hintControl:
		to, data, _ := strings.Cut(what, " ")
		if to != "*" && to != h.self {
			return
		}
		raw, err := base64.StdEncoding.DecodeString(data)
		if err != nil || h.control == nil {
			return
		}
		if err := h.control.HandleControl(raw); err != nil {
			h.log.Warn("command of another node", "err", err)
		}
	}
}

// RegisterControlEventHandler implements centrifuge.Controller. Its commands find the node that
// holds a client's stream when the client, for want of a WebSocket, sends by separate requests.
func (h *hints) RegisterControlEventHandler(c centrifuge.ControlEventHandler) error {
	h.control = c
	return nil
}

// PublishControl implements centrifuge.Controller.
func (h *hints) PublishControl(data []byte, nodeID, _ string) error {
	if nodeID == "" {
		nodeID = "*"
	}
	h.send(hintControl, nodeID+" "+base64.StdEncoding.EncodeToString(data))
	return nil
}
