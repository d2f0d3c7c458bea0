package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/jobs"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Job is an import as the API tells of it.
type Job struct {
	ID         string         `json:"id"`
	Format     string         `json:"format"`
	State      string         `json:"state" enum:"running,done,failed"`
	Done       int            `json:"done" doc:"tasks so far"`
	Total      int            `json:"total" doc:"tasks in the file; 0 until it has been read"`
	Tasks      Counts         `json:"tasks"`
	Comments   Counts         `json:"comments"`
	Problem    map[string]any `json:"problem" nullable:"true" doc:"why it failed, as a problem document"`
	StartedAt  time.Time      `json:"started_at"`
	FinishedAt *time.Time     `json:"finished_at"`
}

// Counts say what an import did with the file's entries.
type Counts struct {
	Created   int `json:"created"`
	Unchanged int `json:"unchanged"`
}

// outcome is what a finished import keeps.
type outcome struct {
	Tasks    Counts         `json:"tasks"`
	Comments Counts         `json:"comments"`
	Problem  map[string]any `json:"problem"`
}

// Service imports and exports.
type Service struct {
	db    *db.DB
	log   *events.Log
	users *users.Service
	teams *teams.Service
	tasks *tasks.Service
	jobs  *jobs.Service
	slog  *slog.Logger

	mu      sync.Mutex
	running map[string]*progress // the imports of this node
}

// progress is how far an import of this node is. It is only told, never decided by.
type progress struct {
	done, total atomic.Int64
	cancel      context.CancelFunc
}

type importArgs struct {
	ID string `json:"id"`
}

func (importArgs) Kind() string { return "import" }

// NewService returns the service and registers its job; call it before the jobs start.
func NewService(d *db.DB, log *events.Log, u *users.Service, tm *teams.Service, tk *tasks.Service, j *jobs.Service, logger *slog.Logger) *Service {
	s := &Service{db: d, log: log, users: u, teams: tm, tasks: tk, jobs: j, slog: logger, running: map[string]*progress{}}
	jobs.Handle(j, s.work)
	return s
}

func asProject(err error) error {
	if errors.Is(err, errs.NotFound) {
		return errs.New(errs.NotFound, "project not found")
	}
	return err
}

const insertImport = `
INSERT INTO imports (id, team_id, project_id, user_id, format, state, done, total, result, file, created_at)
VALUES ($1, $2, $3, $4, $5, 'running', 0, 0, '{}', $6, $7)`

// Index: primary key.
const importByID = `
SELECT id, team_id, format, state, done, total, result, created_at, finished_at
FROM imports
WHERE id = $1`

// Index: primary key.
const importFile = `
SELECT project_id, user_id, format, file
FROM imports
WHERE id = $1 AND state = 'running'`

const finishImport = `
UPDATE imports
SET state = $2, done = $3, total = $4, result = $5, file = NULL, finished_at = $6
WHERE id = $1 AND state = 'running'`

// Start takes a file in and has it imported; Job tells how that goes.
func (s *Service) Start(ctx context.Context, actor users.Actor, projectID, format string, file io.Reader) (string, error) {
	ref, err := s.teams.ProjectRef(ctx, projectID)
	if err == nil {
		_, err = s.teams.AuthorizeRead(ctx, actor, ref.TeamID, teams.Import)
	}
	if err != nil {
		return "", asProject(err)
	}
	content, err := io.ReadAll(file)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "", &errs.Error{Kind: errs.Malformed, Field: "body.", Message: "ends in the middle of the file: send it again"}
	}
	if err != nil {
		return "", fmt.Errorf("read file: %w", err)
	}
	if len(content) == 0 {
		return "", errs.Field("body.", "must not be empty: send the file")
	}
	if actor.Mutation.ID != "" { // the door did not read the file
		actor.Mutation.Fingerprint += fmt.Sprintf(" %x", sha256.Sum256(content))
	}
	if format == "" {
		format = detect(content)
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (string, error) {
		if _, err := s.teams.Authorize(ctx, tx, actor, ref.TeamID, teams.Import); err != nil {
			return "", asProject(err)
		}
		id := uuid.Must(uuid.NewV7()).String()
		if _, err := tx.Exec(ctx, insertImport, id, ref.TeamID, projectID, actor.ID, format, content, db.Time(tx.Now)); err != nil {
			return "", fmt.Errorf("keep file: %w", err)
		}
		_, err := s.jobs.Insert(ctx, tx, importArgs{id}, jobs.InsertOptions{MaxAttempts: 3})
		return id, err
	})
}

// Job tells how an import goes, to those who may see its team.
func (s *Service) Job(ctx context.Context, actor users.Actor, id string) (Job, error) {
	var j Job
	var teamID, result string
	err := s.db.Read().QueryRowContext(ctx, importByID, id).Scan(&j.ID, &teamID, &j.Format, &j.State, &j.Done, &j.Total, &result, db.ScanTime(&j.StartedAt), db.ScanTimeOrNull(&j.FinishedAt))
	if db.NoRow(err) {
		return j, errs.New(errs.NotFound, "import not found")
	}
	if err != nil {
		return j, fmt.Errorf("read import %s: %w", id, err)
	}
	if _, err := s.teams.AuthorizeRead(ctx, actor, teamID, teams.ViewTeam); err != nil {
		return Job{}, errs.New(errs.NotFound, "import not found")
	}
	var o outcome
	if err := json.Unmarshal([]byte(result), &o); err != nil {
		return j, fmt.Errorf("read import %s: %w", id, err)
	}
	j.Tasks, j.Comments, j.Problem = o.Tasks, o.Comments, o.Problem
	s.mu.Lock()
	p := s.running[id]
	s.mu.Unlock()
	if p != nil && j.State == "running" {
		j.Done, j.Total = int(p.done.Load()), int(p.total.Load())
	}
	return j, nil
}

// Cancel ends an import that has not been committed; nothing of it stays.
func (s *Service) Cancel(ctx context.Context, actor users.Actor, id string) error {
	var teamID string
	if err := s.db.Read().QueryRowContext(ctx, `SELECT team_id FROM imports WHERE id = $1`, id).Scan(&teamID); err != nil && !db.NoRow(err) {
		return fmt.Errorf("read import %s: %w", id, err)
	}
	if _, err := s.teams.AuthorizeRead(ctx, actor, teamID, teams.Import); err != nil {
		if errors.Is(err, errs.NotFound) {
			return errs.New(errs.NotFound, "import not found")
		}
		return err
	}
	s.mu.Lock()
	if p := s.running[id]; p != nil {
		p.cancel()
	}
	s.mu.Unlock()
	return s.fail(ctx, id, errs.Code(errs.Conflict, "cancelled", "the import was cancelled"))
}

// work is one attempt at an import.
func (s *Service) work(ctx context.Context, job *jobs.Job[importArgs]) error {
	id := job.Args.ID
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &progress{cancel: cancel}
	s.mu.Lock()
	s.running[id] = p
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.running, id)
		s.mu.Unlock()
	}()
	var projectID, userID, format string
	var file []byte
	err := s.db.Read().QueryRowContext(ctx, importFile, id).Scan(&projectID, &userID, &format, &file)
	if db.NoRow(err) {
		return nil // finished or cancelled
	}
	if err != nil {
		return fmt.Errorf("read import %s: %w", id, err)
	}
	who, err := s.users.Profiles(ctx, userID)
	if err != nil {
		return err
	}
	actor := users.Actor{ID: userID, Username: who[userID].Username}
	_, err = s.run(ctx, actor, projectID, format, file, p, func(tx *db.Tx, o outcome) error {
		return s.finish(ctx, tx, id, "done", p, o)
	})
	switch {
	case err == nil:
		return nil
	case len(errs.All(err)) > 0:
		return s.fail(context.WithoutCancel(ctx), id, err)
	case job.Last():
		s.slog.ErrorContext(ctx, "import fails", "import", id, "err", err)
		return s.fail(context.WithoutCancel(ctx), id, errors.New("internal error"))
	}
	return fmt.Errorf("import %s: %w", id, err)
}

func (s *Service) finish(ctx context.Context, tx *db.Tx, id, state string, p *progress, o outcome) error {
	result, err := json.Marshal(o)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, finishImport, id, state, p.done.Load(), p.total.Load(), string(result), db.Time(tx.Now))
	if err != nil {
		return fmt.Errorf("finish import %s: %w", id, err)
	}
	if n == 0 {
		return errs.Code(errs.Conflict, "cancelled", "the import was cancelled") // rolls the tasks back
	}
	return nil
}

func (s *Service) fail(ctx context.Context, id string, cause error) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		err := s.finish(ctx, tx, id, "failed", &progress{}, outcome{Problem: problem(cause)})
		if errors.Is(err, errs.Conflict) {
			return nil // somebody was quicker to end it
		}
		return err
	})
}

// An import is over long before, however often its job is tried.
const abandoned = 24 * time.Hour

const importsKept = 90 * 24 * time.Hour

// Index: none; there are few imports, and this runs once in hours.
const abandonedImports = `
SELECT id
FROM imports
WHERE state = 'running' AND created_at < $1`

const dropImports = `
DELETE FROM imports
WHERE state <> 'running' AND created_at < $1`

// CleanUp ends imports whose job is gone (cancelled or deleted by an administrator), so that their files do not stay,
// and forgets old ones.
func (s *Service) CleanUp(ctx context.Context) error {
	now := s.db.Now()
	rows, err := s.db.Read().QueryContext(ctx, abandonedImports, db.Time(now.Add(-abandoned)))
	if err != nil {
		return fmt.Errorf("read abandoned imports: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("read abandoned imports: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read abandoned imports: %w", err)
	}
	for _, id := range ids {
		if err := s.fail(ctx, id, errs.Code(errs.Conflict, "abandoned", "the import was interrupted: send the file again")); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, dropImports, db.Time(now.Add(-importsKept))); err != nil {
			return fmt.Errorf("drop old imports: %w", err)
		}
		return nil
	})
}

// problem is a failure as the API writes failures.
func problem(err error) map[string]any {
	p := map[string]any{"type": "about:blank", "title": "Unprocessable Entity", "status": 422, "detail": err.Error(), "code": "invalid"}
	list := []map[string]string{}
	for _, e := range errs.All(err) {
		if e.Code != "" {
			p["code"] = e.Code
		}
		list = append(list, map[string]string{"location": e.Field, "message": e.Message})
	}
	p["errors"] = list
	return p
}

// ImportNow imports a file and returns when that is done, for the command line. tell is told of
// each task.
func (s *Service) ImportNow(ctx context.Context, actor users.Actor, projectID, format string, file io.Reader, tell func(done, total int)) (Job, error) {
	content, err := io.ReadAll(file)
	if err != nil {
		return Job{}, fmt.Errorf("read file: %w", err)
	}
	p := &progress{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(100 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				tell(int(p.done.Load()), int(p.total.Load()))
			}
		}
	})
	o, err := s.run(ctx, actor, projectID, format, content, p, func(*db.Tx, outcome) error { return nil })
	close(stop)
	wg.Wait()
	tell(int(p.done.Load()), int(p.total.Load()))
	return Job{Format: format, State: "done", Done: int(p.done.Load()), Total: int(p.total.Load()), Tasks: o.Tasks, Comments: o.Comments}, err
}

// run reads the file and applies it in one write, which last ends.
func (s *Service) run(ctx context.Context, actor users.Actor, projectID, format string, file []byte, p *progress, last func(*db.Tx, outcome) error) (outcome, error) {
	if format == "" {
		format = detect(file)
	}
	doc, err := parse(format, file, s.db.Now())
	if err != nil {
		return outcome{}, err
	}
	p.total.Store(int64(len(doc.Tasks)))
	var o outcome
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		p.done.Store(0)
		if o, err = s.apply(ctx, tx, actor, projectID, doc, p); err != nil {
			return err
		}
		return last(tx, o)
	})
	return o, err
}

func (s *Service) apply(ctx context.Context, tx *db.Tx, actor users.Actor, projectID string, doc *document, p *progress) (outcome, error) {
	if err := s.teams.LockProject(ctx, tx, projectID); err != nil {
		return outcome{}, err
	}
	project, err := s.teams.FindProject(ctx, tx, projectID)
	if err != nil {
		return outcome{}, err
	}
	if _, err := s.teams.Authorize(ctx, tx, actor, project.TeamID, teams.Import); err != nil {
		return outcome{}, asProject(err)
	}
	a := applier{s: s, tx: tx, project: &project, actor: actor, people: map[string]*string{}, labels: map[string]string{}}
	if err := a.prepare(ctx, doc); err != nil {
		return outcome{}, err
	}
	list, err := a.tasks(ctx, doc)
	if err != nil {
		return outcome{}, err
	}
	counts, messages, err := s.tasks.ImportInto(ctx, tx, actor, &project, list, func(done int) error {
		p.done.Store(int64(done))
		return ctx.Err()
	})
	if err != nil {
		return outcome{}, err
	}
	p.done.Store(int64(len(doc.Tasks))) // those that were there already, too
	messages = append(a.messages, messages...)
	if _, err := s.log.Record(ctx, tx, project.TeamID, messages...); err != nil {
		return outcome{}, err
	}
	return outcome{Tasks: Counts{counts.Tasks, counts.TasksUnchanged}, Comments: Counts{counts.Comments, counts.CommentsUnchanged}}, nil
}

// applier turns a document's names into this team's things.
type applier struct {
	s        *Service
	tx       *db.Tx
	project  *teams.Project
	actor    users.Actor
	people   map[string]*string // by what the file calls them; nil: no member
	labels   map[string]string  // by folded name
	messages []*events.Message
}

func (a *applier) message(kind string) *events.Message {
	m := &events.Message{Type: kind, TeamID: a.project.TeamID, UpdatedBy: a.actor.By(), MutationID: a.actor.Mutation.Ref()}
	a.messages = append(a.messages, m)
	return m
}

// prepare makes the statuses and labels that the project lacks.
func (a *applier) prepare(ctx context.Context, doc *document) error {
	added, err := a.adopt(ctx, doc)
	if err != nil {
		return err
	}
	for _, st := range doc.Statuses {
		if _, ok := a.status(st.Name); ok {
			continue
		}
		if _, err := a.s.teams.AppendStatus(ctx, a.tx, a.project, teams.Status{Name: st.Name, Category: st.Category, Color: st.Color, WIPLimit: st.WIPLimit}); err != nil {
			return asBad("status "+st.Name, err)
		}
		added = true
	}
	if added {
		version, err := a.s.teams.TouchProject(ctx, a.tx, a.project)
		if err != nil {
			return err
		}
		m := a.message("project.updated")
		m.ProjectID, m.Version, m.Project = a.project.ID, version, *a.project
	}
	have, err := a.s.teams.LabelsOf(ctx, a.tx, a.project.TeamID)
	if err != nil {
		return err
	}
	for _, l := range have {
		a.labels[users.Key(l.Name)] = l.ID
	}
	for _, l := range doc.Labels {
		key := users.Key(l.Name)
		if a.labels[key] != "" {
			continue
		}
		made, err := a.s.teams.AddLabel(ctx, a.tx, a.project.TeamID, l.Name, l.Color)
		if err != nil {
			return asBad("label "+l.Name, err)
		}
		a.labels[key] = made.ID
		a.message("label.created").Label = made
	}
	return nil
}

// adopt makes a project that has no tasks like the one that the file is of.
func (a *applier) adopt(ctx context.Context, doc *document) (bool, error) {
	if !doc.Whole || len(doc.Statuses) == 0 {
		return false, nil
	}
	var has bool
	if err := a.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM tasks WHERE project_id = $1)`, a.project.ID).Scan(&has); err != nil {
		return false, fmt.Errorf("look for tasks of %s: %w", a.project.ID, err)
	}
	if has {
		return false, nil
	}
	list := make([]teams.Status, len(doc.Statuses))
	for i, st := range doc.Statuses {
		list[i] = teams.Status{Slug: st.Slug, Name: st.Name, Category: st.Category, Color: st.Color, WIPLimit: st.WIPLimit}
	}
	if err := a.s.teams.ReplaceStatuses(ctx, a.tx, a.project, list); err != nil {
		return false, asBad("statuses", err)
	}
	if a.project.Description == "" {
		a.project.Description = clean(doc.Description)
	}
	return true, nil
}

// asBad makes a refusal of ours speak of the file.
func asBad(entry string, err error) error {
	if all := errs.All(err); len(all) > 0 {
		return refuse(entry, "%s", all[0].Message)
	}
	return err
}

// status finds a status by name or slug.
func (a *applier) status(name string) (string, bool) {
	key := users.Key(name)
	for _, st := range a.project.Statuses {
		if users.Key(st.Name) == key || st.Slug == key {
			return st.Slug, true
		}
	}
	return "", false
}

// first is the first status of a category; a project without one uses what is nearest.
func (a *applier) first(category string) string {
	for _, st := range a.project.Statuses {
		if st.Category == category {
			return st.Slug
		}
	}
	if category == "done" {
		return a.project.Statuses[len(a.project.Statuses)-1].Slug
	}
	return a.project.Statuses[0].Slug
}

// member is the id of somebody in this team whom the file means, or nil.
func (a *applier) member(ctx context.Context, p person) (*string, error) {
	for _, login := range []string{p.Email, p.Username} {
		if login == "" {
			continue
		}
		key := users.Key(login)
		id, known := a.people[key]
		if !known {
			u, err := a.s.users.Find(ctx, a.tx, login)
			if err == nil {
				_, err = a.s.teams.RoleOf(ctx, a.tx, a.project.TeamID, u.ID)
			}
			switch {
			case err == nil:
				id = &u.ID
			case !errors.Is(err, errs.NotFound):
				return nil, err
			}
			a.people[key] = id
		}
		if id != nil {
			return id, nil
		}
	}
	return nil, nil
}

// author is a member, or the name that is kept instead.
func (a *applier) author(ctx context.Context, p person) (id, name *string, err error) {
	if id, err = a.member(ctx, p); err != nil || id != nil {
		return id, nil, err
	}
	if shown := p.shown(); shown != "" {
		name = &shown
	}
	return nil, name, nil
}

func (a *applier) tasks(ctx context.Context, doc *document) ([]tasks.Imported, error) {
	out := make([]tasks.Imported, 0, len(doc.Tasks))
	for i := range doc.Tasks {
		d := &doc.Tasks[i]
		t := tasks.Imported{Origin: d.Origin, Order: d.Order, Task: tasks.Task{Title: d.Title, Description: d.Description, Priority: d.Priority, DueAt: d.DueAt, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(), Labels: []string{}}}
		if err := a.statusOf(d, &t.Task); err != nil {
			return nil, err
		}
		for _, l := range d.Labels {
			id := a.labels[users.Key(l)]
			if id == "" {
				return nil, refuse(d.Entry, "has the label %q, which the file does not have", l)
			}
			t.Labels = append(t.Labels, id)
		}
		slices.Sort(t.Labels)
		t.Labels = slices.Compact(t.Labels)
		var err error
		if t.CreatedBy, t.ImportedAuthor, err = a.author(ctx, d.Author); err != nil {
			return nil, err
		}
		if t.AssignedTo, err = a.member(ctx, d.Assignee); err != nil {
			return nil, err
		}
		for _, c := range d.Comments {
			id, name, err := a.author(ctx, c.Author)
			if err != nil {
				return nil, err
			}
			t.Comments = append(t.Comments, tasks.ImportedComment{AuthorID: id, ImportedAuthor: name, Body: c.Body, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC()})
		}
		out = append(out, t)
	}
	return out, nil
}

// statusOf finds the task's status, and when it was completed.
func (a *applier) statusOf(d *docTask, t *tasks.Task) error {
	category := "backlog"
	if d.Done {
		category = "done"
	}
	t.Status = a.first(category)
	if d.Status != "" {
		var ok bool
		if t.Status, ok = a.status(d.Status); !ok {
			return refuse(d.Entry, "has the status %q, which project %s does not have", d.Status, a.project.Key)
		}
	}
	i := slices.IndexFunc(a.project.Statuses, func(st teams.Status) bool { return st.Slug == t.Status })
	if a.project.Statuses[i].Category == "done" {
		t.CompletedAt = d.CompletedAt
		if t.CompletedAt == nil {
			at := t.UpdatedAt
			t.CompletedAt = &at
		}
	}
	return nil
}
