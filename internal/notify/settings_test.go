package notify_test

import (
	"errors"
	"reflect"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/notify"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

func TestSettingsBeginWithTheDefaults(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got, err := w.Notify.Settings(t.Context(), w.bob)
		want := notify.Settings{Digest: true, DigestHour: 8, Timezone: "UTC", Types: map[notify.Type]notify.Preference{
			notify.Mention: {InApp: true, Email: notify.AtOnce}, notify.TaskAssigned: {InApp: true, Email: notify.AtOnce}, notify.TeamInvite: {InApp: true, Email: notify.AtOnce},
			notify.TaskCommented: {InApp: true, Email: notify.Digest}, notify.TaskStatusChanged: {InApp: true, Email: notify.Digest}, notify.TaskDueSoon: {InApp: true, Email: notify.Digest},
		}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

func TestSettingsKeepWhatIsLeftOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must[users.Me](t)(w.Users.UpdateMe(ctx, w.bob, users.Patch{Timezone: new("Asia/Tokyo")}))
		off := notify.Off
		from, to := new("22:00"), new("07:00")
		w.set(t, w.bob, notify.SettingsPatch{DigestHour: new(int64(6)), QuietFrom: &from, QuietTo: &to})
		w.set(t, w.bob, notify.SettingsPatch{Types: map[notify.Type]notify.PreferencePatch{notify.Mention: {Email: &off}}, WatchedStatus: new(true)})
		w.set(t, w.bob, notify.SettingsPatch{Types: map[notify.Type]notify.PreferencePatch{notify.Mention: {InApp: new(false)}}})
		got, err := w.Notify.Settings(ctx, w.bob)
		if err != nil || got.Types[notify.Mention] != (notify.Preference{InApp: false, Email: notify.Off}) || got.Types[notify.TaskAssigned].Email != notify.AtOnce || !got.Digest || got.DigestHour != 6 ||
			*got.QuietFrom != "22:00" || *got.QuietTo != "07:00" || !got.WatchedStatus || got.Timezone != "Asia/Tokyo" {
			t.Errorf("got %+v, %v", got, err)
		}
		var none *string
		w.set(t, w.bob, notify.SettingsPatch{QuietFrom: &none, QuietTo: &none})
		at := notify.AtOnce
		w.set(t, w.bob, notify.SettingsPatch{Types: map[notify.Type]notify.PreferencePatch{notify.Mention: {InApp: new(true), Email: &at}}})
		if got, err := w.Notify.Settings(ctx, w.bob); err != nil || got.QuietFrom != nil || got.QuietTo != nil {
			t.Errorf("got %+v, %v, want no quiet hours", got, err)
		}
		var rows int
		ok(t, w.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM notification_preferences`).Scan(&rows))
		if rows != 0 {
			t.Errorf("%d preferences are kept that are the default", rows)
		}
		_, err = w.Notify.UpdateSettings(ctx, w.bob, notify.SettingsPatch{DigestHour: new(int64(24)), QuietTo: &to, Types: map[notify.Type]notify.PreferencePatch{"gossip": {}}})
		if got := len(errs.All(err)); got != 3 || !errors.Is(err, errs.Invalid) {
			t.Errorf("got %v, want three complaints", err)
		}
	})
}

// Who has no digest is not mailed what would go there; what then is nowhere is not told at all.
func TestWithoutADigestThereIsNothingInIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.prefer(t, w.bob, notify.TaskCommented, false, notify.Digest)
		w.set(t, w.bob, notify.SettingsPatch{Digest: new(false)})
		task := w.task("Sweep", assignedTo(w.bob))
		before := w.rows(t)
		w.comment(t, w.ann, task, "hm")
		if after := w.rows(t); after != before {
			t.Errorf("%d rows were made, want none", after-before)
		}
	})
}

func TestMutesAreListed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		task := w.task("Sweep")
		for range 2 {
			ok(t, w.Tasks.Mute(ctx, w.bob, task.ID, true))
			ok(t, w.Teams.MuteProject(ctx, w.bob, w.project.ID, true))
		}
		want := tasks.Mutes{Tasks: []tasks.MutedTask{{ID: task.ID, Key: task.Key, Title: "Sweep", ProjectID: w.project.ID}},
			Projects: []tasks.MutedProject{{ID: w.project.ID, Name: w.project.Name, TeamID: w.team.ID}}}
		if got, err := w.Tasks.Mutes(ctx, w.bob); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		for who, muted := range map[users.Actor]bool{w.bob: true, w.eve: false} {
			d, err1 := w.Tasks.Get(ctx, who, task.ID)
			p, err2 := w.Teams.Detail(ctx, who, w.project.ID)
			if err := errors.Join(err1, err2); err != nil || d.Muted != muted || p.Muted != muted {
				t.Errorf("%s: got %v and %v, %v, want %v", who.Username, d.Muted, p.Muted, err, muted)
			}
		}
		outsider := w.User("otto")
		for _, err := range []error{w.Tasks.Mute(ctx, outsider, task.ID, true), w.Teams.MuteProject(ctx, outsider, w.project.ID, true), w.Teams.MuteProject(ctx, w.bob, "nonsense", true)} {
			if !errors.Is(err, errs.NotFound) {
				t.Errorf("got %v, want not found", err)
			}
		}
		ok(t, w.Teams.RemoveMember(ctx, w.ann, w.team.ID, w.bob.ID))
		if got, err := w.Tasks.Mutes(ctx, w.bob); err != nil || len(got.Tasks)+len(got.Projects) != 0 {
			t.Errorf("got %+v, %v, want nothing of a team that one has left", got, err)
		}
	})
}
