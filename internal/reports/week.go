package reports

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"time"

	"tandem/internal/analytics"
	"tandem/internal/db"
	"tandem/internal/users"
)

//go:embed week.html
var weekText string

var weekPage = template.Must(template.New("week").Funcs(template.FuncMap{"duration": duration, "compared": compared}).Parse(weekText))

// weekData is what the page of a week shows.
type weekData struct {
	Team, Project string // Project is empty for the whole team
	Link          string
	From, To, At  time.Time // To is the last day
	Zone          string
	Figures       analytics.Figures
	Days          []weekDay
	Projects      []weekLine
	People        []weekLine
	Completed     []weekTask
	Overdue       []weekTask
}

type weekDay struct {
	Name               string
	Created, Completed int
	Share              int // of the best day, in percent
}

type weekLine struct {
	Name  string
	Count int
}

type weekTask struct{ Key, Title, Link string }

// duration says how long something took: "3.5 h", "2.1 days"; "–" for nothing.
func duration(seconds float64) string {
	switch hours := seconds / 3600; {
	case seconds == 0:
		return "–"
	case hours < 1:
		return strconv.Itoa(int(math.Round(seconds/60))) + " min"
	case hours < 48:
		return strconv.FormatFloat(hours, 'f', 1, 64) + " h"
	default:
		return strconv.FormatFloat(hours/24, 'f', 1, 64) + " days"
	}
}

func compared(before int) string { return fmt.Sprintf("%d the week before", before) }

// writeWeek writes a page that needs nothing but itself, for reading and for printing.
func (s *Service) writeWeek(ctx context.Context, actor users.Actor, f *file) error {
	zone, err := time.LoadLocation(f.r.timezone)
	if err != nil {
		return err
	}
	from, err := time.ParseInLocation(time.DateOnly, *f.r.Week, zone)
	if err != nil {
		return fmt.Errorf("read week of report %s: %w", f.r.ID, err)
	}
	end := from.AddDate(0, 0, 7)
	d := weekData{From: from, To: end.AddDate(0, 0, -1), At: f.r.CreatedAt.In(zone), Zone: f.r.timezone, Link: s.baseURL + "/t/" + f.r.TeamID}
	team, err := s.teams.Team(ctx, actor, f.r.TeamID)
	if err != nil {
		return err
	}
	d.Team = team.Name
	query := analytics.Query{TeamID: f.r.TeamID, ProjectID: f.project(), From: *f.r.Week, To: d.To.Format(time.DateOnly), Bucket: "day", Zone: zone}
	if d.Figures, err = s.analytics.Figures(ctx, actor, query); err != nil {
		return err
	}
	d.days()
	if d.People, err = s.people(ctx, d.Figures.ByPerson); err != nil {
		return err
	}
	projects, err := s.teams.Projects(ctx, actor, f.r.TeamID)
	if err != nil {
		return err
	}
	f.r.Total = int64(len(projects)) + 1
	for _, p := range projects {
		if p.ID == f.project() {
			d.Project, d.Link = p.Name, s.baseURL+"/p/"+p.ID+"/board"
		}
		if f.project() == "" {
			query.ProjectID = p.ID
			of, err := s.analytics.Figures(ctx, actor, query)
			if err != nil {
				return err
			}
			if of.Now.Completed > 0 {
				d.Projects = append(d.Projects, weekLine{p.Name, of.Now.Completed})
			}
		}
		if err := f.step(); err != nil {
			return err
		}
	}
	if d.Completed, err = s.weekTasks(ctx, completedIn, f.r.TeamID, f.project(), db.Time(from), db.Time(end)); err != nil {
		return err
	}
	if d.Overdue, err = s.weekTasks(ctx, overdueAt, f.r.TeamID, f.project(), db.Time(f.r.CreatedAt)); err != nil {
		return err
	}
	return weekPage.Execute(f, d)
}

func (d *weekData) days() {
	best := 1
	for _, p := range d.Figures.Series {
		best = max(best, p.Completed)
	}
	for _, p := range d.Figures.Series {
		name := p.Day
		if day, err := time.Parse(time.DateOnly, p.Day); err == nil {
			name = day.Format("Monday")
		}
		d.Days = append(d.Days, weekDay{name, p.Created, p.Completed, 100 * p.Completed / best})
	}
}

// people names those who completed something.
func (s *Service) people(ctx context.Context, counts []analytics.Count) ([]weekLine, error) {
	ids := make([]string, len(counts))
	for i, c := range counts {
		ids[i] = c.Name
	}
	known, err := s.users.Profiles(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]weekLine, len(counts))
	for i, c := range counts {
		out[i] = weekLine{known[c.Name].Name, c.Count}
		switch c.Name {
		case "":
			out[i].Name = "Nobody"
		case analytics.Others:
			out[i].Name = "Others"
		}
	}
	return out, nil
}

func (s *Service) weekTasks(ctx context.Context, query string, args ...any) ([]weekTask, error) {
	list, err := db.Collect(ctx, s.db.Read(), func(r db.Row) (t weekTask, err error) {
		var project, key string
		var number int64
		err = r.Scan(&project, &key, &number, &t.Title)
		t.Key = taskKey(key, number)
		t.Link = s.baseURL + "/p/" + project + "/board/" + t.Key
		return t, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks for report: %w", err)
	}
	return list, nil
}
