package main_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// Whatever people and the operator do, and though every level is logged, the log tells no secret.
func TestLogTellsNoSecrets(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		environ = append(environ, "TANDEM_LOG_LEVEL=debug", "TANDEM_LOG_FORMAT=text")
		secrets := map[string]string{"a password": password, "the new password": newPassword}
		if environ[0] != "TANDEM_LOG_LEVEL=debug" { // PostgreSQL; it takes any password from us
			address, err := url.Parse(strings.TrimPrefix(environ[0], "TANDEM_DATABASE_URL="))
			if err != nil {
				t.Fatal(err)
			}
			secrets["the database's password"], secrets["the signing key"] = "tower-bicycle-81", key
			address.User = url.UserPassword(address.User.Username(), secrets["the database's password"])
			environ[0] = "TANDEM_DATABASE_URL=" + address.String()
		}
		s := serve(t, dataDir, environ...)
		if secrets["the signing key"] == "" {
			b, err := os.ReadFile(filepath.Join(dataDir, "signing.key"))
			if err != nil {
				t.Fatal(err)
			}
			secrets["the signing key"] = string(bytes.TrimSpace(b))
		}
		keep := func(what string, l login) {
			secrets["the access token of "+what], secrets["the signature of "+what] = l.AccessToken, l.AccessToken[strings.LastIndexByte(l.AccessToken, '.')+1:]
			for _, c := range l.cookies {
				secrets["a cookie of "+what] = c
			}
			secrets["the refresh token of "+what] = l.refresh
		}
		ann := s.register(t, "ann")
		keep("the registration", ann)
		keep("a login", s.login(t, "ann", password))
		s.want(t, 401, "POST", "/api/auth/login", "", map[string]any{"login": "ann", "password": "wrong-" + password}, nil)
		s.want(t, 401, "POST", "/api/auth/login", "", map[string]any{"login": password, "password": password}, nil) // in the wrong field
		s.want(t, 422, "POST", "/api/auth/register", "", map[string]any{"username": "b b", "email": "x", "password": password}, nil)
		s.want(t, 422, "POST", "/api/auth/login", "", password, nil) // no object
		s.want(t, 202, "POST", "/api/auth/password/forgot", "", map[string]any{"email": "ann@example.org"}, nil)
		secrets["a reset token"] = strings.Repeat("resettoken", 5)
		s.call(t, "POST", "/api/auth/password/reset", "", map[string]any{"token": secrets["a reset token"], "password": newPassword})
		s.want(t, 401, "GET", "/api/me", ann.AccessToken+"x", nil, nil)
		s.call(t, "GET", "/api/me?access_token="+ann.AccessToken, "", nil)
		s.call(t, "GET", "/nothing/"+ann.AccessToken, "", nil)
		s.call(t, "GET", "/ws?token="+ann.AccessToken, "", nil)

		s.projects(t, ann.AccessToken)
		var teams struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		s.want(t, 200, "GET", "/api/teams", ann.AccessToken, nil, &teams)
		var invite map[string]any
		s.want(t, 201, "POST", "/api/teams/"+teams.Items[0].ID+"/invites", ann.AccessToken, map[string]any{"email": "bob@example.org", "role": "member"}, &invite)
		token, _ := invite["token"].(string)
		if token == "" {
			t.Fatalf("got invite %v, want its token", invite)
		}
		secrets["an invite's token"] = token
		s.want(t, 200, "GET", "/api/invites/"+token, "", nil, nil)
		s.call(t, "GET", "/invite/"+token, "", nil)
		bob := s.register(t, "bob")
		keep("bob", bob)
		s.want(t, 200, "POST", "/api/invites/"+token+"/accept", bob.AccessToken, nil, nil)

		var renewed login
		a := s.call(t, "POST", "/api/auth/refresh", "", nil, "Cookie", "tandem_refresh="+ann.refresh)
		if err := json.Unmarshal([]byte(a.text), &renewed); err != nil || renewed.AccessToken == "" {
			t.Fatalf("refresh: got %d %s", a.status, a.text)
		}
		secrets["the renewed access token"] = renewed.AccessToken
		s.call(t, "POST", "/api/auth/refresh", "", nil, "Cookie", "tandem_refresh="+ann.refresh) // a token that was used
		s.want(t, 204, "PUT", "/api/me/password", bob.AccessToken, map[string]any{"current_password": password, "new_password": newPassword}, nil)

		var output strings.Builder
		for _, r := range []result{
			tandemWithInput(t, password+"\n", dataDir, environ, "user", "create", "carl", "carl@example.org"),
			tandemWithInput(t, newPassword+"\n", dataDir, environ, "user", "reset-password", "carl"),
			tandemWithInput(t, password+"\n", dataDir, environ, "user", "create", "carl", "carl@example.org"),
			tandem(t, dataDir, environ, "user", "list"),
			tandem(t, dataDir, environ, "doctor"),
			tandem(t, dataDir, environ, "migrate"),
			tandem(t, dataDir, environ, "serve", "--addr="+s.addr),
		} {
			output.WriteString(r.stdout + r.stderr)
		}
		s.signal(t, syscall.SIGTERM)
		if state := s.wait(t); state.ExitCode() != 0 {
			t.Errorf("got %s, want exit code 0", state)
		}
		log := s.log.String()
		if !strings.Contains(log, `msg=request method=POST route=/api/auth/login status=401`) {
			t.Errorf("the log is not what this test is about:\n%s", log)
		}
		for what, secret := range secrets {
			if secret == "" {
				t.Errorf("%s is empty", what)
				continue
			}
			for line := range strings.Lines(log + output.String()) {
				if strings.Contains(line, secret) || strings.Contains(line, url.QueryEscape(secret)) {
					t.Errorf("the log tells %s: %s", what, line)
				}
			}
		}
	})
}

// A browser without subprotocols may have to put its token into the address.
func TestTokensOfSocketsAreNotLogged(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "TANDEM_LOG_LEVEL=debug")
	token := s.register(t, "ann").AccessToken
	for _, path := range []string{"/ws", "/ws/notifications", "/ws/teams/nothing", "/ws/nothing"} {
		conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+path+"?token="+token, nil)
		if res == nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if conn != nil {
			_ = conn.Close()
		}
	}
	s.stop(t)
	if log := s.log.String(); strings.Contains(log, token) || !strings.Contains(log, `"route":"/ws/"`) {
		t.Errorf("the log holds the token, or not the requests:\n%s", log)
	}
}
