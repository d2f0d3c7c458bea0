package tasks

import (
	"slices"
	"strings"
	"testing"
)

func TestMerge3(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base, theirs, yours, want string
		conflict                  bool
	}{
		"different lines":                {"a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC", false},
		"only theirs":                    {"a\nb", "a\nB", "a\nb", "a\nB", false},
		"only yours":                     {"a\nb", "a\nb", "a\nB", "a\nB", false},
		"the same edit twice":            {"a\nb", "a\nX", "a\nX", "a\nX", false},
		"the same line":                  {"a\nb\nc", "a\nX\nc", "a\nY\nc", "", true},
		"adjoining lines":                {"a\nb\nc\nd", "a\nB\nc\nd", "a\nb\nC\nd", "", true},
		"one appends, one prepends":      {"a\nb\nc", "a\nb\nc\nd", "0\na\nb\nc", "0\na\nb\nc\nd", false},
		"both append":                    {"a", "a\nx", "a\ny", "", true},
		"one deletes, one edits another": {"a\nb\nc\nd\ne", "a\nc\nd\ne", "a\nb\nc\nd\nE", "a\nc\nd\nE", false},
		"one deletes what one edits":     {"a\nb\nc", "a\nc", "a\nB\nc", "", true},
		"from nothing":                   {"", "x", "y", "", true},
		"repeated lines":                 {"x\n\nx\n\nx", "x\n\nx\n\nx\nend", "start\nx\n\nx\n\nx", "start\nx\n\nx\n\nx\nend", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := merge3(c.base, c.theirs, c.yours)
			if ok == c.conflict || got != c.want {
				t.Errorf("got %q, %v; want %q, %v", got, ok, c.want, !c.conflict)
			}
		})
	}
}

func FuzzMerge3(f *testing.F) {
	f.Add("a\nb\nc", "A\nb\nc", "a\nb\nC")
	f.Add("", "", "")
	f.Add("x\nx\nx", "x", "x\nx\nx\nx")
	f.Fuzz(func(t *testing.T, base, theirs, yours string) {
		if len(base)+len(theirs)+len(yours) > 2000 {
			t.Skip("the table of a longer text takes the fuzzer's time")
		}
		merged, ok := merge3(base, theirs, yours)
		if other, ok2 := merge3(base, yours, theirs); ok != ok2 || ok && merged != other {
			t.Fatalf("not symmetrical: %q %v, %q %v", merged, ok, other, ok2)
		}
		if got, ok := merge3(base, theirs, base); !ok || got != theirs {
			t.Fatalf("an untouched text loses theirs: got %q, want %q", got, theirs)
		}
		if !ok {
			return
		}
		// Nothing anyone added is lost: each line of theirs that base lacks is in the result.
		for _, line := range lines(theirs) {
			if !slices.Contains(lines(base), line) && !slices.Contains(lines(merged), line) {
				t.Fatalf("lost the line %q of %q in %q", line, theirs, merged)
			}
		}
	})
}

func TestMatchGivesUpOnHugeDifferences(t *testing.T) {
	t.Parallel()
	a, b := make([]string, 3000), make([]string, 3000)
	for i := range a {
		a[i], b[i] = "a"+strings.Repeat("x", i%7), "b"+strings.Repeat("y", i%5)
	}
	if to := match(a, b); slices.ContainsFunc(to, func(j int) bool { return j >= 0 }) {
		t.Error("matched lines of texts that have none in common")
	}
}
