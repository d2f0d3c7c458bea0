package httpapi

import (
	"context"
	"io"

	"tandem/internal/db"
	"tandem/internal/reports"
	"tandem/internal/users"
)

type startReportInput struct {
	ByID
	Body reports.Input
}

func (a *API) startReport(ctx context.Context, actor users.Actor, in *startReportInput) (reports.Report, error) {
	if in.Body.Timezone == "" {
		box, err := a.Users.Mailbox(ctx, a.DB.Read(), actor.ID)
		if err != nil {
			return reports.Report{}, err
		}
		in.Body.Timezone = box.Timezone
	}
	return a.Reports.Start(ctx, actor, in.ID, in.Body)
}

func (a *API) reports(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[reports.Report], error) {
	list, err := a.Reports.Reports(ctx, actor, in.ID)
	if err != nil {
		return db.Page[reports.Report]{}, err
	}
	return pageOf(in.Page, list, func(r reports.Report) string { return r.ID })
}

func (a *API) oneReport(ctx context.Context, actor users.Actor, in *ByID) (reports.Report, error) {
	return a.Reports.Report(ctx, actor, in.ID)
}

func (a *API) deleteReport(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Reports.Remove(ctx, actor, in.ID)
}

func (a *API) reportFile(ctx context.Context, actor users.Actor, in *ByID) (download, error) {
	r, err := a.Reports.File(ctx, actor, in.ID)
	return download{r.Name, r.ContentType(), func(ctx context.Context, w io.Writer) error { return a.Reports.Write(ctx, &r, w) }}, err
}
