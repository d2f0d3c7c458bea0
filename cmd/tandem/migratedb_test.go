package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/internal/db"
)

const dbPassword = "tower-bicycle-81"

// postgresWithPassword is an empty database; the server for tests takes any password.
func postgresWithPassword(t *testing.T) string {
	t.Helper()
	address, err := url.Parse(postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(address.User.Username(), dbPassword)
	address.RawQuery += "&password=" + dbPassword // as PostgreSQL's addresses may have it, too
	return address.String()
}

// noPassword fails when the program tells the database's password.
func (r result) noPassword(t *testing.T) result {
	t.Helper()
	if strings.Contains(r.stdout+r.stderr, dbPassword) {
		t.Errorf("it tells the password:\n%s%s", r.stdout, r.stderr)
	}
	return r
}

func TestMigrateDB(t *testing.T) {
	t.Parallel()
	address, dataDir := postgresWithPassword(t), t.TempDir()
	file := filepath.Join(dataDir, "tandem.db")
	migrate := func() result {
		t.Helper()
		return tandem(t, t.TempDir(), nil, "migrate-db", "--from=sqlite://"+file, "--to="+address).noPassword(t)
	}

	s := serve(t, dataDir)
	ann := s.register(t, "ann")
	web := s.projects(t, ann.AccessToken)
	migrate().refused(t, file+" is open in another program (process "+fmt.Sprint(s.cmd.Process.Pid)+")", "stop the server")
	s.stop(t)
	issuesFile, err := filepath.Abs(issues)
	if err != nil {
		t.Fatal(err)
	}
	tandem(t, dataDir, nil, "import", "--as=ann", "--project="+web, issuesFile).ok(t)

	// What everybody sees, before and after.
	var project struct {
		TeamID string `json:"team_id"`
	}
	look := func(s *server) map[string]string {
		t.Helper()
		seen := map[string]string{}
		s.want(t, 200, "GET", "/api/projects/"+web, ann.AccessToken, nil, &project)
		for _, path := range []string{
			"/api/me", "/api/teams", "/api/projects/" + web + "/board?limit=200", "/api/tasks?limit=200&project_id=" + web,
			"/api/teams/" + project.TeamID + "/events?after=0", "/api/search?q=server",
		} {
			seen[path] = s.want(t, 200, "GET", path, ann.AccessToken, nil, nil).text
		}
		return seen
	}
	s = serve(t, dataDir)
	before := look(s)
	s.stop(t)

	got := migrate().ok(t)
	for _, line := range []string{
		`(?m)^TABLE +ROWS +CHECKSUM$`, `(?m)^tasks +269 +[0-9a-f]{12}$`, `(?m)^comments +722 +[0-9a-f]{12}$`, `(?m)^river_job +\d+ `, `\d+ rows of \d+ tables copied and compared`,
		`(?m)^  TANDEM_SIGNING_KEY_FILE=` + filepath.Join(dataDir, "signing.key") + `$`, `(?m)^  TANDEM_DATABASE_URL=postgres://tandem@`,
	} {
		if !regexp.MustCompile(line).MatchString(got.stdout) {
			t.Errorf("got %s, want %s", got.stdout, line)
		}
	}
	for _, line := range []string{" rows copied\n", " rows compared\n"} {
		if !strings.Contains(got.stderr, line) {
			t.Errorf("got %q, want progress that says %q", got.stderr, line)
		}
	}
	migrate().refused(t, "the target is not empty", "users", "createdb")

	s = serve(t, t.TempDir(), "TANDEM_DATABASE_URL="+address, "TANDEM_SIGNING_KEY_FILE="+filepath.Join(dataDir, "signing.key"))
	for path, text := range look(s) { // with the session from before
		if text != before[path] {
			t.Errorf("%s: got %.300s, want %.300s", path, text, before[path])
		}
	}
	s.want(t, 201, "POST", "/api/projects/"+web+"/tasks", s.login(t, "ann", password).AccessToken, map[string]any{"title": "The first on PostgreSQL"}, nil)
	s.stop(t)
}

func TestMigrateDBRefusesBadAddresses(t *testing.T) {
	t.Parallel()
	dataDir := t.TempDir()
	tandem(t, dataDir, nil, "migrate").ok(t)
	from, to := "--from=sqlite://"+filepath.Join(dataDir, "tandem.db"), "--to=postgres://tandem:"+dbPassword+"@127.0.0.1:1/tandem"
	for says, args := range map[string][]string{
		"--to":                          {from},
		"from: must be sqlite://":       {"--from=" + to[5:], "--to=" + from[7:]},
		"to: must be an address":        {from, "--to=postgres://tandem:" + dbPassword + "%@host/tandem"},
		"/nowhere/tandem.db":            {"--from=sqlite:///nowhere/tandem.db", to},
		"reach postgres at 127.0.0.1":   {from, to},
		"unexpected argument postgres:": {from, to[5:] + "?password=" + dbPassword},
		"is no database file":           {"--from=sqlite://" + dataDir, to},
		"file is not a database":        {"--from=sqlite://" + write(t, "text.db", strings.Repeat("a text ", 100)), to},
		"not the database of a Tandem":  {"--from=sqlite://" + write(t, "empty.db", ""), to},
	} {
		tandem(t, dataDir, nil, append([]string{"migrate-db"}, args...)...).noPassword(t).refused(t, says)
	}
}

func TestInterruptedMigrateDBCopiesNothing(t *testing.T) {
	t.Parallel()
	address, dataDir := postgresWithPassword(t), t.TempDir()
	tandemWithInput(t, password+"\n", dataDir, nil, "user", "create", "ann", "ann@example.org").ok(t)
	tandem(t, dataDir, nil, "migrate").ok(t)
	tandem(t, t.TempDir(), []string{"TANDEM_DATABASE_URL=" + address, "TANDEM_SIGNING_KEY=" + key}, "migrate").ok(t)

	d, err := db.Open(t.Context(), db.Options{PostgresURL: address, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	count := func(query string) (n int) {
		t.Helper()
		if err := d.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	cmd := command(t, t.TempDir(), nil, "migrate-db", "--from=sqlite://"+filepath.Join(dataDir, "tandem.db"), "--to="+address)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	done := errors.New("nothing to commit")
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(t.Context(), `LOCK TABLE comments`); err != nil { // so that it waits
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		eventually(t, "it waits", func() bool {
			return count(`SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) > 0
		})
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		_ = cmd.Wait()
		return done
	}); !errors.Is(err, done) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(stderr.String(), "cancelled: nothing was copied") {
		t.Errorf("got exit code %d and %q, want it cancelled", code, stderr.String())
	}
	if n := count(`SELECT COUNT(*) FROM users`); n != 0 {
		t.Errorf("got %d users in the target, want none", n)
	}
}
