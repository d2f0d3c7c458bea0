package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// request is one HTTP/1.1 request as bytes, ready to send.
type request []byte

func newRequest(method, path, token string, body []byte, headers ...string) request {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n", method, path, token)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// result is what one load gave. Times are in ascending order.
type result struct {
	times      []time.Duration
	rate       float64
	failed     int
	firstError string
}

func (r *result) at(quantile float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(len(r.times)-1, int(quantile*float64(len(r.times))))]
}

// drive sends requests over n kept connections, each as soon as the one before is answered. The
// client is deliberately small: it shares the cores with what it measures.
func drive(ctx context.Context, addr string, n int, length time.Duration, next func(worker, i int) request) (*result, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var mu sync.Mutex
	var all result
	var fatal error
	var wg sync.WaitGroup
	began := time.Now()
	for worker := range n {
		wg.Go(func() {
			r, err := driveOne(ctx, addr, worker, next)
			mu.Lock()
			defer mu.Unlock()
			all.times = append(all.times, r.times...)
			all.failed += r.failed
			if all.firstError == "" {
				all.firstError = r.firstError
			}
			fatal = errors.Join(fatal, err)
		})
	}
	wg.Wait()
	all.rate = float64(len(all.times)) / time.Since(began).Seconds()
	slices.Sort(all.times)
	return &all, fatal
}

func driveOne(ctx context.Context, addr string, worker int, next func(worker, i int) request) (r result, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return r, err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 64<<10)
	for i := 0; ctx.Err() == nil; i++ {
		req := next(worker, i)
		began := time.Now()
		if _, err := conn.Write(req); err != nil {
			return r, err
		}
		status, head, err := readResponse(in)
		if err != nil {
			return r, fmt.Errorf("read answer: %w", err)
		}
		r.times = append(r.times, time.Since(began))
		if status >= 300 {
			r.failed++
			if r.firstError == "" {
				r.firstError = fmt.Sprintf("%d for %s: %s", status, req[:bytes.IndexByte(req, '\r')], head)
			}
		}
	}
	return r, nil
}

// readResponse reads one answer and throws its body away but for the first bytes.
func readResponse(in *bufio.Reader) (status int, head string, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, "", err
	}
	if len(line) < 12 {
		return 0, "", fmt.Errorf("no status in %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, "", err
	}
	length, chunked := 0, false
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, "", err
		}
		if len(line) <= 2 {
			break
		}
		if v, ok := header(line, "content-length:"); ok {
			if length, err = strconv.Atoi(v); err != nil {
				return 0, "", err
			}
		} else if v, ok := header(line, "transfer-encoding:"); ok {
			chunked = v == "chunked"
		}
	}
	if !chunked {
		return status, peek(in, length), discard(in, length)
	}
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, "", err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return 0, "", err
		}
		if head == "" {
			head = peek(in, int(size))
		}
		if err := discard(in, int(size)+2); err != nil || size == 0 {
			return status, head, err
		}
	}
}

func header(line []byte, name string) (string, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return "", false
	}
	return string(bytes.TrimSpace(line[len(name):])), true
}

func peek(in *bufio.Reader, n int) string {
	b, _ := in.Peek(min(n, 200)) // what is there is enough for an error's first words
	return string(b)
}

func discard(in *bufio.Reader, n int) error {
	_, err := io.CopyN(io.Discard, in, int64(n))
	return err
}

// call is one ordinary request, for preparing.
func call(ctx context.Context, method, url, token string, body io.Reader, headers ...string) ([]byte, []*http.Cookie, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, b)
	}
	return b, res.Cookies(), err
}
