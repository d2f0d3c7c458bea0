package teams

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/users"
)

// inviteLife is how long an invite may be accepted.
const inviteLife = 7 * 24 * time.Hour

// Invite is an offer of membership.
type Invite struct {
	ID        string      `json:"id"`
	TeamID    string      `json:"team_id"`
	TeamName  string      `json:"team_name,omitempty"`
	Email     *string     `json:"email"`
	Username  *string     `json:"username"`
	Role      Role        `json:"role" enum:"owner,admin,member,viewer"`
	InvitedBy *users.User `json:"invited_by"`
	Status    string      `json:"status" enum:"pending,accepted,declined,revoked,expired"`
	Token     string      `json:"token,omitempty" doc:"only in the answer that makes the invite: it is not kept"`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt time.Time   `json:"expires_at"`

	userID, invitedBy *string
	emailKey          *string
}

// InviteInput names who is invited: by e-mail address or by username.
type InviteInput struct {
	Email    *string `json:"email,omitempty"`
	Username *string `json:"username,omitempty"`
	Role     Role    `json:"role,omitempty" enum:"admin,member,viewer" doc:"default member"`
}

// InvitePreview is what the holder of a link sees before logging in.
type InvitePreview struct {
	TeamName  string      `json:"team_name"`
	Role      Role        `json:"role" enum:"owner,admin,member,viewer"`
	InvitedBy *users.User `json:"invited_by"`
	Email     *string     `json:"email"`
	ExpiresAt time.Time   `json:"expires_at"`
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func scanInvite(r db.Row) (i Invite, err error) {
	err = r.Scan(&i.ID, &i.TeamID, &i.TeamName, &i.Email, &i.emailKey, &i.userID, &i.Role, &i.invitedBy, &i.Status, db.ScanTime(&i.CreatedAt), db.ScanTime(&i.ExpiresAt))
	return i, err
}

// show fills in people and the state of time.
func (s *Service) showInvites(ctx context.Context, list []Invite) ([]Invite, error) {
	var ids []string
	for _, i := range list {
		ids = append(ids, deref(i.userID), deref(i.invitedBy))
	}
	people, err := s.users.Profiles(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for n := range list {
		i := &list[n]
		if u, ok := people[deref(i.invitedBy)]; ok {
			i.InvitedBy = &u
		}
		if u, ok := people[deref(i.userID)]; ok {
			i.Username = &u.Username
		}
		if i.Status == "pending" && s.db.Now().After(i.ExpiresAt) {
			i.Status = "expired"
		}
	}
	return list, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Invites lists a team's invites, newest first.
func (s *Service) Invites(ctx context.Context, actor users.Actor, teamID string) ([]Invite, error) {
	if _, err := s.AuthorizeRead(ctx, actor, teamID, ManageMembers); err != nil {
		return nil, err
	}
	list, err := db.Collect(ctx, s.db.Read(), scanInvite, invitesOfTeam, teamID)
	if err != nil {
		return nil, fmt.Errorf("list invites of %s: %w", teamID, err)
	}
	return s.showInvites(ctx, list)
}

// Invite offers membership. The answer carries the token of the link, which is shown this once.
func (s *Service) Invite(ctx context.Context, actor users.Actor, teamID string, in InviteInput) (Invite, error) {
	if in.Role == "" {
		in.Role = Member
	}
	if in.Role != Admin && in.Role != Member && in.Role != Viewer {
		return Invite{}, errs.Field("role", "must be one of admin, member, viewer")
	}
	if (in.Email == nil) == (in.Username == nil) {
		return Invite{}, errs.Field("email", "give either an e-mail address or a username")
	}
	invite, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Invite, error) {
		if _, err := s.Authorize(ctx, tx, actor, teamID, ManageMembers); err != nil {
			return Invite{}, err
		}
		t, err := s.team(ctx, tx, actor, teamID)
		if err != nil {
			return Invite{}, err
		}
		i := Invite{ID: newID(), TeamID: teamID, TeamName: t.Name, Role: in.Role, Status: "pending", CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(inviteLife), invitedBy: &actor.ID}
		if err := s.addressee(ctx, tx, &i, in); err != nil {
			return i, err
		}
		if _, err := tx.Exec(ctx, insertInvite, i.ID, teamID, i.Email, i.emailKey, i.userID, i.Role, hashToken(s.inviteToken(i.ID)), actor.ID, db.Time(i.CreatedAt), db.Time(i.ExpiresAt)); err != nil {
			return i, fmt.Errorf("insert invite: %w", err)
		}
		shown, err := s.showInvites(ctx, []Invite{i})
		if err != nil {
			return i, err
		}
		i = shown[0]
		if i.userID != nil {
			if err := s.tellInvited(ctx, tx, actor, &i); err != nil {
				return i, err
			}
		}
		return i, nil
	})
	if err != nil {
		return Invite{}, err
	}
	invite.Token = s.inviteToken(invite.ID)
	return invite, nil
}

// tellInvited tells somebody who has an account of their invite.
func (s *Service) tellInvited(ctx context.Context, tx *db.Tx, actor users.Actor, i *Invite) error {
	told, err := s.notify.Tell(ctx, tx, actor, notify.News{To: *i.userID, Event: "invite:" + i.ID, Type: notify.TeamInvite,
		TeamID: i.TeamID, InviteID: i.ID, Team: i.TeamName, About: "You would be " + withArticle(i.Role) + "."})
	if err != nil {
		return err
	}
	m := s.message("invite.created", actor, i.TeamID)
	m.Invite = *i
	_, err = s.log.Record(ctx, tx, *i.userID, append([]*events.Message{m}, told[*i.userID]...)...)
	return err
}

func withArticle(r Role) string {
	if r == Admin {
		return "an admin"
	}
	return "a " + string(r)
}

// inviteToken is the secret of an invite's link. It is made of the id, so that a repeated request is
// answered with the same one, although none is kept.
func (s *Service) inviteToken(id string) string {
	h := hmac.New(sha256.New, s.inviteKey)
	h.Write([]byte("invite " + id))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// addressee checks who is invited: somebody who is neither a member nor invited already.
func (s *Service) addressee(ctx context.Context, tx *db.Tx, i *Invite, in InviteInput) error {
	field, login := "email", deref(in.Email)
	if in.Username != nil {
		field, login = "username", *in.Username
	} else {
		if _, err := users.CheckEmail(login); err != nil {
			return err
		}
		key := users.Key(login)
		i.Email, i.emailKey = in.Email, &key
	}
	u, err := s.users.Find(ctx, tx, login)
	switch {
	case err == nil:
		i.userID = &u.ID
		if _, err := s.RoleOf(ctx, tx, i.TeamID, u.ID); err == nil {
			return &errs.Error{Kind: errs.Conflict, Code: "already_member", Field: field, Message: "is a member of this team already"}
		}
	case field == "username" && errors.Is(err, errs.NotFound):
		return errs.Field("username", "nobody here is called %q", login)
	case !errors.Is(err, errs.NotFound):
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, countPending, i.TeamID, deref(i.userID), deref(i.emailKey), db.Time(tx.Now)).Scan(&n); err != nil {
		return fmt.Errorf("look for invites: %w", err)
	}
	if n > 0 {
		return &errs.Error{Kind: errs.Conflict, Code: "already_invited", Field: field, Message: "has an open invite to this team"}
	}
	return nil
}

// RevokeInvite takes an open invite back.
func (s *Service) RevokeInvite(ctx context.Context, actor users.Actor, teamID, inviteID string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		if _, err := s.Authorize(ctx, tx, actor, teamID, ManageMembers); err != nil {
			return struct{}{}, err
		}
		i, err := s.findInvite(ctx, tx, inviteByID, inviteID)
		if err != nil {
			return struct{}{}, err
		}
		if i.TeamID != teamID {
			return struct{}{}, notFound("invite")
		}
		if i.Status == "revoked" {
			return struct{}{}, nil
		}
		told, err := s.decide(ctx, tx, actor, &i, "revoked")
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.log.RecordAll(ctx, tx, told)
	})
	return err
}

func (s *Service) findInvite(ctx context.Context, q db.Querier, query, arg string) (Invite, error) {
	i, err := scanInvite(q.QueryRowContext(ctx, query, arg))
	if db.NoRow(err) {
		return i, notFound("invite")
	}
	if err != nil {
		return i, fmt.Errorf("read invite: %w", err)
	}
	return i, nil
}

// decide ends an invite; the first decision counts. Its notification goes: the caller records what is told of that.
func (s *Service) decide(ctx context.Context, tx *db.Tx, actor users.Actor, i *Invite, status string) (notify.Removed, error) {
	n, err := tx.Exec(ctx, decideInvite, i.ID, status, db.Time(tx.Now))
	if err != nil {
		return nil, fmt.Errorf("decide invite %s: %w", i.ID, err)
	}
	if n == 0 {
		return nil, errs.Code(errs.Conflict, "invite_decided", "the invite was %s already", i.Status)
	}
	return s.notify.RemoveOfInvite(ctx, tx, actor, i.ID)
}

// open checks that an invite can still be answered.
func open(i *Invite, now time.Time) error {
	if i.Status != "pending" {
		return errs.Code(errs.Gone, "invite_"+i.Status, "the invite was %s", i.Status)
	}
	if now.After(i.ExpiresAt) {
		return errs.Code(errs.Gone, "invite_expired", "the invite has expired: ask for a new one")
	}
	return nil
}

// MyInvites lists the open invites of the actor, by account or e-mail address.
func (s *Service) MyInvites(ctx context.Context, actor users.Actor) ([]Invite, error) {
	me, err := s.users.Me(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	list, err := db.Collect(ctx, s.db.Read(), scanInvite, invitesOfUser, actor.ID, users.Key(me.Email), db.Time(s.db.Now()))
	if err != nil {
		return nil, fmt.Errorf("list invites of %s: %w", actor.ID, err)
	}
	return s.showInvites(ctx, list)
}

// InviteByToken is what an invite's link shows, to anybody who has it.
func (s *Service) InviteByToken(ctx context.Context, token string) (InvitePreview, error) {
	i, err := s.findInvite(ctx, s.db.Read(), inviteByToken, hashToken(token))
	if err != nil {
		return InvitePreview{}, err
	}
	if err := open(&i, s.db.Now()); err != nil {
		return InvitePreview{}, err
	}
	shown, err := s.showInvites(ctx, []Invite{i})
	if err != nil {
		return InvitePreview{}, err
	}
	i = shown[0]
	return InvitePreview{i.TeamName, i.Role, i.InvitedBy, i.Email, i.ExpiresAt}, nil
}

// InviteValid says whether a token is good for registering with this address while registration
// is closed.
func (s *Service) InviteValid(ctx context.Context, token, _ string) bool {
	_, err := s.InviteByToken(ctx, token)
	return err == nil
}

// AcceptInvite joins the team of a link. Whoever has a link to an e-mail address may use it; one to
// a username is that person's only.
func (s *Service) AcceptInvite(ctx context.Context, actor users.Actor, token string) (Team, error) {
	return s.accept(ctx, actor, inviteByToken, hashToken(token), func(i *Invite) bool { return i.Email != nil || deref(i.userID) == actor.ID })
}

// AcceptMyInvite joins the team of one of MyInvites.
func (s *Service) AcceptMyInvite(ctx context.Context, actor users.Actor, id string) (Team, error) {
	mine, err := s.mine(ctx, actor)
	if err != nil {
		return Team{}, err
	}
	return s.accept(ctx, actor, inviteByID, id, mine)
}

func (s *Service) mine(ctx context.Context, actor users.Actor) (func(*Invite) bool, error) {
	me, err := s.users.Me(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	return func(i *Invite) bool { return deref(i.userID) == actor.ID || deref(i.emailKey) == users.Key(me.Email) }, nil
}

func (s *Service) accept(ctx context.Context, actor users.Actor, query, arg string, may func(*Invite) bool) (Team, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Team, error) {
		i, err := s.findInvite(ctx, tx, query, arg)
		if err != nil {
			return Team{}, err
		}
		if !may(&i) {
			return Team{}, notFound("invite")
		}
		if err := open(&i, tx.Now); err != nil {
			return Team{}, err
		}
		told, err := s.decide(ctx, tx, actor, &i, "accepted")
		if err != nil {
			return Team{}, err
		}
		by, err := s.join(ctx, tx, actor, i.TeamID, actor.ID, i.Role)
		if err != nil {
			return Team{}, err
		}
		for id, list := range told {
			by[id] = append(by[id], list...)
		}
		if err := s.log.RecordAll(ctx, tx, by); err != nil {
			return Team{}, err
		}
		return s.team(ctx, tx, actor, i.TeamID)
	})
}

// DeclineInvite refuses the invite of a link.
func (s *Service) DeclineInvite(ctx context.Context, actor users.Actor, token string) error {
	return s.decline(ctx, actor, inviteByToken, hashToken(token), func(i *Invite) bool { return i.Email != nil || deref(i.userID) == actor.ID })
}

// DeclineMyInvite refuses one of MyInvites.
func (s *Service) DeclineMyInvite(ctx context.Context, actor users.Actor, id string) error {
	mine, err := s.mine(ctx, actor)
	if err != nil {
		return err
	}
	return s.decline(ctx, actor, inviteByID, id, mine)
}

func (s *Service) decline(ctx context.Context, actor users.Actor, query, arg string, may func(*Invite) bool) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		i, err := s.findInvite(ctx, tx, query, arg)
		if err != nil {
			return struct{}{}, err
		}
		if !may(&i) {
			return struct{}{}, notFound("invite")
		}
		if i.Status == "declined" {
			return struct{}{}, nil
		}
		if err := open(&i, tx.Now); err != nil {
			return struct{}{}, err
		}
		told, err := s.decide(ctx, tx, actor, &i, "declined")
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.log.RecordAll(ctx, tx, told)
	})
	return err
}
