// Package teams owns teams and what all their projects share: members with their roles, invites,
// labels, and projects with their statuses. It decides who may do what.
package teams

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/users"
)

// Team is people who share projects, labels and a change log.
type Team struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	ShowMembers  bool      `json:"show_member_analytics" doc:"members may look at each other's figures"`
	Role         Role      `json:"role" enum:"owner,admin,member,viewer" doc:"the caller's"`
	MemberCount  int64     `json:"member_count"`
	ProjectCount int64     `json:"project_count"`
	Version      int64     `json:"version"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// NamesMembers says whether whoever read the team may see what each of its members did.
func (t Team) NamesMembers() bool { return t.ShowMembers || t.Role == Owner || t.Role == Admin }

// TeamInput is a new team.
type TeamInput struct {
	Name        string `json:"name" maxLength:"100"`
	Description string `json:"description,omitempty" maxLength:"2000"`
}

// TeamPatch is an edit of a team; nil means not sent.
type TeamPatch struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	ShowMembers *bool   `json:"show_member_analytics,omitempty"`
}

// TaskHooks are what tasks do when something they refer to goes. The returned parts travel in the
// message of the cause.
type TaskHooks struct {
	StatusCounts  func(ctx context.Context, q db.Querier, projectID string) (map[string]int64, error)
	StatusDeleted func(ctx context.Context, tx *db.Tx, actor users.Actor, p Project, from, to string) ([]events.TaskChange, error)
	LabelDeleted  func(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, labelID string) ([]events.TaskChange, error)
	MemberLeaves  func(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, userID string) ([]events.TaskChange, error) // before
	MemberRemoved func(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, userID string) ([]events.TaskChange, error)
}

// Service reads and changes teams.
type Service struct {
	db     *db.DB
	log    *events.Log
	users  *users.Service
	notify *notify.Service
	tasks  TaskHooks

	inviteKey []byte

	roles    *otter.Cache[memberKey, Role]
	projects *otter.Cache[string, ProjectRef]
}

type memberKey struct{ teamID, userID string }

// NewService returns the service on d. The key makes the secrets of invites; it is the same on all
// nodes.
func NewService(d *db.DB, log *events.Log, u *users.Service, n *notify.Service, key []byte) *Service {
	s := &Service{
		db: d, log: log, users: u, notify: n, inviteKey: key,
		roles: otter.Must(&otter.Options[memberKey, Role]{
			MaximumSize:      50_000,
			ExpiryCalculator: otter.ExpiryWriting[memberKey, Role](time.Minute),
		}),
		projects: otter.Must(&otter.Options[string, ProjectRef]{
			MaximumSize:      10_000,
			ExpiryCalculator: otter.ExpiryWriting[string, ProjectRef](time.Minute),
		}),
	}
	n.InviteLink = s.inviteLink
	n.Composes(inviteMail, s.composeInvite)
	return s
}

// SetTaskHooks registers what happens to tasks; package tasks does so once.
func (s *Service) SetTaskHooks(h TaskHooks) { s.tasks = h }

// Forget drops what is cached of a membership that changed on another node; userID "" means
// everybody's.
func (s *Service) Forget(teamID, userID string) {
	if userID == "" {
		s.roles.InvalidateAll()
		s.projects.InvalidateAll()
		return
	}
	s.roles.Invalidate(memberKey{teamID, userID})
}

// membershipChanged drops what is cached after the commit, and returns what the nodes are told: that
// somebody was added to a team, removed from it or got another role, or with userID "" that the team
// is gone.
func (s *Service) membershipChanged(tx *db.Tx, teamID, userID string) []*events.Message {
	tx.Invalidate(func(context.Context) { s.Forget(teamID, userID) })
	return []*events.Message{{Type: events.MembershipChanged, TeamID: teamID, UserID: userID}}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func notFound(what string) error { return errs.New(errs.NotFound, "%s not found", what) }

// RoleOf returns somebody's role in a team; outsiders get errs.NotFound.
func (s *Service) RoleOf(ctx context.Context, q db.Querier, teamID, userID string) (Role, error) {
	var r Role
	err := q.QueryRowContext(ctx, roleOf, teamID, userID).Scan(&r)
	if db.NoRow(err) {
		return "", notFound("team")
	}
	if err != nil {
		return "", fmt.Errorf("read role in %s: %w", teamID, err)
	}
	return r, nil
}

// HoldMember is RoleOf for whoever is to get something in the team: they stay a member until the commit.
func (s *Service) HoldMember(ctx context.Context, tx *db.Tx, teamID, userID string) error {
	var r Role
	err := tx.QueryRowContext(ctx, roleOf+tx.Dialect().Pick("", "\nFOR KEY SHARE"), teamID, userID).Scan(&r)
	if db.NoRow(err) {
		return notFound("team")
	}
	if err != nil {
		return fmt.Errorf("read role in %s: %w", teamID, err)
	}
	return nil
}

// hold takes a row that is about to be deleted, so that nobody refers to it anew. SQLite has one writer anyway.
func (s *Service) hold(ctx context.Context, tx *db.Tx, query, id string) error {
	if tx.Dialect() == db.SQLite {
		return nil
	}
	if err := tx.QueryRowContext(ctx, query, id).Scan(&id); err != nil && !db.NoRow(err) {
		return fmt.Errorf("hold %s: %w", id, err)
	}
	return nil
}

// Authorize checks that the actor may do p in the team: errs.NotFound for outsiders, who must not
// learn that it exists, errs.Forbidden for a role that is too weak. Writes call it inside their
// transaction.
func (s *Service) Authorize(ctx context.Context, q db.Querier, actor users.Actor, teamID string, p Permission) (Role, error) {
	r, err := s.RoleOf(ctx, q, teamID, actor.ID)
	if err != nil {
		return "", err
	}
	return r, r.check(p)
}

func (r Role) check(p Permission) error {
	if r.Can(p) {
		return nil
	}
	return errs.New(errs.Forbidden, "your role %s does not allow to %s", r, p)
}

// AuthorizeRead is Authorize for reads: the role may be up to a minute old on a node that did not
// change it.
func (s *Service) AuthorizeRead(ctx context.Context, actor users.Actor, teamID string, p Permission) (Role, error) {
	key := memberKey{teamID, actor.ID}
	r, ok := s.roles.GetIfPresent(key)
	if !ok {
		var err error
		if r, err = s.RoleOf(ctx, s.db.Read(), teamID, actor.ID); err != nil {
			return "", err
		}
		s.roles.Set(key, r)
	}
	return r, r.check(p)
}

// TeamIDs lists the teams somebody is in.
func (s *Service) TeamIDs(ctx context.Context, userID string) ([]string, error) {
	ids, err := db.Collect(ctx, s.db.Read(), db.ScanString, teamIDsOf, userID)
	if err != nil {
		return nil, fmt.Errorf("list teams of %s: %w", userID, err)
	}
	return ids, nil
}

// SharesTeam says whether two people are in a team together.
func (s *Service) SharesTeam(ctx context.Context, a, b string) (bool, error) {
	var yes bool
	if err := s.db.Read().QueryRowContext(ctx, sharesTeam, a, b).Scan(&yes); err != nil {
		return false, fmt.Errorf("compare teams: %w", err)
	}
	return yes, nil
}

func scanTeam(r db.Row) (t Team, err error) {
	err = r.Scan(&t.ID, &t.Name, &t.Description, &t.ShowMembers, &t.Version, db.ScanTime(&t.CreatedAt), db.ScanTime(&t.UpdatedAt), &t.Role, &t.MemberCount, &t.ProjectCount)
	return t, err
}

// ListTeams lists the actor's teams by name.
func (s *Service) ListTeams(ctx context.Context, actor users.Actor) ([]Team, error) {
	list, err := db.Collect(ctx, s.db.Read(), scanTeam, teamsOf, actor.ID)
	if err != nil {
		return nil, fmt.Errorf("list teams: %w", err)
	}
	return list, nil
}

// Team returns one of the actor's teams.
func (s *Service) Team(ctx context.Context, actor users.Actor, id string) (Team, error) {
	return s.team(ctx, s.db.Read(), actor, id)
}

func (s *Service) team(ctx context.Context, q db.Querier, actor users.Actor, id string) (Team, error) {
	t, err := scanTeam(q.QueryRowContext(ctx, teamByID, actor.ID, id))
	if db.NoRow(err) {
		return t, notFound("team")
	}
	if err != nil {
		return t, fmt.Errorf("read team %s: %w", id, err)
	}
	return t, nil
}

// CreateTeam makes a team that the actor owns.
func (s *Service) CreateTeam(ctx context.Context, actor users.Actor, in TeamInput) (Team, error) {
	var err error
	if in.Name, err = errs.Line("name", in.Name, 100); err != nil {
		return Team{}, err
	}
	if in.Description, err = errs.Text("description", in.Description, 2000); err != nil {
		return Team{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Team, error) {
		t := Team{ID: newID(), Name: in.Name, Description: in.Description, Role: Owner, MemberCount: 1, Version: 1, CreatedAt: tx.Now, UpdatedAt: tx.Now}
		if _, err := tx.Exec(ctx, insertTeam, t.ID, t.Name, t.Description, db.Time(tx.Now)); err != nil {
			return t, fmt.Errorf("insert team: %w", err)
		}
		if err := s.log.Open(ctx, tx, t.ID); err != nil {
			return t, err
		}
		if _, err := tx.Exec(ctx, insertMember, t.ID, actor.ID, Owner, db.Time(tx.Now)); err != nil {
			return t, fmt.Errorf("insert owner: %w", err)
		}
		m := s.message("team.joined", actor, t.ID)
		m.Team = t
		return t, s.log.RecordAll(ctx, tx, map[string][]*events.Message{actor.ID: {m}, events.Nodes: s.membershipChanged(tx, t.ID, actor.ID)})
	})
}

func (s *Service) message(kind string, actor users.Actor, teamID string) *events.Message {
	return &events.Message{Type: kind, TeamID: teamID, UpdatedBy: actor.By(), MutationID: actor.Mutation.Ref()}
}

func stale(what string, have, want int64, current any) error {
	return &errs.Error{Kind: errs.Stale, Code: "stale", Message: fmt.Sprintf("the %s is at version %d, not %d", what, have, want), Data: map[string]any{"current": current}}
}

// UpdateTeam edits name and description.
func (s *Service) UpdateTeam(ctx context.Context, actor users.Actor, id string, p TeamPatch, ifMatch *int64) (Team, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Team, error) {
		if _, err := s.Authorize(ctx, tx, actor, id, EditTeam); err != nil {
			return Team{}, err
		}
		t, err := s.team(ctx, tx, actor, id)
		if err != nil {
			return t, err
		}
		if ifMatch != nil && *ifMatch != t.Version {
			return t, stale("team", t.Version, *ifMatch, t)
		}
		before := t
		if p.Name != nil {
			if t.Name, err = errs.Line("name", *p.Name, 100); err != nil {
				return t, err
			}
		}
		if p.Description != nil {
			if t.Description, err = errs.Text("description", *p.Description, 2000); err != nil {
				return t, err
			}
		}
		if p.ShowMembers != nil {
			t.ShowMembers = *p.ShowMembers
		}
		if t == before {
			return t, nil
		}
		n, err := tx.Exec(ctx, updateTeam, id, t.Version, t.Name, t.Description, t.ShowMembers, db.Time(tx.Now))
		if err != nil {
			return t, fmt.Errorf("update team %s: %w", id, err)
		}
		if n == 0 {
			return t, db.ErrRetry
		}
		t.Version++
		t.UpdatedAt = tx.Now
		m := s.message("team.updated", actor, id)
		m.Version = t.Version
		m.Changes = map[string]any{"name": t.Name, "description": t.Description, "show_member_analytics": t.ShowMembers, "updated_at": t.UpdatedAt}
		_, err = s.log.Record(ctx, tx, id, m)
		return t, err
	})
}

// DeleteTeam removes a team with all that is in it, for good. The stream stays, so that open clients
// learn of it.
func (s *Service) DeleteTeam(ctx context.Context, actor users.Actor, id string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		if _, err := s.Authorize(ctx, tx, actor, id, DeleteTeam); err != nil {
			return struct{}{}, err
		}
		members, err := db.Collect(ctx, tx, db.ScanString, memberIDs, id)
		if err != nil {
			return struct{}{}, fmt.Errorf("list members of %s: %w", id, err)
		}
		if err := s.hold(ctx, tx, holdTeam, id); err != nil {
			return struct{}{}, err
		}
		by, err := s.notify.RemoveOfTeam(ctx, tx, actor, id)
		if err != nil {
			return struct{}{}, err
		}
		if _, err := tx.Exec(ctx, deleteTeam, id); err != nil {
			return struct{}{}, fmt.Errorf("delete team %s: %w", id, err)
		}
		if by == nil {
			by = map[string][]*events.Message{}
		}
		by[id], by[events.Nodes] = []*events.Message{s.message("team.deleted", actor, id)}, s.membershipChanged(tx, id, "")
		for _, u := range members {
			by[u] = append(by[u], s.message("team.left", actor, id))
		}
		return struct{}{}, s.log.RecordAll(ctx, tx, by)
	})
	return err
}
