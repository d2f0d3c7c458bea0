package tasks

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	goldrender "github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// imageLinks is a goldmark extension that makes links of images. The page loads nothing from other
// servers: they would learn who reads what.
type imageLinks struct{}

// Extend implements goldmark.Extender.
func (imageLinks) Extend(m goldmark.Markdown) {
	m.Renderer().AddOptions(goldrender.WithNodeRenderers(util.Prioritized(imageLinks{}, 100)))
}

// RegisterFuncs implements renderer.NodeRenderer.
func (imageLinks) RegisterFuncs(r goldrender.NodeRendererFuncRegisterer) {
	r.Register(ast.KindImage, renderImage)
}

func renderImage(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	n := node.(*ast.Image)
	text := n.Text(source) //nolint:staticcheck // the alternative text, whatever it is made of
	if len(text) == 0 {
		text = n.Destination
	}
	_, linked := n.Parent().(*ast.Link) // a link must not hold another
	if !linked {
		_, _ = w.WriteString(`<a href="`)
		_, _ = w.Write(util.EscapeHTML(util.URLEscape(n.Destination, true)))
		_, _ = w.WriteString(`">`)
	}
	_, _ = w.Write(util.EscapeHTML(text))
	if !linked {
		_, _ = w.WriteString(`</a>`)
	}
	return ast.WalkSkipChildren, nil
}
