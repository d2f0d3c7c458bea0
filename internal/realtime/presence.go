package realtime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"tandem/internal/errs"
	"tandem/internal/tasks"
	"tandem/internal/users"
)

// presenceChanged is the message of who looks at a task, the whole list each time. It is no change
// of the task, has no seq, and one that is lost is followed by the next.
type presenceChanged struct {
	Type      string         `json:"type"`
	TeamID    string         `json:"team_id"`
	TaskID    string         `json:"task_id"`
	Users     []tasks.Viewer `json:"users"`
	Timestamp time.Time      `json:"timestamp"`
}

const (
	refreshPresence = 15 * time.Second // how often a node says that its viewers are still there
	presenceTTL     = 40 * time.Second // after that long, those of a node that fell silent are gone
)

// view is one connection's look at a task.
type view struct {
	TaskID string     `json:"task_id"`
	User   users.User `json:"user"`
	Field  string     `json:"field,omitempty"`
	Since  time.Time  `json:"since"`
}

// report is what a node tells the others of its viewers of a team.
type report struct {
	Until time.Time `json:"until"`
	Views []view    `json:"views"`
}

// presence knows who looks at which task. Each node keeps the views of its own connections and
// reports them, per team, to a hash in Redis; a hint makes the others read it. Without Redis a node
// knows its own.
type presence struct {
	n *Node

	mu    sync.Mutex
	own   map[string]map[string]view           // team → connection and task → view
	shown map[string]map[string][]tasks.Viewer // team → task → who, as last told
	dirty map[string]bool                      // teams to look at; true: the own views changed
	kick  chan struct{}
}

func newPresence(n *Node) *presence {
	return &presence{n: n, own: map[string]map[string]view{}, shown: map[string]map[string][]tasks.Viewer{}, dirty: map[string]bool{}, kick: make(chan struct{}, 1)}
}

// Fields that somebody may be editing.
var editable = []string{"title", "description", "comment"}

func (p *presence) enter(teamID, connection, taskID string, u users.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own[teamID] == nil {
		p.own[teamID] = map[string]view{}
	}
	p.own[teamID][connection+"/"+taskID] = view{TaskID: taskID, User: u, Since: time.Now()}
	p.mark(teamID, true)
}

func (p *presence) leave(teamID, connection, taskID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.own[teamID][connection+"/"+taskID]; !ok {
		return
	}
	delete(p.own[teamID], connection+"/"+taskID)
	if len(p.own[teamID]) == 0 {
		delete(p.own, teamID)
	}
	p.mark(teamID, true)
}

// edit says which field a connection that looks at a task is changing; "" says none.
func (p *presence) edit(teamID, connection, taskID, field string) error {
	if field != "" && !slices.Contains(editable, field) {
		return errs.Field("field", "must be title, description, comment or null")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := connection + "/" + taskID
	v, ok := p.own[teamID][key]
	if !ok {
		return errs.New(errs.NotFound, "subscribe to the task's channel first")
	}
	if v.Field != field {
		v.Field = field
		p.own[teamID][key] = v
		p.mark(teamID, true)
	}
	return nil
}

// mark has a team looked at. The lock is held.
func (p *presence) mark(teamID string, own bool) {
	p.dirty[teamID] = p.dirty[teamID] || own
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// heard is called when another node's viewers of a team changed.
func (p *presence) heard(teamID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.followed(teamID) {
		p.mark(teamID, false)
	}
}

// followed says whether anybody on this node would see a change. The lock is held.
func (p *presence) followed(teamID string) bool {
	return len(p.own[teamID]) > 0 || p.n.follows(teamID)
}

// run tells of changes until ctx ends, then takes this node's viewers out.
func (p *presence) run(ctx context.Context) {
	t := time.NewTicker(refreshPresence)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			p.withdraw(context.WithoutCancel(ctx))
			return
		case <-p.kick:
		case <-t.C:
			p.all()
		}
		p.mu.Lock()
		dirty := p.dirty
		p.dirty = map[string]bool{}
		p.mu.Unlock()
		for team, own := range dirty {
			if own {
				p.spread(ctx, team)
			}
			p.look(ctx, team)
		}
	}
}

// spread has the other nodes look at this node's viewers; when Redis is away, again in a while.
func (p *presence) spread(ctx context.Context, teamID string) {
	switch {
	case p.n.o.Redis == nil:
	case p.report(ctx, teamID):
		p.n.hints.send(hintPresence, teamID)
	default:
		time.AfterFunc(time.Second, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.mark(teamID, true)
		})
	}
}

// all marks every team that is followed, so that reports do not expire and those of dead nodes do.
func (p *presence) all() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for team := range p.own {
		p.mark(team, true)
	}
	for team := range p.shown {
		if p.followed(team) {
			p.mark(team, false)
		} else {
			delete(p.shown, team)
		}
	}
}

// watched are the tasks of a team that somebody on this node looks at.
func (p *presence) watched(teamID string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, v := range p.own[teamID] {
		out = append(out, v.TaskID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *presence) key(teamID string) string { return p.n.redisKey("presence:" + teamID) }

// report writes this node's viewers of a team where the others find them; false: nobody can.
func (p *presence) report(ctx context.Context, teamID string) bool {
	if p.n.o.Redis == nil {
		return false
	}
	p.mu.Lock()
	views := slices.Collect(maps.Values(p.own[teamID]))
	p.mu.Unlock()
	var err error
	if len(views) == 0 {
		err = p.n.o.Redis.DropField(ctx, p.key(teamID), p.n.node.ID())
	} else {
		var text []byte
		if text, err = json.Marshal(report{time.Now().Add(presenceTTL), views}); err == nil {
			err = p.n.o.Redis.SetField(ctx, p.key(teamID), p.n.node.ID(), string(text), presenceTTL)
		}
	}
	if err != nil {
		p.n.o.Logger.DebugContext(ctx, "report who is present", "err", err)
	}
	return err == nil
}

// withdraw is for a node that stops: its viewers are gone from it at once.
func (p *presence) withdraw(ctx context.Context) {
	p.mu.Lock()
	teams := slices.Collect(maps.Keys(p.own))
	p.own = map[string]map[string]view{}
	p.mu.Unlock()
	for _, team := range teams {
		if p.report(ctx, team) {
			p.n.hints.sayNow(ctx, hintPresence, team)
		}
	}
}

// others reads what the other nodes report.
func (p *presence) others(ctx context.Context, teamID string) []view {
	if p.n.o.Redis == nil {
		return nil
	}
	fields, err := p.n.o.Redis.Fields(ctx, p.key(teamID))
	if err != nil {
		return nil // degraded: a node knows its own
	}
	var out []view
	for node, text := range fields {
		var r report
		if node == p.n.node.ID() || json.Unmarshal([]byte(text), &r) != nil || time.Now().After(r.Until) {
			continue
		}
		out = append(out, r.Views...)
	}
	return out
}

// now is who looks at which task of a team, each person once, those who came first in front.
func (p *presence) now(ctx context.Context, teamID string) map[string][]tasks.Viewer {
	views := p.others(ctx, teamID)
	p.mu.Lock()
	views = slices.AppendSeq(views, maps.Values(p.own[teamID]))
	p.mu.Unlock()
	slices.SortFunc(views, func(a, b view) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User.ID, b.User.ID)) })
	out := map[string][]tasks.Viewer{}
	for _, v := range views {
		list := out[v.TaskID]
		at := slices.IndexFunc(list, func(u tasks.Viewer) bool { return u.ID == v.User.ID })
		if at < 0 {
			at = len(list)
			list = append(list, tasks.Viewer{User: v.User})
		}
		if v.Field != "" {
			list[at].Editing = &v.Field
		}
		out[v.TaskID] = list
	}
	return out
}

// look tells of the tasks of a team whose viewers are others than before.
func (p *presence) look(ctx context.Context, teamID string) {
	now := p.now(ctx, teamID)
	p.mu.Lock()
	before := p.shown[teamID]
	p.shown[teamID] = now
	p.mu.Unlock()
	for task, list := range now {
		if !same(before[task], list) {
			p.tell(teamID, task, list)
		}
	}
	for task := range before {
		if now[task] == nil {
			p.tell(teamID, task, []tasks.Viewer{})
		}
	}
}

func same(a, b []tasks.Viewer) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

func (p *presence) tell(teamID, taskID string, list []tasks.Viewer) {
	text, err := json.Marshal(presenceChanged{"presence.changed", teamID, taskID, list, time.Now().UTC().Truncate(time.Microsecond)})
	if err == nil {
		p.n.tellPresence(teamID, taskID, text)
	}
}
