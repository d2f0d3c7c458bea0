package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tandem/internal/errs"
	"tandem/internal/users"
)

const (
	issuer       = "tandem"
	forAPI       = "tandem"
	forPages     = "tandem-page"
	accessLife   = 15 * time.Minute // unless Options say otherwise
	maxTokenSize = 2048             // ours have about 350 bytes
)

type claims struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
	Username  string `json:"usr"`
}

func newParser(audience string, now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), // the library takes a token without exp for everlasting
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)
}

func (s *Service) sign(audience, userID, username, sessionID string, now, expires time.Time) (string, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   userID,
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		SessionID: sessionID,
		Username:  username,
	}).SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}

// AccessToken makes an access token for the actor's session, and says for how many seconds it is good.
func (s *Service) AccessToken(_ context.Context, actor users.Actor) (token string, expiresIn int, err error) {
	if actor.SessionID == "" {
		return "", 0, errs.New(errs.Unauthenticated, "this needs a session")
	}
	now := s.db.Now()
	token, err = s.sign(forAPI, actor.ID, actor.Username, actor.SessionID, now, now.Add(s.accessLife))
	return token, int(s.accessLife / time.Second), err
}

// Authenticate returns who an access token speaks for, if its session is alive. Another node's
// revocation is noticed within a minute. An expired token is errs.Unauthenticated with code
// "token_expired": refreshing helps; any other refusal has the code "token_invalid".
func (s *Service) Authenticate(ctx context.Context, accessToken string) (users.Actor, error) {
	actor, _, err := s.Verify(ctx, accessToken)
	return actor, err
}

// Verify is Authenticate for a connection that lasts: it also says when the token expires.
func (s *Service) Verify(ctx context.Context, accessToken string) (users.Actor, time.Time, error) {
	return s.verify(ctx, s.apiTokens, accessToken)
}

// AuthenticatePage returns who a page token speaks for. It is good for painting pages, never for
// the API: whoever holds only this cookie cannot write.
func (s *Service) AuthenticatePage(ctx context.Context, pageToken string) (users.Actor, error) {
	actor, _, err := s.verify(ctx, s.pageTokens, pageToken)
	return actor, err
}

func (s *Service) verify(ctx context.Context, parser *jwt.Parser, token string) (users.Actor, time.Time, error) {
	c, err := parse(parser, s.key, token)
	if err != nil {
		return users.Actor{}, time.Time{}, err
	}
	state, err := s.alive(ctx, c.SessionID)
	if err != nil {
		return users.Actor{}, time.Time{}, err
	}
	if state.userID != c.Subject {
		return users.Actor{}, time.Time{}, errTokenInvalid
	}
	actor := users.Actor{ID: state.userID, Username: state.username, SessionID: c.SessionID, Admin: state.admin}
	return actor, c.ExpiresAt.UTC(), nil
}

var (
	errTokenExpired = errs.Code(errs.Unauthenticated, "token_expired", "the token has expired")
	errTokenInvalid = errs.Code(errs.Unauthenticated, "token_invalid", "the token is not valid")
)

func parse(parser *jwt.Parser, key []byte, token string) (claims, error) {
	if len(token) > maxTokenSize {
		return claims{}, errTokenInvalid
	}
	var c claims
	_, err := parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return key, nil })
	switch {
	case err == nil && c.SessionID != "" && c.Subject != "":
		return c, nil
	// One that is expired and meant for something else would not get better by a refresh.
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience) && !errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return claims{}, errTokenExpired
	default:
		return claims{}, errTokenInvalid
	}
}

// secret makes a token that people or browsers keep, and the hash of it that the database keeps.
func secret() (token, hash string) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, hashOf(token)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
