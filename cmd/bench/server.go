package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"tandem/internal/db"
)

// server is a running tandem of ours, on a database of its own.
type server struct {
	program, addr, dir string
	admin, databaseURL string
	pinned             bool // to serverCore
	env                []string
	cmd                *exec.Cmd
	drop               func() error // the PostgreSQL database
}

// The cores that a pinned server and its clients have to themselves.
const (
	serverCore = "0"
	clientCore = "1"
)

const signingKey = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

func start(ctx context.Context, o options, database string) (*server, error) {
	s, err := prepare(ctx, o, database)
	if err != nil {
		return nil, err
	}
	if _, err := s.restart(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// prepare makes an empty database for a server that is not yet started.
func prepare(ctx context.Context, o options, database string) (*server, error) {
	dir, err := os.MkdirTemp("", "tandem-bench-")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &server{program: o.program, addr: addr, dir: dir}
	s.env = append(os.Environ(), "TANDEM_ADDR="+addr, "TANDEM_ADMIN_ADDR="+o.admin, "TANDEM_DATA_DIR="+dir, "TANDEM_BASE_URL=http://"+addr, "TANDEM_RATE_LIMITS=off", "TANDEM_LOG_LEVEL=error")
	if database == "PostgreSQL" {
		target, drop, err := freshDatabase(ctx, o.postgres)
		if err != nil {
			return nil, err
		}
		s.drop, s.databaseURL = drop, target
		s.env = append(s.env, "TANDEM_DATABASE_URL="+target, "TANDEM_SIGNING_KEY="+signingKey)
	}
	return s, nil
}

// freshDatabase makes an empty database beside the one that is named.
func freshDatabase(ctx context.Context, base string) (string, func() error, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", nil, err
	}
	admin, err := db.Open(ctx, db.Options{PostgresURL: base})
	if err != nil {
		return "", nil, err
	}
	name := "tandem_bench_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if _, err := admin.Writer().ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	u.Path = "/" + name
	return u.String(), func() error {
		_, err := admin.Writer().ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, admin.Close())
	}, nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// restart starts the program, stopping it first, and returns how long it took to answer.
func (s *server) restart(ctx context.Context) (time.Duration, error) {
	if err := s.stop(); err != nil {
		return 0, err
	}
	args := []string{s.program, "serve"}
	if s.pinned {
		args = append([]string{"taskset", "-c", serverCore}, args...)
	}
	s.cmd = exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the program to measure
	s.cmd.Env = s.env
	s.cmd.Stderr = os.Stderr
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < 30*time.Second {
		res, err := http.Get("http://" + s.addr + "/healthz") //nolint:noctx // bounded by the loop
		if err == nil {
			_ = res.Body.Close()
			return time.Since(began), nil
		}
		pause(ctx, 2*time.Millisecond)
	}
	return 0, errors.New("the program did not answer within 30 s")
}

func (s *server) stop() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	err := s.cmd.Wait()
	s.cmd = nil
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

func (s *server) close() error {
	err := s.stop()
	if s.drop != nil {
		err = errors.Join(err, s.drop())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

var rss = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// memory is the program's resident memory in bytes.
func (s *server) memory() (int64, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		return 0, err
	}
	m := rss.FindSubmatch(b)
	if m == nil {
		return 0, errors.New("no VmRSS in /proc")
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	return kb * 1024, err
}
