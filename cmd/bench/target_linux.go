package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"

	"tandem/internal/app"
	"tandem/internal/config"
	"tandem/internal/db"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// target is what is measured: the program with a team of many people, or the bare loop.
type target struct {
	*server // nil: the bare loop
	loop    *exec.Cmd
	addr    string
	pid     int
	team    string
	tokens  []string
}

// perPerson is how many of the 50 connections that a user may have are used.
const perPerson = 45

// startTarget starts what a kind of subscriber listens to.
func startTarget(ctx context.Context, o options, k kind, n int) (*target, error) {
	if k == viaLoop {
		return startLoop(ctx)
	}
	return startProgram(ctx, o, "SQLite", false, n)
}

// startProgram starts the program with people enough for n connections.
func startProgram(ctx context.Context, o options, database string, redis bool, n int) (*target, error) {
	admin, err := freeAddr()
	if err != nil {
		return nil, err
	}
	if o.admin != "" {
		admin = o.admin
	}
	s, err := prepare(ctx, o, database)
	if err != nil {
		return nil, err
	}
	s.pinned, s.admin = true, admin
	s.env = append(s.env, "GOMAXPROCS=1", "TANDEM_ADMIN_ADDR="+admin)
	if redis {
		s.env = append(s.env, "TANDEM_REDIS_URL="+o.redis)
	}
	t := &target{server: s}
	names, err := t.people(ctx, n/perPerson+1)
	if err == nil {
		_, err = s.restart(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	t.addr, t.pid = s.addr, s.cmd.Process.Pid
	for _, name := range names {
		token, err := t.login(ctx, name)
		if err != nil {
			return nil, errors.Join(err, t.close())
		}
		t.tokens = append(t.tokens, token)
	}
	return t, nil
}

// another starts a second node beside the first.
func (t *target) another(ctx context.Context) (*target, error) {
	s := *t.server
	s.cmd, s.drop = nil, nil
	var err error
	if s.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.admin, err = freeAddr(); err != nil {
		return nil, err
	}
	s.env = append(append([]string{}, s.env...), "TANDEM_ADDR="+s.addr, "TANDEM_ADMIN_ADDR="+s.admin)
	if _, err := s.restart(ctx); err != nil {
		return nil, err
	}
	return &target{server: &s, addr: s.addr, pid: s.cmd.Process.Pid}, nil
}

// people makes a team of so many, with a task, before the program starts: their passwords are cheap to
// check.
func (t *target) people(ctx context.Context, n int) (names []string, err error) {
	cfg := &config.Config{Addr: "127.0.0.1:0", DataDir: t.dir, BaseURL: "http://" + t.server.addr, DatabaseURL: t.databaseURL, Registration: "open", RateLimits: "off"}
	if t.databaseURL != "" {
		cfg.SigningKey = signingKey
	}
	a, err := app.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		return nil, err
	}
	var owner users.Actor
	for i := range n {
		name := "person" + strconv.Itoa(i)
		actor, err := person(ctx, a, name, hash)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
		if i == 0 {
			owner = actor
			team, err := a.Teams.CreateTeam(ctx, owner, teams.TeamInput{Name: "Bench"})
			if err != nil {
				return nil, err
			}
			t.team = team.ID
			continue
		}
		invite, err := a.Teams.Invite(ctx, owner, t.team, teams.InviteInput{Username: &name})
		if err != nil {
			return nil, err
		}
		if _, err := a.Teams.AcceptMyInvite(ctx, actor, invite.ID); err != nil {
			return nil, err
		}
	}
	return names, nil
}

const password = "a long enough password"

func person(ctx context.Context, a *app.App, name, hash string) (users.Actor, error) {
	var me users.Me
	err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if me, err = a.Users.Create(ctx, tx, users.New{Username: name, Email: name + "@example.org", Name: name, PasswordHash: hash}); err != nil {
			return err
		}
		return a.Log.Open(ctx, tx, me.ID)
	})
	return users.Actor{ID: me.ID, Username: me.Username}, err
}

func (t *target) login(ctx context.Context, name string) (string, error) {
	b, _, err := call(ctx, "POST", "http://"+t.addr+"/api/auth/login", "", strings.NewReader(fmt.Sprintf(`{"login":%q,"password":%q}`, name, password)))
	if err != nil {
		return "", err
	}
	var login struct {
		AccessToken string `json:"access_token"`
	}
	return login.AccessToken, json.Unmarshal(b, &login)
}

// writer gives the crowd a way to make changes.
func (t *target) writer(ctx context.Context, c *crowd) error {
	if t.server == nil {
		return c.addWriter(ctx, t.addr, func(string) []byte { return []byte{'+'} })
	}
	w := &world{base: "http://" + t.addr, token: t.tokens[0], team: t.team}
	project, err := w.newProject(ctx, "Bench", "BEN")
	if err != nil {
		return err
	}
	for i := range 4 {
		task, err := w.create(ctx, "/api/projects/"+project+"/tasks", fmt.Sprintf(`{"title":"Task %d"}`, i))
		if err != nil {
			return err
		}
		if err := c.addWriter(ctx, t.addr, func(number string) []byte {
			return newRequest("PATCH", "/api/tasks/"+task, w.token, []byte(`{"title":"`+titleStart+number+` of a task"}`))
		}); err != nil {
			return err
		}
	}
	return c.wait(ctx, 500*time.Millisecond) // the first messages are not the bench's
}

func (t *target) rss() (float64, error) {
	n, err := t.memory()
	return float64(n), err
}

func (t *target) close() error {
	if t.server != nil {
		return t.server.close()
	}
	_ = t.loop.Process.Kill()
	_ = t.loop.Wait()
	return nil
}

// startLoop starts this program again, as the floor: a server that only writes.
func startLoop(ctx context.Context) (*target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "taskset", "-c", serverCore, self, "-loop") //nolint:gosec // ourselves
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	return &target{loop: cmd, addr: strings.TrimSpace(addr), pid: cmd.Process.Pid}, err
}

// loopSize is about what a change of a title has.
const loopSize = 400

// runLoop is the floor: whatever says something has the same frame written to all others.
func runLoop() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	message := append([]byte{0x81, 126, loopSize >> 8, loopSize & 255}, bytes.Repeat([]byte{'x'}, loopSize)...)
	type word struct {
		from net.Conn
		said bool // not just joined
	}
	words := make(chan word, 64) // one channel: who came before a word hears it
	go func() {
		all := map[net.Conn]bool{}
		for w := range words {
			if !w.said {
				all[w.from] = true
				continue
			}
			delete(all, w.from)
			for c := range all {
				_, _ = c.Write(message)
			}
		}
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		words <- word{from: c}
		go func() {
			b := make([]byte, 1)
			for {
				if _, err := c.Read(b); err != nil {
					return
				}
				words <- word{c, true}
			}
		}()
	}
}

// usage is what processes have taken of the cores so far, in seconds.
type usage struct{ wall, server, client, others float64 }

func look(pid int) usage {
	u := usage{wall: float64(time.Now().UnixNano()) / 1e9, server: taken(strconv.Itoa(pid)), client: taken("self")}
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	f := strings.Fields(string(line)) // cpu user nice system idle iowait irq softirq
	var busy float64
	for _, i := range []int{1, 2, 3, 6, 7} {
		v, _ := strconv.ParseFloat(f[i], 64)
		busy += v / 100
	}
	u.others = busy - u.server - u.client
	return u
}

// taken is the CPU time of a process.
func taken(pid string) float64 {
	b, _ := os.ReadFile("/proc/" + pid + "/stat") //nolint:gosec // a number, or self
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}

// since is the share of a core since an earlier look.
func (u usage) since(b usage) usage {
	wall := u.wall - b.wall
	return usage{wall, (u.server - b.server) / wall, (u.client - b.client) / wall, (u.others - b.others) / wall}
}
