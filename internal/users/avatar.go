package users

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
)

// Avatars is where avatars are found: /avatars/<hash>-<size>.<type>.
const Avatars = "/avatars/"

// SetAvatar makes a picture the actor's avatar, in place of the one before.
func (s *Service) SetAvatar(ctx context.Context, actor Actor, file []byte) (Me, error) {
	p, err := s.picture(ctx, file)
	if err != nil {
		return Me{}, err
	}
	// With the user in it, a hash is one person's alone: their rows go when they have another, whatever others have.
	sum := sha256.New()
	for _, part := range slices.Concat([][]byte{[]byte(actor.ID)}, p.images) {
		_, _ = sum.Write(part)
	}
	hash := hex.EncodeToString(sum.Sum(nil)[:16])
	return s.changeAvatar(ctx, actor, func(tx *db.Tx) error {
		args, rows := db.Args{}, make([]string, len(p.images))
		for i, data := range p.images {
			rows[i] = args.Tuple(actor.ID, AvatarSizes[i], hash, p.kind, data)
		}
		if _, err := tx.Exec(ctx, insertAvatars+strings.Join(rows, ", "), args...); err != nil {
			return fmt.Errorf("insert avatar of %s: %w", actor.ID, err)
		}
		return nil
	})
}

// picture decodes a file. Pictures of more than maxPixels together wait for each other: each takes memory by its pixels.
func (s *Service) picture(ctx context.Context, file []byte) (picture, error) {
	pixels, err := checkPicture(file)
	if err != nil {
		return picture{}, err
	}
	if err := s.decoding.Acquire(ctx, pixels); err != nil {
		return picture{}, fmt.Errorf("wait for other pictures: %w", err)
	}
	defer s.decoding.Release(pixels)
	return makePicture(file)
}

// RemoveAvatar leaves the actor with none.
func (s *Service) RemoveAvatar(ctx context.Context, actor Actor) (Me, error) {
	return s.changeAvatar(ctx, actor, func(*db.Tx) error { return nil })
}

// changeAvatar takes the avatar away, lets add bring another, and tells whoever sees the user.
func (s *Service) changeAvatar(ctx context.Context, actor Actor, add func(*db.Tx) error) (Me, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Me, error) {
		if _, err := tx.Exec(ctx, touchUser, actor.ID, db.Time(tx.Now)); err != nil { // of two at once, one is first
			return Me{}, fmt.Errorf("lock user %s: %w", actor.ID, err)
		}
		before, err := s.readMe(ctx, tx, actor.ID)
		if err != nil {
			return Me{}, err
		}
		if _, err := tx.Exec(ctx, deleteAvatar, actor.ID); err != nil {
			return Me{}, fmt.Errorf("delete avatar of %s: %w", actor.ID, err)
		}
		if err := add(tx); err != nil {
			return Me{}, err
		}
		m, err := s.readMe(ctx, tx, actor.ID)
		if err != nil {
			return Me{}, err
		}
		return m, s.shown(ctx, tx, actor, before.User, m.User)
	})
}

// Avatar is one picture in one size.
type Avatar struct {
	ContentType string
	Data        []byte
}

var contentTypes = map[string]string{jpegType: "image/jpeg", pngType: "image/png"}

// Avatar returns the picture with this file name, of those that avatar_url names.
func (s *Service) Avatar(ctx context.Context, name string) (Avatar, error) {
	missing := errs.New(errs.NotFound, "there is no such picture")
	stem, kind, _ := strings.Cut(name, ".")
	hash, size, _ := strings.Cut(stem, "-")
	width, err := strconv.Atoi(size)
	if err != nil || contentTypes[kind] == "" || !slices.Contains(AvatarSizes, width) || strconv.Itoa(width) != size {
		return Avatar{}, missing
	}
	a := Avatar{ContentType: contentTypes[kind]}
	err = s.db.Read().QueryRowContext(ctx, avatarByHash, hash, width, kind).Scan(&a.Data)
	if db.NoRow(err) {
		return Avatar{}, missing
	}
	if err != nil {
		return Avatar{}, fmt.Errorf("read avatar: %w", err)
	}
	return a, nil
}
