// Package db opens SQLite or PostgreSQL, runs migrations, and gives the one way to write:
// DB.Write. Reads go through DB.Read or, when several must agree, DB.Snapshot.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Dialect says which database a DB talks to. Only SQL that truly differs may depend on it.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Pick returns the text for this dialect, for the few statements that cannot be one text.
func (d Dialect) Pick(sqlite, postgres string) string {
	if d == SQLite {
		return sqlite
	}
	return postgres
}

// Querier is what reads need; *Tx and the values of Read and Snapshot provide it.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB holds the pools. On SQLite, write has one connection and read has several read-only ones;
// on PostgreSQL both are the same pool.
type DB struct {
	Dialect Dialect

	read, write *sql.DB
	pool        *pgxpool.Pool // nil on SQLite
	path        string        // "" on PostgreSQL
	now         func() time.Time
	stmts       stmtCache
	lane        *lane         // nil on PostgreSQL
	checkpoints *checkpointer // nil on PostgreSQL
}

// Options say which database to open.
type Options struct {
	PostgresURL string // wins over SQLitePath
	SQLitePath  string
	Now         func() time.Time // nil: time.Now
	MaxConns    int              // connections to PostgreSQL; 0: a default for this machine
}

// Open connects. It does not migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PostgresURL != "" {
		return openPostgres(ctx, o)
	}
	return openSQLite(ctx, o)
}

func openPostgres(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.PostgresURL)
	if err != nil {
		return nil, errors.New("database-url: cannot be read; expected postgres://user:password@host:5432/name") // pgx repeats the password
	}
	if o.MaxConns == 0 {
		o.MaxConns = max(16, 4*runtime.NumCPU())
	}
	cfg.MaxConns = int32(o.MaxConns) //nolint:gosec // a small number of an operator
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if _, ok := cfg.ConnConfig.RuntimeParams["application_name"]; !ok {
		cfg.ConnConfig.RuntimeParams["application_name"] = "tandem"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach postgres at %s: %w", cfg.ConnConfig.Host, err)
	}
	conn := stdlib.OpenDBFromPool(pool)
	return &DB{Dialect: Postgres, read: conn, write: conn, pool: pool, now: o.Now}, nil
}

// The DSN begins with "file:", or the driver drops mode=ro in silence.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-16384)", "wal_autocheckpoint(20000)"}}
	if readOnly {
		q = url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-8192)", "mmap_size(268435456)"}}
	} else {
		q.Set("_txlock", "immediate")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func openSQLite(ctx context.Context, o Options) (*DB, error) {
	path, err := filepath.Abs(o.SQLitePath)
	if err != nil {
		return nil, fmt.Errorf("database path: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	// SQLite would let everybody read it; its log gets the same mode.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator's path
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write, err := sql.Open("sqlite", sqliteDSN(path, false))
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", sqliteDSN(path, true))
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open sqlite for reading: %w", err)
	}
	n := max(4, 2*runtime.NumCPU())
	read.SetMaxOpenConns(n)
	read.SetMaxIdleConns(n)
	copier, err := sql.Open("sqlite", sqliteDSN(path, false))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open sqlite for checkpoints: %w", err), write.Close(), read.Close())
	}
	copier.SetMaxOpenConns(1)
	return &DB{Dialect: SQLite, read: read, write: write, path: path, now: o.Now, lane: newLane(), checkpoints: startCheckpointer(copier)}, nil //nolint:contextcheck // it lives as long as the DB
}

// Now is the time as the database keeps it: UTC, microseconds.
func (db *DB) Now() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// Pool is the PostgreSQL pool that River shares; nil on SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Writer is the pool of the one SQLite writer, for River. Everything else uses Write.
func (db *DB) Writer() *sql.DB { return db.write }

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.Read().QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Close closes the pools. Open transactions are waited for.
func (db *DB) Close() error {
	err := db.stmts.close()
	if db.checkpoints != nil {
		err = errors.Join(err, db.checkpoints.close())
	}
	err = errors.Join(err, db.read.Close())
	if db.write != db.read {
		err = errors.Join(err, db.write.Close())
	}
	if db.pool != nil {
		db.pool.Close()
	}
	return err
}

// Read gives access to committed data, one statement at a time.
func (db *DB) Read() Querier { return reader{db} }

type reader struct{ db *DB }

func (r reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := r.db.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return r.db.read.QueryContext(ctx, query, args...)
}

func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := r.db.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.db.read.QueryRowContext(ctx, query, args...)
}

// Snapshot runs fn with reads that all see the same moment.
func (db *DB) Snapshot(ctx context.Context, fn func(Querier) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.Dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return fn(snapshot{tx, db})
}

type snapshot struct {
	tx *sql.Tx
	db *DB
}

func (s snapshot) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := s.db.prepared(ctx, query); st != nil {
		return s.tx.StmtContext(ctx, st).QueryContext(ctx, args...)
	}
	return s.tx.QueryContext(ctx, query, args...)
}

func (s snapshot) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := s.db.prepared(ctx, query); st != nil {
		return s.tx.StmtContext(ctx, st).QueryRowContext(ctx, args...)
	}
	return s.tx.QueryRowContext(ctx, query, args...)
}
