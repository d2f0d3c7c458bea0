package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// SnapshotTo is the copy that Migrate makes before it changes a SQLite file.
func (db *DB) SnapshotTo(ctx context.Context, path string) error { return db.snapshotTo(ctx, path) }

// MaxAttempts is how often Write tries.
const MaxAttempts = maxAttempts

// Waiting is how many wait for their turn to write to SQLite.
func (db *DB) Waiting() int { return int(db.lane.waiting.Load()) }

// BeforeCompare has fn run in the transaction of the copy, between copying and comparing.
func (o *CopyOptions) BeforeCompare(fn func(context.Context, pgx.Tx) error) { o.beforeCompare = fn }
