package httpapi

import (
	"context"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/teams"
	"tandem/internal/users"
)

func (a *API) listTeams(ctx context.Context, actor users.Actor, in *Page) (db.Page[teams.Team], error) {
	list, err := a.Teams.ListTeams(ctx, actor)
	if err != nil {
		return db.Page[teams.Team]{}, err
	}
	return pageOf(*in, list, func(t teams.Team) string { return t.ID })
}

type createTeamInput struct{ Body teams.TeamInput }

func (a *API) createTeam(ctx context.Context, actor users.Actor, in *createTeamInput) (teams.Team, error) {
	return a.Teams.CreateTeam(ctx, actor, in.Body)
}

func (a *API) team(ctx context.Context, actor users.Actor, in *ByID) (teams.Team, error) {
	return a.Teams.Team(ctx, actor, in.ID)
}

type updateTeamInput struct {
	ByID
	Precondition
	Body teams.TeamPatch
}

func (a *API) updateTeam(ctx context.Context, actor users.Actor, in *updateTeamInput) (teams.Team, error) {
	return a.Teams.UpdateTeam(ctx, actor, in.ID, in.Body, in.version)
}

func (a *API) deleteTeam(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.DeleteTeam(ctx, actor, in.ID)
}

func (a *API) members(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[teams.Membership], error) {
	list, err := a.Teams.Members(ctx, actor, in.ID)
	if err != nil {
		return db.Page[teams.Membership]{}, err
	}
	return pageOf(in.Page, list, func(m teams.Membership) string { return m.ID })
}

// ByMember names a member of a team.
type ByMember struct {
	ByID
	UserID string `path:"user_id"`
}

type setRoleInput struct {
	ByMember
	Body struct {
		Role teams.Role `json:"role" enum:"owner,admin,member,viewer"`
	} `nameHint:"RoleInput"`
}

func (a *API) setRole(ctx context.Context, actor users.Actor, in *setRoleInput) (teams.Membership, error) {
	return a.Teams.SetRole(ctx, actor, in.ID, in.UserID, in.Body.Role)
}

func (a *API) removeMember(ctx context.Context, actor users.Actor, in *ByMember) (none, error) {
	return none{}, a.Teams.RemoveMember(ctx, actor, in.ID, in.UserID)
}

func (a *API) invites(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[teams.Invite], error) {
	list, err := a.Teams.Invites(ctx, actor, in.ID)
	if err != nil {
		return db.Page[teams.Invite]{}, err
	}
	return pageOf(in.Page, list, func(i teams.Invite) string { return i.ID })
}

type inviteInput struct {
	ByID
	Body teams.InviteInput
}

func (a *API) invite(ctx context.Context, actor users.Actor, in *inviteInput) (teams.Invite, error) {
	return a.Teams.Invite(ctx, actor, in.ID, in.Body)
}

type byInvite struct {
	ByID
	InviteID string `path:"invite_id"`
}

func (a *API) revokeInvite(ctx context.Context, actor users.Actor, in *byInvite) (none, error) {
	return none{}, a.Teams.RevokeInvite(ctx, actor, in.ID, in.InviteID)
}

func (a *API) myInvites(ctx context.Context, actor users.Actor, in *Page) (db.Page[teams.Invite], error) {
	list, err := a.Teams.MyInvites(ctx, actor)
	if err != nil {
		return db.Page[teams.Invite]{}, err
	}
	return pageOf(*in, list, func(i teams.Invite) string { return i.ID })
}

func (a *API) acceptMyInvite(ctx context.Context, actor users.Actor, in *ByID) (teams.Team, error) {
	return a.Teams.AcceptMyInvite(ctx, actor, in.ID)
}

func (a *API) declineMyInvite(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.DeclineMyInvite(ctx, actor, in.ID)
}

type byToken struct {
	Token string `path:"token" doc:"of the invite's link"`
}

func (a *API) inviteByToken(ctx context.Context, _ users.Actor, in *byToken) (teams.InvitePreview, error) {
	return a.Teams.InviteByToken(ctx, in.Token)
}

func (a *API) acceptInvite(ctx context.Context, actor users.Actor, in *byToken) (teams.Team, error) {
	return a.Teams.AcceptInvite(ctx, actor, in.Token)
}

func (a *API) declineInvite(ctx context.Context, actor users.Actor, in *byToken) (none, error) {
	return none{}, a.Teams.DeclineInvite(ctx, actor, in.Token)
}

func (a *API) labels(ctx context.Context, actor users.Actor, in *byIDPage) (db.Page[teams.Label], error) {
	list, err := a.Teams.Labels(ctx, actor, in.ID)
	if err != nil {
		return db.Page[teams.Label]{}, err
	}
	return pageOf(in.Page, list, func(l teams.Label) string { return l.ID })
}

type createLabelInput struct {
	ByID
	Body teams.LabelInput
}

func (a *API) createLabel(ctx context.Context, actor users.Actor, in *createLabelInput) (teams.Label, error) {
	return a.Teams.CreateLabel(ctx, actor, in.ID, in.Body)
}

type updateLabelInput struct {
	ByID
	Body teams.LabelPatch
}

func (a *API) updateLabel(ctx context.Context, actor users.Actor, in *updateLabelInput) (teams.Label, error) {
	return a.Teams.UpdateLabel(ctx, actor, in.ID, in.Body)
}

func (a *API) deleteLabel(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Teams.DeleteLabel(ctx, actor, in.ID)
}

type eventsInput struct {
	ByID
	After int64 `query:"after" minimum:"0" doc:"the last seq that you have; 410 with code pruned when what follows it is no longer kept, or there is no such change"`
	Limit int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// EventPage is a part of a team's log of changes.
type EventPage struct {
	Items []raw[events.Message] `json:"items"`
	Seq   int64                 `json:"seq" doc:"of the team's last change"`
	Epoch string                `json:"epoch" doc:"names this life of the log; when it differs from yours, read the snapshot again"`
}

func (a *API) events(ctx context.Context, actor users.Actor, in *eventsInput) (EventPage, error) {
	page := EventPage{Items: []raw[events.Message]{}}
	if _, err := a.Teams.AuthorizeRead(ctx, actor, in.ID, teams.ViewTeam); err != nil {
		return page, err
	}
	seq, rows, err := a.Events.Replay(ctx, in.ID, in.After, in.Limit)
	if err == nil && in.After > seq { // of another life of the log, which a restored backup ended
		err = errs.Code(errs.Gone, "pruned", "there is no change %d: read the snapshot again", in.After)
	}
	if err != nil {
		return page, err
	}
	for _, r := range rows {
		page.Items = append(page.Items, raw[events.Message](r.Data))
	}
	page.Seq = seq
	page.Epoch, err = a.Events.Epoch(ctx)
	return page, err
}
