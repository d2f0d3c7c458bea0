package tasks

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"tandem/internal/errs"
)

// Field is an input that a request may leave out, which is not the same as null.
type Field[T any] struct {
	Set   bool
	Value T
}

// Of is a field that was sent.
func Of[T any](v T) Field[T] { return Field[T]{Set: true, Value: v} }

// UnmarshalJSON marks the field as sent.
func (f *Field[T]) UnmarshalJSON(b []byte) error {
	f.Set = true
	return json.Unmarshal(b, &f.Value)
}

// Fields are the parts of a task that people edit.
type Fields struct {
	Title       Field[string]     `json:"title"`
	Description Field[string]     `json:"description"`
	Status      Field[string]     `json:"status"`
	Priority    Field[string]     `json:"priority"`
	Labels      Field[[]string]   `json:"labels"`
	AssignedTo  Field[*string]    `json:"assigned_to"`
	DueAt       Field[*time.Time] `json:"due_at"`
}

// Patch is an edit: the new values, and in Was those that the editor saw.
type Patch struct {
	Fields
	Was Fields `json:"was"`
}

// check validates the texts and brings values into the form they are stored in. All faults are told at once.
func (f *Fields) check(prefix string) error {
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	if f.Title.Set {
		f.Title.Value, err = errs.Line(prefix+"title", f.Title.Value, MaxTitle)
		note(err)
	}
	if f.Description.Set {
		f.Description.Value, err = errs.Text(prefix+"description", f.Description.Value, MaxDescription)
		note(err)
	}
	if f.Priority.Set && !slices.Contains(Priorities, f.Priority.Value) {
		note(errs.Field(prefix+"priority", "must be one of none, low, medium, high, urgent"))
	}
	if f.Labels.Set && len(f.Labels.Value) > MaxLabels {
		note(errs.Field(prefix+"labels", "must be at most %d, are %d", MaxLabels, len(f.Labels.Value)))
	}
	if f.AssignedTo.Set && f.AssignedTo.Value != nil && *f.AssignedTo.Value == "" {
		note(errs.Field(prefix+"assigned_to", "must be a user id or null"))
	}
	if d := f.DueAt.Value; f.DueAt.Set && d != nil {
		if y := d.Year(); y < 1970 || y > 9998 {
			note(errs.Field(prefix+"due_at", "must lie between the years 1970 and 9998"))
		}
		t := d.UTC().Truncate(time.Microsecond)
		f.DueAt.Value = &t
	}
	return errors.Join(faults...)
}

// Conflict is a field that somebody else changed meanwhile.
type Conflict struct {
	Field  string     `json:"field"`
	Base   any        `json:"base"`
	Theirs any        `json:"theirs"`
	Yours  any        `json:"yours"`
	By     any        `json:"by"`
	At     *time.Time `json:"at"`
}

// Apply edits the task and returns what changed, by field. A field of Was that is neither as the
// editor saw it nor as they want it is a conflict, unless both texts of a description merge;
// nothing is applied then. Labels and status are taken as valid.
func (t *Task) Apply(p Patch) (map[string]Change, []Conflict) {
	next := *t
	var conflicts []Conflict
	next.Title = settle(&conflicts, "title", t.Title, p.Title, p.Was.Title, same)
	next.Status = settle(&conflicts, "status", t.Status, p.Status, p.Was.Status, same)
	next.Priority = settle(&conflicts, "priority", t.Priority, p.Priority, p.Was.Priority, same)
	next.Labels = settle(&conflicts, "labels", t.Labels, p.Labels, p.Was.Labels, sameLabels)
	next.AssignedTo = settle(&conflicts, "assigned_to", t.AssignedTo, p.AssignedTo, p.Was.AssignedTo, samePointer)
	next.DueAt = settle(&conflicts, "due_at", t.DueAt, p.DueAt, p.Was.DueAt, sameTime)
	if merged, ok := mergeDescription(t.Description, p); ok {
		next.Description = merged
	} else {
		next.Description = settle(&conflicts, "description", t.Description, p.Description, p.Was.Description, same)
	}
	if len(conflicts) > 0 {
		return nil, conflicts
	}
	changes := t.diff(&next)
	*t = next
	return changes, nil
}

// settle decides one field.
func settle[T any](conflicts *[]Conflict, name string, current T, want, was Field[T], equal func(a, b T) bool) T {
	if was.Set && !equal(current, was.Value) && (!want.Set || !equal(current, want.Value)) {
		c := Conflict{Field: name, Base: was.Value, Theirs: current}
		if want.Set {
			c.Yours = want.Value
		}
		*conflicts = append(*conflicts, c)
		return current
	}
	if want.Set {
		return want.Value
	}
	return current
}

func mergeDescription(current string, p Patch) (string, bool) {
	if !p.Description.Set || !p.Was.Description.Set || current == p.Was.Description.Value || current == p.Description.Value {
		return "", false
	}
	merged, ok := merge3(p.Was.Description.Value, current, p.Description.Value)
	return merged, ok && len([]rune(merged)) <= MaxDescription
}

func same[T comparable](a, b T) bool { return a == b }

func samePointer(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// sameLabels compares sets: the stored list is sorted, the other may not be.
func sameLabels(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func (t *Task) diff(next *Task) map[string]Change {
	changes := map[string]Change{}
	note := func(name string, equal bool, from, to any) {
		if !equal {
			changes[name] = Change{from, to}
		}
	}
	note("title", t.Title == next.Title, t.Title, next.Title)
	note("description", t.Description == next.Description, t.Description, next.Description)
	note("status", t.Status == next.Status, t.Status, next.Status)
	note("priority", t.Priority == next.Priority, t.Priority, next.Priority)
	note("labels", sameLabels(t.Labels, next.Labels), t.Labels, next.Labels)
	note("assigned_to", samePointer(t.AssignedTo, next.AssignedTo), t.AssignedTo, next.AssignedTo)
	note("due_at", sameTime(t.DueAt, next.DueAt), t.DueAt, next.DueAt)
	return changes
}

// kindOf says which type of message these changes make.
func kindOf(changes map[string]Change) string {
	moved, assigned := true, true
	for name := range changes {
		moved = moved && (name == "status" || name == "project_id" || name == "position" || name == "number" || name == "key")
		assigned = assigned && name == "assigned_to"
	}
	switch {
	case moved:
		return "moved"
	case assigned:
		return "assigned"
	}
	return "updated"
}
