package tasks

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"

	"github.com/maypok86/otter/v2"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// renderer turns Markdown into HTML that is safe to put into a page. What goldmark makes is
// sanitised again, so a fault in one of the two lets nothing through.
type renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
	cache    *otter.Cache[[32]byte, string]
}

func newRenderer() *renderer {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[A-Za-z0-9+#-]{1,32}$`)).OnElements("code")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^mention$`)).OnElements("span")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return &renderer{
		markdown: goldmark.New(
			goldmark.WithExtensions(extension.GFM, mentions{}, imageLinks{}),
			goldmark.WithRendererOptions(html.WithHardWraps()),
		),
		policy: p,
		cache: otter.Must(&otter.Options[[32]byte, string]{
			MaximumWeight: 8 << 20,
			Weigher:       func(_ [32]byte, v string) uint32 { return uint32(len(v)) + 64 }, //nolint:gosec // at most a few 100 kB
		}),
	}
}

// HTML renders Markdown. Rendered texts are kept by the hash of their source.
func (r *renderer) HTML(source string) (string, error) {
	if source == "" {
		return "", nil
	}
	key := sha256.Sum256([]byte(source))
	if out, ok := r.cache.GetIfPresent(key); ok {
		return out, nil
	}
	var b bytes.Buffer
	if err := r.markdown.Convert([]byte(source), &b); err != nil {
		return "", fmt.Errorf("render markdown: %w", err)
	}
	out := r.policy.Sanitize(b.String())
	r.cache.Set(key, out)
	return out, nil
}
