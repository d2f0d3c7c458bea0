package notify

import (
	"fmt"
	"strings"
	"time"

	"tandem/internal/users"
)

// title says in one line what happened, count times at once.
func title(n News, by *users.User, count int, now time.Time, zone *time.Location) string {
	name := "Somebody"
	if by != nil {
		name = by.Name
	}
	switch n.Type {
	case Mention:
		if n.CommentID != "" {
			return name + " mentioned you in a comment on " + n.Key
		}
		return name + " mentioned you in " + n.Key
	case TaskAssigned:
		if count > 1 {
			return fmt.Sprintf("%s assigned %d tasks to you", name, count)
		}
		return name + " assigned " + n.Key + " to you"
	case TaskCommented:
		return name + " commented on " + n.Key
	case TaskStatusChanged:
		if count > 1 {
			return fmt.Sprintf("%s moved %d tasks to %s", name, count, n.Status)
		}
		return name + " moved " + n.Key + " to " + n.Status
	case TeamInvite:
		return name + " invited you to " + n.Team
	case TaskDueSoon:
		return n.Key + " " + due(n.Due, now, zone)
	}
	panic("notify: no title for " + string(n.Type))
}

// due says when something is due, as the calendar and the clock in zone show it. The last minute of a day stands for
// the day: the app sets it where people pick a date.
func due(at, now time.Time, zone *time.Location) string {
	at, now = at.In(zone), now.In(zone)
	verb := "is due"
	if at.Before(now) {
		verb = "was due"
	}
	// Days are counted on the calendar: one of them may have 23 or 25 hours.
	day := at.Format("on 2 January")
	switch date(at).Sub(date(now)) {
	case -24 * time.Hour:
		day = "yesterday"
	case 0:
		day = "today"
	case 24 * time.Hour:
		day = "tomorrow"
	}
	if at.Hour() == 23 && at.Minute() == 59 {
		return verb + " " + day
	}
	return verb + " " + day + " at " + at.Format("15:04")
}

// date is a time's day, without its zone.
func date(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// several names the first tasks of a group.
func several(group []telling) string {
	const named = 3
	keys := make([]string, 0, named)
	for _, t := range group[:min(named, len(group))] {
		keys = append(keys, t.Key)
	}
	last := group[min(named, len(group))-1].Key
	if rest := len(group) - named; rest > 0 {
		last = fmt.Sprintf("%d more", rest)
	} else {
		keys = keys[:len(keys)-1]
	}
	return strings.Join(keys, ", ") + " and " + last
}

// setLink says where in the app the thing is.
func (r *row) setLink() {
	switch {
	case r.inviteID != nil:
		r.Link = "/?invite=" + *r.inviteID
	case r.ProjectID == nil:
		r.Link = "/"
	case r.TaskID == nil || r.key == "":
		r.Link = "/p/" + *r.ProjectID + "/board"
	case r.CommentID != nil:
		r.Link = "/p/" + *r.ProjectID + "/board/" + r.key + "?comment=" + *r.CommentID
	default:
		r.Link = "/p/" + *r.ProjectID + "/board/" + r.key
	}
}
