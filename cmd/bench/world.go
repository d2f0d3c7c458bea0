package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

// world is what a filled server holds.
type world struct {
	base, token, cookies string
	team, project        string
	tasks                []string // ids
}

// fill registers somebody and imports a project of many tasks.
func (s *server) fill(ctx context.Context, o options) (*world, error) {
	w := &world{base: "http://" + s.addr}
	body, cookies, err := call(ctx, "POST", w.base+"/api/auth/register", "", strings.NewReader(`{"username":"bench","email":"bench@example.org","password":"a long enough password","name":"Bench"}`))
	if err != nil {
		return nil, err
	}
	var login struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &login); err != nil {
		return nil, err
	}
	w.token = login.AccessToken
	for _, c := range cookies {
		w.cookies += c.Name + "=" + c.Value + "; "
	}
	if w.team, err = w.create(ctx, "/api/teams", `{"name":"Bench"}`); err != nil {
		return nil, err
	}
	if w.project, err = w.newProject(ctx, "Bench", "BEN"); err != nil {
		return nil, err
	}
	var csv bytes.Buffer
	csv.WriteString("id,title,description,status,priority\n")
	statuses := []string{"todo", "in_progress", "in_review", "done"}
	priorities := []string{"none", "low", "medium", "high", "urgent"}
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same project each time
	for i := range o.tasks {
		fmt.Fprintf(&csv, "%d,Task number %d about %s,%s,%s,%s\n", i, i, phrase(rng, 5), phrase(rng, 40), statuses[rng.IntN(4)], priorities[rng.IntN(5)])
	}
	if _, _, err := w.runImport(ctx, w.project, "csv", csv.Bytes()); err != nil {
		return nil, err
	}
	return w, w.listTasks(ctx)
}

var vocabulary = strings.Fields("board column merge socket replay cursor token member label export import search index commit branch release banner avatar invite team project comment title order drag keyboard screen reader colour theme phone network offline snapshot version conflict history trash restore")

func phrase(rng *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = vocabulary[rng.IntN(len(vocabulary))]
	}
	return strings.Join(words, " ")
}

func (w *world) create(ctx context.Context, path, body string) (string, error) {
	b, _, err := call(ctx, "POST", w.base+path, w.token, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	return made.ID, json.Unmarshal(b, &made)
}

func (w *world) newProject(ctx context.Context, name, key string) (string, error) {
	return w.create(ctx, "/api/teams/"+w.team+"/projects", fmt.Sprintf(`{"name":%q,"key":%q}`, name, key))
}

// runImport uploads a file and waits for the import to end.
func (w *world) runImport(ctx context.Context, project, format string, file []byte) (time.Duration, string, error) {
	began := time.Now()
	b, _, err := call(ctx, "POST", w.base+"/api/projects/"+project+"/import?format="+format, w.token, bytes.NewReader(file))
	if err != nil {
		return 0, "", err
	}
	var job struct {
		ID    string `json:"id"`
		State string `json:"state"`
		Tasks struct {
			Created int `json:"created"`
		} `json:"tasks"`
		Comments struct {
			Created int `json:"created"`
		} `json:"comments"`
		Problem json.RawMessage `json:"problem"`
	}
	if err := json.Unmarshal(b, &job); err != nil {
		return 0, "", err
	}
	for ctx.Err() == nil {
		b, _, err := call(ctx, "GET", w.base+"/api/imports/"+job.ID, w.token, nil)
		if err != nil {
			return 0, "", err
		}
		if err := json.Unmarshal(b, &job); err != nil {
			return 0, "", err
		}
		switch job.State {
		case "done":
			return time.Since(began), fmt.Sprintf("%d tasks, %d comments", job.Tasks.Created, job.Comments.Created), nil
		case "failed":
			return 0, "", fmt.Errorf("import failed: %s", job.Problem)
		}
		pause(ctx, 10*time.Millisecond)
	}
	return 0, "", ctx.Err()
}

func (w *world) importFile(ctx context.Context, path string) (time.Duration, string, error) {
	file, err := os.ReadFile(path) //nolint:gosec // named by whoever measures
	if err != nil {
		return 0, "", err
	}
	project, err := w.newProject(ctx, "Imported", "IMP")
	if err != nil {
		return 0, "", err
	}
	return w.runImport(ctx, project, "github", file)
}

func (w *world) listTasks(ctx context.Context) error {
	cursor := ""
	for {
		b, _, err := call(ctx, "GET", w.base+"/api/tasks?limit=200&fields=id&project_id="+w.project+cursor, w.token, nil)
		if err != nil {
			return err
		}
		var page struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
			NextCursor *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(b, &page); err != nil {
			return err
		}
		for _, t := range page.Items {
			w.tasks = append(w.tasks, t.ID)
		}
		if page.NextCursor == nil {
			return nil
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

type load struct {
	name string
	next func(worker, i int) request
}

// loads are the requests that are measured, reads before writes.
func (w *world) loads() []load {
	pick := func(worker, i int) string { return w.tasks[(worker*7919+i*104729)%len(w.tasks)] }
	board := newRequest("GET", "/api/projects/"+w.project+"/board", w.token, nil)
	zipped := newRequest("GET", "/api/projects/"+w.project+"/board", w.token, nil, "Accept-Encoding: gzip")
	list := newRequest("GET", "/api/tasks?project_id="+w.project, w.token, nil)
	return []load{
		{"board snapshot", func(int, int) request { return board }},
		{"board snapshot, gzip", func(int, int) request { return zipped }},
		{"task list", func(int, int) request { return list }},
		{"get task", func(worker, i int) request { return newRequest("GET", "/api/tasks/"+pick(worker, i), w.token, nil) }},
		{"patch task", func(worker, i int) request {
			body := fmt.Sprintf(`{"title":"Edited %d by %d"}`, i, worker)
			return newRequest("PATCH", "/api/tasks/"+pick(worker, i), w.token, []byte(body))
		}},
		{"add comment", func(worker, i int) request {
			body := fmt.Sprintf(`{"body":"Comment %d of %d, about as long as people write when they are brief."}`, i, worker)
			return newRequest("POST", "/api/tasks/"+pick(worker, i)+"/comments", w.token, []byte(body))
		}},
	}
}

var (
	references = regexp.MustCompile(`(?:src|href)="(/[^"]+\.(?:js|css|svg))"`)
	errNoFiles = errors.New("the page refers to no script: was the web app built?")
)

// pageBytes adds up the HTML and every script and style that it names, as a browser gets them.
func (w *world) pageBytes(ctx context.Context, path string) (bytes, files int, err error) {
	size := func(path string) (int, error) {
		b, _, err := call(ctx, http.MethodGet, w.base+path, "", nil, "Accept-Encoding", "br, gzip", "Cookie", w.cookies)
		return len(b), err
	}
	// Once as plain text to find the references, once compressed to count.
	html, _, err := call(ctx, http.MethodGet, w.base+path, "", nil, "Accept-Encoding", "identity", "Cookie", w.cookies)
	if err != nil {
		return 0, 0, err
	}
	n, err := size(path)
	if err != nil {
		return 0, 0, err
	}
	bytes, files = n, 1
	seen := map[string]bool{}
	for _, m := range references.FindAllStringSubmatch(string(html), -1) {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		n, err := size(m[1])
		if err != nil {
			return 0, 0, err
		}
		bytes += n
		files++
	}
	if files == 1 {
		return 0, 0, errNoFiles
	}
	return bytes, files, nil
}
