package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// exportVersion names the form of our JSON; a newer one is refused.
const exportVersion = 1

// exported is our JSON: all of a project that another one can take over.
type exported struct {
	Tandem   int               `json:"tandem"`
	Project  exportedProject   `json:"project"`
	Statuses []exportedStatus  `json:"statuses"`
	Labels   []exportedLabel   `json:"labels"`
	Tasks    []json.RawMessage `json:"tasks"`
}

type exportedProject struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

type exportedStatus struct {
	Slug     string `json:"slug"`
	Name     string `json:"name"`
	Color    string `json:"color"`
	Category string `json:"category"`
	WIPLimit *int64 `json:"wip_limit"`
}

type exportedLabel struct {
	Name  string `json:"name"`
	Color string `json:"color"`
}

type exportedTask struct {
	Key         string            `json:"key"`
	Origin      string            `json:"origin"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Status      string            `json:"status"`
	Position    string            `json:"position"`
	Priority    string            `json:"priority"`
	Labels      []string          `json:"labels"`
	Author      string            `json:"author"`
	Assignee    string            `json:"assignee"`
	DueAt       *time.Time        `json:"due_at"`
	CompletedAt *time.Time        `json:"completed_at"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	Comments    []exportedComment `json:"comments"`
}

type exportedComment struct {
	Author    string    `json:"author"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func parseTandem(file []byte) (*document, error) {
	var e exported
	if err := decodeJSON(file, &e); err != nil {
		return nil, err
	}
	if e.Tandem == 0 {
		return nil, refuse("the file", `is no export of Tandem: "tandem" is missing`)
	}
	if e.Tandem > exportVersion {
		return nil, refuse("the file", "was written by a newer Tandem: this one reads version %d, the file has %d", exportVersion, e.Tandem)
	}
	doc := &document{Whole: true, Description: e.Project.Description}
	names := map[string]string{}
	for _, s := range e.Statuses {
		names[s.Slug] = s.Name
		doc.Statuses = append(doc.Statuses, docStatus{s.Name, s.Category, s.Color, s.Slug, s.WIPLimit})
	}
	for _, l := range e.Labels {
		doc.Labels = append(doc.Labels, docLabel(l))
	}
	for i, raw := range e.Tasks {
		entry := fmt.Sprintf("task %d", i+1)
		var t exportedTask
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, refuse(entry, "%s", (&entryFault{i + 1, err}).reason())
		}
		entry += " (" + t.Key + ")"
		name, ok := names[t.Status]
		if !ok {
			return nil, refuse(entry, "has the status %q, which the file does not have", t.Status)
		}
		if t.Origin == "" {
			return nil, refuse(entry, "has no origin")
		}
		d := docTask{Entry: entry, Origin: t.Origin, Title: t.Title, Description: t.Description, Status: name, Order: t.Position, Priority: t.Priority, Labels: t.Labels,
			Author: person{Username: t.Author}, Assignee: person{Username: t.Assignee}, DueAt: t.DueAt, CompletedAt: t.CompletedAt, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt}
		for _, c := range t.Comments {
			d.Comments = append(d.Comments, docComment{person{Username: c.Author}, c.Body, c.CreatedAt, c.UpdatedAt})
		}
		doc.Tasks = append(doc.Tasks, d)
	}
	return doc, nil
}

// File is an export that is about to be written.
type File struct {
	Name, ContentType string
	Write             func(ctx context.Context, w io.Writer) error
}

// Export prepares a project's file, "json" or "csv". What is written is of one moment.
func (s *Service) Export(ctx context.Context, actor users.Actor, projectID, format string) (File, error) {
	ref, err := s.teams.ProjectRef(ctx, projectID)
	if err != nil {
		return File{}, err
	}
	if _, err := s.teams.AuthorizeRead(ctx, actor, ref.TeamID, teams.Export); err != nil {
		return File{}, asProject(err)
	}
	f := File{Name: strings.ToLower(ref.Key) + "." + format, ContentType: "application/json"}
	write := s.writeJSON
	switch format {
	case "json":
	case "csv":
		f.ContentType, write = "text/csv; charset=utf-8", s.writeCSV
	default:
		return f, errs.Field("query.format", "must be json or csv")
	}
	f.Write = func(ctx context.Context, w io.Writer) error {
		return s.db.Snapshot(ctx, func(q db.Querier) error {
			p, err := s.teams.FindProject(ctx, q, projectID)
			if err != nil {
				return err
			}
			return write(ctx, q, &p, w)
		})
	}
	return f, nil
}

// names turn ids into what a file can say.
type names struct{ people, labels map[string]string }

func (s *Service) namesOf(ctx context.Context, q db.Querier, teamID string) (names, []teams.Label, error) {
	n := names{map[string]string{}, map[string]string{}}
	labels, err := s.teams.LabelsOf(ctx, q, teamID)
	if err != nil {
		return n, nil, err
	}
	for _, l := range labels {
		n.labels[l.ID] = l.Name
	}
	return n, labels, nil
}

// username looks a person up once; those who left the team are named too.
func (s *Service) username(ctx context.Context, n names, id, imported *string) (string, error) {
	if id == nil {
		if imported != nil {
			return *imported, nil
		}
		return "", nil
	}
	if name, ok := n.people[*id]; ok {
		return name, nil
	}
	found, err := s.users.Profiles(ctx, *id)
	n.people[*id] = found[*id].Username
	return n.people[*id], err
}

func (s *Service) exportTask(ctx context.Context, n names, t tasks.Exported) (exportedTask, error) {
	origin := t.Origin
	if origin == "" {
		origin = "tandem:" + t.ID
	}
	e := exportedTask{Key: t.Key, Origin: origin, Title: t.Title, Description: t.Description, Status: t.Status, Position: t.Position, Priority: t.Priority, Labels: []string{},
		DueAt: t.DueAt, CompletedAt: t.CompletedAt, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, Comments: []exportedComment{}}
	for _, l := range t.Labels {
		e.Labels = append(e.Labels, n.labels[l])
	}
	var err error
	if e.Author, err = s.username(ctx, n, t.CreatedBy, t.ImportedAuthor); err != nil {
		return e, err
	}
	if e.Assignee, err = s.username(ctx, n, t.AssignedTo, nil); err != nil {
		return e, err
	}
	for _, c := range t.Comments {
		x := exportedComment{Body: c.Body, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
		if c.Author != nil {
			x.Author = c.Author.Username
		} else if c.ImportedAuthor != nil {
			x.Author = *c.ImportedAuthor
		}
		e.Comments = append(e.Comments, x)
	}
	return e, nil
}

// writeJSON streams: a project may be larger than memory should be asked for.
func (s *Service) writeJSON(ctx context.Context, q db.Querier, p *teams.Project, w io.Writer) error {
	n, labels, err := s.namesOf(ctx, q, p.TeamID)
	if err != nil {
		return err
	}
	head := exported{Tandem: exportVersion, Project: exportedProject{p.Key, p.Name, p.Description}, Statuses: []exportedStatus{}, Labels: []exportedLabel{}, Tasks: []json.RawMessage{}}
	for _, st := range p.Statuses {
		head.Statuses = append(head.Statuses, exportedStatus{st.Slug, st.Name, st.Color, st.Category, st.WIPLimit})
	}
	for _, l := range labels {
		head.Labels = append(head.Labels, exportedLabel{l.Name, l.Color})
	}
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := w.Write(b[:len(b)-2]); err != nil { // up to `"tasks":[`
		return err
	}
	separator := "\n"
	err = s.tasks.ExportFrom(ctx, q, p, func(t tasks.Exported) error {
		e, err := s.exportTask(ctx, n, t)
		if err != nil {
			return err
		}
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = w.Write(append([]byte(separator), b...))
		separator = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n]}\n")
	return err
}

func (s *Service) writeCSV(ctx context.Context, q db.Querier, p *teams.Project, w io.Writer) error {
	n, _, err := s.namesOf(ctx, q, p.TeamID)
	if err != nil {
		return err
	}
	statuses := map[string]string{}
	for _, st := range p.Statuses {
		statuses[st.Slug] = st.Name
	}
	sheet := NewSheet(w)
	if err := sheet.Write(columnsToWrite...); err != nil {
		return err
	}
	err = s.tasks.ExportFrom(ctx, q, p, func(t tasks.Exported) error {
		e, err := s.exportTask(ctx, n, t)
		if err != nil {
			return err
		}
		return sheet.Write(e.Key, e.Title, e.Description, statuses[e.Status], e.Priority, strings.Join(e.Labels, "; "), e.Assignee, e.Author, written(e.DueAt), written(&e.CreatedAt), written(&e.UpdatedAt), written(e.CompletedAt))
	})
	if err != nil {
		return err
	}
	return sheet.Flush()
}

func written(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
