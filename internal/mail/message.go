package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// maxSubject is more than any list of mails shows.
const maxSubject = 200

// Message is a mail to one person.
type Message struct {
	ID      string // what Message-ID says, without the brackets: the same for each attempt at one mail
	To      string // the address alone
	Subject string // becomes one line
	HTML    string
	Text    string
	// Unsubscribe is the address that takes the recipient off with one POST (RFC 8058); empty: there is nothing to
	// unsubscribe from.
	Unsubscribe string
}

// compose makes the MIME text. What comes from people is either encoded (the subject, the bodies) or checked (the
// address), so none of it can end a header.
func (c *Client) compose(m Message) (*gomail.Msg, error) {
	for _, header := range []string{m.ID, m.To, m.Unsubscribe} {
		if strings.ContainsFunc(header, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
			return nil, errors.New("compose mail: a header has a character that does not belong there")
		}
	}
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Address != m.To {
		return nil, errors.New("compose mail: the recipient's address cannot be read")
	}
	msg := gomail.NewMsg()
	if err := errors.Join(msg.From(c.from.String()), msg.To(m.To)); err != nil {
		return nil, fmt.Errorf("compose mail: %w", err)
	}
	if err := msg.ReplyTo((&mail.Address{Name: "Replies are not read", Address: "noreply@" + c.Domain()}).String()); err != nil {
		return nil, fmt.Errorf("compose mail: %w", err)
	}
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(c.o.Now())
	msg.Subject(line(m.Subject, maxSubject))
	// RFC 3834: no vacation responder answers.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Unsubscribe != "" {
		msg.SetGenHeaderPreformatted("List-Unsubscribe", "<"+m.Unsubscribe+">")
		msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}
