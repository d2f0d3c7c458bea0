package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"tandem/internal/db"
	"tandem/internal/jobs"
)

type migrateDBCmd struct {
	From string `required:"" env:"-" placeholder:"sqlite://PATH" help:"The database to copy; it is only read. Stop its server first."`
	To   string `required:"" env:"-" placeholder:"postgres://…" help:"The database to copy into: empty, made with createdb. The password may come from PGPASSWORD or ~/.pgpass."`
}

// Help is shown by tandem migrate-db --help.
func (migrateDBCmd) Help() string {
	return `Copies everything of an installation on SQLite into an empty PostgreSQL database: all tables, the change log and the jobs. It is all
or nothing: every table is compared with its original before the copy is committed, and Ctrl-C leaves the target empty.

Stop the server first, and start it on PostgreSQL afterwards with the settings that are printed at the end.
docs/admin/sqlite-to-postgres.md has the steps.`
}

func (c *migrateDBCmd) Run(e *env) (err error) {
	path, ok := strings.CutPrefix(c.From, "sqlite://")
	if !ok || path == "" {
		return errors.New("from: must be sqlite:// and the path of the database, such as sqlite:///var/lib/tandem/tandem.db")
	}
	to, err := url.Parse(c.To)
	if err != nil || to.Scheme != "postgres" && to.Scheme != "postgresql" { // url.Parse would repeat the password
		return errors.New("to: must be an address such as postgres://user:password@host:5432/tandem (in a password, special characters are written as %2F and so on)")
	}
	source, err := db.OpenSource(e.ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := db.Open(e.ctx, db.Options{PostgresURL: c.To, MaxConns: 4})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	copied, err := copyDB(e, source, target)
	if errors.Is(err, context.Canceled) {
		return errors.New("cancelled: nothing was copied")
	}
	if err != nil {
		return err
	}
	return c.report(e, path, to, copied)
}

func copyDB(e *env, source *db.Source, target *db.DB) ([]db.CopiedTable, error) {
	o := jobs.CopyOptions()
	if err := source.CheckTarget(e.ctx, target, o); err != nil {
		return nil, err
	}
	if err := target.Migrate(e.ctx, e.log); err != nil {
		return nil, err
	}
	j, err := jobs.New(target, e.log, jobs.Options{})
	if err != nil {
		return nil, err
	}
	if err := j.Migrate(e.ctx); err != nil {
		return nil, err
	}
	o.Copied, o.Compared = showProgress("rows copied"), showProgress("rows compared")
	return source.CopyTo(e.ctx, target, o)
}

// report prints what arrived, and what to set.
func (c *migrateDBCmd) report(e *env, path string, to *url.URL, copied []db.CopiedTable) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "TABLE\tROWS\tCHECKSUM")
	rows := int64(0)
	for _, t := range copied {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%x\n", t.Name, t.Rows, t.Sum[:6])
		rows += t.Rows
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("\n%d rows of %d tables copied and compared.\n", rows, len(copied))
	fmt.Printf("Keep your other settings, set these, and start Tandem (the address is shown without a password):\n\n  TANDEM_DATABASE_URL=%s\n", withoutPassword(to))
	if key := c.keyFile(e, path); key != "" {
		fmt.Printf("  TANDEM_SIGNING_KEY_FILE=%s\n\nThe key is what sessions are signed with: with another one, everybody signs in again.\n", key)
	} else {
		fmt.Print("\nKeep the signing key as it is set now: with another one, everybody signs in again.\n")
	}
	return nil
}

// keyFile is the signing key that the server on SQLite has made for itself; "" when it was given one.
func (c *migrateDBCmd) keyFile(e *env, path string) string {
	for _, dir := range []string{filepath.Dir(path), e.cfg.DataDir} {
		file, err := filepath.Abs(filepath.Join(dir, "signing.key"))
		if err != nil {
			continue
		}
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return ""
}

// withoutPassword drops it wherever PostgreSQL's addresses may have one.
func withoutPassword(address *url.URL) *url.URL {
	out := *address
	if out.User != nil {
		out.User = url.User(out.User.Username())
	}
	q := out.Query()
	q.Del("password")
	q.Del("sslpassword")
	out.RawQuery = q.Encode()
	return &out
}
