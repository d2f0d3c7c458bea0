package tasks

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/users"
)

// SearchQuery is what somebody looks for.
type SearchQuery struct {
	Query  string // words; each must be there, the last as a prefix
	TeamID string // empty: all of the actor's teams
	Limit  int
	Cursor string
}

// Found is a task, or one of its comments, that has the words.
type Found struct {
	Type      string  `json:"type" enum:"task,comment"`
	Task      Card    `json:"task"`
	CommentID *string `json:"comment_id"`
	Excerpt   string  `json:"excerpt" doc:"the text around the first word found"`
}

const (
	maxQuery = 200
	maxFound = 1000 // whoever reads so far looks for something else
)

// searchCursor counts, as what is found is sorted by what changes.
type searchCursor struct {
	Skip int `json:"s"`
}

func checkQuery(field, q string) error {
	_, err := errs.OptionalLine(field, q, maxQuery)
	return err
}

// letters are those that Unicode does not take apart, as people type them who lack the key.
var letters = map[rune]string{'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŋ': "n", 'ŧ': "t", 'ς': "σ"}

// words folds a text for search: lower case, no diacritics, nothing but letters and digits. Both
// databases index this and so find the same.
func words(texts ...string) string {
	var b strings.Builder
	space := true
	for _, text := range texts {
		for _, r := range norm.NFKD.String(text) {
			switch {
			case unicode.Is(unicode.Mn, r):
				continue
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				r = unicode.ToLower(r)
				if plain, ok := letters[r]; ok {
					b.WriteString(plain)
				} else {
					b.WriteRune(r)
				}
				space = false
			case !space:
				b.WriteByte(' ')
				space = true
			}
		}
		if !space {
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

// match is the query in the database's own form; empty when it has no word. Folded words hold no
// character that means anything to either language.
func (s *Service) match(query string) string {
	list := strings.Fields(words(query))
	for i, w := range list {
		if s.db.Dialect == db.SQLite {
			list[i] = `"` + w + `"*`
		} else {
			list[i] = w + ":*"
		}
	}
	if s.db.Dialect == db.SQLite {
		return strings.Join(list, " ")
	}
	return strings.Join(list, " & ")
}

// matchCondition is true for the search_docs row d that has the words.
// Indexes: search_index, search_docs_by_words.
func (s *Service) matchCondition(placeholder string) string {
	return s.db.Dialect.Pick(
		"d.id IN (SELECT rowid FROM search_index WHERE search_index MATCH "+placeholder+")",
		"to_tsvector('simple', d.words) @@ to_tsquery('simple', "+placeholder+")",
	)
}

// index keeps the task findable by its key, title and description.
func (s *Service) index(ctx context.Context, tx *db.Tx, t *Task) error {
	if _, err := tx.Exec(ctx, indexTask, t.TeamID, t.ProjectID, t.ID, words(t.Key, t.Title, t.Description)); err != nil {
		return fmt.Errorf("index task %s: %w", t.ID, err)
	}
	return nil
}

// Search finds tasks and comments, the most recently changed tasks first.
func (s *Service) Search(ctx context.Context, actor users.Actor, q SearchQuery) (db.Page[Found], error) {
	page := db.Page[Found]{Items: []Found{}}
	limit, err := db.Limit(q.Limit)
	if err != nil {
		return page, err
	}
	if err := checkQuery("query.q", q.Query); err != nil {
		return page, err
	}
	var from searchCursor
	if err := db.DecodeCursor(q.Cursor, &from); err != nil {
		return page, err
	}
	teamIDs, err := s.scope(ctx, actor, q.TeamID, "")
	if err != nil {
		return page, err
	}
	match := s.match(q.Query)
	if match == "" || len(teamIDs) == 0 {
		return page, nil
	}
	var args db.Args
	var texts []string
	query := `SELECT ` + taskColumns + `, d.comment_id, COALESCE(c.body, '')
FROM search_docs d
JOIN tasks t ON t.id = d.task_id
LEFT JOIN comments c ON c.id = d.comment_id
WHERE t.deleted_at IS NULL AND c.deleted_at IS NULL AND d.team_id IN ` + args.In(teamIDs) + ` AND ` + s.matchCondition(args.Add(match)) + `
ORDER BY t.updated_at DESC, d.id
LIMIT ` + args.Add(limit+1) + ` OFFSET ` + args.Add(min(max(from.Skip, 0), maxFound))
	page.Items, err = db.Collect(ctx, s.db.Read(), func(r db.Row) (f Found, err error) {
		var body string
		t, err := scanTask(r, &f.CommentID, &body)
		f.Type, f.Task = "task", t.Card()
		text := t.Title + "\n" + t.Description
		if f.CommentID != nil {
			f.Type, text = "comment", body
		}
		texts = append(texts, text)
		return f, err
	}, query, args...)
	if err != nil {
		return page, fmt.Errorf("search: %w", err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		if next := from.Skip + limit; next < maxFound {
			page.NextCursor = db.EncodeCursor(searchCursor{next})
		}
	}
	wanted := strings.Fields(words(q.Query))
	for i := range page.Items {
		f := &page.Items[i]
		f.Excerpt = excerpt(texts[i], wanted)
		p, err := s.teams.ProjectRef(ctx, f.Task.ProjectID)
		if err != nil {
			return page, err
		}
		f.Task.Key = key(p.Key, f.Task.Number)
	}
	return page, nil
}

// excerpt is about 160 characters around the first word that begins with one of the wanted.
func excerpt(text string, wanted []string) string {
	const before, length = 50, 160
	runes := []rune(strings.Join(strings.Fields(text), " "))
	at := 0
	for i := range runes {
		if i > 0 && (unicode.IsLetter(runes[i-1]) || unicode.IsDigit(runes[i-1])) {
			continue
		}
		if head := words(string(runes[i:min(i+40, len(runes))])); startsWithAny(head, wanted) {
			at = i
			break
		}
	}
	start := max(0, at-before)
	end := min(len(runes), start+length)
	out := string(runes[start:end])
	if start > 0 {
		out = "…" + out
	}
	if end < len(runes) {
		out += "…"
	}
	return out
}

func startsWithAny(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
