package tandemtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// What a MailServer with a login accepts.
const (
	MailUser     = "tandem"
	MailPassword = "swift-otter-17"
)

// MailServer is a real SMTP server on a free port, which keeps what it takes.
type MailServer struct {
	Addr  string
	Roots *x509.CertPool // who signed its certificate

	mu     sync.Mutex
	taken  []Mail
	refuse func(rcpt string) error
	arrive chan struct{}
	server *smtp.Server
}

// Mail is one that a MailServer took.
type Mail struct {
	To         string
	Header     netmail.Header
	Text, HTML string
	Raw        string
	Encrypted  bool
}

// MailOptions set up a MailServer.
type MailOptions struct {
	STARTTLS bool // is offered
	TLS      bool // before the first word
	Login    bool // is needed
}

// NewMailServer starts one; the end of the test stops it.
func NewMailServer(t testing.TB, o MailOptions) *MailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &MailServer{Addr: l.Addr().String(), arrive: make(chan struct{}, 1)}
	certificate := s.certify(t)
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return s.session(c, o), nil }))
	s.server.Domain = "mail.test"
	s.server.AllowInsecureAuth = true // it is the client that must not
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = log.New(io.Discard, "", 0) // clients that die are part of tests
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if o.STARTTLS {
		s.server.TLSConfig = config
	}
	if o.TLS {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.server.Serve(l) // ends with Close
	}()
	t.Cleanup(func() {
		_ = s.server.Close()
		<-done
	})
	return s
}

func (s *MailServer) certify(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// URL is what TANDEM_SMTP_URL says for it, without encryption.
func (s *MailServer) URL() string { return "smtp://" + s.Addr + "?tls=off" }

// Refuse has fn decide on each recipient from now on; nil takes everybody.
func (s *MailServer) Refuse(fn func(rcpt string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = fn
}

// RefuseAll has the server answer every recipient with this.
func (s *MailServer) RefuseAll(code int, text string) {
	s.Refuse(func(string) error { return &smtp.SMTPError{Code: code, Message: text} })
}

// Mails are those it took, in the order of their arrival.
func (s *MailServer) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.taken...)
}

// Wait returns the mails once there are n, and fails the test when they do not come.
func (s *MailServer) Wait(t testing.TB, n int) []Mail {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if got := s.Mails(); len(got) >= n {
			return got
		}
		select {
		case <-s.arrive:
		case <-deadline:
			t.Fatalf("got %d mails, want %d", len(s.Mails()), n)
		}
	}
}

func (s *MailServer) session(c *smtp.Conn, o MailOptions) smtp.Session {
	session := &mailSession{server: s, conn: c, trusted: !o.Login, encrypted: o.TLS}
	if o.Login {
		return &mailLogin{session}
	}
	return session
}

type mailSession struct {
	server    *MailServer
	conn      *smtp.Conn
	trusted   bool
	encrypted bool
	to        string
}

func (m *mailSession) Mail(string, *smtp.MailOptions) error {
	if !m.trusted {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (m *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	m.server.mu.Lock()
	refuse := m.server.refuse
	m.server.mu.Unlock()
	m.to = to
	if refuse != nil {
		return refuse(to)
	}
	return nil
}

func (m *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	mail, err := readMail(raw)
	if err != nil {
		return err
	}
	_, started := m.conn.TLSConnectionState()
	mail.To, mail.Encrypted = m.to, m.encrypted || started
	m.server.mu.Lock()
	m.server.taken = append(m.server.taken, mail)
	m.server.mu.Unlock()
	select {
	case m.server.arrive <- struct{}{}:
	default: // whoever waits counts anew
	}
	return nil
}

func (m *mailSession) Reset()        {}
func (m *mailSession) Logout() error { return nil }

// mailLogin is a session that offers to log in.
type mailLogin struct{ *mailSession }

func (m *mailLogin) AuthMechanisms() []string { return []string{sasl.Plain} }

func (m *mailLogin) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != MailUser || password != MailPassword {
			return smtp.ErrAuthFailed
		}
		m.trusted = true
		return nil
	}), nil
}

// readMail takes a mail apart as a program that shows it does.
func readMail(raw []byte) (Mail, error) {
	m := Mail{Raw: string(raw)}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Header = msg.Header
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	for parts := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return m, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			m.HTML = text
		} else {
			m.Text = text
		}
	}
}

// Subject is the decoded one.
func (m Mail) Subject() string {
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return m.Header.Get("Subject")
	}
	return s
}
