package tandemtest

import (
	"sync"
	"time"
)

// Clock is a clock that stands until a test moves it. Each look at it is one microsecond later
// than the one before, so that what happened first also has the earlier time.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Start is where the clock of every Env begins.
var Start = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// NewClock returns a clock that shows Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		panic("tandemtest: the clock does not go back")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set moves the clock to a later time.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Before(c.now) {
		panic("tandemtest: the clock does not go back")
	}
	c.now = t.UTC()
}
