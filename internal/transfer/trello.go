package transfer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trelloBoard is what Trello's "Export as JSON" writes, as far as it is read.
type trelloBoard struct {
	ID         string              `json:"id"`
	Lists      []trelloList        `json:"lists"`
	Cards      entries[trelloCard] `json:"cards"`
	Checklists []trelloChecklist   `json:"checklists"`
	Members    []trelloMember      `json:"members"`
	Actions    []struct {
		Type          string       `json:"type"`
		Date          time.Time    `json:"date"`
		MemberCreator trelloMember `json:"memberCreator"`
		Data          struct {
			Text string `json:"text"`
			Card struct {
				ID string `json:"id"`
			} `json:"card"`
		} `json:"data"`
	} `json:"actions"`
}

type trelloList struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Closed bool    `json:"closed"`
	Pos    float64 `json:"pos"`
}

type trelloCard struct {
	ID               string     `json:"id"`
	IDShort          int64      `json:"idShort"`
	IDList           string     `json:"idList"`
	Name             string     `json:"name"`
	Desc             string     `json:"desc"`
	Closed           bool       `json:"closed"`
	Pos              float64    `json:"pos"`
	Due              *time.Time `json:"due"`
	DueComplete      bool       `json:"dueComplete"`
	DateLastActivity time.Time  `json:"dateLastActivity"`
	IDMembers        []string   `json:"idMembers"`
	Labels           []struct {
		Name  string `json:"name"`
		Color string `json:"color"`
	} `json:"labels"`
}

type trelloChecklist struct {
	IDCard     string       `json:"idCard"`
	Name       string       `json:"name"`
	Pos        float64      `json:"pos"`
	CheckItems []trelloItem `json:"checkItems"`
}

type trelloItem struct {
	Name  string  `json:"name"`
	State string  `json:"state"`
	Pos   float64 `json:"pos"`
}

type trelloMember struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	FullName string `json:"fullName"`
}

func (m trelloMember) person() person { return person{Username: m.Username, Name: m.FullName} }

var trelloColors = map[string]string{"green": "green", "yellow": "amber", "orange": "orange", "red": "red", "purple": "purple", "blue": "blue", "sky": "teal", "lime": "green", "pink": "pink", "black": "gray"}

func trelloColor(c string) string {
	base, _, _ := strings.Cut(c, "_") // "green_dark"
	if ours, ok := trelloColors[base]; ok {
		return ours
	}
	return "gray"
}

// parseTrello makes statuses of the open lists and tasks of the cards. Archived cards, and those of
// archived lists, come as done.
func parseTrello(file []byte) (*document, error) {
	var b trelloBoard
	if err := decodeJSON(file, &b); err != nil {
		return nil, err
	}
	if len(b.Lists) == 0 {
		return nil, refuse("the file", `has no "lists": export the board in Trello with Menu, Print and export, Export as JSON`)
	}
	doc := &document{}
	slices.SortStableFunc(b.Lists, func(x, y trelloList) int {
		return cmp.Compare(x.Pos, y.Pos)
	})
	open, names := map[string]bool{}, map[string]string{}
	for _, l := range b.Lists {
		names[l.ID] = l.Name
		if open[l.ID] = !l.Closed; !l.Closed {
			doc.Statuses = append(doc.Statuses, docStatus{Name: l.Name, Category: categoryOf(l.Name), Color: "gray"})
		}
	}
	members := map[string]trelloMember{}
	for _, m := range b.Members {
		members[m.ID] = m
	}
	texts, comments, authors, created := b.checklists(), map[string][]docComment{}, map[string]person{}, map[string]time.Time{}
	for _, a := range b.Actions {
		switch a.Type {
		case "commentCard":
			comments[a.Data.Card.ID] = append(comments[a.Data.Card.ID], docComment{a.MemberCreator.person(), a.Data.Text, a.Date, a.Date})
		case "createCard":
			authors[a.Data.Card.ID], created[a.Data.Card.ID] = a.MemberCreator.person(), a.Date
		}
	}
	slices.SortStableFunc(b.Cards, func(x, y trelloCard) int {
		return cmp.Compare(x.Pos, y.Pos)
	})
	labels := map[string]string{}
	for i, c := range b.Cards {
		entry := fmt.Sprintf("card %d (#%d)", i+1, c.IDShort)
		if _, ok := names[c.IDList]; !ok {
			return nil, refuse(entry, "lies in the list %q, which the file does not have", c.IDList)
		}
		t := docTask{Entry: entry, Origin: "trello:" + c.ID, Title: c.Name, Description: strings.TrimSpace(c.Desc + "\n\n" + texts[c.ID]), Status: names[c.IDList],
			Author: authors[c.ID], DueAt: c.Due, CreatedAt: trelloTime(c.ID, created[c.ID]), UpdatedAt: c.DateLastActivity, Comments: comments[c.ID]}
		if c.Closed || !open[c.IDList] {
			t.Done, t.Status = true, ""
		}
		if t.Done || categoryOf(t.Status) == "done" {
			t.CompletedAt = &c.DateLastActivity
		}
		if len(c.IDMembers) > 0 {
			t.Assignee = members[c.IDMembers[0]].person()
		}
		for _, l := range c.Labels {
			name := l.Name
			if name == "" {
				name = l.Color
			}
			if name != "" {
				t.Labels = append(t.Labels, name)
				labels[name] = trelloColor(l.Color)
			}
		}
		slices.SortStableFunc(t.Comments, func(x, y docComment) int { return x.CreatedAt.Compare(y.CreatedAt) })
		doc.Tasks = append(doc.Tasks, t)
	}
	doc.setLabels(labels)
	return doc, nil
}

// checklists are Markdown task lists, by card.
func (b *trelloBoard) checklists() map[string]string {
	out := map[string]string{}
	lists := slices.Clone(b.Checklists)
	slices.SortStableFunc(lists, func(x, y trelloChecklist) int {
		return cmp.Compare(x.Pos, y.Pos)
	})
	for _, l := range lists {
		var s strings.Builder
		s.WriteString("**" + l.Name + "**\n\n")
		items := slices.Clone(l.CheckItems)
		slices.SortStableFunc(items, func(x, y trelloItem) int {
			return cmp.Compare(x.Pos, y.Pos)
		})
		for _, i := range items {
			mark := " "
			if i.State == "complete" {
				mark = "x"
			}
			s.WriteString("- [" + mark + "] " + i.Name + "\n")
		}
		out[l.IDCard] = strings.TrimSpace(out[l.IDCard] + "\n\n" + s.String())
	}
	return out
}

// trelloTime is when a card was made: its action says so, or else its id, which begins with the
// seconds since 1970 in hexadecimal (a MongoDB ObjectID).
func trelloTime(id string, told time.Time) time.Time {
	if !told.IsZero() || len(id) < 8 {
		return told
	}
	n, err := strconv.ParseInt(id[:8], 16, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// categoryOf guesses what a list's name means.
func categoryOf(name string) string {
	switch n := strings.ToLower(name); {
	case strings.Contains(n, "done") || strings.Contains(n, "complete") || strings.Contains(n, "finished") || strings.Contains(n, "shipped"):
		return "done"
	case strings.Contains(n, "cancel") || strings.Contains(n, "won't") || strings.Contains(n, "wont"):
		return "cancelled"
	case strings.Contains(n, "to do") || strings.Contains(n, "todo") || strings.Contains(n, "backlog") || strings.Contains(n, "idea") || strings.Contains(n, "later"):
		return "backlog"
	}
	return "active"
}
