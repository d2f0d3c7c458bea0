package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tandem/internal/app"
	"tandem/internal/auth"
	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/mail"
	"tandem/internal/users"
)

type doctorCmd struct{}

var errSick = errors.New("this installation needs attention")

// findings prints one line for each thing looked at, and below it what to do.
type findings struct{ failed bool }

func (f *findings) ok(format string, args ...any) { fmt.Printf("ok    "+format+"\n", args...) }

func (f *findings) warn(what, then string) { fmt.Printf("warn  %s\n      %s\n", what, then) }

func (f *findings) fail(what, then string) {
	f.failed = true
	fmt.Printf("FAIL  %s\n      %s\n", what, then)
}

func (doctorCmd) Run(e *env) error {
	f := &findings{}
	f.ok("the settings are understood") // or the command would not run
	checkAddresses(e.cfg, f)
	if err := app.DataDirWritable(e.cfg); err != nil {
		f.fail("the data directory cannot be written: "+err.Error(), "make "+e.cfg.DataDir+" writable for the user that runs tandem, or set data-dir")
	} else {
		f.ok("the data directory %s can be written", e.cfg.DataDir)
		checkDisk(e.cfg.DataDir, f)
	}
	checkKey(e.cfg, f)
	checkMail(e.ctx, e.cfg, f)
	d, err := app.Open(e.ctx, e.cfg)
	if err != nil {
		f.fail("the database cannot be reached: "+err.Error(), "check database-url and that the database server runs; with SQLite, the data directory")
	} else {
		f.ok("the database can be reached (%s)", d.Dialect)
		checkDatabase(e.ctx, e.cfg, d, f)
		if err := d.Close(); err != nil {
			f.fail("the database cannot be closed: "+err.Error(), "look at the disk and the database's own log")
		}
	}
	if f.failed {
		return errSick
	}
	return nil
}

func checkAddresses(cfg *config.Config, f *findings) {
	if l, err := net.Listen("tcp", cfg.Addr); err != nil {
		f.warn("the address "+cfg.Addr+" cannot be taken: "+err.Error(), "that is fine while tandem itself runs there; else stop the other program or set addr")
	} else {
		_ = l.Close()
		f.ok("the address %s is free", cfg.Addr)
	}
	u, err := url.Parse(cfg.BaseURL) // Validate has read it
	if err == nil && u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		f.warn("people reach Tandem at "+cfg.BaseURL+", without encryption", "put a proxy with TLS in front and set base-url to its https:// address")
	} else {
		f.ok("people reach Tandem at %s", cfg.BaseURL)
	}
}

const mebibyte = 1 << 20

func checkDisk(dir string, f *findings) {
	free, known := freeBytes(dir)
	switch {
	case !known:
		f.warn("the free space of the disk is not known on this system", "look yourself from time to time")
	case free < 100*mebibyte:
		f.fail(fmt.Sprintf("the disk has %d MiB left", free/mebibyte), "make room before the database cannot be written any more")
	case free < 1024*mebibyte:
		f.warn(fmt.Sprintf("the disk has %d MiB left", free/mebibyte), "make room, or move the data directory to a larger disk")
	default:
		f.ok("the disk has %d GiB left", free/mebibyte/1024)
	}
}

func checkKey(cfg *config.Config, f *findings) {
	if cfg.SigningKey != "" {
		f.ok("the signing key is configured")
		return
	}
	path := filepath.Join(cfg.DataDir, "signing.key")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		f.ok("the signing key will be made at the first start")
		return
	}
	if _, err := auth.LoadOrCreateKey(cfg.DataDir); err != nil {
		f.fail("the signing key cannot be used", err.Error())
		return
	}
	f.ok("the signing key is there, and for its owner only")
}

func checkMail(ctx context.Context, cfg *config.Config, f *findings) {
	server, err := cfg.SMTP()
	if err != nil || server.Host == "" { // Validate has read it
		f.ok("there is no mail server: mails are kept for the administrator to read")
		return
	}
	client, err := mail.New(mail.Options{Server: server, From: cfg.Sender()})
	if err == nil {
		err = client.Check(ctx)
	}
	if err != nil {
		f.fail("the mail server cannot be used: "+err.Error(), "check smtp-url and mail-from, and that the mail server runs; mails wait for up to a day")
		return
	}
	f.ok("the mail server %s can be used", server.Host)
}

func checkDatabase(ctx context.Context, cfg *config.Config, d *db.DB, f *findings) {
	checkClock(ctx, d, f)
	pending, err := d.Pending(ctx)
	if err != nil {
		f.fail("the schema cannot be read: "+err.Error(), "check that the database is Tandem's and that its user may read it")
		return
	}
	if pending > 0 {
		f.warn(fmt.Sprintf("%d migrations are to be applied", pending), "the next start does that, or run: tandem migrate")
		return
	}
	f.ok("the schema is up to date")
	none, err := users.NewService(d).None(ctx)
	switch {
	case err != nil:
		f.fail("accounts cannot be read: "+err.Error(), "check that the database user may read the tables")
	case none:
		f.warn("nobody has an account yet", "register now: the first to do so becomes the administrator; or run: tandem user create --admin NAME ADDRESS")
	default:
		f.ok("registration is %s", cfg.Registration)
	}
}

// checkClock compares with the database server's clock. SQLite has ours.
func checkClock(ctx context.Context, d *db.DB, f *findings) {
	now := d.Now()
	if d.Dialect == db.Postgres {
		var seconds int64
		if err := d.Read().QueryRowContext(ctx, `SELECT CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) AS BIGINT)`).Scan(&seconds); err != nil {
			f.fail("the database does not tell the time: "+err.Error(), "look at its log")
			return
		}
		if off := now.Sub(time.Unix(seconds, 0)).Abs(); off > 5*time.Second {
			f.warn(fmt.Sprintf("the clocks of this machine and of the database differ by %s", off.Round(time.Second)), "have both set their clock by NTP")
			return
		}
	}
	if now.Year() < 2026 { // older than this program
		f.fail("the clock shows "+now.Format(time.RFC3339), "set it: sessions and due dates depend on it")
		return
	}
	f.ok("the clock shows %s", now.Format(time.RFC3339))
}
