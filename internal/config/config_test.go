package config_test

import (
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"tandem/internal/config"
)

const key = "0123456789abcdef0123456789abcdef"

// defaults are the settings of an operator who says nothing.
func defaults(t *testing.T) *config.Config {
	t.Helper()
	var c struct {
		config.Config `embed:""`
	}
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	return &c.Config
}

func none(string) string { return "" }

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	c := defaults(t)
	if err := c.Validate(none); err != nil {
		t.Fatal(err)
	}
	if c.Postgres() || c.BaseURL != "http://localhost:8080" || c.SQLitePath() != filepath.Join(c.DataDir, "tandem.db") {
		t.Errorf("got %+v, want SQLite in the data directory at port 8080", c)
	}
}

func TestEachFaultNamesItsSetting(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*config.Config)
		says []string
	}{
		"addr without a port":         {func(c *config.Config) { c.Addr = "localhost" }, []string{"addr: "}},
		"addr that is empty":          {func(c *config.Config) { c.Addr = "" }, []string{"addr: "}},
		"addr with an empty port":     {func(c *config.Config) { c.Addr = "localhost:" }, []string{"addr: "}},
		"addr with a large port":      {func(c *config.Config) { c.Addr = ":65536" }, []string{"addr: ", "65536"}},
		"addr with a negative port":   {func(c *config.Config) { c.Addr = ":-1" }, []string{"addr: "}},
		"admin-addr without a port":   {func(c *config.Config) { c.AdminAddr = "9090" }, []string{"admin-addr: "}},
		"admin-addr with such a port": {func(c *config.Config) { c.AdminAddr = ":x" }, []string{"admin-addr: "}},
		"base-url without scheme":     {func(c *config.Config) { c.BaseURL = "tandem.test" }, []string{"base-url: "}},
		"base-url of another scheme":  {func(c *config.Config) { c.BaseURL = "ftp://tandem.test" }, []string{"base-url: "}},
		"base-url without host":       {func(c *config.Config) { c.BaseURL = "https://" }, []string{"base-url: "}},
		"base-url with a bad escape":  {func(c *config.Config) { c.BaseURL = "http://%zz" }, []string{"base-url: "}},
		"asset-url without scheme":    {func(c *config.Config) { c.AssetURL = "cdn.test" }, []string{"asset-url: ", `"cdn.test"`}},
		"asset-url of another scheme": {func(c *config.Config) { c.AssetURL = "ftp://cdn.test" }, []string{"asset-url: "}},
		"asset-url without host":      {func(c *config.Config) { c.AssetURL = "https:///x" }, []string{"asset-url: "}},
		"asset-url in the clear":      {func(c *config.Config) { c.AssetURL = "http://cdn.test" }, []string{"asset-url: ", "https://"}},
		"asset-url with a query":      {func(c *config.Config) { c.AssetURL = "https://cdn.test?x=1" }, []string{"asset-url: ", "query"}},
		"asset-url with a user":       {func(c *config.Config) { c.AssetURL = "https://me@cdn.test" }, []string{"asset-url: ", "user"}},
		"asset-url with a slash":      {func(c *config.Config) { c.AssetURL = "https://cdn.test/" }, []string{"asset-url: ", "end in /"}},
		"asset-url with a policy":     {func(c *config.Config) { c.AssetURL = "https://cdn.test/x;script-src" }, []string{"asset-url: ", "plain"}},
		"asset-url with a space":      {func(c *config.Config) { c.AssetURL = "https://cdn.test/x y" }, []string{"asset-url: ", "plain"}},
		"asset-url for all hosts":     {func(c *config.Config) { c.AssetURL = "https://*" }, []string{"asset-url: ", "plain"}},
		"database of another kind":    {func(c *config.Config) { c.DatabaseURL, c.SigningKey = "mysql://x/y", key }, []string{"database-url: ", "postgres:// or sqlite://"}},
		"database without slashes":    {func(c *config.Config) { c.DatabaseURL = "sqlite:tandem.db" }, []string{"database-url: "}},
		"database without path":       {func(c *config.Config) { c.DatabaseURL = "sqlite://" }, []string{"database-url: ", "path"}},
		"database with a bad port":    {func(c *config.Config) { c.DatabaseURL, c.SigningKey = "postgres://u:p/w@host/x", key }, []string{"database-url: ", "%2F"}},
		"redis of another kind":       {func(c *config.Config) { c.RedisURL = "localhost:6379" }, []string{"redis-url: "}},
		"mail server of another kind": {func(c *config.Config) { c.SMTPURL = "http://mail.test" }, []string{"smtp-url: ", "smtp:// or smtps://"}},
		"mail server without host":    {func(c *config.Config) { c.SMTPURL = "smtp://:587" }, []string{"smtp-url: ", "host"}},
		"mail server with a path":     {func(c *config.Config) { c.SMTPURL = "smtp://mail.test/x" }, []string{"smtp-url: "}},
		"mail server with a bad port": {func(c *config.Config) { c.SMTPURL = "smtp://mail.test:70000" }, []string{"smtp-url: ", "70000"}},
		"mail password with a slash":  {func(c *config.Config) { c.SMTPURL = "smtp://u:p/w@mail.test" }, []string{"smtp-url: ", "%2F"}},
		"mail user without password":  {func(c *config.Config) { c.SMTPURL = "smtp://u@mail.test" }, []string{"smtp-url: ", "password"}},
		"unknown tls":                 {func(c *config.Config) { c.SMTPURL = "smtp://mail.test?tls=no" }, []string{"smtp-url: ", "required, opportunistic or off", `"no"`}},
		"unknown mail parameter":      {func(c *config.Config) { c.SMTPURL = "smtp://mail.test?ssl=1" }, []string{"smtp-url: ", `"ssl"`}},
		"tls of smtps":                {func(c *config.Config) { c.SMTPURL = "smtps://mail.test?tls=off" }, []string{"smtp-url: ", "always encrypted"}},
		"sender that is none":         {func(c *config.Config) { c.MailFrom = "Tandem" }, []string{"mail-from: ", `"Tandem"`}},
		"endless mail delay":          {func(c *config.Config) { c.MailDelay = 2 * time.Hour }, []string{"mail-delay: "}},
		"short signing key":           {func(c *config.Config) { c.SigningKey = key[1:] }, []string{"signing-key: ", "32"}},
		"postgres without key":        {func(c *config.Config) { c.DatabaseURL = "postgres://host/x" }, []string{"signing-key: ", "TANDEM_SIGNING_KEY"}},
		"hasty access tokens":         {func(c *config.Config) { c.AccessTokenLife = time.Second }, []string{"access-token-life: "}},
		"negative shutdown delay":     {func(c *config.Config) { c.ShutdownDelay = -1 }, []string{"shutdown-delay: "}},
		"no import size":              {func(c *config.Config) { c.MaxImportSize = 0 }, []string{"max-import-size: "}},
		"no retention days":           {func(c *config.Config) { c.EventRetentionDays = 0 }, []string{"event-retention-days"}},
		"no retention rows":           {func(c *config.Config) { c.EventRetentionRows = -5 }, []string{"event-retention-rows"}},
		"all faults at once":          {func(c *config.Config) { c.Addr, c.AdminAddr, c.BaseURL = "x", "y", "z" }, []string{"\nadmin-addr: ", "\nbase-url: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := defaults(t)
			c.set(set)
			err := set.Validate(none)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("got %q, want it to say %q", err, s)
				}
			}
			if n := len(strings.Split(err.Error(), "\n")); n != 1 && name != "all faults at once" {
				t.Errorf("got %d faults, want one: %v", n, err)
			}
		})
	}
}

func TestGoodValues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set      func(*config.Config)
		baseURL  string
		postgres bool
		file     string
	}{
		"another port moves the base-url":  {func(c *config.Config) { c.Addr = "127.0.0.1:4711" }, "http://localhost:4711", false, ""},
		"a free port does not":             {func(c *config.Config) { c.Addr = ":0" }, "http://localhost:8080", false, ""},
		"nor one when the base-url is set": {func(c *config.Config) { c.Addr, c.BaseURL = ":4711", "https://tandem.test" }, "https://tandem.test", false, ""},
		"assets of a CDN":                  {func(c *config.Config) { c.AssetURL = "https://cdn.test:8443/tandem" }, "http://localhost:8080", false, ""},
		"assets of this machine":           {func(c *config.Config) { c.AssetURL = "http://127.0.0.1:9000" }, "http://localhost:8080", false, ""},
		"no admin listener":                {func(c *config.Config) { c.AdminAddr = "" }, "http://localhost:8080", false, ""},
		"IPv6":                             {func(c *config.Config) { c.Addr = "[::1]:8080" }, "http://localhost:8080", false, ""},
		"postgres":                         {func(c *config.Config) { c.DatabaseURL, c.SigningKey = "postgres://host/x", key }, "http://localhost:8080", true, ""},
		"postgresql":                       {func(c *config.Config) { c.DatabaseURL, c.SigningKey = "postgresql://host/x", key }, "http://localhost:8080", true, ""},
		"a SQLite file":                    {func(c *config.Config) { c.DatabaseURL = "sqlite:///srv/x.db" }, "http://localhost:8080", false, "/srv/x.db"},
		"a SQLite file beside":             {func(c *config.Config) { c.DatabaseURL = "sqlite://x.db" }, "http://localhost:8080", false, "x.db"},
		"redis":                            {func(c *config.Config) { c.RedisURL = "rediss://host:6379/1" }, "http://localhost:8080", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := defaults(t)
			c.set(set)
			if err := set.Validate(none); err != nil {
				t.Fatal(err)
			}
			if set.BaseURL != c.baseURL || set.Postgres() != c.postgres {
				t.Errorf("got %s, postgres %v; want %s, %v", set.BaseURL, set.Postgres(), c.baseURL, c.postgres)
			}
			if c.file != "" && set.SQLitePath() != c.file {
				t.Errorf("got file %s, want %s", set.SQLitePath(), c.file)
			}
		})
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := defaults(t)
	from := map[string]string{"TANDEM_SIGNING_KEY_FILE": file(key + "\n"), "TANDEM_DATABASE_URL_FILE": file(" postgres://host/x\n"), "TANDEM_REDIS_URL_FILE": file("redis://host")}
	if err := c.Validate(func(name string) string { return from[name] }); err != nil {
		t.Fatal(err)
	}
	if c.SigningKey != key || c.DatabaseURL != "postgres://host/x" || c.RedisURL != "redis://host" {
		t.Errorf("got %q, %q, %q", c.SigningKey, c.DatabaseURL, c.RedisURL)
	}
	for _, name := range []string{"TANDEM_SIGNING_KEY", "TANDEM_DATABASE_URL", "TANDEM_REDIS_URL"} {
		for path, says := range map[string]string{file(" \n"): "is empty", "/nowhere/secret": "/nowhere/secret"} {
			err := defaults(t).Validate(func(n string) string { return map[string]string{name + "_FILE": path}[n] })
			if err == nil || !strings.Contains(err.Error(), name+"_FILE: ") || !strings.Contains(err.Error(), says) {
				t.Errorf("%s from %s: got %v, want that it %s", name, path, err, says)
			}
		}
	}
	twice := defaults(t)
	twice.SigningKey = key
	if err := twice.Validate(func(n string) string { return map[string]string{"TANDEM_SIGNING_KEY_FILE": "/x"}[n] }); err == nil || !strings.Contains(err.Error(), "both set") {
		t.Errorf("got %v, want that both are set", err)
	}
}

func TestFaultsTellNoSecrets(t *testing.T) {
	t.Parallel()
	c := defaults(t)
	c.SigningKey = "short-secret"
	c.DatabaseURL = "postgres://user:word/secret@host/x"
	c.RedisURL = "http://user:secret@host"
	err := c.Validate(none)
	if err == nil || strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), "short-secret") || strings.Contains(err.Error(), "word/") {
		t.Errorf("got %v, want faults without what was given", err)
	}
}

func TestMailServers(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]config.SMTP{
		"":                             {},
		"smtp://mail.test":             {Host: "mail.test", Port: 587, TLS: config.TLSRequired},
		"smtps://mail.test":            {Host: "mail.test", Port: 465, TLS: config.TLSImplicit},
		"smtp://mail.test:25/":         {Host: "mail.test", Port: 25, TLS: config.TLSRequired},
		"smtp://[::1]?tls=off":         {Host: "::1", Port: 587, TLS: config.TLSOff},
		"smtp://u%40x:p%2Fw@m.t":       {Host: "m.t", Port: 587, User: "u@x", Password: "p/w", TLS: config.TLSRequired},
		"smtp://m.t?tls=opportunistic": {Host: "m.t", Port: 587, TLS: config.TLSOpportunistic},
	} {
		if got, err := (&config.Config{SMTPURL: url}).SMTP(); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", url, got, err, want)
		}
	}
}

func TestTheSenderFollowsTheBaseURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://tandem.example.org:8443": "Tandem <tandem@tandem.example.org>", "http://localhost:8080": "Tandem <tandem@localhost>",
		"http://192.0.2.7": "Tandem <tandem@[192.0.2.7]>",
	} {
		c := config.Config{BaseURL: base}
		if got := c.Sender(); got != want {
			t.Errorf("%s: got %s, want %s", base, got, want)
		}
		if _, err := mail.ParseAddress(c.Sender()); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	if got := (&config.Config{BaseURL: "http://localhost", MailFrom: "Lamp <lamp@example.org>"}).Sender(); got != "Lamp <lamp@example.org>" {
		t.Errorf("got %s, want what is set", got)
	}
}
