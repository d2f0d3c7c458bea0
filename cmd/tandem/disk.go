//go:build linux || darwin

package main

import "syscall"

// freeBytes is what the user that runs tandem may still write beside path.
func freeBytes(path string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:gosec,unconvert // types differ among systems
}
