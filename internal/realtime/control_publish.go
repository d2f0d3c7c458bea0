//go:build failpoints

package realtime

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"

	"tandem/internal/events"
)

// publisher is the negative control "publish": commit, then publish. Channels of teams belong to
// centrifuge's own broker, with its history in memory or Redis; the log has no part in them.
type publisher struct {
	*logBroker
	own centrifuge.Broker
}

func publishAfterCommit(_ context.Context, n *Node) (centrifuge.Broker, error) {
	own, err := ownBroker(n)
	if err != nil {
		return nil, err
	}
	n.o.Log.Committed = func(stream string, r events.Row) {
		if channel := teamPrefix + stream; strings.Contains(string(r.Data), `"team_id":"`+stream+`"`) {
			if _, err := own.Publish(channel, r.Data, centrifuge.PublishOptions{HistorySize: 10_000, HistoryTTL: time.Hour}); err != nil {
				n.o.Logger.Warn("control: publish", "err", err)
			}
		}
	}
	return publisher{n.broker, own}, nil
}

func ownBroker(n *Node) (centrifuge.Broker, error) {
	url := os.Getenv("TANDEM_REDIS_URL") //nolint:forbidigo // the node has no address, only a client
	if url == "" {
		return centrifuge.NewMemoryBroker(n.node, centrifuge.MemoryBrokerConfig{})
	}
	shard, err := centrifuge.NewRedisShard(n.node, centrifuge.RedisShardConfig{Address: url})
	if err != nil {
		return nil, err
	}
	return centrifuge.NewRedisBroker(n.node, centrifuge.RedisBrokerConfig{Prefix: "control", Shards: []*centrifuge.RedisShard{shard}})
}

func (p publisher) of(channel string) centrifuge.Broker {
	if strings.HasPrefix(channel, teamPrefix) {
		return p.own
	}
	return p.logBroker
}

func (p publisher) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	if err := p.logBroker.RegisterBrokerEventHandler(h); err != nil {
		return err
	}
	return p.own.RegisterBrokerEventHandler(h)
}

// ReliableDelivery is not what these brokers promise: centrifuge compares positions from time to time.
func (p publisher) ReliableDelivery() bool { return false }

func (p publisher) Subscribe(channels ...string) error {
	for _, ch := range channels {
		if err := p.of(ch).Subscribe(ch); err != nil {
			return err
		}
	}
	return nil
}

func (p publisher) Unsubscribe(channels ...string) error {
	for _, ch := range channels {
		if err := p.of(ch).Unsubscribe(ch); err != nil {
			return err
		}
	}
	return nil
}

func (p publisher) History(ch string, o centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	return p.of(ch).History(ch, o)
}
