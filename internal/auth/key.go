package auth

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	keyFile   = "signing.key"
	minKeyLen = 32
)

// LoadOrCreateKey returns the secret that signs tokens, from the file signing.key in dataDir. The
// first start makes it. Its text is what TANDEM_SIGNING_KEY takes, so an instance that grows to
// several nodes can keep it. A file that others may read is refused.
func LoadOrCreateKey(dataDir string) ([]byte, error) {
	path := filepath.Join(dataDir, keyFile)
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(dataDir, path); err != nil {
			return nil, fmt.Errorf("make %s: %w", path, err)
		}
		key, err = readKey(path) // another process may have been quicker: everybody uses what is there
	}
	return key, err
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" { // Windows has no such bits
		return nil, fmt.Errorf("%s has mode %04o, so others can read or change it and sign in as anybody: run `chmod 600 %s`, and if somebody may have read it, delete it instead (everybody then signs in again)", path, mode, path)
	}
	b, err := os.ReadFile(path) //nolint:gosec // in the operator's own data directory
	if err != nil {
		return nil, err
	}
	key := []byte(strings.TrimSpace(string(b)))
	if len(key) < minKeyLen {
		return nil, fmt.Errorf("%s holds only %d characters, %d are the least: restore it from a backup, or delete it (everybody then signs in again)", path, len(key), minKeyLen)
	}
	return key, nil
}

// createKey writes beside the file and links it into place: whoever sees the file sees all of it,
// and of two that start together one wins.
func createKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, keyFile+".*") // O_EXCL, mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	_, err = f.WriteString(hex.EncodeToString(secret) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // directories cannot be synced there
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // the operator's own data directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
