package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/users"
)

const (
	sessionLife = 30 * 24 * time.Hour // since the last refresh
	// justRotated is how long the request that used a refresh token may be repeated.
	justRotated = time.Minute
)

var (
	errWrongLogin     = errs.Code(errs.Unauthenticated, "wrong_login", "the username, the e-mail address or the password is wrong")
	errDisabled       = errs.Code(errs.Forbidden, "user_disabled", "this user has been disabled by an administrator")
	errRefreshInvalid = errs.Code(errs.Unauthenticated, "refresh_invalid", "the session is over: sign in again")
	errRefreshReused  = errs.Code(errs.Unauthenticated, "refresh_reused", "the refresh token was used before, so its session was ended: sign in again")
)

// begun is a session that a transaction has begun or prolonged; its tokens are signed after the commit.
type begun struct {
	me           users.Me
	sessionID    string
	refreshToken string
	at, expires  time.Time
}

func (s *Service) begin(ctx context.Context, tx *db.Tx, me users.Me, client Client) (begun, error) {
	client = client.clean()
	b := begun{me: me, sessionID: uuid.Must(uuid.NewV7()).String(), at: tx.Now, expires: tx.Now.Add(sessionLife)}
	_, err := tx.Exec(ctx, insertSession, b.sessionID, me.ID, client.UserAgent, client.IP, db.Time(b.at), db.Time(b.expires))
	if err != nil {
		return begun{}, fmt.Errorf("begin session of %s: %w", me.ID, err)
	}
	b.refreshToken, err = newRefreshToken(ctx, tx, b.sessionID)
	return b, err
}

func newRefreshToken(ctx context.Context, tx *db.Tx, sessionID string) (string, error) {
	token, hash := secret()
	if _, err := tx.Exec(ctx, insertRefreshToken, hash, sessionID, db.Time(tx.Now)); err != nil {
		return "", fmt.Errorf("make refresh token of session %s: %w", sessionID, err)
	}
	return token, nil
}

func (s *Service) login(b begun) (Login, error) {
	access, err := s.sign(forAPI, b.me.ID, b.me.Username, b.sessionID, b.at, b.at.Add(s.accessLife))
	if err != nil {
		return Login{}, err
	}
	page, err := s.sign(forPages, b.me.ID, b.me.Username, b.sessionID, b.at, b.expires)
	if err != nil {
		return Login{}, err
	}
	return Login{
		AccessToken: access, ExpiresIn: int(s.accessLife / time.Second),
		RefreshToken: b.refreshToken, PageToken: page, RefreshExpires: b.expires, User: b.me,
	}, nil
}

// Login begins a session of the user with this username or e-mail address. How long it takes does
// not tell whether there is such a user.
func (s *Service) Login(ctx context.Context, login, password string, client Client) (Login, error) {
	c, err := s.users.CredentialsOf(ctx, s.db.Read(), login)
	if err != nil && !errors.Is(err, errs.NotFound) {
		return Login{}, err
	}
	right, err := s.matches(ctx, password, c.PasswordHash) // of nobody, the hash is empty and nothing matches
	if err != nil {
		return Login{}, err
	}
	if !right {
		return Login{}, errWrongLogin
	}
	var b begun
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		// Whoever changes the password or disables the user takes this lock too: they either see the
		// new session and end it, or are seen here.
		if err := s.log.Lock(ctx, tx, c.ID); err != nil {
			return err
		}
		now, err := s.users.Credentials(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if now.PasswordHash != c.PasswordHash {
			return errWrongLogin
		}
		if now.DisabledAt != nil {
			return errDisabled
		}
		me, err := s.users.MeIn(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		b, err = s.begin(ctx, tx, me, client)
		return err
	})
	if err != nil {
		return Login{}, err
	}
	return s.login(b)
}

// Refresh trades a refresh token for the next one and a new access token. A token that comes again
// is taken for stolen, and its session ends: unless it comes soon and with the same key, which makes
// it a repeat of a request whose answer was lost, or another tab's.
func (s *Service) Refresh(ctx context.Context, refreshToken, key string, client Client) (Login, error) {
	hash := hashOf(refreshToken)
	var b begun
	var reused error
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		b, reused = begun{at: tx.Now}, nil
		err := tx.QueryRowContext(ctx, useRefreshToken, hash, db.Time(tx.Now), key).Scan(&b.sessionID)
		if db.NoRow(err) {
			reused, err = s.refreshAgain(ctx, tx, hash, key, client.clean(), &b)
			return err
		}
		if err != nil {
			return fmt.Errorf("use refresh token: %w", err)
		}
		return s.rotate(ctx, tx, client.clean(), &b)
	})
	if err == nil {
		err = reused
	}
	if err != nil {
		return Login{}, err
	}
	return s.login(b)
}

func (s *Service) rotate(ctx context.Context, tx *db.Tx, client Client, b *begun) error {
	b.expires = tx.Now.Add(sessionLife)
	var userID string
	err := tx.QueryRowContext(ctx, useSession, b.sessionID, db.Time(tx.Now), db.Time(b.expires), client.UserAgent, client.IP).Scan(&userID)
	if db.NoRow(err) {
		return errRefreshInvalid
	}
	if err != nil {
		return fmt.Errorf("use session %s: %w", b.sessionID, err)
	}
	if err := s.ofUser(ctx, tx, userID, b); err != nil {
		return err
	}
	tx.Invalidate(func(context.Context) { s.states.Invalidate(b.sessionID) }) // it holds the old expiry
	b.refreshToken, err = newRefreshToken(ctx, tx, b.sessionID)
	return err
}

func (s *Service) ofUser(ctx context.Context, tx *db.Tx, userID string, b *begun) error {
	c, err := s.users.Credentials(ctx, tx, userID)
	if err != nil {
		return err
	}
	if c.DisabledAt != nil {
		return errDisabled
	}
	b.me, err = s.users.MeIn(ctx, tx, userID)
	return err
}

// refreshAgain decides about a token that cannot be used. What it returns as reused is refused
// although the transaction commits: the session must end.
func (s *Service) refreshAgain(ctx context.Context, tx *db.Tx, hash, key string, client Client, b *begun) (reused, err error) {
	var usedAt *time.Time
	var usedKey string
	err = tx.QueryRowContext(ctx, findRefreshToken, hash).Scan(&b.sessionID, db.ScanTimeOrNull(&usedAt), &usedKey)
	if db.NoRow(err) {
		return nil, errRefreshInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("find refresh token: %w", err)
	}
	session, err := scanSession(tx.QueryRowContext(ctx, aliveSession, b.sessionID, db.Time(tx.Now)))
	if db.NoRow(err) {
		return nil, errRefreshInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("read session %s: %w", b.sessionID, err)
	}
	if usedAt == nil { // free after all
		return nil, db.ErrRetry
	}
	if key != "" && key == usedKey && tx.Now.Sub(*usedAt) <= justRotated {
		return nil, s.rotate(ctx, tx, client, b)
	}
	if _, err := s.endOne(ctx, tx, session.userID, session.ID, nil, nil); err != nil {
		return nil, err
	}
	tx.AfterCommit(func(ctx context.Context) {
		s.logger.WarnContext(ctx, "refresh token used twice, session ended", "user", session.userID, "session_id", session.ID)
	})
	return errRefreshReused, nil
}

// Logout ends the session that the refresh token belongs to. A token that belongs to none is as
// good as logged out.
func (s *Service) Logout(ctx context.Context, refreshToken string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var id string
		var usedAt *time.Time
		err := tx.QueryRowContext(ctx, findRefreshToken, hashOf(refreshToken)).Scan(&id, db.ScanTimeOrNull(&usedAt), new(string))
		if db.NoRow(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find refresh token: %w", err)
		}
		session, err := scanSession(tx.QueryRowContext(ctx, aliveSession, id, db.Time(tx.Now)))
		if db.NoRow(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read session %s: %w", id, err)
		}
		_, err = s.endOne(ctx, tx, session.userID, session.ID, nil, nil)
		return err
	})
}
