//go:build failpoints

package realtime

import (
	"context"
	"strings"

	"github.com/centrifugal/centrifuge"
)

// serialReader is the negative control "serial": one cursor over a number that the database counts up
// at insert. Rows that are committed after a higher number has been read are never seen.
type serialReader struct {
	*logBroker
	news chan struct{}
}

func serialCursor(ctx context.Context, n *Node) (centrifuge.Broker, error) {
	last, err := n.o.Log.OpenSerial(ctx)
	if err != nil {
		return nil, err
	}
	s := serialReader{n.broker, make(chan struct{}, 1)}
	n.o.Log.Notify(s)
	go s.read(context.WithoutCancel(ctx), last)
	return s, nil
}

// Hint implements events.Hinter.
func (s serialReader) Hint(string) {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// read runs as long as the process: this is a control.
func (s serialReader) read(ctx context.Context, cursor int64) {
	for range s.news {
		rows, err := s.log.AfterSerial(ctx, cursor)
		if err != nil {
			s.slog.WarnContext(ctx, "control: read", "err", err)
			continue
		}
		for _, r := range rows {
			cursor = r.Serial
			if s.h != nil {
				_ = s.h.HandlePublication(teamPrefix+r.Stream, &centrifuge.Publication{Data: r.Data}, centrifuge.StreamPosition{}, false, nil)
			}
		}
	}
}

func ofTeam(channel string) bool { return strings.HasPrefix(channel, teamPrefix) }

func (s serialReader) Subscribe(channels ...string) error {
	for _, ch := range channels {
		if !ofTeam(ch) {
			if err := s.logBroker.Subscribe(ch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s serialReader) Unsubscribe(channels ...string) error {
	for _, ch := range channels {
		if !ofTeam(ch) {
			if err := s.logBroker.Unsubscribe(ch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s serialReader) History(ch string, o centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	if ofTeam(ch) {
		return nil, centrifuge.StreamPosition{Epoch: s.epoch}, nil
	}
	return s.logBroker.History(ch, o)
}
