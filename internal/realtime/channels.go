package realtime

import (
	"context"
	"strings"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/users"
)

// allowed checks that the actor may listen to a channel.
func (n *Node) allowed(ctx context.Context, actor users.Actor, channel string) error {
	kind, id, _ := strings.Cut(channel, ":")
	switch kind + ":" {
	case teamPrefix:
		return n.o.CanViewTeam(ctx, actor, id)
	case taskPrefix:
		_, err := n.o.TaskTeam(ctx, actor, id)
		return err
	case userPrefix:
		if id == actor.ID {
			return nil
		}
		return centrifuge.ErrorPermissionDenied
	}
	return centrifuge.ErrorUnknownChannel
}

func (n *Node) subscribe(c *centrifuge.Client, e centrifuge.SubscribeEvent) (centrifuge.SubscribeReply, error) {
	ctx := c.Context()
	if err := n.allowed(ctx, actorOf(c), e.Channel); err != nil {
		if _, ours := err.(*centrifuge.Error); !ours { //nolint:errorlint // made by allowed itself, never wrapped
			err = n.reply(ctx, err)
		}
		return centrifuge.SubscribeReply{}, err
	}
	o := centrifuge.SubscribeOptions{ExpireAt: later()}
	if isLog(e.Channel) {
		o.EnableRecovery, o.EnablePositioning = true, true
	} else {
		o.EmitPresence, o.EmitJoinLeave, o.PushJoinLeave = true, true, true
	}
	return centrifuge.SubscribeReply{Options: o}, nil
}

// recheck looks at a right again: what ends one says so at once, but only to nodes that hear it.
func (n *Node) recheck(c *centrifuge.Client, channel string) centrifuge.SubRefreshReply {
	if err := n.allowed(c.Context(), actorOf(c), channel); err != nil {
		return centrifuge.SubRefreshReply{Expired: true}
	}
	return centrifuge.SubRefreshReply{ExpireAt: later()}
}

// DropSession ends the connections of a session that ended.
func (n *Node) DropSession(userID, sessionID string) {
	for _, c := range n.node.Hub().UserConnections(userID) {
		if actorOf(c).SessionID == sessionID {
			c.Disconnect(sessionEnded)
		}
	}
}

// DropMembership ends what somebody, or with userID "" everybody, hears of a team. Who still may
// listen, with another role, subscribes again.
func (n *Node) DropMembership(ctx context.Context, teamID, userID string) {
	connections := n.node.Hub().Connections()
	if userID != "" {
		connections = n.node.Hub().UserConnections(userID)
	}
	for _, c := range connections {
		for _, ch := range c.Channels() {
			if !strings.HasPrefix(ch, taskPrefix) && ch != teamPrefix+teamID {
				continue
			}
			if n.allowed(ctx, actorOf(c), ch) != nil {
				c.Unsubscribe(ch, membershipEnded)
			}
		}
	}
}
