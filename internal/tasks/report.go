package tasks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/notify"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Indexes: tasks_by_team_created (team_id, …), primary keys of projects, users and statuses.
const reportLines = `
SELECT p.name, COALESCE(u.id, ''), COALESCE(u.name, ''),
	COUNT(*) FILTER (WHERE t.completed_at >= $2 AND t.completed_at < $3),
	COUNT(*) FILTER (WHERE t.created_at >= $2 AND t.created_at < $3),
	COUNT(*) FILTER (WHERE t.due_at < $3 AND t.completed_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM statuses st WHERE st.project_id = t.project_id AND st.slug = t.status AND st.category IN ('done', 'cancelled')))
FROM tasks t
JOIN projects p ON p.id = t.project_id AND p.archived_at IS NULL
LEFT JOIN users u ON u.id = t.assigned_to
WHERE t.team_id = $1 AND t.deleted_at IS NULL
	AND (t.completed_at >= $2 AND t.completed_at < $3 OR t.created_at >= $2 AND t.created_at < $3 OR t.due_at < $3 AND t.completed_at IS NULL)
GROUP BY p.id, p.name, u.id, u.name`

// Report says whether the actor gets the team's weekly report.
func (s *Service) Report(ctx context.Context, actor users.Actor, teamID string) (bool, error) {
	if _, err := s.teams.AuthorizeRead(ctx, actor, teamID, teams.ViewTeam); err != nil {
		return false, err
	}
	return s.notify.Reports(ctx, s.db.Read(), teamID, actor.ID)
}

// SetReport subscribes the actor to the team's weekly report, or takes them off.
func (s *Service) SetReport(ctx context.Context, actor users.Actor, teamID string, on bool) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.teams.Authorize(ctx, tx, actor, teamID, teams.ViewTeam); err != nil {
			return err
		}
		return s.notify.SetReports(ctx, tx, teamID, actor.ID, on)
	})
}

// composeReport writes the report of the week before a Monday; ref is "TEAM DAY".
func (s *Service) composeReport(ctx context.Context, q db.Querier, userID, ref string) (notify.Letter, error) {
	teamID, monday, _ := strings.Cut(ref, " ")
	box, err := s.users.Mailbox(ctx, q, userID)
	if err != nil {
		return notify.Letter{}, err
	}
	zone, err := time.LoadLocation(box.Timezone)
	if err != nil {
		zone = time.UTC
	}
	to, err := time.ParseInLocation("2006-01-02", monday, zone)
	if err != nil {
		return notify.Letter{}, fmt.Errorf("read the week of a report: %w", err)
	}
	team, err := s.teams.Team(ctx, users.Actor{ID: userID}, teamID) // who has left the team gets none
	if err != nil {
		return notify.Letter{}, err
	}
	r := notify.Report{Team: team.Name, From: to.AddDate(0, 0, -7), To: to}
	type line struct {
		project, id, person string
		notify.Line
	}
	lines, err := db.Collect(ctx, q, func(r db.Row) (l line, err error) {
		err = r.Scan(&l.project, &l.id, &l.person, &l.Done, &l.Opened, &l.Overdue)
		return l, err
	}, reportLines, teamID, db.Time(r.From), db.Time(r.To))
	if err != nil {
		return notify.Letter{}, fmt.Errorf("report on team %s: %w", teamID, err)
	}
	projects, people := map[string]*notify.Line{}, map[string]*notify.Line{}
	for _, l := range lines {
		r.Done, r.Opened, r.Overdue = r.Done+l.Done, r.Opened+l.Opened, r.Overdue+l.Overdue
		addLine(projects, l.project, l.Line)
		switch {
		case l.id == "":
			l.person = "Unassigned"
		case l.id != userID && !team.NamesMembers():
			l.person = "Others"
		}
		addLine(people, l.person, l.Line)
	}
	r.Projects, r.People = sortedLines(projects), sortedLines(people)
	return notify.ReportLetter(box.Email, r, notify.Stop{UserID: userID, What: notify.StopReport, TeamID: teamID}, "/t/"+teamID), nil
}

func addLine(to map[string]*notify.Line, name string, l notify.Line) {
	if to[name] == nil {
		to[name] = &notify.Line{Name: name}
	}
	to[name].Done += l.Done
	to[name].Opened += l.Opened
	to[name].Overdue += l.Overdue
}

// sortedLines has those first who did most.
func sortedLines(of map[string]*notify.Line) (out []notify.Line) {
	for _, l := range of {
		if l.Done+l.Opened+l.Overdue > 0 {
			out = append(out, *l)
		}
	}
	slices.SortFunc(out, func(a, b notify.Line) int {
		return cmp.Or(cmp.Compare(b.Done, a.Done), cmp.Compare(b.Opened, a.Opened), strings.Compare(a.Name, b.Name))
	})
	return out
}
