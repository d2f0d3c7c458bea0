package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/internal/db"
	"tandem/internal/tandemtest"
)

func TestMigrateTwiceChangesNothing(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		before, err := env.DB.Meta(t.Context(), "epoch")
		if err != nil {
			t.Fatal(err)
		}
		if err := env.DB.Migrate(t.Context(), env.Logger); err != nil {
			t.Fatal(err)
		}
		after, err := env.DB.Meta(t.Context(), "epoch")
		if err != nil || after != before {
			t.Errorf("got epoch %s, %v, want %s as before", after, err, before)
		}
	})
}

func TestMigrateRefusesANewerSchema(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)`, 9999, true)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := env.DB.Migrate(ctx, env.Logger); err == nil || !strings.Contains(err.Error(), "run a newer tandem") {
			t.Errorf("got %v, want advice to run a newer tandem", err)
		}
	})
}

func TestPendingCountsMigrations(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, o db.Options) {
		t.Helper()
		d, err := db.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}()
		if n, err := d.Pending(t.Context()); err != nil || n == 0 {
			t.Errorf("got %d, %v in an empty database, want some", n, err)
		}
		if err := d.Migrate(t.Context(), tandemtest.NewLogger(t)); err != nil {
			t.Fatal(err)
		}
		if n, err := d.Pending(t.Context()); err != nil || n != 0 {
			t.Errorf("got %d, %v after migrating, want none", n, err)
		}
	}
	check(t, db.Options{SQLitePath: filepath.Join(t.TempDir(), "tandem.db")})
	if os.Getenv("TANDEM_TEST_POSTGRES") != "" {
		check(t, db.Options{PostgresURL: tandemtest.EmptyPostgres(t), MaxConns: 4})
	}
}

// Nodes of a new cluster start together: one migrates, the others wait for it.
func TestFourStartersMigrateOnce(t *testing.T) {
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		return // only PostgreSQL has several nodes
	}
	ctx := t.Context()
	address := tandemtest.EmptyPostgres(t)
	const starters = 4
	nodes := make([]*db.DB, starters)
	for i := range nodes {
		d, err := db.Open(ctx, db.Options{PostgresURL: address, MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		nodes[i] = d
	}
	logger := tandemtest.NewLogger(t)
	errc := make(chan error, starters)
	for _, d := range nodes {
		go func() { errc <- d.Migrate(ctx, logger) }()
	}
	for range starters {
		if err := <-errc; err != nil {
			t.Error(err)
		}
	}
	versions, err := db.Collect(ctx, nodes[0].Read(), func(r db.Row) (n int64, err error) { err = r.Scan(&n); return n, err },
		`SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0 GROUP BY version_id`)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range versions {
		if n != 1 {
			t.Errorf("got a migration applied %d times, want once", n)
		}
	}
	first, err := nodes[0].Meta(ctx, "epoch")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range nodes[1:] {
		if got, err := d.Meta(ctx, "epoch"); err != nil || got != first {
			t.Errorf("got epoch %s, %v, want %s on all nodes", got, err, first)
		}
	}
}

func TestCopyBeforeMigratingHoldsEverything(t *testing.T) {
	t.Parallel()
	env := tandemtest.NewSQLite(t)
	ctx := t.Context()
	ann := env.User("ann")
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, []byte("of an earlier attempt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := env.DB.SnapshotTo(ctx, path); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(ctx, db.Options{SQLitePath: path})
	if err != nil {
		t.Fatal(err)
	}
	var name, health string
	err = errors.Join(
		d.Read().QueryRowContext(ctx, `SELECT username FROM users WHERE id = $1`, ann.ID).Scan(&name),
		d.Read().QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&health),
		d.Close())
	if err != nil || name != "ann" || health != "ok" {
		t.Errorf("got user %q, health %q, %v, want ann, ok", name, health, err)
	}
}
