package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/notify"
	"tandem/internal/users"
)

const (
	resetMail = "password_reset"
	resetPath = "/reset?token="
	resetLife = time.Hour
	maxResets = 5 // links a user gets within resetLife; more would only fill a mailbox
	// forgotTakes is how long ForgotPassword takes, whether or not there is work to do.
	forgotTakes = 100 * time.Millisecond
)

var errResetInvalid = &errs.Error{Kind: errs.Invalid, Code: "reset_invalid", Field: "token", Message: "the link is not valid any more: ask for a new one"}

// ForgotPassword makes a reset link for the user with this address. Neither its answer nor its
// time tells whether there is one.
func (s *Service) ForgotPassword(ctx context.Context, email string) error {
	pace := time.NewTimer(forgotTakes)
	defer pace.Stop()
	err := s.makeReset(ctx, email)
	select {
	case <-pace.C:
	case <-ctx.Done():
	}
	return err
}

func (s *Service) makeReset(ctx context.Context, email string) error {
	c, err := s.users.CredentialsOf(ctx, s.db.Read(), email)
	if errors.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if users.Key(c.Email) != users.Key(email) || c.DisabledAt != nil { // a username is not an address
		return nil
	}
	id := newID()
	token := s.linkToken(resetMail, id)
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var open int
		if err := tx.QueryRowContext(ctx, countResets, c.ID, db.Time(tx.Now)).Scan(&open); err != nil {
			return fmt.Errorf("count reset links of %s: %w", c.ID, err)
		}
		if open >= maxResets {
			return nil
		}
		if _, err := tx.Exec(ctx, insertReset, hashOf(token), c.ID, db.Time(tx.Now), db.Time(tx.Now.Add(resetLife))); err != nil {
			return fmt.Errorf("make reset link of %s: %w", c.ID, err)
		}
		if s.dev {
			tx.AfterCommit(func(ctx context.Context) {
				s.logger.InfoContext(ctx, "password reset link, logged in development mode only", "link", s.baseURL+resetPath+token)
			})
		}
		return s.post(ctx, tx, resetMail, c.ID, id)
	})
}

// composeReset writes the mail with a link, which is made of the id anew: none is kept.
func (s *Service) composeReset(ctx context.Context, q db.Querier, userID, id string) (notify.Letter, error) {
	token := s.linkToken(resetMail, id)
	var owner string
	err := q.QueryRowContext(ctx, findReset, hashOf(token), db.Time(s.db.Now())).Scan(&owner)
	if db.NoRow(err) {
		return notify.Letter{}, errs.New(errs.Gone, "the link is not valid any more")
	}
	if err != nil {
		return notify.Letter{}, fmt.Errorf("find reset link of %s: %w", userID, err)
	}
	box, err := s.users.Mailbox(ctx, q, owner)
	if err != nil {
		return notify.Letter{}, err
	}
	return notify.ResetLetter(box.Email, box.Name, resetPath+token), nil
}

// ResetPassword sets the password of the user whom the link was made for and ends all their
// sessions. A link is good once.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	tokenHash := hashOf(token)
	var userID string
	err := s.db.Read().QueryRowContext(ctx, findReset, tokenHash, db.Time(s.db.Now())).Scan(&userID)
	if db.NoRow(err) {
		return errResetInvalid
	}
	if err != nil {
		return fmt.Errorf("find reset link: %w", err)
	}
	c, err := s.users.Credentials(ctx, s.db.Read(), userID)
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
		if err := s.log.Lock(ctx, tx, userID); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, useReset, tokenHash, db.Time(tx.Now)).Scan(&userID)
		if db.NoRow(err) {
			return errResetInvalid
		}
		if err != nil {
			return fmt.Errorf("use reset link of %s: %w", userID, err)
		}
		return s.replacePassword(ctx, tx, userID, hash, "", nil, nil)
	})
}

func (s *Service) dropResets(ctx context.Context, tx *db.Tx, userID string) error {
	if _, err := tx.Exec(ctx, deleteResetsOf, userID); err != nil {
		return fmt.Errorf("drop reset links of %s: %w", userID, err)
	}
	return nil
}
