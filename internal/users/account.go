package users

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
)

// New is a user about to be made. The texts have passed CheckUsername, CheckEmail and CheckName.
type New struct {
	Username, Email, Name, PasswordHash string
	Admin                               bool
}

// None says whether nobody has an account yet.
func (s *Service) None(ctx context.Context) (bool, error) { return none(ctx, s.db.Read()) }

func none(ctx context.Context, q db.Querier) (bool, error) {
	var some bool
	if err := q.QueryRowContext(ctx, anyUser).Scan(&some); err != nil {
		return false, fmt.Errorf("look for users: %w", err)
	}
	return !some, nil
}

// First says whether the user that tx is about to make is the first. Of two that ask at once, the
// second waits for the first's commit and then hears no.
func (s *Service) First(ctx context.Context, tx *db.Tx) (bool, error) {
	first, err := none(ctx, tx)
	if err != nil || !first || tx.Dialect() == db.SQLite {
		return first, err
	}
	if _, err := tx.Exec(ctx, lockUsersPostgres); err != nil {
		return false, fmt.Errorf("lock users: %w", err)
	}
	return none(ctx, tx)
}

// Create makes a user. Whatever of it is taken is refused by name.
func (s *Service) Create(ctx context.Context, tx *db.Tx, n New) (Me, error) {
	m := Me{
		User:  User{ID: uuid.Must(uuid.NewV7()).String(), Username: n.Username, Name: n.Name},
		Email: n.Email, Timezone: "UTC", Locale: "en", Theme: "system", IsAdmin: n.Admin, CreatedAt: tx.Now,
	}
	if err := taken(ctx, tx, "", n.Username, n.Email); err != nil {
		return Me{}, err
	}
	_, err := tx.Exec(ctx, insertUser, m.ID, m.Username, Key(m.Username), m.Email, Key(m.Email), m.Name, n.PasswordHash, m.Timezone, m.Locale, m.Theme, m.IsAdmin, db.Time(tx.Now))
	if db.IsUnique(err) { // somebody was quicker; asked again, taken finds out who
		return Me{}, fmt.Errorf("create user: %w", db.ErrRetry)
	}
	if err != nil {
		return Me{}, fmt.Errorf("create user: %w", err)
	}
	return m, nil
}

// taken says which of a username and an address somebody other than the user with id has.
func taken(ctx context.Context, q db.Querier, id, username, email string) error {
	type keys struct{ id, username, email string }
	found, err := db.Collect(ctx, q, func(r db.Row) (k keys, err error) {
		err = r.Scan(&k.id, &k.username, &k.email)
		return k, err
	}, takenKeys, Key(username), Key(email))
	if err != nil {
		return fmt.Errorf("look for duplicates: %w", err)
	}
	var wrong []error
	for _, k := range found {
		if k.id == id {
			continue
		}
		if k.username == Key(username) {
			wrong = append(wrong, errs.Field("username", "is taken"))
		}
		if k.email == Key(email) {
			wrong = append(wrong, errs.Field("email", "is taken"))
		}
	}
	return errors.Join(wrong...)
}

// Credentials are what auth needs to know of a user.
type Credentials struct {
	ID, Username, Email, PasswordHash string
	Admin                             bool
	DisabledAt                        *time.Time // nil: may log in
}

// CredentialsOf finds them by username or e-mail address.
func (s *Service) CredentialsOf(ctx context.Context, q db.Querier, login string) (Credentials, error) {
	if !findable(login) {
		return Credentials{}, unknown(login)
	}
	c, err := scanCredentials(q.QueryRowContext(ctx, credentialsByLogin, Key(login)))
	if db.NoRow(err) {
		return Credentials{}, unknown(login)
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("read credentials: %w", err)
	}
	return c, nil
}

// Credentials finds them by id.
func (s *Service) Credentials(ctx context.Context, q db.Querier, id string) (Credentials, error) {
	c, err := scanCredentials(q.QueryRowContext(ctx, credentialsByID, id))
	if db.NoRow(err) {
		return Credentials{}, errs.New(errs.NotFound, "user not found")
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("read credentials of %s: %w", id, err)
	}
	return c, nil
}

func scanCredentials(r db.Row) (c Credentials, err error) {
	err = r.Scan(&c.ID, &c.Username, &c.Email, &c.PasswordHash, &c.Admin, db.ScanTimeOrNull(&c.DisabledAt))
	return c, err
}

// MeIn is Me as tx sees it.
func (s *Service) MeIn(ctx context.Context, tx *db.Tx, id string) (Me, error) {
	return s.readMe(ctx, tx, id)
}

// SetPasswordHash replaces a user's hash. Ending the sessions is the caller's.
func (s *Service) SetPasswordHash(ctx context.Context, tx *db.Tx, id, hash string) error {
	if _, err := tx.Exec(ctx, setPasswordHash, id, hash, db.Time(tx.Now)); err != nil {
		return fmt.Errorf("set password of %s: %w", id, err)
	}
	return nil
}

// SetDisabled locks a user out, or lets them in again. Ending the sessions is the caller's.
func (s *Service) SetDisabled(ctx context.Context, tx *db.Tx, id string, disabled bool) error {
	var at *time.Time
	if disabled {
		at = &tx.Now
	}
	if _, err := tx.Exec(ctx, setDisabled, id, db.TimeOrNull(at), db.Time(tx.Now)); err != nil {
		return fmt.Errorf("disable user %s: %w", id, err)
	}
	return nil
}

// UpdateMe changes the actor's own account. A new address needs the current password.
func (s *Service) UpdateMe(ctx context.Context, actor Actor, p Patch) (Me, error) {
	// Checking a password takes long, so it happens before the transaction; so do the plain rules.
	before, err := s.Me(ctx, actor.ID)
	if err != nil {
		return Me{}, err
	}
	old := before.Email
	if err := before.Apply(p); err != nil {
		return Me{}, err
	}
	allowed := before.Email == old
	if !allowed {
		if allowed, err = s.passwordIs(ctx, actor.ID, p.CurrentPassword); err != nil {
			return Me{}, err
		}
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Me, error) {
		// The row stays locked from here, so that two patches at once keep both their fields.
		if _, err := tx.Exec(ctx, touchUser, actor.ID, db.Time(tx.Now)); err != nil {
			return Me{}, fmt.Errorf("lock user %s: %w", actor.ID, err)
		}
		m, err := s.readMe(ctx, tx, actor.ID)
		if err != nil {
			return Me{}, err
		}
		old, shown := m.Email, m.User
		if err := m.Apply(p); err != nil {
			return Me{}, err
		}
		if m.Email != old {
			if !allowed {
				return Me{}, errs.Field("current_password", "is not your password: it is needed to change the e-mail address")
			}
			if err := taken(ctx, tx, m.ID, m.Username, m.Email); err != nil {
				return Me{}, err
			}
		}
		_, err = tx.Exec(ctx, updateUser, m.ID, m.Name, m.Email, Key(m.Email), m.Timezone, m.Locale, m.Theme)
		if db.IsUnique(err) {
			return Me{}, fmt.Errorf("update user %s: %w", m.ID, db.ErrRetry)
		}
		if err != nil {
			return Me{}, fmt.Errorf("update user %s: %w", m.ID, err)
		}
		if m.Email != old {
			if s.EmailChanged != nil {
				if err := s.EmailChanged(ctx, tx, m.ID, Key(m.Email) != Key(old)); err != nil {
					return Me{}, err
				}
			}
			if m, err = s.readMe(ctx, tx, m.ID); err != nil {
				return Me{}, err
			}
		}
		return m, s.shown(ctx, tx, actor, shown, m.User) // last: it takes the locks of streams
	})
}

func (s *Service) passwordIs(ctx context.Context, id string, password *string) (bool, error) {
	if password == nil || s.CheckPassword == nil {
		return false, nil
	}
	return s.CheckPassword(ctx, id, *password)
}

// Mailbox is where mails to a user go.
type Mailbox struct {
	ID, Username, Name, Email, Timezone string
	Verified, Disabled                  bool
}

// Mailbox returns a user's.
func (s *Service) Mailbox(ctx context.Context, q db.Querier, id string) (Mailbox, error) {
	var b Mailbox
	err := q.QueryRowContext(ctx, mailboxByID, id).Scan(&b.ID, &b.Username, &b.Name, &b.Email, &b.Timezone, &b.Verified, &b.Disabled)
	if db.NoRow(err) {
		return b, errs.New(errs.NotFound, "user not found")
	}
	if err != nil {
		return b, fmt.Errorf("read mailbox of %s: %w", id, err)
	}
	return b, nil
}

// Verify notes that the user reads mails to this address, if it is still theirs.
func (s *Service) Verify(ctx context.Context, tx *db.Tx, id, emailKey string) (bool, error) {
	n, err := tx.Exec(ctx, verifyEmail, id, emailKey, db.Time(tx.Now))
	if err != nil {
		return false, fmt.Errorf("verify address of %s: %w", id, err)
	}
	return n > 0, nil
}
