package realtime

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/errs"
	"tandem/internal/users"
)

// Close codes of our own. 4400–4499 are final for the client: connecting again would end the same.
var (
	sessionEnded = centrifuge.Disconnect{Code: 4401, Reason: "session ended"}
	noSuchToken  = centrifuge.Disconnect{Code: 4402, Reason: "invalid token"}
	// Unsubscribe codes from 2500 on make the client subscribe anew; below, it stays unsubscribed.
	membershipEnded = centrifuge.Unsubscribe{Code: 2403, Reason: "membership changed"}
)

// storage keys of a connection.
const (
	keyActor   = "actor"
	keySession = "session"
)

// checkOrigin lets pages of Tandem connect, and programs, which send no Origin. A page of another
// origin would connect with the reader's cookies; ours hands its token over explicitly, but there is
// no reason to answer others at all.
func (n *Node) checkOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, r.Host) {
		return true
	}
	base, err := url.Parse(n.o.BaseURL)
	return err == nil && strings.EqualFold(u.Host, base.Host) && u.Scheme == base.Scheme
}

// connecting checks the access token of a new connection.
func (n *Node) connecting(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	actor, expires, err := n.o.Verify(ctx, e.Token)
	if err != nil {
		if expired(err) {
			return centrifuge.ConnectReply{}, centrifuge.ErrorTokenExpired // the client fetches a new one
		}
		if errors.Is(err, errs.Unauthenticated) {
			return centrifuge.ConnectReply{}, noSuchToken
		}
		return centrifuge.ConnectReply{}, n.reply(ctx, err)
	}
	return centrifuge.ConnectReply{
		Credentials:       &centrifuge.Credentials{UserID: actor.ID, ExpireAt: expires.Unix()},
		ClientSideRefresh: true,
		Storage:           map[string]any{keyActor: actor, keySession: actor.SessionID},
	}, nil
}

func expired(err error) bool {
	for _, e := range errs.All(err) {
		if e.Code == "token_expired" {
			return true
		}
	}
	return false
}

// actorOf is whose connection this is.
func actorOf(c *centrifuge.Client) users.Actor {
	storage, release := c.AcquireStorage()
	defer release(storage)
	actor, _ := storage[keyActor].(users.Actor)
	return actor
}

func (n *Node) connected(c *centrifuge.Client) {
	c.OnRefresh(func(e centrifuge.RefreshEvent, done centrifuge.RefreshCallback) {
		done(n.refresh(c, e.Token))
	})
	c.OnSubscribe(func(e centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
		done(n.subscribe(c, e))
	})
	c.OnSubRefresh(func(e centrifuge.SubRefreshEvent, done centrifuge.SubRefreshCallback) {
		done(n.recheck(c, e.Channel), nil)
	})
}

// refresh takes a new access token on an open connection: of the same session, or none.
func (n *Node) refresh(c *centrifuge.Client, token string) (centrifuge.RefreshReply, error) {
	ctx := c.Context()
	actor, expires, err := n.o.Verify(ctx, token)
	if errors.Is(err, errs.Unauthenticated) {
		return centrifuge.RefreshReply{Expired: true}, nil
	}
	if err != nil {
		return centrifuge.RefreshReply{}, n.reply(ctx, err)
	}
	if was := actorOf(c); was.ID != actor.ID || was.SessionID != actor.SessionID {
		return centrifuge.RefreshReply{}, sessionEnded
	}
	return centrifuge.RefreshReply{ExpireAt: expires.Unix()}, nil
}

// reply turns an error into what a client may hear; it is the only place that does.
func (n *Node) reply(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errs.NotFound), errors.Is(err, errs.Forbidden):
		return centrifuge.ErrorPermissionDenied
	case errors.Is(err, errs.Unauthenticated):
		return centrifuge.ErrorUnauthorized
	case errors.Is(err, context.Canceled):
		return centrifuge.ErrorInternal
	}
	n.o.Logger.ErrorContext(ctx, "realtime request", "err", err)
	return centrifuge.ErrorInternal
}

// later is when a right is looked at again, should the message that ends it get lost.
func later() int64 { return time.Now().Add(recheckEvery).Unix() }
