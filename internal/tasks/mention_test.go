package tasks

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"tandem/internal/users"
)

var mentionSpan = regexp.MustCompile(`<span class="mention">@([^<]*)</span>`)

func mentioned(t *testing.T, r *renderer, source string) (names []string, html string) {
	t.Helper()
	html, err := r.HTML(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mentionSpan.FindAllStringSubmatch(html, -1) {
		names = append(names, m[1])
	}
	return names, html
}

func TestMentions(t *testing.T) {
	t.Parallel()
	r := newRenderer()
	for in, want := range map[string]string{
		"@ann":                            "ann",
		"Ask @ann, @Bob_2 or @c.d-e.":     "ann Bob_2 c.d-e",
		"(@ann) **@bob** - @cy\n@dee":     "ann bob cy dee",
		"> @ann\n\n- [ ] @bob\n\n# @cy":   "ann bob cy",
		"ann@example.org, mailto:a@b.org": "",
		"`@ann` and\n\n```\n@bob\n```":    "",
		"    @indented code":              "",
		"@a is too short, @ is nobody":    "",
		"@" + strings.Repeat("x", 33):     "",
		"@-ann @.ann @@ann @ann@bob":      "",
		"\\@ann":                          "",
		"https://example.org/@ann":        "",
		"@ünal":                           "",
		"<b>@ann</b>":                     "ann",
	} {
		if got, html := mentioned(t, r, in); strings.Join(got, " ") != want {
			t.Errorf("%q: got %v, want %q (%s)", in, got, want, html)
		}
	}
}

func FuzzMentions(f *testing.F) {
	for _, seed := range []string{"@ann", "a@b.org", "`@ann`", "[@ann](x)", "@ann_@bob", "**@a.b-**", "@<script>", "~~@ann~~@", "| @a1 |\n|---|\n| @b2 |", "&#64;ann", "\x00@ann"} {
		f.Add(seed)
	}
	r := newRenderer()
	f.Fuzz(func(t *testing.T, s string) {
		names, html := mentioned(t, r, s)
		for _, name := range names {
			if checked, err := users.CheckUsername(name); err != nil || checked != name || !strings.Contains(s, "@"+name) {
				t.Errorf("%q mentions %q: %v", s, name, err)
			}
		}
		if n := strings.Count(html, "mention\""); n != len(names) && !strings.Contains(s, "mention") {
			t.Errorf("%q renders as %q", s, html)
		}
		// A mention is text: nothing else in the rendering depends on it.
		if plain, without := mentioned(t, r, strings.ReplaceAll(s, "@", "")); len(plain) > 0 {
			t.Errorf("without an @: %v in %q", slices.Compact(plain), without)
		}
		if bad := dangerous.FindString(html); bad != "" {
			t.Errorf("%q renders as %q", s, html)
		}
	})
}
