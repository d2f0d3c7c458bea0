package jobs

import (
	"fmt"
	"log/slog"
	"net/http"

	"riverqueue.com/riverui"
	"riverqueue.com/riverui/uiendpoints"
)

// UI is River's page of queues and jobs, below prefix. It has no login of its own: whoever mounts it lets
// administrators in only. Call it before Start.
func (s *Service) UI(prefix string) (http.Handler, error) {
	h, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: s.client.endpoints(),
		// Arguments hold ids, and nobody has to read them to see that a queue is stuck.
		JobListHideArgsByDefault: true,
		Logger:                   slog.New(riverLog{s.log.Handler()}),
		Prefix:                   prefix,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the page of jobs: %w", err)
	}
	s.ui = h
	return h, nil
}

func (c pgClient) endpoints() uiendpoints.Bundle   { return riverui.NewEndpoints(c.Client, nil) }
func (c liteClient) endpoints() uiendpoints.Bundle { return riverui.NewEndpoints(c.Client, nil) }
