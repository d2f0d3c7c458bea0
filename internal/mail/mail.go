// Package mail speaks SMTP: it composes a mail of texts that it is given, sends it, and says whether a refusal is
// for good. It knows nothing of Tandem.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"tandem/internal/config"
)

// timeout bounds the connection and each step of a conversation with the server.
const timeout = 15 * time.Second

// Options set up a Client.
type Options struct {
	Server config.SMTP
	From   string           // who mails are from: an address, or a name and an address
	Now    func() time.Time // what Date says; nil: time.Now
	Roots  *x509.CertPool   // who may sign the server's certificate; nil: whom this machine trusts
}

// Client sends mails through one server. It keeps no connection between two mails, and may be used by many at once.
type Client struct {
	o    Options
	from mail.Address
}

// New returns a client. It connects to nothing yet.
func New(o Options) (*Client, error) {
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("mail-from: %q is not an address such as Tandem <tandem@example.org>", o.From)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{o, *from}, nil
}

// Domain is that of the sender's address, for Message-IDs.
func (c *Client) Domain() string {
	return c.from.Address[strings.LastIndexByte(c.from.Address, '@')+1:]
}

// Error is a mail that was not taken.
type Error struct {
	// Permanent says that the server refuses this recipient or this content, and would again. What is wrong with the
	// server, or with our login there, is not: whoever runs Tandem can mend it while mails wait.
	Permanent bool
	// Reason is what the server said. It may name the recipient, so it is for the administrator only.
	Reason string
}

// addresses are what a log must not tell.
var addresses = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`)

// Error is the reason without addresses.
func (e *Error) Error() string { return addresses.ReplaceAllString(e.Reason, "…") }

// refusal makes an Error of what go-mail reports.
func refusal(err error) *Error {
	e := &Error{Reason: err.Error()}
	var s *gomail.SendError
	if !errors.As(err, &s) {
		return e
	}
	if cause := causeOf(s); cause != "" {
		e.Reason = cause
	}
	switch s.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		e.Permanent = s.ErrorCode() >= 500
	default: // the sender's address or the connection: nothing that the recipient can help
	}
	return e
}

// causeOf is the server's own words, which go-mail puts between its step and the recipients.
func causeOf(s *gomail.SendError) string {
	_, text, ok := strings.Cut(s.Error(), ": ")
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, ", affected recipient(s): ")
	text, _, _ = strings.Cut(text, ", affected message ID: ")
	return line(text, 300)
}

// line makes one line of a text that somebody else wrote.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// Send hands the message to the server. Nil means that the server took it; any error is an *Error, and after one that
// is not permanent nobody knows for certain.
func (c *Client) Send(ctx context.Context, m Message) error {
	msg, err := c.compose(m)
	if err != nil {
		return &Error{Permanent: true, Reason: err.Error()}
	}
	return c.connected(ctx, func(client *gomail.Client, conn *connection) error {
		err := client.SendWithSMTPClient(conn.smtp, msg)
		if msg.IsDelivered() { // what fails after that is small talk
			return nil
		}
		return err
	})
}

// Check connects and logs in, and sends nothing.
func (c *Client) Check(ctx context.Context) error {
	return c.connected(ctx, func(client *gomail.Client, conn *connection) error { return conn.smtp.Noop() })
}

// connected calls fn with a connection that is logged in.
func (c *Client) connected(ctx context.Context, fn func(*gomail.Client, *connection) error) error {
	conn := &connection{tls: c.tls()}
	client, err := gomail.NewClient(c.o.Server.Host, c.options(conn)...)
	if err != nil {
		return &Error{Reason: err.Error()}
	}
	defer conn.close()
	stop := context.AfterFunc(ctx, conn.close) // go-mail does not look at ctx between two commands
	defer stop()
	if conn.smtp, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		return refusal(fmt.Errorf("connect to %s: %w", c.o.Server.Host, err))
	}
	if err := fn(client, conn); err != nil {
		return refusal(err)
	}
	_ = conn.smtp.Quit() // the mail is taken, whatever comes now
	return nil
}

func (c *Client) tls() *tls.Config {
	return &tls.Config{ServerName: c.o.Server.Host, MinVersion: tls.VersionTLS12, RootCAs: c.o.Roots}
}

func (c *Client) options(conn *connection) []gomail.Option {
	s := c.o.Server
	policy := map[string]gomail.TLSPolicy{config.TLSRequired: gomail.TLSMandatory, config.TLSOpportunistic: gomail.TLSOpportunistic, config.TLSOff: gomail.NoTLS, config.TLSImplicit: gomail.NoTLS}
	o := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(c.tls()), gomail.WithTLSPolicy(policy[s.TLS]), gomail.WithHELO(c.helo()),
		gomail.WithDialContextFunc(conn.dial(s.TLS == config.TLSImplicit)), gomail.WithoutNoop(),
	}
	if s.User == "" {
		return o
	}
	o = append(o, gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	if s.TLS == config.TLSOff { // the operator wants it so; else a password never goes over the wire in the clear
		return append(o, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc))
	}
	return append(o, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
}

// helo is how we introduce ourselves: servers distrust a name that is no domain.
func (c *Client) helo() string {
	if d := c.Domain(); strings.Trim(d, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == "" {
		return d
	}
	return "localhost"
}
