package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"tandem/internal/failpoint"
)

// lane is the way of writes into SQLite, which has one writer: first come, first served, and whoever comes while others
// write shares their commit. A commit costs as much as the few rows of a write, so this nearly doubles what a busy
// server takes. Each write stays a unit of its own within the shared transaction, by a savepoint.
type lane struct {
	turn    chan struct{} // holds one value while somebody has the turn; those who wait get it in order
	waiting atomic.Int32
	open    *batch // guarded by turn
}

// maxBatch bounds how long the first of a batch waits for its commit.
const maxBatch = 32

// batch is one transaction of several writes.
type batch struct {
	conn    *sql.Conn
	tx      *sql.Tx
	size    int
	broken  error        // SQLite gave the whole transaction up
	members []chan error // told how the commit went
}

func newLane() *lane { return &lane{turn: make(chan struct{}, 1)} }

// write runs fn in a transaction, alone or with others, and returns once it is committed.
func (l *lane) write(ctx context.Context, db *DB, tx *Tx, fn func(*Tx) error) error {
	l.waiting.Add(1)
	l.turn <- struct{}{} // not given up when ctx ends: somebody may count on us to commit
	l.waiting.Add(-1)
	if err := ctx.Err(); err != nil {
		l.pass()
		return fmt.Errorf("wait for the writer: %w", err)
	}
	if l.open == nil {
		b, err := begin(db) //nolint:contextcheck // see there
		if err != nil {
			<-l.turn
			return err
		}
		l.open = b
	}
	b, told := l.open, make(chan error, 1)
	tx.tx, tx.Now = b.tx, db.Now()
	ran := false
	defer func() { //nolint:contextcheck // as in begin
		if !ran { // fn panicked
			b.undo()
			l.pass()
		}
	}()
	err := b.run(tx, fn) //nolint:contextcheck // as in begin
	ran = true
	b.members = append(b.members, told)
	l.pass()
	// A refusal may tell of what others in this batch have written, so it waits for the commit too.
	if commitErr := <-told; err == nil {
		err = commitErr
	}
	return err
}

func begin(db *DB) (*batch, error) {
	// The transaction belongs to several requests, so it must not end with the first one's context.
	ctx := context.Background()
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("get connection: %w", err)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin: %w", err), conn.Close())
	}
	return &batch{conn: conn, tx: tx}, nil
}

// run runs one write of the batch and leaves no trace of it when it fails.
func (b *batch) run(tx *Tx, fn func(*Tx) error) error {
	b.size++
	if err := b.exec("SAVEPOINT write"); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		b.undo()
		return err
	}
	return b.exec("RELEASE write")
}

func (b *batch) undo() {
	_ = errors.Join(b.exec("ROLLBACK TO write"), b.exec("RELEASE write")) // kept in broken
}

func (b *batch) exec(query string) error {
	if b.broken != nil {
		return b.broken
	}
	if _, err := b.tx.ExecContext(context.Background(), query); err != nil {
		b.broken = fmt.Errorf("the transaction was given up: %w", err)
	}
	return b.broken
}

// pass hands the turn on: to the next writer together with the open transaction, or after its commit.
func (l *lane) pass() {
	b := l.open
	if b == nil || (b.broken == nil && b.size < maxBatch && l.waiting.Load() > 0) {
		<-l.turn
		return
	}
	l.open = nil
	err := b.end()
	<-l.turn
	for _, m := range b.members {
		m <- err
	}
}

func (b *batch) end() error {
	if b.broken != nil {
		return errors.Join(b.broken, ignoreDone(b.tx.Rollback()), b.conn.Close())
	}
	failpoint.Hit("before-commit")
	if err := b.tx.Commit(); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), ignoreDone(b.tx.Rollback()), b.conn.Close())
	}
	return b.conn.Close()
}

// ignoreDone drops what says that a transaction has ended already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
