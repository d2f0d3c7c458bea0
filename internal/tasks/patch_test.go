package tasks

import (
	"encoding/json"
	"testing"
	"time"
)

func sample() Task {
	due := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	ana := "ana"
	return Task{Title: "Old", Description: "one\ntwo\nthree", Status: "todo", Priority: "low", Labels: []string{"a", "b"}, AssignedTo: &ana, DueAt: &due}
}

func parse(t *testing.T, body string) Patch {
	t.Helper()
	var p Patch
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patch     string
		changed   []string
		conflicts []string
	}{
		"a field without was":                       {`{"title":"New"}`, []string{"title"}, nil},
		"a field as it was":                         {`{"title":"New","was":{"title":"Old"}}`, []string{"title"}, nil},
		"a field that changed":                      {`{"title":"New","was":{"title":"Older"}}`, nil, []string{"title"}},
		"a field that has the value already":        {`{"title":"Old","was":{"title":"Older"}}`, nil, nil},
		"nothing new":                               {`{"title":"Old"}`, nil, nil},
		"null is a value":                           {`{"assigned_to":null,"due_at":null}`, []string{"assigned_to", "due_at"}, nil},
		"null was, but is set":                      {`{"assigned_to":"bob","was":{"assigned_to":null}}`, nil, []string{"assigned_to"}},
		"due compares instants":                     {`{"due_at":null,"was":{"due_at":"2026-12-01T10:00:00+01:00"}}`, []string{"due_at"}, nil},
		"labels compare as sets":                    {`{"labels":["c"],"was":{"labels":["b","a"]}}`, []string{"labels"}, nil},
		"labels changed":                            {`{"labels":["c"],"was":{"labels":["a"]}}`, nil, []string{"labels"}},
		"one conflict stops all":                    {`{"priority":"high","title":"New","was":{"title":"Older"}}`, nil, []string{"title"}},
		"was alone guards":                          {`{"priority":"high","was":{"status":"done"}}`, nil, []string{"status"}},
		"descriptions merge":                        {`{"description":"zero\none\ntwo","was":{"description":"one\ntwo"}}`, []string{"description"}, nil},
		"descriptions that overlap conflict":        {`{"description":"one\ntwo\nTHREE","was":{"description":"one\ntwo\n3"}}`, nil, []string{"description"}},
		"a field of somebody else does not matter":  {`{"status":"done","was":{"status":"todo"}}`, []string{"status"}, nil},
		"was equal to the new value is no conflict": {`{"status":"todo","was":{"status":"done"}}`, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := sample()
			p := parse(t, c.patch)
			changes, conflicts := task.Apply(p)
			if len(conflicts) != len(c.conflicts) {
				t.Fatalf("got conflicts %v, want %v", conflicts, c.conflicts)
			}
			for i, f := range c.conflicts {
				if conflicts[i].Field != f {
					t.Errorf("got conflict in %s, want %s", conflicts[i].Field, f)
				}
			}
			if len(changes) != len(c.changed) {
				t.Fatalf("got changes %v, want %v", changes, c.changed)
			}
			for _, f := range c.changed {
				if _, ok := changes[f]; !ok {
					t.Errorf("%s is not among the changes %v", f, changes)
				}
			}
			if len(conflicts) > 0 && (task.Title != "Old" || task.Priority != "low") {
				t.Error("a patch with a conflict was half applied")
			}
		})
	}
}

func TestApplyMergesDescription(t *testing.T) {
	t.Parallel()
	task := sample()
	_, conflicts := task.Apply(parse(t, `{"description":"zero\none\ntwo","was":{"description":"one\ntwo"}}`))
	if want := "zero\none\ntwo\nthree"; len(conflicts) > 0 || task.Description != want {
		t.Errorf("got %q, %v; want %q", task.Description, conflicts, want)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for want, fields := range map[string][]string{"moved": {"status", "position"}, "assigned": {"assigned_to"}, "updated": {"status", "title"}} {
		changes := map[string]Change{}
		for _, f := range fields {
			changes[f] = Change{}
		}
		if got := kindOf(changes); got != want {
			t.Errorf("%v: got %s, want %s", fields, got, want)
		}
	}
}

func TestCheckTellsEveryFault(t *testing.T) {
	t.Parallel()
	p := parse(t, `{"title":"  ","priority":"highest","description":"a\u0000b","assigned_to":""}`)
	err := p.check("")
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"must not be empty", "must be one of none", "control character U+0000", "must be a user id"} {
		if !contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
