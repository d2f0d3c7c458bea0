package httpapi_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"tandem/internal/httpapi"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestOpenAPIDocumentIsFresh(t *testing.T) {
	t.Parallel()
	got, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("..", "..", "docs", "api", "openapi.json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/api/openapi.json is not what the API is: run go test ./internal/httpapi -run OpenAPI -update, then make gen")
	}
}
