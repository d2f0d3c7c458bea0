//go:build !failpoints

// Package failpoint lets a test kill the program at a named place. In an ordinary build it does
// nothing at all.
package failpoint

// Variables are the environment variables that only a build with failpoints knows.
var Variables []string

// Hit is where the program may die.
func Hit(string) {}
