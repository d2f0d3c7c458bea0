package redis_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// start runs a Redis of its own until the test ends, or until the result is called.
func start(t *testing.T, config string, args ...string) (stop func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(file, []byte(config+"\nbind 127.0.0.1\ndir "+t.TempDir()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "redis-server", append([]string{file}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start redis-server (scripts/setup.sh installs it): %v", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	return stop
}

func cli(t *testing.T, port string, args ...string) string {
	t.Helper()
	out, _ := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-p", port}, args...)...).CombinedOutput()
	return string(out)
}

// hears checks that what one client says reaches another.
func hears(t *testing.T, url string) {
	t.Helper()
	ctx := t.Context()
	a, b := run(t, url), run(t, url)
	up, heard := make(chan struct{}, 10), make(chan string, 10)
	listening, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	go b.Listen(listening, "hints", func() { up <- struct{}{} }, func(m string) { heard <- m })
	<-up
	until(t, "it can publish", func() bool { return a.Publish(ctx, "hints", "hello") == nil })
	if m := <-heard; m != "hello" {
		t.Errorf("heard %q", m)
	}
	for i := range 20 { // in a cluster, keys of several slots
		key := fmt.Sprintf("presence:%d", i)
		if err := a.SetField(ctx, key, "node", "x", 60e9); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Fields(ctx, key); err != nil || got["node"] != "x" {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func TestACluster(t *testing.T) {
	t.Parallel()
	ports := []string{freePort(t), freePort(t)}
	for _, p := range ports {
		start(t, "port "+p+"\ncluster-enabled yes\ncluster-port 0"+fmt.Sprintf("\ncluster-config-file nodes-%s.conf", p), "--save", "", "--cluster-port", freePort(t))
	}
	until(t, "both nodes answer", func() bool { return cli(t, ports[0], "ping") == "PONG\n" && cli(t, ports[1], "ping") == "PONG\n" })
	cli(t, ports[0], "cluster", "addslotsrange", "0", "8191")
	cli(t, ports[1], "cluster", "addslotsrange", "8192", "16383")
	bus := cli(t, ports[1], "config", "get", "cluster-port")
	var name, number string
	_, _ = fmt.Sscan(bus, &name, &number)
	cli(t, ports[0], "cluster", "meet", "127.0.0.1", ports[1], number)
	until(t, "the cluster is whole", func() bool {
		return cli(t, ports[0], "cluster", "info")[:len("cluster_state:ok")] == "cluster_state:ok" && cli(t, ports[1], "cluster", "info")[:len("cluster_state:ok")] == "cluster_state:ok"
	})
	hears(t, "redis://127.0.0.1:"+ports[0]+"?addr=127.0.0.1:"+ports[1])
}

func TestSentinels(t *testing.T) {
	t.Parallel()
	primary, sentinel := freePort(t), freePort(t)
	start(t, "port "+primary, "--save", "")
	until(t, "it answers", func() bool { return cli(t, primary, "ping") == "PONG\n" })
	start(t, "port "+sentinel+"\nsentinel monitor tandem 127.0.0.1 "+primary+" 1", "--sentinel")
	until(t, "the sentinel answers", func() bool { return cli(t, sentinel, "ping") == "PONG\n" })
	hears(t, "redis://127.0.0.1:"+sentinel+"?master_set=tandem")
}
