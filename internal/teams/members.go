package teams

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// Membership is a user in a team.
type Membership struct {
	users.User
	Role     Role      `json:"role" enum:"owner,admin,member,viewer"`
	JoinedAt time.Time `json:"joined_at"`
}

func scanMembership(r db.Row) (m Membership, err error) {
	err = r.Scan(&m.ID, &m.Role, db.ScanTime(&m.JoinedAt))
	return m, err
}

// MembersOf returns all members of a team, those who joined first first.
func (s *Service) MembersOf(ctx context.Context, q db.Querier, teamID string) ([]Membership, error) {
	list, err := db.Collect(ctx, q, scanMembership, membersOf, teamID)
	if err != nil {
		return nil, fmt.Errorf("list members of %s: %w", teamID, err)
	}
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	people, err := s.users.Profiles(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if u, ok := people[list[i].ID]; ok {
			list[i].User = u
		}
	}
	return list, nil
}

// MembersCalled returns the ids of the members with these usernames, folded by users.Key.
func (s *Service) MembersCalled(ctx context.Context, tx *db.Tx, teamID string, usernames []string) ([]string, error) {
	var out []string
	for part := range slices.Chunk(usernames, 200) {
		args := db.Args{teamID}
		ids, err := db.Collect(ctx, tx, db.ScanString, membersCalled+args.In(part)+tx.Dialect().Pick("", "\nFOR KEY SHARE OF m"), args...)
		if err != nil {
			return nil, fmt.Errorf("find members of %s: %w", teamID, err)
		}
		out = append(out, ids...)
	}
	return out, nil
}

// Members lists the members of one of the actor's teams.
func (s *Service) Members(ctx context.Context, actor users.Actor, teamID string) ([]Membership, error) {
	if _, err := s.AuthorizeRead(ctx, actor, teamID, ViewTeam); err != nil {
		return nil, err
	}
	return s.MembersOf(ctx, s.db.Read(), teamID)
}

func (s *Service) membership(ctx context.Context, tx *db.Tx, teamID, userID string) (Membership, error) {
	m, err := scanMembership(tx.QueryRowContext(ctx, memberByID, teamID, userID))
	if db.NoRow(err) {
		return m, notFound("member")
	}
	if err != nil {
		return m, fmt.Errorf("read member %s: %w", userID, err)
	}
	people, err := s.users.Profiles(ctx, userID)
	if u, ok := people[userID]; ok {
		m.User = u
	}
	return m, err
}

// keepAnOwner refuses to take the last owner's role away: some are there besides those who are leaving. The caller
// holds the stream's lock, so two owners cannot leave at the same time.
func (s *Service) keepAnOwner(ctx context.Context, tx *db.Tx, teamID string, leaving int) error {
	var owners int
	if err := tx.QueryRowContext(ctx, countOwners, teamID).Scan(&owners); err != nil {
		return fmt.Errorf("count owners of %s: %w", teamID, err)
	}
	if owners <= leaving {
		return errs.Code(errs.Conflict, "last_owner", "a team keeps at least one owner: make somebody else an owner first")
	}
	return nil
}

// SetRole changes a member's role. Owners are made and unmade by owners only.
func (s *Service) SetRole(ctx context.Context, actor users.Actor, teamID, userID string, role Role) (Membership, error) {
	if _, ok := map[Role]bool{Owner: true, Admin: true, Member: true, Viewer: true}[role]; !ok {
		return Membership{}, errs.Field("role", "must be one of owner, admin, member, viewer")
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Membership, error) {
		if err := s.log.Lock(ctx, tx, teamID); err != nil {
			return Membership{}, err
		}
		own, err := s.RoleOf(ctx, tx, teamID, actor.ID)
		if err != nil {
			return Membership{}, err
		}
		stepsDown := userID == actor.ID && own == Owner // an owner may always hand over
		if err := own.check(ManageMembers); err != nil && !stepsDown {
			return Membership{}, err
		}
		m, err := s.membership(ctx, tx, teamID, userID)
		if err != nil {
			return m, err
		}
		if m.Role == Owner || role == Owner {
			if err := own.check(ManageOwners); err != nil {
				return m, err
			}
		}
		if m.Role == role {
			return m, nil
		}
		if m.Role == Owner {
			if err := s.keepAnOwner(ctx, tx, teamID, 1); err != nil {
				return m, err
			}
		}
		m.Role = role
		if _, err := tx.Exec(ctx, updateRole, teamID, userID, role); err != nil {
			return m, fmt.Errorf("set role of %s: %w", userID, err)
		}
		msg := s.message("member.updated", actor, teamID)
		msg.Member = m
		return m, s.log.RecordAll(ctx, tx, map[string][]*events.Message{teamID: {msg}, events.Nodes: s.membershipChanged(tx, teamID, userID)})
	})
}

// RemoveMember removes somebody, or oneself: everybody may leave. Their tasks become unassigned.
func (s *Service) RemoveMember(ctx context.Context, actor users.Actor, teamID, userID string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		own, err := s.RoleOf(ctx, tx, teamID, actor.ID)
		if err != nil {
			return struct{}{}, err
		}
		if err := own.check(ManageMembers); err != nil && userID != actor.ID {
			return struct{}{}, err
		}
		m, err := s.membership(ctx, tx, teamID, userID)
		if err != nil {
			return struct{}{}, err
		}
		if err := mayRemove(own, m.Role, userID == actor.ID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.removeMember(ctx, tx, actor, teamID, m)
	})
	return err
}

// mayRemove says whether somebody of a role may remove somebody of another, or themselves.
func mayRemove(own, role Role, self bool) error {
	if role == Owner {
		return own.check(ManageOwners)
	}
	if self {
		return nil
	}
	return own.check(ManageMembers)
}

// removeMember takes locks in the order of all writes: tasks, the membership, unread counts, the stream. Roles change
// only under the stream's lock, so they are looked at again when it is held.
func (s *Service) removeMember(ctx context.Context, tx *db.Tx, actor users.Actor, teamID string, m Membership) error {
	parts, err := s.tasks.MemberLeaves(ctx, tx, actor, teamID, m.ID)
	if err != nil {
		return err
	}
	own := m.Role
	if err := tx.QueryRowContext(ctx, deleteMember, teamID, m.ID).Scan(&m.Role); db.NoRow(err) {
		return fmt.Errorf("member %s: %w", m.ID, db.ErrRetry) // left meanwhile
	} else if err != nil {
		return fmt.Errorf("remove member %s: %w", m.ID, err)
	}
	late, err := s.tasks.MemberRemoved(ctx, tx, actor, teamID, m.ID)
	if err != nil {
		return err
	}
	told, err := s.notify.RemoveOfMember(ctx, tx, actor, teamID, m.ID)
	if err != nil {
		return err
	}
	if err := s.log.Lock(ctx, tx, teamID); err != nil {
		return err
	}
	if m.ID != actor.ID {
		if own, err = s.RoleOf(ctx, tx, teamID, actor.ID); err != nil {
			return err
		}
	}
	if err := mayRemove(own, m.Role, m.ID == actor.ID); err != nil {
		return err
	}
	if err := s.keepAnOwner(ctx, tx, teamID, 0); err != nil {
		return err
	}
	msg := s.message("member.removed", actor, teamID)
	msg.Member, msg.Tasks = m, append(parts, late...)
	return s.log.RecordAll(ctx, tx, map[string][]*events.Message{
		teamID:       {msg},
		m.ID:         append(told[m.ID], s.message("team.left", actor, teamID)),
		events.Nodes: s.membershipChanged(tx, teamID, m.ID),
	})
}

// join adds somebody to a team; the caller records what it returns.
func (s *Service) join(ctx context.Context, tx *db.Tx, actor users.Actor, teamID, userID string, role Role) (map[string][]*events.Message, error) {
	if _, err := tx.Exec(ctx, insertMember, teamID, userID, role, db.Time(tx.Now)); err != nil {
		if db.IsUnique(err) {
			return nil, errs.Code(errs.Conflict, "already_member", "is a member of this team already")
		}
		return nil, fmt.Errorf("add member: %w", err)
	}
	m, err := s.membership(ctx, tx, teamID, userID)
	if err != nil {
		return nil, err
	}
	added := s.message("member.added", actor, teamID)
	added.Member = m
	t, err := s.team(ctx, tx, users.Actor{ID: userID}, teamID)
	if err != nil {
		return nil, err
	}
	joined := s.message("team.joined", actor, teamID)
	joined.Team = t
	return map[string][]*events.Message{teamID: {added}, userID: {joined}, events.Nodes: s.membershipChanged(tx, teamID, userID)}, nil
}

// UserShown tells the user's teams, and the user's own other pages, what the user looks like now. The message holds no
// role: that one changes under the lock of each team's stream.
func (s *Service) UserShown(ctx context.Context, tx *db.Tx, actor users.Actor, u users.User) error {
	teamIDs, err := db.Collect(ctx, tx, db.ScanString, teamIDsOf, u.ID)
	if err != nil {
		return fmt.Errorf("list teams of %s: %w", u.ID, err)
	}
	by := map[string][]*events.Message{events.Nodes: {{Type: events.UserShown, UserID: u.ID}}}
	for _, stream := range append(teamIDs, u.ID) {
		msg := s.message("user.updated", actor, stream)
		if stream == u.ID {
			msg.TeamID = ""
		}
		msg.User = u
		by[stream] = []*events.Message{msg}
	}
	return s.log.RecordAll(ctx, tx, by)
}
