package notify

import (
	"context"
	"time"
)

// quiet is how long mails to somebody have to wait; 0: they need not.
func (m *Mailer) quiet(ctx context.Context, userID string) (time.Duration, error) {
	set, err := m.SettingsOf(ctx, m.db.Read(), userID)
	if err != nil || set.QuietFrom == nil || set.QuietTo == nil {
		return 0, err
	}
	return quietFor(m.db.Now(), zoneOf(set.Timezone), *set.QuietFrom, *set.QuietTo), nil
}

// zoneOf is UTC for a zone that this machine no longer knows.
func zoneOf(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil {
		return zone
	}
	return time.UTC
}

// quietFor is how long the clock in zone still shows a time between from and to. It goes on minute by minute, because
// a time of day may come twice in a night, or not at all.
func quietFor(now time.Time, zone *time.Location, from, to string) time.Duration {
	quiet := func(t time.Time) bool {
		clock := t.In(zone).Format("15:04")
		if from < to {
			return from <= clock && clock < to
		}
		return from <= clock || clock < to
	}
	end := now
	for quiet(end) && end.Sub(now) < 26*time.Hour {
		end = end.Truncate(time.Minute).Add(time.Minute)
	}
	return end.Sub(now)
}
