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

// Codes of our own, beside centrifuge's; docs/api/realtime.md lists all. The client connects again
// after a close with 4401, and finds out when it asks for a token that it has to log in.
var (
	sessionEnded = centrifuge.Disconnect{Code: 4401, Reason: "session ended"}
	// Unsubscribe codes from 2500 on make the client subscribe anew; below, it stays unsubscribed.
	membershipEnded = centrifuge.Unsubscribe{Code: 2403, Reason: "membership ended"}
)

var errUnknownChannel = errs.New(errs.NotFound, "no such channel: there are team:<id>, task:<id> and user:<id>")

// keys of a connection's storage.
const (
	keyActor = "actor"
	keyPace  = "pace"
	keyDrops = "drops"
)

// admission is what a handshake has proven.
type admission struct {
	token   string
	actor   users.Actor
	expires time.Time
	drops   int64 // rights that had ended on this node before it was looked at
}

type admissionKey struct{}

func admitted(r *http.Request) (admission, bool) {
	a, ok := r.Context().Value(admissionKey{}).(admission)
	return a, ok
}

// admit lets only those into the realtime handlers who come from our pages, or from a program, with a
// good token.
func (n *Node) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.draining.Load() {
			n.o.Refuse(w, r, &errs.Error{Kind: errs.Unavailable, Code: "stopping", Message: "this node is stopping: connect again", Data: map[string]any{"retry_after": "1"}})
			return
		}
		if !n.checkOrigin(r) {
			n.o.Refuse(w, r, errs.Code(errs.Forbidden, "cross_origin", "this request comes from another site"))
			return
		}
		a := admission{token: bearer(r), drops: n.drops.Load()}
		var err error
		if a.token == "" {
			err = errs.New(errs.Unauthenticated, "an access token is needed: as Authorization: Bearer, as the subprotocols bearer and the token, or as ?token=")
		} else {
			a.actor, a.expires, err = n.o.Verify(r.Context(), a.token)
		}
		if err == nil && n.connections(a.actor.ID) >= maxConnectionsPerUser && !strings.HasSuffix(r.URL.Path, "/emulation") {
			err = &errs.Error{Kind: errs.TooMany, Code: "too_many_connections", Message: "you have 50 connections open: close some", Data: map[string]any{"retry_after": "30"}}
		}
		if err != nil {
			n.o.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), admissionKey{}, a)))
	})
}

// bearer finds the access token of a handshake. Browsers cannot set headers on one, but subprotocols.
func bearer(r *http.Request) string {
	if kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "bearer") {
		return strings.TrimSpace(token)
	}
	offered := strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",")
	for i := range offered {
		if strings.TrimSpace(offered[i]) == "bearer" && i+1 < len(offered) {
			return strings.TrimSpace(offered[i+1])
		}
	}
	return r.URL.Query().Get("token")
}

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

// connecting takes over what the handshake has proven. A token in the connect command must be the
// same person's.
func (n *Node) connecting(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	a, ok := ctx.Value(admissionKey{}).(admission)
	if !ok {
		return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
	}
	if e.Token != "" && e.Token != a.token {
		actor, expires, err := n.o.Verify(ctx, e.Token)
		switch {
		case expired(err):
			return centrifuge.ConnectReply{}, centrifuge.ErrorTokenExpired // the client fetches a new one
		case errors.Is(err, errs.Unauthenticated) || err == nil && actor.ID != a.actor.ID:
			return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
		case err != nil:
			return centrifuge.ConnectReply{}, n.reply(ctx, err)
		}
		a.actor, a.expires = actor, expires
	}
	return centrifuge.ConnectReply{
		Credentials:       &centrifuge.Credentials{UserID: a.actor.ID, ExpireAt: a.expires.Unix()},
		ClientSideRefresh: true,
		Storage:           map[string]any{keyActor: a.actor, keyPace: &pace{}, keyDrops: a.drops},
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

// stored reads a value of a connection's storage.
func stored[T any](c *centrifuge.Client, key string) T {
	storage, release := c.AcquireStorage()
	defer release(storage)
	v, _ := storage[key].(T)
	return v
}

// actorOf is whose connection this is.
func actorOf(c *centrifuge.Client) users.Actor { return stored[users.Actor](c, keyActor) }

func (n *Node) connected(c *centrifuge.Client) {
	c.OnRefresh(func(e centrifuge.RefreshEvent, done centrifuge.RefreshCallback) {
		done(n.refresh(c, e.Token))
	})
	c.OnSubscribe(func(e centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
		drops := n.drops.Load()
		done(n.subscribe(c, e))
		n.subscribed(c, e.Channel, drops)
	})
	c.OnSubRefresh(func(e centrifuge.SubRefreshEvent, done centrifuge.SubRefreshCallback) {
		done(n.recheck(c, e.Channel), nil)
	})
	c.OnUnsubscribe(func(e centrifuge.UnsubscribeEvent) { n.unsubscribed(c, e) })
	c.OnRPC(func(e centrifuge.RPCEvent, done centrifuge.RPCCallback) { done(n.rpc(c, e)) })
	if n.drops.Load() != stored[int64](c, keyDrops) {
		c.Disconnect(centrifuge.DisconnectForceReconnect) // a session ended meanwhile, maybe this one: look again
	}
}

// command limits what a client says in a second.
func (n *Node) command(c *centrifuge.Client, _ centrifuge.CommandReadEvent) error {
	if p := stored[*pace](c, keyPace); p != nil && !p.allows(time.Now()) {
		return centrifuge.DisconnectTooManyRequests
	}
	return nil
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
	case errors.Is(err, errUnknownChannel):
		return centrifuge.ErrorUnknownChannel
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
