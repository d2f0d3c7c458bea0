// Package web holds the built web app, so that the whole product is one binary.
//
// Dist is what `npm run build` left in dist: index.html (a template that the server fills, see
// its <!--tandem:…--> markers), skeleton/*.html, .vite/manifest.json, and assets/ with a
// brotli twin (.br) beside every script and stylesheet. In a fresh clone, before the first
// build, it holds placeholder.html alone.
package web

import "embed"

// Dist is the tree under dist/; its paths begin with "dist/".
//
//go:embed all:dist
var Dist embed.FS
