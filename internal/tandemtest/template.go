package tandemtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
)

// Migrating takes many times as long as copying a migrated database, so each test gets a copy.

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tandemtest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "tandem.db")
	if err := migrate(context.Background(), db.Options{SQLitePath: path}); err != nil { // its Close leaves no WAL behind
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // made above
})

func migrate(ctx context.Context, o db.Options) error {
	d, err := db.Open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx, slog.New(slog.DiscardHandler)), d.Close())
}

// postgresVariable names the server for tests.
const postgresVariable = "TANDEM_TEST_POSTGRES"

// HasPostgres says whether NewPostgres can make a database.
func HasPostgres() bool { return os.Getenv(postgresVariable) != "" }

// maxConns is enough to meet locks, and few enough for many tests at once on one server.
const maxConns = 10

// NewPostgres is an Env on a PostgreSQL database of its own, dropped at the end of the test.
// It skips nothing: without TANDEM_TEST_POSTGRES it fails.
func NewPostgres(t testing.TB) *Env {
	t.Helper()
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return open(t, db.Options{PostgresURL: createDatabase(t, template), MaxConns: maxConns})
}

// EmptyPostgres is the address of a new database without tables, dropped at the end of the test.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return createDatabase(t, "template0")
}

func createDatabase(t testing.TB, template string) string {
	t.Helper()
	name := "test_" + hex.EncodeToString(uuidBytes())
	if err := onServer(t.Context(), `CREATE DATABASE `+name+` TEMPLATE `+template); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := onServer(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	address, err := databaseURL(name)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func uuidBytes() []byte { id := uuid.New(); return id[:] }

// databaseURL is the server's address with another database.
func databaseURL(name string) (string, error) {
	u, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%s must be an address such as postgres://user@localhost:5432/postgres", postgresVariable)
	}
	u.Path = "/" + name
	return u.String(), nil
}

var server = sync.OnceValues(func() (*sql.DB, error) {
	d, err := sql.Open("pgx", os.Getenv(postgresVariable)) // db registers the driver
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(2) // tests create at most that many databases at once
	d.SetConnMaxIdleTime(time.Second)
	return d, nil
})

func onServer(ctx context.Context, statement string) error {
	s, err := server()
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, statement)
	return err
}

// postgresTemplate is the name of a migrated database. Test programs of several packages share it;
// its name tells which migrations made it.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	ctx := context.Background()
	sum, err := migrationsSum()
	if err != nil {
		return "", err
	}
	name := "tandem_template_" + sum
	s, err := server()
	if err != nil {
		return "", err
	}
	conn, err := s.Conn(ctx)
	if err != nil {
		return "", fmt.Errorf("reach %s: %w", postgresVariable, err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext('tandemtest'))`); err != nil {
		return "", err
	}
	defer func() { _, _ = conn.ExecContext(ctx, `SELECT pg_advisory_unlock(hashtext('tandemtest'))`) }()

	// Only a finished one is marked as a template; a run that was killed may have left half of one.
	var done bool
	err = conn.QueryRowContext(ctx, `SELECT datistemplate FROM pg_database WHERE datname = $1`, name).Scan(&done)
	if err != nil && !db.NoRow(err) {
		return "", err
	}
	if done {
		return name, nil
	}
	for _, statement := range []string{`DROP DATABASE IF EXISTS ` + name, `CREATE DATABASE ` + name + ` TEMPLATE template0`} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	address, err := databaseURL(name)
	if err != nil {
		return "", err
	}
	if err := migrate(ctx, db.Options{PostgresURL: address}); err != nil {
		return "", err
	}
	_, err = conn.ExecContext(ctx, `ALTER DATABASE `+name+` IS_TEMPLATE true`)
	return name, err
})

func migrationsSum() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "db", "migrations", "postgres", "*.sql"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("find migrations: %d files, %w", len(files), err)
	}
	slices.Sort(files)
	h := sha256.New()
	for _, f := range files {
		b, err := os.ReadFile(f) //nolint:gosec // found above
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
