package httpapi

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tandem/internal/db"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

// TaskFields are tasks.Fields with what the document says about them.
type TaskFields struct {
	Title       tasks.Field[string]     `json:"title,omitzero"`
	Description tasks.Field[string]     `json:"description,omitzero" doc:"Markdown"`
	Status      tasks.Field[string]     `json:"status,omitzero" doc:"slug of one of the project's statuses"`
	Priority    tasks.Field[string]     `json:"priority,omitzero" enum:"none,low,medium,high,urgent"`
	Labels      tasks.Field[[]string]   `json:"labels,omitzero" doc:"ids or names of the team's labels"`
	AssignedTo  tasks.Field[*string]    `json:"assigned_to,omitzero" doc:"id of a member of the team"`
	DueAt       tasks.Field[*time.Time] `json:"due_at,omitzero"`
}

// TaskInput is a new task.
type TaskInput struct {
	TaskFields
	Before string `json:"before,omitempty" doc:"id of the task it goes above"`
	After  string `json:"after,omitempty" doc:"id of the task it goes below; without before and after it goes to the end of its column"`
}

// TransformSchema implements huma.SchemaTransformer: a new task needs a title, a change does not.
func (*TaskInput) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = append(s.Required, "title")
	return s
}

// TaskPatch is a change of a task.
type TaskPatch struct {
	TaskFields
	Was TaskFields `json:"was,omitzero" doc:"the values that the editor saw; a field that somebody else changed since is a conflict (409)"`
}

type taskQuery struct {
	Page
	TeamID        string    `query:"team_id" doc:"without team_id and project_id: all your teams"`
	ProjectID     string    `query:"project_id"`
	Status        []string  `query:"status,explode" doc:"slugs; may repeat or be a list with commas"`
	Category      []string  `query:"category,explode" doc:"of the status: backlog, active, done, cancelled; may repeat or be a list with commas"`
	Priority      []string  `query:"priority,explode" doc:"may repeat or be a list with commas"`
	Label         []string  `query:"label,explode" doc:"ids or names; a task has all of them"`
	AssignedTo    []string  `query:"assigned_to,explode" doc:"user ids, me or none"`
	CreatedBy     []string  `query:"created_by,explode" doc:"user ids or me"`
	CreatedFrom   time.Time `query:"created_from"`
	CreatedTo     time.Time `query:"created_to" doc:"this moment is left out, as it is with the other ends"`
	CompletedFrom time.Time `query:"completed_from"`
	CompletedTo   time.Time `query:"completed_to"`
	DueFrom       time.Time `query:"due_from"`
	DueTo         time.Time `query:"due_to"`
	DueAfter      time.Time `query:"due_after" doc:"the same as due_from, which counts when both are given"`
	DueBefore     time.Time `query:"due_before" doc:"the same as due_to, which counts when both are given"`
	Due           string    `query:"due" enum:"none" doc:"none: only tasks without a due date"`
	Number        int64     `query:"number" minimum:"1" doc:"with project_id, finds WEB-12 by its 12"`
	Q             string    `query:"q" maxLength:"200" doc:"words in title, description and comments"`
	Open          bool      `query:"open" doc:"leave out done and cancelled"`
	Deleted       bool      `query:"deleted" doc:"the trash instead"`
	Sort          string    `query:"sort" default:"-created_at" doc:"position, created_at, updated_at, due_at, priority, title, number or status; with - in front descending"`
}

func (q *taskQuery) filter() tasks.ListFilter {
	return tasks.ListFilter{TeamID: q.TeamID, ProjectID: q.ProjectID, Status: split(q.Status), Category: split(q.Category), Priority: split(q.Priority), Labels: split(q.Label),
		AssignedTo: split(q.AssignedTo), CreatedBy: split(q.CreatedBy), Created: span(q.CreatedFrom, q.CreatedTo), Completed: span(q.CompletedFrom, q.CompletedTo),
		Due: span(cmp.Or(q.DueFrom, q.DueAfter), cmp.Or(q.DueTo, q.DueBefore)), Undated: q.Due == "none", Number: q.Number,
		Query: q.Q, Open: q.Open, Deleted: q.Deleted, Sort: q.Sort, Cursor: q.Cursor, Limit: q.Limit}
}

func span(from, to time.Time) tasks.Span {
	return tasks.Span{From: unlessZero(from), To: unlessZero(to)}
}

// split takes parameters that repeat and those that are lists with commas.
func split(values []string) (out []string) {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (a *API) listTasks(ctx context.Context, actor users.Actor, in *taskQuery) (db.Page[tasks.Task], error) {
	return a.Tasks.List(ctx, actor, in.filter())
}

type createTaskInput struct {
	ByID
	Body TaskInput
}

func (a *API) createTask(ctx context.Context, actor users.Actor, in *createTaskInput) (tasks.Detail, error) {
	return a.Tasks.Create(ctx, actor, in.ID, tasks.Input{Fields: tasks.Fields(in.Body.TaskFields), Before: in.Body.Before, After: in.Body.After})
}

func (a *API) task(ctx context.Context, actor users.Actor, in *ByID) (tasks.Detail, error) {
	return a.Tasks.Get(ctx, actor, in.ID)
}

type updateTaskInput struct {
	ByID
	Precondition
	Body TaskPatch
}

func (a *API) updateTask(ctx context.Context, actor users.Actor, in *updateTaskInput) (tasks.Detail, error) {
	return a.Tasks.Update(ctx, actor, in.ID, tasks.Patch{Fields: tasks.Fields(in.Body.TaskFields), Was: tasks.Fields(in.Body.Was)}, in.version)
}

// byIDIf is what a deletion of a versioned thing takes.
type byIDIf struct {
	ByID
	Precondition
}

func (a *API) deleteTask(ctx context.Context, actor users.Actor, in *byIDIf) (none, error) {
	return none{}, a.Tasks.Delete(ctx, actor, in.ID, in.version)
}

func (a *API) restoreTask(ctx context.Context, actor users.Actor, in *ByID) (tasks.Detail, error) {
	return a.Tasks.Restore(ctx, actor, in.ID)
}

type moveInput struct {
	Body struct {
		TaskIDs   []string          `json:"task_ids" minItems:"1" maxItems:"500" doc:"all of one team; they end up side by side, in this order"`
		Status    string            `json:"status,omitempty" doc:"slug; may be left out when all tasks share theirs"`
		Before    string            `json:"before,omitempty" doc:"id of the task they go above"`
		After     string            `json:"after,omitempty" doc:"id of the task they go below; without before and after they go to the end of the column"`
		ProjectID string            `json:"project_id,omitempty" doc:"another project of the team"`
		Was       map[string]string `json:"was,omitempty" doc:"by task id, the status it was seen in; one that somebody else moved since is a conflict (409, with tasks: [{current, conflicts}])"`
	} `nameHint:"MoveInput"`
}

func (a *API) moveTasks(ctx context.Context, actor users.Actor, in *moveInput) (tasks.Changed, error) {
	return a.Tasks.Move(ctx, actor, tasks.MoveInput(in.Body))
}

// BulkFields are those of TaskFields that many tasks can be given at once.
type BulkFields struct {
	Priority   tasks.Field[string]     `json:"priority,omitzero" enum:"none,low,medium,high,urgent"`
	Labels     tasks.Field[[]string]   `json:"labels,omitzero" doc:"ids or names of the team's labels"`
	AssignedTo tasks.Field[*string]    `json:"assigned_to,omitzero" doc:"id of a member of the team"`
	DueAt      tasks.Field[*time.Time] `json:"due_at,omitzero"`
}

func (f BulkFields) fields() tasks.Fields {
	return tasks.Fields{Priority: f.Priority, Labels: f.Labels, AssignedTo: f.AssignedTo, DueAt: f.DueAt}
}

// TaskEdit is the change of one task among many.
type TaskEdit struct {
	TaskID string `json:"task_id"`
	BulkFields
	Was BulkFields `json:"was,omitzero" doc:"the values that the editor saw; a field that somebody else changed since is a conflict (409, with tasks: [{current, conflicts}])"`
}

type editTasksInput struct {
	Body struct {
		Edits []TaskEdit `json:"edits" minItems:"1" maxItems:"500" doc:"of tasks of one team"`
	} `nameHint:"EditInput"`
}

func (a *API) editTasks(ctx context.Context, actor users.Actor, in *editTasksInput) (tasks.Changed, error) {
	edits := make([]tasks.Edit, len(in.Body.Edits))
	for i, e := range in.Body.Edits {
		edits[i] = tasks.Edit{TaskID: e.TaskID, Patch: tasks.Patch{Fields: e.fields(), Was: e.Was.fields()}}
	}
	return a.Tasks.EditMany(ctx, actor, edits)
}

type taskIDsInput struct {
	Body struct {
		TaskIDs []string `json:"task_ids" minItems:"1" maxItems:"500" doc:"all of one team"`
	} `nameHint:"TaskIDs"`
}

func (a *API) deleteTasks(ctx context.Context, actor users.Actor, in *taskIDsInput) (tasks.Changed, error) {
	return a.Tasks.DeleteMany(ctx, actor, in.Body.TaskIDs)
}

func (a *API) restoreTasks(ctx context.Context, actor users.Actor, in *taskIDsInput) (tasks.Changed, error) {
	return a.Tasks.RestoreMany(ctx, actor, in.Body.TaskIDs)
}

func (a *API) watchTask(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Tasks.Watch(ctx, actor, in.ID, true)
}

func (a *API) unwatchTask(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Tasks.Watch(ctx, actor, in.ID, false)
}

// byIDPage asks for a list that belongs to something.
type byIDPage struct {
	ByID
	Page
}

func (a *API) activity(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[tasks.Activity], error) {
	return a.Tasks.ActivityOf(ctx, actor, in.ID, in.Cursor, in.Limit)
}

func (a *API) presence(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[tasks.Viewer], error) {
	team, err := a.Tasks.TeamOf(ctx, actor, in.ID)
	if err != nil || a.Presence == nil {
		return db.Page[tasks.Viewer]{Items: []tasks.Viewer{}}, err
	}
	viewers, err := a.Presence(ctx, team, in.ID)
	if err != nil {
		return db.Page[tasks.Viewer]{}, err
	}
	return pageOf(in.Page, viewers, func(v tasks.Viewer) string { return v.ID })
}

func (a *API) comments(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[tasks.Comment], error) {
	return a.Tasks.Comments(ctx, actor, in.ID, in.Cursor, in.Limit)
}

type addCommentInput struct {
	ByID
	Body struct {
		Body string `json:"body" doc:"Markdown"`
	} `nameHint:"CommentInput"`
}

func (a *API) addComment(ctx context.Context, actor users.Actor, in *addCommentInput) (tasks.Comment, error) {
	return a.Tasks.AddComment(ctx, actor, in.ID, in.Body.Body)
}

// CommentWas is a comment as its editor saw it.
type CommentWas struct {
	Body string `json:"body"`
}

type updateCommentInput struct {
	ByID
	Precondition
	Body struct {
		Body string      `json:"body" doc:"Markdown"`
		Was  *CommentWas `json:"was,omitempty" doc:"the text that the editor saw; when somebody changed it since, that is a conflict (409)"`
	} `nameHint:"CommentPatch"`
}

func (a *API) updateComment(ctx context.Context, actor users.Actor, in *updateCommentInput) (tasks.Comment, error) {
	p := tasks.CommentPatch{Body: in.Body.Body}
	if in.Body.Was != nil {
		p.Was = &in.Body.Was.Body
	}
	return a.Tasks.UpdateComment(ctx, actor, in.ID, p, in.version)
}

func (a *API) deleteComment(ctx context.Context, actor users.Actor, in *byIDIf) (none, error) {
	return none{}, a.Tasks.DeleteComment(ctx, actor, in.ID, in.version)
}

type searchInput struct {
	Q         string `query:"q" required:"true" maxLength:"200" doc:"words; each must be there, the last may be unfinished"`
	TeamID    string `query:"team_id" doc:"without it: all your teams"`
	ProjectID string `query:"project_id" doc:"only this project"`
	Type      string `query:"type" enum:"task,comment" doc:"without it: both"`
	Page
}

type searchPeopleInput struct {
	Q      string `query:"q" required:"true" maxLength:"200" doc:"words of the name or username; each may be unfinished"`
	TeamID string `query:"team_id" doc:"without it: all your teams"`
	Page
}

func (a *API) searchPeople(ctx context.Context, actor users.Actor, in *searchPeopleInput) (db.Page[users.User], error) {
	people, err := a.Tasks.People(ctx, actor, in.Q, in.TeamID, 1000)
	if err != nil {
		return db.Page[users.User]{}, err
	}
	return pageOf(in.Page, people, func(u users.User) string { return u.ID })
}

func (a *API) search(ctx context.Context, actor users.Actor, in *searchInput) (db.Page[tasks.Found], error) {
	return a.Tasks.Search(ctx, actor, tasks.SearchQuery{Query: in.Q, TeamID: in.TeamID, ProjectID: in.ProjectID, Type: in.Type, Limit: in.Limit, Cursor: in.Cursor})
}

type boardInput struct {
	ByID
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"cards of each column"`
}

// board is a board as the service keeps it: encoded.
type board struct {
	raw[tasks.Board]
	etag string
}

func (b board) tag() string { return b.etag }

func (a *API) board(ctx context.Context, actor users.Actor, in *boardInput) (board, error) {
	snap, err := a.Tasks.Board(ctx, actor, in.ID, in.Limit)
	return board{snap.JSON, snap.ETag}, err
}
