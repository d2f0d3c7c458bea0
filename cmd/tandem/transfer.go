package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"tandem/internal/app"
	"tandem/internal/errs"
	"tandem/internal/users"
)

type importCmd struct {
	File    string `arg:"" type:"existingfile" help:"The file to import."`
	Project string `required:"" placeholder:"ID|TEAM/KEY" help:"The project: its id, or its team's name and its key."`
	As      string `required:"" placeholder:"USERNAME" help:"On whose authority: an owner or admin of the team."`
	Format  string `enum:"github,trello,csv,tandem," default:"" help:"github, trello, csv or tandem; found out from the file when left out."`
}

func (c *importCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		actor, project, err := findProject(e.ctx, a, c.As, c.Project)
		if err != nil {
			return err
		}
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		job, err := a.Transfer.ImportNow(e.ctx, actor, project, c.Format, f, showProgress("tasks"))
		if errors.Is(err, context.Canceled) {
			return errors.New("cancelled: nothing was imported")
		}
		if err != nil {
			return err
		}
		fmt.Printf("%d tasks and %d comments imported; %d tasks were there already.\n", job.Tasks.Created, job.Comments.Created, job.Tasks.Unchanged)
		return nil
	})
}

type exportCmd struct {
	Project string `required:"" placeholder:"ID|TEAM/KEY" help:"The project: its id, or its team's name and its key."`
	As      string `required:"" placeholder:"USERNAME" help:"On whose authority: a member of the team."`
	Format  string `enum:"json,csv" default:"json" help:"json (importable again) or csv."`
	Output  string `short:"o" type:"path" help:"File to write; standard output when left out."`
}

func (c *exportCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		actor, project, err := findProject(e.ctx, a, c.As, c.Project)
		if err != nil {
			return err
		}
		file, err := a.Transfer.Export(e.ctx, actor, project, c.Format)
		if err != nil {
			return err
		}
		if c.Output == "" {
			return file.Write(e.ctx, os.Stdout)
		}
		// Written beside and renamed, so that half an export never passes for a whole one.
		part := c.Output + ".part"
		out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the operator names this file
		if err != nil {
			return err
		}
		if err := errors.Join(file.Write(e.ctx, out), out.Close()); err != nil {
			return errors.Join(err, os.Remove(part))
		}
		return os.Rename(part, c.Output)
	})
}

// findProject reads "id" or "team/KEY" among the projects of the user.
func findProject(ctx context.Context, a *app.App, username, project string) (users.Actor, string, error) {
	u, err := a.Users.Find(ctx, a.DB.Read(), username)
	if err != nil {
		return users.Actor{}, "", err
	}
	actor := users.Actor{ID: u.ID, Username: u.Username}
	list, err := a.Teams.ListTeams(ctx, actor)
	if err != nil {
		return actor, "", err
	}
	team, key, named := strings.Cut(project, "/")
	for _, t := range list {
		projects, err := a.Teams.Projects(ctx, actor, t.ID)
		if err != nil {
			return actor, "", err
		}
		for _, p := range projects {
			if p.ID == project || named && users.Key(t.Name) == users.Key(team) && strings.EqualFold(p.Key, key) {
				return actor, p.ID, nil
			}
		}
	}
	return actor, "", errs.New(errs.NotFound, "%s has no project %q: give its id, or the team's name and the key, such as %q", username, project, "Lighthouse/WEB")
}

// showProgress draws a bar on a terminal; elsewhere it writes a line for each tenth.
func showProgress(what string) func(done, total int) {
	if !term.IsTerminal(int(os.Stderr.Fd())) { //nolint:gosec // a file descriptor
		tenth := 0
		return func(done, total int) {
			if total > 0 && 10*done/total > tenth {
				tenth = 10 * done / total
				fmt.Fprintf(os.Stderr, "%d of %d %s\n", done, total, what)
			}
		}
	}
	const width = 40
	return func(done, total int) {
		if total == 0 {
			return
		}
		full := width * done / total
		fmt.Fprintf(os.Stderr, "\r[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat(".", width-full), done, total, what)
		if done == total {
			fmt.Fprintln(os.Stderr)
		}
	}
}
