package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/tandemtest"
)

func TestReadPoolCannotWriteOnSQLite(t *testing.T) {
	t.Parallel()
	env := tandemtest.NewSQLite(t)
	for _, query := range []string{
		`INSERT INTO meta (key, value) VALUES ('a', 'b') RETURNING value`,
		`UPDATE meta SET value = 'b' RETURNING value`,
		`DELETE FROM meta RETURNING value`,
		`CREATE TABLE more (id TEXT)`,
		`PRAGMA query_only = 0`, // the file itself is open for reading only
		`INSERT INTO meta (key, value) VALUES ('c', 'd') RETURNING value`,
	} {
		var v string
		err := env.DB.Read().QueryRowContext(t.Context(), query).Scan(&v)
		if strings.HasPrefix(query, "PRAGMA") {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "readonly") {
			t.Errorf("%s: got %v, want a refusal: read-only", query, err)
		}
		err = env.DB.Snapshot(t.Context(), func(q db.Querier) error {
			return q.QueryRowContext(t.Context(), query).Scan(&v)
		})
		if err == nil || !strings.Contains(err.Error(), "readonly") {
			t.Errorf("%s in a snapshot: got %v, want a refusal: read-only", query, err)
		}
	}
}

func TestSnapshotCannotWriteOnPostgres(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		err := env.DB.Snapshot(t.Context(), func(q db.Querier) error {
			var v string
			return q.QueryRowContext(t.Context(), `INSERT INTO meta (key, value) VALUES ('a', 'b') RETURNING value`).Scan(&v)
		})
		if err == nil {
			t.Error("got a write in a snapshot, want a refusal")
		}
	})
}

func TestSnapshotSeesOneMoment(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		write := func(value string) {
			t.Helper()
			if err := env.DB.Write(ctx, func(tx *db.Tx) error {
				return errors.Join(put(ctx, tx, "a", value), put(ctx, tx, "b", value))
			}); err != nil {
				t.Fatal(err)
			}
		}
		write("old")
		err := env.DB.Snapshot(ctx, func(q db.Querier) error {
			var a, b string
			if err := q.QueryRowContext(ctx, getMeta, "a").Scan(&a); err != nil {
				return err
			}
			write("new")
			if err := q.QueryRowContext(ctx, getMeta, "b").Scan(&b); err != nil {
				return err
			}
			if a != "old" || b != "old" {
				t.Errorf("got a %s and b %s, want both old", a, b)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := get(t, env.DB, "b"); got != "new" {
			t.Errorf("got %s after the snapshot, want new", got)
		}
	})
}

// A read-modify-write that looks at another row than it writes must not be fooled by a second one.
func TestReadsInAWriteSeeCommittedRows(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			if err := put(ctx, tx, "a", "1"); err != nil {
				return err
			}
			var own string
			if err := tx.QueryRowContext(ctx, getMeta, "a").Scan(&own); err != nil || own != "1" {
				t.Errorf("got %q, %v, want the own write", own, err)
			}
			if other := get(t, env.DB, "a"); other != "" {
				t.Errorf("got %q outside before the commit, want nothing", other)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTimesComeBackAsTheyWent(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		vienna := time.FixedZone("CEST", 2*60*60)
		for _, c := range []struct{ in, want time.Time }{
			{time.Date(2026, 1, 15, 14, 30, 0, 0, time.UTC), time.Date(2026, 1, 15, 14, 30, 0, 0, time.UTC)},
			{time.Date(2026, 7, 1, 14, 30, 1, 123456789, vienna), time.Date(2026, 7, 1, 12, 30, 1, 123456000, time.UTC)},
			{time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
			{time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC)},
		} {
			var got time.Time
			var null, set *time.Time
			user := env.User("").ID
			err := env.DB.Write(ctx, func(tx *db.Tx) error {
				return tx.QueryRowContext(ctx, `
					INSERT INTO sessions (id, user_id, user_agent, ip, created_at, last_used_at, expires_at, revoked_at)
					VALUES ($1, $2, '', '', $3, $3, $4, $5)
					RETURNING created_at, expires_at, revoked_at`,
					c.in.String(), user, db.Time(c.in), db.TimeOrNull(&c.in), db.TimeOrNull(nil)).Scan(db.ScanTime(&got), db.ScanTimeOrNull(&set), db.ScanTimeOrNull(&null))
			})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want || *set != c.want || null != nil {
				t.Errorf("got %v, %v and %v, want %v twice and nil", got, set, null, c.want)
			}
		}
	})
}

func TestTimesSortAndCompare(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		base := time.Date(2026, 1, 15, 23, 59, 59, 0, time.UTC)
		at := []time.Time{base, base.Add(time.Microsecond), base.Add(100 * time.Millisecond), base.Add(time.Second), base.AddDate(0, 11, 0)}
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			for i := len(at) - 1; i >= 0; i-- {
				if _, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (user_id, key, fingerprint, result, created_at) VALUES ('u', $1, '', '', $2)`, fmt.Sprint(i), db.Time(at[i])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Collect(ctx, env.DB.Read(), db.ScanString, `SELECT key FROM idempotency_keys WHERE created_at > $1 ORDER BY created_at`, db.Time(at[1].In(time.FixedZone("", -3600))))
		if err != nil || !reflect.DeepEqual(got, []string{"2", "3", "4"}) {
			t.Errorf("got %v, %v, want 2 3 4", got, err)
		}
	})
}

func TestPlaceholdersAreNumbered(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		const query = `
			SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT)
			WHERE CAST($1 AS TEXT) = 'one' AND (CAST($4 AS TEXT) IS NULL OR CAST($4 AS TEXT) = $2)`
		check := func(q db.Querier) {
			t.Helper()
			var a, b, c string
			var n int64
			if err := q.QueryRowContext(ctx, query, "one", "two", 3, nil).Scan(&a, &b, &c, &n); err != nil {
				t.Fatal(err)
			}
			if a+b+c != "twoonetwo" || n != 3 {
				t.Errorf("got %s %s %s %d, want two one two 3", a, b, c, n)
			}
		}
		for range 2 { // parsed, then prepared
			check(env.DB.Read())
			if err := env.DB.Snapshot(ctx, func(q db.Querier) error { check(q); return nil }); err != nil {
				t.Fatal(err)
			}
			if err := env.DB.Write(ctx, func(tx *db.Tx) error { check(tx); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		var args db.Args
		a, list, b := args.Add("x"), args.In([]string{"1", "2"}), args.Add("y")
		if got := a + list + b; got != "$1($2, $3)$4" || len(args) != 4 {
			t.Errorf("got %s with %v, want $1($2, $3)$4", got, args)
		}
	})
}

func TestIsUniqueKnowsARefusedDuplicate(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		exec := func(query string, args ...any) error {
			return env.DB.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err })
		}
		ann, bob := env.User("ann"), env.User("bob")
		for name, err := range map[string]error{
			"primary key": errors.Join(exec(`INSERT INTO meta (key, value) VALUES ('a', '')`), exec(`INSERT INTO meta (key, value) VALUES ('a', '')`)),
			"index":       exec(`UPDATE users SET username_key = $1 WHERE id = $2`, "ann", bob.ID),
		} {
			if !db.IsUnique(err) {
				t.Errorf("%s: got %v, want a refused duplicate", name, err)
			}
		}
		for name, err := range map[string]error{
			"foreign key": exec(`INSERT INTO refresh_tokens (hash, session_id, created_at) VALUES ('h', 'nobody', $1)`, db.Time(tandemtest.Start)),
			"not null":    exec(`UPDATE users SET name = NULL WHERE id = $1`, ann.ID),
		} {
			if err == nil || db.IsUnique(err) {
				t.Errorf("%s: got %v, want an error that is no duplicate", name, err)
			}
		}
	})
}

// Positions and ids are compared by bytes on both databases, whatever the server's locale.
func TestTextSortsByBytes(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		keys := []string{"a", "B", "ä", "Z", "a0", "a!", "aa", "aA", "-", "_", "~"}
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			for _, k := range keys {
				if err := put(ctx, tx, k, ""); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Collect(ctx, env.DB.Read(), db.ScanString, `SELECT key FROM meta WHERE value = '' ORDER BY key`)
		sort.Strings(keys)
		if err != nil || !reflect.DeepEqual(got, keys) {
			t.Errorf("got %v, %v, want %v", got, err, keys)
		}
	})
}

func TestCollectGivesAnEmptyListForNoRows(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		got, err := db.Collect(t.Context(), env.DB.Read(), db.ScanString, `SELECT value FROM meta WHERE key = $1`, "none")
		if err != nil || got == nil || len(got) != 0 {
			t.Errorf("got %#v, %v, want an empty list", got, err)
		}
		if _, err := env.DB.Meta(t.Context(), "none"); !db.NoRow(err) {
			t.Errorf("got %v, want that there is no row", err)
		}
	})
}

// Statements with an error say so in their own place, not where they are prepared.
func TestErrorsOfStatementsReachTheCaller(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		for range 2 {
			_, err := db.Collect(t.Context(), env.DB.Read(), db.ScanString, `SELECT word FROM nowhere`)
			if err == nil || !strings.Contains(err.Error(), "nowhere") {
				t.Errorf("got %v, want that nowhere is unknown", err)
			}
			err = env.DB.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), `DELETE FROM nowhere`); return err })
			if err == nil || !strings.Contains(err.Error(), "nowhere") {
				t.Errorf("got %v, want that nowhere is unknown", err)
			}
		}
	})
}

// River works inside our transaction: what it writes goes and stays with it.
func TestPgxTxIsTheSameTransaction(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ctx := t.Context()
		broken := errors.New("broken")
		err := env.DB.Write(ctx, func(tx *db.Tx) error {
			if env.DB.Dialect == db.SQLite {
				if tx.PgxTx() != nil || tx.SQLTx() == nil {
					t.Error("got a pgx transaction on SQLite")
				}
				return broken
			}
			nested, err := tx.PgxTx().Begin(ctx)
			if err != nil {
				return err
			}
			if _, err := nested.Exec(ctx, putMeta, "nested", "1"); err != nil {
				return err
			}
			if err := nested.Rollback(ctx); err != nil {
				return err
			}
			if _, err := tx.PgxTx().Exec(ctx, putMeta, "a", "1"); err != nil {
				return err
			}
			keys, err := db.Collect(ctx, tx, db.ScanString, `SELECT key FROM meta WHERE key IN ('nested', 'a')`)
			if err != nil || !reflect.DeepEqual(keys, []string{"a"}) {
				t.Errorf("got %v, %v, want only a: the nested part was rolled back", keys, err)
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if got := get(t, env.DB, "a"); got != "" {
			t.Errorf("got %q after the rollback, want nothing", got)
		}
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	type key struct {
		At time.Time
		ID string
	}
	in := key{tandemtest.Start, "x\"ä"}
	var out key
	if err := db.DecodeCursor(*db.EncodeCursor(in), &out); err != nil || out != in {
		t.Errorf("got %v, %v, want %v", out, err, in)
	}
	if err := db.DecodeCursor("", &out); err != nil || out != in {
		t.Errorf("got %v, %v, want what was there", out, err)
	}
	for _, bad := range []string{"%", "aGFsbG8", strings.Repeat("A", 5)} {
		if err := db.DecodeCursor(bad, &out); !errors.Is(err, errs.Invalid) {
			t.Errorf("cursor %q: got %v, want a refusal", bad, err)
		}
	}
	for n, want := range map[int]int{0: db.DefaultLimit, 1: 1, db.MaxLimit: db.MaxLimit, -1: 0, db.MaxLimit + 1: 0} {
		got, err := db.Limit(n)
		if got != want || (want == 0) != errors.Is(err, errs.Invalid) {
			t.Errorf("limit %d: got %d, %v, want %d", n, got, err, want)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]db.Options{
		"cannot be read": {PostgresURL: "postgres://user:secret@[::/x"},
		"reach postgres": {PostgresURL: "postgres://user:secret@127.0.0.1:1/x"},
		"data directory": {SQLitePath: "/dev/null/tandem.db"},
	} {
		d, err := db.Open(t.Context(), o)
		if err == nil {
			t.Errorf("%s: got no error, closing: %v", name, d.Close())
			continue
		}
		if !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v, want %q and no password", err, name)
		}
	}
}

var _ db.Querier = (*sql.DB)(nil)

func TestPingAnswers(t *testing.T) {
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		if err := env.DB.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := env.DB.Ping(ctx); err == nil {
			t.Error("got an answer after the context ended, want an error")
		}
	})
}
