package tandem

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors is the whole architecture: a package may import packages on lower floors only.
// Packages on one floor do not know each other. A package missing here fails the test.
var floors = [][]string{
	{"errs", "config", "telemetry", "failpoint"},
	{"db", "redis", "mail"},
	{"events", "jobs"},
	{"users"},
	{"notify"},
	{"auth"},
	{"teams"},
	{"tasks"},
	{"analytics", "transfer"},
	{"reports"},
	{"tandemtest"}, // imported by tests only
	{"httpapi", "realtime"},
	{"app"},
}

// owners says which packages may import a heavy third-party module.
var owners = map[string][]string{
	"github.com/danielgtaylor/huma/v2":    {"httpapi"},
	"github.com/centrifugal/centrifuge":   {"realtime"},
	"github.com/riverqueue/river":         {"jobs"},
	"riverqueue.com/riverui":              {"jobs"},
	"github.com/wneessen/go-mail":         {"mail"},
	"github.com/jackc/pgx/v5":             {"db", "jobs"},
	"modernc.org/sqlite":                  {"db"},
	"github.com/redis/rueidis":            {"redis"},
	"github.com/gorilla/websocket":        {"realtime"},
	"github.com/prometheus/client_golang": {"telemetry"},
	"golang.org/x/image":                  {"users"},
}

func TestImports(t *testing.T) {
	const internal = "tandem/internal/"
	t.Parallel()
	floorOf := map[string]int{}
	for i, names := range floors {
		for _, n := range names {
			floorOf[n] = i
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Doc", "./internal/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var pkg struct {
			ImportPath, Doc string
			Imports         []string
		}
		if err := dec.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(pkg.ImportPath, internal)
		floor, ok := floorOf[name]
		if !ok {
			t.Errorf("package %s has no floor: add it to floors, or do not add the package", name)
		}
		if pkg.Doc == "" {
			t.Errorf("package %s has no package comment", name)
		}
		for _, imp := range pkg.Imports {
			if imp == internal+"tandemtest" {
				t.Errorf("%s imports tandemtest, which is for tests", name)
			}
			if dep, ok := strings.CutPrefix(imp, internal); ok && floorOf[dep] >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d)", name, floor, dep, floorOf[dep])
			}
			for module, names := range owners {
				if (imp == module || strings.HasPrefix(imp, module+"/")) && !slices.Contains(names, name) {
					t.Errorf("%s imports %s, which belongs to %v", name, imp, names)
				}
			}
		}
	}
}
