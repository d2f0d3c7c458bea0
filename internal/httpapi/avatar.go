package httpapi

import (
	"context"
	"net/http"

	"tandem/internal/users"
)

type avatarInput struct {
	RawBody []byte `contentType:"image/*" doc:"a PNG, JPEG, GIF or WebP file of up to 5 MiB and 40 megapixels; what it says beside the pixels (EXIF, places) is not kept"`
}

func (a *API) setAvatar(ctx context.Context, actor users.Actor, in *avatarInput) (users.Me, error) {
	return a.Users.SetAvatar(ctx, actor, in.RawBody)
}

func (a *API) removeAvatar(ctx context.Context, actor users.Actor, _ *nothing) (users.Me, error) {
	return a.Users.RemoveAvatar(ctx, actor)
}

// avatar answers with a picture. It needs no login, like the app's files: an image element cannot bring a token, and
// nobody finds an address by guessing. What an address shows never changes.
func (a *API) avatar(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	picture, err := a.Users.Avatar(r.Context(), name)
	if err != nil {
		a.problemOf(r.Context(), err).write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", picture.ContentType)
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", `"`+name+`"`)
	if matches(r.Header.Get("If-None-Match"), `"`+name+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	send(w, r, picture.Data)
}
