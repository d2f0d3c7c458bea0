package tasks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/users"
)

// SearchQuery is what somebody looks for.
type SearchQuery struct {
	Query     string // words; each must be there, the last as a prefix
	TeamID    string // empty: all of the actor's teams
	ProjectID string // empty: all of these
	Type      string // "task" or "comment"; empty: both
	Limit     int
	Cursor    string
}

// Part is a piece of a text; the words that were looked for are marked.
type Part struct {
	Text   string `json:"text"`
	Marked bool   `json:"marked"`
}

// Found is a task, or one of its comments, that has the words.
type Found struct {
	Type      string  `json:"type" enum:"task,comment"`
	Task      Card    `json:"task"`
	CommentID *string `json:"comment_id"`
	Excerpt   string  `json:"excerpt" doc:"the text around the first word found"`
	Title     []Part  `json:"title" nullable:"false" doc:"the task's title, in parts"`
	Parts     []Part  `json:"parts" nullable:"false" doc:"the excerpt, in parts"`
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

// unspaced are scripts whose words stand without spaces between them.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// found is the condition that the search_docs row d has the words; empty when the query has none. Folded words hold no
// character that means anything to either language. Words of scripts without spaces are looked for anywhere in the text,
// which reads all texts of the teams.
// Indexes: search_index, search_docs_by_words.
func (s *Service) found(query string, args *db.Args) string {
	var indexed, conditions []string
	for _, w := range strings.Fields(words(query)) {
		switch {
		case strings.ContainsFunc(w, func(r rune) bool { return unicode.IsOneOf(unspaced, r) }):
			conditions = append(conditions, "d.words LIKE "+args.Add("%"+w+"%"))
		case s.db.Dialect == db.SQLite:
			indexed = append(indexed, `"`+w+`"*`)
		default:
			indexed = append(indexed, w+":*")
		}
	}
	if len(indexed) > 0 {
		match := args.Add(strings.Join(indexed, s.db.Dialect.Pick(" ", " & ")))
		conditions = append(conditions, s.db.Dialect.Pick(
			"d.id IN (SELECT rowid FROM search_index WHERE search_index MATCH "+match+")",
			"to_tsvector('simple', d.words) @@ to_tsquery('simple', "+match+")",
		))
	}
	return strings.Join(conditions, " AND ")
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
	teamIDs, err := s.scope(ctx, actor, q.TeamID, q.ProjectID)
	if err != nil {
		return page, err
	}
	var args db.Args
	condition := s.found(q.Query, &args)
	if condition == "" || len(teamIDs) == 0 {
		return page, nil
	}
	var texts []string
	query := `SELECT ` + taskColumns + `, d.comment_id, COALESCE(c.body, '')
FROM search_docs d
JOIN tasks t ON t.id = d.task_id
LEFT JOIN comments c ON c.id = d.comment_id
WHERE t.deleted_at IS NULL AND c.deleted_at IS NULL AND d.team_id IN ` + args.In(teamIDs) + ` AND ` + condition
	if q.ProjectID != "" {
		query += ` AND d.project_id = ` + args.Add(q.ProjectID)
	}
	switch q.Type {
	case "task":
		query += ` AND d.comment_id IS NULL`
	case "comment":
		query += ` AND d.comment_id IS NOT NULL`
	}
	query += `
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
		f.Title, f.Parts = parts(f.Task.Title, wanted), parts(f.Excerpt, wanted)
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

// parts marks the words of a text that begin with one of the wanted.
func parts(text string, wanted []string) []Part {
	out := []Part{}
	add := func(s string, marked bool) {
		switch {
		case s == "":
		case len(out) > 0 && out[len(out)-1].Marked == marked:
			out[len(out)-1].Text += s
		default:
			out = append(out, Part{s, marked})
		}
	}
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) }
	for text != "" {
		end := strings.IndexFunc(text, inWord)
		if end != 0 {
			if end < 0 {
				end = len(text)
			}
			add(text[:end], false)
			text = text[end:]
			continue
		}
		if end = strings.IndexFunc(text, func(r rune) bool { return !inWord(r) }); end < 0 {
			end = len(text)
		}
		add(text[:end], has(words(text[:end]), wanted))
		text = text[end:]
	}
	return out
}

// People are those who share a team with the actor and whose name or username has the words, by name.
func (s *Service) People(ctx context.Context, actor users.Actor, query, teamID string, limit int) ([]users.User, error) {
	if err := checkQuery("query.q", query); err != nil {
		return nil, err
	}
	teamIDs, err := s.scope(ctx, actor, teamID, "")
	if err != nil {
		return nil, err
	}
	wanted := strings.Fields(words(query))
	out := []users.User{}
	if len(wanted) == 0 {
		return out, nil
	}
	seen := map[string]bool{}
	for _, id := range teamIDs { // a person is in a handful of teams
		members, err := s.teams.MembersOf(ctx, s.db.Read(), id)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if seen[m.ID] {
				continue
			}
			seen[m.ID] = true
			names := strings.Fields(words(m.Name, m.Username))
			if !slices.ContainsFunc(wanted, func(w string) bool {
				return !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, w) })
			}) {
				out = append(out, m.User)
			}
		}
	}
	slices.SortFunc(out, func(a, b users.User) int {
		return cmp.Or(strings.Compare(words(a.Name), words(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), limit)], nil
}

// has says whether a word is one that was looked for.
func has(word string, wanted []string) bool {
	return startsWithAny(word, wanted) || slices.ContainsFunc(wanted, func(w string) bool {
		return strings.ContainsFunc(w, func(r rune) bool { return unicode.IsOneOf(unspaced, r) }) && strings.Contains(word, w)
	})
}

func startsWithAny(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
