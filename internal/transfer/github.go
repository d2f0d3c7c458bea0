package transfer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// githubIssue is an issue as `gh issue list --json …` writes it.
type githubIssue struct {
	Number    int64         `json:"number"`
	Title     string        `json:"title"`
	Body      string        `json:"body"`
	State     string        `json:"state"`
	URL       string        `json:"url"`
	Author    githubUser    `json:"author"`
	Assignees []githubUser  `json:"assignees"`
	Labels    []githubLabel `json:"labels"`
	Milestone *struct {
		Title string     `json:"title"`
		DueOn *time.Time `json:"dueOn"`
	} `json:"milestone"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
	ClosedAt  *time.Time `json:"closedAt"`
	Comments  []struct {
		Author    githubUser `json:"author"`
		Body      string     `json:"body"`
		CreatedAt time.Time  `json:"createdAt"`
		UpdatedAt time.Time  `json:"updatedAt"`
	} `json:"comments"`
}

type githubUser struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (u githubUser) person() person { return person{Username: u.Login, Name: u.Name, Email: u.Email} }

type githubLabel struct {
	Name  string `json:"name"`
	Color string `json:"color"`
}

func parseGitHub(file []byte) (*document, error) {
	var issues entries[githubIssue]
	if err := decodeJSON(file, &issues); err != nil {
		return nil, err
	}
	doc := &document{}
	labels := map[string]string{}
	for i, is := range issues {
		entry := fmt.Sprintf("entry %d (issue #%d)", i+1, is.Number)
		if is.Number < 1 {
			return nil, refuse(fmt.Sprintf("entry %d", i+1), `has no "number": export with --json number,title,body,state,url,author,assignees,labels,milestone,createdAt,updatedAt,closedAt,comments`)
		}
		done := strings.EqualFold(is.State, "closed")
		if !done && !strings.EqualFold(is.State, "open") {
			return nil, refuse(entry, `state is %q, and should be "OPEN" or "CLOSED"`, is.State)
		}
		t := docTask{Entry: entry, Origin: "github:" + is.URL, Title: is.Title, Description: is.Body, Done: done, Author: is.Author.person(), CreatedAt: is.CreatedAt, UpdatedAt: is.UpdatedAt}
		if is.URL == "" {
			t.Origin = fmt.Sprintf("github:#%d", is.Number)
		}
		if done {
			t.CompletedAt = is.ClosedAt
			if t.CompletedAt == nil {
				t.CompletedAt = &is.UpdatedAt
			}
		}
		if len(is.Assignees) > 0 {
			t.Assignee = is.Assignees[0].person()
		}
		for _, l := range is.Labels {
			t.Labels = append(t.Labels, l.Name)
			labels[l.Name] = nearestColor(l.Color)
		}
		if is.Milestone != nil && is.Milestone.Title != "" {
			name := "milestone: " + is.Milestone.Title
			t.Labels = append(t.Labels, name)
			labels[name] = "gray"
			t.DueAt = is.Milestone.DueOn
		}
		for _, c := range is.Comments {
			t.Comments = append(t.Comments, docComment{c.Author.person(), c.Body, c.CreatedAt, c.UpdatedAt})
		}
		doc.Tasks = append(doc.Tasks, t)
	}
	// Numbers follow the order of making, whatever order the file has.
	slices.SortStableFunc(doc.Tasks, func(a, b docTask) int { return cmp.Compare(a.CreatedAt.UnixNano(), b.CreatedAt.UnixNano()) })
	doc.setLabels(labels)
	return doc, nil
}

func (d *document) setLabels(colors map[string]string) {
	for name, color := range colors {
		d.Labels = append(d.Labels, docLabel{name, color})
	}
	slices.SortFunc(d.Labels, func(a, b docLabel) int { return strings.Compare(a.Name, b.Name) })
}

// palette are our colours as others write them.
var palette = map[string][3]int{
	"gray": {113, 113, 122}, "red": {220, 38, 38}, "orange": {234, 88, 12}, "amber": {217, 159, 6}, "green": {22, 163, 74},
	"teal": {13, 148, 136}, "blue": {37, 99, 235}, "indigo": {79, 70, 229}, "purple": {147, 51, 234}, "pink": {219, 39, 119},
}

// nearestColor is our colour that is nearest to a hexadecimal one.
func nearestColor(hex string) string {
	var r, g, b int
	if n, err := fmt.Sscanf(strings.TrimPrefix(hex, "#"), "%02x%02x%02x", &r, &g, &b); n != 3 || err != nil {
		return "gray"
	}
	best, least := "gray", 1<<30
	for name, c := range palette {
		d := (c[0]-r)*(c[0]-r) + (c[1]-g)*(c[1]-g) + (c[2]-b)*(c[2]-b)
		if d < least || d == least && name < best {
			best, least = name, d
		}
	}
	return best
}
