package auth_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tandem/internal/auth"
	"tandem/internal/errs"
	"tandem/internal/events"
)

func TestFirstUserBecomesAdministrator(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		if got, err := e.Registration(t.Context()); got != auth.First || err != nil {
			t.Fatalf("got registration %q, %v, want first", got, err)
		}
		l := e.register(t)
		if !l.User.IsAdmin || l.User.Email != "Ann@example.org" || l.User.Name != "Ann Lee" {
			t.Fatalf("got %+v", l.User)
		}
		if a := e.actor(t, l); !a.Admin || a.ID != l.User.ID || a.Username != "ann" || a.SessionID == "" {
			t.Fatalf("got actor %+v", a)
		}
		bob, err := e.Register(t.Context(), auth.RegisterInput{Username: "bob", Email: "bob@example.org", Password: password}, events.Mutation{}, phone)
		if err != nil || bob.User.IsAdmin || bob.User.Name != "bob" {
			t.Fatalf("got %+v, %v, want no administrator, named as the username", bob.User, err)
		}
		if head, err := e.log.Head(t.Context(), e.db.Read(), bob.User.ID); head != 0 || err != nil {
			t.Fatalf("got head %d, %v", head, err)
		}
		if _, err := e.Login(t.Context(), "BOB@example.org ", password, phone); err != nil {
			t.Fatalf("log in by address: %v", err)
		}
	})
}

func TestOfManyFirstUsersOneIsAdministrator(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		const n = 6
		var wg sync.WaitGroup
		got := make(chan auth.Login, n)
		for i := range n {
			wg.Go(func() {
				name := fmt.Sprintf("user%d", i)
				l, err := e.Register(t.Context(), auth.RegisterInput{Username: name, Email: name + "@example.org", Password: password}, events.Mutation{}, phone)
				if err != nil {
					t.Error(err)
				}
				got <- l
			})
		}
		wg.Wait()
		admins := 0
		for range n {
			if (<-got).User.IsAdmin {
				admins++
			}
		}
		if admins != 1 {
			t.Fatalf("got %d administrators, want 1", admins)
		}
	})
}

func TestTwoOfOneNameAtOnce(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		e.register(t)
		var wg sync.WaitGroup
		got := make(chan error, 2)
		for i := range 2 {
			wg.Go(func() {
				_, err := e.Register(t.Context(), auth.RegisterInput{Username: []string{"bob", "BOB"}[i], Email: fmt.Sprintf("%d@example.org", i), Password: password}, events.Mutation{}, phone)
				got <- err
			})
		}
		wg.Wait()
		a, b := <-got, <-got
		if a == nil {
			a, b = b, a
		}
		if b != nil || fields(a) != "username: is taken" {
			t.Fatalf("got %v and %v, want one success and one refusal", a, b)
		}
	})
}

func TestDuplicatesAreAllNamed(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		e.register(t)
		in := ann()
		in.Username, in.Email = "ANN", "ann@EXAMPLE.org"
		_, err := e.Register(t.Context(), in, events.Mutation{}, phone)
		if got, want := fields(err), "username: is taken\nemail: is taken"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestClosedRegistration(t *testing.T) {
	invite := func(_ context.Context, token, email string) bool {
		return token == "invited" && email == "bob@example.org"
	}
	each(t, auth.Options{Registration: auth.Closed, InviteValid: invite}, func(t *testing.T, e *env) {
		e.register(t) // the first always may
		if got, err := e.Registration(t.Context()); got != auth.Closed || err != nil {
			t.Fatalf("got registration %q, %v, want closed", got, err)
		}
		in := auth.RegisterInput{Username: "bob", Email: "bob@example.org", Password: password}
		_, err := e.Register(t.Context(), in, events.Mutation{}, phone)
		wantCode(t, err, errs.Forbidden, "registration_closed")
		in.InviteToken = "wrong"
		_, err = e.Register(t.Context(), in, events.Mutation{}, phone)
		wantCode(t, err, errs.Forbidden, "registration_closed")
		in.InviteToken = "invited"
		if _, err := e.Register(t.Context(), in, events.Mutation{}, phone); err != nil {
			t.Fatal(err)
		}
		if _, err := e.CreateUser(t.Context(), auth.RegisterInput{Username: "cy", Email: "cy@example.org", Password: password}, true); err != nil {
			t.Fatalf("create from the command line: %v", err)
		}
		page, err := e.ListUsers(t.Context(), "", 2)
		if err != nil || len(page.Items) != 2 || page.NextCursor == nil || page.Items[0].Username != "ann" {
			t.Fatalf("got %+v, %v", page, err)
		}
		page, err = e.ListUsers(t.Context(), *page.NextCursor, 2)
		if err != nil || len(page.Items) != 1 || page.NextCursor != nil || !page.Items[0].IsAdmin {
			t.Fatalf("got %+v, %v", page, err)
		}
	})
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		_, err := e.Register(t.Context(), auth.RegisterInput{Username: "-", Email: "Ann <ann@example.org>", Password: "short", Name: strings.Repeat("n", 101)}, events.Mutation{}, phone)
		got := fields(err)
		for _, field := range []string{"username: ", "email: ", "name: ", "password: "} {
			if !strings.Contains(got, field) {
				t.Errorf("got %q, want it to speak of %s", got, field)
			}
		}
		if who, _ := e.Registration(t.Context()); who != auth.First {
			t.Errorf("got registration %q: a refused request left a user", who)
		}
	})
}

func TestPasswordRules(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		for _, c := range []struct{ password, want string }{
			{"1234567", "password: must have at least 8 characters"},
			{strings.Repeat("é", 257), "password: must have at most 256 characters"},
			{"bad\xff\xff\xff\xff\xff", "password: must be valid UTF-8"},
			{"PassWord123", "password: is one of the most common passwords: choose another"},
			{"Annabella", "password: must not be your username or e-mail address"},
			{"ANN@example.org", "password: must not be your username or e-mail address"},
			{strings.Repeat("é", 256), ""},
			{"пароль и ещё 🔑", ""},
		} {
			in := ann()
			in.Username, in.Password = "annabella", c.password
			if c.want == "" {
				in.Username = fmt.Sprintf("ann%d", len(c.password))
				in.Email = in.Username + "@example.org"
			}
			if _, err := e.Register(t.Context(), in, events.Mutation{}, phone); fields(err) != c.want {
				t.Errorf("%q: got %q, want %q", c.password, fields(err), c.want)
			}
		}
	})
}

func TestPasswordIsTheSameHoweverAccentsAreTyped(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		in := ann()
		in.Password = "caf\u00e9 au lait"
		if _, err := e.Register(t.Context(), in, events.Mutation{}, phone); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Login(t.Context(), "ann", "cafe\u0301 au lait", phone); err != nil {
			t.Fatal(err)
		}
	})
}

func TestARepeatedRegistrationIsAnsweredAgain(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		m := events.Mutation{ID: "key", Fingerprint: "of the request"}
		first, err := e.Register(t.Context(), ann(), m, phone)
		if err != nil {
			t.Fatal(err)
		}
		again, err := e.Register(t.Context(), ann(), m, phone)
		if err != nil || again.User.ID != first.User.ID || again.RefreshToken == first.RefreshToken {
			t.Errorf("got %+v, %v, want the same user", again.User, err)
		}
		_, err = e.Register(t.Context(), ann(), events.Mutation{ID: "key", Fingerprint: "of another"}, phone)
		wantCode(t, err, errs.Invalid, "idempotency_key_reused")
	})
}
