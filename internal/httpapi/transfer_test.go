package httpapi_test

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"
)

// form packs a file as browsers do.
func form(t *testing.T, field, content string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, "tasks.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

func TestImportTakesFilesAsTheyAreAndInForms(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	path := "/api/projects/" + w.project + "/import?format=csv"
	s.want(t, 202, "owner", "POST", path, "title\nRaw\n", "Content-Type", "text/csv")
	body, kind := form(t, "file", "title\nForm\n")
	s.want(t, 202, "owner", "POST", path, body, "Content-Type", kind)

	body, kind = form(t, "upload", "title\nForm\n")
	if p := s.want(t, 422, "owner", "POST", path, body, "Content-Type", kind); len(places(p)) != 1 || places(p)[0] != "body.file" {
		t.Errorf("form without file: got %v", p)
	}
	s.want(t, 422, "owner", "POST", path, "", "Content-Type", "text/csv")
	s.want(t, 400, "owner", "POST", path, "--x\r\nbroken", "Content-Type", "multipart/form-data; boundary=x")
	s.want(t, 400, "owner", "POST", path, "x", "Content-Type", "multipart/form-data")
	s.want(t, 422, "owner", "POST", "/api/projects/"+w.project+"/import?format=xml", "x", "Content-Type", "text/xml")
}

func TestImportRefusesWhatIsTooLarge(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	path := "/api/projects/" + w.project + "/import?format=csv"
	huge := "title\n" + strings.Repeat("x\n", 1<<20)
	s.want(t, 413, "owner", "POST", path, huge, "Content-Type", "text/csv")
	body, kind := form(t, "file", huge)
	s.want(t, 413, "owner", "POST", path, body, "Content-Type", kind)
}

func TestExportIsAFile(t *testing.T) {
	s := on(t)
	w := s.world(t, "")
	a := s.request(t, "owner", "GET", "/api/projects/"+w.project+"/export?format=json", nil)
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment; filename=") || a.text == "" {
		t.Errorf("got %d %v", a.status, a.header)
	}
	s.want(t, 422, "owner", "GET", "/api/projects/"+w.project+"/export?format=xml", nil)
}
