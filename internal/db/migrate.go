package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

func (db *DB) provider() (*goose.Provider, error) {
	dir, dialect := "migrations/sqlite", goose.DialectSQLite3
	var opts []goose.ProviderOption
	if db.Dialect == Postgres {
		dir, dialect = "migrations/postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker() // nodes that start together: one migrates, the others wait
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db.write, files, append(opts, goose.WithVerbose(false))...)
}

// Migrate brings the schema up to date. A SQLite file that has data is copied beside itself first
// ("tandem.db.before-<version>"). progress is told each migration that was applied.
func (db *DB) Migrate(ctx context.Context, log *slog.Logger) error {
	p, err := db.provider()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	from, to, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if from > to {
		return fmt.Errorf("the database has schema version %d, this program knows %d: run a newer tandem", from, to)
	}
	if from == to {
		return nil
	}
	if db.Dialect == SQLite && from > 0 {
		copyTo := fmt.Sprintf("%s.before-%d", db.path, to)
		if err := db.snapshotTo(ctx, copyTo); err != nil {
			return fmt.Errorf("copy the database before migrating: %w", err)
		}
		log.InfoContext(ctx, "database copied before migration", "file", filepath.Base(copyTo))
	}
	results, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, r := range results {
		log.InfoContext(ctx, "migration applied", "version", r.Source.Version, "took", r.Duration.Round(time.Millisecond))
	}
	_, err = db.write.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ('epoch', $1) ON CONFLICT (key) DO NOTHING`, uuid.NewString())
	if err != nil {
		return fmt.Errorf("set epoch: %w", err)
	}
	return nil
}

func (db *DB) snapshotTo(ctx context.Context, path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	_, err := db.write.ExecContext(ctx, `VACUUM INTO $1`, path)
	return err
}

// Pending says how many migrations have not been applied.
func (db *DB) Pending(ctx context.Context) (int, error) {
	p, err := db.provider()
	if err != nil {
		return 0, err
	}
	has, err := p.HasPending(ctx)
	if err != nil || !has {
		return 0, err
	}
	status, err := p.Status(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, s := range status {
		if s.State == goose.StatePending {
			n++
		}
	}
	return n, nil
}

// Meta returns a value of the meta table, such as "epoch": a random id that is renewed when the
// log of changes may have lost rows (restore of a backup, promotion of a lagging replica).
func (db *DB) Meta(ctx context.Context, key string) (string, error) {
	var v string
	err := db.Read().QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&v)
	if err != nil {
		return "", fmt.Errorf("read meta %s: %w", key, err)
	}
	return v, nil
}
