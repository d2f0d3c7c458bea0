package tasks

import (
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	gmr "github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"tandem/internal/users"
)

// mentions is the part of our Markdown that knows @username. Code and e-mail addresses hold none: goldmark never asks
// within code, and an @ behind a letter or a digit belongs to the word before it.
type mentions struct{}

// Extend adds the parser and the renderer.
func (mentions) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(mentions{}, 500)))
	m.Renderer().AddOptions(gmr.WithNodeRenderers(util.Prioritized(mentions{}, 500)))
}

// Trigger is what a mention begins with.
func (mentions) Trigger() []byte { return []byte{'@'} }

// Parse reads a mention, or nothing when what follows is no username.
func (mentions) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	if before := block.PrecendingCharacter(); unicode.IsLetter(before) || unicode.IsDigit(before) || before == '_' || before == '@' || before == '/' {
		return nil
	}
	line, _ := block.PeekLine()
	name := users.LeadingUsername(string(line[1:]))
	if name == "" || len(line) > 1+len(name) && line[1+len(name)] == '@' {
		return nil
	}
	block.Advance(1 + len(name))
	return &mention{username: name}
}

// mention is a person named in a text. Whether there is such a person is not known here.
type mention struct {
	ast.BaseInline
	username string
}

var mentionKind = ast.NewNodeKind("Mention")

func (n *mention) Kind() ast.NodeKind            { return mentionKind }
func (n *mention) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }
func (mentions) RegisterFuncs(r gmr.NodeRendererFuncRegisterer) {
	r.Register(mentionKind, renderMention)
}

// Mentions are the keys of the usernames that a text names, each once.
func (r *renderer) Mentions(source string) []string {
	if !strings.Contains(source, "@") {
		return nil
	}
	var names []string
	_ = ast.Walk(r.parse(source), func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker never fails
		if m, ok := n.(*mention); ok && entering {
			names = append(names, users.Key(m.username))
		}
		return ast.WalkContinue, nil
	})
	slices.Sort(names)
	return slices.Compact(names)
}

func renderMention(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		// A username has no character that means anything in HTML.
		_, _ = w.WriteString(`<span class="mention">@` + node.(*mention).username + `</span>`)
	}
	return ast.WalkContinue, nil
}
