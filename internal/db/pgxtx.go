package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connTx lets code that wants a pgx.Tx work inside a transaction that database/sql
// began on the same connection. Commit and Rollback are the owner's business.
type connTx struct{ c *pgx.Conn }

func (t connTx) CopyFrom(ctx context.Context, n pgx.Identifier, cols []string, src pgx.CopyFromSource) (int64, error) {
	return t.c.CopyFrom(ctx, n, cols, src)
}
func (t connTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.c.SendBatch(ctx, b)
}
func (t connTx) Prepare(ctx context.Context, name, q string) (*pgconn.StatementDescription, error) {
	return t.c.Prepare(ctx, name, q)
}
func (t connTx) Exec(ctx context.Context, q string, a ...any) (pgconn.CommandTag, error) {
	return t.c.Exec(ctx, q, a...)
}
func (t connTx) Query(ctx context.Context, q string, a ...any) (pgx.Rows, error) {
	return t.c.Query(ctx, q, a...)
}
func (t connTx) QueryRow(ctx context.Context, q string, a ...any) pgx.Row {
	return t.c.QueryRow(ctx, q, a...)
}

func (t connTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if _, err := t.Exec(ctx, "SAVEPOINT nested"); err != nil {
		return nil, err
	}
	return savepoint{t}, nil
}
func (t connTx) Commit(context.Context) error   { panic("connTx: Commit belongs to the *sql.Tx") }
func (t connTx) Rollback(context.Context) error { panic("connTx: Rollback belongs to the *sql.Tx") }
func (t connTx) LargeObjects() pgx.LargeObjects { panic("connTx: LargeObjects unsupported") }
func (t connTx) Conn() *pgx.Conn                { return t.c }

type savepoint struct{ connTx }

func (s savepoint) Commit(ctx context.Context) error {
	_, err := s.Exec(ctx, "RELEASE SAVEPOINT nested")
	return err
}
func (s savepoint) Rollback(ctx context.Context) error {
	_, err := s.Exec(ctx, "ROLLBACK TO SAVEPOINT nested")
	return err
}

var _ pgx.Tx = connTx{}
