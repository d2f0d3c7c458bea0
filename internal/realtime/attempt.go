//go:build linux || darwin

package realtime

import "syscall"

// attempt writes as much as a connection takes without waiting.
type attempt struct {
	frame []byte
	n     int
	do    func(fd uintptr) bool
}

func newAttempt() *attempt {
	a := &attempt{}
	a.do = func(fd uintptr) bool { // made once for many connections
		a.n, _ = syscall.Write(int(fd), a.frame) // who writes the rest meets the error again
		return true
	}
	return a
}

// write returns how many bytes of f were written; not all may mean that the connection is broken.
func (a *attempt) write(conn syscall.RawConn, f []byte) int {
	a.frame, a.n = f, 0
	_ = conn.Write(a.do)
	return max(0, a.n)
}
