package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"tandem/internal/auth"
	"tandem/internal/httpapi"
	"tandem/internal/tandemtest"
)

func TestThePageOfJobsIsForAdministrators(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("jobs")) })
	s := on(t, func(o *httpapi.Options) { o.Jobs = page })
	if _, err := s.Auth.CreateUser(t.Context(), auth.RegisterInput{Username: "root", Email: "root@example.org", Name: "Root", Password: tandemtest.Password}, true); err != nil {
		t.Fatal(err)
	}
	s.User("bob")
	cookie := func(username string) string {
		a := s.request(t, "", "POST", "/api/auth/login", map[string]any{"login": username, "password": tandemtest.Password})
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			if c.Name == "tandem_page" {
				return c.Name + "=" + c.Value
			}
		}
		t.Fatalf("%s has no page cookie: %d %s", username, a.status, a.text)
		return ""
	}
	for _, c := range []struct {
		name, method, cookie, site string
		status                     int
	}{
		{"a stranger", "GET", "", "", http.StatusSeeOther},
		{"a stranger's write", "POST", "", "", http.StatusUnauthorized},
		{"a forged cookie", "GET", "tandem_page=x", "", http.StatusSeeOther},
		{"a user", "GET", cookie("bob"), "", http.StatusForbidden},
		{"an administrator", "GET", cookie("root"), "", http.StatusOK},
		{"an administrator's write", "POST", cookie("root"), "same-origin", http.StatusOK},
		{"another site's write", "POST", cookie("root"), "same-site", http.StatusForbidden},
	} {
		a := s.request(t, "", c.method, httpapi.JobsPath+"/", nil, "Cookie", c.cookie, "Sec-Fetch-Site", c.site)
		if a.status != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, a.status, a.text, c.status)
		}
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self';") {
			t.Errorf("%s: got policy %s", c.name, policy)
		}
	}
}
