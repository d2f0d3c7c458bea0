package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests run the real program, as an operator does: built once, with an environment of its own.

var programDir string

func TestMain(m *testing.M) {
	var err error
	if programDir, err = os.MkdirTemp("", "tandem-program"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(programDir)
	os.Exit(code)
}

// build is lazy: tests beside these do without the program.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "tandem")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// patience is far more than anything here takes; only a failing test waits for so long.
const patience = 60 * time.Second

// command is the program with its settings in the environment, and nothing else there.
func command(t *testing.T, dataDir string, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir() // what is found there by accident is no setting
	cmd.Env = append([]string{"TANDEM_ADDR=127.0.0.1:0", "TANDEM_ADMIN_ADDR=", "TANDEM_DATA_DIR=" + dataDir}, environ...)
	return cmd
}

// result is what a command left.
type result struct {
	code           int
	stdout, stderr string
}

// tandem runs a command to its end.
func tandem(t *testing.T, dataDir string, environ []string, args ...string) result {
	t.Helper()
	return tandemWithInput(t, "", dataDir, environ, args...)
}

func tandemWithInput(t *testing.T, stdin, dataDir string, environ []string, args ...string) result {
	t.Helper()
	cmd := command(t, dataDir, environ, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ok fails unless the command succeeded.
func (r result) ok(t *testing.T) result {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("got exit code %d, want 0:\n%s%s", r.code, r.stdout, r.stderr)
	}
	return r
}

// refused fails unless the command ended with an error that says all of this.
func (r result) refused(t *testing.T, says ...string) {
	t.Helper()
	if r.code == 0 {
		t.Errorf("got exit code 0, want an error that says %q:\n%s", says, r.stdout)
	}
	for _, s := range says {
		if !strings.Contains(r.stderr, s) {
			t.Errorf("got %q, want it to say %q", r.stderr, s)
		}
	}
}

// server is a running "tandem serve".
type server struct {
	cmd    *exec.Cmd
	url    string
	addr   string
	stdout *lockedBuffer
	log    *lockedBuffer
	ended  chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var announced = regexp.MustCompile(`^Tandem \S+ is running at (http://(\S+))\n$`)

// serve starts the program and waits until it says where it runs.
func serve(t *testing.T, dataDir string, environ ...string) *server {
	t.Helper()
	cmd := command(t, dataDir, environ, "serve")
	s := &server{cmd: cmd, stdout: &lockedBuffer{}, log: &lockedBuffer{}, ended: make(chan struct{})}
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewReader(out)
		line, _ := lines.ReadString('\n')
		first <- line
		_, _ = io.Copy(s.stdout, lines)
		_ = cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("log of the server:\n%s", s.log)
		}
	})
	select {
	case line := <-first:
		m := announced.FindStringSubmatch(line)
		if m == nil {
			<-s.ended
			t.Fatalf("got %q, want where it runs:\n%s", line, s.log)
		}
		s.url, s.addr = m[1], m[2]
	case <-time.After(patience):
		t.Fatal("it does not say where it runs")
	}
	return s
}

// signal sends a signal without waiting.
func (s *server) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wait returns how the program ended.
func (s *server) wait(t *testing.T) *os.ProcessState {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	return s.cmd.ProcessState
}

// stop ends the program as a service manager does, and checks that nothing went wrong.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
	s.endedWell(t)
}

func (s *server) endedWell(t *testing.T) {
	t.Helper()
	if state := s.wait(t); state.ExitCode() != 0 {
		t.Errorf("got %s, want exit code 0", state)
	}
	if rest := s.stdout.String(); rest != "" {
		t.Errorf("got %q on standard output, want the address alone", rest)
	}
	stopped := false
	for _, r := range s.records(t) {
		if r["level"] == "ERROR" || r["level"] == "WARN" {
			t.Errorf("got this in the log, want neither errors nor warnings: %v", r)
		}
		stopped = stopped || r["msg"] == "stopped"
	}
	if !stopped {
		t.Error("the log does not say that it stopped")
	}
}

// records are the lines of the log, which is JSON unless it goes to a terminal.
func (s *server) records(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(s.log.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("got %q in the log, want JSON", line)
		}
		out = append(out, r)
	}
	return out
}

// answer is an HTTP answer, read.
type answer struct {
	status int
	header http.Header
	text   string
}

// call sends a request; body is sent as JSON unless it is nil.
func (s *server) call(t *testing.T, method, path, token string, body any, headers ...string) answer {
	t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(got)}
}

// want is call with the status that must come back; into may be nil.
func (s *server) want(t *testing.T, status int, method, path, token string, body, into any) answer {
	t.Helper()
	a := s.call(t, method, path, token, body)
	if a.status != status {
		t.Fatalf("%s %s: got %d %s, want %d", method, path, a.status, a.text, status)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.text), into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, a.text)
		}
	}
	return a
}

const password = "orange-piano-47-river"

// login is what comes back from registering and logging in.
type login struct {
	AccessToken string `json:"access_token"`
	refresh     string
	cookies     []string
}

func (s *server) register(t *testing.T, username string) login {
	t.Helper()
	return s.signIn(t, 201, "/api/auth/register", map[string]any{"username": username, "email": username + "@example.org", "password": password})
}

func (s *server) login(t *testing.T, username, password string) login {
	t.Helper()
	return s.signIn(t, 200, "/api/auth/login", map[string]any{"login": username, "password": password})
}

func (s *server) signIn(t *testing.T, status int, path string, body map[string]any) login {
	t.Helper()
	var l login
	a := s.want(t, status, "POST", path, "", body, &l)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		l.cookies = append(l.cookies, c.Value)
		if c.Name == "tandem_refresh" {
			l.refresh = c.Value
		}
	}
	if l.AccessToken == "" || l.refresh == "" {
		t.Fatalf("got no tokens: %s, %v", a.text, a.header)
	}
	return l
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("it never came true that %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}
