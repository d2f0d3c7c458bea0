package httpapi

import (
	"fmt"
	"net/http"
)

// policy is a rate limit: so many requests in a window, per person or, without one, per address.
type policy struct {
	name   string
	quota  int
	window int // seconds
}

// The policies, the only place that names numbers.
var (
	readPolicy   = policy{"read", 1200, 60}
	writePolicy  = policy{"write", 300, 60}
	loginPolicy  = policy{"login", 20, 60}
	importPolicy = policy{"import", 10, 3600}
	reportPolicy = policy{"report", 60, 3600}
	avatarPolicy = policy{"avatar", 60, 3600}
)

// report writes the headers of draft-ietf-httpapi-ratelimit-headers.
func (p policy) report(h http.Header, remaining, reset int) {
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", p.name, p.quota, p.window))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", p.name, remaining, reset))
}
