package db_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/internal/db"
	"tandem/internal/tandemtest"
)

// What only one of the databases has: the full-text search, and the tool's own table.
var (
	onlySQLiteTables    = []string{"search_index", "search_index_config", "search_index_data", "search_index_docsize", "search_index_idx"}
	onlyPostgresIndexes = []string{"search_docs_by_words"}
	migrationTables     = []string{"goose_db_version", "sqlite_sequence"}
)

// Tables of the job queue come from its own migrations, which differ by design.
func isQueueTable(name string) bool { return strings.HasPrefix(name, "river_") }

// typeOf maps PostgreSQL's types to what SQLite must declare.
var typeOf = map[string]string{
	"text": "TEXT", "timestamp with time zone": "TEXT", "bigint": "BIGINT", "boolean": "BOOLEAN", "bytea": "BLOB",
	"bigint identity": "INTEGER", // only INTEGER PRIMARY KEY numbers itself
}

func TestSchemasAreTheSame(t *testing.T) {
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		return // nothing to compare with
	}
	lite, pg := sqliteSchema(t, tandemtest.NewSQLite(t).DB), postgresSchema(t, tandemtest.NewPostgres(t).DB)
	for _, line := range lite {
		if !slices.Contains(pg, line) {
			t.Errorf("only SQLite has: %s", line)
		}
	}
	for _, line := range pg {
		if !slices.Contains(lite, line) {
			t.Errorf("only PostgreSQL has: %s", line)
		}
	}
	if len(lite) < 100 {
		t.Errorf("got %d columns, keys and indexes, want more: were they read?", len(lite))
	}
}

// On PostgreSQL, times are real times: every column named so, and no other.
func TestTimeColumnsAreTimes(t *testing.T) {
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		return // SQLite has no such type
	}
	wrong := lines(t, tandemtest.NewPostgres(t).DB, `
		SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type
		FROM information_schema.columns c
		WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'river%' AND c.table_name <> 'goose_db_version'
			AND (c.column_name LIKE '%\_at') <> (c.data_type = 'timestamp with time zone')`)
	if len(wrong) > 0 {
		t.Errorf("got %v, want a time where the name ends in _at", wrong)
	}
}

// A key that is compared in another collation than the one it points to cannot use the index.
func TestKeysShareACollation(t *testing.T) {
	t.Parallel()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		return // SQLite compares bytes everywhere
	}
	wrong := lines(t, tandemtest.NewPostgres(t).DB, `
		SELECT c.conrelid::regclass || '.' || a.attname || ' refers to ' || c.confrelid::regclass || '.' || b.attname
		FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
		WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND a.attcollation <> b.attcollation`)
	if len(wrong) > 0 {
		t.Errorf("got %v, want one collation on both sides", wrong)
	}
}

func lines(t *testing.T, d *db.DB, query string, args ...any) []string {
	t.Helper()
	out, err := db.Collect(t.Context(), d.Read(), db.ScanString, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A line each: "users.name TEXT NOT NULL", "users KEY (id)", "members.user_id → users.id CASCADE",
// "users_by_email UNIQUE users (email_key)", with "PARTIAL" at the end of an index with a condition.

func sqliteSchema(t *testing.T, d *db.DB) []string {
	t.Helper()
	var out []string
	for _, table := range lines(t, d, `SELECT name FROM sqlite_schema WHERE type = 'table'`) {
		if slices.Contains(onlySQLiteTables, table) || slices.Contains(migrationTables, table) || isQueueTable(table) {
			continue
		}
		out = append(out, lines(t, d, `
			SELECT $1 || '.' || name || ' ' || type || iif("notnull" OR (pk > 0 AND type = 'INTEGER'), ' NOT NULL', '')
			FROM pragma_table_info($1)`, table)...)
		out = append(out, lines(t, d, `
			SELECT $1 || ' KEY (' || group_concat(name, ', ') || ')'
			FROM (SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk)`, table)...)
		out = append(out, lines(t, d, `
			SELECT $1 || '.' || "from" || ' → ' || "table" || '.' || "to" || ' ' || on_delete
			FROM pragma_foreign_key_list($1)`, table)...)
		out = append(out, lines(t, d, `
			SELECT l.name || iif(l."unique", ' UNIQUE ', ' ') || $1 || ' (' ||
				(SELECT group_concat(i.name, ', ') FROM (SELECT * FROM pragma_index_info(l.name) ORDER BY seqno) i) || ')' || iif(l.partial, ' PARTIAL', '')
			FROM pragma_index_list($1) l
			WHERE l.origin = 'c'`, table)...)
	}
	return out
}

func postgresSchema(t *testing.T, d *db.DB) []string {
	t.Helper()
	var out []string
	add := func(scan func(db.Row) (string, error), query string) {
		t.Helper()
		found, err := db.Collect(context.Background(), d.Read(), scan, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range found {
			if line != "" {
				out = append(out, line)
			}
		}
	}
	skip := func(table string) bool { return slices.Contains(migrationTables, table) || isQueueTable(table) }
	add(func(r db.Row) (string, error) {
		var table, column, kind, null string
		if err := r.Scan(&table, &column, &kind, &null); err != nil || skip(table) {
			return "", err
		}
		mapped, ok := typeOf[kind]
		if !ok {
			mapped = "(" + kind + " has no counterpart)"
		}
		return fmt.Sprintf("%s.%s %s%s", table, column, mapped, null), nil
	}, `
		SELECT table_name, column_name,
			data_type || CASE WHEN is_identity = 'YES' THEN ' identity' ELSE '' END,
			CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END
		FROM information_schema.columns
		WHERE table_schema = 'public'`)
	add(func(r db.Row) (line string, err error) {
		var table string
		if err := r.Scan(&table, &line); err != nil || skip(table) {
			return "", err
		}
		return line, nil
	}, `
		SELECT c.conrelid::regclass::text, CASE c.contype
			WHEN 'p' THEN c.conrelid::regclass || ' KEY (' ||
				(SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (num, n) JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) || ')'
			ELSE c.conrelid::regclass || '.' ||
				(SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1]) || ' → ' || c.confrelid::regclass || '.' ||
				(SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[1]) ||
				CASE c.confdeltype WHEN 'c' THEN ' CASCADE' WHEN 'n' THEN ' SET NULL' WHEN 'a' THEN ' NO ACTION' ELSE ' ' || c.confdeltype::text END
			END
		FROM pg_constraint c
		WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'f')`)
	add(func(r db.Row) (line string, err error) {
		var table, index string
		if err := r.Scan(&table, &index, &line); err != nil || skip(table) || slices.Contains(onlyPostgresIndexes, index) {
			return "", err
		}
		return line, nil
	}, `
		SELECT x.indrelid::regclass::text, x.indexrelid::regclass::text,
			x.indexrelid::regclass || CASE WHEN x.indisunique THEN ' UNIQUE ' ELSE ' ' END || x.indrelid::regclass || ' (' ||
			(SELECT string_agg(replace(pg_get_indexdef(x.indexrelid, n, false), '"', ''), ', ' ORDER BY n) FROM generate_series(1, x.indnkeyatts) n) || ')' ||
			CASE WHEN x.indpred IS NULL THEN '' ELSE ' PARTIAL' END
		FROM pg_index x
		JOIN pg_class c ON c.oid = x.indexrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT x.indisprimary`)
	return out
}
