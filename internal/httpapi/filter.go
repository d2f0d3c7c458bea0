package httpapi

import (
	"context"

	"tandem/internal/db"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func (a *API) filters(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[teams.SavedFilter], error) {
	list, err := a.Teams.Filters(ctx, actor, in.ID)
	if err != nil {
		return db.Page[teams.SavedFilter]{}, err
	}
	return pageOf(in.Page, list, filterID)
}

func (a *API) myFilters(ctx context.Context, actor users.Actor, in *Page) (db.Page[teams.SavedFilter], error) {
	list, err := a.Teams.OwnFilters(ctx, actor)
	if err != nil {
		return db.Page[teams.SavedFilter]{}, err
	}
	return pageOf(*in, list, filterID)
}

func filterID(f teams.SavedFilter) string { return f.ID }

type createFilterInput struct {
	ByID
	Body teams.FilterInput
}

func (a *API) createFilter(ctx context.Context, actor users.Actor, in *createFilterInput) (teams.SavedFilter, error) {
	return a.Teams.CreateFilter(ctx, actor, in.ID, in.Body)
}

type createMyFilterInput struct{ Body teams.FilterInput }

func (a *API) createMyFilter(ctx context.Context, actor users.Actor, in *createMyFilterInput) (teams.SavedFilter, error) {
	return a.Teams.CreateFilter(ctx, actor, "", in.Body)
}

type updateFilterInput struct {
	ByID
	Body teams.FilterPatch
}

func (a *API) updateFilter(ctx context.Context, actor users.Actor, in *updateFilterInput) (teams.SavedFilter, error) {
	return a.Teams.UpdateFilter(ctx, actor, in.ID, in.Body)
}

func (a *API) deleteFilter(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.DeleteFilter(ctx, actor, in.ID)
}
