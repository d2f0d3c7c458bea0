package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"tandem/internal/failpoint"
)

// Tx is a write transaction. Now is fixed when it begins, so every row it writes agrees.
type Tx struct {
	Now time.Time

	tx   *sql.Tx
	db   *DB
	conn *pgx.Conn // nil on SQLite

	unprepared        []string
	invalidate, after []func(context.Context)
}

// Dialect is that of the database.
func (tx *Tx) Dialect() Dialect { return tx.db.Dialect }

// QueryContext runs a query in the transaction. The rows must be closed before the next statement.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := tx.within(ctx)
	if err != nil {
		return nil, err
	}
	if s := tx.stmt(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return tx.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a query of at most one row in the transaction.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx, _ = tx.within(ctx) // a Row cannot carry our error; the next statement has it
	if s := tx.stmt(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return tx.tx.QueryRowContext(ctx, query, args...)
}

// ExecContext runs a statement in the transaction.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := tx.within(ctx)
	if err != nil {
		return nil, err
	}
	if s := tx.stmt(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return tx.tx.ExecContext(ctx, query, args...)
}

// within is the context of one statement. A statement of SQLite that is interrupted takes the whole transaction with
// it, and so the writes of others; there an ended context only keeps the next statement from beginning.
func (tx *Tx) within(ctx context.Context) (context.Context, error) {
	if tx.db.Dialect != SQLite {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// Exec runs a statement and returns how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// stmt finds a prepared statement. Preparing on the pool would wait for the one connection that
// this very transaction holds, so a text met for the first time is prepared after the commit.
func (tx *Tx) stmt(ctx context.Context, query string) *sql.Stmt {
	if tx.db.Dialect != SQLite {
		return nil
	}
	s, full := tx.db.stmts.find(stmtKey{tx.db.write, query})
	if s == nil {
		if !full {
			tx.unprepared = append(tx.unprepared, query)
		}
		return nil
	}
	return tx.tx.StmtContext(ctx, s)
}

// Invalidate registers fn to run after commit, before any AfterCommit hook: whoever hears of
// the change and reads again must not meet a stale cache entry.
func (tx *Tx) Invalidate(fn func(context.Context)) { tx.invalidate = append(tx.invalidate, fn) }

// AfterCommit registers fn to run once the transaction has committed, in order of
// registration. It never runs after a rollback. fn cannot fail the request: it logs instead.
func (tx *Tx) AfterCommit(fn func(context.Context)) { tx.after = append(tx.after, fn) }

// ErrRetry asks Write to run the closure again, because somebody changed a row meanwhile.
var ErrRetry = errors.New("changed meanwhile")

const maxAttempts = 12

// Write runs fn in a transaction, then its hooks. fn runs again when the database reports a
// deadlock or a busy writer, or when fn returns ErrRetry, so it must touch nothing but tx and
// variables that it sets anew.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.writeOnce(ctx, fn)
		if err == nil || attempt == maxAttempts || !retryable(err) {
			return err
		}
		pause := time.NewTimer(time.Duration(rand.IntN(attempt*2000)) * time.Microsecond) //nolint:gosec // jitter
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

func (db *DB) writeOnce(ctx context.Context, fn func(*Tx) error) error {
	tx := &Tx{db: db}
	write := db.writePostgres
	if db.Dialect == SQLite {
		write = db.writeSQLite
	}
	if err := write(ctx, tx, fn); err != nil {
		return err
	}
	failpoint.Hit("after-commit")
	hookCtx := context.WithoutCancel(ctx)
	for _, query := range tx.unprepared {
		db.preparedOn(hookCtx, db.write, query)
	}
	for _, hook := range append(tx.invalidate, tx.after...) {
		hook(hookCtx)
	}
	return nil
}

func (db *DB) writeSQLite(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	if err := db.lane.write(ctx, db, tx, fn); err != nil {
		return err
	}
	db.checkpoints.wrote()
	return nil
}

func (db *DB) writePostgres(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get connection: %w", err)
	}
	defer func() { _ = conn.Close() }() // a second Close is harmless
	if err := conn.Raw(func(dc any) error {
		tx.conn = dc.(*stdlib.Conn).Conn()
		return nil
	}); err != nil {
		return err
	}
	tx.Now = db.Now()
	if tx.tx, err = conn.BeginTx(ctx, nil); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.tx.Rollback() }() // no-op after Commit; also covers a panic in fn
	if err := fn(tx); err != nil {
		return err
	}
	failpoint.Hit("before-commit")
	if err := tx.tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func retryable(err error) bool {
	if errors.Is(err, ErrRetry) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == 5 // SQLITE_BUSY
}

// Unavailable says whether err is an outage of the database, which a later attempt may find over: it is not
// reached, is stopping, has no connection left, is locked for longer than anybody waits, or its disk is full.
// The change may have been committed all the same; a repeat under the same Idempotency-Key is safe.
func Unavailable(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P") || retryable(err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return slices.Contains([]int{5, 10, 13, 14}, lite.Code()&0xff) // SQLITE_BUSY, _IOERR, _FULL, _CANTOPEN
	}
	var network *net.OpError
	return errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, ErrRetry) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// IsUnique says whether err is the refusal of a duplicate key, so that the caller can name the field.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == 2067 || lite.Code() == 1555 // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
	}
	return false
}

// PgxTx gives River the transaction as it wants it; nil on SQLite, where SQLTx does.
func (tx *Tx) PgxTx() pgx.Tx {
	if tx.conn == nil {
		return nil
	}
	return connTx{tx.conn}
}

// SQLTx is the database/sql transaction, for River on SQLite.
func (tx *Tx) SQLTx() *sql.Tx { return tx.tx }
