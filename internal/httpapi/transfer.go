package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem/internal/transfer"
	"tandem/internal/users"
)

// importInput takes the file as the body, or as the field "file" of a form.
type importInput struct {
	ByID
	Format string `query:"format" enum:"github,trello,csv,tandem" doc:"found out from the file when left out"`

	file io.Reader
}

// Resolve implements huma.Resolver: it finds the file without reading it.
func (in *importInput) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	in.file = r.Body
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return []error{newProblem(http.StatusBadRequest, "", "the form cannot be read")}
	}
	for {
		part, err := parts.NextPart()
		switch {
		case err == io.EOF: //nolint:errorlint // multipart documents that it is not wrapped
			return []error{&huma.ErrorDetail{Location: "body.file", Message: "is required"}}
		case err != nil:
			return []error{uploadProblem(err)}
		case part.FormName() == "file":
			in.file = part
			return nil
		}
	}
}

// uploadProblem is what went wrong while a file came in.
func uploadProblem(err error) *Problem {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, "", "the file has more than "+bytesText(tooLarge.Limit))
	}
	return newProblem(http.StatusBadRequest, "", "the file cannot be read to its end")
}

// importBody documents what Resolve takes.
func importBody(op *huma.Operation) {
	file := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": file}, Required: []string{"file"}}
	op.RequestBody = &huma.RequestBody{Required: true, Description: "the file, as it is or in a form", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: file}, "multipart/form-data": {Schema: form}}}
}

// Started names the job that was begun.
type Started struct {
	ID string `json:"id" doc:"of the job: see GET /api/imports/{id}"`
}

func (a *API) startImport(ctx context.Context, actor users.Actor, in *importInput) (Started, error) {
	id, err := a.Transfer.Start(ctx, actor, in.ID, in.Format, in.file)
	return Started{id}, err
}

func (a *API) importJob(ctx context.Context, actor users.Actor, in *ByID) (transfer.Job, error) {
	return a.Transfer.Job(ctx, actor, in.ID)
}

func (a *API) cancelImport(ctx context.Context, actor users.Actor, in *ByID) (none, error) {
	return none{}, a.Transfer.Cancel(ctx, actor, in.ID)
}

type exportInput struct {
	ByID
	Format string `query:"format" default:"json" enum:"json,csv"`
}

// download is an answer that is written piece by piece.
type download struct {
	name, contentType string
	write             func(context.Context, io.Writer) error
}

func (a *API) export(ctx context.Context, actor users.Actor, in *exportInput) (download, error) {
	f, err := a.Transfer.Export(ctx, actor, in.ID, in.Format)
	return download{f.Name, f.ContentType, f.Write}, err
}

// file is how huma sends a download.
type file struct {
	Body func(huma.Context)
}

// getFile is get for downloads. What fails after the first byte breaks the connection, so that half
// a file does not pass for a whole one.
func getFile[I any](g group, path, id, summary string, h handler[I, download]) {
	a := g.api
	op := huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{g.tag}, Metadata: map[string]any{"route": &route{policy: readPolicy}},
		Responses: map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*file, error) {
		d, err := h(ctx, requestOf(ctx).actor, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return &file{func(hc huma.Context) {
			hc.SetHeader("Content-Type", d.contentType)
			hc.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
			hc.SetHeader("Cache-Control", "no-store")
			if err := d.write(ctx, hc.BodyWriter()); err != nil {
				_ = a.problemOf(ctx, err) // logged
				panic(http.ErrAbortHandler)
			}
		}}, nil
	})
}
