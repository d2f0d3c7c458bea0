package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/errs"
	"tandem/internal/events"
)

// follow makes the node hear of rights that end, on whichever node that happens.
func (n *Node) follow(ctx context.Context) error {
	n.broker.each, n.broker.pruned = n.dispatched, n.missed
	_, err := n.broker.attach(ctx, events.Nodes, "")
	return err
}

// dispatched sees every row that this node hands on.
func (n *Node) dispatched(ctx context.Context, stream string, r events.Row) {
	if stream == events.Nodes {
		n.obey(ctx, r)
		return
	}
	n.tellTask(stream, r)
}

// obey acts on a right that ended: first what is cached of it goes, then what was open by it. Of a user that looks
// different, only what is cached goes.
func (n *Node) obey(ctx context.Context, r events.Row) {
	var m events.Message
	if err := json.Unmarshal(r.Data, &m); err != nil {
		n.o.Logger.ErrorContext(ctx, "read what the nodes are told", "seq", r.Seq, "err", err)
		return
	}
	switch m.Type {
	case events.SessionEnded:
		n.o.ForgetSession(m.SessionID)
		n.dropSession(m.UserID, m.SessionID)
	case events.MembershipChanged:
		n.o.ForgetMembership(m.TeamID, m.UserID)
		n.dropMembership(ctx, m.TeamID, m.UserID)
	case events.UserShown:
		n.o.ForgetUser(m.UserID)
	}
}

// missed is for a node that was cut off for so long that it cannot know what ended: all have to come
// again.
func (n *Node) missed(stream string) {
	if stream != events.Nodes {
		return
	}
	for _, c := range n.node.Hub().Connections() {
		c.Disconnect(centrifuge.DisconnectForceReconnect)
	}
	for _, k := range n.allSockets("") {
		k.close(serverStops.code, serverStops.reason)
	}
}

// dropSession ends the connections of a session that ended.
func (n *Node) dropSession(userID, sessionID string) {
	n.drops.Add(1)
	for _, c := range n.node.Hub().UserConnections(userID) {
		if actorOf(c).SessionID == sessionID {
			c.Disconnect(sessionEnded)
		}
	}
	for _, k := range n.allSockets(userID) {
		if k.actor.SessionID == sessionID {
			k.close(plainEnded.code, plainEnded.reason)
		}
	}
}

// dropMembership ends what somebody, or with userID "" everybody, hears of a team. Who still may
// listen, with another role, keeps on.
func (n *Node) dropMembership(ctx context.Context, teamID, userID string) {
	n.drops.Add(1)
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
	for _, k := range n.allSockets(userID) {
		err := n.allowed(ctx, k.actor, k.channel)
		if errors.Is(err, errs.NotFound) || errors.Is(err, errs.Forbidden) {
			k.close(noLonger.code, noLonger.reason)
		}
	}
}
