package db_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tandem/internal/auth"
	"tandem/internal/db"
	"tandem/internal/jobs"
	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func TestCopyHoldsEverything(t *testing.T) {
	needPostgres(t)
	from, to := livedIn(t), target(t)
	copied, err := copyInto(t, from.Env, to, jobs.CopyOptions())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range copied {
		names = append(names, c.Name)
		if c.Rows == 0 || c.Sum == [sha256.Size]byte{} {
			t.Errorf("got %d rows with sum %x of %s: this test wants some of every table", c.Rows, c.Sum, c.Name)
		}
	}
	slices.Sort(names)
	// A new table of the schema must arrive too, or be left knowingly.
	want := postgresTables(t, to.DB)
	if slices.Sort(want); !slices.Equal(names, want) {
		t.Errorf("got %v copied, want %v", names, want)
	}

	ctx := t.Context()
	same := func(what string, read func(e *tandemtest.Env) (any, error)) {
		t.Helper()
		a, errA := read(from.Env)
		b, errB := read(to)
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: got %.300v, %v, want %.300v, %v", what, b, errB, a, errA)
		}
	}
	same("epoch", func(e *tandemtest.Env) (any, error) { return e.Log.Epoch(ctx) })
	same("board", func(e *tandemtest.Env) (any, error) {
		b, err := e.Tasks.Board(ctx, from.ann, from.project.ID, 200)
		if len(b.JSON) < 10_000 {
			t.Errorf("got a board of %d bytes, want tasks", len(b.JSON))
		}
		return string(b.JSON), err
	})
	same("log", func(e *tandemtest.Env) (any, error) {
		head, rows, err := e.Log.Replay(ctx, from.team.ID, 0, -1)
		text, jsonErr := json.Marshal(rows)
		if len(rows) == 0 || rows[len(rows)-1].Seq != head {
			t.Errorf("got %d rows up to %d, want all", len(rows), head)
		}
		return string(text), errors.Join(err, jsonErr)
	})
	same("trash", func(e *tandemtest.Env) (any, error) {
		return e.Tasks.List(ctx, from.ann, tasks.ListFilter{ProjectID: from.project.ID, Deleted: true})
	})
	same("list", func(e *tandemtest.Env) (any, error) {
		return e.Tasks.List(ctx, from.ann, tasks.ListFilter{ProjectID: from.project.ID, Limit: 200})
	})
	same("sessions", func(e *tandemtest.Env) (any, error) { return e.Auth.Sessions(ctx, from.ann) })
	for _, e := range []*tandemtest.Env{from.Env, to} {
		found, err := e.Tasks.Search(ctx, from.ann, tasks.SearchQuery{Query: "kehren"})
		if err != nil || len(found.Items) != 1 {
			t.Errorf("got %+v, %v, want the one task", found, err)
		}
	}
	if _, err := to.Auth.Login(ctx, "bob@example.org", tandemtest.Password, auth.Client{}); err != nil {
		t.Errorf("login: %v", err)
	}
	if _, err := to.Auth.Refresh(ctx, from.session.RefreshToken, "", auth.Client{}); err != nil {
		t.Errorf("the session from before: %v", err)
	}
	// The numbers go on where they were: of tasks, of the log and of what PostgreSQL counts itself.
	task, err := to.Tasks.Create(ctx, from.ann, from.project.ID, tasks.Input{Fields: tasks.Fields{Title: tasks.Of("the next")}})
	if err != nil || task.Number != 272 {
		t.Errorf("got task %d, %v, want 272", task.Number, err)
	}
}

func TestCopyLeavesTheSourceAlone(t *testing.T) {
	needPostgres(t)
	from, to := source(t), target(t)
	// A server that was killed leaves its log beside the file; what is in there counts.
	path := filepath.Join(t.TempDir(), "tandem.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(from.Options.SQLitePath + suffix)
		if err == nil {
			err = os.WriteFile(path+suffix, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	before := read(t, path) + read(t, path+"-wal")
	from.Options.SQLitePath = path
	if _, err := copyInto(t, from, to, jobs.CopyOptions()); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, to.DB, `SELECT username FROM users`); !slices.Equal(got, []string{"ann"}) {
		t.Errorf("got users %v, want ann", got)
	}
	if read(t, path)+read(t, path+"-wal") != before {
		t.Error("the source was changed")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCopyRefusesATargetWithRows(t *testing.T) {
	needPostgres(t)
	from, to := source(t), target(t)
	to.Team(to.User("zoe"))
	_, err := copyInto(t, from, to, jobs.CopyOptions())
	if err == nil || !strings.Contains(err.Error(), "the target is not empty") || !strings.Contains(err.Error(), "teams, users") || !strings.Contains(err.Error(), "createdb") {
		t.Errorf("got %v, want the tables and what to do", err)
	}
	if got := lines(t, to.DB, `SELECT username FROM users`); !slices.Equal(got, []string{"zoe"}) {
		t.Errorf("got users %v, want zoe as before", got)
	}
}

func TestCopyRefusesAnotherSchema(t *testing.T) {
	needPostgres(t)
	for says, change := range map[string]string{
		"run `tandem migrate`":               `DELETE FROM goose_db_version WHERE version_id > 0`,
		"run a newer tandem":                 `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`,
		"not the database of a Tandem":       `DROP TABLE goose_db_version`,
		"table river_job: has version 7":     `DELETE FROM river_migration WHERE version > 7`,
		"river_job is not in":                `DROP TABLE river_job`,
		`table gadgets: column id is ""`:     `CREATE TABLE gadgets (id TEXT NOT NULL PRIMARY KEY)`,
		`table users: column gadget is ""`:   `ALTER TABLE users ADD COLUMN gadget TEXT`,
		"table river_job: the target does n": `ALTER TABLE river_job DROP COLUMN tags`,
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			from, to := source(t), target(t)
			if strings.Contains(change, "tags") {
				exec(t, to.DB, change)
			} else {
				exec(t, from.DB, change)
			}
			_, err := copyInto(t, from, to, jobs.CopyOptions())
			refused(t, to, err, says)
		})
	}
}

// A table that a later migration makes on both databases is copied without anybody thinking of it.
func TestCopyFindsNewTables(t *testing.T) {
	needPostgres(t)
	from, to := source(t), target(t)
	exec(t, from.DB, `CREATE TABLE a_gadgets (id INTEGER NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), on_at TEXT, big BOOLEAN NOT NULL, picture BLOB)`)
	exec(t, to.DB, `CREATE TABLE a_gadgets (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id), on_at TIMESTAMPTZ, big BOOLEAN NOT NULL, picture BYTEA)`)
	ann := lines(t, from.DB, `SELECT id FROM users`)[0]
	exec(t, from.DB, `INSERT INTO a_gadgets VALUES (41, $1, $2, TRUE, X'00FF')`, ann, db.Time(from.DB.Now()))
	exec(t, from.DB, `INSERT INTO a_gadgets VALUES (-3, $1, NULL, FALSE, NULL)`, ann)
	if _, err := copyInto(t, from, to, jobs.CopyOptions()); err != nil {
		t.Fatal(err)
	}
	exec(t, to.DB, `INSERT INTO a_gadgets (user_id, big) VALUES ($1, FALSE)`, ann)
	if got, want := lines(t, to.DB, `SELECT id || ' ' || big || ' ' || COALESCE(picture::text, '-') FROM a_gadgets ORDER BY id`), []string{"-3 false -", `41 true \x00ff`, "42 false -"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCopyRefusesTextsThatPostgreSQLCannotKeep(t *testing.T) {
	needPostgres(t)
	for says, value := range map[string]string{"U+0000": "a\x00b", "UTF-8": "a\xffb"} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			from, to := source(t), target(t)
			id := lines(t, from.DB, `SELECT id FROM users`)[0]
			exec(t, from.DB, `UPDATE users SET name = $1`, value)
			_, err := copyInto(t, from, to, jobs.CopyOptions())
			refused(t, to, err, says, "table users, ", id, "column name")
		})
	}
	t.Run("no time", func(t *testing.T) {
		t.Parallel()
		from, to := source(t), target(t)
		exec(t, from.DB, `UPDATE users SET created_at = 'yesterday'`)
		_, err := copyInto(t, from, to, jobs.CopyOptions())
		refused(t, to, err, "table users, ", "column created_at", "yesterday")
	})
}

func TestCopyFindsAChangedByte(t *testing.T) {
	needPostgres(t)
	for name, change := range map[string]string{
		"a letter":         `UPDATE users SET timezone = timezone || '.'`,
		"NULL for nothing": `UPDATE invites SET email = '' WHERE email IS NULL`,
		"a microsecond":    `UPDATE members SET joined_at = joined_at + interval '1 microsecond'`,
		"a bit":            `UPDATE imports SET file = set_bit(file, 3, 1 - get_bit(file, 3))`,
		"a job":            `UPDATE river_job SET args = '{"id": "another"}'`,
		"a row less":       `DELETE FROM watchers`,
		"a row more":       `INSERT INTO streams (id, seq) VALUES ('x', 1)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := source(t), target(t)
			_, imports := queue(t, from)
			ann := users.Actor{ID: lines(t, from.DB, `SELECT id FROM users`)[0], Username: "ann"}
			team := from.Team(ann)
			bob := from.Member(team, teams.Member)
			project := from.Project(team)
			if err := from.Tasks.Watch(t.Context(), bob, from.Task(project, "Sweep").ID, true); err != nil {
				t.Fatal(err)
			}
			if _, err := imports.Start(t.Context(), ann, project.ID, "", strings.NewReader("a file")); err != nil {
				t.Fatal(err)
			}
			o := jobs.CopyOptions()
			o.BeforeCompare(func(ctx context.Context, tx pgx.Tx) error {
				tag, err := tx.Exec(ctx, change)
				if err == nil && tag.RowsAffected() == 0 {
					t.Error("nothing was changed")
				}
				return err
			})
			_, err := copyInto(t, from, to, o)
			_, rest, _ := strings.Cut(change, " ")
			table := strings.Fields(strings.NewReplacer("INTO ", "", "FROM ", "").Replace(rest))[0]
			refused(t, to, err, "table "+table+": ", "nothing was copied")
		})
	}
}

func TestCancelledCopyLeavesNothing(t *testing.T) {
	needPostgres(t)
	from, to := livedIn(t), target(t)
	for name, phase := range map[string]func(*db.CopyOptions, func(done, total int)){
		"copying":   func(o *db.CopyOptions, f func(done, total int)) { o.Copied = f },
		"comparing": func(o *db.CopyOptions, f func(done, total int)) { o.Compared = f },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o, told := jobs.CopyOptions(), 0
		phase(&o, func(done, total int) {
			told = done
			if done >= total {
				t.Errorf("%s: told of the end, want it cancelled before", name)
			}
			cancel()
		})
		_, err := copyCtx(t, ctx, from.Env, to, o)
		if !errors.Is(err, context.Canceled) || told == 0 {
			t.Errorf("%s: got %v after %d rows, want it cancelled half-way", name, err, told)
		}
		refused(t, to, err)
	}
	if _, err := copyInto(t, from.Env, to, jobs.CopyOptions()); err != nil {
		t.Errorf("after the cancelled ones: %v", err)
	}
}

func TestCopyRefusesASourceThatChangesMeanwhile(t *testing.T) {
	needPostgres(t)
	from, to := source(t), target(t)
	o := jobs.CopyOptions()
	o.BeforeCompare(func(context.Context, pgx.Tx) error {
		from.User("bob")
		return nil
	})
	_, err := copyInto(t, from, to, o)
	refused(t, to, err, "was changed while it was copied", "stop the server")
}

func TestCopyNeedsADatabaseFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tandem.db")
	if _, err := db.OpenSource(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it made the file")
	}
	if err := os.WriteFile(path, []byte("no database at all, but a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.OpenSource(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
