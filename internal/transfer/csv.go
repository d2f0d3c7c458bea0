package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// csvColumns are the columns that are understood, by the names that other programs give them.
var csvColumns = map[string]string{
	"title": "title", "name": "title", "summary": "title", "task": "title",
	"description": "description", "body": "description", "notes": "description", "details": "description",
	"status": "status", "state": "status", "list": "status", "column": "status",
	"priority": "priority", "labels": "labels", "label": "labels", "tags": "labels",
	"assignee": "assignee", "assigned to": "assignee", "assigned_to": "assignee", "owner": "assignee",
	"author": "author", "created by": "author", "created_by": "author", "reporter": "author",
	"due": "due", "due date": "due", "due_at": "due", "due_date": "due",
	"created": "created", "created at": "created", "created_at": "created",
	"updated": "updated", "updated at": "updated", "updated_at": "updated",
	"completed": "completed", "completed at": "completed", "completed_at": "completed", "closed": "completed", "closed at": "completed",
	"id": "id", "key": "id", "number": "",
}

// columnsToWrite is the header of our own CSV.
var columnsToWrite = []string{"key", "title", "description", "status", "priority", "labels", "assignee", "author", "due_at", "created_at", "updated_at", "completed_at"}

func parseCSV(file []byte, now time.Time) (*document, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(file))
	r.Comma = delimiter(file)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, refuse("the file", "is empty: it needs a header and one row a task")
	}
	if err != nil {
		return nil, csvError(err)
	}
	columns := make([]string, len(header))
	for i, h := range header {
		name := strings.ToLower(strings.TrimSpace(h))
		known, ok := csvColumns[name]
		if !ok && name != "" {
			return nil, refuse(fmt.Sprintf("column %d", i+1), "%q is not understood; known are title (required), description, status, priority, labels, assignee, author, due, created, updated, completed, id", h)
		}
		if known != "" && slices.Contains(columns[:i], known) {
			return nil, refuse(fmt.Sprintf("column %d", i+1), "%q means %s, which another column is already", h, known)
		}
		columns[i] = known
	}
	if !slices.Contains(columns, "title") {
		return nil, refuse("the header", "has no column title")
	}
	doc := &document{}
	labels, twins := map[string]string{}, map[string]int{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := r.FieldPos(0)
		entry := fmt.Sprintf("row %d", line)
		if len(record) > len(columns) {
			return nil, refuse(entry, "has %d fields, the header %d", len(record), len(columns))
		}
		row := map[string]string{}
		for i, v := range record {
			row[columns[i]] = unguard(strings.TrimSpace(v))
		}
		t, err := csvTask(entry, row, now)
		if err != nil {
			return nil, err
		}
		if t.Origin == "" { // no id: the same text is the same task, the second of twins another one
			sum := sha256.Sum256([]byte(strings.Join(record, "\x1f")))
			name := "csv:" + hex.EncodeToString(sum[:12])
			twins[name]++
			t.Origin = fmt.Sprintf("%s/%d", name, twins[name])
		}
		for _, l := range t.Labels {
			labels[l] = "gray"
		}
		doc.Tasks = append(doc.Tasks, t)
	}
	doc.setLabels(labels)
	return doc, nil
}

// delimiter is the one of comma, semicolon and tab that the first line has most of.
func delimiter(file []byte) rune {
	first, _, _ := bytes.Cut(file, []byte("\n"))
	best := ','
	for _, d := range []rune{';', '\t'} {
		if strings.Count(string(first), string(d)) > strings.Count(string(first), string(best)) {
			best = d
		}
	}
	return best
}

func csvError(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return refuse(fmt.Sprintf("row %d", p.Line), "%s, at column %d", p.Err, p.Column)
	}
	return fmt.Errorf("read csv: %w", err)
}

func csvTask(entry string, row map[string]string, now time.Time) (docTask, error) {
	t := docTask{Entry: entry, Title: row["title"], Description: row["description"], Status: row["status"], Priority: strings.ToLower(row["priority"]),
		Assignee: csvPerson(row["assignee"]), Author: csvPerson(row["author"]), CreatedAt: now, UpdatedAt: now}
	if id := row["id"]; id != "" {
		t.Origin = "csv:" + id
	}
	switch t.Priority {
	case "", "none", "low", "medium", "high", "urgent":
	default:
		return t, refuse(entry, "priority is %q, and should be one of none, low, medium, high, urgent", row["priority"])
	}
	for _, l := range strings.FieldsFunc(row["labels"], func(r rune) bool { return r == ';' || r == ',' }) {
		if l = strings.TrimSpace(l); l != "" {
			t.Labels = append(t.Labels, l)
		}
	}
	for _, c := range []struct {
		name string
		set  func(time.Time)
	}{
		{"due", func(v time.Time) { t.DueAt = &v }},
		{"created", func(v time.Time) { t.CreatedAt, t.UpdatedAt = v, v }},
		{"updated", func(v time.Time) { t.UpdatedAt = v }},
		{"completed", func(v time.Time) { t.CompletedAt = &v }},
	} {
		if row[c.name] == "" {
			continue
		}
		v, err := csvTime(row[c.name])
		if err != nil {
			return t, refuse(entry, "%s is %q, and should be like 2026-12-31 or 2026-12-31T09:00:00Z", c.name, row[c.name])
		}
		c.set(v)
	}
	t.Done = t.CompletedAt != nil && t.Status == ""
	return t, nil
}

func csvPerson(s string) person {
	s = strings.TrimPrefix(s, "@")
	if strings.Contains(s, "@") {
		return person{Email: s}
	}
	return person{Username: s}
}

func csvTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("no time")
}

// Sheet writes CSV whose texts no spreadsheet takes for formulas.
type Sheet struct{ w *csv.Writer }

// NewSheet returns one that writes to w.
func NewSheet(w io.Writer) *Sheet { return &Sheet{csv.NewWriter(w)} }

// Write writes a row.
func (s *Sheet) Write(row ...string) error {
	guarded := make([]string, len(row))
	for i, v := range row {
		guarded[i] = guard(v)
	}
	return s.w.Write(guarded)
}

// Flush writes what is left.
func (s *Sheet) Flush() error {
	s.w.Flush()
	return s.w.Error()
}

// guard keeps a spreadsheet from taking a text for a formula (OWASP, "CSV Injection").
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// unguard takes the mark off again.
func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(s[1])) {
		return s[1:]
	}
	return s
}
