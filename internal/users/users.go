// Package users owns people: their profiles and settings. How they prove who they are is auth's.
package users

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/semaphore"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/maypok86/otter/v2"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
)

// Actor is the person on whose authority something is done. It is an argument of every service
// method, never hidden in a context.
type Actor struct {
	ID        string
	Username  string
	SessionID string // empty on the command line
	Admin     bool   // of the whole instance
	Mutation  events.Mutation
}

// By is how the actor signs changes.
func (a Actor) By() *events.By { return &events.By{ID: a.ID, Username: a.Username} }

// User is what others see of a person.
type User struct {
	ID        string  `json:"id"`
	Username  string  `json:"username"`
	Name      string  `json:"name"`
	AvatarURL *string `json:"avatar_url" doc:"a square picture 64 pixels wide, or null; with -32 or -128 in place of -64 there are two more"`
}

// scan returns where to scan the columns of userColumns.
func (u *User) scan() []any {
	return []any{&u.ID, &u.Username, &u.Name, avatarURL{&u.AvatarURL}}
}

// avatarURL scans the file name of an avatar, or NULL.
type avatarURL struct{ url **string }

// Scan implements sql.Scanner.
func (a avatarURL) Scan(v any) error {
	var name sql.NullString
	if err := name.Scan(v); err != nil {
		return err
	}
	*a.url = nil
	if name.Valid {
		*a.url = new(Avatars + name.String)
	}
	return nil
}

// Me is what people see of themselves.
type Me struct {
	User
	Email     string    `json:"email"`
	Timezone  string    `json:"timezone" doc:"IANA time zone, such as Europe/Vienna"`
	Locale    string    `json:"locale" doc:"BCP 47 language tag, such as en or de-AT"`
	Theme     string    `json:"theme" enum:"system,light,dark"`
	IsAdmin   bool      `json:"is_admin" doc:"administrator of this instance"`
	CreatedAt time.Time `json:"created_at"`

	EmailVerified  bool        `json:"email_verified" doc:"whether a link in a mail to this address was followed"`
	EmailSuspended *Suspension `json:"email_suspended" doc:"null, or why nothing is mailed to the address any more"`
}

// Suspension says why nothing is mailed to an address.
type Suspension struct {
	Reason string    `json:"reason" doc:"what the mail server said last"`
	At     time.Time `json:"at"`
}

// Key folds a name or address for comparing: NFKC, case folded. "Ana" and "ANA" are one username.
func Key(s string) string { return cases.Fold().String(norm.NFKC.String(strings.TrimSpace(s))) }

// Service reads and changes profiles.
type Service struct {
	// CheckPassword says whether the password is the user's. auth sets it; an address changes only with it.
	CheckPassword func(ctx context.Context, userID, password string) (bool, error)
	// EmailChanged runs in the transaction that changes an address, also one that only changes its letter case (then
	// other is false). auth sets it: it drops reset links, and has another address verified.
	EmailChanged func(ctx context.Context, tx *db.Tx, userID string, other bool) error
	// Suspended says why nothing is mailed to the address with this key; nil: mails are. notify sets it.
	Suspended func(ctx context.Context, q db.Querier, emailKey string) (*Suspension, error)
	// SharesTeam says whether two users are in a team together. teams sets it; until then nobody is.
	SharesTeam func(ctx context.Context, a, b string) (bool, error)
	// Shown runs in the transaction that changes what others see of a user. teams sets it: it tells them.
	Shown func(ctx context.Context, tx *db.Tx, actor Actor, u User) error

	db       *db.DB
	profiles *otter.Cache[string, User]
	decoding *semaphore.Weighted // pixels of pictures
}

// NewService returns the service on db.
func NewService(d *db.DB) *Service {
	return &Service{db: d, decoding: semaphore.NewWeighted(maxPixels), profiles: otter.Must(&otter.Options[string, User]{
		MaximumSize:      10_000,
		ExpiryCalculator: otter.ExpiryWriting[string, User](time.Minute),
	})}
}

// Profiles returns the users with these ids, by id. Unknown and empty ids are left out. Profiles
// may be up to a minute old on nodes that did not write them and have not heard of it.
func (s *Service) Profiles(ctx context.Context, ids ...string) (map[string]User, error) {
	out := make(map[string]User, len(ids))
	var missing []string
	for _, id := range ids {
		if id == "" {
			continue
		}
		if _, done := out[id]; done {
			continue
		}
		if u, ok := s.profiles.GetIfPresent(id); ok {
			out[id] = u
		} else {
			out[id] = User{}
			missing = append(missing, id)
		}
	}
	for _, id := range missing {
		delete(out, id)
	}
	for part := range slices.Chunk(missing, 500) {
		var args db.Args
		found, err := db.Collect(ctx, s.db.Read(), scanUser, profilesByID+args.In(part), args...)
		if err != nil {
			return nil, fmt.Errorf("read profiles: %w", err)
		}
		for _, u := range found {
			s.profiles.Set(u.ID, u)
			out[u.ID] = u
		}
	}
	return out, nil
}

// Forget drops what is cached of a user that was changed on another node.
func (s *Service) Forget(id string) { s.profiles.Invalidate(id) }

// shown drops what is cached of a user after the commit, and has others told when they see a difference.
func (s *Service) shown(ctx context.Context, tx *db.Tx, actor Actor, before, now User) error {
	tx.Invalidate(func(context.Context) { s.Forget(now.ID) })
	if before.Name == now.Name && pointed(before.AvatarURL) == pointed(now.AvatarURL) || s.Shown == nil {
		return nil
	}
	return s.Shown(ctx, tx, actor, now)
}

func pointed(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Profile is the profile of one user.
func (s *Service) Profile(ctx context.Context, id string) (User, error) {
	people, err := s.Profiles(ctx, id)
	if err != nil {
		return User{}, err
	}
	u, ok := people[id]
	if !ok {
		return u, unknown(id)
	}
	return u, nil
}

func scanUser(r db.Row) (u User, err error) {
	err = r.Scan(u.scan()...)
	return u, err
}

// Find returns the user with this username or e-mail address.
func (s *Service) Find(ctx context.Context, q db.Querier, login string) (User, error) {
	if !findable(login) {
		return User{}, unknown(login)
	}
	u, err := scanUser(q.QueryRowContext(ctx, userByLogin, Key(login)))
	if db.NoRow(err) {
		return User{}, unknown(login)
	}
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

func unknown(login string) error {
	return errs.New(errs.NotFound, "nobody here is called %q", login)
}

// findable leaves out what nobody can be called and PostgreSQL would refuse as text.
func findable(login string) bool {
	return len(login) <= 4*maxEmail && utf8.ValidString(login) && !strings.ContainsRune(login, 0)
}

// ByUsername returns the profile of the actor or of somebody the actor shares a team with.
func (s *Service) ByUsername(ctx context.Context, actor Actor, username string) (User, error) {
	if !findable(username) {
		return User{}, unknown(username)
	}
	u, err := scanUser(s.db.Read().QueryRowContext(ctx, userByUsername, Key(username)))
	if db.NoRow(err) {
		return User{}, unknown(username)
	}
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	if u.ID == actor.ID {
		return u, nil
	}
	shares := false
	if s.SharesTeam != nil {
		if shares, err = s.SharesTeam(ctx, actor.ID, u.ID); err != nil {
			return User{}, err
		}
	}
	if !shares {
		return User{}, unknown(username)
	}
	return u, nil
}

// Me returns the actor's own account.
func (s *Service) Me(ctx context.Context, id string) (Me, error) {
	return s.readMe(ctx, s.db.Read(), id)
}

func (s *Service) readMe(ctx context.Context, q db.Querier, id string) (Me, error) {
	m, err := scanMe(q.QueryRowContext(ctx, meByID, id))
	if db.NoRow(err) {
		return Me{}, errs.New(errs.NotFound, "user not found")
	}
	if err != nil {
		return Me{}, fmt.Errorf("read user %s: %w", id, err)
	}
	if s.Suspended != nil {
		m.EmailSuspended, err = s.Suspended(ctx, q, Key(m.Email))
	}
	return m, err
}

func scanMe(r db.Row) (m Me, err error) {
	err = r.Scan(append(m.User.scan(), &m.Email, &m.Timezone, &m.Locale, &m.Theme, &m.IsAdmin, db.ScanTime(&m.CreatedAt), &m.EmailVerified)...)
	return m, err
}

// List returns everybody on this instance, oldest account first, for the command line.
func (s *Service) List(ctx context.Context, cursor string, limit int) (db.Page[Me], error) {
	limit, err := db.Limit(limit)
	if err != nil {
		return db.Page[Me]{}, err
	}
	var after string // ids are UUIDv7: their order is that of creation
	if err := db.DecodeCursor(cursor, &after); err != nil {
		return db.Page[Me]{}, err
	}
	items, err := db.Collect(ctx, s.db.Read(), scanMe, listUsers, after, limit+1)
	if err != nil {
		return db.Page[Me]{}, fmt.Errorf("list users: %w", err)
	}
	page := db.Page[Me]{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.NextCursor = db.EncodeCursor(items[limit-1].ID)
	}
	return page, nil
}
