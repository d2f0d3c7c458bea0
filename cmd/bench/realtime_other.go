//go:build !linux

package main

import (
	"context"
	"errors"
)

func runRealtime(context.Context, options) error {
	return errors.New("-realtime needs Linux: it pins cores, waits by epoll and reads /proc")
}

func runLoop() error { return errors.New("-loop needs Linux") }
