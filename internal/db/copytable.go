package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CopyTable says how one table is copied. Those of our own migrations are found in the schema; only tables that differ
// between the databases are described by hand, by the package that owns them.
type CopyTable struct {
	Name    string
	Columns []CopyColumn

	// SELECT of all columns, ordered by the key, that gives the same on both databases.
	FromSQLite, FromPostgres string

	// Insert takes all columns as parameters. "": the values go into the table as they are.
	Insert string

	// Version is a query of one number, which must be the same on both databases. "": there is none.
	Version string

	parents []string
}

// CopyColumn is a column of a CopyTable. Those of the key name a row in errors.
type CopyColumn struct {
	Name string
	Kind CopyKind
	Key  bool
}

func (t *CopyTable) columnNames() []string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = c.Name
	}
	return out
}

// sequence is the column that PostgreSQL numbers, if any: a key of one number.
func (t *CopyTable) sequence() string {
	name, keys := "", 0
	for _, c := range t.Columns {
		if c.Key {
			keys++
		}
		if c.Key && c.Kind == CopyInt {
			name = c.Name
		}
	}
	if keys > 1 {
		return ""
	}
	return name
}

const goosesOwn = "goose_db_version"

// tableNames are the tables of the source, but for those that are made anew: SQLite's own, those that hold the parts of
// a virtual table (the full-text index, which the target has as an index), and those that the caller leaves.
func (s *Source) tableNames(ctx context.Context, leave []string) ([]string, error) {
	all, err := Collect(ctx, s.tx, ScanString, `
		SELECT name
		FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the tables of %s: %w", s.path, err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == goosesOwn || slices.Contains(leave, name) }), nil
}

// tables finds out how to copy every table of the source, parents first. A table or a column that one of the databases
// does not have is refused: nothing is left out in silence.
func (s *Source) tables(ctx context.Context, target *pgx.Conn, o CopyOptions) ([]*CopyTable, error) {
	names, err := s.tableNames(ctx, o.Leave)
	if err != nil {
		return nil, err
	}
	var out []*CopyTable
	for _, name := range names {
		types, err := columnTypes(ctx, target, name)
		if err != nil {
			return nil, fmt.Errorf("read the columns of %s: %w", name, err)
		}
		var t *CopyTable
		if i := slices.IndexFunc(o.Tables, func(t CopyTable) bool { return t.Name == name }); i >= 0 {
			described := o.Tables[i] // a copy of it: parents are noted in it
			t, err = &described, s.sameVersion(ctx, target, described.Version)
		} else {
			t, err = s.table(ctx, name, types)
		}
		if err == nil {
			err = sameColumns(t, types)
		}
		if err == nil {
			t.parents, err = Collect(ctx, s.tx, ScanString, `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)`, name)
		}
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		out = append(out, t)
	}
	for _, t := range o.Tables {
		if !slices.Contains(names, t.Name) {
			return nil, fmt.Errorf("table %s is not in %s: run `tandem migrate` on it first", t.Name, s.path)
		}
	}
	return parentsFirst(out)
}

// columnTypes are PostgreSQL's, without columns that it computes itself.
func columnTypes(ctx context.Context, target *pgx.Conn, table string) (map[string]string, error) {
	rows, err := target.Query(ctx, `
		SELECT column_name, data_type
		FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'`, table)
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	var name, kind string
	_, err = pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		types[name] = kind
		return nil
	})
	return types, err
}

// table describes one that is the same on both databases.
func (s *Source) table(ctx context.Context, name string, types map[string]string) (*CopyTable, error) {
	t := &CopyTable{Name: name}
	var byKey, byKeyC []string
	columns, err := Collect(ctx, s.tx, func(r Row) (c CopyColumn, err error) {
		err = r.Scan(&c.Name, &c.Key)
		return c, err
	}, `SELECT name, pk > 0 FROM pragma_table_info($1) ORDER BY pk = 0, pk, cid`, name)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, c := range columns {
		kind, known := kindOf[types[c.Name]]
		if !known {
			return nil, fmt.Errorf("column %s is %q on PostgreSQL, which this program cannot copy", c.Name, types[c.Name])
		}
		c.Kind = kind
		quoted := pgx.Identifier{c.Name}.Sanitize()
		list = append(list, quoted)
		if c.Key {
			byKey = append(byKey, quoted)
			if kind == CopyText {
				quoted += ` COLLATE "C"` // as SQLite sorts
			}
			byKeyC = append(byKeyC, quoted)
		}
		t.Columns = append(t.Columns, c)
	}
	if len(byKey) == 0 {
		return nil, errors.New("has no primary key to compare its rows by")
	}
	selected := "SELECT " + strings.Join(list, ", ") + " FROM " + pgx.Identifier{name}.Sanitize() + " ORDER BY "
	t.FromSQLite, t.FromPostgres = selected+strings.Join(byKey, ", "), selected+strings.Join(byKeyC, ", ")
	return t, nil
}

// sameColumns also refuses a target without the table, which has no columns.
func sameColumns(t *CopyTable, types map[string]string) error {
	names := t.columnNames()
	for name := range types {
		if !slices.Contains(names, name) {
			return fmt.Errorf("only the target has the column %s", name)
		}
	}
	for _, name := range names {
		if _, there := types[name]; !there {
			return fmt.Errorf("the target does not have the column %s", name)
		}
	}
	return nil
}

func (s *Source) sameVersion(ctx context.Context, target *pgx.Conn, query string) error {
	if query == "" {
		return nil
	}
	var here, there int64
	if err := errors.Join(s.tx.QueryRowContext(ctx, query).Scan(&here), target.QueryRow(ctx, query).Scan(&there)); err != nil {
		return err
	}
	if here != there {
		return fmt.Errorf("has version %d, the target %d: run `tandem migrate` on %s first", here, there, s.path)
	}
	return nil
}

// parentsFirst orders tables so that whatever a row refers to is there before it. Names decide among equals.
func parentsFirst(tables []*CopyTable) ([]*CopyTable, error) {
	var out []*CopyTable
	done := map[string]bool{}
	for len(out) < len(tables) {
		before := len(out)
		for _, t := range tables {
			waits := slices.ContainsFunc(t.parents, func(p string) bool { return !done[p] && p != t.Name })
			if !done[t.Name] && !waits {
				done[t.Name] = true
				out = append(out, t)
			}
		}
		if len(out) == before {
			return nil, errors.New("tables refer to each other in a circle")
		}
	}
	return out, nil
}

// cursor gives the rows of a table, converted and added to the tally.
type cursor struct {
	table  *CopyTable
	tally  *tally
	more   func() bool
	values func() ([]any, error)
	end    func() error
	tell   func() // after each row
}

// next is nil after the last row.
func (c *cursor) next() ([]any, error) {
	if !c.more() {
		return nil, c.end()
	}
	row, err := c.values()
	if err != nil {
		return nil, err
	}
	for i, col := range c.table.Columns {
		v, err := col.Kind.value(row[i])
		if err != nil {
			return nil, fmt.Errorf("table %s, row %s: column %s %w", c.table.Name, c.table.rowName(row), col.Name, err)
		}
		row[i] = v
	}
	c.tally.add(row)
	c.tell()
	return row, nil
}

func (t *CopyTable) rowName(row []any) string {
	var parts []string
	for i, c := range t.Columns {
		if c.Key {
			parts = append(parts, fmt.Sprintf("%s = %q", c.Name, fmt.Sprint(row[i])))
		}
	}
	return strings.Join(parts, ", ")
}

func sqliteCursor(t *CopyTable, rows *sql.Rows, tell func()) *cursor {
	return &cursor{table: t, tally: newTally(), more: rows.Next, end: rows.Err, tell: tell, values: func() ([]any, error) {
		row, dest := make([]any, len(t.Columns)), make([]any, len(t.Columns))
		for i := range row {
			dest[i] = &row[i]
		}
		return row, rows.Scan(dest...)
	}}
}

func postgresCursor(t *CopyTable, rows pgx.Rows, tell func()) *cursor {
	return &cursor{table: t, tally: newTally(), more: rows.Next, end: rows.Err, tell: tell, values: rows.Values}
}
