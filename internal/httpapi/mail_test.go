package httpapi_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/internal/db"
	"tandem/internal/jobs"
)

// administrator makes a user who administers the instance.
func (s *server) administrator(t *testing.T) string {
	t.Helper()
	u := s.User("root")
	if err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE users SET is_admin = TRUE WHERE id = $1`, u.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// work runs the jobs until no mail is left to be written.
func (s *server) work(t *testing.T) {
	t.Helper()
	if err := s.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.jobs.Stop(context.Background()) })
	for deadline := time.Now().Add(20 * time.Second); ; {
		waiting, err := s.jobs.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if waiting[jobs.Outcome{Kind: "mail", Result: "available"}]+waiting[jobs.Outcome{Kind: "mail", Result: "running"}] == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v, want no mail left", waiting)
		}
		<-time.After(10 * time.Millisecond)
	}
}

var unsubscribeLink = regexp.MustCompile(`/unsubscribe/([\w-]+)`)

// kept is the text of the newest mail to an address, as the administrator reads it.
func (s *server) kept(t *testing.T, admin, address string) string {
	t.Helper()
	for _, item := range s.want(t, 200, admin, "GET", "/api/admin/mails?state=kept", nil)["items"].([]any) {
		m := item.(map[string]any)
		if m["address"] == address {
			return s.want(t, 200, admin, "GET", "/api/admin/mails/"+m["id"].(string), nil)["text"].(string)
		}
	}
	t.Fatalf("no mail to %s is kept", address)
	return ""
}

func TestUnsubscribingNeedsOnlyTheLink(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w, admin := s.world(t, ""), s.administrator(t)
		member := w.people["member"]
		s.want(t, 200, "owner", "PATCH", "/api/tasks/"+w.task, map[string]any{"assigned_to": member.ID})
		s.work(t)
		found := unsubscribeLink.FindStringSubmatch(s.kept(t, admin, "member@example.org"))
		if found == nil {
			t.Fatal("the mail has no link")
		}
		link := found[1]
		is := func(setting string) {
			t.Helper()
			got := s.want(t, 200, "", "GET", "/api/unsubscribe/"+link, nil)
			if got["type"] != "task_assigned" || got["email"] != "m…@example.org" || got["setting"] != setting {
				t.Errorf("got %v, want %s", got, setting)
			}
		}
		is("at_once")
		if a := s.request(t, "", "GET", "/unsubscribe/"+link, nil); a.status != 503 { // the page, which these tests do not build
			t.Errorf("got %d", a.status)
		}
		is("at_once")
		if a := s.request(t, "", "POST", "/unsubscribe/"+link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded"); a.status != 200 {
			t.Errorf("got %d %s", a.status, a.text)
		}
		is("off")
		s.want(t, 200, "", "POST", "/api/unsubscribe/"+link, map[string]any{"setting": "digest"})
		is("digest")
		s.want(t, 422, "", "POST", "/api/unsubscribe/"+link, map[string]any{"setting": "on"})
		forged := []byte(link)
		forged[len(forged)/2] ^= 1
		for _, bad := range []string{string(forged), link[:len(link)-2], link + "AA", "x"} {
			if a := s.request(t, "", "POST", "/unsubscribe/"+bad, nil); a.status != 404 {
				t.Errorf("a link that was changed: got %d", a.status)
			}
		}
		prefs := s.want(t, 200, member.Username, "GET", "/api/me/notification-preferences", nil)
		if way := prefs["types"].(map[string]any)["task_assigned"].(map[string]any); way["email"] != "digest" || way["in_app"] != true {
			t.Errorf("got %v", way)
		}
	})
}

func TestAddressesAreVerifiedByALink(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		admin := s.administrator(t)
		s.want(t, 201, "", "POST", "/api/auth/register", map[string]any{"username": "zoe", "email": "zoe@example.org", "password": "correct horse battery staple"})
		w := s.world(t, "")
		invite := s.want(t, 201, "owner", "POST", "/api/teams/"+w.team+"/invites", map[string]any{"email": "zoe@example.org"})["id"].(string)
		s.work(t)
		if p := s.want(t, 403, "zoe", "POST", "/api/me/invites/"+invite+"/accept", nil); p["code"] != "email_unverified" {
			t.Errorf("got %v, want to be asked to confirm the address", p)
		}
		var text string
		for _, item := range s.want(t, 200, admin, "GET", "/api/admin/mails", nil)["items"].([]any) {
			if m := item.(map[string]any); m["kind"] == "email_verification" {
				text = s.want(t, 200, admin, "GET", "/api/admin/mails/"+m["id"].(string), nil)["text"].(string)
			}
		}
		_, token, _ := strings.Cut(text, "/verify?token=")
		token, _, _ = strings.Cut(token, "\n")
		if me := s.want(t, 200, "zoe", "GET", "/api/me", nil); me["email_verified"] != false || me["email_suspended"] != nil {
			t.Errorf("before: got %v", me)
		}
		for range 2 { // again, it changes nothing
			s.want(t, 204, "", "POST", "/api/auth/email/verify", map[string]any{"token": token})
		}
		if me := s.want(t, 200, "zoe", "GET", "/api/me", nil); me["email_verified"] != true {
			t.Errorf("after: got %v", me)
		}
		s.want(t, 200, "zoe", "POST", "/api/me/invites/"+invite+"/accept", nil)
		changed := s.want(t, 200, "zoe", "PATCH", "/api/me", map[string]any{"email": "zoe@example.net", "current_password": "correct horse battery staple"})
		if changed["email_verified"] != false {
			t.Errorf("another address: got %v", changed)
		}
		s.want(t, 422, "", "POST", "/api/auth/email/verify", map[string]any{"token": token})
	})
}

func TestPasswordsAreResetByAMailedLink(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		admin := s.administrator(t)
		s.User("zoe")
		s.want(t, 202, "", "POST", "/api/auth/password/forgot", map[string]any{"email": "zoe@example.org"})
		s.work(t)
		_, token, _ := strings.Cut(s.kept(t, admin, "zoe@example.org"), "/reset?token=")
		token, _, _ = strings.Cut(token, "\n")
		var kept string
		if err := s.DB.Read().QueryRowContext(t.Context(), `SELECT CAST(args AS TEXT) FROM river_job WHERE kind = 'mail'`).Scan(&kept); err != nil || strings.Contains(kept, token) {
			t.Errorf("the job holds %s, %v, want no token", kept, err)
		}
		s.want(t, 204, "", "POST", "/api/auth/password/reset", map[string]any{"token": token, "password": "a new horse battery"})
	})
}

func TestReportsAreSubscribed(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		path := "/api/teams/" + w.team + "/report"
		for _, c := range []struct {
			method string
			want   bool
		}{{"PUT", true}, {"PUT", true}, {"DELETE", false}, {"DELETE", false}} {
			s.want(t, 204, "viewer", c.method, path, nil)
			if got := s.want(t, 200, "viewer", "GET", path, nil); got["subscribed"] != c.want {
				t.Errorf("after %s: got %v", c.method, got)
			}
		}
	})
}

func TestAdministratorsPreviewMails(t *testing.T) {
	s := on(t)
	admin := s.administrator(t)
	kinds := s.want(t, 200, admin, "GET", "/api/admin/mail-previews", nil)["items"].([]any)
	if len(kinds) != 12 {
		t.Errorf("got %d kinds", len(kinds))
	}
	for _, k := range kinds {
		p := s.want(t, 200, admin, "GET", "/api/admin/mail-previews/"+k.(map[string]any)["kind"].(string), nil)
		if p["subject"] == "" || !strings.Contains(p["html"].(string), "</html>") || p["text"] == "" {
			t.Errorf("got %v", p)
		}
	}
	s.want(t, 404, admin, "GET", "/api/admin/mail-previews/nothing", nil)
}
