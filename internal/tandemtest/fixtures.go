package tandemtest

import (
	"fmt"
	"sync"

	"github.com/alexedwards/argon2id"

	"tandem/internal/db"
	"tandem/internal/tasks"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Password is that of every user made by User.
const Password = "correct horse battery staple"

// Weaker than in earnest, because a test may make hundreds of users.
var passwordHash = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash(Password, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
})

// User makes a user, called username (or a new name, when empty) and reached at
// username@example.org.
func (e *Env) User(username string) users.Actor {
	e.T.Helper()
	if username == "" {
		username = e.name("user")
	}
	hash, err := passwordHash()
	if err != nil {
		e.T.Fatal(err)
	}
	ctx := e.T.Context()
	var me users.Me
	err = e.DB.Write(ctx, func(tx *db.Tx) error {
		me, err = e.Users.Create(ctx, tx, users.New{Username: username, Email: username + "@example.org", Name: username, PasswordHash: hash})
		if err != nil {
			return err
		}
		return e.Log.Open(ctx, tx, me.ID)
	})
	if err != nil {
		e.T.Fatalf("make user %s: %v", username, err)
	}
	return users.Actor{ID: me.ID, Username: me.Username}
}

// Team makes a team that owner owns.
func (e *Env) Team(owner users.Actor) teams.Team {
	e.T.Helper()
	team, err := e.Teams.CreateTeam(e.T.Context(), owner, teams.TeamInput{Name: e.name("Team ")})
	if err != nil {
		e.T.Fatalf("make team: %v", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.owners[team.ID] = owner
	return team
}

// Owner is who Team was called with.
func (e *Env) Owner(teamID string) users.Actor {
	e.T.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	owner, ok := e.owners[teamID]
	if !ok {
		e.T.Fatalf("team %s was not made by Env.Team", teamID)
	}
	return owner
}

// Member makes a user who is in the team with this role.
func (e *Env) Member(team teams.Team, role teams.Role) users.Actor {
	e.T.Helper()
	u := e.User("")
	e.Join(team, u, role)
	return u
}

// Join brings an existing user into the team.
func (e *Env) Join(team teams.Team, u users.Actor, role teams.Role) {
	e.T.Helper()
	ctx, owner := e.T.Context(), e.Owner(team.ID)
	invited := role
	if role == teams.Owner {
		invited = teams.Admin // nobody is invited as an owner
	}
	invite, err := e.Teams.Invite(ctx, owner, team.ID, teams.InviteInput{Username: &u.Username, Role: invited})
	if err != nil {
		e.T.Fatalf("invite %s: %v", u.Username, err)
	}
	if _, err := e.Teams.AcceptMyInvite(ctx, u, invite.ID); err != nil {
		e.T.Fatalf("join as %s: %v", u.Username, err)
	}
	if role == teams.Owner {
		if _, err := e.Teams.SetRole(ctx, owner, team.ID, u.ID, role); err != nil {
			e.T.Fatalf("make %s an owner: %v", u.Username, err)
		}
	}
}

// Project makes a project with the statuses that every new one has.
func (e *Env) Project(team teams.Team) teams.Project {
	e.T.Helper()
	n := e.next("project")
	p, err := e.Teams.CreateProject(e.T.Context(), e.Owner(team.ID), team.ID, teams.ProjectInput{Name: fmt.Sprintf("Project %d", n), Key: fmt.Sprintf("PRJ%d", n)})
	if err != nil {
		e.T.Fatalf("make project: %v", err)
	}
	return p
}

// Task makes a task in the project's first column, created by the team's owner.
func (e *Env) Task(p teams.Project, title string) tasks.Detail {
	e.T.Helper()
	return e.TaskBy(e.Owner(p.TeamID), p, tasks.Fields{Title: tasks.Of(title)})
}

// TaskBy makes a task with these fields.
func (e *Env) TaskBy(actor users.Actor, p teams.Project, f tasks.Fields) tasks.Detail {
	e.T.Helper()
	t, err := e.Tasks.Create(e.T.Context(), actor, p.ID, tasks.Input{Fields: f})
	if err != nil {
		e.T.Fatalf("make task: %v", err)
	}
	return t
}

const insertNotifications = `
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($1 AS BIGINT))
INSERT INTO notifications (id, user_id, type, event_key, team_id, title, message, task_count, in_app, email, created_at, read_at)
SELECT $2 || n, $3, CASE n % 10 WHEN 0 THEN 'mention' ELSE 'task_commented' END, $2 || n, $4, 'title', 'message', 1, TRUE, '', `

const countNotifications = `
INSERT INTO unread_counts (user_id, unread)
VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE
SET unread = unread_counts.unread + excluded.unread`

// Notifications gives somebody n notifications of now, faster than they come in earnest: every third is read, every
// tenth a mention, the others of comments. teamID may be nil.
func (e *Env) Notifications(u users.Actor, teamID *string, n int) {
	e.T.Helper()
	ctx := e.T.Context()
	err := e.DB.Write(ctx, func(tx *db.Tx) error {
		times := tx.Dialect().Pick(`$5, CASE n % 3 WHEN 0 THEN $5 END`, `CAST($5 AS TIMESTAMPTZ), CASE n % 3 WHEN 0 THEN CAST($5 AS TIMESTAMPTZ) END`)
		if _, err := tx.Exec(ctx, insertNotifications+times+"\nFROM numbers", n, e.name(u.Username)+"-", u.ID, teamID, db.Time(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, countNotifications, u.ID, n-n/3)
		return err
	})
	if err != nil {
		e.T.Fatalf("make %d notifications: %v", n, err)
	}
}
