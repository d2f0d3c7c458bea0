package httpapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tandem/internal/httpapi"
	"tandem/internal/tandemtest"
	"tandem/web"
)

// builtApp is a small web app as Vite leaves it.
func builtApp() fstest.MapFS {
	files := map[string]string{
		"index.html": `<!doctype html>
<html lang="en">
<head><title>Tandem</title><script type="module" src="/assets/main-1.js"></script><link rel="stylesheet" href="/assets/main-1.css"><!--tandem:head--></head>
<body><!--tandem:boot--><div id="app"><!--tandem:skeleton--></div></body></html>`,
		"skeleton/app.html":   `<div class="shell">app</div>`,
		"skeleton/board.html": `<div class="shell">board</div>`,
		"skeleton/page.html":  `<div class="centre">page</div>`,
		".vite/manifest.json": `{
			"index.html": {"file": "assets/main-1.js", "css": ["assets/main-1.css"], "imports": ["_vue.js"], "isEntry": true},
			"_vue.js": {"file": "assets/vue-1.js"},
			"_card.js": {"file": "assets/card-1.js", "css": ["assets/card-1.css"], "imports": ["_vue.js"]},
			"src/app/offline.ts": {"file": "assets/offline-1.js", "imports": ["index.html"]},
			"src/features/board/BoardPage.vue": {"file": "assets/board-1.js", "imports": ["index.html", "_card.js"]}}`,
		"assets/main-1.js":    strings.Repeat("console.log(1);", 200),
		"assets/main-1.js.br": "brotli",
		"assets/main-1.css":   "body{}",
		"favicon.svg":         "<svg/>",
		"sw.js":               "self.onfetch = () => SHELL",
		"placeholder.html":    "placeholder",
	}
	out := fstest.MapFS{}
	for name, text := range files {
		out["dist/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// bootOf reads the boot data out of a page.
func bootOf(t *testing.T, a answer) map[string]any {
	t.Helper()
	m := regexp.MustCompile(`(?s)<script type="application/json" id="boot">(.*?)</script>`).FindStringSubmatch(a.text)
	if m == nil {
		t.Fatalf("the page has no boot data: %d %s", a.status, a.text)
	}
	var boot map[string]any
	if err := json.Unmarshal([]byte(m[1]), &boot); err != nil {
		t.Fatal(err)
	}
	return boot
}

// visit opens a page as a person does who logged in before.
func (s *server) visit(t *testing.T, as, path string, headers ...string) answer {
	t.Helper()
	login := s.request(t, "", "POST", "/api/auth/login", map[string]any{"login": as, "password": "correct horse battery staple"})
	return s.request(t, "", "GET", path, nil, append(headers, "Cookie", "tandem_page="+cookiesOf(login)["tandem_page"].Value)...)
}

func TestPagesComeWithWhatTheyPaint(t *testing.T) {
	s := on(t, withAssets(builtApp()))
	w := s.world(t, "")
	s.want(t, 200, "owner", "PATCH", "/api/tasks/"+w.task, map[string]any{"title": "</script><script>alert(1)</script>\u2028&"})
	a := s.visit(t, "owner", "/p/"+w.project+"/board/WEB-1")
	if a.status != 200 || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %v", a.status, a.header)
	}
	for _, link := range []string{`<link rel="modulepreload" crossorigin href="/assets/board-1.js">`, `<link rel="modulepreload" crossorigin href="/assets/card-1.js">`, `<link rel="modulepreload" crossorigin href="/assets/vue-1.js">`, `<link rel="stylesheet" crossorigin href="/assets/card-1.css">`} {
		if strings.Count(a.text, link) != 1 {
			t.Errorf("the page lacks %s", link)
		}
	}
	if strings.Count(a.text, "/assets/main-1.js") != 1 {
		t.Error("the page names files again that index.html names")
	}
	sum := sha256.Sum256([]byte("body{}"))
	allowed := "style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if strings.Count(a.text, "<style>body{}</style>") != 1 || strings.Contains(a.text, "main-1.css") || !strings.Contains(a.header.Get("Content-Security-Policy"), allowed) {
		t.Errorf("the page does not hold the first styles, or not as its policy allows: %s", a.header.Get("Content-Security-Policy"))
	}
	if strings.Contains(a.text, "alert(1)</script>") || strings.Contains(a.text, "\u2028") || strings.Contains(a.text, "<!--tandem") {
		t.Errorf("the page holds raw text of a task, or a marker:\n%s", a.text)
	}
	boot := bootOf(t, a)
	board := boot["board"].(map[string]any)
	todo := board["columns"].(map[string]any)["todo"].(map[string]any)["items"].([]any)
	if todo[0].(map[string]any)["title"] != "</script><script>alert(1)</script>\u2028&" {
		t.Errorf("got card %v", todo[0])
	}
	if boot["user"].(map[string]any)["username"] != "owner" || len(boot["teams"].([]any)) != 1 || boot["projects"].([]any)[0].(map[string]any)["key"] != "WEB" {
		t.Errorf("got boot %v", boot)
	}
	s.want(t, 200, "", "GET", "/api/me", nil, "Authorization", "Bearer "+boot["access_token"].(string))
	for _, part := range []string{`<div class="board-column-head"><span class="truncate font-medium">To do</span><span class="text-sm text-faint tabular-nums">2</span>`, `<div class="shimmer sk-card"></div>`, "<strong>Web</strong>"} {
		if !strings.Contains(a.text, part) {
			t.Errorf("the skeleton lacks %s:\n%s", part, a.text)
		}
	}
	if regexp.MustCompile(`\sstyle=|\son[a-z]+=|<script>`).MatchString(a.text) {
		t.Errorf("the page holds inline styles or scripts:\n%s", a.text)
	}
}

func TestPagesOfBoardsHoldTheFirstCardsOfEachColumn(t *testing.T) {
	s := on(t, withAssets(builtApp()))
	w := s.world(t, "")
	for range 25 {
		s.want(t, 201, "owner", "POST", "/api/projects/"+w.project+"/tasks", `{"title":"x"}`)
	}
	todo := bootOf(t, s.visit(t, "owner", "/p/"+w.project+"/board"))["board"].(map[string]any)["columns"].(map[string]any)["todo"].(map[string]any)
	if len(todo["items"].([]any)) != 16 || todo["next_cursor"] == nil {
		t.Errorf("got %d cards and cursor %v", len(todo["items"].([]any)), todo["next_cursor"])
	}
}

func TestPagesForStrangers(t *testing.T) {
	s := on(t, withAssets(builtApp()))
	w := s.world(t, "")
	a := s.request(t, "", "GET", "/p/"+w.project+"/board", nil, "Cookie", "tandem_page=forged")
	boot := bootOf(t, a)
	if a.status != 200 || boot["user"] != nil || boot["access_token"] != nil || boot["board"] != nil || boot["config"].(map[string]any)["registration"] != "open" {
		t.Errorf("got %d %v", a.status, boot)
	}
	// An access token is no page token, nor the other way round.
	if boot := bootOf(t, s.request(t, "", "GET", "/", nil, "Cookie", "tandem_page="+s.token(t, "owner"))); boot["user"] != nil {
		t.Error("an access token opens pages")
	}
	foreign := s.visit(t, "outsider", "/p/"+w.project+"/board")
	if boot := bootOf(t, foreign); foreign.status != 404 || boot["board"] != nil || boot["user"].(map[string]any)["username"] != "outsider" {
		t.Errorf("somebody else's board: got %d %v", foreign.status, boot)
	}
	framed := s.visit(t, "owner", "/", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "cross-site")
	if boot := bootOf(t, framed); boot["access_token"] != nil {
		t.Error("another site's frame gets a token")
	}
}

func TestPagesByAddress(t *testing.T) {
	s := on(t, withAssets(builtApp()))
	for path, want := range map[string]int{
		"/": 200, "/login": 200, "/register": 200, "/forgot": 200, "/reset?token=x": 200, "/invite/x": 200, "/t/x": 200, "/t/x/members": 200, "/t/x/nothing": 404,
		"/p/x/list/WEB-1": 200, "/p/x/settings/import": 200, "/p/x/settings/nothing": 404, "/search?q=x": 200, "/settings/profile": 200, "/settings/nothing": 404,
		"/nowhere": 404, "/p/x/y/z": 404, "/skeleton/app.html": 404, "/placeholder.html": 404, "/.vite/manifest.json": 404, "/index.html": 404,
	} {
		a := s.request(t, "", "GET", path, nil)
		if a.status != want || !strings.Contains(a.text, `<div id="app">`) {
			t.Errorf("%s: got %d, want %d and the app", path, a.status, want)
		}
	}
	for cookie, want := range map[string]string{"dark": ` data-theme="dark"`, "light": ` data-theme="light"`, "system": "", `"><script>`: ""} {
		a := s.request(t, "", "GET", "/login", nil, "Cookie", "theme="+cookie)
		if !strings.Contains(a.text, `<html lang="en"`+want+`>`) {
			t.Errorf("theme %s: got %s", cookie, a.text[:80])
		}
	}
}

func TestAssetsAreServedPacked(t *testing.T) {
	s := on(t, withAssets(builtApp()))
	for accept, want := range map[string]string{"br, gzip": "br", "gzip, deflate": "gzip", "": "", "br;q=0": ""} {
		a := s.request(t, "", "GET", "/assets/main-1.js", nil, "Accept-Encoding", accept)
		if a.status != 200 || a.header.Get("Content-Encoding") != want || a.header.Get("Content-Type") != "text/javascript; charset=utf-8" ||
			a.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || a.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: got %d %v", accept, a.status, a.header)
		}
	}
	for path, want := range map[string]int{"/assets/gone.js": 404, "/assets/../index.html": 307, "/assets/main-1.js.br": 404, "/favicon.svg": 200} {
		if a := s.request(t, "", "GET", path, nil); a.status != want {
			t.Errorf("%s: got %d, want %d", path, a.status, want)
		}
	}
}

func TestServiceWorkerIsThatOfTheBuild(t *testing.T) {
	s := on(t, withAssets(builtApp()))
	a := s.request(t, "", "GET", "/sw.js", nil)
	if a.status != 200 || a.header.Get("Cache-Control") != "no-cache" || a.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Fatalf("got %d %v", a.status, a.header)
	}
	line, rest, _ := strings.Cut(strings.TrimPrefix(a.text, "const SHELL = "), "\n")
	var shell struct {
		Version, Page string
		Files         []string
	}
	if err := json.Unmarshal([]byte(line), &shell); err != nil || rest != "self.onfetch = () => SHELL" {
		t.Fatalf("got %v, %s", err, a.text)
	}
	if len(shell.Version) != 16 || !slices.Equal(shell.Files, []string{"/assets/vue-1.js", "/assets/offline-1.js"}) {
		t.Errorf("got %+v", shell)
	}
	if again := s.request(t, "", "GET", "/sw.js", nil, "If-None-Match", a.header.Get("ETag")); again.status != 304 || again.text != "" {
		t.Errorf("asked for again: got %d, want 304", again.status)
	}
	page := s.request(t, "", "GET", shell.Page, nil, "Cookie", "theme=dark")
	if page.status != 200 || page.header.Get("Cache-Control") != "no-store" || !strings.Contains(page.text, `src="/assets/offline-1.js"`) || strings.Contains(page.text, `src="/assets/main-1.js"`) || strings.Contains(page.text, `id="boot"`) || page.header.Get("Content-Security-Policy") != s.request(t, "", "GET", "/login", nil).header.Get("Content-Security-Policy") {
		t.Errorf("got %d %v %s", page.status, page.header, page.text)
	}
	if a := s.request(t, "", "GET", "/offline-shell/another", nil); a.status != 404 {
		t.Errorf("the page of another build: got %d, want 404", a.status)
	}
	other := builtApp()
	other["dist/sw.js"].Data = []byte("self.onfetch = () => [SHELL]")
	o := newServer(t, tandemtest.New(t), withAssets(other))
	if text := o.request(t, "", "GET", "/sw.js", nil).text; strings.Contains(text, shell.Version) {
		t.Error("another worker has the same version")
	}
}

func TestServiceWorkerRetires(t *testing.T) {
	off := on(t, withAssets(builtApp()), func(o *httpapi.Options) { o.Config.ServiceWorker = "off" })
	unbuilt := newServer(t, tandemtest.New(t), withAssets(fstest.MapFS{"dist/placeholder.html": &fstest.MapFile{Data: []byte("x")}}))
	for name, s := range map[string]*server{"turned off": off, "not built": unbuilt} {
		if a := s.request(t, "", "GET", "/sw.js", nil); a.status != 200 || !strings.Contains(a.text, "self.registration.unregister()") || strings.Contains(a.text, "SHELL") {
			t.Errorf("%s: got %d %s", name, a.status, a.text)
		}
	}
}

func TestAssetsMayComeFromElsewhere(t *testing.T) {
	s := on(t, withAssets(builtApp()), func(o *httpapi.Options) { o.Config.AssetURL = "https://cdn.example.org/tandem" })
	const files = "https://cdn.example.org/tandem/assets/"
	page := s.request(t, "", "GET", "/login", nil)
	for _, want := range []string{`src="` + files + `main-1.js"`, `<link rel="modulepreload" crossorigin href="` + files + `vue-1.js">`} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page lacks %s:\n%s", want, page.text)
		}
	}
	if strings.Contains(page.text, `"/assets/`) || strings.Count(page.text, files+"main-1.js") != 1 {
		t.Errorf("the page names files at our own address, or twice:\n%s", page.text)
	}
	worker := s.request(t, "", "GET", "/sw.js", nil)
	if !strings.Contains(worker.text, `"assets":"`+files+`"`) || !strings.Contains(worker.text, `"`+files+`vue-1.js"`) {
		t.Errorf("the worker: %s", worker.text)
	}
	for name, a := range map[string]answer{"page": page, "worker": worker} {
		policy := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"script-src 'self' " + files + ";", "connect-src 'self' " + files + ";", "style-src 'self' " + files + " 'sha256-", "worker-src 'self';"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %q: %s", name, want, policy)
			}
		}
	}
	if policy := s.request(t, "", "GET", "/api/docs", nil).header.Get("Content-Security-Policy"); strings.Contains(policy, "cdn") {
		t.Errorf("a page without files of the build allows them: %s", policy)
	}
	// We are what the CDN fetches them from.
	file := s.request(t, "", "GET", "/assets/main-1.js", nil)
	if file.header.Get("Access-Control-Allow-Origin") != "*" || file.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("got %v", file.header)
	}
	if icon := s.request(t, "", "GET", "/favicon.svg", nil); icon.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("more than the hashed files is for others")
	}
}

func TestWithoutAnAppPagesSayHowToBuildIt(t *testing.T) {
	s := on(t, withAssets(fstest.MapFS{"dist/placeholder.html": &fstest.MapFile{Data: []byte("x")}}))
	a := s.request(t, "", "GET", "/login", nil)
	if a.status != 503 || !strings.Contains(a.text, "make web") {
		t.Errorf("got %d %s", a.status, a.text)
	}
}

// The app that this checkout was built with, if it was: every page must find its chunks.
func TestBuiltAppHoldsThePagesSources(t *testing.T) {
	t.Parallel()
	manifest, err := fs.ReadFile(web.Dist, "dist/.vite/manifest.json")
	if err != nil {
		t.Logf("the web app is not built: %v", err)
		return
	}
	var chunks map[string]any
	if err := json.Unmarshal(manifest, &chunks); err != nil {
		t.Fatal(err)
	}
	for _, source := range httpapi.WebSources() {
		if chunks[source] == nil {
			t.Errorf("%s is not in Vite's manifest: pages.go preloads nothing for its route", source)
		}
	}
}

func TestReferencePageNeedsNoScript(t *testing.T) {
	s := on(t)
	a := s.request(t, "", "GET", "/api/docs", nil)
	if a.status != 200 || strings.Contains(a.text, "<script") || strings.Contains(a.text, "style=") || !strings.Contains(a.text, "/api/tasks/{id}/restore") || !strings.Contains(a.text, `id="TaskDetail"`) {
		t.Errorf("got %d %s", a.status, cutText(a.text))
	}
	if got := s.want(t, 200, "", "GET", "/api/openapi.json", nil); got["openapi"] != "3.1.0" {
		t.Errorf("got openapi %v", got["openapi"])
	}
	if css := s.request(t, "", "GET", "/api/docs.css", nil); css.status != 200 || css.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("got %d %v", css.status, css.header)
	}
}
