package auth_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/internal/auth"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
)

func TestLoginRefuses(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		e.register(t)
		for _, c := range [][2]string{{"ann", "wrong password"}, {"nobody", password}, {"ann\x00", password}, {"", ""}, {"ann", strings.Repeat("x", 5000)}} {
			_, err := e.Login(t.Context(), c[0], c[1], phone)
			wantCode(t, err, errs.Unauthenticated, "wrong_login")
		}
	})
}

func TestRefreshRotates(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		first := e.register(t)
		e.clock.Advance(14 * time.Minute)
		second, err := e.Refresh(t.Context(), first.RefreshToken, "", auth.Client{UserAgent: strings.Repeat("ü\n", 300), IP: "192.0.2.9"})
		if err != nil || second.RefreshToken == "" || second.RefreshToken == first.RefreshToken || second.User != first.User || second.ExpiresIn != 900 {
			t.Fatalf("got %+v, %v", second, err)
		}
		a := e.actor(t, second)
		if old := e.actor(t, first); old != a {
			t.Fatalf("got %+v and %+v, want one session", old, a)
		}
		list, err := e.Sessions(t.Context(), a)
		if err != nil || len(list) != 1 || !list[0].Current || list[0].IP != "192.0.2.9" || list[0].UserAgent != strings.Repeat("ü", 200) {
			t.Fatalf("got %+v, %v", list, err)
		}
		if used := list[0].LastUsedAt.Sub(tandemtest.Start).Round(time.Minute); used != 14*time.Minute {
			t.Fatalf("got last use after %v, want 14m", used)
		}
		if got, want := list[0].ExpiresAt, second.RefreshExpires; !got.Equal(want) || !want.After(first.RefreshExpires) {
			t.Fatalf("got expiry %v, want %v, later than before", got, want)
		}
		e.clock.Advance(14 * time.Minute)
		if _, err := e.Refresh(t.Context(), second.RefreshToken, "", phone); err != nil {
			t.Fatal(err)
		}
	})
}

func TestARepeatedRefreshIsNoReuse(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		first := e.register(t)
		second, err := e.Refresh(t.Context(), first.RefreshToken, "key", phone)
		if err != nil {
			t.Fatal(err)
		}
		e.clock.Advance(30 * time.Second) // the answer was lost
		again, err := e.Refresh(t.Context(), first.RefreshToken, "key", phone)
		if err != nil || again.RefreshToken == "" || again.RefreshToken == second.RefreshToken || again.User != first.User {
			t.Fatalf("got %+v, %v, want another refresh token", again, err)
		}
		if a, b := e.actor(t, again), e.actor(t, second); a != b {
			t.Fatalf("got %+v and %+v, want one session", a, b)
		}
		for _, l := range []auth.Login{second, again} {
			if _, err := e.Refresh(t.Context(), l.RefreshToken, "other key", phone); err != nil {
				t.Fatal(err)
			}
		}
		_, err = e.Refresh(t.Context(), first.RefreshToken, "third key", phone)
		wantCode(t, err, errs.Unauthenticated, "refresh_reused")
	})
}

func TestARepeatThatComesTooLateIsReuse(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		first := e.register(t)
		if _, err := e.Refresh(t.Context(), first.RefreshToken, "key", phone); err != nil {
			t.Fatal(err)
		}
		e.clock.Advance(61 * time.Second)
		_, err := e.Refresh(t.Context(), first.RefreshToken, "key", phone)
		wantCode(t, err, errs.Unauthenticated, "refresh_reused")
	})
}

// Two tabs that cannot lock each other out share a key.
func TestManyRefreshesAtOnceWithOneKey(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		first := e.register(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if l, err := e.Refresh(t.Context(), first.RefreshToken, "key", phone); err != nil || l.RefreshToken == "" {
					t.Errorf("got %+v, %v", l, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestReuseEndsTheSession(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		first := e.register(t)
		other := e.login(t)
		second, err := e.Refresh(t.Context(), first.RefreshToken, "", phone)
		if err != nil {
			t.Fatal(err)
		}
		a := e.actor(t, second) // is in the cache now
		_, err = e.Refresh(t.Context(), first.RefreshToken, "", phone)
		wantCode(t, err, errs.Unauthenticated, "refresh_reused")

		_, err = e.Authenticate(t.Context(), second.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		_, err = e.AuthenticatePage(t.Context(), second.PageToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		_, err = e.Refresh(t.Context(), second.RefreshToken, "", phone)
		wantCode(t, err, errs.Unauthenticated, "refresh_invalid")
		_, err = e.Refresh(t.Context(), first.RefreshToken, "", phone)
		wantCode(t, err, errs.Unauthenticated, "refresh_invalid")
		if got := <-e.ended; got != a.SessionID || len(e.ended) != 0 {
			t.Errorf("got hook for %s, want once for %s", got, a.SessionID)
		}
		if got := e.sessionEvents(t, a.ID); strings.Count(got, `"session.ended"`) != 1 || !strings.Contains(got, a.SessionID) {
			t.Errorf("got events %s", got)
		}
		if !strings.Contains(e.out.String(), "refresh token used twice") || strings.Contains(e.out.String(), first.RefreshToken) {
			t.Errorf("got log %s", e.out)
		}
		e.actor(t, other) // lives on
	})
}

func TestUnknownRefreshToken(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		for _, token := range []string{"", "x", strings.Repeat("\x00\xff", 9000)} {
			_, err := e.Refresh(t.Context(), token, "", phone)
			wantCode(t, err, errs.Unauthenticated, "refresh_invalid")
			if err := e.Logout(t.Context(), token); err != nil {
				t.Errorf("log out: %v", err)
			}
		}
	})
}

func TestLogoutEndsTheSession(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		a := e.actor(t, l)
		for range 2 {
			if err := e.Logout(t.Context(), l.RefreshToken); err != nil {
				t.Fatal(err)
			}
		}
		_, err := e.Authenticate(t.Context(), l.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		if got := <-e.ended; got != a.SessionID || len(e.ended) != 0 {
			t.Errorf("got hook for %s, want once for %s", got, a.SessionID)
		}
	})
}

func TestRevokeSession(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		e.clock.Advance(time.Second)
		stolen := e.login(t)
		a, thief := e.actor(t, l), e.actor(t, stolen)
		list, err := e.Sessions(t.Context(), a)
		if err != nil || len(list) != 2 || list[0].ID != thief.SessionID || list[0].Current || !list[1].Current {
			t.Fatalf("got %+v, %v", list, err)
		}
		bob, err := e.Register(t.Context(), auth.RegisterInput{Username: "bob", Email: "bob@example.org", Password: password}, events.Mutation{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, e.RevokeSession(t.Context(), e.actor(t, bob), thief.SessionID), errs.NotFound, "")
		wantCode(t, e.RevokeSession(t.Context(), a, "no\x00id"), errs.NotFound, "")

		a.Mutation = events.Mutation{ID: "m1", Fingerprint: "f"}
		for range 2 { // the repeat of a lost answer
			if err := e.RevokeSession(t.Context(), a, thief.SessionID); err != nil {
				t.Fatal(err)
			}
		}
		_, err = e.Authenticate(t.Context(), stolen.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		if got := <-e.ended; got != thief.SessionID || len(e.ended) != 0 {
			t.Errorf("got hook for %s, want once for %s", got, thief.SessionID)
		}
		if got := e.sessionEvents(t, a.ID); strings.Count(got, `"session.ended"`) != 1 || !strings.Contains(got, `"mutation_id":"m1"`) || !strings.Contains(got, `"username":"ann"`) {
			t.Errorf("got events %s", got)
		}
		a.Mutation = events.Mutation{}
		wantCode(t, e.RevokeSession(t.Context(), a, thief.SessionID), errs.NotFound, "")
		if list, err := e.Sessions(t.Context(), a); err != nil || len(list) != 1 {
			t.Fatalf("got %+v, %v", list, err)
		}
	})
}

func TestDisabledUserIsOut(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		e.actor(t, l)
		if err := e.SetDisabled(t.Context(), "ann", true); err != nil {
			t.Fatal(err)
		}
		_, err := e.Authenticate(t.Context(), l.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
		_, err = e.Login(t.Context(), "ann", password, phone)
		wantCode(t, err, errs.Forbidden, "user_disabled")
		_, err = e.Login(t.Context(), "ann", "wrong password", phone)
		wantCode(t, err, errs.Unauthenticated, "wrong_login")
		if err := e.SetDisabled(t.Context(), "ann", false); err != nil {
			t.Fatal(err)
		}
		e.login(t)
	})
}

func TestSessionExpiresUnlessUsed(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		used := e.login(t)
		e.clock.Advance(29 * 24 * time.Hour)
		used, err := e.Refresh(t.Context(), used.RefreshToken, "", laptop)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.AuthenticatePage(t.Context(), l.PageToken); err != nil {
			t.Fatalf("page token of an old session: %v", err)
		}
		e.clock.Advance(25 * time.Hour)
		_, err = e.Refresh(t.Context(), l.RefreshToken, "", phone)
		wantCode(t, err, errs.Unauthenticated, "refresh_invalid")
		_, err = e.AuthenticatePage(t.Context(), l.PageToken)
		wantCode(t, err, errs.Unauthenticated, "token_expired")
		if err := e.CleanUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := count(t, e, "SELECT count(*) FROM sessions"); got != 1 {
			t.Errorf("got %d sessions, want 1", got)
		}
		if got := count(t, e, "SELECT count(*) FROM refresh_tokens"); got != 2 {
			t.Errorf("got %d refresh tokens, want a used and a new one", got)
		}
		e.clock.Advance(20 * 24 * time.Hour)
		if _, err = e.Refresh(t.Context(), used.RefreshToken, "", laptop); err != nil {
			t.Fatal(err)
		}
		e.clock.Advance(10 * 24 * time.Hour) // the first token was used 31 days ago, the second 10
		if err := e.CleanUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := count(t, e, "SELECT count(*) FROM refresh_tokens"); got != 2 {
			t.Errorf("got %d refresh tokens, want the oldest gone", got)
		}
	})
}

func count(t *testing.T, e *env, query string) (n int) {
	t.Helper()
	if err := e.db.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
