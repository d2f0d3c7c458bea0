package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What the tables compare with: the targets.
const (
	targetRate1k, targetRate10k = 150_000, 85_000 // deliveries/s
	targetP99                   = 20 * time.Millisecond
	targetMemory                = 20.0 // kB a connection
	targetOne, targetTwo        = 10 * time.Millisecond, 30 * time.Millisecond
)

const idleConnections = 10_000

// runRealtime measures the sockets: how fast one change reaches many, and what an idle one costs.
func runRealtime(ctx context.Context, o options) error {
	if err := pinSelf(ctx); err != nil {
		return err
	}
	fmt.Printf("%d cores, %s, %s. The server has core %s to itself (GOMAXPROCS=1, taskset), the client core %s. Medians of %d rounds of %s; "+
		"\"others\" is what other programs took of the two cores meanwhile. While they do, the server does not get its whole core: targets are compared with "+
		"what it delivers in a second of its CPU time.\n", runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format(time.DateOnly), serverCore, clientCore, o.rounds, o.seconds)
	for _, part := range []struct {
		name string
		run  func(context.Context, options) error
	}{{"fan-out", fanOut}, {"idle", idle}, {"commit", commitToClient}} {
		if !strings.Contains(part.name, o.only) {
			continue
		}
		if err := part.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// pinSelf keeps the clients off the server's core.
func pinSelf(ctx context.Context) error {
	runtime.GOMAXPROCS(1)
	out, err := exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", clientCore, strconv.Itoa(os.Getpid())).CombinedOutput() //nolint:gosec // ourselves
	if err != nil {
		return fmt.Errorf("taskset: %w: %s", err, out)
	}
	return nil
}

// fanned is what one round of one kind gave.
type fanned struct {
	rate, perFrame, size, server, client, others float64
	paced                                        []pacedResult
}

type pacedResult struct{ p50, p99 time.Duration }

// fanOut prints how many deliveries a second one core makes, and how late they are at moderate rates.
func fanOut(ctx context.Context, o options) error {
	fmt.Printf("\n## Fan-out of one team's changes, SQLite\n\nEach change is one PATCH of a title; the next is sent when the one before has reached all subscribers but %d. "+
		"The bare loop, in a process of its own, writes one frame of %d bytes to every connection and does nothing else.\n\n"+
		"| subscribers | kind | deliveries/s | server CPU | deliveries per CPU second | of the bare loop | target | messages a frame | bytes | client CPU | others |\n|---|---|---|---|---|---|---|---|---|---|---|\n", lead, loopSize)
	latency := "\n| subscribers | kind | changes/s | deliveries/s | p50 ms | p99 ms | target p99 |\n|---|---|---|---|---|---|---|\n"
	for _, n := range o.subscribers {
		results := map[kind][]fanned{}
		for range o.rounds {
			for _, k := range []kind{viaLoop, viaApp, viaPlain} {
				r, err := fanOutOnce(ctx, o, k, n)
				if err != nil {
					return fmt.Errorf("%d %s: %w", n, k, err)
				}
				results[k] = append(results[k], r)
			}
		}
		each := func(f fanned) float64 { return f.rate / f.server }
		floor := median(results[viaLoop], each)
		for _, k := range []kind{viaLoop, viaApp, viaPlain} {
			get := func(of func(fanned) float64) float64 { return median(results[k], of) }
			fmt.Printf("| %d | %s | %.0f | %.0f %% | %.0f | %.0f %% | %s | %.2f | %.0f | %.0f %% | %.0f %% |\n", n, k, get(func(f fanned) float64 { return f.rate }),
				100*get(func(f fanned) float64 { return f.server }), get(each), 100*get(each)/floor, rateTarget(k, n, get(each)),
				get(func(f fanned) float64 { return f.perFrame }), get(func(f fanned) float64 { return f.size }), 100*get(func(f fanned) float64 { return f.client }), 100*get(func(f fanned) float64 { return f.others }))
			for i, perSecond := range paces(k, n) {
				p50 := get(func(f fanned) float64 { return ms(f.paced[i].p50) })
				p99 := get(func(f fanned) float64 { return ms(f.paced[i].p99) })
				target := ""
				if n == 1000 && perSecond == 10 {
					target = verdict(p99 <= ms(targetP99), "≤ %.0f ms", ms(targetP99))
				}
				latency += fmt.Sprintf("| %d | %s | %d | %d | %.1f | %.1f | %s |\n", n, k, perSecond, perSecond*n, p50, p99, target)
			}
		}
	}
	fmt.Print(latency)
	return nil
}

func rateTarget(k kind, n int, rate float64) string {
	switch {
	case k != viaLoop && n == 1000:
		return verdict(rate >= targetRate1k, "≥ %d", targetRate1k)
	case k != viaLoop && n == 10_000:
		return verdict(rate >= targetRate10k, "≥ %d", targetRate10k)
	}
	return ""
}

func verdict(reached bool, format string, a any) string {
	if reached {
		return fmt.Sprintf(format, a) + ": reached"
	}
	return fmt.Sprintf(format, a) + ": **missed**"
}

// paces are the changes a second at which the delay is measured: about 10,000 and 50,000 deliveries.
func paces(k kind, n int) []int {
	if k == viaLoop {
		return nil
	}
	return []int{max(1, 10_000/n), 50_000 / n}
}

// fanOutOnce measures one kind of socket with a fresh server.
func fanOutOnce(ctx context.Context, o options, k kind, n int) (f fanned, err error) {
	target, err := startTarget(ctx, o, k, n)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	c, err := gather(ctx, k, n, target.addr, target.team, target.tokens)
	if err != nil {
		return f, err
	}
	defer c.close()
	if err := target.writer(ctx, c); err != nil {
		return f, err
	}
	if err := c.saturate(ctx, o.seconds/4); err != nil { // warm
		return f, err
	}
	begin := look(target.pid)
	before := c.counts
	if err := c.saturate(ctx, o.seconds); err != nil {
		return f, err
	}
	used := look(target.pid).since(begin)
	got := c.counts.minus(before)
	f.rate = float64(got.messages) / used.wall
	f.perFrame = float64(got.messages) / float64(max(1, got.frames))
	f.size = float64(got.bytes) / float64(max(1, got.messages))
	f.server, f.client, f.others = used.server, used.client, max(0, used.others)
	for _, perSecond := range paces(k, n) {
		times, err := c.pace(ctx, perSecond, o.seconds)
		if err != nil {
			return f, err
		}
		r := result{times: times}
		f.paced = append(f.paced, pacedResult{r.at(0.50), r.at(0.99)})
	}
	return f, nil
}

// idle prints what connections cost that do nothing.
func idle(ctx context.Context, o options) error {
	fmt.Printf("\n## Memory of an idle connection\n\nResident memory of the server before and after %d connections, each after a garbage collection and 12 s of rest.\n\n"+
		"| kind | RSS before | RSS after | per connection | target |\n|---|---|---|---|---|\n", idleConnections)
	for _, k := range []kind{viaApp, viaPlain} {
		var before, after []float64
		for range o.rounds {
			b, a, err := idleOnce(ctx, o, k)
			if err != nil {
				return err
			}
			before, after = append(before, b), append(after, a)
		}
		b, a := median(before, same), median(after, same)
		each := (a - b) / idleConnections
		fmt.Printf("| %s | %.1f MB | %.1f MB | %.1f kB | %s |\n", k, b/1e6, a/1e6, each/1e3, verdict(each <= targetMemory*1e3, "≤ %.0f kB", targetMemory))
	}
	return nil
}

func idleOnce(ctx context.Context, o options, k kind) (before, after float64, err error) {
	target, err := startTarget(ctx, o, k, idleConnections)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	rest := func() (float64, error) {
		for range 2 {
			if err := target.collect(ctx); err != nil {
				return 0, err
			}
		}
		return target.rss()
	}
	// A few come and go first, so that what is made once is not counted.
	c, err := gather(ctx, k, 100, target.addr, target.team, target.tokens)
	if err != nil {
		return 0, 0, err
	}
	c.close()
	pause(ctx, 3*time.Second)
	if before, err = rest(); err != nil {
		return 0, 0, err
	}
	if c, err = gather(ctx, k, idleConnections, target.addr, target.team, target.tokens); err != nil {
		return 0, 0, err
	}
	defer c.close()
	if err := c.wait(ctx, 6*time.Second); err != nil { // pings come and are answered
		return 0, 0, err
	}
	if _, err := rest(); err != nil {
		return 0, 0, err
	}
	if err := c.wait(ctx, 6*time.Second); err != nil {
		return 0, 0, err
	}
	after, err = rest()
	return before, after, err
}

// collect has the server collect garbage.
func (t *target) collect(ctx context.Context) error {
	_, _, err := call(ctx, http.MethodGet, "http://"+t.admin+"/debug/pprof/heap?gc=1", "", nil)
	return err
}

// commitToClient prints how long a change takes to a few clients, on one node and across two.
func commitToClient(ctx context.Context, o options) error {
	fmt.Printf("\n## From the commit to the client\n\n50 changes a second, 10 sockets of each kind. \"Begun\" is when the transaction began, so its commit is included; " +
		"\"sent\" is when the PATCH was sent.\n\n| where | kind | begun → client p50 ms | p99 ms | sent → client p50 ms | p99 ms | target p50 |\n|---|---|---|---|---|---|---|\n")
	type place struct {
		name, database string
		nodes          int
		target         time.Duration
	}
	places := []place{{"one node, SQLite", "SQLite", 1, targetOne}}
	if o.postgres != "" {
		places = append(places, place{"one node, PostgreSQL", "PostgreSQL", 1, targetOne})
		if o.redis != "" {
			places = append(places, place{"two nodes, PostgreSQL and Redis", "PostgreSQL", 2, targetTwo})
		}
	}
	for _, p := range places {
		for _, k := range []kind{viaApp, viaPlain} {
			var rounds []commitResult
			for range o.rounds {
				r, err := commitOnce(ctx, o, p.database, p.nodes, k)
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				rounds = append(rounds, r)
			}
			get := func(of func(commitResult) time.Duration) float64 {
				return median(rounds, func(r commitResult) float64 { return ms(of(r)) })
			}
			sent50 := get(func(r commitResult) time.Duration { return r.sent.at(0.50) })
			fmt.Printf("| %s | %s | %.1f | %.1f | %.1f | %.1f | %s |\n", p.name, k, get(func(r commitResult) time.Duration { return r.begun.at(0.50) }),
				get(func(r commitResult) time.Duration { return r.begun.at(0.99) }), sent50, get(func(r commitResult) time.Duration { return r.sent.at(0.99) }),
				verdict(sent50 <= ms(p.target), "≤ %.0f ms", ms(p.target)))
		}
	}
	return nil
}

type commitResult struct{ begun, sent result }

func commitOnce(ctx context.Context, o options, database string, nodes int, k kind) (r commitResult, err error) {
	first, err := startProgram(ctx, o, database, nodes > 1, 10)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, first.close()) }()
	reader := first.addr
	if nodes > 1 {
		second, err := first.another(ctx)
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, second.close()) }()
		reader = second.addr
	}
	c, err := gather(ctx, k, 10, reader, first.team, first.tokens)
	if err != nil {
		return r, err
	}
	defer c.close()
	if err := first.writer(ctx, c); err != nil {
		return r, err
	}
	if _, err := c.pace(ctx, 50, time.Second); err != nil { // warm
		return r, err
	}
	begun, err := c.pace(ctx, 50, o.seconds)
	return commitResult{result{times: begun}, result{times: c.sinceSent}}, err
}

func same(v float64) float64 { return v }

func median[T any](list []T, of func(T) float64) float64 {
	v := make([]float64, len(list))
	for i := range list {
		v[i] = of(list[i])
	}
	slices.Sort(v)
	if len(v)%2 == 0 {
		return (v[len(v)/2-1] + v[len(v)/2]) / 2
	}
	return v[len(v)/2]
}
