package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"time"
)

// How a connection to the mail server is encrypted.
const (
	TLSRequired      = "required"      // STARTTLS, or no mail
	TLSOpportunistic = "opportunistic" // STARTTLS where the server has it
	TLSOff           = "off"
	TLSImplicit      = "implicit" // smtps://: before the first word
)

// SMTP is a mail server; the zero value is none.
type SMTP struct {
	Host           string
	Port           int
	User, Password string // empty: no login
	TLS            string
}

// SMTP reads SMTPURL.
func (c *Config) SMTP() (SMTP, error) {
	if c.SMTPURL == "" {
		return SMTP{}, nil
	}
	u, err := url.Parse(c.SMTPURL)
	if err != nil { // never repeated: it may hold a password, which may be what is wrong with it
		return SMTP{}, errors.New("smtp-url: is not an address such as smtp://user:password@host:587 (in a password, special characters are written as %2F and so on)")
	}
	s := SMTP{Host: u.Hostname(), Port: 587, TLS: TLSRequired}
	switch u.Scheme {
	case "smtp":
	case "smtps":
		s.Port, s.TLS = 465, TLSImplicit
	default:
		return SMTP{}, errors.New("smtp-url: must begin with smtp:// or smtps://")
	}
	if s.Host == "" || u.Path != "" && u.Path != "/" {
		return SMTP{}, errors.New("smtp-url: needs a host and nothing after it, as in smtp://user:password@host:587")
	}
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port < 1 || s.Port > 65535 {
			return SMTP{}, fmt.Errorf("smtp-url: %q is no port", p)
		}
	}
	if u.User != nil {
		password, set := u.User.Password()
		if u.User.Username() == "" || !set {
			return SMTP{}, errors.New("smtp-url: a login needs a user and a password, as in smtp://user:password@host:587")
		}
		s.User, s.Password = u.User.Username(), password
	}
	for name, values := range u.Query() {
		switch v := values[len(values)-1]; {
		case name != "tls":
			return SMTP{}, fmt.Errorf("smtp-url: there is no parameter %q, only tls", name)
		case u.Scheme == "smtps":
			return SMTP{}, errors.New("smtp-url: smtps:// is always encrypted and takes no tls parameter")
		case v != TLSRequired && v != TLSOpportunistic && v != TLSOff:
			return SMTP{}, fmt.Errorf("smtp-url: tls must be required, opportunistic or off, not %q", v)
		default:
			s.TLS = v
		}
	}
	return s, nil
}

// Sender is MailFrom, or what it is without one.
func (c *Config) Sender() string {
	if c.MailFrom != "" {
		return c.MailFrom
	}
	host := "localhost"
	if u, err := url.Parse(c.BaseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[IPv6:" + host + "]"
	} else if ip != nil {
		host = "[" + host + "]"
	}
	return "Tandem <tandem@" + host + ">"
}

func (c *Config) checkMail() error {
	_, err := c.SMTP()
	if c.MailFrom != "" {
		if _, wrong := mail.ParseAddress(c.MailFrom); wrong != nil {
			err = errors.Join(err, fmt.Errorf("mail-from: %q is not an address such as Tandem <tandem@example.org>", c.MailFrom))
		}
	}
	if c.MailDelay < 0 || c.MailDelay > time.Hour {
		err = errors.Join(err, errors.New("mail-delay: must be from 0s to 1h"))
	}
	return err
}
