// Package tandem holds nothing but the tests of the whole tree: imports_test.go is its floor plan.
package tandem
