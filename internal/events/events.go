// Package events is the change log: every committed change of a team's things is a numbered row of
// the team's stream, written in the change's own transaction. The log, not any later publish, is
// what realtime sends and what clients recover from.
package events

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/errs"
)

// By is the person a change is signed with.
type By struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// Message is one committed change, as every transport sends it. Change-specific members are set by
// the package that owns the thing.
type Message struct {
	Type      string         `json:"type"`
	ID        string         `json:"id"`
	TeamID    string         `json:"team_id,omitempty"`
	Seq       int64          `json:"seq"`
	ProjectID string         `json:"project_id,omitempty"`
	TaskID    string         `json:"task_id,omitempty"`
	Version   int64          `json:"version,omitempty"`
	Changes   map[string]any `json:"changes,omitempty"`
	Tasks     []TaskChange   `json:"tasks,omitempty"` // a change of many tasks at once
	Comment   any            `json:"comment,omitempty"`
	Comments  any            `json:"comments,omitempty"` // an import's, many at once
	Member    any            `json:"member,omitempty"`
	User      any            `json:"user,omitempty"`
	Project   any            `json:"project,omitempty"`
	Label     any            `json:"label,omitempty"`
	Filter    any            `json:"filter,omitempty"`
	Report    any            `json:"report,omitempty"`
	Team      any            `json:"team,omitempty"`
	Invite    any            `json:"invite,omitempty"`
	SessionID string         `json:"session_id,omitempty"`
	UserID    string         `json:"user_id,omitempty"`
	UpdatedBy *By            `json:"updated_by"`

	Notification any       `json:"notification,omitempty"`
	IDs          []string  `json:"ids,omitempty"`    // of notifications that were read or deleted
	All          bool      `json:"all,omitempty"`    // all of them were
	Unread       *int64    `json:"unread,omitempty"` // how many are left
	MutationID   *string   `json:"mutation_id"`
	Timestamp    time.Time `json:"timestamp"`

	// Also are people whom the change concerns though the things themselves no longer say so, such as
	// the one a task was assigned to.
	Also []string `json:"-"`

	// Concerned, when set, are whom Log.Concerned would name: whoever has asked already saves the question.
	Concerned []string `json:"-"`

	// Personal are messages of their own for people whom the change concerns, by their ids. They are
	// numbered together with the copies of this one.
	Personal map[string][]*Message `json:"-"`
}

// TaskChange is one task's part in a change of many.
type TaskChange struct {
	TaskID  string         `json:"task_id"`
	Version int64          `json:"version"`
	Changes map[string]any `json:"changes"`
}

// Row is one logged message: its number, its JSON, and the task it is about (empty: none, or many).
type Row struct {
	Seq    int64
	TaskID string
	Data   json.RawMessage
}

// Hinter passes on "this stream has something new". A lost hint costs a poll interval, never data,
// so it returns nothing and must not block.
type Hinter interface{ Hint(stream string) }

// Nodes is the stream of what every node has to act on: rights that ended, and users that look different. A node reads it
// like any other, so that it learns of them without Redis too, and however it was cut off.
const Nodes = "nodes"

// Types of the messages in Nodes.
const (
	SessionEnded      = "session.ended"      // of session_id, whose user_id
	MembershipChanged = "membership.changed" // in team_id, of user_id, or without one of everybody
	UserShown         = "user.shown"         // user_id has another name or avatar
)

// Log writes and reads streams. A stream is a team's or a user's id, or Nodes.
type Log struct {
	db *db.DB

	// Concerned, when set, says whose personal stream gets a copy of a team's change.
	Concerned func(ctx context.Context, tx *db.Tx, m *Message) ([]string, error)

	// Committed, when set, is handed each row after its commit, which promises neither order nor that
	// it happens at all. Only a negative control of the fault test sets it (realtime/control_publish.go).
	Committed func(stream string, r Row)

	mu      sync.RWMutex
	hinters []Hinter
}

// NewLog returns the log in db.
func NewLog(db *db.DB) *Log { return &Log{db: db} }

// Notify adds a hinter that is told of every commit of this node.
func (l *Log) Notify(h Hinter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hinters = append(l.hinters, h)
}

const openStream = `
INSERT INTO streams (id, seq)
VALUES ($1, 0)
ON CONFLICT (id) DO NOTHING`

// Open makes a stream. Whoever creates a team or a user does so in the same transaction.
func (l *Log) Open(ctx context.Context, tx *db.Tx, stream string) error {
	if _, err := tx.Exec(ctx, openStream, stream); err != nil {
		return fmt.Errorf("open stream %s: %w", stream, err)
	}
	return nil
}

const lockStream = `
UPDATE streams
SET seq = seq
WHERE id = $1`

// Lock takes the stream's row until the commit. Changes that decide by what their neighbours
// are (a position between two others) take it first; others leave it to Record.
func (l *Log) Lock(ctx context.Context, tx *db.Tx, stream string) error {
	if tx.Dialect() == db.SQLite {
		return nil // the one writer is locked already
	}
	if _, err := tx.Exec(ctx, lockStream, stream); err != nil {
		return fmt.Errorf("lock stream %s: %w", stream, err)
	}
	return nil
}

const nextSeq = `
UPDATE streams
SET seq = seq + $2
WHERE id = $1
RETURNING seq`

// Record appends messages to a stream, as the last thing of a transaction: the stream's row stays
// locked from here to the commit, which is what makes seq gap-free and in commit order. It fills in
// ID, Seq and Timestamp (when zero) and returns the last seq. Whom a team's change concerns finds the
// same message in their own stream, with the team's seq in it.
// A transaction that records to several streams does so in RecordAll.
func (l *Log) Record(ctx context.Context, tx *db.Tx, stream string, messages ...*Message) (int64, error) {
	if len(messages) == 0 {
		return 0, nil
	}
	var seq int64
	if err := tx.QueryRowContext(ctx, nextSeq, stream, len(messages)).Scan(&seq); err != nil {
		return 0, fmt.Errorf("number change of %s: %w", stream, err)
	}
	rows := make([]row, len(messages))
	for i, m := range messages {
		var err error
		if rows[i], err = makeRow(tx, stream, seq-int64(len(messages)-1-i), m); err != nil {
			return 0, err
		}
	}
	if err := l.insert(ctx, tx, rows); err != nil {
		return 0, err
	}
	if messages[0].TeamID != stream {
		return seq, nil
	}
	return seq, l.copyToPeople(ctx, tx, messages, rows)
}

// row is one row of events.
type row struct {
	stream  string
	seq     int64
	m       *Message
	payload string
}

func makeRow(tx *db.Tx, stream string, seq int64, m *Message) (row, error) {
	m.Seq = seq
	if m.ID == "" {
		m.ID = uuid.Must(uuid.NewV7()).String()
	}
	if m.Timestamp.IsZero() {
		m.Timestamp = tx.Now
	}
	payload, err := json.Marshal(m)
	if err != nil {
		return row{}, fmt.Errorf("encode %s: %w", m.Type, err)
	}
	return row{stream, seq, m, string(payload)}, nil
}

// copyToPeople appends the rows to the streams of those whom they concern.
func (l *Log) copyToPeople(ctx context.Context, tx *db.Tx, messages []*Message, rows []row) error {
	of := map[string][]row{}
	for i, m := range messages {
		people := m.Concerned
		if people == nil && l.Concerned != nil {
			var err error
			if people, err = l.Concerned(ctx, tx, m); err != nil {
				return err
			}
		}
		for _, p := range people {
			of[p] = append(of[p], row{stream: p, m: m, payload: rows[i].payload})
		}
	}
	for _, m := range messages {
		for p, own := range m.Personal {
			for _, m := range own {
				of[p] = append(of[p], row{stream: p, m: m})
			}
		}
	}
	if len(of) == 0 {
		return nil
	}
	people := slices.Sorted(maps.Keys(of))
	for part := range slices.Chunk(people, 100) {
		heads, err := l.take(ctx, tx, part, of)
		if err != nil {
			return err
		}
		var copies []row
		for _, p := range part {
			for i, r := range of[p] {
				r.seq = heads[p] - int64(len(of[p])-1-i)
				if r.payload == "" { // its own message, which carries its own seq
					if r, err = makeRow(tx, p, r.seq, r.m); err != nil {
						return err
					}
				}
				copies = append(copies, r)
			}
		}
		if err := l.insert(ctx, tx, copies); err != nil {
			return err
		}
	}
	return nil
}

// take numbers rows of many streams at once and returns their heads. An INSERT locks its rows in the
// order of its VALUES, which an UPDATE … IN does not promise: two of these cannot deadlock.
func (l *Log) take(ctx context.Context, tx *db.Tx, sorted []string, of map[string][]row) (map[string]int64, error) {
	var args db.Args
	values := make([]string, len(sorted))
	for i, p := range sorted {
		values[i] = args.Tuple(p, len(of[p]))
	}
	type head struct {
		id  string
		seq int64
	}
	heads, err := db.Collect(ctx, tx, func(r db.Row) (h head, err error) {
		err = r.Scan(&h.id, &h.seq)
		return h, err
	}, `INSERT INTO streams (id, seq) VALUES `+strings.Join(values, ", ")+` ON CONFLICT (id) DO UPDATE SET seq = streams.seq + excluded.seq RETURNING id, seq`, args...)
	if err != nil {
		return nil, fmt.Errorf("number changes of %d people: %w", len(sorted), err)
	}
	out := make(map[string]int64, len(heads))
	for _, h := range heads {
		out[h.id] = h.seq
	}
	return out, nil
}

// insert writes rows, and hints at their streams when they are committed.
func (l *Log) insert(ctx context.Context, tx *db.Tx, rows []row) error {
	for part := range slices.Chunk(rows, 50) {
		var args db.Args
		values := make([]string, len(part))
		for i, r := range part {
			var actor, mutation any
			if r.m.UpdatedBy != nil {
				actor = r.m.UpdatedBy.ID
			}
			if r.m.MutationID != nil {
				mutation = *r.m.MutationID
			}
			values[i] = args.Tuple(r.stream, r.seq, r.m.ID, r.m.Type, db.NullString(r.m.TaskID), actor, mutation, r.payload, db.Time(tx.Now))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO events (stream_id, seq, id, type, task_id, actor_id, mutation_id, payload, created_at) VALUES `+strings.Join(values, ", "), args...); err != nil {
			return fmt.Errorf("record %s: %w", part[0].m.Type, err)
		}
	}
	for i, r := range rows {
		if i == 0 || rows[i-1].stream != r.stream {
			tx.AfterCommit(func(context.Context) { l.hint(r.stream) })
		}
		if l.Committed != nil {
			tx.AfterCommit(func(context.Context) { l.Committed(r.stream, Row{r.seq, r.m.TaskID, json.RawMessage(r.payload)}) })
		}
	}
	return nil
}

// RecordAll records to several streams, always in the same order, so that two such transactions
// cannot deadlock: the team's, then people's, then Nodes.
func (l *Log) RecordAll(ctx context.Context, tx *db.Tx, byStream map[string][]*Message) error {
	rank := func(stream string) int {
		switch m := byStream[stream]; {
		case stream == Nodes:
			return 2
		case len(m) > 0 && m[0].TeamID == stream:
			return 0
		}
		return 1
	}
	streams := slices.SortedFunc(maps.Keys(byStream), func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	for _, s := range streams {
		if _, err := l.Record(ctx, tx, s, byStream[s]...); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) hint(stream string) {
	l.mu.RLock()
	hinters := l.hinters
	l.mu.RUnlock()
	for _, h := range hinters {
		h.Hint(stream)
	}
}

const head = `
SELECT seq
FROM streams
WHERE id = $1`

// Head is the number of the stream's last change; 0 for a stream that is not there.
func (l *Log) Head(ctx context.Context, q db.Querier, stream string) (int64, error) {
	var seq int64
	err := q.QueryRowContext(ctx, head, stream).Scan(&seq)
	if db.NoRow(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read head of %s: %w", stream, err)
	}
	return seq, nil
}

// Heads is Head for many streams; those that are not there are left out.
func (l *Log) Heads(ctx context.Context, streams []string) (map[string]int64, error) {
	out := make(map[string]int64, len(streams))
	for part := range slices.Chunk(streams, 500) {
		var args db.Args
		type row struct {
			id  string
			seq int64
		}
		rows, err := db.Collect(ctx, l.db.Read(), func(r db.Row) (v row, err error) {
			err = r.Scan(&v.id, &v.seq)
			return v, err
		}, "SELECT id, seq FROM streams WHERE id IN "+args.In(part), args...)
		if err != nil {
			return nil, fmt.Errorf("read heads: %w", err)
		}
		for _, r := range rows {
			out[r.id] = r.seq
		}
	}
	return out, nil
}

// One statement is one snapshot, under READ COMMITTED too: head and rows belong together.
// Index: events' primary key (stream_id, seq).
const replay = `
SELECT s.seq, e.seq, e.task_id, e.payload
FROM streams s
LEFT JOIN (
	SELECT stream_id, seq, task_id, payload
	FROM events
	WHERE stream_id = $1 AND seq > $2
	ORDER BY seq
	LIMIT $3
) e ON e.stream_id = s.id
WHERE s.id = $1
ORDER BY e.seq`

// Replay returns the stream's head and up to limit rows after the given seq, oldest first, all
// from one moment. limit < 0 means no limit, 0 just the head. errs.Gone with code "pruned" says
// that rows after it are no longer kept; the caller reads the snapshot again.
func (l *Log) Replay(ctx context.Context, stream string, after int64, limit int) (headSeq int64, rows []Row, err error) {
	if limit == 0 {
		headSeq, err = l.Head(ctx, l.db.Read(), stream)
		return headSeq, nil, err
	}
	if limit < 0 {
		limit = 1 << 30
	}
	res, err := l.db.Read().QueryContext(ctx, replay, stream, after, limit)
	if err != nil {
		return 0, nil, fmt.Errorf("replay %s: %w", stream, err)
	}
	defer func() { _ = res.Close() }()
	for res.Next() {
		var seq *int64
		var task, payload *string
		if err := res.Scan(&headSeq, &seq, &task, &payload); err != nil {
			return 0, nil, fmt.Errorf("replay %s: %w", stream, err)
		}
		if seq != nil {
			r := Row{Seq: *seq, Data: json.RawMessage(*payload)}
			if task != nil {
				r.TaskID = *task
			}
			rows = append(rows, r)
		}
	}
	if err := res.Err(); err != nil {
		return 0, nil, fmt.Errorf("replay %s: %w", stream, err)
	}
	if after < headSeq && (len(rows) == 0 || rows[0].Seq != after+1) {
		return headSeq, nil, errs.Code(errs.Gone, "pruned", "changes after %d are no longer kept: read the snapshot again", after)
	}
	return headSeq, rows, nil
}

// Epoch names this life of the log; a client whose epoch differs reads the snapshot again.
func (l *Log) Epoch(ctx context.Context) (string, error) { return l.db.Meta(ctx, "epoch") }

const prune = `
DELETE FROM events
WHERE stream_id = $1 AND seq <= $2 AND created_at < $3`

// Prune drops rows that are both older than maxAge and not among the last keep of their stream.
// It returns how many.
func (l *Log) Prune(ctx context.Context, maxAge time.Duration, keep int64) (int64, error) {
	type stream struct {
		id  string
		seq int64
	}
	streams, err := db.Collect(ctx, l.db.Read(), func(r db.Row) (v stream, err error) {
		err = r.Scan(&v.id, &v.seq)
		return v, err
	}, `SELECT id, seq FROM streams WHERE seq > $1`, keep)
	if err != nil {
		return 0, fmt.Errorf("list streams: %w", err)
	}
	var total int64
	for _, s := range streams {
		err := l.db.Write(ctx, func(tx *db.Tx) error {
			n, err := tx.Exec(ctx, prune, s.id, s.seq-keep, db.Time(tx.Now.Add(-maxAge)))
			total += n
			return err
		})
		if err != nil {
			return total, fmt.Errorf("prune %s: %w", s.id, err)
		}
	}
	return total, nil
}
