package httpapi

import (
	"context"
	"net/http"

	"tandem/internal/db"
	"tandem/internal/notify"
	"tandem/internal/users"
)

// ByLink names what an unsubscribe link is about.
type ByLink struct {
	Token string `path:"token" doc:"of the link in the mail"`
}

func (a *API) subscription(ctx context.Context, _ users.Actor, in *ByLink) (notify.Subscription, error) {
	return a.Mails.Subscription(ctx, in.Token)
}

type subscribeInput struct {
	ByLink
	Body struct {
		Setting string `json:"setting" enum:"at_once,digest,off,on"`
	} `nameHint:"SubscribeInput"`
}

func (a *API) subscribe(ctx context.Context, _ users.Actor, in *subscribeInput) (notify.Subscription, error) {
	return a.Mails.Subscribe(ctx, in.Token, in.Body.Setting)
}

// unsubscribeAtOnce is what a mail program posts when its user presses its own button (RFC 8058): it has neither a
// cookie nor a login. The token is all it needs, whatever the body says.
func (a *API) unsubscribeAtOnce(w http.ResponseWriter, r *http.Request) {
	if _, err := a.Mails.Subscribe(r.Context(), r.PathValue("token"), "off"); err != nil {
		a.problemOf(r.Context(), err).write(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("You are unsubscribed.\n"))
}

type verifyInput struct {
	Body struct {
		Token string `json:"token" doc:"of the link in the mail"`
	} `nameHint:"VerifyInput"`
}

func (a *API) verifyEmail(ctx context.Context, _ users.Actor, in *verifyInput) (none, error) {
	return none{}, a.Auth.VerifyEmail(ctx, in.Body.Token)
}

func (a *API) sendVerification(ctx context.Context, actor users.Actor, _ *nothing) (none, error) {
	return none{}, a.Auth.SendVerification(ctx, actor)
}

func (a *API) resumeEmail(ctx context.Context, actor users.Actor, _ *nothing) (none, error) {
	return none{}, a.Mails.Resume(ctx, actor)
}

type reportAnswer struct {
	Subscribed bool `json:"subscribed"`
}

func (a *API) report(ctx context.Context, actor users.Actor, in *ByID) (reportAnswer, error) {
	on, err := a.Tasks.Report(ctx, actor, in.ID)
	return reportAnswer{on}, err
}

func (a *API) subscribeReport(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Tasks.SetReport(ctx, actor, in.ID, true)
}

func (a *API) unsubscribeReport(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Tasks.SetReport(ctx, actor, in.ID, false)
}

type mailsInput struct {
	Page
	State string `query:"state" enum:"waiting,sent,failed,kept,dropped"`
}

func (a *API) mails(ctx context.Context, actor users.Actor, in *mailsInput) (db.Page[notify.Logged], error) {
	return a.Mails.Log(ctx, actor, in.State, in.Cursor, in.Limit)
}

func (a *API) mail(ctx context.Context, actor users.Actor, in *ByID) (notify.LoggedBody, error) {
	return a.Mails.Logged(ctx, actor, in.ID)
}

func (a *API) mailPreviews(_ context.Context, actor users.Actor, in *Page) (db.Page[notify.PreviewKind], error) {
	list, err := a.Mails.Previews(actor)
	if err != nil {
		return db.Page[notify.PreviewKind]{}, err
	}
	return pageOf(*in, list, func(p notify.PreviewKind) string { return p.Kind })
}

type byKind struct {
	Kind string `path:"kind"`
}

func (a *API) mailPreview(_ context.Context, actor users.Actor, in *byKind) (notify.Preview, error) {
	return a.Mails.Preview(actor, in.Kind)
}
