package db

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// stmtCache keeps prepared statements by their text. Only SQLite needs it: pgx keeps its own per
// connection, while modernc would parse the text again at each call.
type stmtCache struct {
	mu     sync.RWMutex
	byText map[stmtKey]*sql.Stmt
}

type stmtKey struct {
	pool  *sql.DB
	query string
}

// maxStmts bounds the cache. Texts are constants but for lists of placeholders, so it never
// fills in practice; beyond it statements are parsed each time.
const maxStmts = 1000

func (db *DB) prepared(ctx context.Context, query string) *sql.Stmt {
	return db.preparedOn(ctx, db.read, query)
}

// preparedOn returns nil when the statement should be run unprepared; a text with an error
// then reports it in its own place.
func (db *DB) preparedOn(ctx context.Context, pool *sql.DB, query string) *sql.Stmt {
	if db.Dialect != SQLite {
		return nil
	}
	key := stmtKey{pool, query}
	s, full := db.stmts.find(key)
	if s != nil || full {
		return s
	}
	s, err := pool.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	db.stmts.mu.Lock()
	defer db.stmts.mu.Unlock()
	if old := db.stmts.byText[key]; old != nil {
		_ = s.Close()
		return old
	}
	if db.stmts.byText == nil {
		db.stmts.byText = map[stmtKey]*sql.Stmt{}
	}
	db.stmts.byText[key] = s
	return s
}

// find returns the statement, if there, and whether the cache takes no more.
func (c *stmtCache) find(key stmtKey) (s *sql.Stmt, full bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byText[key], len(c.byText) >= maxStmts
}

func (c *stmtCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, s := range c.byText {
		err = errors.Join(err, s.Close())
	}
	c.byText = nil
	return err
}
