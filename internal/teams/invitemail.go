package teams

import (
	"context"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/notify"
)

// inviteMail is the kind of mail to an address without an account.
const inviteMail = "invite"

// inviteLink is notify.Service.InviteLink: the link of the mail also opens an invite to an address that nobody has
// verified.
func (s *Service) inviteLink(_ context.Context, _ db.Querier, id string) (string, error) {
	return "/invite/" + s.inviteToken(id), nil
}

// composeInvite writes the mail, while the invite is open.
func (s *Service) composeInvite(ctx context.Context, q db.Querier, _, id string) (notify.Letter, error) {
	i, err := s.findInvite(ctx, q, inviteByID, id)
	if err != nil {
		return notify.Letter{}, err
	}
	if err := open(&i, s.db.Now()); err != nil {
		return notify.Letter{}, err
	}
	if i.Email == nil {
		return notify.Letter{}, errs.New(errs.NotFound, "the invite is to no address")
	}
	shown, err := s.showInvites(ctx, []Invite{i})
	if err != nil {
		return notify.Letter{}, err
	}
	by := "Somebody"
	if shown[0].InvitedBy != nil {
		by = shown[0].InvitedBy.Name
	}
	return notify.InviteLetter(*i.Email, by, i.TeamName, withArticle(i.Role), "/invite/"+s.inviteToken(id)), nil
}
