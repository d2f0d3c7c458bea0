// Package config holds the one configuration struct of Tandem. The program reads it once, from
// flags, TANDEM_* variables and a YAML file, and hands each part the few fields it needs.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config is everything an operator can set. The zero value with its defaults runs: SQLite and
// files in ./data, memory engine, port 8080. Tags are kong's; docs/admin/config.md is made from them.
type Config struct {
	Addr               string        `default:":8080" help:"Address the app, the API and the sockets listen on."`
	AdminAddr          string        `default:"127.0.0.1:9090" help:"Address of the admin listener (metrics); empty turns it off."`
	DataDir            string        `default:"./data" help:"Directory of the SQLite database, the signing key and files." type:"path"`
	BaseURL            string        `name:"base-url" env:"TANDEM_BASE_URL" default:"http://localhost:8080" help:"Address people reach Tandem at, as in links and Origin checks (left alone, it follows the port of addr)."`
	AssetURL           string        `name:"asset-url" env:"TANDEM_ASSET_URL" help:"Where browsers get the app's scripts and styles, such as https://cdn.example.org; it fetches /assets/ from base-url (empty: from Tandem itself)."`
	DatabaseURL        string        `name:"database-url" env:"TANDEM_DATABASE_URL" help:"postgres://… (empty: SQLite in the data directory)."`
	RedisURL           string        `name:"redis-url" env:"TANDEM_REDIS_URL" help:"redis:// or rediss:// for several nodes: hints and presence (more nodes of a Cluster: ?addr=host:port; Sentinels: ?master_set=name). Without it nodes look for each other's changes in the database every second."`
	SigningKey         string        `help:"Secret that signs access tokens, at least 32 characters (made at first start with SQLite)."`
	AccessTokenLife    time.Duration `default:"15m" help:"How long an access token is good for; clients fetch a new one in time."`
	SMTPURL            string        `name:"smtp-url" env:"TANDEM_SMTP_URL" help:"Mail server: smtp://user:password@host:587 (STARTTLS is required; ?tls=opportunistic and ?tls=off weaken that) or smtps://user:password@host:465. Without it mails are kept for the administrator to read."`
	MailFrom           string        `help:"Who mails are from, such as Tandem <tandem@example.org> (empty: tandem@ the host of base-url)."`
	MailDelay          time.Duration `default:"2m" help:"How long a mail about a change waits for more of the same task, and for its recipient to read it in the app first."`
	Registration       string        `default:"open" enum:"open,closed" help:"Who may register: open or closed (the first user always may)."`
	Dev                bool          `help:"Development mode: password reset links are logged, the web app may come from Vite."`
	LogLevel           string        `default:"info" enum:"debug,info,warn,error" help:"Least severe level that is logged."`
	LogFormat          string        `default:"auto" enum:"auto,text,json" help:"Log format; auto is text on a terminal and JSON elsewhere."`
	RateLimits         string        `default:"on" enum:"on,off" help:"Rate limits; off is for benchmarks."`
	ServiceWorker      string        `default:"on" enum:"on,off" help:"Whether browsers keep the app's files and a page for times without the server; off also clears what they kept."`
	MaxImportSize      int64         `name:"max-import-size" default:"67108864" help:"Largest file an import accepts, in bytes."`
	ShutdownDelay      time.Duration `default:"0s" help:"How long /readyz answers 503 before the server stops accepting, for load balancers; open sockets are sent elsewhere in the second half of it."`
	EventRetentionDays int           `name:"event-retention-days" default:"7" help:"Days a team's change log is kept at least."`
	EventRetentionRows int           `name:"event-retention-rows" default:"10000" help:"Rows of a team's change log that are kept at least."`
}

// defaultBaseURL is what the tag of BaseURL says.
const defaultBaseURL = "http://localhost:8080"

// Postgres says whether the database is PostgreSQL.
func (c *Config) Postgres() bool {
	return c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "sqlite:")
}

// SQLitePath is the database file when Postgres is false.
func (c *Config) SQLitePath() string {
	if p, ok := strings.CutPrefix(c.DatabaseURL, "sqlite://"); ok {
		return p
	}
	return filepath.Join(c.DataDir, "tandem.db")
}

// Validate checks what the tags cannot, and reads secrets from the files that TANDEM_…_FILE names.
func (c *Config) Validate(getenv func(string) string) error {
	var errs []error
	for _, s := range []struct {
		env  string
		dest *string
	}{{"TANDEM_SIGNING_KEY", &c.SigningKey}, {"TANDEM_DATABASE_URL", &c.DatabaseURL}, {"TANDEM_REDIS_URL", &c.RedisURL}, {"TANDEM_SMTP_URL", &c.SMTPURL}} {
		path := getenv(s.env + "_FILE")
		if path == "" {
			continue
		}
		if *s.dest != "" {
			errs = append(errs, fmt.Errorf("%s and %s_FILE are both set: keep one", s.env, s.env))
			continue
		}
		b, err := os.ReadFile(path) //nolint:gosec // the operator names this file
		if err != nil {
			errs = append(errs, fmt.Errorf("%s_FILE: %w", s.env, err))
			continue
		}
		if *s.dest = strings.TrimSpace(string(b)); *s.dest == "" { // else Tandem would run without, on another database
			errs = append(errs, fmt.Errorf("%s_FILE: %s is empty", s.env, path))
		}
	}
	port, err := portOf(c.Addr)
	if err != nil {
		errs = append(errs, fmt.Errorf("addr: %q is not an address such as :8080 or 127.0.0.1:8080: %w", c.Addr, err))
	} else if port != 0 && c.BaseURL == defaultBaseURL {
		c.BaseURL = "http://localhost:" + strconv.Itoa(port)
	}
	if c.AdminAddr != "" {
		if _, err := portOf(c.AdminAddr); err != nil {
			errs = append(errs, fmt.Errorf("admin-addr: %q is not an address such as 127.0.0.1:9090: %w", c.AdminAddr, err))
		}
	}
	if c.ShutdownDelay < 0 {
		errs = append(errs, errors.New("shutdown-delay: must not be negative"))
	}
	if u, err := url.Parse(c.BaseURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		errs = append(errs, fmt.Errorf("base-url: %q is not an address such as https://tandem.example.org", c.BaseURL))
	}
	errs = append(errs, c.checkAssetURL())
	if err := c.checkDatabaseURL(); err != nil {
		errs = append(errs, err)
	}
	if c.RedisURL != "" {
		if u, err := url.Parse(c.RedisURL); err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") {
			errs = append(errs, errors.New("redis-url: must begin with redis:// or rediss://"))
		}
	}
	errs = append(errs, c.checkMail())
	if c.SigningKey != "" && len(c.SigningKey) < 32 {
		errs = append(errs, errors.New("signing-key: must have at least 32 characters"))
	}
	if c.AccessTokenLife != 0 && (c.AccessTokenLife < 10*time.Second || c.AccessTokenLife > 24*time.Hour) {
		errs = append(errs, errors.New("access-token-life: must be from 10s to 24h"))
	}
	if c.Postgres() && c.SigningKey == "" {
		errs = append(errs, errors.New("signing-key: with PostgreSQL several nodes share one key: set TANDEM_SIGNING_KEY or TANDEM_SIGNING_KEY_FILE (for example from `openssl rand -hex 32`)"))
	}
	if c.MaxImportSize < 1 {
		errs = append(errs, errors.New("max-import-size: must be at least 1"))
	}
	if c.EventRetentionDays < 1 || c.EventRetentionRows < 1 {
		errs = append(errs, errors.New("event-retention-days and event-retention-rows: must be at least 1"))
	}
	return errors.Join(errs...)
}

func portOf(addr string) (int, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, errors.New("it needs a colon and a port")
	}
	if port == "" {
		return 0, errors.New("it has no port")
	}
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		return 0, fmt.Errorf("%q is no port", port)
	}
	return n, nil
}

// checkAssetURL lets nothing through that would mean something else in a page or its content security policy.
func (c *Config) checkAssetURL() error {
	if c.AssetURL == "" {
		return nil
	}
	u, err := url.Parse(c.AssetURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("asset-url: %q is not an address such as https://cdn.example.org", c.AssetURL)
	case u.Scheme == "http" && !isLocal(u.Hostname()):
		return errors.New("asset-url: must begin with https://, but for localhost: the app's scripts could be changed on the way")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(c.AssetURL, "#"):
		return errors.New("asset-url: must have no user, query or fragment")
	case strings.HasSuffix(c.AssetURL, "/"):
		return errors.New("asset-url: must not end in /: it is followed by /assets/…")
	case strings.ContainsFunc(c.AssetURL, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`;,'"<>*\`, r) }):
		return errors.New("asset-url: must be plain letters, digits and - . _ ~ % : /")
	}
	return nil
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkDatabaseURL never repeats the address: it may hold a password, which may be what is wrong with it.
func (c *Config) checkDatabaseURL() error {
	u, err := url.Parse(c.DatabaseURL)
	switch {
	case c.DatabaseURL == "":
		return nil
	case err != nil:
		return errors.New("database-url: is not an address such as postgres://user:password@host:5432/tandem (in a password, special characters are written as %2F and so on)")
	case u.Scheme == "postgres" || u.Scheme == "postgresql":
		return nil
	case !strings.HasPrefix(c.DatabaseURL, "sqlite://"):
		return errors.New("database-url: must begin with postgres:// or sqlite://")
	case c.SQLitePath() == "":
		return errors.New("database-url: sqlite:// needs the path of a file")
	default:
		return nil
	}
}
