package auth_test

import (
	"regexp"
	"testing"
	"time"

	"tandem/internal/auth"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

const next = "staple of another kind"

func TestChangePasswordEndsOtherSessions(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		here := e.register(t)
		other := e.login(t)
		a, elsewhere := e.actor(t, here), e.actor(t, other)

		if got := fields(e.ChangePassword(t.Context(), a, "wrong password", next)); got != "current_password: is not your password" {
			t.Fatalf("got %q", got)
		}
		if got := fields(e.ChangePassword(t.Context(), a, password, "short")); got != "new_password: must have at least 8 characters" {
			t.Fatalf("got %q", got)
		}
		a.Mutation = events.Mutation{ID: "m1", Fingerprint: "f"}
		for range 2 { // the repeat of a lost answer
			if err := e.ChangePassword(t.Context(), a, password, next); err != nil {
				t.Fatal(err)
			}
		}
		e.actor(t, here)
		_, err := e.Authenticate(t.Context(), other.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		_, err = e.Refresh(t.Context(), other.RefreshToken, "", laptop)
		wantCode(t, err, errs.Unauthenticated, "refresh_invalid")
		if got := <-e.ended; got != elsewhere.SessionID || len(e.ended) != 0 {
			t.Errorf("got hook for %s, want once for %s", got, elsewhere.SessionID)
		}
		if _, err := e.Refresh(t.Context(), here.RefreshToken, "", phone); err != nil {
			t.Fatal(err)
		}
		_, err = e.Login(t.Context(), "ann", password, phone)
		wantCode(t, err, errs.Unauthenticated, "wrong_login")
		if _, err := e.Login(t.Context(), "ann", next, phone); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSetPasswordEndsAllSessions(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		wantCode(t, e.SetPassword(t.Context(), "bob", next), errs.NotFound, "")
		if err := e.SetPassword(t.Context(), "ann@example.org", next); err != nil {
			t.Fatal(err)
		}
		_, err := e.Authenticate(t.Context(), l.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		if _, err := e.Login(t.Context(), "ann", next, phone); err != nil {
			t.Fatal(err)
		}
	})
}

var link = regexp.MustCompile(`https://tandem\.test/reset\?token=([\w-]{43})`)

// links returns the tokens of the reset links in the log.
func (e *env) links() []string {
	var out []string
	for _, m := range link.FindAllStringSubmatch(e.out.String(), -1) {
		out = append(out, m[1])
	}
	return out
}

func TestResetPassword(t *testing.T) {
	each(t, auth.Options{Dev: true}, func(t *testing.T, e *env) {
		l := e.register(t)
		for _, who := range []string{"ann@example.org", "ANN@example.org", "nobody@example.org", "ann", "\x00", ""} {
			if err := e.ForgotPassword(t.Context(), who); err != nil {
				t.Fatalf("%q: %v", who, err)
			}
		}
		tokens := e.links()
		if len(tokens) != 2 {
			t.Fatalf("got log %s, want two links", e.out)
		}
		if n := count(t, e, "SELECT count(*) FROM password_resets WHERE hash = '"+tokens[0]+"'"); n != 0 {
			t.Fatal("the token itself is stored")
		}
		if got := fields(e.ResetPassword(t.Context(), tokens[0], "password")); got != "password: is one of the most common passwords: choose another" {
			t.Fatalf("got %q", got)
		}
		wantCode(t, e.ResetPassword(t.Context(), "unknown", next), errs.Invalid, "reset_invalid")
		if err := e.ResetPassword(t.Context(), tokens[0], next); err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens { // used, and asked for in vain
			wantCode(t, e.ResetPassword(t.Context(), token, next), errs.Invalid, "reset_invalid")
		}
		_, err := e.Authenticate(t.Context(), l.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		if _, err := e.Login(t.Context(), "ann", next, phone); err != nil {
			t.Fatal(err)
		}
	})
}

func TestResetLinkExpires(t *testing.T) {
	each(t, auth.Options{Dev: true}, func(t *testing.T, e *env) {
		e.register(t)
		for range 7 {
			if err := e.ForgotPassword(t.Context(), "ann@example.org"); err != nil {
				t.Fatal(err)
			}
		}
		tokens := e.links()
		if len(tokens) != 5 {
			t.Fatalf("got %d links in an hour, want 5", len(tokens))
		}
		e.clock.Advance(time.Hour)
		wantCode(t, e.ResetPassword(t.Context(), tokens[4], next), errs.Invalid, "reset_invalid")
		if err := e.CleanUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, e, "SELECT count(*) FROM password_resets"); n != 0 {
			t.Fatalf("got %d links, want none", n)
		}
	})
}

func TestResetLinkIsNotLoggedInProduction(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		e.register(t)
		if err := e.ForgotPassword(t.Context(), "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		if e.out.Len() != 0 {
			t.Fatalf("got log %s", e.out)
		}
	})
}

func TestNewAddressNeedsThePasswordAndVoidsLinks(t *testing.T) {
	each(t, auth.Options{Dev: true}, func(t *testing.T, e *env) {
		a := e.actor(t, e.register(t))
		if err := e.ForgotPassword(t.Context(), "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		address, right, wrong := "ann@example.com", password, "wrong password"
		for _, current := range []*string{nil, &wrong} {
			_, err := e.users.UpdateMe(t.Context(), a, users.Patch{Email: &address, CurrentPassword: current})
			if got := fields(err); got != "current_password: is not your password: it is needed to change the e-mail address" {
				t.Fatalf("got %q", got)
			}
		}
		me, err := e.users.UpdateMe(t.Context(), a, users.Patch{Email: &address, CurrentPassword: &right})
		if err != nil || me.Email != address {
			t.Fatalf("got %+v, %v", me, err)
		}
		wantCode(t, e.ResetPassword(t.Context(), e.links()[0], next), errs.Invalid, "reset_invalid")
	})
}
