package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"tandem/internal/auth"
	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/tandemtest"
	"tandem/internal/users"
)

// env is an auth service with options of its own.
type env struct {
	*auth.Service
	db    *db.DB
	log   *events.Log
	users *users.Service
	clock *tandemtest.Clock
	ended chan string   // session ids, as the nodes hear of them
	out   *bytes.Buffer // what it logs

	mu   sync.Mutex
	seen int64 // of the stream that the nodes follow
}

var (
	key    = []byte("a key that is used in tests only")
	phone  = auth.Client{UserAgent: "Phone", IP: "192.0.2.1"}
	laptop = auth.Client{UserAgent: "Laptop", IP: "192.0.2.2"}
)

const password = "correct horse battery"

func each(t *testing.T, o auth.Options, test func(t *testing.T, e *env)) {
	t.Parallel()
	tandemtest.EachDB(t, func(t *testing.T, te *tandemtest.Env) {
		e := &env{db: te.DB, log: te.Log, users: te.Users, clock: te.Clock, ended: make(chan string, 100), out: &bytes.Buffer{}}
		o := o
		o.Key, o.BaseURL, o.Logger = key, "https://tandem.test/", slog.New(slog.NewTextHandler(e.out, nil))
		e.Service = auth.NewService(e.db, e.log, e.users, o)
		e.log.Notify(e)
		test(t, e)
	})
}

// Hint reads what the nodes are told, as each of them does.
func (e *env) Hint(stream string) {
	if stream != events.Nodes {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	head, rows, err := e.log.Replay(context.Background(), events.Nodes, e.seen, -1)
	if err != nil {
		panic(err)
	}
	e.seen = head
	for _, r := range rows {
		var m events.Message
		if err := json.Unmarshal(r.Data, &m); err != nil {
			panic(err)
		}
		e.ended <- m.SessionID
	}
}

func ann() auth.RegisterInput {
	return auth.RegisterInput{Username: "ann", Email: "Ann@example.org", Password: password, Name: "Ann Lee"}
}

func (e *env) register(t *testing.T) auth.Login {
	t.Helper()
	l, err := e.Register(t.Context(), ann(), events.Mutation{}, phone)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (e *env) login(t *testing.T) auth.Login {
	t.Helper()
	l, err := e.Login(t.Context(), "ann", password, laptop)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (e *env) actor(t *testing.T, l auth.Login) users.Actor {
	t.Helper()
	a, err := e.Authenticate(t.Context(), l.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sessionEvents returns the sessions whose end the user's stream tells of.
func (e *env) sessionEvents(t *testing.T, userID string) string {
	t.Helper()
	_, rows, err := e.log.Replay(t.Context(), userID, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintln(&b, string(r.Data))
	}
	return b.String()
}

func wantCode(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got %#v, want kind %q with code %q", err, kind, code)
	}
}

// fields returns what an error says about each input, as "field: message".
func fields(err error) string {
	var all []string
	for _, e := range errs.All(err) {
		all = append(all, e.Field+": "+e.Message)
	}
	return strings.Join(all, "\n")
}
