package main_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/internal/tandemtest"
)

func TestDoctorFindsAHealthyInstallation(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		out := tandem(t, dataDir, environ, "doctor").ok(t).stdout
		if !strings.Contains(out, "migrations are to be applied") {
			t.Errorf("before the first start: got %s, want what is to be done", out)
		}
		tandem(t, dataDir, environ, "migrate").ok(t)
		out = tandem(t, dataDir, environ, "doctor").ok(t).stdout
		if !strings.Contains(out, "warn  nobody has an account yet") {
			t.Errorf("before the first account: got %s, want what is to be done", out)
		}
		tandemWithInput(t, password+"\n", dataDir, environ, "user", "create", "ann", "ann@example.org").ok(t)
		database, signing := "sqlite", "ok    the signing key is there, and for its owner only\n"
		if environ != nil {
			database, signing = "postgres", "ok    the signing key is configured\n"
		}
		out = tandem(t, dataDir, environ, "doctor").ok(t).stdout
		for _, want := range []string{
			"ok    the settings are understood\n",
			"ok    the address 127.0.0.1:0 is free\n",
			"ok    people reach Tandem at http://localhost:8080\n",
			"ok    the data directory " + dataDir + " can be written\n",
			signing,
			"ok    there is no mail server: mails are kept for the administrator to read\n",
			"ok    the database can be reached (" + database + ")\n",
			"ok    the clock shows ",
			"ok    the schema is up to date\n",
			"ok    registration is open\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("got %s, want %q", out, want)
			}
		}
		for line := range strings.Lines(out) { // how full this machine's disk is, is not for us to say
			if !strings.HasPrefix(line, "ok    ") && !strings.Contains(out, "MiB left") {
				t.Errorf("got %q, want nothing to do", line)
			}
		}
	})
}

func TestDoctorLogsInToTheMailServer(t *testing.T) {
	t.Parallel()
	m := tandemtest.NewMailServer(t, tandemtest.MailOptions{Login: true})
	url := "smtp://" + tandemtest.MailUser + ":" + tandemtest.MailPassword + "@" + m.Addr + "?tls=off"
	out := tandem(t, t.TempDir(), []string{"TANDEM_SMTP_URL_FILE=" + write(t, "url", url)}, "doctor").ok(t).stdout
	if !strings.Contains(out, "ok    the mail server 127.0.0.1 can be used\n") {
		t.Errorf("got %s", out)
	}
}

func TestDoctorLooksAtARunningServer(t *testing.T) {
	t.Parallel()
	dataDir := t.TempDir()
	s := serve(t, dataDir)
	out := tandem(t, dataDir, nil, "doctor", "--addr="+s.addr, "--base-url=http://tandem.example.org").ok(t).stdout
	for _, want := range []string{"warn  the address " + s.addr + " cannot be taken", "warn  people reach Tandem at http://tandem.example.org, without encryption"} {
		if !strings.Contains(out, want) {
			t.Errorf("got %s, want %q", out, want)
		}
	}
	s.want(t, 200, "GET", "/readyz", "", nil, nil)
	s.stop(t)
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	sick := func(t *testing.T, dataDir string, environ []string, wants ...string) {
		t.Helper()
		r := tandem(t, dataDir, environ, "doctor")
		r.refused(t, "this installation needs attention")
		for _, want := range wants {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("got %s, want %q", r.stdout, want)
			}
		}
	}
	t.Run("a key that others may read", func(t *testing.T) {
		t.Parallel()
		dataDir := t.TempDir()
		tandem(t, dataDir, nil, "migrate").ok(t)
		if err := os.Chmod(filepath.Join(dataDir, "signing.key"), 0o644); err != nil {
			t.Fatal(err)
		}
		sick(t, dataDir, nil, "FAIL  the signing key cannot be used\n", "signing.key has mode 0644", "chmod 600")
		tandem(t, dataDir, nil, "serve").refused(t, "signing.key has mode 0644", "chmod 600")
	})
	t.Run("a key that was cut", func(t *testing.T) {
		t.Parallel()
		dataDir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dataDir, "signing.key"), []byte("short"), 0o600); err != nil {
			t.Fatal(err)
		}
		sick(t, dataDir, nil, "FAIL  the signing key cannot be used\n", "holds only 5 characters")
	})
	t.Run("a data directory that is a file", func(t *testing.T) {
		t.Parallel()
		dataDir := write(t, "data", "not a directory")
		sick(t, dataDir, nil, "FAIL  the data directory cannot be written: ", "make "+dataDir+" writable", "FAIL  the database cannot be reached: ")
		tandem(t, dataDir, nil, "serve").refused(t, dataDir)
	})
	t.Run("a mail server that is not there", func(t *testing.T) {
		t.Parallel()
		sick(t, t.TempDir(), []string{"TANDEM_SMTP_URL=smtp://ann:secret-47@127.0.0.1:1"}, "FAIL  the mail server cannot be used: connect to 127.0.0.1: ", "check smtp-url")
	})
	t.Run("a database that is none", func(t *testing.T) {
		t.Parallel()
		dataDir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dataDir, "tandem.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		sick(t, dataDir, nil, "FAIL  the database cannot be reached: ")
	})
	t.Run("a database server that is not there", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nobody := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		const secret = "tower-bicycle-81"
		environ := []string{"TANDEM_DATABASE_URL=postgres://tandem:" + secret + "@" + nobody + "/tandem", "TANDEM_SIGNING_KEY=" + key}
		sick(t, t.TempDir(), environ, "FAIL  the database cannot be reached: ", "check database-url")
		for _, args := range []string{"doctor", "serve", "migrate"} {
			r := tandem(t, t.TempDir(), environ, args)
			r.refused(t)
			if strings.Contains(r.stdout+r.stderr, secret) || strings.Contains(r.stdout+r.stderr, key) {
				t.Errorf("%s tells a secret:\n%s%s", args, r.stdout, r.stderr)
			}
		}
	})
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		for range 2 {
			r := tandem(t, dataDir, environ, "migrate").ok(t)
			if r.stdout != "The schema is up to date.\n" {
				t.Errorf("got %q", r.stdout)
			}
			if strings.Contains(r.stderr, `"ERROR"`) {
				t.Errorf("got errors in the log:\n%s", r.stderr)
			}
		}
		s := serve(t, dataDir, environ...)
		s.want(t, 200, "GET", "/readyz", "", nil, nil)
		s.stop(t)
	})
}
