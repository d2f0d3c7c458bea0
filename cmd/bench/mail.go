package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	mailPeople  = 50
	mailTarget  = 5 * time.Minute // from the event to the mail server, at the 99th percentile
	mailSilence = 2 * time.Minute // after which nothing more is expected
)

// runMails measures the way from a comment that mentions somebody to the mail server.
func runMails(ctx context.Context, o options) error {
	fmt.Printf("Mentions in comments on different tasks, to %d people, %d a minute for %s; a mail waits for %s, in case that its recipient reads it in the app first.\n\n", mailPeople, o.mails, o.seconds, o.delay)
	fmt.Println("| database | notifications | a minute | mails | p50 s | p99 s | max s | lost | twice | target p99 |\n|---|---|---|---|---|---|---|---|---|---|")
	databases := []string{"SQLite"}
	if o.postgres != "" {
		databases = append(databases, "PostgreSQL")
	}
	for _, name := range databases {
		if err := mailsOn(ctx, o, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func mailsOn(ctx context.Context, o options, database string) (err error) {
	box, err := newMailbox()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.close()) }()
	s, err := prepare(ctx, o, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.env = append(s.env, "TANDEM_SMTP_URL=smtp://"+box.addr+"?tls=off", "TANDEM_MAIL_DELAY="+o.delay.String())
	if _, err := s.restart(ctx); err != nil {
		return err
	}
	w, err := s.fill(ctx, o)
	if err != nil {
		return err
	}
	if err := w.join(ctx, mailPeople); err != nil {
		return err
	}
	n := int(o.seconds.Minutes() * float64(o.mails))
	sent := make([]time.Time, n)
	began := time.Now()
	for i := range sent {
		// A tick that comes late is made up for: else a slow write would lower the rate.
		pause(ctx, time.Until(began.Add(time.Duration(i)*time.Minute/time.Duration(o.mails))))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		sent[i] = time.Now()
		body := fmt.Sprintf(`{"body":"@reader%d this is about mark%d."}`, i%mailPeople, i)
		if _, _, err := call(ctx, "POST", w.base+"/api/tasks/"+w.tasks[i%len(w.tasks)]+"/comments", w.token, strings.NewReader(body)); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "\r%s: %d of %d notifications, %d mails ", database, i+1, n, box.count())
	}
	ended := time.Now()
	for box.marks() < n && time.Since(box.latest(sent[n-1].Add(o.delay))) < mailSilence && ctx.Err() == nil {
		pause(ctx, time.Second)
		fmt.Fprintf(os.Stderr, "\r%s: %d notifications, %d mails ", database, n, box.count())
	}
	fmt.Fprint(os.Stderr, "\r\033[K")
	box.report(database, sent, float64(n)/ended.Sub(began).Minutes())
	return ctx.Err()
}

// join makes people members of the team: reader0, reader1 and so on.
func (w *world) join(ctx context.Context, n int) error {
	for i := range n {
		name := "reader" + strconv.Itoa(i)
		b, _, err := call(ctx, "POST", w.base+"/api/auth/register", "", strings.NewReader(fmt.Sprintf(`{"username":%q,"email":%q,"password":"a long enough password","name":"Reader"}`, name, name+"@example.org")))
		if err != nil {
			return err
		}
		var login struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(b, &login); err != nil {
			return err
		}
		b, _, err = call(ctx, "POST", w.base+"/api/teams/"+w.team+"/invites", w.token, strings.NewReader(fmt.Sprintf(`{"username":%q,"role":"member"}`, name)))
		if err != nil {
			return err
		}
		var invite struct {
			Token string `json:"token"`
		}
		if err := json.Unmarshal(b, &invite); err != nil {
			return err
		}
		if _, _, err := call(ctx, "POST", w.base+"/api/invites/"+invite.Token+"/accept", login.AccessToken, strings.NewReader("{}")); err != nil {
			return err
		}
	}
	return nil
}

// mailbox is a mail server that notes when it took which mark.
type mailbox struct {
	addr   string
	server *smtp.Server
	served chan struct{} // closed when it has stopped

	mu    sync.Mutex
	taken map[int]time.Time // by mark
	mails int               // with marks
	twice int               // marks that a further mail told of, be it the same one again
	last  time.Time
}

func newMailbox() (*mailbox, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &mailbox{addr: l.Addr().String(), served: make(chan struct{}), taken: map[int]time.Time{}}
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return delivery{b}, nil }))
	go func() {
		defer close(b.served)
		_ = b.server.Serve(l) // ends with Close
	}()
	return b, nil
}

func (b *mailbox) close() error {
	err := b.server.Close()
	<-b.served
	return err
}

// delivery is one connection.
type delivery struct{ *mailbox }

func (delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (delivery) Reset()                               {}
func (delivery) Logout() error                        { return nil }

var (
	softBreak = strings.NewReplacer("=\r\n", "")
	mark      = regexp.MustCompile(`about mark(\d+)\.`)
)

func (d delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	text := softBreak.Replace(string(raw))
	marks := mark.FindAllStringSubmatch(text, -1)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(marks) == 0 {
		return nil
	}
	d.last = time.Now()
	d.mails++
	told := map[int]bool{} // a mark is in each form of the text
	for _, m := range marks {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		if _, known := d.taken[n]; !known {
			d.taken[n] = d.last
		} else if !told[n] {
			d.twice++
		}
		told[n] = true
	}
	return nil
}

func (b *mailbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mails
}

func (b *mailbox) marks() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.taken)
}

// latest is when the last mail came, or the given time if that is later.
func (b *mailbox) latest(than time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.After(than) {
		return b.last
	}
	return than
}

func (b *mailbox) report(database string, sent []time.Time, rate float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var took []time.Duration
	for n, at := range b.taken {
		took = append(took, at.Sub(sent[n]))
	}
	slices.Sort(took)
	r := result{times: took}
	reached := "reached"
	if len(took) < len(sent) || b.twice > 0 || r.at(0.99) > mailTarget {
		reached = "**missed**"
	}
	fmt.Printf("| %s | %d | %.0f | %d | %.1f | %.1f | %.1f | %d | %d | ≤ %.0f s: %s |\n", database, len(sent), rate, b.mails, r.at(0.5).Seconds(), r.at(0.99).Seconds(), r.at(1).Seconds(), len(sent)-len(took), b.twice, mailTarget.Seconds(), reached)
}
