package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// liteDriver is River's driver for SQLite without its way of announcing jobs. That one asks a table
// twenty times a second, on the one connection that everybody writes through. Here all jobs come
// from this process, so it is told by a channel; River's slow polling finds the rest.
type liteDriver struct {
	*riversqlite.Driver
	wake *wake
}

func newLiteDriver(writer *sql.DB, w *wake) riverdriver.Driver[*sql.Tx] {
	return &liteDriver{riversqlite.New(writer), w}
}

// SupportsListenNotify keeps River from writing announcements into the table that nobody reads.
func (d *liteDriver) SupportsListenNotify() bool { return false }

func (d *liteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return listener{d.wake}
}

// insertTopic and its payload are what River's fetch loops wait for.
const insertTopic = "river_insert"

// wake passes on which queues have something new. Announcing a queue twice before anybody looked
// is announcing it once, so it never blocks and loses nothing.
type wake struct {
	mu     sync.Mutex
	queues map[string]bool
	ring   chan struct{}
}

func newWake() *wake { return &wake{queues: map[string]bool{}, ring: make(chan struct{}, 1)} }

func (w *wake) up(queue string) {
	w.mu.Lock()
	w.queues[queue] = true
	w.mu.Unlock()
	select {
	case w.ring <- struct{}{}:
	default: // the bell rings already, and the listener takes all queues
	}
}

func (w *wake) take() (queue string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for queue = range w.queues {
		delete(w.queues, queue)
		return queue, true
	}
	return "", false
}

// listener is River's view of wake. River listens to other topics too, which stay silent.
type listener struct{ wake *wake }

func (listener) Connect(context.Context) error          { return nil }
func (listener) Close(context.Context) error            { return nil }
func (listener) Ping(context.Context) error             { return nil }
func (listener) Listen(context.Context, string) error   { return nil }
func (listener) Unlisten(context.Context, string) error { return nil }
func (listener) Schema() string                         { return "" }
func (listener) SetAfterConnectExec(string)             {}

func (l listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if queue, ok := l.wake.take(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue": %q}`, queue)}, nil
		}
		select {
		case <-ctx.Done():
		case <-l.wake.ring:
		}
	}
}
