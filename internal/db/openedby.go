//go:build linux || darwin

package db

import (
	"errors"
	"os"
	"syscall"
)

// A connection that uses a write-ahead log holds SQLite's shared lock on the file for as long as it is open, idle or not;
// this is where. https://www.sqlite.org/src/file/src/os.h
const (
	sharedLockAt  = 0x40000002
	sharedLockLen = 510
)

// openedBy says whether another process has the SQLite file open, and which. Call it before this process opens the
// file: closing any descriptor of a file gives up all locks that the process holds on it.
func openedBy(path string) (pid int, open bool, err error) {
	f, err := os.Open(path) //nolint:gosec // the operator's path
	if err != nil {
		return 0, false, err
	}
	// F_GETLK takes no lock; it tells who would be in the way of one.
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: sharedLockAt, Len: sharedLockLen}
	if err := errors.Join(syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock), f.Close()); err != nil {
		return 0, false, err
	}
	return int(lock.Pid), lock.Type != syscall.F_UNLCK, nil
}
