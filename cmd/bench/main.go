// Command bench measures a real Tandem: it starts the program on an empty database, fills a project
// and loads the API from the same machine. It prints Markdown, as docs/performance.md shows it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

type options struct {
	program  string
	tasks    int
	seconds  time.Duration
	postgres string
	issues   string
	only     string
	admin    string

	realtime    bool
	loop        bool
	redis       string
	rounds      int
	subscribers []int

	mail  bool
	mails int
	delay time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.program, "program", "bin/tandem", "the program to measure")
	flag.IntVar(&o.tasks, "tasks", 10_000, "tasks in the project")
	flag.DurationVar(&o.seconds, "for", 5*time.Second, "how long each load lasts")
	flag.StringVar(&o.postgres, "postgres", os.Getenv("TANDEM_TEST_POSTGRES"), "an empty PostgreSQL database; without it only SQLite is measured")
	flag.StringVar(&o.issues, "issues", "internal/transfer/testdata/qlog-issues.json", "the GitHub export whose import is timed")
	flag.StringVar(&o.only, "only", "", "measure only the load whose name contains this")
	flag.StringVar(&o.admin, "admin", "", "address of the program's admin listener, to profile it meanwhile")
	flag.BoolVar(&o.realtime, "realtime", false, "measure the sockets instead")
	flag.BoolVar(&o.loop, "loop", false, "be the bare loop that -realtime compares with")
	flag.StringVar(&o.redis, "redis", os.Getenv("TANDEM_TEST_REDIS"), "a Redis for two nodes, with -realtime")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of -realtime")
	flag.BoolVar(&o.mail, "mail", false, "measure the way of notifications to the mail server instead")
	flag.IntVar(&o.mails, "mails", 1000, "notifications a minute with -mail")
	flag.DurationVar(&o.delay, "delay", 2*time.Minute, "how long a mail waits with -mail")
	flag.Func("subscribers", "how many listen with -realtime (default 1000,5000,10000)", func(s string) error {
		o.subscribers = nil
		for part := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return err
			}
			o.subscribers = append(o.subscribers, n)
		}
		return nil
	})
	o.subscribers = []int{1000, 5000, 10_000}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := run
	switch {
	case o.loop:
		run = func(context.Context, options) error { return runLoop() }
	case o.realtime:
		run = runRealtime
	case o.mail:
		run = runMails
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	fmt.Printf("%d cores, %s, %s, %d tasks; the load client runs on the same cores.\n", runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format(time.DateOnly), o.tasks)
	databases := []string{"SQLite"}
	if o.postgres != "" {
		databases = append(databases, "PostgreSQL")
	} else {
		fmt.Println("\nPostgreSQL is not measured: no -postgres was given.")
	}
	for _, name := range databases {
		if err := measure(ctx, o, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// measure prints one database's section.
func measure(ctx context.Context, o options, database string) error {
	fmt.Printf("\n## %s\n\n", database)
	s, err := start(ctx, o, database)
	if err != nil {
		return err
	}
	defer func() {
		if err := s.close(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}()
	w, err := s.fill(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("| request | connections | req/s | p50 ms | p95 ms | p99 ms | errors |\n|---|---|---|---|---|---|---|\n")
	for _, load := range w.loads() {
		if !strings.Contains(load.name, o.only) {
			continue
		}
		for _, connections := range []int{1, 32} {
			r, err := drive(ctx, s.addr, connections, o.seconds, load.next)
			if err != nil {
				return fmt.Errorf("%s: %w", load.name, err)
			}
			fmt.Printf("| %s | %d | %.0f | %.1f | %.1f | %.1f | %d |\n", load.name, connections, r.rate, ms(r.at(0.50)), ms(r.at(0.95)), ms(r.at(0.99)), r.failed)
			if r.failed > 0 {
				fmt.Fprintf(os.Stderr, "bench: %s: first error: %s\n", load.name, r.firstError)
			}
		}
	}
	if o.only != "" {
		return nil
	}
	return s.lifecycle(ctx, o, w)
}

// lifecycle measures what is not a load: import, start, memory, and the bytes of pages.
func (s *server) lifecycle(ctx context.Context, o options, w *world) error {
	took, counts, err := w.importFile(ctx, o.issues)
	if err != nil {
		return err
	}
	fmt.Printf("\n| other | |\n|---|---|\n| import of %s (%s) | %.2f s |\n", o.issues[strings.LastIndex(o.issues, "/")+1:], counts, took.Seconds())
	for _, page := range []struct{ name, path string }{{"cold login route", "/login"}, {"cold board route", "/p/" + w.project + "/board"}} {
		n, files, err := w.pageBytes(ctx, page.path)
		if err != nil {
			return err
		}
		fmt.Printf("| %s, brotli | %.1f KB in %d files |\n", page.name, float64(n)/1024, files)
	}
	var starts []time.Duration
	for range 5 {
		d, err := s.restart(ctx)
		if err != nil {
			return err
		}
		starts = append(starts, d)
	}
	slices.Sort(starts)
	fmt.Printf("| start to first answer, median of 5 | %.0f ms |\n", ms(starts[2]))
	pause(ctx, 5*time.Second)
	rss, err := s.memory()
	if err != nil {
		return err
	}
	fmt.Printf("| idle memory (RSS) 5 s after a start | %.1f MB |\n", float64(rss)/(1<<20))
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
