package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"tandem/internal/httpapi"
)

// cookiesOf returns what an answer sets, by name.
func cookiesOf(a answer) map[string]*http.Cookie {
	out := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		out[c.Name] = c
	}
	return out
}

func TestLifeOfAnAccount(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		if got := s.want(t, 200, "", "GET", "/api/config", nil); got["registration"] != "first" || got["version"] != "test" || got["max_import_bytes"] != float64(2<<20) {
			t.Errorf("config: got %v", got)
		}
		a := s.request(t, "", "POST", "/api/auth/register", `{"username":"ann","email":"ann@example.org","password":"correct horse battery","name":"Ann"}`)
		if a.status != 201 {
			t.Fatalf("register: got %d %s", a.status, a.text)
		}
		if me := a.json(t)["user"].(map[string]any); me["is_admin"] != true || me["email"] != "ann@example.org" || me["avatar_url"] != nil || me["theme"] != "system" {
			t.Errorf("register: got %v", me)
		}
		set := cookiesOf(a)
		refresh, page := set["tandem_refresh"], set["tandem_page"]
		if refresh == nil || page == nil || !refresh.HttpOnly || refresh.SameSite != http.SameSiteStrictMode || refresh.Path != "/api/auth" || refresh.Secure ||
			!page.HttpOnly || page.SameSite != http.SameSiteLaxMode || page.Path != "/" {
			t.Fatalf("register sets %v", a.header.Values("Set-Cookie"))
		}
		if got := s.want(t, 200, "", "GET", "/api/config", nil)["registration"]; got != "open" {
			t.Errorf("registration after the first: got %v, want open", got)
		}

		refreshed := s.request(t, "", "POST", "/api/auth/refresh", nil, "Cookie", "tandem_refresh="+refresh.Value)
		if refreshed.status != 200 || cookiesOf(refreshed)["tandem_refresh"].Value == refresh.Value {
			t.Fatalf("refresh: got %d and the cookies %v", refreshed.status, cookiesOf(refreshed))
		}
		refresh = cookiesOf(refreshed)["tandem_refresh"]
		bearer := []string{"Authorization", "Bearer " + refreshed.json(t)["access_token"].(string)}
		if got := s.want(t, 200, "", "PATCH", "/api/me", `{"theme":"dark","timezone":"Europe/Vienna"}`, bearer...); got["theme"] != "dark" {
			t.Errorf("patch: got %v", got)
		}

		login := s.request(t, "", "POST", "/api/auth/login", `{"login":"ANN@example.org","password":"correct horse battery"}`, "User-Agent", "Laptop")
		if login.status != 200 {
			t.Fatalf("login: got %d %s", login.status, login.text)
		}
		var other string
		sessions := s.want(t, 200, "", "GET", "/api/me/sessions", nil, bearer...)["items"].([]any)
		for _, one := range sessions {
			if one := one.(map[string]any); one["current"] == false {
				other = one["id"].(string)
				if one["user_agent"] != "Laptop" || one["ip"] != "192.0.2.1" {
					t.Errorf("session: got %v", one)
				}
			}
		}
		if len(sessions) != 2 || other == "" {
			t.Fatalf("got sessions %v, want this one and another", sessions)
		}
		if got := s.want(t, 200, "", "GET", "/api/me/sessions?limit=1", nil, bearer...); len(got["items"].([]any)) != 1 || got["next_cursor"] == nil {
			t.Errorf("first page of sessions: got %v", got)
		} else if next := s.want(t, 200, "", "GET", "/api/me/sessions?limit=1&cursor="+got["next_cursor"].(string), nil, bearer...); len(next["items"].([]any)) != 1 || next["next_cursor"] != nil {
			t.Errorf("last page of sessions: got %v", next)
		}
		s.want(t, 204, "", "DELETE", "/api/me/sessions/"+other, nil, bearer...)
		s.want(t, 401, "", "GET", "/api/me", nil, "Authorization", "Bearer "+login.json(t)["access_token"].(string))

		s.want(t, 204, "", "PUT", "/api/me/password", `{"current_password":"correct horse battery","new_password":"another horse battery"}`, bearer...)
		s.want(t, 401, "", "POST", "/api/auth/login", `{"login":"ann","password":"correct horse battery"}`)
		out := s.request(t, "", "POST", "/api/auth/logout", nil, "Cookie", "tandem_refresh="+refresh.Value)
		if gone := cookiesOf(out); out.status != 204 || gone["tandem_refresh"].MaxAge >= 0 || gone["tandem_page"].MaxAge >= 0 {
			t.Errorf("logout: got %d and %v", out.status, out.header.Values("Set-Cookie"))
		}
		s.want(t, 401, "", "GET", "/api/me", nil, bearer...)
	})
}

func TestCookiesAreSecureUnderHTTPS(t *testing.T) {
	s := on(t, func(o *httpapi.Options) {
		c := *o.Config
		c.BaseURL = "https://tandem.example"
		o.Config = &c
	})
	a := s.request(t, "", "POST", "/api/auth/register", `{"username":"ann","email":"ann@example.org","password":"correct horse battery"}`)
	for name, c := range cookiesOf(a) {
		if !c.Secure {
			t.Errorf("%s is not Secure", name)
		}
	}
	if got := a.header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=") {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
}

func TestForwardedAddressIsBelievedOfPrivateProxiesOnly(t *testing.T) {
	s := on(t)
	const login = `{"login":"ann","password":"correct horse battery staple"}`
	s.User("ann")
	for peer, want := range map[string]string{"10.0.0.2:1234": "203.0.113.7", "203.0.113.9:1234": "203.0.113.9"} {
		a := s.requestFrom(t, peer, "POST", "/api/auth/login", login, "X-Forwarded-For", "1.2.3.4, 203.0.113.7")
		bearer := "Bearer " + a.json(t)["access_token"].(string)
		for _, one := range s.want(t, 200, "", "GET", "/api/me/sessions", nil, "Authorization", bearer)["items"].([]any) {
			if one := one.(map[string]any); one["current"] == true && one["ip"] != want {
				t.Errorf("from %s: got address %v, want %s", peer, one["ip"], want)
			}
		}
	}
}
