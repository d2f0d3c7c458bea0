package mail_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/internal/config"
	"tandem/internal/mail"
	"tandem/internal/tandemtest"
)

func client(t *testing.T, s *tandemtest.MailServer, tls, user, password string) *mail.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mail.New(mail.Options{
		Server: config.SMTP{Host: host, Port: n, User: user, Password: password, TLS: tls}, From: "Tandem <tandem@example.org>", Roots: s.Roots,
		Now: func() time.Time { return time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var hello = mail.Message{ID: "0001@example.org", To: "ann@example.org", Subject: "Grüße", HTML: "<p>Hällo</p>", Text: "Hällo", Unsubscribe: "https://tandem.test/unsubscribe/x"}

func TestAMailArrivesAsItWasComposed(t *testing.T) {
	t.Parallel()
	s := tandemtest.NewMailServer(t, tandemtest.MailOptions{})
	if err := client(t, s, config.TLSOff, "", "").Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	m := s.Mails()[0]
	for header, want := range map[string]string{
		"Message-ID": "<0001@example.org>", "From": `"Tandem" <tandem@example.org>`, "To": "<ann@example.org>", "Reply-To": `"Replies are not read" <noreply@example.org>`,
		"Date": "Thu, 15 Jan 2026 12:00:00 +0000", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
		"List-Unsubscribe": "<https://tandem.test/unsubscribe/x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	if m.To != hello.To || m.Subject() != hello.Subject || strings.TrimSpace(m.Text) != hello.Text || strings.TrimSpace(m.HTML) != hello.HTML {
		t.Errorf("got %+v", m)
	}
	if !strings.Contains(m.Raw, "multipart/alternative") || strings.Index(m.Raw, "text/plain") > strings.Index(m.Raw, "text/html") {
		t.Errorf("got parts in this order, want the plain one first:\n%s", m.Raw)
	}
}

func TestConnectionsAreEncryptedAsConfigured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server         tandemtest.MailOptions
		tls            string
		user, password string
		fails          string // "": it works
		encrypted      bool
	}{
		"STARTTLS":                          {tandemtest.MailOptions{STARTTLS: true, Login: true}, config.TLSRequired, tandemtest.MailUser, tandemtest.MailPassword, "", true},
		"STARTTLS that is not there":        {tandemtest.MailOptions{Login: true}, config.TLSRequired, tandemtest.MailUser, tandemtest.MailPassword, "STARTTLS", false},
		"STARTTLS where it is":              {tandemtest.MailOptions{STARTTLS: true}, config.TLSOpportunistic, "", "", "", true},
		"STARTTLS where it is not":          {tandemtest.MailOptions{}, config.TLSOpportunistic, "", "", "", false},
		"TLS":                               {tandemtest.MailOptions{TLS: true, Login: true}, config.TLSImplicit, tandemtest.MailUser, tandemtest.MailPassword, "", true},
		"none":                              {tandemtest.MailOptions{STARTTLS: true}, config.TLSOff, "", "", "", false},
		"none, with a login":                {tandemtest.MailOptions{Login: true}, config.TLSOff, tandemtest.MailUser, tandemtest.MailPassword, "", false},
		"a wrong password":                  {tandemtest.MailOptions{STARTTLS: true, Login: true}, config.TLSRequired, tandemtest.MailUser, "wrong-secret-1", "AUTH failed", false},
		"no login where one is needed":      {tandemtest.MailOptions{STARTTLS: true, Login: true}, config.TLSRequired, "", "", "Please authenticate", false},
		"TLS to a server that speaks plain": {tandemtest.MailOptions{}, config.TLSImplicit, "", "", "tls: ", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tandemtest.NewMailServer(t, c.server)
			err := client(t, s, c.tls, c.user, c.password).Send(t.Context(), hello)
			if c.fails == "" {
				if err != nil || len(s.Mails()) != 1 || s.Mails()[0].Encrypted != c.encrypted {
					t.Errorf("got %v and %+v, want a mail, encrypted: %v", err, s.Mails(), c.encrypted)
				}
				return
			}
			var e *mail.Error
			if !errors.As(err, &e) || e.Permanent || !strings.Contains(err.Error(), c.fails) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want it to say %q, to be tried again, and to tell no password", err, c.fails)
			}
		})
	}
}

func TestACertificateOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	s := tandemtest.NewMailServer(t, tandemtest.MailOptions{STARTTLS: true})
	s.Roots = nil
	if err := client(t, s, config.TLSRequired, "", "").Check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want the certificate refused", err)
	}
}

func TestRefusalsAreTemporaryOrForGood(t *testing.T) {
	t.Parallel()
	for code, permanent := range map[int]bool{421: false, 450: false, 452: false, 550: true, 554: true} {
		s := tandemtest.NewMailServer(t, tandemtest.MailOptions{})
		s.RefuseAll(code, "mailbox of <ann@example.org>\x07 is\tnot here")
		err := client(t, s, config.TLSOff, "", "").Send(t.Context(), hello)
		var e *mail.Error
		if !errors.As(err, &e) || e.Permanent != permanent || !strings.Contains(e.Reason, "mailbox of <ann@example.org>") {
			t.Errorf("%d: got %+v, want permanent %v and the server's words", code, e, permanent)
			continue
		}
		if strings.Contains(err.Error(), "ann@example.org") || !strings.Contains(err.Error(), strconv.Itoa(code)) {
			t.Errorf("%d: got %q for the log, want it without the address", code, err)
		}
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := &tandemtest.MailServer{Addr: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var e *mail.Error
	if err := client(t, nobody, config.TLSOff, "", "").Send(t.Context(), hello); !errors.As(err, &e) || e.Permanent {
		t.Errorf("got %v, want a temporary error", err)
	}
}

func TestASilentServerIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		if err == nil {
			cancel() // it is connected, and waits for a greeting
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	if err := client(t, &tandemtest.MailServer{Addr: l.Addr().String()}, config.TLSOff, "", "").Send(ctx, hello); err == nil {
		t.Error("got no error")
	}
}

func TestNothingOfAMailEndsAHeader(t *testing.T) {
	t.Parallel()
	s := tandemtest.NewMailServer(t, tandemtest.MailOptions{})
	c := client(t, s, config.TLSOff, "", "")
	m := hello
	m.Subject = "Hello\r\nBcc: eve@example.org\r\n\r\nBody\u2028x"
	m.Text, m.HTML = "a\r\n.\r\nRSET\r\nb", "<p>a\r\n.\r\nb</p>"
	if err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.Mails()[0]
	if got.Header.Get("Bcc") != "" || got.Subject() != "Hello Bcc: eve@example.org Body\u2028x" && got.Subject() != "Hello Bcc: eve@example.org Body x" {
		t.Errorf("got subject %q and headers %v", got.Subject(), got.Header)
	}
	if strings.TrimSpace(got.Text) != "a\n.\nRSET\nb" {
		t.Errorf("got text %q", got.Text)
	}
	for name, bad := range map[string]mail.Message{
		"address with a line end": {ID: "1@x", To: "ann@example.org\r\nBcc: eve@example.org"},
		"address with a name":     {ID: "1@x", To: "Ann <ann@example.org>"},
		"two addresses":           {ID: "1@x", To: "ann@example.org,eve@example.org"},
		"id with a line end":      {ID: "1@x>\r\nBcc: eve@example.org", To: "ann@example.org"},
		"unsubscribe with a >":    {ID: "1@x", To: "ann@example.org", Unsubscribe: "https://x>, <mailto:eve@example.org"},
	} {
		var e *mail.Error
		if err := c.Send(t.Context(), bad); !errors.As(err, &e) || !e.Permanent {
			t.Errorf("%s: got %v, want it refused for good", name, err)
		}
	}
	if n := len(s.Mails()); n != 1 {
		t.Errorf("got %d mails, want 1", n)
	}
}

func TestASenderThatIsNoAddressIsRefused(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "Tandem", "Tandem <tandem@example.org>\r\nBcc: x@example.org"} {
		if _, err := mail.New(mail.Options{From: from}); err == nil || !strings.HasPrefix(err.Error(), "mail-from: ") {
			t.Errorf("%q: got %v", from, err)
		}
	}
}
