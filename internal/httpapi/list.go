package httpapi

import (
	"slices"

	"tandem/internal/db"
	"tandem/internal/errs"
)

// Page is how lists are asked for.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"items in the answer"`
	Cursor string `query:"cursor" maxLength:"2000" doc:"next_cursor of the page before"`
}

type idCursor struct {
	ID string `json:"i"`
}

// pageOf cuts a page out of a list that its service reads as a whole, because it is short by nature.
func pageOf[T any](p Page, all []T, id func(T) string) (db.Page[T], error) {
	var from idCursor
	if err := db.DecodeCursor(p.Cursor, &from); err != nil {
		return db.Page[T]{}, err
	}
	if p.Cursor != "" {
		i := slices.IndexFunc(all, func(v T) bool { return id(v) == from.ID })
		if i < 0 {
			return db.Page[T]{}, errs.Field("query.cursor", "points at something that is gone: read the list again from its start")
		}
		all = all[i+1:]
	}
	out := db.Page[T]{Items: all}
	if len(all) > p.Limit {
		out.Items = all[:p.Limit]
		out.NextCursor = db.EncodeCursor(idCursor{id(out.Items[p.Limit-1])})
	}
	if out.Items == nil {
		out.Items = []T{}
	}
	return out, nil
}
