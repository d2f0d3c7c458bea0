package auth_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tandem/internal/auth"
)

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	const n = 8
	var wg sync.WaitGroup
	keys := make(chan []byte, n)
	for range n { // processes that start together
		wg.Go(func() {
			k, err := auth.LoadOrCreateKey(dir)
			if err != nil {
				t.Error(err)
			}
			keys <- k
		})
	}
	wg.Wait()
	first := <-keys
	for range n - 1 {
		if k := <-keys; !bytes.Equal(k, first) {
			t.Fatalf("got two keys")
		}
	}
	if len(first) != 64 {
		t.Fatalf("got %d characters, want 64", len(first))
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("got %v, %v, want only signing.key", files, err)
	}
	info, err := files[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestBadKeyFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, content, want string
		mode                os.FileMode
	}{
		{"readable by the group", strings.Repeat("k", 64), "chmod 600", 0o640},
		{"readable by all", strings.Repeat("k", 64), "chmod 600", 0o604},
		{"empty", "\n", "holds only 0 characters", 0o600},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "signing.key")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := auth.LoadOrCreateKey(filepath.Dir(path))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want it to say %q", err, c.want)
			}
			if b, _ := os.ReadFile(path); string(b) != c.content {
				t.Fatal("the file was changed")
			}
		})
	}
}
