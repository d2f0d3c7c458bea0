package notify

import (
	"slices"
	"time"

	"tandem/internal/errs"
	"tandem/internal/users"
)

// Preview is a mail of sample data.
type Preview struct {
	Subject string `json:"subject"`
	HTML    string `json:"html"`
	Text    string `json:"text"`
}

// PreviewKind is a mail that can be previewed.
type PreviewKind struct {
	Kind  string `json:"kind"`
	Title string `json:"title"`
}

type sample struct {
	PreviewKind
	letter func() Letter
}

// samples are one of each kind of mail, with texts of all sorts.
var samples = []sample{
	{PreviewKind{string(Mention), "Mentioned"}, func() Letter {
		return sampled(note(Mention, "Ben Ortiz mentioned you in a comment on LAMP-12", "@ann could you measure the shade again? The new one is 4 mm wider, and I would rather not drill twice.", "c1"))
	}},
	{PreviewKind{string(TaskAssigned), "Assigned"}, func() Letter {
		return sampled(note(TaskAssigned, "Ben Ortiz assigned LAMP-12 to you", sampleTask, ""))
	}},
	{PreviewKind{string(TeamInvite), "Invited to a team"}, func() Letter {
		n := note(TeamInvite, "Ben Ortiz invited you to Lamp makers", "You would be a member.", "")
		n.TaskID, n.ProjectID, n.Link = nil, nil, "/invite/sample"
		return sampled(n)
	}},
	{PreviewKind{string(TaskCommented), "Commented"}, func() Letter {
		return sampled(note(TaskCommented, "Ben Ortiz commented on LAMP-12", "Done. The drawings are in the shared folder; have a look at the second page before you order.", "c2"))
	}},
	{PreviewKind{string(TaskStatusChanged), "Status changed"}, func() Letter {
		return sampled(note(TaskStatusChanged, "Ben Ortiz moved LAMP-12 to In review", sampleTask, ""))
	}},
	{PreviewKind{string(TaskDueSoon), "Due soon"}, func() Letter {
		return sampled(note(TaskDueSoon, "LAMP-12 is due tomorrow at 17:00", sampleTask, ""))
	}},
	{PreviewKind{severalTypes, "Several at once"}, func() Letter {
		return sampled(note(TaskAssigned, "Ben Ortiz assigned LAMP-12 to you", sampleTask, ""), note(TaskCommented, "Ben Ortiz commented on LAMP-12", "I have put the measurements into the description.", "c3"),
			note(Mention, "Chiara Noé mentioned you in a comment on LAMP-12", "@ann is the brass one still to be had?", "c4"))
	}},
	{PreviewKind{kindDigest, "Daily digest"}, sampleDigest},
	{PreviewKind{KindReport, "Weekly report of a team"}, func() Letter {
		from := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
		return ReportLetter(sampleBox.Email, Report{Team: "Lamp makers", From: from, To: from.AddDate(0, 0, 7), Done: 14, Opened: 9, Overdue: 2,
			Projects: []Line{{"Reading lamp", 11, 6, 2}, {"Website", 3, 3, 0}}, People: []Line{{"Ben Ortiz", 8, 5, 0}, {"Chiara Noé", 6, 3, 1}, {"Unassigned", 0, 1, 1}}},
			Stop{UserID: sampleBox.ID, What: StopReport, TeamID: "sample"}, "/t/sample")
	}},
	{PreviewKind{"invite", "Invite to an address"}, func() Letter {
		return InviteLetter(sampleBox.Email, "Ben Ortiz", "Lamp makers", "a member", "/invite/sample")
	}},
	{PreviewKind{"password_reset", "New password"}, func() Letter {
		return ResetLetter(sampleBox.Email, sampleBox.Name, "/reset?token=sample")
	}},
	{PreviewKind{"email_verification", "Confirm the address"}, func() Letter {
		return VerifyLetter(sampleBox.Email, sampleBox.Name, "/verify?token=sample")
	}},
}

const sampleTask = "Choose a shade for the reading lamp"

var (
	sampleBox    = users.Mailbox{ID: "sample", Username: "ann", Name: "Ann Berger", Email: "ann@example.org", Timezone: "Europe/Vienna"}
	samplePlaces = Places{Projects: map[string]string{"lamp": "Reading lamp", "web": "Website"}, Tasks: map[string]string{"t12": "LAMP-12 " + sampleTask, "t7": "WEB-7 Photographs for the front page"}}
	sampleNow    = time.Date(2026, 1, 15, 7, 0, 0, 0, time.UTC)
)

func note(t Type, title, message, comment string) Notification {
	n := Notification{ID: "sample", Type: t, Title: title, Message: message, Link: "/p/lamp/board/LAMP-12", ProjectID: new("lamp"), TaskID: new("t12"), CommentID: orNil(comment), TaskCount: 1, CreatedAt: sampleNow}
	if comment != "" {
		n.Link += "?comment=" + comment
	}
	return n
}

func sampled(list ...Notification) Letter {
	l := notificationLetter(list, samplePlaces)
	l.To, l.Stop.UserID = sampleBox.Email, sampleBox.ID
	return l
}

func sampleDigest() Letter {
	photos := Notification{ID: "s2", Type: TaskCommented, Title: "Chiara Noé commented on WEB-7", Message: "The light was better on Tuesday: I took them again.", Link: "/p/web/board/WEB-7?comment=c5", ProjectID: new("web"), TaskID: new("t7"), CommentID: new("c5")}
	return digestLetter(sampleBox, []Notification{
		note(TaskCommented, "Ben Ortiz commented on LAMP-12", "I have put the measurements into the description.", "c3"),
		note(TaskStatusChanged, "Ben Ortiz moved LAMP-12 to In review", sampleTask, ""), photos,
	}, 0, []DueTask{
		{ID: "t3", ProjectID: "lamp", Key: "LAMP-3", Title: "Order sockets", Project: "Reading lamp", DueAt: sampleNow.Add(-40 * time.Hour)},
		{ID: "t12", ProjectID: "lamp", Key: "LAMP-12", Title: sampleTask, Project: "Reading lamp", DueAt: sampleNow.Add(9 * time.Hour)},
	}, samplePlaces, sampleNow)
}

// Previews are the mails that can be previewed.
func (m *Mailer) Previews(actor users.Actor) ([]PreviewKind, error) {
	if !actor.Admin {
		return nil, errNoAdmin
	}
	out := make([]PreviewKind, len(samples))
	for i, s := range samples {
		out[i] = s.PreviewKind
	}
	return out, nil
}

// Preview lays a mail of sample data out, with the templates that real ones have.
func (m *Mailer) Preview(actor users.Actor, kind string) (Preview, error) {
	if !actor.Admin {
		return Preview{}, errNoAdmin
	}
	i := slices.IndexFunc(samples, func(s sample) bool { return s.Kind == kind })
	if i < 0 {
		return Preview{}, errs.New(errs.NotFound, "there is no mail of this kind")
	}
	l := samples[i].letter()
	html, text, err := m.render(&l, "sample")
	return Preview{l.Subject, html, text}, err
}
