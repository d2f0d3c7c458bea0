package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// Session is one login, on one device.
type Session struct {
	ID         string    `json:"id"`
	Current    bool      `json:"current" doc:"the one that asks"`
	UserAgent  string    `json:"user_agent"`
	IP         string    `json:"ip"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at" doc:"to about a quarter of an hour"`
	ExpiresAt  time.Time `json:"expires_at"`

	userID string
}

func scanSession(r db.Row) (s Session, err error) {
	err = r.Scan(&s.ID, &s.userID, &s.UserAgent, &s.IP, db.ScanTime(&s.CreatedAt), db.ScanTime(&s.LastUsedAt), db.ScanTime(&s.ExpiresAt))
	return s, err
}

const maxListed = 200

// Sessions returns the actor's live sessions, at most the 200 newest, newest first.
func (s *Service) Sessions(ctx context.Context, actor users.Actor) ([]Session, error) {
	list, err := db.Collect(ctx, s.db.Read(), scanSession, listSessions, actor.ID, db.Time(s.db.Now()), maxListed)
	if err != nil {
		return nil, fmt.Errorf("list sessions of %s: %w", actor.ID, err)
	}
	for i := range list {
		list[i].Current = list[i].ID == actor.SessionID
	}
	return list, nil
}

// RevokeSession ends one of the actor's own sessions.
func (s *Service) RevokeSession(ctx context.Context, actor users.Actor, id string) error {
	notFound := errs.New(errs.NotFound, "session not found")
	if uuid.Validate(id) != nil {
		return notFound
	}
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		found, err := s.endOne(ctx, tx, actor.ID, id, actor.By(), actor.Mutation.Ref())
		if err == nil && !found {
			err = notFound
		}
		return struct{}{}, err
	})
	return err
}

// endOne ends one live session of the user, and says whether there was one. by is nil when it is
// not the user's own wish.
func (s *Service) endOne(ctx context.Context, tx *db.Tx, userID, id string, by *events.By, mutation *string) (bool, error) {
	n, err := s.end(ctx, tx, userID, by, mutation, endSession, id, userID, db.Time(tx.Now))
	return n > 0, err
}

// endAllBut ends the live sessions of the user except one; "" spares none.
func (s *Service) endAllBut(ctx context.Context, tx *db.Tx, userID, spared string, by *events.By, mutation *string) error {
	_, err := s.end(ctx, tx, userID, by, mutation, endOtherSessions, userID, spared, db.Time(tx.Now))
	return err
}

func (s *Service) end(ctx context.Context, tx *db.Tx, userID string, by *events.By, mutation *string, query string, args ...any) (int, error) {
	// First the stream, then its sessions: two that end sessions of one user cannot deadlock.
	if err := s.log.Lock(ctx, tx, userID); err != nil {
		return 0, err
	}
	ids, err := db.Collect(ctx, tx, db.ScanString, query, args...)
	if err != nil {
		return 0, fmt.Errorf("end sessions of %s: %w", userID, err)
	}
	own, nodes := make([]*events.Message, len(ids)), make([]*events.Message, len(ids))
	for i, id := range ids {
		own[i] = &events.Message{Type: events.SessionEnded, SessionID: id, UpdatedBy: by, MutationID: mutation}
		nodes[i] = &events.Message{Type: events.SessionEnded, SessionID: id, UserID: userID}
	}
	if err := s.log.RecordAll(ctx, tx, map[string][]*events.Message{userID: own, events.Nodes: nodes}); err != nil {
		return 0, err
	}
	tx.Invalidate(func(context.Context) {
		for _, id := range ids {
			s.states.Invalidate(id)
		}
	})
	return len(ids), nil
}

// state is what a request needs to know of a live session.
type state struct {
	userID, username string
	admin            bool
	expires          time.Time
}

// alive returns the session's state, at most a minute old. otter drops what a loader read when
// the key is invalidated meanwhile, so that an ended session does not come back.
func (s *Service) alive(ctx context.Context, sessionID string) (state, error) {
	// The load is shared: one caller who leaves must not fail the others.
	st, err := s.states.Get(ctx, sessionID, otter.LoaderFunc[string, state](func(ctx context.Context, id string) (state, error) {
		return s.readState(context.WithoutCancel(ctx), id)
	}))
	if err != nil {
		return state{}, err
	}
	if !st.expires.After(s.db.Now()) {
		return state{}, errTokenInvalid
	}
	return st, nil
}

func (s *Service) readState(ctx context.Context, id string) (state, error) {
	session, err := scanSession(s.db.Read().QueryRowContext(ctx, aliveSession, id, db.Time(s.db.Now())))
	if db.NoRow(err) {
		return state{}, errTokenInvalid
	}
	if err != nil {
		return state{}, fmt.Errorf("read session %s: %w", id, err)
	}
	c, err := s.users.Credentials(ctx, s.db.Read(), session.userID)
	if err != nil {
		return state{}, err
	}
	if c.DisabledAt != nil {
		return state{}, errTokenInvalid
	}
	return state{session.userID, c.Username, c.Admin, session.ExpiresAt}, nil
}

// usedTokensKept is how long a used refresh token is remembered; a thief who comes later is
// refused as well, but the session stays.
const usedTokensKept = 30 * 24 * time.Hour

// CleanUp deletes expired sessions, refresh tokens used long ago, and expired links of mails.
func (s *Service) CleanUp(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, deleteExpiredSessions, db.Time(tx.Now)); err != nil {
			return fmt.Errorf("delete expired sessions: %w", err)
		}
		if _, err := tx.Exec(ctx, deleteUsedRefreshTokens, db.Time(tx.Now.Add(-usedTokensKept))); err != nil {
			return fmt.Errorf("delete used refresh tokens: %w", err)
		}
		if _, err := tx.Exec(ctx, deleteExpiredResets, db.Time(tx.Now)); err != nil {
			return fmt.Errorf("delete expired reset links: %w", err)
		}
		if _, err := tx.Exec(ctx, deleteExpiredVerifications, db.Time(tx.Now)); err != nil {
			return fmt.Errorf("delete expired verification links: %w", err)
		}
		return nil
	})
}
