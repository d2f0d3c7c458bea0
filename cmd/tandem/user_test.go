package main_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const newPassword = "copper-lantern-93-moss"

func TestUserCommands(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		create := func(stdin string, args ...string) result {
			t.Helper()
			return tandemWithInput(t, stdin, dataDir, environ, append([]string{"user", "create"}, args...)...)
		}
		made := create(password+"\n", "ann", "ann@example.org", "--admin", "--name=Ann Example").ok(t)
		if !regexp.MustCompile(`^Created ann \([0-9a-f-]{36}\)\.\n$`).MatchString(made.stdout) {
			t.Errorf("got %q, want what it made", made.stdout)
		}
		create(password+"\r\n", "bob", "bob@example.org", "--password-stdin").ok(t)

		create(password+"\n", "ANN", "another@example.org").refused(t, "username")
		create(password+"\n", "carl", "Ann@Example.org").refused(t, "email")
		create("short\n", "carl", "carl@example.org").refused(t, "password")
		create("", "carl", "carl@example.org").refused(t, "no password on standard input")
		create("short\n", "c", "nonsense").refused(t, "username: ", "email: ", "password: ") // all of it, one a line

		list := tandem(t, dataDir, environ, "user", "list").ok(t).stdout
		for _, want := range []string{
			`(?m)^USERNAME +NAME +E-MAIL +ADMIN +CREATED$`,
			`(?m)^ann +Ann Example +ann@example\.org +true +\d{4}-\d\d-\d\d$`,
			`(?m)^bob +bob +bob@example\.org +false +\d{4}-\d\d-\d\d$`,
		} {
			if !regexp.MustCompile(want).MatchString(list) {
				t.Errorf("got\n%s, want %s", list, want)
			}
		}
		if n := strings.Count(list, "\n"); n != 3 {
			t.Errorf("got %d lines, want a head and two users:\n%s", n, list)
		}
	})
}

// The server runs meanwhile, as it does when an operator is asked for help.
func TestResetPasswordBesideARunningServer(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		s := serve(t, dataDir, environ...)
		ann := s.register(t, "ann")
		reset := func(stdin, who string) result {
			t.Helper()
			return tandemWithInput(t, stdin, dataDir, environ, "user", "reset-password", who)
		}
		reset(newPassword+"\n", "nobody").refused(t, "nobody")
		reset("short\n", "ann").refused(t, "password")
		s.login(t, "ann", password)

		if out := reset(newPassword+"\n", "ann@example.org").ok(t).stdout; out != "The password of ann@example.org is set; their sessions have ended.\n" {
			t.Errorf("got %q", out)
		}
		s.want(t, 401, "POST", "/api/auth/login", "", map[string]any{"login": "ann", "password": password}, nil)
		if a := s.call(t, "POST", "/api/auth/refresh", "", nil, "Cookie", "tandem_refresh="+ann.refresh); a.status != 401 {
			t.Errorf("a session from before: got %d %s, want its end", a.status, a.text)
		}
		s.login(t, "ann", newPassword)
		tandemWithInput(t, password+"\n", dataDir, environ, "user", "create", "bob", "bob@example.org").ok(t)
		s.login(t, "bob", password)
		s.stop(t)
	})
}

// The command is another process than the server: the end of a right is a row that the server follows.
func TestADisabledUserIsOutAtOnce(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		s := serve(t, dataDir, environ...)
		ann := s.register(t, "ann")
		ended := make(chan error, 1)
		var team struct{ ID string }
		s.want(t, 201, "POST", "/api/teams", ann.AccessToken, map[string]any{"name": "Lamp"}, &team)
		s.want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", ann.AccessToken, map[string]any{"name": "Lamp", "key": "LAMP"}, nil)
		heard := make(chan int64, 10)
		go func() {
			ended <- follow(t, s, "/ws/teams/"+team.ID+"?since=0", ann.AccessToken, func(seq int64) { heard <- seq })
		}()
		select {
		case <-heard:
		case err := <-ended:
			t.Fatal(err)
		}

		tandem(t, dataDir, environ, "user", "disable", "nobody").refused(t, "nobody")
		tandem(t, dataDir, environ, "user", "disable", "ann").ok(t)
		select {
		case err := <-ended:
			if !websocket.IsCloseError(err, 4401) {
				t.Errorf("got %v, want close 4401", err)
			}
		case <-time.After(patience):
			t.Fatal("the socket of a disabled user is still open")
		}
		s.want(t, 401, "GET", "/api/me", ann.AccessToken, nil, nil)
		s.want(t, 403, "POST", "/api/auth/login", "", map[string]any{"login": "ann", "password": password}, nil)
		tandem(t, dataDir, environ, "user", "enable", "ann").ok(t)
		s.login(t, "ann", password)
		s.stop(t)
	})
}
