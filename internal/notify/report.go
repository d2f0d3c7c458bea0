package notify

import (
	"context"
	"fmt"
	"time"

	"tandem/internal/db"
)

// KindReport is the kind of mail of a team's weekly report; its ref is "TEAM DAY", the Monday after the week.
const KindReport = "report"

// Reports says whether somebody wants a team's weekly report.
func (s *Service) Reports(ctx context.Context, q db.Querier, teamID, userID string) (bool, error) {
	var week string
	err := q.QueryRowContext(ctx, reportOf, teamID, userID).Scan(&week)
	if db.NoRow(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read report of %s: %w", userID, err)
	}
	return true, nil
}

// SetReports subscribes somebody to a team's weekly report, or takes them off. The first is that of this week.
func (s *Service) SetReports(ctx context.Context, tx *db.Tx, teamID, userID string, on bool) error {
	if !on {
		if _, err := tx.Exec(ctx, unsubscribeReport, teamID, userID); err != nil {
			return fmt.Errorf("unsubscribe %s from the report of %s: %w", userID, teamID, err)
		}
		return nil
	}
	box, err := s.users.Mailbox(ctx, tx, userID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, subscribeReport, teamID, userID, monday(tx.Now, zoneOf(box.Timezone))); err != nil {
		return fmt.Errorf("subscribe %s to the report of %s: %w", userID, teamID, err)
	}
	return nil
}

// monday is the day on which the week of now began in zone.
func monday(now time.Time, zone *time.Location) string {
	local := now.In(zone)
	return local.AddDate(0, 0, -(int(local.Weekday())+6)%7).Format(day)
}

// PlanReports makes the jobs of the reports whose Monday has come. Run every few minutes, on whichever nodes, it makes
// one for each subscription and week; a server that was off on Monday catches up.
func (m *Mailer) PlanReports(ctx context.Context) error {
	type candidate struct {
		team, user, week, zone string
		hour                   int64
	}
	var after candidate
	for {
		var list []candidate
		err := m.db.Write(ctx, func(tx *db.Tx) (err error) {
			list, err = db.Collect(ctx, tx, func(r db.Row) (c candidate, err error) {
				err = r.Scan(&c.team, &c.user, &c.week, &c.zone, &c.hour)
				return c, err
			}, reportCandidates, after.team, after.user, digestBatch)
			if err != nil {
				return fmt.Errorf("look whose report is due: %w", err)
			}
			var mails []mailArgs
			for _, c := range list {
				zone := zoneOf(c.zone)
				week := monday(tx.Now, zone)
				local := tx.Now.In(zone)
				if week <= c.week || local.Weekday() == time.Monday && int64(local.Hour()) < c.hour {
					continue
				}
				n, err := tx.Exec(ctx, setReportWeek, c.team, c.user, week)
				if err != nil {
					return fmt.Errorf("plan report of %s: %w", c.user, err)
				}
				if n > 0 {
					mails = append(mails, mailArgs{Mail: newID(), What: KindReport, User: c.user, Ref: c.team + " " + week})
				}
			}
			return m.post(ctx, tx, time.Time{}, mails...)
		})
		if err != nil || len(list) < digestBatch {
			return err
		}
		after = list[len(list)-1]
	}
}

// Report is what happened in a team in a week.
type Report struct {
	Team                  string
	From, To              time.Time // To is the Monday after
	Done, Opened, Overdue int64
	Projects, People      []Line
}

// Line is the part of one project or person.
type Line struct {
	Name                  string
	Done, Opened, Overdue int64
}

// ReportLetter tells of a week. Its numbers are of tasks as they are now.
func ReportLetter(to string, r Report, stop Stop, path string) Letter {
	span := r.From.Format("2 January") + " to " + r.To.AddDate(0, 0, -1).Format("2 January")
	l := Letter{
		To: to, Kind: KindReport, Subject: fmt.Sprintf("%s: %s done last week", r.Team, times(int(r.Done), "task", "tasks")), Preview: span,
		Title: "Last week in " + r.Team, Intro: span,
		Figures: []Figure{{r.Done, "done"}, {r.Opened, "opened"}, {r.Overdue, "overdue"}},
		Button:  Button{"Open team", path}, Why: "You get this mail each Monday because you asked for this team's report.", Stop: stop,
	}
	for _, part := range []struct {
		title string
		lines []Line
	}{{"By project", r.Projects}, {"By person", r.People}} {
		s := Section{Title: part.title}
		for _, line := range part.lines {
			s.Items = append(s.Items, Item{Title: line.Name, Note: fmt.Sprintf("%d done, %d opened, %d overdue", line.Done, line.Opened, line.Overdue)})
		}
		if len(s.Items) > 0 {
			l.Sections = append(l.Sections, s)
		}
	}
	return l
}
