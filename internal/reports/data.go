package reports

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/internal/analytics"
	"tandem/internal/db"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/transfer"
	"tandem/internal/users"
)

// data writes the files of a report of all data.
type data struct {
	s     *Service
	f     *file
	q     db.Querier
	zip   *zip.Writer
	args  []any // of ofScope
	names map[string]string
}

// writeData writes a ZIP of CSV files. What they say of tasks is of one moment.
func (s *Service) writeData(ctx context.Context, actor users.Actor, f *file) error {
	d := data{s: s, f: f, zip: zip.NewWriter(f), args: []any{f.r.TeamID, f.project()}, names: map[string]string{}}
	err := s.db.Snapshot(ctx, func(q db.Querier) error {
		d.q = q
		for _, query := range []string{countTasks, countComments, countActivity} {
			var n int64
			if err := q.QueryRowContext(ctx, query, d.args...).Scan(&n); err != nil {
				return fmt.Errorf("count rows of report %s: %w", f.r.ID, err)
			}
			f.r.Total += n
		}
		if err := d.team(ctx, actor); err != nil {
			return err
		}
		return d.rows(ctx)
	})
	if err != nil {
		return err
	}
	if err := d.figures(ctx, actor); err != nil {
		return err
	}
	return d.zip.Close()
}

func (f *file) project() string {
	if f.r.ProjectID == nil {
		return ""
	}
	return *f.r.ProjectID
}

// sheet writes one file of the ZIP.
func (d *data) sheet(name string, columns []string, write func(*transfer.Sheet) error) error {
	w, err := d.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: d.f.r.CreatedAt})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheets take it for UTF-8
		return err
	}
	sheet := transfer.NewSheet(w)
	if err := sheet.Write(columns...); err != nil {
		return err
	}
	if err := write(sheet); err != nil {
		return err
	}
	return sheet.Flush()
}

// team writes what tasks are explained by.
func (d *data) team(ctx context.Context, actor users.Actor) error {
	projects, err := d.s.teams.Projects(ctx, actor, d.f.r.TeamID)
	if err != nil {
		return err
	}
	if only := d.f.project(); only != "" {
		projects = slices.DeleteFunc(projects, func(p teams.Project) bool { return p.ID != only })
	}
	members, err := d.s.teams.MembersOf(ctx, d.q, d.f.r.TeamID)
	if err != nil {
		return err
	}
	labels, err := d.s.teams.LabelsOf(ctx, d.q, d.f.r.TeamID)
	if err != nil {
		return err
	}
	for _, l := range labels {
		d.names[l.ID] = l.Name
	}
	for _, m := range members {
		d.names[m.ID] = m.Username
	}
	err = d.sheet("projects.csv", []string{"key", "name", "description", "archived", "created_at"}, func(w *transfer.Sheet) error {
		for _, p := range projects {
			if err := w.Write(p.Key, p.Name, p.Description, strconv.FormatBool(p.Archived), written(&p.CreatedAt)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = d.sheet("statuses.csv", []string{"project", "slug", "name", "category", "wip_limit"}, func(w *transfer.Sheet) error {
		for _, p := range projects {
			for _, st := range p.Statuses {
				limit := ""
				if st.WIPLimit != nil {
					limit = strconv.FormatInt(*st.WIPLimit, 10)
				}
				if err := w.Write(p.Key, st.Slug, st.Name, st.Category, limit); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = d.sheet("members.csv", []string{"username", "name", "role", "joined_at"}, func(w *transfer.Sheet) error {
		for _, m := range members {
			if err := w.Write(m.Username, m.Name, string(m.Role), written(&m.JoinedAt)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.sheet("labels.csv", []string{"name", "color"}, func(w *transfer.Sheet) error {
		for _, l := range labels {
			if err := w.Write(l.Name, l.Color); err != nil {
				return err
			}
		}
		return nil
	})
}

func written(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// each hands over every row of a query, and counts it.
func (d *data) each(ctx context.Context, query string, row func(db.Row) error) error {
	rows, err := d.q.QueryContext(ctx, query, d.args...)
	if err != nil {
		return fmt.Errorf("read rows of report %s: %w", d.f.r.ID, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
		if err := d.f.step(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (d *data) rows(ctx context.Context) error {
	err := d.sheet("tasks.csv", []string{"key", "project", "title", "description", "status", "category", "priority", "labels", "assignee", "author", "due_at", "created_at", "updated_at", "completed_at"}, func(w *transfer.Sheet) error {
		return d.each(ctx, tasksOf, func(r db.Row) error {
			var key, project, title, description, status, category, labels, assignee, author string
			var number, priority int64
			var due, completed *time.Time
			var created, updated time.Time
			if err := r.Scan(&key, &number, &project, &title, &description, &status, &category, &priority, &labels, &assignee, &author, db.ScanTimeOrNull(&due), db.ScanTime(&created), db.ScanTime(&updated), db.ScanTimeOrNull(&completed)); err != nil {
				return fmt.Errorf("read task for report: %w", err)
			}
			return w.Write(taskKey(key, number), project, title, description, status, category, tasks.Priorities[priority], labels, assignee, author, written(due), written(&created), written(&updated), written(completed))
		})
	})
	if err != nil {
		return err
	}
	err = d.sheet("comments.csv", []string{"task", "author", "body", "created_at", "updated_at"}, func(w *transfer.Sheet) error {
		return d.each(ctx, commentsOf, func(r db.Row) error {
			var key, author, body string
			var number int64
			var created, updated time.Time
			if err := r.Scan(&key, &number, &author, &body, db.ScanTime(&created), db.ScanTime(&updated)); err != nil {
				return fmt.Errorf("read comment for report: %w", err)
			}
			return w.Write(taskKey(key, number), author, body, written(&created), written(&updated))
		})
	})
	if err != nil {
		return err
	}
	return d.sheet("activity.csv", []string{"task", "at", "by", "action", "field", "from", "to"}, func(w *transfer.Sheet) error {
		return d.each(ctx, activityOf, func(r db.Row) error {
			var key, by, action, text string
			var number int64
			var at time.Time
			if err := r.Scan(&key, &number, db.ScanTime(&at), &by, &action, &text); err != nil {
				return fmt.Errorf("read activity for report: %w", err)
			}
			changes := map[string]struct{ From, To any }{}
			if err := json.Unmarshal([]byte(text), &changes); err != nil {
				return fmt.Errorf("read activity for report: %w", err)
			}
			if len(changes) == 0 {
				return w.Write(taskKey(key, number), written(&at), by, action, "", "", "")
			}
			for _, field := range slices.Sorted(maps.Keys(changes)) {
				c := changes[field]
				from, err := d.value(ctx, field, c.From)
				if err != nil {
					return err
				}
				to, err := d.value(ctx, field, c.To)
				if err != nil {
					return err
				}
				if err := w.Write(taskKey(key, number), written(&at), by, action, field, from, to); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func taskKey(project string, number int64) string {
	return project + "-" + strconv.FormatInt(number, 10)
}

// value writes a field's value with names for ids.
func (d *data) value(ctx context.Context, field string, v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		if field == "assigned_to" {
			return d.person(ctx, v)
		}
		return v, nil
	case []any:
		out := make([]string, len(v))
		for i, x := range v {
			id, _ := x.(string)
			if out[i] = d.names[id]; out[i] == "" {
				out[i] = id // a label that is gone
			}
		}
		return strings.Join(out, "; "), nil
	}
	return fmt.Sprint(v), nil
}

// person names somebody, also one who has left.
func (d *data) person(ctx context.Context, id string) (string, error) {
	if name, ok := d.names[id]; ok {
		return name, nil
	}
	found, err := d.s.users.Profiles(ctx, id)
	d.names[id] = found[id].Username
	return d.names[id], err
}

// longest is how many days figures may be of.
const longest = 3600

// figures writes what the analytics say of each day since the first task.
func (d *data) figures(ctx context.Context, actor users.Actor) error {
	zone, err := time.LoadLocation(d.f.r.timezone)
	if err != nil {
		return err
	}
	to := d.f.r.CreatedAt.In(zone)
	from := to
	var first *time.Time
	if err := d.s.db.Read().QueryRowContext(ctx, firstTask, d.args...).Scan(db.ScanTimeOrNull(&first)); err != nil {
		return fmt.Errorf("find the first task for report: %w", err)
	}
	if first != nil && first.Before(from) {
		from = first.In(zone)
	}
	if earliest := to.AddDate(0, 0, -longest); from.Before(earliest) {
		from = earliest
	}
	f, err := d.s.analytics.Figures(ctx, actor, analytics.Query{TeamID: d.f.r.TeamID, ProjectID: d.f.project(), From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Bucket: "day", Zone: zone})
	if err != nil {
		return err
	}
	return d.sheet("figures.csv", []string{"day", "created", "completed", "backlog", "active", "done", "completion_median_hours", "cycle_median_hours"}, func(w *transfer.Sheet) error {
		for _, p := range f.Series {
			if err := w.Write(p.Day, strconv.Itoa(p.Created), strconv.Itoa(p.Completed), strconv.Itoa(p.Backlog), strconv.Itoa(p.Active), strconv.Itoa(p.Done), hours(p.Completion), hours(p.Cycle)); err != nil {
				return err
			}
		}
		return nil
	})
}

func hours(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return strconv.FormatFloat(seconds/3600, 'f', 2, 64)
}
