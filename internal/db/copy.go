package db

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CopyOptions say what CopyTo cannot find in the schema.
type CopyOptions struct {
	Tables []CopyTable // that are not the same on both databases
	Leave  []string    // tables whose rows mean nothing to another database

	// Told how many rows are copied, then how many are compared, of how many. nil: nobody is told.
	Copied, Compared func(done, total int)

	beforeCompare func(context.Context, pgx.Tx) error // of tests
}

// CopiedTable tells how a table arrived.
type CopiedTable struct {
	Name string
	Rows int64
	Sum  [sha256.Size]byte // of all rows in the order of their key, the same on both databases
}

// CheckTarget refuses a database that has rows already. Call it before the target is migrated, so that a refused
// database is left as it was; CopyTo looks again.
func (s *Source) CheckTarget(ctx context.Context, target *DB, o CopyOptions) error {
	if target.Dialect != Postgres {
		return errors.New("a copy goes to PostgreSQL only")
	}
	return target.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		names, err := s.tableNames(ctx, o.Leave)
		if err != nil {
			return err
		}
		return checkEmpty(ctx, c.Conn(), names)
	})
}

// migrated are the rows of a fresh target: what Migrate has put there, by table.
var migrated = map[string]string{"meta": "key = 'epoch'", "streams": "id = 'nodes' AND seq = 0"}

// checkEmpty names the tables that have rows which no migration put there.
func checkEmpty(ctx context.Context, target *pgx.Conn, names []string) error {
	var filled []string
	for _, name := range names {
		var has bool
		if err := target.QueryRow(ctx, `
			SELECT EXISTS (
				SELECT 1
				FROM information_schema.tables
				WHERE table_schema = current_schema() AND table_name = $1)`, name).Scan(&has); err != nil {
			return fmt.Errorf("look for table %s: %w", name, err)
		}
		if !has {
			continue
		}
		where := ""
		if own := migrated[name]; own != "" {
			where = " WHERE NOT (" + own + ")"
		}
		if err := target.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+pgx.Identifier{name}.Sanitize()+where+")").Scan(&has); err != nil {
			return fmt.Errorf("look into table %s: %w", name, err)
		}
		if has {
			filled = append(filled, name)
		}
	}
	if len(filled) > 0 {
		return fmt.Errorf("the target is not empty, nothing was written: there are rows in %s. Make a new database (createdb) and copy into that", strings.Join(filled, ", "))
	}
	return nil
}

// CopyTo copies every table of the snapshot into target, whose schema is up to date and empty, and compares what arrived.
// It is all one transaction: after an error, or when ctx ends, the target is as empty as before.
//
// It is no Write: COPY goes past database/sql, which would roll back on this connection, at the end of ctx, while COPY
// is still using it. And there is nothing to try again, as the tables are locked.
func (s *Source) CopyTo(ctx context.Context, target *DB, o CopyOptions) ([]CopiedTable, error) {
	if target.Dialect != Postgres {
		return nil, errors.New("a copy goes to PostgreSQL only")
	}
	tx, err := target.pool.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // no-op after Commit
	out, err := s.copyInto(ctx, tx, o)
	if err == nil {
		err = s.unchanged(ctx)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // whatever broke first because of it
	}
	if err != nil {
		return nil, err
	}
	// Not given up half-way: nobody could say whether it happened.
	if err := tx.Commit(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return out, nil
}

func (s *Source) copyInto(ctx context.Context, tx pgx.Tx, o CopyOptions) ([]CopiedTable, error) {
	tables, err := s.tables(ctx, tx.Conn(), o)
	if err != nil {
		return nil, err
	}
	names, quoted := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		names[i], quoted[i] = t.Name, pgx.Identifier{t.Name}.Sanitize()
	}
	list := strings.Join(quoted, ", ")
	// A server that runs on the target already, or a second copy, waits here, and meets what this one has made.
	if _, err := tx.Exec(ctx, "LOCK TABLE "+list+" IN EXCLUSIVE MODE"); err != nil {
		return nil, fmt.Errorf("lock the target: %w", err)
	}
	if err := checkEmpty(ctx, tx.Conn(), names); err != nil {
		return nil, err
	}
	// What Migrate has just made gives way to the source's, the epoch too. The log arrives whole, with the same seqs, so
	// it is the same life of the same log: a client that followed the source goes on where it was.
	for name, rows := range migrated {
		if _, err := tx.Exec(ctx, "DELETE FROM "+pgx.Identifier{name}.Sanitize()+" WHERE "+rows); err != nil {
			return nil, fmt.Errorf("empty %s: %w", name, err)
		}
	}
	total, err := s.count(ctx, tables)
	if err != nil {
		return nil, err
	}
	tell := teller(o.Copied, total)
	tallies := make([]*tally, len(tables))
	for i, t := range tables {
		if tallies[i], err = s.copyTable(ctx, tx, t, tell); err != nil {
			return nil, err
		}
	}
	if o.beforeCompare != nil {
		if err := o.beforeCompare(ctx, tx); err != nil {
			return nil, err
		}
	}
	out, err := compare(ctx, tx, tables, tallies, teller(o.Compared, total))
	if err != nil {
		return nil, err
	}
	// Without statistics the first people would wait for bad plans.
	if _, err := tx.Exec(ctx, "ANALYZE "+list); err != nil { //nolint:misspell // SQL
		return nil, fmt.Errorf("gather statistics: %w", err)
	}
	return out, nil
}

func (s *Source) count(ctx context.Context, tables []*CopyTable) (int, error) {
	total := 0
	for _, t := range tables {
		n := 0
		if err := s.tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+pgx.Identifier{t.Name}.Sanitize()).Scan(&n); err != nil {
			return 0, fmt.Errorf("count table %s: %w", t.Name, err)
		}
		total += n
	}
	return total, nil
}

// tellEvery is how many rows pass between two words to the operator.
const tellEvery = 500

// teller counts rows and passes that on from time to time.
func teller(tell func(done, total int), total int) func() {
	done := 0
	return func() {
		if done++; tell != nil && (done%tellEvery == 0 || done == total) {
			tell(done, total)
		}
	}
}

func (s *Source) copyTable(ctx context.Context, tx pgx.Tx, t *CopyTable, tell func()) (*tally, error) {
	rows, err := s.tx.QueryContext(ctx, t.FromSQLite)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.Name, err)
	}
	defer func() { _ = rows.Close() }()
	c := sqliteCursor(t, rows, tell)
	if t.Insert != "" {
		err = insertAll(ctx, tx, t, c)
	} else {
		err = copyAll(ctx, tx, t, c)
	}
	if err != nil {
		return nil, err
	}
	if column := t.sequence(); column != "" {
		// Where the next number comes from; nothing happens without a row or without a sequence. A rollback does not
		// take this back, and that harms nothing.
		table := pgx.Identifier{t.Name}.Sanitize()
		if _, err := tx.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, $2), MAX("+pgx.Identifier{column}.Sanitize()+")) FROM "+table, table, column); err != nil {
			return nil, fmt.Errorf("set the next number of table %s: %w", t.Name, err)
		}
	}
	return c.tally, nil
}

func copyAll(ctx context.Context, tx pgx.Tx, t *CopyTable, c *cursor) error {
	var unreadable error // the server's complaint about the broken stream would hide it
	_, err := tx.CopyFrom(ctx, pgx.Identifier{t.Name}, t.columnNames(), pgx.CopyFromFunc(func() ([]any, error) {
		row, err := c.next()
		unreadable = err
		return row, err
	}))
	if unreadable != nil {
		return unreadable
	}
	if err != nil {
		return fmt.Errorf("write table %s: %w", t.Name, err)
	}
	return nil
}

func insertAll(ctx context.Context, tx pgx.Tx, t *CopyTable, c *cursor) error {
	for {
		row, err := c.next()
		if row == nil || err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, t.Insert, row...); err != nil {
			return fmt.Errorf("write table %s, row %s: %w", t.Name, t.rowName(row), err)
		}
	}
}

// compare reads the tables back and holds them against what was read from the source.
func compare(ctx context.Context, tx pgx.Tx, tables []*CopyTable, want []*tally, tell func()) ([]CopiedTable, error) {
	var out []CopiedTable
	for i, t := range tables {
		got, err := readBack(ctx, tx, t, tell)
		if err != nil {
			return nil, err
		}
		if got.rows != want[i].rows {
			return nil, fmt.Errorf("table %s: %d rows arrived, want %d: nothing was copied", t.Name, got.rows, want[i].rows)
		}
		copied := CopiedTable{Name: t.Name, Rows: got.rows}
		got.hash.Sum(copied.Sum[:0])
		if sum := want[i].hash.Sum(nil); string(sum) != string(copied.Sum[:]) {
			return nil, fmt.Errorf("table %s: what arrived has checksum %x, want %x: nothing was copied", t.Name, copied.Sum[:6], sum[:6])
		}
		out = append(out, copied)
	}
	return out, nil
}

func readBack(ctx context.Context, tx pgx.Tx, t *CopyTable, tell func()) (*tally, error) {
	rows, err := tx.Query(ctx, t.FromPostgres)
	if err != nil {
		return nil, fmt.Errorf("read table %s back: %w", t.Name, err)
	}
	defer rows.Close()
	c := postgresCursor(t, rows, tell)
	for {
		row, err := c.next()
		if err != nil {
			return nil, fmt.Errorf("read table %s back: %w", t.Name, err)
		}
		if row == nil {
			return c.tally, nil
		}
	}
}
