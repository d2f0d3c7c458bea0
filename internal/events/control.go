//go:build failpoints

package events

import (
	"context"
	"fmt"

	"tandem/internal/db"
)

// SerialRow is a row with the number that the negative control "serial" gives it.
type SerialRow struct {
	Serial int64
	Stream string
	Row
}

// OpenSerial adds the column of the negative control "serial": a number that the database counts up as
// rows are inserted, which is not the order in which they are committed. It returns the highest so far.
func (l *Log) OpenSerial(ctx context.Context) (last int64, err error) {
	if _, err := l.db.Writer().ExecContext(ctx, `ALTER TABLE events ADD COLUMN IF NOT EXISTS serial BIGSERIAL`); err != nil {
		return 0, fmt.Errorf("add column serial: %w", err)
	}
	err = l.db.Read().QueryRowContext(ctx, `SELECT COALESCE(MAX(serial), 0) FROM events`).Scan(&last)
	return last, err
}

// AfterSerial returns the rows after a cursor, of all streams, as "id > cursor ORDER BY id" does.
func (l *Log) AfterSerial(ctx context.Context, cursor int64) ([]SerialRow, error) {
	return db.Collect(ctx, l.db.Read(), func(r db.Row) (v SerialRow, err error) {
		var payload string
		err = r.Scan(&v.Serial, &v.Stream, &v.Seq, &payload)
		v.Data = []byte(payload)
		return v, err
	}, `SELECT serial, stream_id, seq, payload FROM events WHERE serial > $1 ORDER BY serial LIMIT 1000`, cursor)
}
