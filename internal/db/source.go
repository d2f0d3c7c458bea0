package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Source is the SQLite database of an installation as it was when OpenSource returned. It is read, never altered.
type Source struct {
	path    string
	pool    *sql.DB
	watch   *sql.Conn // outside of the snapshot, to hear of writes
	version int64     // of the file, when the snapshot began
	tx      *sql.Tx   // the snapshot
}

// OpenSource opens the file read-only and begins the one transaction that everything is read in. A file that another
// process has open is refused: its server would go on writing what is not copied any more.
func OpenSource(ctx context.Context, path string) (*Source, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database path: %w", err)
	}
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is no database file", path)
	}
	pid, open, err := openedBy(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if open {
		who := "another program"
		if pid > 0 { // a process in another container has none here
			who = fmt.Sprintf("another program (process %d)", pid)
		}
		return nil, fmt.Errorf("%s is open in %s: stop the server, then run this again", path, who)
	}
	pool, err := sql.Open("sqlite", sqliteDSN(path, true))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Source{path: path, pool: pool}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Source) begin(ctx context.Context) (err error) {
	if s.watch, err = s.pool.Conn(ctx); err != nil {
		return err
	}
	if s.version, err = s.fileVersion(ctx); err != nil {
		return err
	}
	if s.tx, err = s.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	return s.checkSchema(ctx) // this first read fixes the snapshot
}

// Close ends the transaction and closes the file.
func (s *Source) Close() error {
	var err error
	if s.tx != nil {
		err = ignoreDone(s.tx.Rollback())
	}
	if s.watch != nil {
		err = errors.Join(err, s.watch.Close())
	}
	return errors.Join(err, s.pool.Close())
}

// fileVersion changes when another connection has committed.
func (s *Source) fileVersion(ctx context.Context) (v int64, err error) {
	err = s.watch.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v)
	return v, err
}

// unchanged fails when somebody wrote to the file since the snapshot began.
func (s *Source) unchanged(ctx context.Context) error {
	now, err := s.fileVersion(ctx)
	if err != nil {
		return fmt.Errorf("look for changes of %s: %w", s.path, err)
	}
	if now != s.version {
		return fmt.Errorf("%s was changed while it was copied: stop the server, then run this again; nothing was copied", s.path)
	}
	return nil
}

// checkSchema wants the schema that this program's migrations make: a source is never migrated.
func (s *Source) checkSchema(ctx context.Context) error {
	p, err := (&DB{Dialect: SQLite, write: s.pool}).provider()
	if err != nil {
		return err
	}
	all := p.ListSources()
	latest := all[len(all)-1].Version
	var there bool
	var version int64
	if err := s.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'goose_db_version')`).Scan(&there); err != nil {
		return err
	}
	if !there {
		return errors.New("this is not the database of a Tandem")
	}
	if err := s.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version); err != nil {
		return err
	}
	switch {
	case version < latest:
		return fmt.Errorf("it has schema version %d, older than this program's %d: run `tandem migrate` on it first", version, latest)
	case version > latest:
		return fmt.Errorf("it has schema version %d, newer than this program's %d: run a newer tandem", version, latest)
	}
	return nil
}
