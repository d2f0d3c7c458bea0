package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadSettingsAreRefusedByName(t *testing.T) {
	t.Parallel()
	file := func(text string) []string { return []string{"--config=" + write(t, "tandem.yaml", text)} }
	for name, c := range map[string]struct {
		environ, args []string
		says          []string
	}{
		"unknown flag":            {nil, []string{"--adr=:1"}, []string{"--adr"}},
		"unknown command":         {nil, []string{"sevre"}, []string{"sevre"}},
		"unknown variable":        {[]string{"TANDEM_ADRR=:1"}, nil, []string{"TANDEM_ADRR is not a setting", `did you mean "TANDEM_ADDR"?`}},
		"unknown secret file":     {[]string{"TANDEM_ADDR_FILE=/x"}, nil, []string{"TANDEM_ADDR_FILE is not a setting"}},
		"unknown key":             {nil, file("log_lvel: debug\n"), []string{`"log_lvel" is not a setting`, `did you mean "log-level"?`}},
		"two unknown keys":        {nil, file("one: 1\ntwo: 2\n"), []string{`"one"`, `"two"`}},
		"key of a list":           {nil, file("addr: [':1', ':2']\n"), []string{`"addr" must be a single value`}},
		"file that is no mapping": {nil, file("addr\n"), []string{"config: ", "tandem.yaml"}},
		"file that is not there":  {nil, []string{"--config=/nowhere/tandem.yaml"}, []string{"config: ", "/nowhere/tandem.yaml"}},
		"bad choice, flag":        {nil, []string{"--log-level=loud"}, []string{"--log-level", "loud"}},
		"bad choice, variable":    {[]string{"TANDEM_REGISTRATION=maybe"}, nil, []string{"--registration", "maybe"}},
		"bad choice, key":         {nil, file("rate-limits: perhaps\n"), []string{"--rate-limits", "perhaps"}},
		"bad duration, flag":      {nil, []string{"--shutdown-delay=soon"}, []string{"--shutdown-delay", "soon"}},
		"bad duration, variable":  {[]string{"TANDEM_SHUTDOWN_DELAY=soon"}, nil, []string{"TANDEM_SHUTDOWN_DELAY", "soon"}},
		"bad number, variable":    {[]string{"TANDEM_MAX_IMPORT_SIZE=big"}, nil, []string{"TANDEM_MAX_IMPORT_SIZE", "big"}},
		"bad number, key":         {nil, file("event-retention-days: few\n"), []string{"--event-retention-days", "few"}},
		"bad switch, key":         {nil, file("dev: perhaps\n"), []string{"--dev", "perhaps"}},
		"bad address, variable":   {[]string{"TANDEM_ADDR=8080"}, nil, []string{"addr: ", `"8080"`}},
		"port out of range":       {nil, []string{"--addr=127.0.0.1:99999"}, []string{"addr: ", "99999"}},
		"two faults":              {nil, []string{"--addr=8080", "--base-url=tandem.test"}, []string{"addr: ", "base-url: "}},
		"short key":               {[]string{"TANDEM_SIGNING_KEY=short"}, nil, []string{"signing-key: must have at least 32 characters"}},
		"missing secret file":     {[]string{"TANDEM_SIGNING_KEY_FILE=/nowhere/key"}, nil, []string{"TANDEM_SIGNING_KEY_FILE: ", "/nowhere/key"}},
		"empty secret file":       {[]string{"TANDEM_DATABASE_URL_FILE=" + write(t, "url", "\n")}, nil, []string{"TANDEM_DATABASE_URL_FILE: ", "is empty"}},
		"secret twice":            {[]string{"TANDEM_SIGNING_KEY=" + key, "TANDEM_SIGNING_KEY_FILE=/nowhere/key"}, nil, []string{"TANDEM_SIGNING_KEY and TANDEM_SIGNING_KEY_FILE are both set"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := c.args
			if name != "unknown command" {
				args = append(args, "serve")
			}
			dataDir := filepath.Join(t.TempDir(), "data")
			tandem(t, dataDir, c.environ, args...).refused(t, append(c.says, "tandem: ")...)
			if _, err := os.Stat(filepath.Join(dataDir, "tandem.db")); err == nil {
				t.Error("it made a database first")
			}
		})
	}
}

// doctor says where people reach Tandem, which shows the setting that won.
func reachedAt(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	out := tandem(t, t.TempDir(), environ, append(args, "doctor")...).ok(t).stdout
	_, after, found := strings.Cut(out, "people reach Tandem at ")
	if !found {
		t.Fatalf("got %s, want where people reach it", out)
	}
	where, _, _ := strings.Cut(after, "\n")
	return where
}

func TestTheNearestSettingWins(t *testing.T) {
	t.Parallel()
	const flag, variable, key = "--base-url=https://flag.test", "TANDEM_BASE_URL=https://variable.test", "base-url: https://file.test\n"
	file := write(t, "tandem.yaml", key+"dev: true\nevent_retention_days: 3\n")
	for name, c := range map[string]struct {
		environ, args []string
		want          string
	}{
		"the flag":                        {[]string{variable, "TANDEM_CONFIG=" + file}, []string{flag}, "https://flag.test"},
		"the variable":                    {[]string{variable}, []string{"--config=" + file}, "https://variable.test"},
		"the file of a flag":              {nil, []string{"--config", file}, "https://file.test"},
		"the file of a variable":          {[]string{"TANDEM_CONFIG=" + file}, nil, "https://file.test"},
		"the file of a flag, of two":      {[]string{"TANDEM_CONFIG=/nowhere.yaml"}, []string{"--config=" + file}, "https://file.test"},
		"the default":                     {nil, nil, "http://localhost:8080"},
		"the default, which follows addr": {[]string{"TANDEM_ADDR=127.0.0.1:4711"}, nil, "http://localhost:4711"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := reachedAt(t, c.environ, c.args...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSecretsMayComeFromFiles(t *testing.T) {
	t.Parallel()
	dataDir := t.TempDir()
	s := serve(t, dataDir, "TANDEM_SIGNING_KEY_FILE="+write(t, "key", key+"\n"))
	if _, err := os.Stat(filepath.Join(dataDir, "signing.key")); err == nil {
		t.Error("it made a key though it was given one")
	}
	ann := s.register(t, "ann")
	s.stop(t)
	s = serve(t, dataDir, "TANDEM_SIGNING_KEY="+key) // the same, the other way
	s.want(t, 200, "GET", "/api/me", ann.AccessToken, nil, nil)
	s.stop(t)
	s = serve(t, dataDir, "TANDEM_SIGNING_KEY="+strings.ToUpper(key))
	s.want(t, 401, "GET", "/api/me", ann.AccessToken, nil, nil)
	s.stop(t)
}

func TestDatabaseURLMayComeFromAFile(t *testing.T) {
	t.Parallel()
	file := write(t, "url", postgres(t)+"\n")
	out := tandem(t, t.TempDir(), []string{"TANDEM_DATABASE_URL_FILE=" + file, "TANDEM_SIGNING_KEY=" + key}, "doctor").ok(t).stdout
	if !strings.Contains(out, "the database can be reached (postgres)") {
		t.Errorf("got %s, want PostgreSQL", out)
	}
}

func TestVersionAndOpenAPIAnswerWhateverTheSettings(t *testing.T) {
	t.Parallel()
	bad := []string{"TANDEM_SIGNING_KEY=short"}
	if out := tandem(t, t.TempDir(), bad, "version").ok(t).stdout; strings.TrimSpace(out) == "" || strings.Count(out, "\n") != 1 {
		t.Errorf("got %q, want the version on a line", out)
	}
	var doc struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(tandem(t, t.TempDir(), bad, "openapi").ok(t).stdout), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.") || doc.Paths["/api/tasks/{id}"] == nil {
		t.Errorf("got version %q and %d paths, want Tandem's API", doc.OpenAPI, len(doc.Paths))
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	out := tandem(t, t.TempDir(), nil, "--help").ok(t).stdout
	for _, name := range []string{"serve", "migrate", "migrate-db", "import", "export", "user create", "user list", "user reset-password", "doctor", "healthcheck", "version"} {
		if !regexp.MustCompile(`(?m)^  ` + name + `\b`).MatchString(out) {
			t.Errorf("the help does not name %q", name)
		}
	}
}
