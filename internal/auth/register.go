package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/users"
)

// RegisterInput is what a new user says of themselves.
type RegisterInput struct {
	Username    string `json:"username" doc:"2 to 32 letters, digits, dots, hyphens, underscores; unique whatever the case"`
	Email       string `json:"email"`
	Password    string `json:"password" doc:"at least 8 characters, not one of the most common"`
	Name        string `json:"name,omitempty" doc:"shown to others; the username if empty"`
	InviteToken string `json:"invite_token,omitempty" doc:"of an invitation; opens a closed registration"`
}

// check returns the user to be made, still without a hash, or everything that is wrong.
func (in RegisterInput) check() (users.New, error) {
	username, wrongUsername := users.CheckUsername(in.Username)
	email, wrongEmail := users.CheckEmail(in.Email)
	name, wrongName := users.CheckName(in.Name, username)
	wrongPassword := checkPassword("password", in.Password, in.Username, in.Email)
	return users.New{Username: username, Email: email, Name: name}, errors.Join(wrongUsername, wrongEmail, wrongName, wrongPassword)
}

// Register makes a user and their first session. The first user of all administers the instance.
func (s *Service) Register(ctx context.Context, in RegisterInput, m events.Mutation, client Client) (Login, error) {
	who, err := s.Registration(ctx)
	if err != nil {
		return Login{}, err
	}
	invited := in.InviteToken != "" && s.inviteValid != nil && s.inviteValid(ctx, in.InviteToken, strings.TrimSpace(in.Email))
	if who == Closed && !invited {
		return Login{}, errClosed
	}
	n, err := in.check()
	if err != nil {
		return Login{}, err
	}
	if n.PasswordHash, err = s.hash(ctx, in.Password); err != nil {
		return Login{}, err
	}
	// A repeat with the same key has the same fingerprint, and so the right password.
	m.Fingerprint = s.sealed(m.Fingerprint)
	id, err := events.Once(ctx, s.db, "", m, func(tx *db.Tx) (string, error) {
		first, err := s.users.First(ctx, tx)
		if err != nil {
			return "", err
		}
		if s.registration == Closed && !first && !invited { // somebody else was the first meanwhile
			return "", errClosed
		}
		me, err := s.create(ctx, tx, n, first)
		return me.ID, err
	})
	if err != nil {
		return Login{}, err
	}
	var b begun
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		me, err := s.users.MeIn(ctx, tx, id)
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

// sealed hides a fingerprint that was made of a password, too: what is kept must not help to guess it.
func (s *Service) sealed(fingerprint string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("register " + fingerprint))
	return hex.EncodeToString(h.Sum(nil))
}

func (s *Service) create(ctx context.Context, tx *db.Tx, n users.New, admin bool) (users.Me, error) {
	n.Admin = admin
	me, err := s.users.Create(ctx, tx, n)
	if err != nil {
		return users.Me{}, err
	}
	if err := s.log.Open(ctx, tx, me.ID); err != nil {
		return users.Me{}, err
	}
	return me, s.askToVerify(ctx, tx, me.ID)
}

// CreateUser makes a user from the command line, whatever Registration says.
func (s *Service) CreateUser(ctx context.Context, in RegisterInput, admin bool) (users.Me, error) {
	n, err := in.check()
	if err != nil {
		return users.Me{}, err
	}
	if n.PasswordHash, err = s.hash(ctx, in.Password); err != nil {
		return users.Me{}, err
	}
	var me users.Me
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := s.users.First(ctx, tx) // somebody has to be able to administer
		if err != nil {
			return err
		}
		me, err = s.create(ctx, tx, n, admin || first)
		return err
	})
	if err != nil {
		return users.Me{}, err
	}
	return me, nil
}

// ListUsers returns everybody on this instance, for the command line.
func (s *Service) ListUsers(ctx context.Context, cursor string, limit int) (db.Page[users.Me], error) {
	return s.users.List(ctx, cursor, limit)
}
