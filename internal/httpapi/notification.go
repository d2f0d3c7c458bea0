package httpapi

import (
	"context"

	"tandem/internal/db"
	"tandem/internal/notify"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

type notificationQuery struct {
	Page
	Type   []string `query:"type,explode" doc:"may repeat or be a list with commas"`
	IsRead string   `query:"is_read" enum:"true,false" doc:"without it: both"`
}

func (q *notificationQuery) filter() notify.Filter {
	f := notify.Filter{Cursor: q.Cursor, Limit: q.Limit}
	for _, t := range split(q.Type) {
		f.Types = append(f.Types, notify.Type(t))
	}
	if q.IsRead != "" {
		read := q.IsRead == "true"
		f.Read = &read
	}
	return f
}

func (a *API) notifications(ctx context.Context, actor users.Actor, in *notificationQuery) (db.Page[notify.Notification], error) {
	return a.Notify.List(ctx, actor, in.filter())
}

func (a *API) unread(ctx context.Context, actor users.Actor, _ *nothing) (notify.Left, error) {
	n, err := a.Notify.Unread(ctx, actor.ID)
	return notify.Left{Count: n}, err
}

func (a *API) readNotification(ctx context.Context, actor users.Actor, in *ByID) (notify.Notification, error) {
	return a.Notify.MarkRead(ctx, actor, in.ID)
}

type notificationIDs struct {
	Body struct {
		IDs []string `json:"ids" minItems:"1" maxItems:"200" doc:"of your notifications; all are changed, or none"`
	} `nameHint:"NotificationIDs"`
}

func (a *API) readNotifications(ctx context.Context, actor users.Actor, in *notificationIDs) (notify.Left, error) {
	return a.Notify.MarkManyRead(ctx, actor, in.Body.IDs)
}

type readAllInput struct {
	Body *struct {
		Type notify.Type `json:"type,omitempty" enum:"task_assigned,task_commented,task_due_soon,team_invite,mention,task_status_changed" doc:"without it: all types"`
	} `nameHint:"ReadAllInput"`
}

func (a *API) readAllNotifications(ctx context.Context, actor users.Actor, in *readAllInput) (notify.Left, error) {
	var kind notify.Type
	if in.Body != nil {
		kind = in.Body.Type
	}
	return a.Notify.MarkAllRead(ctx, actor, kind)
}

func (a *API) deleteNotification(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Notify.Delete(ctx, actor, in.ID)
}

func (a *API) deleteNotifications(ctx context.Context, actor users.Actor, in *notificationIDs) (notify.Left, error) {
	return a.Notify.DeleteMany(ctx, actor, in.Body.IDs)
}

func (a *API) notificationSettings(ctx context.Context, actor users.Actor, _ *nothing) (notify.Settings, error) {
	return a.Notify.Settings(ctx, actor)
}

// NotificationSettingsPatch is a change of how one is told. What is left out stays.
type NotificationSettingsPatch struct {
	Types         map[string]notify.PreferencePatch `json:"types,omitempty" doc:"by type"`
	Digest        *bool                             `json:"digest,omitempty"`
	DigestHour    *int64                            `json:"digest_hour,omitempty" minimum:"0" maximum:"23"`
	QuietFrom     tasks.Field[*string]              `json:"quiet_from,omitzero" doc:"such as 22:00, or null; together with quiet_to"`
	QuietTo       tasks.Field[*string]              `json:"quiet_to,omitzero"`
	WatchedStatus *bool                             `json:"watched_status,omitempty"`
	Timezone      *string                           `json:"timezone,omitempty" doc:"stays: it is changed in your account"`
}

func (p *NotificationSettingsPatch) patch() notify.SettingsPatch {
	out := notify.SettingsPatch{Digest: p.Digest, DigestHour: p.DigestHour, WatchedStatus: p.WatchedStatus, Types: map[notify.Type]notify.PreferencePatch{}}
	for t, way := range p.Types {
		out.Types[notify.Type(t)] = way
	}
	if p.QuietFrom.Set {
		out.QuietFrom = &p.QuietFrom.Value
	}
	if p.QuietTo.Set {
		out.QuietTo = &p.QuietTo.Value
	}
	return out
}

type notificationSettingsInput struct{ Body NotificationSettingsPatch }

func (a *API) updateNotificationSettings(ctx context.Context, actor users.Actor, in *notificationSettingsInput) (notify.Settings, error) {
	return a.Notify.UpdateSettings(ctx, actor, in.Body.patch())
}

func (a *API) mutes(ctx context.Context, actor users.Actor, _ *nothing) (tasks.Mutes, error) {
	return a.Tasks.Mutes(ctx, actor)
}

func (a *API) muteTask(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Tasks.Mute(ctx, actor, in.ID, true)
}

func (a *API) unmuteTask(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Tasks.Mute(ctx, actor, in.ID, false)
}

func (a *API) muteProject(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.MuteProject(ctx, actor, in.ID, true)
}

func (a *API) unmuteProject(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.MuteProject(ctx, actor, in.ID, false)
}
