// Command faultdb is how the fault test looks into Tandem's database beside the program, whichever it
// is: faultdb DATABASE query SQL [ARG…] prints rows as JSON arrays, one a line; exec SQL runs a
// statement; prune KEEP AGE drops, as the program's own job does, what is neither among the last KEEP rows of
// its stream nor younger than AGE.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/events"
)

var errUsage = errors.New("usage: faultdb DATABASE query|exec SQL [ARG…], or faultdb DATABASE prune KEEP AGE")

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faultdb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errUsage
	}
	o := db.Options{SQLitePath: args[0]}
	if strings.HasPrefix(args[0], "postgres://") {
		o = db.Options{PostgresURL: args[0], MaxConns: 2}
	}
	d, err := db.Open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, d, args[1], args[2:]), d.Close())
}

func do(ctx context.Context, d *db.DB, what string, args []string) error {
	switch what {
	case "query":
		return query(ctx, d, args)
	case "exec": // not in a transaction: CREATE DATABASE refuses one
		_, err := d.Writer().ExecContext(ctx, args[0])
		return err
	case "prune":
		if len(args) < 2 {
			return errUsage
		}
		keep, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return err
		}
		age, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		n, err := events.NewLog(d).Prune(ctx, age, keep)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode([]any{n})
	}
	return errUsage
}

func query(ctx context.Context, d *db.DB, args []string) error {
	values := make([]any, len(args)-1)
	for i, a := range args[1:] {
		values[i] = a
	}
	rows, err := d.Read().QueryContext(ctx, args[0], values...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	enc := json.NewEncoder(out)
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), out.Flush())
}
