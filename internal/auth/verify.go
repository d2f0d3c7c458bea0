package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/notify"
	"tandem/internal/users"
)

const (
	verificationMail = "email_verification"
	verificationPath = "/verify?token="
	verificationLife = 3 * 24 * time.Hour
	maxVerifications = 5 // links that are open at once; more would only fill a mailbox
)

var errVerificationInvalid = &errs.Error{Kind: errs.Invalid, Code: "verification_invalid", Field: "token", Message: "the link is not valid any more: ask for a new one"}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// linkToken is the secret of a link in a mail. It is made of an id, so that the job which mails it needs not hold it.
func (s *Service) linkToken(kind, id string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(kind + " " + id))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// post mails the link with this id, where mails are sent.
func (s *Service) post(ctx context.Context, tx *db.Tx, kind, userID, id string) error {
	if s.mails == nil {
		return nil
	}
	return s.mails.Post(ctx, tx, kind, userID, id)
}

// emailChanged is users.Service.EmailChanged: a link in the old mailbox must not outlive the change.
func (s *Service) emailChanged(ctx context.Context, tx *db.Tx, userID string, other bool) error {
	if err := s.dropResets(ctx, tx, userID); err != nil || !other {
		return err
	}
	if _, err := tx.Exec(ctx, deleteVerificationsOf, userID); err != nil {
		return fmt.Errorf("drop verification links of %s: %w", userID, err)
	}
	return s.askToVerify(ctx, tx, userID)
}

// askToVerify mails a link that says who reads it has the address that the user says is theirs.
func (s *Service) askToVerify(ctx context.Context, tx *db.Tx, userID string) error {
	box, err := s.users.Mailbox(ctx, tx, userID)
	if err != nil || box.Verified {
		return err
	}
	var open int
	if err := tx.QueryRowContext(ctx, countVerifications, userID, db.Time(tx.Now)).Scan(&open); err != nil {
		return fmt.Errorf("count verification links of %s: %w", userID, err)
	}
	if open >= maxVerifications {
		return nil
	}
	id := newID()
	if _, err := tx.Exec(ctx, insertVerification, hashOf(s.linkToken(verificationMail, id)), userID, users.Key(box.Email), db.Time(tx.Now), db.Time(tx.Now.Add(verificationLife))); err != nil {
		return fmt.Errorf("make verification link of %s: %w", userID, err)
	}
	return s.post(ctx, tx, verificationMail, userID, id)
}

// SendVerification mails the link again. For an address that is verified, and after five that are open, it does nothing.
func (s *Service) SendVerification(ctx context.Context, actor users.Actor) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return s.askToVerify(ctx, tx, actor.ID) })
}

func (s *Service) composeVerification(ctx context.Context, q db.Querier, userID, id string) (notify.Letter, error) {
	token := s.linkToken(verificationMail, id)
	var owner, key string
	err := q.QueryRowContext(ctx, findVerification, hashOf(token), db.Time(s.db.Now())).Scan(&owner, &key)
	if db.NoRow(err) {
		return notify.Letter{}, errs.New(errs.Gone, "the link is not valid any more")
	}
	if err != nil {
		return notify.Letter{}, fmt.Errorf("find verification link of %s: %w", userID, err)
	}
	box, err := s.users.Mailbox(ctx, q, owner)
	if err != nil {
		return notify.Letter{}, err
	}
	if box.Verified || users.Key(box.Email) != key {
		return notify.Letter{}, errs.New(errs.Gone, "the address is verified, or another one")
	}
	return notify.VerifyLetter(box.Email, box.Name, verificationPath+token), nil
}

// VerifyEmail notes that whoever has the token reads mails to the address that it was sent to. Again, it changes
// nothing.
func (s *Service) VerifyEmail(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var userID, key string
		err := tx.QueryRowContext(ctx, findVerification, hashOf(token), db.Time(tx.Now)).Scan(&userID, &key)
		if db.NoRow(err) {
			return errVerificationInvalid
		}
		if err != nil {
			return fmt.Errorf("find verification link: %w", err)
		}
		still, err := s.users.Verify(ctx, tx, userID, key)
		if err == nil && !still {
			err = errVerificationInvalid
		}
		return err
	})
}
