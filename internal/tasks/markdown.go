package tasks

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/maypok86/otter/v2"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// renderer turns Markdown into HTML that is safe to put into a page. What goldmark makes is
// sanitised again, so a fault in one of the two lets nothing through.
type renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
	bare     *bluemonday.Policy // leaves the text
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
			goldmark.WithRendererOptions(ghtml.WithHardWraps()),
		),
		policy: p,
		bare:   bluemonday.StrictPolicy(),
		cache: otter.Must(&otter.Options[[32]byte, string]{
			MaximumWeight: 8 << 20,
			Weigher:       func(_ [32]byte, v string) uint32 { return uint32(len(v)) + 64 }, //nolint:gosec // at most a few 100 kB
		}),
	}
}

func (r *renderer) parse(source string) ast.Node {
	return r.markdown.Parser().Parse(text.NewReader([]byte(source)))
}

// beginning is the first 200 characters of a text as people read it, in one line.
func (r *renderer) beginning(source string) (string, error) {
	const length = 200
	rendered, err := r.HTML(source)
	if err != nil {
		return "", err
	}
	text := []rune(strings.Join(strings.Fields(html.UnescapeString(r.bare.Sanitize(rendered))), " "))
	if len(text) > length {
		return strings.TrimSpace(string(text[:length])) + "…", nil
	}
	return string(text), nil
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
