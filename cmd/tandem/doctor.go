package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"tandem/internal/app"
	"tandem/internal/db"
)

type healthcheckCmd struct{}

func (healthcheckCmd) Run(e *env) error {
	_, port, err := net.SplitHostPort(e.cfg.Addr)
	if err != nil {
		return fmt.Errorf("addr: %w", err)
	}
	ctx, cancel := context.WithTimeout(e.ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", port)+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", res.Status)
	}
	return nil
}

type doctorCmd struct{}

var errSick = errors.New("this installation needs attention")

func (doctorCmd) Run(e *env) error {
	sick := false
	report := func(ok bool, what, then string) {
		if ok {
			fmt.Printf("ok    %s\n", what)
			return
		}
		sick = true
		fmt.Printf("FAIL  %s\n      %s\n", what, then)
	}
	report(true, "settings are understood", "") // or the command would not run
	err := app.DataDirWritable(e.cfg)
	report(err == nil, "data directory "+e.cfg.DataDir+" is writable", fmt.Sprintf("%v: make it writable for the user that runs tandem, or set data-dir", err))
	if !e.cfg.Postgres() {
		checkKey(e.cfg.DataDir, report)
	}
	d, err := app.Open(e.ctx, e.cfg)
	report(err == nil, "database is reachable", fmt.Sprintf("%v: check database-url, and that the server runs", err))
	if err == nil {
		checkSchema(e.ctx, d, report)
	}
	l, err := net.Listen("tcp", e.cfg.Addr)
	if err == nil {
		_ = l.Close()
		report(true, "address "+e.cfg.Addr+" is free", "")
	} else {
		fmt.Printf("note  address %s is taken: by tandem itself, if it runs\n", e.cfg.Addr)
	}
	if sick {
		return errSick
	}
	return nil
}

func checkKey(dir string, report func(ok bool, what, then string)) {
	info, err := os.Stat(filepath.Join(dir, "signing.key"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		report(true, "signing key will be made at the first start", "")
	case err != nil:
		report(false, "signing key can be read", err.Error())
	default:
		report(info.Mode().Perm()&0o077 == 0, "signing key is readable by its owner only", "run: chmod 600 "+filepath.Join(dir, "signing.key"))
	}
}

func checkSchema(ctx context.Context, d *db.DB, report func(ok bool, what, then string)) {
	defer func() { _ = d.Close() }()
	pending, err := d.Pending(ctx)
	if err != nil {
		report(false, "schema can be read", err.Error())
		return
	}
	if pending > 0 {
		fmt.Printf("note  %d migrations will be applied at the next start (or by: tandem migrate)\n", pending)
		return
	}
	report(true, "schema is up to date", "")
}
