package users

import (
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are checked here, also where the machine has no zone files
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"tandem/internal/errs"
)

const (
	minUsername = 2
	maxUsername = 32
	maxEmail    = 254 // RFC 5321: what fits between the brackets of a path
	maxName     = 100
)

// Themes are the looks a person may choose; "system" follows the device.
var Themes = []string{"system", "light", "dark"}

// CheckUsername returns the username without surrounding space, or what is wrong with it.
func CheckUsername(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) < minUsername || len(s) > maxUsername {
		return "", errs.Field("username", "must have %d to %d characters", minUsername, maxUsername)
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("._-", rune(c)) {
			return "", errs.Field("username", "may hold only the letters a to z, digits, dots, hyphens and underscores")
		}
		if i == 0 && !letter {
			return "", errs.Field("username", "must begin with a letter or a digit")
		}
	}
	return s, nil
}

// LeadingUsername is the username that s begins with, "" if it begins with none. A full stop or a hyphen at its end
// belongs to the sentence.
func LeadingUsername(s string) string {
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || s[n] >= '0' && s[n] <= '9' || strings.IndexByte("._-", s[n]) >= 0) {
		n++
	}
	name := strings.TrimRight(s[:n], ".-")
	if _, err := CheckUsername(name); err != nil {
		return ""
	}
	return name
}

// CheckEmail returns the address without surrounding space, or what is wrong with it.
func CheckEmail(s string) (string, error) {
	s, err := errs.Line("email", s, maxEmail)
	if err != nil {
		return "", err
	}
	if len(s) > maxEmail { // Line counts characters, mail servers bytes
		return "", errs.Field("email", "must be at most %d bytes long", maxEmail)
	}
	// The parser also reads "Ana <ana@example.org>" and quoted forms: only a bare address comes back as it was.
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || strings.ContainsRune(s, ' ') {
		return "", errs.Field("email", "is not an e-mail address")
	}
	return s, nil
}

// CheckName returns the name without surrounding space; an empty one becomes the username.
func CheckName(s, username string) (string, error) {
	s, err := errs.OptionalLine("name", s, maxName)
	if s == "" {
		s = username
	}
	return s, err
}

func checkTimezone(s string) error {
	if s == "" || s == "Local" { // LoadLocation takes these for UTC and for the server's own
		return errs.Field("timezone", "must be an IANA time zone such as Europe/Vienna")
	}
	if _, err := time.LoadLocation(s); err != nil {
		return errs.Field("timezone", "must be an IANA time zone such as Europe/Vienna")
	}
	return nil
}

func checkLocale(s string) (string, error) {
	tag, err := language.Parse(s)
	if err != nil || s == "" || len(s) > 35 {
		return "", errs.Field("locale", "must be a language tag such as en or de-AT")
	}
	return tag.String(), nil
}

// Patch changes one's own account; nil members stay as they are.
type Patch struct {
	Name            *string `json:"name,omitempty"`
	Email           *string `json:"email,omitempty" doc:"needs current_password"`
	CurrentPassword *string `json:"current_password,omitempty" doc:"only to change the e-mail address"`
	Timezone        *string `json:"timezone,omitempty" doc:"IANA time zone, such as Europe/Vienna"`
	Locale          *string `json:"locale,omitempty" doc:"BCP 47 language tag, such as en or de-AT"`
	Theme           *string `json:"theme,omitempty" enum:"system,light,dark"`
}

// Apply changes what the patch names, or says everything that is wrong with it.
func (m *Me) Apply(p Patch) error {
	var wrong []error
	set := func(dest *string, v string, err error) {
		if err != nil {
			wrong = append(wrong, err)
			return
		}
		*dest = v
	}
	if p.Name != nil {
		v, err := errs.Line("name", *p.Name, maxName)
		set(&m.Name, v, err)
	}
	if p.Email != nil {
		v, err := CheckEmail(*p.Email)
		set(&m.Email, v, err)
	}
	if p.Timezone != nil {
		set(&m.Timezone, *p.Timezone, checkTimezone(*p.Timezone))
	}
	if p.Locale != nil {
		v, err := checkLocale(*p.Locale)
		set(&m.Locale, v, err)
	}
	if p.Theme != nil {
		if slices.Contains(Themes, *p.Theme) {
			m.Theme = *p.Theme
		} else {
			wrong = append(wrong, errs.Field("theme", "must be one of %s", strings.Join(Themes, ", ")))
		}
	}
	return errors.Join(wrong...)
}

// Fold is Key without diacritics, for making keys and slugs of names.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(Key(s)))
}
