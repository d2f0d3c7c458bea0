package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"tandem/internal/errs"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// boardCards is how many cards of a column come with the page. The app reads on from there.
const boardCards = 16

// boot is what the server writes into a page, so that the app paints without asking.
type boot struct {
	AccessToken string             `json:"access_token,omitempty"`
	ExpiresIn   int                `json:"expires_in,omitempty"`
	User        *users.Me          `json:"user"`
	Unread      int64              `json:"unread"` // notifications
	Teams       []teams.Team       `json:"teams,omitzero"`
	Projects    []teams.ProjectRef `json:"projects,omitzero"`
	Board       json.RawMessage    `json:"board,omitempty"`
	Config      publicConfig       `json:"config"`

	lost bool // the board of the address is not there, or not for this person
}

// boot gathers it. Without a valid page cookie that is only what everybody may know. project is
// empty except on boards.
func (a *API) boot(r *http.Request, project string) (b boot, err error) {
	ctx := r.Context()
	if b.Config, err = a.config(ctx, users.Actor{}, nil); err != nil {
		return b, err
	}
	cookie, err := r.Cookie(pageCookie)
	if err != nil || !fromHere(r) {
		return b, nil //nolint:nilerr // no cookie: nobody is logged in
	}
	actor, err := a.Auth.AuthenticatePage(ctx, cookie.Value)
	if errors.Is(err, errs.Unauthenticated) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	full := b
	if err := a.fillBoot(ctx, &full, actor, project); err != nil {
		return boot{}, err
	}
	return full, nil
}

func (a *API) fillBoot(ctx context.Context, b *boot, actor users.Actor, project string) error {
	me, err := a.Users.Me(ctx, actor.ID)
	if err != nil {
		return err
	}
	if b.Teams, err = a.Teams.ListTeams(ctx, actor); err != nil {
		return err
	}
	if b.Unread, err = a.Notify.Unread(ctx, actor.ID); err != nil {
		return err
	}
	b.Projects = []teams.ProjectRef{}
	for _, t := range b.Teams { // a person is in a handful of teams
		projects, err := a.Teams.Projects(ctx, actor, t.ID)
		if err != nil {
			return err
		}
		for _, p := range projects {
			if p.Archived {
				continue // the sidebar leaves them out
			}
			b.Projects = append(b.Projects, teams.ProjectRef{ID: p.ID, TeamID: p.TeamID, Key: p.Key, Name: p.Name})
		}
	}
	if project != "" {
		snap, err := a.Tasks.Board(ctx, actor, project, boardCards)
		switch {
		case errors.Is(err, errs.NotFound):
			b.lost = true
		case err != nil:
			return err
		default:
			b.Board = snap.JSON
		}
	}
	if b.AccessToken, b.ExpiresIn, err = a.Auth.AccessToken(ctx, actor); err != nil {
		return err
	}
	b.User = &me
	return nil
}

// fromHere says whether a person opened the page, rather than another site's script or frame: only
// then the page may hold a token. Browsers without these headers send SameSite cookies right.
func fromHere(r *http.Request) bool {
	dest := r.Header.Get("Sec-Fetch-Dest")
	return dest == "" || dest == "document" || r.Header.Get("Sec-Fetch-Site") == "same-origin"
}

// script is the boot data as an element; empty when it could not be gathered. encoding/json escapes
// <, >, & and the line separators, so no text in it can end the element.
func (b boot) script() string {
	if b.Config == (publicConfig{}) {
		return ""
	}
	data, err := json.Marshal(b) //nolint:gosec // the token is the person's own
	if err != nil {
		return ""
	}
	return `<script type="application/json" id="boot">` + string(data) + `</script>`
}

// boardSketch is the part of a board that its skeleton shows.
type boardSketch struct {
	Project struct {
		Name string `json:"name"`
	} `json:"project"`
	Statuses []struct {
		Name  string `json:"name"`
		Count int    `json:"count"`
	} `json:"statuses"`
}

// Cards are as many grey cards as a screen has room for.
func (boardSketch) Cards(count int) []struct{} { return make([]struct{}, min(count, 8)) }

var boardTemplate = template.Must(template.New("board").Parse(
	`<div class="shell" aria-hidden="true"><div class="shell-side"><div class="sk-pad"><div class="shimmer sk-line sk-w3"></div><div class="shimmer sk-line sk-w2"></div><div class="shimmer sk-line sk-w3"></div></div></div>` +
		`<div class="shell-main"><div class="topbar"><strong>{{.Project.Name}}</strong></div><div class="board">` +
		`{{range .Statuses}}<div class="board-column"><div class="board-column-head"><span class="truncate font-medium">{{.Name}}</span><span class="text-sm text-faint tabular-nums">{{.Count}}</span></div>` +
		`<div class="board-column-body">{{range $.Cards .Count}}<div class="shimmer sk-card"></div>{{end}}</div></div>{{end}}` +
		`</div></div><div class="shell-nav"></div></div>`))

// boardSkeleton draws the board's columns before the app does.
func boardSkeleton(board json.RawMessage) string {
	var sketch boardSketch
	var b strings.Builder
	if err := json.Unmarshal(board, &sketch); err != nil {
		return ""
	}
	if err := boardTemplate.Execute(&b, sketch); err != nil {
		return ""
	}
	return b.String()
}
