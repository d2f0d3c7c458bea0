package httpapi

import (
	"context"

	"tandem/internal/db"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func (a *API) projects(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[teams.Project], error) {
	list, err := a.Teams.Projects(ctx, actor, in.ID)
	if err != nil {
		return db.Page[teams.Project]{}, err
	}
	return pageOf(in.Page, list, func(p teams.Project) string { return p.ID })
}

type createProjectInput struct {
	ByID
	Body teams.ProjectInput
}

func (a *API) createProject(ctx context.Context, actor users.Actor, in *createProjectInput) (teams.Project, error) {
	return a.Teams.CreateProject(ctx, actor, in.ID, in.Body)
}

func (a *API) project(ctx context.Context, actor users.Actor, in *ByID) (teams.ProjectDetail, error) {
	return a.Teams.Detail(ctx, actor, in.ID)
}

type updateProjectInput struct {
	ByID
	Precondition
	Body teams.ProjectPatch
}

func (a *API) updateProject(ctx context.Context, actor users.Actor, in *updateProjectInput) (teams.Project, error) {
	return a.Teams.UpdateProject(ctx, actor, in.ID, in.Body, in.version)
}

func (a *API) deleteProject(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.DeleteProject(ctx, actor, in.ID)
}

type addStatusInput struct {
	ByID
	Body teams.StatusInput
}

func (a *API) addStatus(ctx context.Context, actor users.Actor, in *addStatusInput) (teams.Project, error) {
	return a.Teams.AddStatus(ctx, actor, in.ID, in.Body)
}

// ByStatus names a status of a project.
type ByStatus struct {
	ByID
	Slug string `path:"slug"`
}

// StatusPatch is teams.StatusPatch as the API takes it: a limit goes by null.
type StatusPatch struct {
	Name     *string             `json:"name,omitempty"`
	Color    *string             `json:"color,omitempty" enum:"gray,red,orange,amber,green,teal,blue,indigo,purple,pink"`
	Category *string             `json:"category,omitempty" enum:"backlog,active,done,cancelled"`
	WIPLimit tasks.Field[*int64] `json:"wip_limit,omitzero" minimum:"1" maximum:"1000" doc:"null takes the limit away"`
	Before   *string             `json:"before,omitempty" doc:"slug of the status that it goes before"`
	After    *string             `json:"after,omitempty" doc:"slug of the status that it goes after"`
}

func (p StatusPatch) patch() teams.StatusPatch {
	out := teams.StatusPatch{Name: p.Name, Color: p.Color, Category: p.Category, WIPLimit: p.WIPLimit.Value, Before: p.Before, After: p.After}
	if p.WIPLimit.Set && p.WIPLimit.Value == nil {
		out.WIPLimit = new(int64)
	}
	return out
}

type updateStatusInput struct {
	ByStatus
	Body StatusPatch
}

func (a *API) updateStatus(ctx context.Context, actor users.Actor, in *updateStatusInput) (teams.Project, error) {
	return a.Teams.UpdateStatus(ctx, actor, in.ID, in.Slug, in.Body.patch())
}

type deleteStatusInput struct {
	ByStatus
	MoveTo string `query:"move_to" doc:"slug of the status that its tasks go to; needed unless there are none"`
}

func (a *API) deleteStatus(ctx context.Context, actor users.Actor, in *deleteStatusInput) (teams.Project, error) {
	return a.Teams.DeleteStatus(ctx, actor, in.ID, in.Slug, in.MoveTo)
}
