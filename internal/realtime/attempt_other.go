//go:build !linux && !darwin

package realtime

import "syscall"

// attempt is not known here; each socket's own goroutine writes.
type attempt struct{}

func newAttempt() *attempt { return nil }

func (*attempt) write(syscall.RawConn, []byte) int { return 0 }
