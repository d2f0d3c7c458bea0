package httpapi

import (
	"context"
	"time"

	"tandem/internal/analytics"
	"tandem/internal/errs"
	"tandem/internal/users"
)

// Days say of which days figures are.
type Days struct {
	From     string `query:"from" doc:"the first day, such as 2026-11-01; without it the 30 days up to \"to\""`
	To       string `query:"to" doc:"the last day; without it today"`
	Bucket   string `query:"bucket" enum:"day,week,month" default:"day" doc:"how long each point of the series is; weeks begin on Monday"`
	Timezone string `query:"timezone" doc:"an IANA time zone, in which days begin; without it your own"`
}

func (a *API) query(ctx context.Context, actor users.Actor, in *Days) (analytics.Query, error) {
	q := analytics.Query{From: in.From, To: in.To, Bucket: in.Bucket, Zone: time.UTC}
	zone := in.Timezone
	if zone == "" {
		box, err := a.Users.Mailbox(ctx, a.DB.Read(), actor.ID)
		if err != nil {
			return q, err
		}
		zone = box.Timezone
	}
	at, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return q, errs.Field("query.timezone", "must be an IANA time zone such as Europe/Vienna")
	}
	q.Zone = at
	return q, nil
}

type teamAnalyticsInput struct {
	ByID
	Days
	ProjectID string `query:"project_id" doc:"only this project of the team"`
}

func (a *API) teamAnalytics(ctx context.Context, actor users.Actor, in *teamAnalyticsInput) (analytics.Figures, error) {
	q, err := a.query(ctx, actor, &in.Days)
	if err != nil {
		return analytics.Figures{}, err
	}
	q.TeamID, q.ProjectID = in.ID, in.ProjectID
	return a.Analytics.Figures(ctx, actor, q)
}

func (a *API) myAnalytics(ctx context.Context, actor users.Actor, in *Days) (analytics.PersonFigures, error) {
	q, err := a.query(ctx, actor, in)
	if err != nil {
		return analytics.PersonFigures{}, err
	}
	return a.Analytics.Personal(ctx, actor, q)
}

type memberAnalyticsInput struct {
	ByID
	UserID string `path:"user_id"`
	Days
}

func (a *API) memberAnalytics(ctx context.Context, actor users.Actor, in *memberAnalyticsInput) (analytics.PersonFigures, error) {
	q, err := a.query(ctx, actor, &in.Days)
	if err != nil {
		return analytics.PersonFigures{}, err
	}
	q.TeamID = in.ID
	return a.Analytics.Member(ctx, actor, in.UserID, q)
}
