package httpapi

import (
	"slices"

	"tandem/internal/db"
)

// Page is how lists are asked for.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"items in the answer"`
	Cursor string `query:"cursor" maxLength:"2000" doc:"next_cursor of the page before"`
}

// idCursor is where a page ended: after this item, or when it is gone, after so many.
type idCursor struct {
	ID string `json:"i"`
	N  int    `json:"n"`
}

// pageOf cuts a page out of a list that its service reads as a whole, because it is short by nature.
func pageOf[T any](p Page, all []T, id func(T) string) (db.Page[T], error) {
	var from idCursor
	skipped := 0
	if err := db.DecodeCursor(p.Cursor, &from); err != nil {
		return db.Page[T]{}, err
	}
	if p.Cursor != "" {
		skip := slices.IndexFunc(all, func(v T) bool { return id(v) == from.ID }) + 1
		if skip == 0 {
			skip = min(max(from.N-1, 0), len(all))
		}
		all, skipped = all[skip:], skip
	}
	out := db.Page[T]{Items: all}
	if len(all) > p.Limit {
		out.Items = all[:p.Limit]
		out.NextCursor = db.EncodeCursor(idCursor{id(out.Items[p.Limit-1]), skipped + p.Limit})
	}
	if out.Items == nil {
		out.Items = []T{}
	}
	return out, nil
}
