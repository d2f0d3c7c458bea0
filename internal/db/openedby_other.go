//go:build !linux && !darwin

package db

// openedBy is not known here; changes during a copy are noticed all the same.
func openedBy(string) (pid int, open bool, err error) { return 0, false, nil }
