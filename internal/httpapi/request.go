package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"tandem/internal/auth"
	"tandem/internal/users"
)

// request is what the layers between the listener and a handler know about a request. It travels in
// the context between them; handlers get what they need of it as arguments.
type request struct {
	id          string
	route       string // pattern that matched; empty while none has
	actor       users.Actor
	fields      []string // what ?fields= asks for; nil: everything
	ifNoneMatch string
	client      auth.Client
}

type requestKey struct{}

// requestOf returns the request that ctx belongs to; an empty one outside of any.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// RequestID returns the id that the request of ctx is logged under.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

func newRequest(r *http.Request) *request {
	req := &request{id: r.Header.Get("X-Request-Id"), ifNoneMatch: r.Header.Get("If-None-Match")}
	if !saneID(req.id) {
		var b [12]byte
		_, _ = rand.Read(b[:]) // never fails
		req.id = base64.RawURLEncoding.EncodeToString(b[:])
	}
	req.client = auth.Client{UserAgent: cut(strings.ToValidUTF8(r.UserAgent(), ""), 300), IP: clientIP(r)}
	return req
}

// saneID accepts the ids that proxies make and nothing that could break a log line.
func saneID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.:", c) >= 0) {
			return false
		}
	}
	return true
}

// clientIP is the address the request came from. A proxy on this machine or in its private network
// is believed about whom it forwards for; anybody else could write what they like.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer, err := netip.ParseAddr(host)
	if err != nil || !(peer.IsLoopback() || peer.IsPrivate()) {
		return host
	}
	forwarded := r.Header.Values("X-Forwarded-For")
	if len(forwarded) == 0 {
		return host
	}
	last := forwarded[len(forwarded)-1]
	if i := strings.LastIndexByte(last, ','); i >= 0 {
		last = last[i+1:]
	}
	if ip, err := netip.ParseAddr(strings.TrimSpace(last)); err == nil {
		return ip.Unmap().String()
	}
	return host
}

func cut(s string, limit int) string {
	for i := range s {
		if i >= limit {
			return s[:i]
		}
	}
	return s
}
