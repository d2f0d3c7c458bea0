package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"tandem/internal/users"
)

// webPage is a route of the web app, as the server has to know it.
type webPage struct {
	pattern  string
	skeleton string
	sources  []string          // what the route loads, by its name in Vite's manifest
	tabs     map[string]string // what {tab} may be, and what each loads; "" is the one that opens by itself
}

const features = "src/features/"

var (
	boardSources     = []string{features + "project/ProjectPage.vue", features + "board/BoardPage.vue"}
	listSources      = []string{features + "project/ProjectPage.vue", features + "list/ListPage.vue"}
	teamSources      = []string{features + "team/TeamPage.vue"}
	calendarSources  = []string{features + "project/ProjectPage.vue", features + "calendar/CalendarPage.vue"}
	analyticsSources = []string{features + "project/ProjectPage.vue", features + "analytics/ProjectAnalytics.vue"}
	teamTasksSources = []string{features + "list/TeamTasksPage.vue"}
	projectSources   = []string{features + "project/ProjectSettings.vue"}
	accountSources   = []string{features + "account/SettingsPage.vue"}
	mineSources      = []string{features + "mine/MinePage.vue"}
	myCalSources     = []string{features + "mine/MyCalendarPage.vue"}
	adminSources     = []string{features + "admin/AdminPage.vue"}

	teamTabs    = teamPages()
	projectTabs = tabs("project/ProjectSettings", "general", "statuses", "labels", "import", "export")
	accountTabs = tabs("account/Settings", "profile", "notifications", "sessions", "password")
	adminTabs   = map[string]string{"": adminMails, "mails": adminMails, "mail-previews": features + "admin/AdminMailPreviews.vue"}
)

const adminMails = features + "admin/AdminMails.vue"

func teamPages() map[string]string {
	out := tabs("team/Team", "projects", "members", "labels", "settings")
	out["analytics"] = features + "analytics/TeamAnalytics.vue"
	return out
}

// withTask adds the dialog of a task, which opens over the page.
func withTask(sources []string) []string {
	return append(slices.Clip(sources), features+"task/TaskDialog.vue")
}

// tabs names the source of each tab; the first opens by itself.
func tabs(prefix string, names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		out[name] = features + prefix + strings.ToUpper(name[:1]) + name[1:] + ".vue"
	}
	out[""] = out[names[0]]
	return out
}

// webPages are the routes of the web app. Any other address is answered with the app too, which
// says that there is no such page, and with status 404.
var webPages = []webPage{
	{"/{$}", "app", []string{features + "start/StartPage.vue"}, nil},
	{"/login", "page", loginSources, nil},
	{"/register", "page", []string{features + "auth/RegisterPage.vue"}, nil},
	{"/forgot", "page", []string{features + "auth/ForgotPage.vue"}, nil},
	{"/reset", "page", []string{features + "auth/ResetPage.vue"}, nil},
	{"/verify", "page", []string{features + "auth/VerifyPage.vue"}, nil},
	{"/unsubscribe/{token}", "page", []string{features + "auth/UnsubscribePage.vue"}, nil},
	{"/invite/{token}", "page", []string{features + "auth/InvitePage.vue"}, nil},
	{"/t/{team}/tasks", "app", teamTasksSources, nil},
	{"/t/{team}/tasks/{key}", "app", withTask(teamTasksSources), nil},
	{"/t/{team}", "app", teamSources, teamTabs},
	{"/t/{team}/{tab}", "app", teamSources, teamTabs},
	{"/t/{team}/members/{user}/analytics", "app", append(teamSources, features+"analytics/MemberAnalytics.vue"), nil},
	{"/p/{project}", "board", boardSources, nil},
	{"/p/{project}/board", "board", boardSources, nil},
	{"/p/{project}/board/{key}", "board", withTask(boardSources), nil},
	{"/p/{project}/list", "app", listSources, nil},
	{"/p/{project}/list/{key}", "app", withTask(listSources), nil},
	{"/p/{project}/calendar", "app", calendarSources, nil},
	{"/p/{project}/calendar/{key}", "app", withTask(calendarSources), nil},
	{"/p/{project}/settings", "app", projectSources, projectTabs},
	{"/p/{project}/settings/{tab}", "app", projectSources, projectTabs},
	{"/p/{project}/analytics", "app", analyticsSources, nil},
	{"/me/analytics", "app", []string{features + "analytics/MyAnalytics.vue"}, nil},
	{"/notifications", "app", []string{features + "notifications/NotificationsPage.vue"}, nil},
	{"/my", "app", mineSources, nil},
	{"/my/calendar", "app", myCalSources, nil},
	{"/my/calendar/{project}/{key}", "app", withTask(myCalSources), nil},
	{"/my/{project}/{key}", "app", withTask(mineSources), nil},
	{"/search", "app", []string{features + "search/SearchPage.vue"}, nil},
	{"/settings", "app", accountSources, accountTabs},
	{"/settings/{tab}", "app", accountSources, accountTabs},
	{"/admin", "app", adminSources, adminTabs},
	{"/admin/{tab}", "app", adminSources, adminTabs},
}

// mountPages registers the app's routes, its files, and what answers everything that nobody else does.
func (a *API) mountPages() {
	for _, p := range webPages {
		a.mux.Handle("GET "+p.pattern, named(p.pattern, a.page(p, http.StatusOK)))
	}
	a.mux.Handle("POST /unsubscribe/{token}", named("/unsubscribe/{token}", http.HandlerFunc(a.unsubscribeAtOnce)))
	lost := a.page(webPage{skeleton: "app"}, http.StatusNotFound)
	a.mux.Handle("GET /sw.js", named("/sw.js", http.HandlerFunc(a.worker)))
	a.mux.Handle("GET /offline-shell/{version}", named("/offline-shell/", http.HandlerFunc(a.offlineShell)))
	a.mux.Handle("GET /assets/{file...}", named("/assets/", http.HandlerFunc(a.asset)))
	a.mux.Handle("GET "+users.Avatars+"{file}", named(users.Avatars, http.HandlerFunc(a.avatar)))
	a.mux.Handle("/", named("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			newProblem(http.StatusMethodNotAllowed, "", "pages are only read").write(w)
			return
		}
		if name := strings.TrimPrefix(r.URL.Path, "/"); !strings.Contains(name, "/") {
			if contentType, ok := a.site.find(name); ok {
				a.site.serveFile(w, r, name, contentType, "public, max-age=3600")
				return
			}
		}
		lost.ServeHTTP(w, r)
	})))
	a.mux.Handle("/api/", named("/api/", http.HandlerFunc(a.noRoute)))
}

func (a *API) asset(w http.ResponseWriter, r *http.Request) {
	name := "assets/" + r.PathValue("file")
	contentType, ok := a.site.find(name)
	if !ok {
		w.Header().Set("Cache-Control", "no-store") // during an update another node may have it
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	// A CDN may fetch them from here, and pass these on to pages of our origin: nothing in them is anybody's.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	a.site.serveFile(w, r, name, contentType, "public, max-age=31536000, immutable")
}

// noRoute answers what the API does not know: 405 when the path would be right, else 404.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "/api/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		newProblem(http.StatusNotFound, "", "there is no such endpoint").write(w)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	newProblem(http.StatusMethodNotAllowed, "", "this endpoint takes "+strings.Join(allowed, ", ")).write(w)
}

// notBuilt is what a binary without the app answers.
const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tandem</title></head><body>
<h1>Web app not built</h1>
<p>This program was compiled before the web app was. Run <code>make web</code> and compile again, or <code>make build</code>, which does both.
The API works: see <a href="/api/docs">its reference</a>.</p>
</body></html>
`

// page answers with the app: its document, with what the first paint needs inside.
func (a *API) page(p webPage, status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Cookie")
		if a.site.files == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(notBuilt))
			return
		}
		h.Set("Content-Security-Policy", a.site.policy)
		project := ""
		if p.skeleton == "board" {
			project = r.PathValue("project")
		}
		b, err := a.boot(r, project)
		if err != nil {
			_ = a.problemOf(r.Context(), err) // logged; the app starts without, asks the API itself and says what is wrong
		}
		code := status
		if _, known := p.tabs[r.PathValue("tab")]; b.lost || p.tabs != nil && !known {
			code = http.StatusNotFound
		}
		sources, skeleton := a.paint(p, r.PathValue("tab"), b)
		w.WriteHeader(code)
		_, _ = w.Write(a.site.render(theme(r, b.User), a.site.head(sources), b.script(), skeleton))
	})
}

var loginSources = []string{features + "auth/LoginPage.vue"}

// paint says what a page loads and what it shows until the app has started.
func (a *API) paint(p webPage, tab string, b boot) (sources []string, skeleton string) {
	switch {
	case b.User == nil && p.skeleton != "page": // the app will ask them to log in
		return loginSources, a.site.skeletons["page"]
	case b.Board != nil:
		return p.sources, boardSkeleton(b.Board)
	case p.pattern == "/{$}" && len(b.Projects) == 0: // the first run has no sidebar
		return p.sources, a.site.skeletons["page"]
	case p.tabs[tab] != "":
		return append(slices.Clone(p.sources), p.tabs[tab]), a.site.skeletons[p.skeleton]
	}
	return p.sources, a.site.skeletons[p.skeleton]
}

// theme is the look to paint in; empty follows the device.
func theme(r *http.Request, me *users.Me) string {
	chosen := ""
	if c, err := r.Cookie("theme"); err == nil {
		chosen = c.Value
	} else if me != nil {
		chosen = me.Theme
	}
	if chosen == "light" || chosen == "dark" {
		return chosen
	}
	return ""
}
