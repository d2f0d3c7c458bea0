package realtime

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

// allowed checks that the actor may listen to a channel.
func (n *Node) allowed(ctx context.Context, actor users.Actor, channel string) error {
	_, err := n.teamOf(ctx, actor, channel)
	return err
}

// teamOf is allowed, and the team that a channel belongs to.
func (n *Node) teamOf(ctx context.Context, actor users.Actor, channel string) (string, error) {
	kind, id, _ := strings.Cut(channel, ":")
	switch kind + ":" {
	case teamPrefix:
		return id, n.o.CanViewTeam(ctx, actor, id)
	case taskPrefix:
		return n.o.TaskTeam(ctx, actor, id)
	case userPrefix:
		if id == actor.ID {
			return "", nil
		}
		return "", errs.New(errs.Forbidden, "this channel is somebody else's")
	}
	return "", errUnknownChannel
}

// start of a subscription: rights first. A client that subscribes to a task's channel is one that
// looks at the task.
func (n *Node) subscribe(c *centrifuge.Client, e centrifuge.SubscribeEvent) (centrifuge.SubscribeReply, error) {
	ctx, actor := c.Context(), actorOf(c)
	teamID, err := n.teamOf(ctx, actor, e.Channel)
	if err != nil {
		return centrifuge.SubscribeReply{}, n.reply(ctx, err)
	}
	o := centrifuge.SubscribeOptions{ExpireAt: later()}
	switch {
	case strings.HasPrefix(e.Channel, teamPrefix):
		// Who is there comes with the subscription; presence.changed tells the rest.
		if o.Data, err = json.Marshal(map[string]any{"presence": n.presence.now(ctx, teamID)}); err != nil {
			return centrifuge.SubscribeReply{}, n.reply(ctx, err)
		}
		fallthrough
	case strings.HasPrefix(e.Channel, userPrefix):
		o.EnableRecovery, o.EnablePositioning = true, true
	default:
		n.enter(ctx, teamID, c.ID(), strings.TrimPrefix(e.Channel, taskPrefix), actor)
		remember(c, e.Channel, teamID)
	}
	return centrifuge.SubscribeReply{Options: o}, nil
}

// subscribed looks again when a right ended while the subscription was being made: whoever ended it
// could not see it yet.
func (n *Node) subscribed(c *centrifuge.Client, channel string, drops int64) {
	if n.drops.Load() != drops && n.allowed(c.Context(), actorOf(c), channel) != nil {
		c.Unsubscribe(channel, membershipEnded)
	}
}

func (n *Node) unsubscribed(c *centrifuge.Client, e centrifuge.UnsubscribeEvent) {
	if task, ok := strings.CutPrefix(e.Channel, taskPrefix); ok {
		n.presence.leave(forget(c, e.Channel), c.ID(), task)
	}
}

// remember keeps the team of a task's channel: by the time it is left, the task may be gone.
func remember(c *centrifuge.Client, channel, teamID string) {
	storage, release := c.AcquireStorage()
	storage[channel] = teamID
	release(storage)
}

func forget(c *centrifuge.Client, channel string) string {
	storage, release := c.AcquireStorage()
	defer release(storage)
	teamID, _ := storage[channel].(string)
	delete(storage, channel)
	return teamID
}

// recheck looks at a right again: what ends one says so at once, but only to nodes that hear it.
func (n *Node) recheck(c *centrifuge.Client, channel string) centrifuge.SubRefreshReply {
	if err := n.allowed(c.Context(), actorOf(c), channel); err != nil {
		return centrifuge.SubRefreshReply{Expired: true}
	}
	return centrifuge.SubRefreshReply{ExpireAt: later()}
}

// rpc answers the one thing that clients say: which field they are editing, {"task_id", "field"}.
func (n *Node) rpc(c *centrifuge.Client, e centrifuge.RPCEvent) (centrifuge.RPCReply, error) {
	if e.Method != "edit" {
		return centrifuge.RPCReply{}, centrifuge.ErrorMethodNotFound
	}
	var in struct {
		TaskID string  `json:"task_id"`
		Field  *string `json:"field"`
	}
	d := json.NewDecoder(bytes.NewReader(e.Data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return centrifuge.RPCReply{}, centrifuge.ErrorBadRequest
	}
	storage, release := c.AcquireStorage()
	teamID, _ := storage[taskPrefix+in.TaskID].(string)
	release(storage)
	field := ""
	if in.Field != nil {
		field = *in.Field
	}
	if err := n.presence.edit(teamID, c.ID(), in.TaskID, field); err != nil {
		return centrifuge.RPCReply{}, &centrifuge.Error{Code: 400, Message: err.Error()}
	}
	return centrifuge.RPCReply{Data: []byte("{}")}, nil
}

// enter notes that somebody looks at a task.
func (n *Node) enter(ctx context.Context, teamID, connection, taskID string, actor users.Actor) {
	u, err := n.o.Profile(ctx, actor.ID)
	if err != nil {
		n.o.Logger.WarnContext(ctx, "profile of somebody present", "err", err)
		u = users.User{ID: actor.ID, Username: actor.Username, Name: actor.Username}
	}
	n.presence.enter(teamID, connection, taskID, u)
}

// Viewers is who looks at a task right now, on all nodes that can be heard.
func (n *Node) Viewers(ctx context.Context, teamID, taskID string) ([]tasks.Viewer, error) {
	return append([]tasks.Viewer{}, n.presence.now(ctx, teamID)[taskID]...), nil
}

// follows says whether somebody on this node would see a change of presence in a team.
func (n *Node) follows(teamID string) bool {
	if n.node.Hub().NumSubscribers(teamPrefix+teamID) > 0 {
		return true
	}
	for _, k := range n.allSockets("") {
		if k.team == teamID {
			return true
		}
	}
	return false
}

// tellPresence hands a presence message to those on this node who follow the team or the task. It
// has no place in the log, so it goes without an offset.
func (n *Node) tellPresence(teamID, taskID string, message []byte) {
	n.broadcast(teamPrefix+teamID, message)
	n.broadcast(taskPrefix+taskID, message)
	for _, k := range n.allSockets("") {
		if k.task == taskID {
			k.tell(message)
		}
	}
}

// tellTask hands a team's change to those who listen to the channels of its tasks. These are not
// recovered; who must not miss a change follows the team.
func (n *Node) tellTask(stream string, r events.Row) {
	if r.TaskID != "" {
		n.broadcast(taskPrefix+r.TaskID, r.Data)
		return
	}
	for _, task := range n.presence.watched(stream) {
		if bytes.Contains(r.Data, []byte(`"task_id":"`+task+`"`)) {
			n.broadcast(taskPrefix+task, r.Data)
		}
	}
}

func (n *Node) broadcast(channel string, data []byte) {
	if n.node.Hub().NumSubscribers(channel) == 0 {
		return
	}
	if err := n.node.HandlePublication(channel, &centrifuge.Publication{Data: data}, centrifuge.StreamPosition{}, false, nil); err != nil {
		n.o.Logger.Warn("broadcast", "err", err)
	}
}
