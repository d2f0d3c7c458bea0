package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/internal/tandemtest"
)

// key is a signing key; databases of PostgreSQL need one.
const key = "a-signing-key-of-more-than-32-characters"

// eachDB runs a test on an empty directory, and on an empty PostgreSQL database. Without a server for
// tests the latter is reported as skipped.
func eachDB(t *testing.T, test func(t *testing.T, dataDir string, environ []string)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, t.TempDir(), nil)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, t.TempDir(), []string{"TANDEM_DATABASE_URL=" + postgres(t), "TANDEM_SIGNING_KEY=" + key})
	})
}

func postgres(t *testing.T) string {
	t.Helper()
	if os.Getenv("TANDEM_TEST_POSTGRES") == "" {
		t.Skip("TANDEM_TEST_POSTGRES names no server: scripts/with-services.sh starts one")
	}
	return tandemtest.EmptyPostgres(t)
}

func TestServeAnswersProbes(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		s := serve(t, dataDir, environ...)
		if strings.HasSuffix(s.addr, ":0") {
			t.Errorf("got %s, want the port that it found", s.addr)
		}
		a := s.want(t, 200, "GET", "/healthz", "", nil, nil)
		if want := `{"status":"ok","checks":{}}`; strings.TrimSpace(a.text) != want {
			t.Errorf("healthz: got %s, want %s", a.text, want)
		}
		a = s.want(t, 200, "GET", "/readyz", "", nil, nil)
		if want := `{"status":"ok","checks":{"broker":"ok","database":"ok","jobs":"ok","migrations":"ok"}}`; strings.TrimSpace(a.text) != want {
			t.Errorf("readyz: got %s, want %s", a.text, want)
		}
		s.stop(t) // at once: nothing that has just begun may complain
	})
}

// slowRequest is a registration whose body is not sent to its end.
type slowRequest struct {
	conn net.Conn
	in   *bufio.Reader
	rest string
}

// beginRequest returns when the handler reads the body, which the server says with "100 Continue".
func (s *server) beginRequest(t *testing.T, username string) *slowRequest {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, username, username, password)
	r := &slowRequest{conn, bufio.NewReader(conn), body[10:]}
	if _, err := fmt.Fprintf(conn, "POST /api/auth/register HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", s.addr, len(body)); err != nil {
		t.Fatal(err)
	}
	line, err := r.in.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q, %v, want to go on", line, err)
	}
	if _, err := r.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, body[:10]); err != nil {
		t.Fatal(err)
	}
	return r
}

// finish sends the rest and returns the answer.
func (r *slowRequest) finish(t *testing.T) (status int, text string) {
	t.Helper()
	if _, err := io.WriteString(r.conn, r.rest); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(r.in, nil)
	if err != nil {
		t.Fatalf("the request got no answer: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// accepts says whether connections are taken.
func (s *server) accepts() bool {
	conn, err := net.Dial("tcp", s.addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func TestASignalLetsRequestsEnd(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			eachDB(t, func(t *testing.T, dataDir string, environ []string) {
				s := serve(t, dataDir, environ...)
				r := s.beginRequest(t, "ann")
				s.signal(t, sig)
				eventually(t, "no more connections are taken", func() bool { return !s.accepts() })
				if status, text := r.finish(t); status != 201 {
					t.Errorf("got %d %s, want the account", status, text)
				}
				s.endedWell(t)
				s = serve(t, dataDir, environ...)
				s.login(t, "ann", password) // what was answered has happened
			})
		})
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.beginRequest(t, "ann") // would be waited for
	s.signal(t, syscall.SIGTERM)
	eventually(t, "no more connections are taken", func() bool { return !s.accepts() })
	s.signal(t, syscall.SIGTERM)
	status, isWait := s.wait(t).Sys().(syscall.WaitStatus)
	if !isWait || status.Signal() != syscall.SIGTERM { // -1 when it exited by itself
		t.Errorf("got %v, want the end by the signal", s.cmd.ProcessState)
	}
}

// A service manager may change its mind while Tandem waits for the database.
func TestASignalEndsTheStart(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	cmd := command(t, t.TempDir(), []string{"TANDEM_DATABASE_URL=postgres://tandem@" + silent.Addr().String() + "/tandem", "TANDEM_SIGNING_KEY=" + key}, "serve")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	conn, err := silent.Accept() // it asks, and gets no answer
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), `"stopped before serving"`) || strings.Contains(out.String(), "tandem: ") {
		t.Errorf("got %v, want a clean end:\n%s", err, &out)
	}
}

func TestReadyzTurnsBeforeConnectionsAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "TANDEM_SHUTDOWN_DELAY=3s")
	s.signal(t, syscall.SIGTERM)
	eventually(t, "readyz turns to 503", func() bool { // a refused connection fails the test
		return s.call(t, "GET", "/readyz", "", nil).status == 503
	})
	if a := s.want(t, 503, "GET", "/readyz", "", nil, nil); !strings.Contains(a.text, `"draining"`) {
		t.Errorf("got %s, want draining", a.text)
	}
	s.want(t, 200, "GET", "/healthz", "", nil, nil)
	s.register(t, "ann") // those who come nevertheless are served
	s.endedWell(t)
}

func TestSigningKeyAndSessionsOutliveARestart(t *testing.T) {
	t.Parallel()
	dataDir := filepath.Join(t.TempDir(), "new", "data") // made at the first start
	path := filepath.Join(dataDir, "signing.key")
	s := serve(t, dataDir)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %o, want 600", info.Mode().Perm())
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ann := s.register(t, "ann")
	s.stop(t)

	s = serve(t, dataDir)
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("got another key (%v), want the same", err)
	}
	s.want(t, 200, "GET", "/api/me", ann.AccessToken, nil, nil)
	if a := s.call(t, "POST", "/api/auth/refresh", "", nil, "Cookie", "tandem_refresh="+ann.refresh); a.status != 200 {
		t.Errorf("refresh: got %d %s, want a new access token", a.status, a.text)
	}
	s.stop(t)
}

func TestPostgresNeedsASigningKey(t *testing.T) {
	t.Parallel()
	database := postgres(t)
	without := tandem(t, t.TempDir(), []string{"TANDEM_DATABASE_URL=" + database}, "serve")
	without.refused(t, "signing-key: with PostgreSQL several nodes share one key", "TANDEM_SIGNING_KEY_FILE")

	environ := []string{"TANDEM_DATABASE_URL=" + database, "TANDEM_SIGNING_KEY=" + key}
	one, two := serve(t, t.TempDir(), environ...), serve(t, t.TempDir(), environ...)
	ann := one.register(t, "ann")
	two.want(t, 200, "GET", "/api/me", ann.AccessToken, nil, nil) // one key for both
	one.stop(t)
	two.stop(t)
}

func TestSecondServerOnAPortIsToldSo(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	second := tandem(t, t.TempDir(), nil, "serve", "--addr="+s.addr)
	second.refused(t, "addr: "+s.addr+" is in use by another program: stop it, or choose another address")
	third := tandem(t, t.TempDir(), nil, "serve", "--admin-addr="+s.addr)
	third.refused(t, "admin-addr: "+s.addr+" is in use")
	s.stop(t)
}

func TestHealthcheckTellsByItsExitCode(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	tandem(t, t.TempDir(), nil, "healthcheck", "--addr="+s.addr).ok(t)
	for _, everywhere := range []string{":" + port, "0.0.0.0:" + port} { // as a server in a container listens
		tandem(t, t.TempDir(), nil, "healthcheck", "--addr="+everywhere).ok(t)
	}
	s.stop(t)
	tandem(t, t.TempDir(), nil, "healthcheck", "--addr="+s.addr).refused(t, "the server does not answer")
}
