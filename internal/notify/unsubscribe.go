package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"tandem/internal/db"
	"tandem/internal/errs"
)

// What can be unsubscribed from besides types.
const (
	StopDigest = "digest"
	StopReport = "report"
)

// Stop is what a link unsubscribes somebody from.
type Stop struct {
	UserID string
	Types  []Type // those that the mail was about; or
	What   string // StopDigest or StopReport
	TeamID string // whose report
}

func (s Stop) none() bool { return s.UserID == "" }

// token names the stop and is signed, so that nobody unsubscribes others. It is good for ever, as the mail is. The
// name holds ids and types only, so its separators are in none of them.
func (m *Mailer) token(s Stop) string {
	parts := []string{s.UserID, s.What, s.TeamID}
	for _, t := range s.Types {
		parts = append(parts, string(t))
	}
	name := strings.Join(parts, " ")
	return base64.RawURLEncoding.EncodeToString(append(m.mac("unsubscribe", name), name...))
}

// macSize is how much of a signature a link carries: 128 bits, which nobody guesses over the network.
const macSize = 16

// mac signs a name for one use.
func (m *Mailer) mac(use, name string) []byte {
	h := hmac.New(sha256.New, m.o.Key)
	h.Write([]byte("mail " + use + " " + name))
	return h.Sum(nil)[:macSize]
}

var errNoToken = errs.New(errs.NotFound, "the link is not valid: copy all of it from the mail")

func (m *Mailer) stopOf(token string) (Stop, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) <= macSize || !hmac.Equal(b[:macSize], m.mac("unsubscribe", string(b[macSize:]))) {
		return Stop{}, errNoToken
	}
	parts := strings.Split(string(b[macSize:]), " ")
	if len(parts) < 3 {
		return Stop{}, errNoToken
	}
	s := Stop{UserID: parts[0], What: parts[1], TeamID: parts[2]}
	for _, t := range parts[3:] {
		if slices.Contains(Types, Type(t)) { // else one of an older version
			s.Types = append(s.Types, Type(t))
		}
	}
	if s.What == "" && len(s.Types) == 0 {
		return Stop{}, errNoToken
	}
	return s, nil
}

// Subscription is what the page of an unsubscribe link shows.
type Subscription struct {
	Type    string `json:"type" enum:"task_assigned,task_commented,task_due_soon,team_invite,mention,task_status_changed,digest,report" doc:"a type of notifications, digest or report"`
	Types   []Type `json:"types" enum:"task_assigned,task_commented,task_due_soon,team_invite,mention,task_status_changed" doc:"all types of notifications that the mail was about; none for digest and report"`
	Email   string `json:"email" doc:"whose it is, masked: the link may have been forwarded"`
	Setting string `json:"setting" enum:"at_once,digest,off,on" doc:"a type is sent at_once, in the digest, or not (off); digest and report are on or off"`
}

// Subscription says what the link is about and changes nothing.
func (m *Mailer) Subscription(ctx context.Context, token string) (Subscription, error) {
	s, err := m.stopOf(token)
	if err != nil {
		return Subscription{}, err
	}
	return m.subscription(ctx, m.db.Read(), s)
}

func (m *Mailer) subscription(ctx context.Context, q db.Querier, s Stop) (Subscription, error) {
	box, err := m.users.Mailbox(ctx, q, s.UserID)
	if err != nil {
		return Subscription{}, err
	}
	out := Subscription{Type: s.What, Types: append([]Type{}, s.Types...), Email: masked(box.Email), Setting: "off"}
	set, err := m.SettingsOf(ctx, q, s.UserID)
	if err != nil {
		return Subscription{}, err
	}
	switch s.What {
	case StopDigest:
		if set.Digest {
			out.Setting = "on"
		}
	case StopReport:
		on, err := m.Reports(ctx, q, s.TeamID, s.UserID)
		if err != nil {
			return Subscription{}, err
		}
		if on {
			out.Setting = "on"
		}
	default:
		out.Type, out.Setting = string(s.Types[0]), string(set.Types[s.Types[0]].Email)
	}
	return out, nil
}

// Subscribe sets what the link is about to setting.
func (m *Mailer) Subscribe(ctx context.Context, token, setting string) (Subscription, error) {
	s, err := m.stopOf(token)
	if err != nil {
		return Subscription{}, err
	}
	allowed := []string{string(AtOnce), string(Digest), string(Off)}
	if s.What != "" {
		allowed = []string{"on", "off"}
	}
	if !slices.Contains(allowed, setting) {
		return Subscription{}, errs.Field("setting", "must be one of %s", strings.Join(allowed, ", "))
	}
	var out Subscription
	err = m.db.Write(ctx, func(tx *db.Tx) (err error) {
		if err := m.set(ctx, tx, s, setting); err != nil {
			return err
		}
		out, err = m.subscription(ctx, tx, s)
		return err
	})
	return out, err
}

func (m *Mailer) set(ctx context.Context, tx *db.Tx, s Stop, setting string) error {
	set, err := m.SettingsOf(ctx, tx, s.UserID)
	if err != nil {
		return err
	}
	switch s.What {
	case StopDigest:
		if _, err := tx.Exec(ctx, setSettings, s.UserID, setting == "on", set.DigestHour, set.QuietFrom, set.QuietTo, set.WatchedStatus); err != nil {
			return fmt.Errorf("set digest of %s: %w", s.UserID, err)
		}
		return nil
	case StopReport:
		return m.SetReports(ctx, tx, s.TeamID, s.UserID, setting == "on")
	}
	for _, t := range s.Types {
		way := set.Types[t]
		way.Email = Email(setting)
		if err := setWay(ctx, tx, s.UserID, t, way); err != nil {
			return err
		}
	}
	return nil
}

// masked is enough of an address to know one's own.
func masked(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	for _, first := range local {
		return string(first) + "…@" + domain
	}
	return "…@" + domain
}
