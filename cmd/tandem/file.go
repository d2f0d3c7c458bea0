package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"tandem/internal/failpoint"
)

// useFile gives the parser the settings of the YAML file. kong would let a file win over the
// environment; here flags win over variables, and variables over the file. Names that are no
// setting are refused, in the file and among the TANDEM_* variables.
func useFile(parser *kong.Kong, args, environ []string) error {
	known := map[string]*kong.Flag{}
	for _, f := range parser.Model.Flags {
		known[f.Name] = f
	}
	if err := checkVariables(known, environ); err != nil {
		return err
	}
	path := fileOf(args, environ)
	if path == "" {
		return nil
	}
	settings, err := readFile(path, known)
	if err != nil {
		return err
	}
	resolve := func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil
			}
		}
		v, ok := settings[flag.Name]
		if !ok {
			return nil, nil
		}
		return fmt.Sprint(v), nil
	}
	return kong.Resolvers(kong.ResolverFunc(resolve)).Apply(parser)
}

// fileOf finds the file's name before anything is parsed.
func fileOf(args, environ []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, "TANDEM_CONFIG="); ok {
			return v
		}
	}
	return ""
}

func readFile(path string, known map[string]*kong.Flag) (map[string]any, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the operator names this file
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	settings := map[string]any{}
	if err := yaml.NewDecoder(bytes.NewReader(raw)).Decode(&settings); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("config: %s: %w", path, err)
	}
	out := map[string]any{}
	var faults []error
	for key, v := range settings {
		name := strings.ReplaceAll(key, "_", "-")
		if known[name] == nil || name == "config" || name == "help" {
			faults = append(faults, fmt.Errorf("config: %s: %q is not a setting%s", path, key, suggest(name, known)))
			continue
		}
		switch v.(type) {
		case map[string]any, []any, nil:
			faults = append(faults, fmt.Errorf("config: %s: %q must be a single value", path, key))
		}
		out[name] = v
	}
	return out, errors.Join(faults...)
}

// checkVariables refuses TANDEM_* variables that mean nothing: a setting with a typing error would
// else be silently without effect.
func checkVariables(known map[string]*kong.Flag, environ []string) error {
	names := map[string]*kong.Flag{}
	for _, f := range known {
		for _, e := range f.Envs {
			names[e] = f
		}
	}
	var faults []error
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "TANDEM_") || strings.HasPrefix(name, "TANDEM_TEST_") || names[name] != nil || slices.Contains(failpoint.Variables, name) {
			continue
		}
		if secret, ok := strings.CutSuffix(name, "_FILE"); ok && slices.Contains([]string{"TANDEM_SIGNING_KEY", "TANDEM_DATABASE_URL", "TANDEM_REDIS_URL", "TANDEM_SMTP_URL"}, secret) {
			continue
		}
		faults = append(faults, fmt.Errorf("%s is not a setting%s", name, suggest(name, names)))
	}
	return errors.Join(faults...)
}

// suggest names the setting that is nearest to a wrong one, if any is near.
func suggest(name string, known map[string]*kong.Flag) string {
	best, distance := "", 4
	for k := range known {
		if d := editDistance(name, k); d < distance || d == distance && k < best {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
