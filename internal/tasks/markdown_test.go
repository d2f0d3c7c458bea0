package tasks

import (
	"regexp"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	r := newRenderer()
	for in, want := range map[string]string{
		"**bold**":                        "<p><strong>bold</strong></p>\n",
		"- [x] done":                      `checked="" disabled="" type="checkbox"`,
		"<script>alert(1)</script>":       "",
		"[x](javascript:alert(1))":        "<p>x</p>",
		"```go\nx\n```":                   `<code class="language-go">`,
		"a\nb":                            "<br",
		"https://example.org":             `rel="nofollow noreferrer noopener"`,
		"<img src=x onerror=alert(1)>":    "",
		"| a | b |\n|---|---|\n| 1 | 2 |": "<table>",
	} {
		got, err := r.HTML(in)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got, want) || want == "" && strings.TrimSpace(strings.Trim(got, "</p>\n")) != "" {
			t.Errorf("%q: got %q, want %q in it", in, got, want)
		}
	}
}

var dangerous = regexp.MustCompile(`(?i)<script|<iframe|<style|<object|<embed|<form|<svg|<[^>]*\son\w+\s*=|href="\s*(javascript|vbscript|data):`)

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"<a href='jAvAsCrIpT:x'>", "[a](data:text/html,<script>)", "<svg/onload=x>", "```\n</code><script>\n```", "<<script>script>", "![x](x \"onerror=y\")", "[[[[[[[[[["} {
		f.Add(seed)
	}
	r := newRenderer()
	f.Fuzz(func(t *testing.T, s string) {
		out, err := r.HTML(s)
		if err != nil {
			t.Fatal(err)
		}
		if bad := dangerous.FindString(out); bad != "" {
			t.Fatalf("%q renders as %q", s, out)
		}
	})
}
