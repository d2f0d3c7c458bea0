package main_test

import (
	encoding "encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const issues = "../../internal/transfer/testdata/qlog-issues.json"

// project makes a team "Lighthouse" with projects WEB and COPY, owned by ann.
func (s *server) projects(t *testing.T, token string) (web string) {
	t.Helper()
	var team, project struct {
		ID string `json:"id"`
	}
	s.want(t, 201, "POST", "/api/teams", token, map[string]any{"name": "Lighthouse"}, &team)
	s.want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", token, map[string]any{"name": "Web", "key": "WEB"}, &project)
	s.want(t, 201, "POST", "/api/teams/"+team.ID+"/projects", token, map[string]any{"name": "Copy", "key": "COPY"}, nil)
	return project.ID
}

func TestImportAndExport(t *testing.T) {
	eachDB(t, func(t *testing.T, dataDir string, environ []string) {
		file, err := filepath.Abs(issues)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var in []struct {
			Comments []any `json:"comments"`
		}
		if err := json.Unmarshal(raw, &in); err != nil {
			t.Fatal(err)
		}
		comments := 0
		for _, issue := range in {
			comments += len(issue.Comments)
		}

		s := serve(t, dataDir, environ...)
		ann := s.register(t, "ann")
		s.register(t, "stranger")
		web := s.projects(t, ann.AccessToken)
		s.stop(t)

		importInto := func(project, as, file string) result {
			t.Helper()
			return tandem(t, dataDir, environ, "import", "--as="+as, "--project="+project, file)
		}
		all := fmt.Sprintf("%d tasks and %d comments imported; 0 tasks were there already.\n", len(in), comments)
		again := fmt.Sprintf("0 tasks and 0 comments imported; %d tasks were there already.\n", len(in))
		if got := importInto("lighthouse/web", "ann", file).ok(t); got.stdout != all || strings.Contains(got.stderr, `"ERROR"`) {
			t.Errorf("got %q, %s, want %q", got.stdout, got.stderr, all)
		}
		if got := importInto(web, "ann", file).ok(t).stdout; got != again {
			t.Errorf("by id, again: got %q, want %q", got, again)
		}

		exported := tandem(t, dataDir, environ, "export", "--as=ann", "--project=Lighthouse/WEB").ok(t).stdout
		if !json.Valid([]byte(exported)) {
			t.Fatalf("the export is no JSON: %.300s", exported)
		}
		path := filepath.Join(t.TempDir(), "web.json")
		tandem(t, dataDir, environ, "export", "--as=ann", "--project="+web, "-o", path).ok(t)
		onDisk, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Errorf("got %v, %v beside the export, want it alone", left, err)
		}
		if len(onDisk) != len(exported) {
			t.Errorf("got %d bytes in the file, want the %d of standard output", len(onDisk), len(exported))
		}
		if got := importInto("Lighthouse/COPY", "ann", path).ok(t).stdout; got != all {
			t.Errorf("the export: got %q, want %q", got, all)
		}
		if got := importInto("Lighthouse/COPY", "ann", path).ok(t).stdout; got != again {
			t.Errorf("the export, again: got %q, want %q", got, again)
		}
		csv := tandem(t, dataDir, environ, "export", "--as=ann", "--project="+web, "--format=csv").ok(t).stdout
		if rows, err := encoding.NewReader(strings.NewReader(csv)).ReadAll(); err != nil || len(rows) != 1+len(in) {
			t.Errorf("got %d rows of CSV, %v, want a head and %d tasks", len(rows), err, len(in))
		}

		importInto("Lighthouse/WEB", "nobody", file).refused(t, "nobody")
		importInto("Lighthouse/NONE", "ann", file).refused(t, `ann has no project "Lighthouse/NONE"`, "Lighthouse/WEB")
		importInto(web, "stranger", file).refused(t, "stranger has no project")
		importInto(web, "ann", write(t, "broken.json", `[{"number": 1, "title": `)).refused(t, "tandem: ")
		importInto(web, "ann", "/nowhere/issues.json").refused(t, "/nowhere/issues.json")
		tandem(t, dataDir, environ, "import", "--as=ann", "--project="+web, "--format=jira", file).refused(t, "--format", "jira")
		tandem(t, dataDir, environ, "export", "--as=ann", "--project="+web, "-o", "/nowhere/web.json").refused(t, "/nowhere/web.json")
		tandem(t, dataDir, environ, "import", "--as=ann", file).refused(t, "--project")

		s = serve(t, dataDir, environ...)
		var page struct {
			Items []struct {
				Title string `json:"title"`
			} `json:"items"`
		}
		s.want(t, 200, "GET", "/api/tasks?limit=1&project_id="+web, s.login(t, "ann", password).AccessToken, nil, &page)
		if len(page.Items) != 1 || page.Items[0].Title == "" {
			t.Errorf("got %+v, want an imported task", page)
		}
		s.stop(t)
	})
}
