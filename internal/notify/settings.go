package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// stored is how the database names a way: nothing for none, so that indexes leave it out.
func (e Email) stored() string {
	if e == Off {
		return ""
	}
	return string(e)
}

func emailOf(stored string) Email {
	if stored == "" {
		return Off
	}
	return Email(stored)
}

// Preference is how somebody wants to hear of one type.
type Preference struct {
	InApp bool  `json:"in_app"`
	Email Email `json:"email" enum:"at_once,digest,off"`
}

// defaults do not spam: only what somebody does to a person comes by mail at once.
var defaults = map[Type]Preference{
	Mention:           {true, AtOnce},
	TaskAssigned:      {true, AtOnce},
	TeamInvite:        {true, AtOnce},
	TaskCommented:     {true, Digest},
	TaskStatusChanged: {true, Digest},
	TaskDueSoon:       {true, Digest},
}

// Settings are how somebody wants to be told.
type Settings struct {
	Types         map[Type]Preference `json:"types" doc:"by type"`
	Digest        bool                `json:"digest" doc:"whether a daily digest is sent; off: what is to go there is not mailed"`
	DigestHour    int64               `json:"digest_hour" minimum:"0" maximum:"23" doc:"the hour of the digest, in your time zone"`
	QuietFrom     *string             `json:"quiet_from" doc:"no mail from then, such as 22:00, in your time zone; null: there are no quiet hours"`
	QuietTo       *string             `json:"quiet_to" doc:"until then"`
	WatchedStatus bool                `json:"watched_status" doc:"whether to hear of status changes of tasks that you only watch"`
	Timezone      string              `json:"timezone" doc:"that of your profile"`
}

// PreferencePatch is a change of a Preference; nil members stay.
type PreferencePatch struct {
	InApp *bool  `json:"in_app,omitempty"`
	Email *Email `json:"email,omitempty" enum:"at_once,digest,off"`
}

// SettingsPatch is a change of Settings; nil members stay.
type SettingsPatch struct {
	Types              map[Type]PreferencePatch
	Digest             *bool
	DigestHour         *int64
	QuietFrom, QuietTo **string // to nil: no quiet hours
	WatchedStatus      *bool
}

// apply changes what the patch names, or says everything that is wrong with it.
func (s *Settings) apply(p SettingsPatch) error {
	var wrong []error
	for _, t := range slices.Sorted(maps.Keys(p.Types)) {
		way, ok := s.Types[t]
		if !ok {
			wrong = append(wrong, errs.Field("types."+string(t), "is none of %s", names()))
			continue
		}
		if v := p.Types[t].InApp; v != nil {
			way.InApp = *v
		}
		if v := p.Types[t].Email; v != nil {
			way.Email = *v
		}
		if way.Email != Off && way.Email != AtOnce && way.Email != Digest {
			wrong = append(wrong, errs.Field("types."+string(t)+".email", "must be one of at_once, digest, off"))
		}
		s.Types[t] = way
	}
	if p.Digest != nil {
		s.Digest = *p.Digest
	}
	if p.DigestHour != nil {
		s.DigestHour = *p.DigestHour
		if s.DigestHour < 0 || s.DigestHour > 23 {
			wrong = append(wrong, errs.Field("digest_hour", "must be from 0 to 23"))
		}
	}
	if p.WatchedStatus != nil {
		s.WatchedStatus = *p.WatchedStatus
	}
	return errors.Join(append(wrong, s.applyQuiet(p))...)
}

// applyQuiet changes the quiet hours, which have a beginning and an end or are none.
func (s *Settings) applyQuiet(p SettingsPatch) error {
	switch {
	case p.QuietFrom == nil && p.QuietTo == nil:
		return nil
	case p.QuietFrom == nil:
		return errs.Field("quiet_from", "must be given together with quiet_to")
	case p.QuietTo == nil:
		return errs.Field("quiet_to", "must be given together with quiet_from")
	}
	from, to := *p.QuietFrom, *p.QuietTo
	switch {
	case from == nil && to != nil:
		return errs.Field("quiet_from", "must be a time, as quiet_to is one")
	case from != nil && to == nil:
		return errs.Field("quiet_to", "must be a time, as quiet_from is one")
	case from != nil:
		if err := errors.Join(checkClock("quiet_from", *from), checkClock("quiet_to", *to)); err != nil {
			return err
		}
		if *from == *to {
			return errs.Field("quiet_to", "must differ from quiet_from")
		}
	}
	s.QuietFrom, s.QuietTo = from, to
	return nil
}

func checkClock(field, s string) error {
	if t, err := time.Parse("15:04", s); err != nil || t.Format("15:04") != s {
		return errs.Field(field, "must be a time of day such as 22:00")
	}
	return nil
}

// SettingsOf returns how somebody wants to be told.
func (s *Service) SettingsOf(ctx context.Context, q db.Querier, userID string) (Settings, error) {
	out := Settings{Types: maps.Clone(defaults), Digest: true, DigestHour: 8}
	var digest, watched *bool
	var hour *int64
	err := q.QueryRowContext(ctx, settingsOf, userID).Scan(&digest, &hour, &out.QuietFrom, &out.QuietTo, &watched, &out.Timezone)
	if err != nil {
		return out, fmt.Errorf("read notification settings of %s: %w", userID, err)
	}
	if digest != nil && hour != nil && watched != nil {
		out.Digest, out.DigestHour, out.WatchedStatus = *digest, *hour, *watched
	}
	type line struct {
		kind Type
		way  Preference
	}
	lines, err := db.Collect(ctx, q, func(r db.Row) (l line, err error) {
		var email string
		err = r.Scan(&l.kind, &l.way.InApp, &email)
		l.way.Email = emailOf(email)
		return l, err
	}, preferencesOf, userID)
	if err != nil {
		return out, fmt.Errorf("read notification preferences of %s: %w", userID, err)
	}
	for _, l := range lines {
		out.Types[l.kind] = l.way
	}
	return out, nil
}

// Settings returns the actor's.
func (s *Service) Settings(ctx context.Context, actor users.Actor) (Settings, error) {
	return s.SettingsOf(ctx, s.db.Read(), actor.ID)
}

// UpdateSettings changes the actor's and returns the whole.
func (s *Service) UpdateSettings(ctx context.Context, actor users.Actor, p SettingsPatch) (Settings, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Settings, error) {
		set, err := s.SettingsOf(ctx, tx, actor.ID)
		if err != nil {
			return set, err
		}
		if err := set.apply(p); err != nil {
			return set, err
		}
		for _, t := range slices.Sorted(maps.Keys(p.Types)) {
			if err := setWay(ctx, tx, actor.ID, t, set.Types[t]); err != nil {
				return set, err
			}
		}
		if _, err := tx.Exec(ctx, setSettings, actor.ID, set.Digest, set.DigestHour, set.QuietFrom, set.QuietTo, set.WatchedStatus); err != nil {
			return set, fmt.Errorf("set notification settings of %s: %w", actor.ID, err)
		}
		return set, nil
	})
}

// setWay keeps a preference; one that is the default is no row. What waits to be mailed keeps to it too.
func setWay(ctx context.Context, tx *db.Tx, userID string, t Type, way Preference) error {
	var err error
	if way == defaults[t] {
		_, err = tx.Exec(ctx, dropPreference, userID, string(t))
	} else {
		_, err = tx.Exec(ctx, setPreference, userID, string(t), way.InApp, way.Email.stored())
	}
	if err != nil {
		return fmt.Errorf("set preference of %s for %s: %w", userID, t, err)
	}
	if way.Email != Off {
		return nil
	}
	if _, err := tx.Exec(ctx, unmailType, userID, string(t)); err != nil {
		return fmt.Errorf("stop mails of %s about %s: %w", userID, t, err)
	}
	return nil
}

// MuteTask makes a task one that the user hears nothing of, or no longer.
func (s *Service) MuteTask(ctx context.Context, tx *db.Tx, userID, taskID string, on bool) error {
	return mute(ctx, tx, on, muteTask, unmuteTask, unmailTask, userID, taskID)
}

// MuteProject makes a project one that the user hears nothing of, or no longer.
func (s *Service) MuteProject(ctx context.Context, tx *db.Tx, userID, projectID string, on bool) error {
	return mute(ctx, tx, on, muteProject, unmuteProject, unmailProject, userID, projectID)
}

// mute also stops the mails that wait.
func mute(ctx context.Context, tx *db.Tx, on bool, add, drop, unmail, userID, id string) error {
	statement := drop
	if on {
		statement = add
	}
	if _, err := tx.Exec(ctx, statement, userID, id); err != nil {
		return fmt.Errorf("mute %s for %s: %w", id, userID, err)
	}
	if !on {
		return nil
	}
	if _, err := tx.Exec(ctx, unmail, userID, id); err != nil {
		return fmt.Errorf("stop mails of %s about %s: %w", userID, id, err)
	}
	return nil
}
