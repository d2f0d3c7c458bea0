package db

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
)

// Row is what a scan function reads from: *sql.Row or *sql.Rows.
type Row interface{ Scan(dest ...any) error }

// Collect runs a query and scans each row. It never returns nil without an error: an empty
// result is an empty list.
func Collect[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// ScanString scans the one text column of a row.
func ScanString(r Row) (s string, err error) { err = r.Scan(&s); return }

// NoRow says whether err means that no row matched.
func NoRow(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Args collects parameters and hands out their placeholders, for lists of unknown length.
type Args []any

// Add adds a parameter and returns its placeholder, such as "$3".
func (a *Args) Add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// In adds each value and returns "($3, $4, $5)". It must not be empty.
func (a *Args) In(values []string) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = a.Add(v)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

// Tuple adds each value and returns "($3, $4, $5)", a row of VALUES.
func (a *Args) Tuple(values ...any) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = a.Add(v)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

// NullString is nil for "", so that empty texts are kept as NULL.
func NullString(s string) any {
	if s == "" {
		return nil
	}
	return s
}
