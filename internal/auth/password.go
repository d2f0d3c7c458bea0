package auth

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

const (
	minPassword = 8
	maxPassword = 256
)

//go:embed common_passwords.txt
var commonText string

// common are the most used passwords that are long enough to be tried, folded as users.Key folds.
var common = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(commonText) {
		m[users.Key(line)] = true
	}
	return m
}()

// checkPassword says what is wrong with a new password. There are no rules of composition: they
// make people choose worse ones.
func checkPassword(field, password, username, email string) error {
	if !utf8.ValidString(password) {
		return errs.Field(field, "must be valid UTF-8")
	}
	n := utf8.RuneCountInString(norm.NFC.String(password))
	key := users.Key(password)
	switch {
	case n < minPassword:
		return errs.Field(field, "must have at least %d characters", minPassword)
	case n > maxPassword:
		return errs.Field(field, "must have at most %d characters", maxPassword)
	case key == users.Key(username) || key == users.Key(email):
		return errs.Field(field, "must not be your username or e-mail address")
	case common[key]:
		return errs.Field(field, "is one of the most common passwords: choose another")
	}
	return nil
}

// hashParams cost about 20 ms and 19 MiB a password (the first choice of OWASP's cheat sheet).
var hashParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is a hash that no password matches, to do the same work for a user that is not there.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIDE2Yg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// maxHashing keeps a wave of logins from taking all memory: each one waits for a CPU anyway.
func maxHashing() int { return runtime.GOMAXPROCS(0) }

const hashingPatience = 30 * time.Second

// turn waits until this request may hash a password; done lets the next one in.
func (s *Service) turn(ctx context.Context) (done func(), err error) {
	patience := time.NewTimer(hashingPatience)
	defer patience.Stop()
	select {
	case s.hashing <- struct{}{}:
		return func() { <-s.hashing }, nil
	case <-patience.C:
		return nil, errs.Code(errs.Unavailable, "busy", "too many people are signing in: try again in a moment")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Service) hash(ctx context.Context, password string) (string, error) {
	done, err := s.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	// One keyboard composes "é", the other does not: both are the same password.
	h, err := argon2id.CreateHash(norm.NFC.String(password), hashParams)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// matches says whether the password is that of the hash; "" is nobody's. It takes equally long
// for any password and any hash.
func (s *Service) matches(ctx context.Context, password, hash string) (bool, error) {
	possible := hash != "" && len(password) <= 4*maxPassword
	if !possible {
		password, hash = "", nobody
	}
	done, err := s.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	ok, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return ok && possible, nil
}

func (s *Service) passwordIs(ctx context.Context, userID, password string) (bool, error) {
	c, err := s.users.Credentials(ctx, s.db.Read(), userID)
	if err != nil {
		return false, err
	}
	return s.matches(ctx, password, c.PasswordHash)
}

// ChangePassword replaces the actor's password and ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, actor users.Actor, current, next string) error {
	c, err := s.users.Credentials(ctx, s.db.Read(), actor.ID)
	if err != nil {
		return err
	}
	if err := checkPassword("new_password", next, c.Username, c.Email); err != nil {
		return err
	}
	right, err := s.matches(ctx, current, c.PasswordHash)
	if err != nil {
		return err
	}
	hash := ""
	if right {
		if hash, err = s.hash(ctx, next); err != nil {
			return err
		}
	}
	// A wrong password is refused only inside: the repeat of a change that went through comes with
	// a password which is no longer the current one.
	_, err = events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		if err := s.log.Lock(ctx, tx, actor.ID); err != nil {
			return struct{}{}, err
		}
		now, err := s.users.Credentials(ctx, tx, actor.ID)
		if err != nil {
			return struct{}{}, err
		}
		if !right || now.PasswordHash != c.PasswordHash {
			return struct{}{}, errs.Field("current_password", "is not your password")
		}
		return struct{}{}, s.replacePassword(ctx, tx, actor.ID, hash, actor.SessionID, actor.By(), actor.Mutation.Ref())
	})
	return err
}

// replacePassword sets the hash, makes open reset links void, and ends all sessions but one.
func (s *Service) replacePassword(ctx context.Context, tx *db.Tx, userID, hash, spared string, by *events.By, mutation *string) error {
	if err := s.users.SetPasswordHash(ctx, tx, userID, hash); err != nil {
		return err
	}
	if err := s.dropResets(ctx, tx, userID); err != nil {
		return err
	}
	return s.endAllBut(ctx, tx, userID, spared, by, mutation)
}

// SetPassword replaces somebody's password from the command line and ends their sessions.
func (s *Service) SetPassword(ctx context.Context, login, password string) error {
	c, err := s.users.CredentialsOf(ctx, s.db.Read(), login)
	if err != nil {
		return err
	}
	if err := checkPassword("password", password, c.Username, c.Email); err != nil {
		return err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.log.Lock(ctx, tx, c.ID); err != nil {
			return err
		}
		return s.replacePassword(ctx, tx, c.ID, hash, "", nil, nil)
	})
}

// SetDisabled locks somebody out and ends their sessions, or lets them in again.
func (s *Service) SetDisabled(ctx context.Context, login string, disabled bool) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		c, err := s.users.CredentialsOf(ctx, tx, login)
		if err != nil {
			return err
		}
		if err := s.log.Lock(ctx, tx, c.ID); err != nil {
			return err
		}
		if err := s.users.SetDisabled(ctx, tx, c.ID, disabled); err != nil || !disabled {
			return err
		}
		return s.endAllBut(ctx, tx, c.ID, "", nil, nil)
	})
}
