//go:build !failpoints

// Package failpoint lets a test kill the program at a named place. In an ordinary build it does
// nothing at all.
package failpoint

// Hit is where the program may die.
func Hit(string) {}
