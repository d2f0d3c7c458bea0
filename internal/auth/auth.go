// Package auth knows how people prove who they are: passwords, sessions, the tokens of a session.
// A login begins a session; the session is one family of refresh tokens, each good for one use.
package auth

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"
	"github.com/maypok86/otter/v2"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/users"
)

// Who may register, as Options and Service.Registration say it.
const (
	Open   = "open"
	Closed = "closed"
	First  = "first" // nobody is here yet: the first to register becomes the administrator
)

// Options are the settings of a Service.
type Options struct {
	AccessLife   time.Duration // of access tokens; 0: 15 minutes
	Key          []byte        // signs the tokens; at least 32 bytes, the same on all nodes
	Registration string        // Open or Closed
	BaseURL      string        // where people reach the app, for links
	Dev          bool          // links that would be mailed are logged
	Logger       *slog.Logger
	Notify       *notify.Service // mails links; nil: nobody does
	// InviteValid says whether the token is that of a pending invitation which somebody with this
	// address may accept: it opens a closed registration. Nil: no invitation does.
	InviteValid func(ctx context.Context, token, email string) bool
}

// Service registers people and lets them in.
type Service struct {
	db    *db.DB
	log   *events.Log
	users *users.Service
	mails *notify.Service // nil: nothing is mailed

	accessLife   time.Duration
	key          []byte
	registration string
	baseURL      string
	dev          bool
	logger       *slog.Logger
	inviteValid  func(ctx context.Context, token, email string) bool

	hashing               chan struct{} // bounds how many passwords are hashed at once
	apiTokens, pageTokens *jwt.Parser
	states                *otter.Cache[string, state]
}

// NewService returns the service, and gives users what it needs of it. It panics when the key is
// too short to be one.
func NewService(d *db.DB, log *events.Log, u *users.Service, o Options) *Service {
	if len(o.Key) < minKeyLen {
		panic("auth: the signing key is too short")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.AccessLife == 0 {
		o.AccessLife = accessLife
	}
	s := &Service{
		accessLife: o.AccessLife,
		db:         d, log: log, users: u, mails: o.Notify,
		key: o.Key, registration: o.Registration, baseURL: strings.TrimRight(o.BaseURL, "/"), dev: o.Dev, logger: o.Logger, inviteValid: o.InviteValid,
		hashing:    make(chan struct{}, maxHashing()),
		apiTokens:  newParser(forAPI, d.Now),
		pageTokens: newParser(forPages, d.Now),
		states: otter.Must(&otter.Options[string, state]{
			MaximumSize:      50_000,
			ExpiryCalculator: otter.ExpiryWriting[string, state](time.Minute),
		}),
	}
	u.CheckPassword = s.passwordIs
	u.EmailChanged = s.emailChanged
	if s.mails != nil {
		s.mails.Composes(resetMail, s.composeReset)
		s.mails.Composes(verificationMail, s.composeVerification)
	}
	return s
}

// Forget drops what is cached of a session that ended on another node.
func (s *Service) Forget(sessionID string) { s.states.Invalidate(sessionID) }

// Client is where a request came from, as the list of sessions shows it.
type Client struct{ UserAgent, IP string }

const (
	maxUserAgent = 200
	maxIP        = 64
)

func (c Client) clean() Client {
	return Client{printable(c.UserAgent, maxUserAgent), printable(c.IP, maxIP)}
}

func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// Login is what a client gets when it has proved who it is.
type Login struct {
	AccessToken string
	ExpiresIn   int // seconds
	// RefreshToken is empty when the token was refreshed a moment ago already: the cookie that the
	// other answer set stays.
	RefreshToken   string
	PageToken      string
	RefreshExpires time.Time // of RefreshToken and PageToken
	User           users.Me
}

// Registration says who may register now: Open, Closed or First.
func (s *Service) Registration(ctx context.Context) (string, error) {
	none, err := s.users.None(ctx)
	switch {
	case err != nil:
		return "", err
	case none:
		return First, nil
	case s.registration == Closed:
		return Closed, nil
	default:
		return Open, nil
	}
}

var errClosed = errs.Code(errs.Forbidden, "registration_closed", "registration is closed: ask for an invitation")
