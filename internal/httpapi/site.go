package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// site is the built web app: files that are served as they are, and the parts that pages are made of.
type site struct {
	files     fs.FS  // nil when the binary was built without the app
	origin    string // what comes before "/assets/": "", or the CDN
	index     []string
	skeletons map[string]string
	chunks    map[string]chunk
	named     []string // files that index.html itself names, or holds
	style     string   // the first stylesheet, as an element
	policy    string   // the content security policy of pages
	packed    sync.Map // path → gzip of files that have no .gz twin
	shell     shell
}

// chunk is an entry of Vite's manifest.
type chunk struct {
	File    string   `json:"file"`
	CSS     []string `json:"css"`
	Imports []string `json:"imports"`
}

// stylesheet is Vite's link to the entry's styles, which the page holds instead: see holdStyles.
var stylesheet = regexp.MustCompile(`\s*<link rel="stylesheet"[^>]*>`)

// The places of index.html that the server fills, in the order they come.
var markers = []string{`<html lang="en"`, "<!--tandem:head-->", "<!--tandem:boot-->", "<!--tandem:skeleton-->"}

// newSite reads the app. A tree without index.html is a fresh clone: pages then say how to build it. Pages take the
// build's hashed files from origin; empty: from us.
func newSite(assets fs.FS, origin string) (*site, error) {
	s := &site{origin: origin, skeletons: map[string]string{}}
	if assets == nil {
		return s, nil
	}
	dist, err := fs.Sub(assets, "dist")
	if err != nil {
		return nil, fmt.Errorf("read web app: %w", err)
	}
	index, err := fs.ReadFile(dist, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read web app: %w", err)
	}
	rest := strings.ReplaceAll(stylesheet.ReplaceAllString(string(index), ""), `"/assets/`, `"`+html.EscapeString(origin)+`/assets/`)
	for _, m := range markers {
		before, after, ok := strings.Cut(rest, m)
		if !ok {
			return nil, fmt.Errorf("read web app: index.html lacks %s", m)
		}
		s.index = append(s.index, before)
		rest = after
	}
	s.index = append(s.index, rest)
	s.files = dist
	for _, name := range []string{"app", "board", "page"} {
		text, err := fs.ReadFile(dist, "skeleton/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("read web app: %w", err)
		}
		s.skeletons[name] = strings.TrimSpace(string(text))
	}
	manifest, err := fs.ReadFile(dist, ".vite/manifest.json")
	if err != nil {
		return nil, fmt.Errorf("read web app: %w", err)
	}
	if err := json.Unmarshal(manifest, &s.chunks); err != nil {
		return nil, fmt.Errorf("read web app: manifest: %w", err)
	}
	if err := s.holdStyles(); err != nil {
		return nil, err
	}
	for _, f := range s.load("index.html", nil) {
		if strings.Contains(strings.Join(s.index, ""), `"`+s.address(f)+`"`) {
			s.named = append(s.named, f)
		}
	}
	if s.shell, err = s.newShell(); err != nil {
		return nil, err
	}
	return s, nil
}

// holdStyles puts the styles of the first paint into the page. They use what a new connection may send before its first
// acknowledgement and the page alone would leave unused, so the scripts behind them find a wider window: on a slow network
// that is a round trip (docs/adr/0014-first-load.md).
func (s *site) holdStyles() error {
	var text strings.Builder
	for _, name := range s.chunks["index.html"].CSS {
		css, err := fs.ReadFile(s.files, name)
		if err != nil {
			return fmt.Errorf("read web app: %w", err)
		}
		if bytes.Contains(bytes.ToLower(css), []byte("</style")) {
			return fmt.Errorf("read web app: %s would end the element it is in", name)
		}
		text.Write(css)
		s.named = append(s.named, name)
	}
	sum := sha256.Sum256([]byte(text.String()))
	s.style = "<style>" + text.String() + "</style>"
	s.policy = pagePolicy(s.origin, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	return nil
}

// address is where pages find a file of the build, as an attribute's value.
func (s *site) address(file string) string { return html.EscapeString(s.origin + "/" + file) }

// load lists the files that a source needs at once: its own, its stylesheets, and those of its imports.
func (s *site) load(source string, files []string) []string {
	c, ok := s.chunks[source]
	if !ok || slices.Contains(files, c.File) {
		return files
	}
	files = append(files, c.File)
	for _, css := range c.CSS {
		if !slices.Contains(files, css) {
			files = append(files, css)
		}
	}
	for _, imported := range c.Imports {
		files = s.load(imported, files)
	}
	return files
}

// head is the links that let the browser fetch the app's and the page's chunks all at once, stylesheets first.
func (s *site) head(sources []string) string {
	files := s.load("index.html", nil)
	for _, source := range sources {
		files = s.load(source, files)
	}
	var styles, scripts strings.Builder
	for _, f := range files {
		switch {
		case slices.Contains(s.named, f):
		case strings.HasSuffix(f, ".css"):
			fmt.Fprintf(&styles, `<link rel="stylesheet" crossorigin href="%s">`, s.address(f))
		default:
			fmt.Fprintf(&scripts, `<link rel="modulepreload" crossorigin href="%s">`, s.address(f))
		}
	}
	return s.style + styles.String() + scripts.String()
}

// render fills index.html.
func (s *site) render(theme, head, boot, skeleton string) []byte {
	root := markers[0]
	if theme != "" {
		root += ` data-theme="` + theme + `"`
	}
	var b bytes.Buffer
	for i, part := range []string{root, head, boot, skeleton} {
		b.WriteString(s.index[i])
		b.WriteString(part)
	}
	b.WriteString(s.index[len(markers)])
	return b.Bytes()
}

// contentTypes are stated rather than looked up: the tables of machines differ.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json",
	".webmanifest": "application/manifest+json", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

// find says whether a path is a file that is served as it is. Parts of pages and Vite's own notes are not.
func (s *site) find(name string) (contentType string, ok bool) {
	contentType = contentTypes[path.Ext(name)]
	if s.files == nil || contentType == "" || !fs.ValidPath(name) || strings.HasPrefix(name, ".") {
		return "", false
	}
	info, err := fs.Stat(s.files, name)
	return contentType, err == nil && info.Mode().IsRegular()
}

// serveFile answers with a file, in the best packing that was built and the client takes.
func (s *site) serveFile(w http.ResponseWriter, r *http.Request, name, contentType, cache string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", cache)
	h.Add("Vary", "Accept-Encoding")
	accepted := r.Header.Get("Accept-Encoding")
	if accepts(accepted, "br") {
		if body, err := fs.ReadFile(s.files, name+".br"); err == nil {
			h.Set("Content-Encoding", "br")
			send(w, r, body)
			return
		}
	}
	body, err := fs.ReadFile(s.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if accepts(accepted, "gzip") && len(body) > 1024 && !strings.HasPrefix(contentType, "font/") && contentType != "image/png" {
		h.Set("Content-Encoding", "gzip")
		body = s.gzip(name, body)
	}
	send(w, r, body)
}

// gzip packs a file once. Browsers take brotli over https alone, and many run Tandem without.
func (s *site) gzip(name string, body []byte) []byte {
	if ready, err := fs.ReadFile(s.files, name+".gz"); err == nil {
		return ready
	}
	if ready, ok := s.packed.Load(name); ok {
		return ready.([]byte)
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = z.Write(body)                                  // into memory
	_ = z.Close()
	s.packed.Store(name, b.Bytes())
	return b.Bytes()
}

func send(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) //nolint:gosec // a file of the build
	}
}

// accepts says whether Accept-Encoding names a coding and does not rule it out.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.0") || strings.Trim(q, "q=0.") != ""
		}
	}
	return false
}
