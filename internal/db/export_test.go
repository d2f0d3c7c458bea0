package db

import "context"

// SnapshotTo is the copy that Migrate makes before it changes a SQLite file.
func (db *DB) SnapshotTo(ctx context.Context, path string) error { return db.snapshotTo(ctx, path) }

// MaxAttempts is how often Write tries.
const MaxAttempts = maxAttempts
