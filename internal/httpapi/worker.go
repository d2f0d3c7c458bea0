package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
)

// shell is what the service worker keeps for times without a server: a page with nobody's data, and
// the files it is made of.
type shell struct {
	script []byte // /sw.js
	page   []byte
	path   string // where the worker gets the page: its version is part of it
}

// The page that the worker keeps, and what it loads.
const shellSource = "src/app/offline.ts"

// retired is a worker that ends those of earlier builds, and itself.
const retired = `self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', event => {
  const clear = async () => {
    for (const name of await caches.keys()) if (name.startsWith('tandem-')) await caches.delete(name)
    await self.registration.unregister()
  }
  event.waitUntil(clear())
})
`

// newShell builds the worker. Its version is that of everything it holds, so that a deploy with
// another build is another worker, and a node of another build never answers with half of one.
func (s *site) newShell() (shell, error) {
	script, err := fs.ReadFile(s.files, "sw.js")
	if err != nil {
		return shell{}, fmt.Errorf("read web app: %w", err)
	}
	page := s.render("", s.head([]string{shellSource}), "", s.skeletons["page"])
	main, own := `src="`+s.address(s.chunks["index.html"].File)+`"`, `src="`+s.address(s.chunks[shellSource].File)+`"`
	if _, ok := s.chunks[shellSource]; !ok || !bytes.Contains(page, []byte(main)) {
		return shell{}, fmt.Errorf("build service worker: index.html lacks %s, or the manifest %s", main, shellSource)
	}
	out := shell{page: bytes.Replace(page, []byte(main), []byte(own), 1)}
	about := struct {
		Version string   `json:"version"`
		Page    string   `json:"page"`
		Assets  string   `json:"assets"`
		Files   []string `json:"files"`
	}{Assets: s.origin + "/assets/"}
	for _, f := range s.load(shellSource, s.load("index.html", nil)) {
		if !slices.Contains(s.named, f) { // the page holds the styles, and has a script of its own
			about.Files = append(about.Files, s.origin+"/"+f)
		}
	}
	sum := sha256.New()
	for _, part := range [][]byte{script, out.page} {
		sum.Write(part)
	}
	about.Version = hex.EncodeToString(sum.Sum(nil))[:16]
	out.path = "/offline-shell/" + about.Version
	about.Page = out.path
	line, err := json.Marshal(about)
	if err != nil {
		return shell{}, fmt.Errorf("build service worker: %w", err)
	}
	out.script = append([]byte("const SHELL = "+string(line)+"\n"), script...)
	return out, nil
}

// worker answers with the service worker's script. Browsers ask for it with every page.
func (a *API) worker(w http.ResponseWriter, r *http.Request) {
	script := a.site.shell.script
	if a.site.files == nil || a.Config.ServiceWorker == "off" {
		script = []byte(retired)
	}
	sum := sha256.Sum256(script)
	etag := `W/"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", etag)
	if a.site.policy != "" {
		h.Set("Content-Security-Policy", a.site.policy)
	}
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentTypes[".js"])
	send(w, r, script)
}

// offlineShell answers with the page that the worker keeps, if it is of the worker's own build.
func (a *API) offlineShell(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if a.site.files == nil || r.URL.Path != a.site.shell.path {
		http.Error(w, "no such version", http.StatusNotFound)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", a.site.policy)
	send(w, r, a.site.shell.page)
}
