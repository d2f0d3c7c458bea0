package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/users"
)

// News is a change as one person may be told of it. Whether they are is for Tell to say.
type News struct {
	To    string // a user's id
	Event string // names the change: somebody is told once of each, also when it changed many tasks
	Type  Type

	TeamID    string
	ProjectID string // empty: an invite
	TaskID    string // empty: an invite
	Key       string // of the task
	CommentID string // empty unless it is about a comment
	InviteID  string // empty unless it is about an invite

	About    string    // what the person reads below the title
	Status   string    // the name of a task's new status
	Team     string    // the name of the team that an invite is to
	Due      time.Time // when a task is due
	Watching bool      // only for those who want to hear of the status of tasks that they only watch
}

// strength orders the reasons to tell somebody of one event: the first wins.
var strength = map[Type]int{Mention: 0, TaskAssigned: 1, TaskCommented: 2, TaskStatusChanged: 3, TaskDueSoon: 4, TeamInvite: 5}

// Tell makes notifications of what concerns people, in the transaction of the change, and returns what their own
// streams are told: the caller records it as Message.Personal. Nobody hears of what they did themselves, of what they
// have muted, or twice of one event. It locks rows of unread_counts, so it comes before any stream is locked.
// Without news it asks the database nothing.
func (s *Service) Tell(ctx context.Context, tx *db.Tx, actor users.Actor, news ...News) (map[string][]*events.Message, error) {
	news = strongest(actor.ID, news)
	if len(news) == 0 {
		return nil, nil
	}
	told, err := s.askWilling(ctx, tx, news)
	if err != nil || len(told) == 0 {
		return nil, err
	}
	people, err := s.users.Profiles(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	var by *users.User
	if u, ok := people[actor.ID]; ok {
		by = &u
	}
	rows := make([]row, 0, len(told))
	for _, group := range grouped(told) {
		rows = append(rows, newRow(group, by, tx.Now))
	}
	if rows, err = s.insert(ctx, tx, rows); err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.announce(ctx, tx, actor, rows)
}

// strongest leaves of each person's reasons to be told of one event the best, and nobody their own doing.
func strongest(actorID string, news []News) []News {
	news = slices.DeleteFunc(slices.Clone(news), func(n News) bool { return n.To == "" || n.To == actorID })
	slices.SortStableFunc(news, func(a, b News) int {
		return cmp.Or(strings.Compare(a.To, b.To), strings.Compare(a.Event, b.Event), strings.Compare(a.TaskID, b.TaskID), strength[a.Type]-strength[b.Type])
	})
	return slices.CompactFunc(news, func(a, b News) bool { return a.To == b.To && a.Event == b.Event && a.TaskID == b.TaskID })
}

// telling is news for somebody who wants it.
type telling struct {
	News
	way  Preference
	zone *time.Location
}

// askWilling leaves out whom their preferences, a mute or a lock keep from being told.
func (s *Service) askWilling(ctx context.Context, tx *db.Tx, news []News) ([]telling, error) {
	type key struct{ to, task, kind string }
	type answer struct {
		key
		zone            string
		inApp           *bool
		email           *string
		digest, watched *bool
	}
	answers := map[key]answer{}
	for part := range slices.Chunk(news, 500) {
		var args db.Args
		values := make([]string, len(part))
		for i, n := range part {
			values[i] = args.Tuple(n.To, string(n.Type), n.TaskID, n.ProjectID)
		}
		found, err := db.Collect(ctx, tx, func(r db.Row) (a answer, err error) {
			err = r.Scan(&a.to, &a.kind, &a.task, &a.zone, &a.inApp, &a.email, &a.digest, &a.watched)
			return a, err
		}, `WITH candidates (user_id, type, task_id, project_id) AS (VALUES `+strings.Join(values, ", ")+`)`+willing, args...)
		if err != nil {
			return nil, fmt.Errorf("ask %d people how they want to be told: %w", len(part), err)
		}
		for _, a := range found {
			answers[a.key] = a
		}
	}
	var out []telling
	for _, n := range news {
		a, ok := answers[key{n.To, n.TaskID, string(n.Type)}]
		if !ok || n.Watching && (a.watched == nil || !*a.watched) {
			continue
		}
		way := defaults[n.Type]
		if a.inApp != nil && a.email != nil {
			way = Preference{*a.inApp, emailOf(*a.email)}
		}
		if way.Email == Digest && a.digest != nil && !*a.digest {
			way.Email = Off
		}
		if !way.InApp && way.Email == Off {
			continue
		}
		zone, err := time.LoadLocation(a.zone)
		if err != nil {
			zone = time.UTC // a zone that this machine no longer knows
		}
		out = append(out, telling{n, way, zone})
	}
	return out, nil
}

// grouped puts together what one person is told of one event. The list is sorted by both.
func grouped(list []telling) (out [][]telling) {
	for i, t := range list {
		if i > 0 && list[i-1].To == t.To && list[i-1].Event == t.Event {
			out[len(out)-1] = append(out[len(out)-1], t)
			continue
		}
		out = append(out, []telling{t})
	}
	return out
}

// row is a notification with what is kept of it besides what people see.
type row struct {
	Notification
	event             string
	key               string // of the task
	inviteID, actorID *string
	inApp             bool
}

// newRow makes the notification of a group. by is nil when a date did it.
func newRow(group []telling, by *users.User, now time.Time) row {
	first := group[0]
	r := row{
		Notification: Notification{
			ID: newID(), UserID: first.To, Type: first.Type, TeamID: orNil(first.TeamID), ProjectID: orNil(first.ProjectID), TaskID: orNil(first.TaskID),
			CommentID: orNil(first.CommentID), TaskCount: int64(len(group)), TriggeredBy: by, CreatedAt: now, Email: first.way.Email,
			Title: title(first.News, by, len(group), now, first.zone), Message: first.About,
		},
		event: first.Event, key: first.Key, inviteID: orNil(first.InviteID), inApp: first.way.InApp,
	}
	if by != nil {
		r.actorID = &by.ID
	}
	if len(group) > 1 {
		r.TaskID, r.Message = nil, several(group)
	}
	r.setLink()
	return r
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// insert writes the rows and returns those of events that were new.
func (s *Service) insert(ctx context.Context, tx *db.Tx, rows []row) ([]row, error) {
	fresh := map[string]bool{}
	for part := range slices.Chunk(rows, 50) {
		var args db.Args
		values := make([]string, len(part))
		for i, r := range part {
			values[i] = args.Tuple(r.ID, r.UserID, string(r.Type), r.event, r.TeamID, r.ProjectID, r.TaskID, r.CommentID, r.inviteID, r.actorID,
				r.Title, r.Message, r.TaskCount, r.inApp, r.Email.stored(), db.Time(r.CreatedAt))
		}
		ids, err := db.Collect(ctx, tx, db.ScanString, insertNotifications+strings.Join(values, ", ")+onceAnEvent, args...)
		if err != nil {
			return nil, fmt.Errorf("insert %d notifications: %w", len(part), err)
		}
		for _, id := range ids {
			fresh[id] = true
		}
	}
	return slices.DeleteFunc(rows, func(r row) bool { return !fresh[r.ID] }), nil
}

// announce counts new notifications, has them mailed, and returns what their people are told.
func (s *Service) announce(ctx context.Context, tx *db.Tx, actor users.Actor, rows []row) (map[string][]*events.Message, error) {
	more := map[string]int64{}
	var mails []Notification
	for _, r := range rows {
		if r.inApp {
			more[r.UserID]++
		}
		if r.Email == AtOnce {
			mails = append(mails, r.Notification)
		}
	}
	unread, err := s.count(ctx, tx, more)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]*events.Message, len(unread))
	for _, r := range rows {
		if r.inApp {
			m := message("notification.created", actor, unread[r.UserID])
			m.Notification = r.Notification
			out[r.UserID] = append(out[r.UserID], m)
		}
	}
	if len(mails) > 0 && s.MailLater != nil {
		return out, s.MailLater(ctx, tx, mails)
	}
	return out, nil
}

// message is one of a person's own stream. Nobody signs what a date did.
func message(kind string, actor users.Actor, unread int64) *events.Message {
	m := &events.Message{Type: kind, Unread: &unread, MutationID: actor.Mutation.Ref()}
	if actor.ID != "" {
		m.UpdatedBy = actor.By()
	}
	return m
}
