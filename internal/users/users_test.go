package users_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"strings"
	"sync"
	"testing"

	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/users"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann, bob := env.User("ann"), env.User("bob")
		for range 2 { // read, then cached
			got, err := env.Users.Profiles(t.Context(), ann.ID, "", bob.ID, ann.ID, "unknown")
			if err != nil || len(got) != 2 || got[ann.ID].Username != "ann" || got[bob.ID].ID != bob.ID {
				t.Fatalf("got %+v, %v", got, err)
			}
		}
		got, err := env.Users.Profiles(t.Context())
		if err != nil || got == nil || len(got) != 0 {
			t.Fatalf("got %+v, %v, want an empty map", got, err)
		}
	})
}

func TestFindIgnoresCase(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("Ann")
		for _, login := range []string{"ann", " ANN ", "ann@EXAMPLE.org"} {
			if u, err := env.Users.Find(t.Context(), env.DB.Read(), login); err != nil || u.ID != ann.ID || u.Username != "Ann" {
				t.Errorf("%q: got %+v, %v", login, u, err)
			}
		}
		for _, login := range []string{"", "bob", "ann\x00", "\xff"} {
			if _, err := env.Users.Find(t.Context(), env.DB.Read(), login); !errors.Is(err, errs.NotFound) {
				t.Errorf("%q: got %v, want not found", login, err)
			}
		}
	})
}

func TestOnlyTeamMatesAreFoundByUsername(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann, bob, cy := env.User("ann"), env.User("bob"), env.User("cy")
		env.Users.SharesTeam = func(_ context.Context, a, b string) (bool, error) { return a == ann.ID && b == bob.ID, nil }
		for _, username := range []string{"Ann", "bob"} {
			if _, err := env.Users.ByUsername(t.Context(), ann, username); err != nil {
				t.Errorf("%s: %v", username, err)
			}
		}
		_, outsider := env.Users.ByUsername(t.Context(), ann, cy.Username)
		_, nobody := env.Users.ByUsername(t.Context(), ann, "dee")
		if !errors.Is(outsider, errs.NotFound) || !errors.Is(nobody, errs.NotFound) {
			t.Errorf("got %v and %v, want not found", outsider, nobody)
		}
		if _, err := env.Users.ByUsername(t.Context(), ann, "bob@example.org"); !errors.Is(err, errs.NotFound) {
			t.Errorf("got %v for an address, want not found", err)
		}
	})
}

func TestUpdateMe(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("ann")
		if _, err := env.Users.Profiles(t.Context(), ann.ID); err != nil { // is in the cache now
			t.Fatal(err)
		}
		ann.Mutation = events.Mutation{ID: "m1", Fingerprint: "f"}
		patch := users.Patch{Name: new("Ann Lee"), Timezone: new("Asia/Tokyo"), Locale: new("ja"), Theme: new("dark"), Email: new("ann@example.org")}
		for range 2 { // the repeat of a lost answer
			got, err := env.Users.UpdateMe(t.Context(), ann, patch)
			if err != nil || got.Name != "Ann Lee" || got.Timezone != "Asia/Tokyo" || got.Locale != "ja" || got.Theme != "dark" {
				t.Fatalf("got %+v, %v", got, err)
			}
			if stored, err := env.Users.Me(t.Context(), ann.ID); err != nil || stored != got {
				t.Fatalf("got %+v, %v, want %+v", stored, err, got)
			}
		}
		profiles, err := env.Users.Profiles(t.Context(), ann.ID)
		if err != nil || profiles[ann.ID].Name != "Ann Lee" {
			t.Fatalf("got %+v, %v, want the new name", profiles, err)
		}
	})
}

func TestEmailMustBeFreeAndConfirmed(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("ann")
		env.User("bob")
		for _, c := range []struct{ email, password, want string }{
			{"BOB@example.org", tandemtest.Password, "email: is taken"},
			{"ann@example.com", "wrong", "current_password: is not your password: it is needed to change the e-mail address"},
			{"ann@example.com", tandemtest.Password, ""},
			{"Ann@example.com", tandemtest.Password, ""}, // her own, written otherwise
		} {
			got, err := env.Users.UpdateMe(t.Context(), ann, users.Patch{Email: &c.email, CurrentPassword: &c.password})
			if all := errs.All(err); c.want != "" && (len(all) != 1 || all[0].Field+": "+all[0].Message != c.want) {
				t.Errorf("%s: got %v, want %q", c.email, err, c.want)
			}
			if c.want == "" && (err != nil || got.Email != c.email) {
				t.Errorf("got %+v, %v, want %s", got, err, c.email)
			}
		}
	})
}

func TestPatchesAtOnceKeepBothFields(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("ann")
		for range 10 {
			start, _ := env.Users.Me(t.Context(), ann.ID)
			name, theme := start.Name+"x", map[string]string{"system": "dark", "dark": "light", "light": "system"}[start.Theme]
			var wg sync.WaitGroup
			for _, p := range []users.Patch{{Name: &name}, {Theme: &theme}} {
				wg.Go(func() {
					if _, err := env.Users.UpdateMe(t.Context(), ann, p); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got, err := env.Users.Me(t.Context(), ann.ID); err != nil || got.Name != name || got.Theme != theme {
				t.Fatalf("got %+v, %v, want %s and %s", got, err, name, theme)
			}
		}
	})
}

// The same picture of two people is kept twice: when one of them takes it away, the other still has it.
func TestTwoPeopleMayHaveTheSamePicture(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann, bob := env.User("ann"), env.User("bob")
		var file bytes.Buffer
		if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
			t.Fatal(err)
		}
		for _, who := range []users.Actor{ann, bob} {
			if _, err := env.Users.SetAvatar(t.Context(), who, file.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		people, err := env.Users.Profiles(t.Context(), ann.ID, bob.ID)
		if err != nil || people[ann.ID].AvatarURL == nil || people[bob.ID].AvatarURL == nil {
			t.Fatalf("got %+v, %v", people, err)
		}
		if _, err := env.Users.RemoveAvatar(t.Context(), ann); err != nil {
			t.Fatal(err)
		}
		name := func(u users.User) string { return strings.TrimPrefix(*u.AvatarURL, users.Avatars) }
		if _, err := env.Users.Avatar(t.Context(), name(people[ann.ID])); !errors.Is(err, errs.NotFound) {
			t.Errorf("the one that was removed: got %v, want not found", err)
		}
		if got, err := env.Users.Avatar(t.Context(), name(people[bob.ID])); err != nil || len(got.Data) == 0 {
			t.Errorf("the other: got %d bytes, %v", len(got.Data), err)
		}
	})
}

func TestAvatarsAtOnceLeaveOneWhole(t *testing.T) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, env *tandemtest.Env) {
		ann := env.User("ann")
		var wg sync.WaitGroup
		for n := range 6 {
			var file bytes.Buffer
			shade := image.NewGray(image.Rect(0, 0, 1, 1))
			shade.Pix[0] = uint8(40 * n)
			if err := png.Encode(&file, shade); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if _, err := env.Users.SetAvatar(t.Context(), ann, file.Bytes()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var rows, hashes int
		if err := env.DB.Read().QueryRowContext(t.Context(), "SELECT COUNT(*), COUNT(DISTINCT hash) FROM avatars").Scan(&rows, &hashes); err != nil || rows != len(users.AvatarSizes) || hashes != 1 {
			t.Errorf("got %d rows with %d hashes, %v", rows, hashes, err)
		}
	})
}
