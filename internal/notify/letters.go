package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/internal/db"
)

// What a button of a mail about one notification says, and why its recipient got it.
var (
	buttons = map[Type]string{Mention: "Answer in Tandem", TaskAssigned: "Open task", TaskCommented: "Open task", TaskStatusChanged: "Open task", TaskDueSoon: "Open task", TeamInvite: "Look at the invite"}
	reasons = map[Type]string{
		Mention: "you were mentioned", TaskAssigned: "a task was assigned to you", TaskCommented: "somebody commented on a task of yours, or one that you watch",
		TaskStatusChanged: "the status of a task of yours changed", TaskDueSoon: "a task of yours is due", TeamInvite: "you were invited to a team",
	}
)

// severalTypes is what the log of mails calls one about several notifications.
const severalTypes = "several"

// maxItems bounds what one mail names.
const maxItems = 100

// composeNotifications writes the mail about what it has claimed: all of it, as long as one is unread.
func (m *Mailer) composeNotifications(ctx context.Context, a mailArgs) (Letter, error) {
	q := m.db.Read()
	rows, places, err := m.claimed(ctx, q, a.Mail)
	if err != nil {
		return Letter{}, err
	}
	if !slices.ContainsFunc(rows, func(n Notification) bool { return !n.IsRead }) {
		return Letter{Kind: kindNotification}, nothingLeft
	}
	box, err := m.recipient(ctx, q, a.User)
	if err != nil {
		return Letter{}, err
	}
	slices.Reverse(rows) // told in the order in which it happened
	l := notificationLetter(rows, places)
	l.To, l.Stop.UserID = box.Email, box.ID
	return l, nil
}

// claimed are the notifications of a mail, newest first, and the names of what they are about.
func (m *Mailer) claimed(ctx context.Context, q db.Querier, mailID string) ([]Notification, Places, error) {
	kept, err := db.Collect(ctx, q, scan, rowsOfMail, mailID, maxItems)
	if err != nil {
		return nil, Places{}, fmt.Errorf("read notifications of mail %s: %w", mailID, err)
	}
	rows, err := m.show(ctx, q, kept)
	if err != nil {
		return nil, Places{}, err
	}
	var projects, tasks []string
	for i, n := range rows {
		if kept[i].inviteID != nil && m.InviteLink != nil {
			if rows[i].Link, err = m.InviteLink(ctx, q, *kept[i].inviteID); err != nil {
				return nil, Places{}, err
			}
		}
		if n.ProjectID != nil && !slices.Contains(projects, *n.ProjectID) {
			projects = append(projects, *n.ProjectID)
		}
		if n.TaskID != nil && !slices.Contains(tasks, *n.TaskID) {
			tasks = append(tasks, *n.TaskID)
		}
	}
	places, err := m.Places(ctx, q, projects, tasks)
	return rows, places, err
}

// notificationLetter tells of notifications of one task, oldest first, or of one that is of none.
func notificationLetter(list []Notification, places Places) Letter {
	first := list[0]
	task := ""
	if first.TaskID != nil {
		task = places.Tasks[*first.TaskID]
	}
	l := Letter{Kind: string(first.Type), Title: first.Title, Preview: first.Message, Button: Button{buttons[first.Type], first.Link}}
	for _, n := range list {
		if !slices.Contains(l.Stop.Types, n.Type) {
			l.Stop.Types = append(l.Stop.Types, n.Type)
		}
	}
	// The strongest reason names the mail, and what its link unsubscribes from first.
	slices.SortStableFunc(l.Stop.Types, func(a, b Type) int { return strength[a] - strength[b] })
	l.Why = "You get this mail because " + reasons[l.Stop.Types[0]] + "."
	if len(list) == 1 {
		l.Subject = first.Title
		about := Item{Title: cmp.Or(task, first.Message), Link: first.Link}
		if first.CommentID != nil {
			about.Quote = first.Message
		}
		if task != "" {
			_, title, _ := strings.Cut(task, " ") // its key is there already
			l.Subject += ": " + shortened(title, 80)
		}
		l.Sections = []Section{{Title: project(first, places), Items: []Item{about}}}
		return l
	}
	l.Kind = severalTypes
	l.Title = fmt.Sprintf("%d updates: %s", len(list), task)
	l.Subject, l.Preview = shortened(l.Title, 120), first.Title
	l.Button.Text = "Open task"
	s := Section{Title: project(first, places)}
	for _, n := range list {
		s.Items = append(s.Items, item(n))
	}
	l.Sections = []Section{s}
	return l
}

// item is one of several notifications of a task, whose name stands above them.
func item(n Notification) Item {
	i := Item{Title: n.Title, Link: n.Link}
	if n.CommentID != nil {
		i.Quote = n.Message
	}
	return i
}

func project(n Notification, places Places) string {
	if n.ProjectID == nil {
		return ""
	}
	return places.Projects[*n.ProjectID]
}

// InviteLetter is the mail to an address that somebody invites.
func InviteLetter(to, by, team, role, link string) Letter {
	return Letter{
		To: to, Kind: "invite", Subject: by + " invites you to " + team + " on Tandem", Preview: "Tandem is where " + team + " plans its tasks.",
		Title: by + " invites you to join " + team, Intro: "You would be " + role + ". Tandem is where the team plans and does its tasks, together and live.",
		Button: Button{"Accept the invite", link}, Outro: "The invite is good for seven days. If you do not know what this is about, do nothing.",
		Why: "You get this mail because " + by + " invited this address.",
	}
}

// ResetLetter is the mail to somebody who forgot their password.
func ResetLetter(to, name, link string) Letter {
	return Letter{
		To: to, Kind: "password_reset", Subject: "Set a new password for Tandem", Preview: "The link is good for an hour.",
		Title: "Set a new password", Intro: "Hello " + name + ", somebody, most likely you, asked for a new password for your account.",
		Button: Button{"Set a new password", link}, Outro: "The link is good once, and for an hour. If it was not you who asked, do nothing: your password stays as it is.",
		Why: "You get this mail because a new password was asked for with this address.",
	}
}

// VerifyLetter is the mail to an address that somebody says is theirs.
func VerifyLetter(to, name, link string) Letter {
	return Letter{
		To: to, Kind: "email_verification", Subject: "Confirm your e-mail address for Tandem", Preview: "One click, and you are done.",
		Title: "Confirm your e-mail address", Intro: "Hello " + name + ", please confirm that this address is yours, so that invites to it reach you in the app.",
		Button: Button{"Confirm address", link}, Outro: "The link is good for three days. If you have no account here, do nothing.",
		Why: "You get this mail because an account was made or changed with this address.",
	}
}

// times writes a count of things.
func times(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// and joins words as people do.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
