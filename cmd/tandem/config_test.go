package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write docs/admin/config.md anew")

const configDoc = "../../docs/admin/config.md"

// settings describes every setting as the command line knows it.
func settings(t *testing.T) string {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Name("tandem"), kong.DefaultEnvars("TANDEM"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Settings\n\nEach is a flag of `tandem`, a variable, and a key of the YAML file that `--config` (or `TANDEM_CONFIG`) names. Flags win over variables, variables over the file; a name that is no setting is refused.\n" +
		"`TANDEM_SIGNING_KEY`, `TANDEM_DATABASE_URL`, `TANDEM_REDIS_URL` and `TANDEM_SMTP_URL` may also come from a file: `TANDEM_SIGNING_KEY_FILE` and so on.\n\n| flag and key | variable | default | what it does |\n|---|---|---|---|\n")
	for _, f := range parser.Model.Flags {
		if f.Name == "help" || f.Name == "config" {
			continue
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", f.Name, f.Envs[0], code(f.Default), strings.TrimSuffix(f.Help, " ($"+f.Envs[0]+")"))
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func TestTheSettingsAreDocumented(t *testing.T) {
	want := settings(t)
	if *update {
		if err := os.WriteFile(configDoc, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configDoc)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/admin/config.md is stale: go test ./cmd/tandem -update")
	}
}

func parse(t *testing.T, file string, environ []string, args ...string) (*cli, error) {
	t.Helper()
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
	if file != "" {
		path := t.TempDir() + "/tandem.yaml"
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"--config=" + path}, args...)
	}
	var c cli
	parser, err := kong.New(&c, kong.Name("tandem"), kong.DefaultEnvars("TANDEM"))
	if err != nil {
		t.Fatal(err)
	}
	if err := useFile(parser, args, environ); err != nil {
		return nil, err
	}
	_, err = parser.Parse(append(args, "version"))
	return &c, err
}

func TestFlagsWinOverVariablesOverTheFile(t *testing.T) {
	file := "addr: ':1'\nlog_level: debug\nbase-url: http://file.test\n"
	c, err := parse(t, file, []string{"TANDEM_ADDR=:2", "TANDEM_BASE_URL=http://env.test"}, "--addr=:3")
	if err != nil {
		t.Fatal(err)
	}
	if c.Set.Addr != ":3" || c.Set.BaseURL != "http://env.test" || c.Set.LogLevel != "debug" {
		t.Errorf("got %s, %s, %s; want the flag, the variable, the file", c.Set.Addr, c.Set.BaseURL, c.Set.LogLevel)
	}
}

func TestUnknownSettingsAreRefused(t *testing.T) {
	for says, c := range map[string]struct {
		file    string
		environ []string
	}{
		`"adr" is not a setting: did you mean "addr"?`: {"adr: ':1'\n", nil},
		`must be a single value`:                       {"addr: [1]\n", nil},
		`TANDEM_ADRR is not a setting`:                 {"", []string{"TANDEM_ADRR=:1"}},
		`config: `:                                     {"a: b: c\n", nil},
	} {
		if _, err := parse(t, c.file, c.environ); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	if _, err := parse(t, "", []string{"TANDEM_TEST_POSTGRES=x", "TANDEM_SIGNING_KEY_FILE=/x"}); err != nil {
		t.Errorf("known variables: got %v", err)
	}
}
