package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/users"
)

// digestBatch is how many people one transaction plans for.
const digestBatch = 500

// digestLate is how long after its hour a digest may still come: a server that was off over the hour catches up, and
// somebody who sets an earlier hour in the evening gets none at once.
const digestLate = 6

const day = "2006-01-02"

// digestDay says for which day, in zone, a digest is due now; last is the day of the last one. A day whose hour is
// skipped by the clocks has its digest at the next, and one whose hour comes twice has it once.
func digestDay(now time.Time, zone *time.Location, hour int64, last string, since time.Time) (today string, due, planned bool) {
	local := now.In(zone)
	today = local.Format(day)
	passed := int64(local.Hour()) - hour
	if passed < 0 || today <= last {
		return today, false, false
	}
	if joined := since.In(zone); joined.Format(day) == today && int64(joined.Hour()) >= hour {
		return today, false, true // they were not here yet
	}
	return today, passed <= digestLate, true
}

// PlanDigests makes the jobs of the digests whose hour has come. Run every few minutes, on whichever nodes, it makes
// one for each person and day.
func (m *Mailer) PlanDigests(ctx context.Context) error {
	for after := ""; ; {
		n := 0
		err := m.db.Write(ctx, func(tx *db.Tx) (err error) {
			after, n, err = m.planDigests(ctx, tx, after)
			return err
		})
		if err != nil || n < digestBatch {
			return err
		}
	}
}

// planDigests plans for those after an id and returns the last one's, and how many it looked at.
func (m *Mailer) planDigests(ctx context.Context, tx *db.Tx, after string) (last string, n int, err error) {
	type candidate struct {
		id, zone, last string
		since          time.Time
		hour           int64
	}
	list, err := db.Collect(ctx, tx, func(r db.Row) (c candidate, err error) {
		err = r.Scan(&c.id, &c.zone, db.ScanTime(&c.since), &c.hour, &c.last)
		return c, err
	}, digestCandidates, after, digestBatch)
	if err != nil {
		return after, 0, fmt.Errorf("look whose digest is due: %w", err)
	}
	due := map[string]bool{}
	var args db.Args
	var values []string
	for _, c := range list {
		today, send, planned := digestDay(tx.Now, zoneOf(c.zone), c.hour, c.last, c.since)
		if planned {
			values = append(values, args.Tuple(c.id, today))
			due[c.id] = send
		}
		after = c.id
	}
	if len(values) == 0 {
		return after, len(list), nil
	}
	planned, err := db.Collect(ctx, tx, db.ScanString, insertDigests+strings.Join(values, ", ")+onceADay, args...)
	if err != nil {
		return after, 0, fmt.Errorf("plan %d digests: %w", len(values), err)
	}
	var mails []mailArgs
	for _, id := range planned {
		if due[id] {
			mails = append(mails, mailArgs{Mail: newID(), What: kindDigest, User: id})
		}
	}
	return after, len(list), m.post(ctx, tx, time.Time{}, mails...)
}

// claimDigest takes what waits for somebody's digest. Without that it is sent only when something is due today.
func (m *Mailer) claimDigest(ctx context.Context, tx *db.Tx, a mailArgs) (bool, error) {
	n, err := tx.Exec(ctx, claimForDigest, a.Mail, a.User)
	if err != nil {
		return false, fmt.Errorf("claim notifications for digest %s: %w", a.Mail, err)
	}
	if n > 0 {
		return true, nil
	}
	box, err := m.users.Mailbox(ctx, tx, a.User)
	if err != nil {
		return false, err
	}
	today, tomorrow := dayOf(tx.Now, zoneOf(box.Timezone))
	due, err := m.DueOf(ctx, tx, a.User, tomorrow, maxItems)
	return slices.ContainsFunc(due, func(t DueTask) bool { return !t.DueAt.Before(today) }), err
}

// dayOf is when the day of now begins and ends in zone. It may have 23 or 25 hours, and need not begin at midnight.
func dayOf(now time.Time, zone *time.Location) (begin, end time.Time) {
	y, mo, d := now.In(zone).Date()
	return midnight(y, mo, d, zone), midnight(y, mo, d+1, zone)
}

// midnight is the first moment of a day: where the clocks skip midnight, time.Date may answer with the day before.
func midnight(y int, mo time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, mo, d, 0, 0, 0, 0, zone)
	for t.Day() != time.Date(y, mo, d, 12, 0, 0, 0, zone).Day() {
		t = t.Add(30 * time.Minute)
	}
	return t
}

// composeDigest writes a digest of what it has claimed that is still unread.
func (m *Mailer) composeDigest(ctx context.Context, a mailArgs) (Letter, error) {
	q := m.db.Read()
	box, err := m.recipient(ctx, q, a.User)
	if err != nil {
		return Letter{Kind: kindDigest}, err
	}
	zone := zoneOf(box.Timezone)
	today, tomorrow := dayOf(m.db.Now(), zone)
	due, err := m.DueOf(ctx, q, a.User, tomorrow, maxItems)
	if err != nil {
		return Letter{}, err
	}
	rows, places, err := m.claimed(ctx, q, a.Mail)
	if err != nil {
		return Letter{}, err
	}
	rows = slices.DeleteFunc(rows, func(n Notification) bool { return n.IsRead })
	if len(rows) == 0 && !slices.ContainsFunc(due, func(t DueTask) bool { return !t.DueAt.Before(today) }) {
		return Letter{Kind: kindDigest, To: box.Email}, nothingLeft
	}
	var total int
	if err := q.QueryRowContext(ctx, countOfMail, a.Mail).Scan(&total); err != nil {
		return Letter{}, fmt.Errorf("count notifications of digest %s: %w", a.Mail, err)
	}
	return digestLetter(box, rows, max(total-maxItems, 0), due, places, m.db.Now()), nil
}

// digestLetter tells of due dates first, then of what is unread, by project and task. rows are newest first, and more
// is how many there were no room for.
func digestLetter(box users.Mailbox, rows []Notification, more int, dates []DueTask, places Places, now time.Time) Letter {
	zone := zoneOf(box.Timezone)
	l := Letter{
		To: box.Email, Kind: kindDigest, Title: "Your day on " + now.In(zone).Format("Monday, 2 January"),
		Button: Button{"Open Tandem", "/"}, Stop: Stop{UserID: box.ID, What: StopDigest},
		Why: "You get this mail once a day, when there is something unread or due.",
	}
	overdue, soon := Section{Title: "Overdue"}, Section{Title: "Due today"}
	today, _ := dayOf(now, zone)
	for _, t := range dates {
		i := Item{Title: t.Key + " " + t.Title, Note: t.Project, Link: "/p/" + t.ProjectID + "/board/" + t.Key}
		if t.DueAt.Before(today) {
			i.Late, i.Note = true, t.Project+" · "+due(t.DueAt, now, zone)
			overdue.Items = append(overdue.Items, i)
			continue
		}
		soon.Items = append(soon.Items, i)
	}
	for _, s := range []Section{soon, overdue} {
		if len(s.Items) > 0 {
			l.Sections = append(l.Sections, s)
		}
	}
	l.Sections = append(l.Sections, byProject(rows, places)...)
	var words []string
	if n := len(soon.Items); n > 0 {
		words = append(words, fmt.Sprintf("%d due today", n))
	}
	if n := len(overdue.Items); n > 0 {
		words = append(words, fmt.Sprintf("%d overdue", n))
	}
	if n := len(rows) + more; n > 0 {
		words = append(words, fmt.Sprintf("%d unread", n))
	}
	l.Subject = "Tandem: " + and(words)
	l.Intro = strings.ToUpper(and(words)[:1]) + and(words)[1:] + "."
	if len(rows) > 0 {
		l.Preview = rows[0].Title
	}
	if more > 0 {
		l.Outro = "And " + times(more, "one", "ones") + " more: see the app."
	}
	return l
}

// byProject groups notifications by project, and by task within it; what came last comes first.
func byProject(rows []Notification, places Places) (out []Section) {
	var order []string
	sections := map[string]*Section{}
	byTask := map[string][]Notification{}
	var tasks []string
	for _, n := range rows {
		task := n.ID
		if n.TaskID != nil {
			task = *n.TaskID
		}
		if byTask[task] == nil {
			tasks = append(tasks, task)
		}
		byTask[task] = append(byTask[task], n)
	}
	for _, task := range tasks {
		list := byTask[task]
		project := project(list[0], places)
		if sections[project] == nil {
			sections[project] = &Section{Title: project}
			order = append(order, project)
		}
		s := sections[project]
		if name := places.Tasks[task]; name != "" && len(list) > 1 {
			var titles []string
			for _, n := range list {
				if !slices.Contains(titles, n.Title) {
					titles = append(titles, n.Title)
				}
			}
			s.Items = append(s.Items, Item{Title: name, Note: strings.Join(titles, " · "), Quote: quoteOf(list, name), Link: list[0].Link})
			continue
		}
		for _, n := range list {
			i := item(n)
			if i.Note = n.Message; n.CommentID != nil {
				i.Note = places.Tasks[task]
			}
			s.Items = append(s.Items, i)
		}
	}
	for _, project := range order {
		out = append(out, *sections[project])
	}
	return out
}

// quoteOf is the newest words among notifications of a task.
func quoteOf(list []Notification, task string) string {
	for _, n := range list {
		if n.CommentID != nil && n.Message != task {
			return n.Message
		}
	}
	return ""
}
