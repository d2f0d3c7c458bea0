package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"tandem/internal/app"
	"tandem/internal/auth"
)

type userCmd struct {
	Create        userCreateCmd  `cmd:"" help:"Make an account."`
	List          userListCmd    `cmd:"" help:"List accounts."`
	ResetPassword userResetCmd   `cmd:"" help:"Set somebody's password and end their sessions."`
	Disable       userDisableCmd `cmd:"" help:"Lock somebody out: their sessions end at once, and what they wrote stays."`
	Enable        userEnableCmd  `cmd:"" help:"Let somebody in again."`
}

type userCreateCmd struct {
	Username      string `arg:"" help:"How others mention them."`
	Email         string `arg:"" help:"Where they are reached."`
	Name          string `help:"Name that is shown (default: the username)."`
	Admin         bool   `help:"Make them an administrator of this instance."`
	PasswordStdin bool   `help:"Read the password from standard input instead of asking."`
}

func (c *userCreateCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		password, err := readPassword(c.PasswordStdin)
		if err != nil {
			return err
		}
		me, err := a.Auth.CreateUser(e.ctx, auth.RegisterInput{Username: c.Username, Email: c.Email, Name: c.Name, Password: password}, c.Admin)
		if err != nil {
			return err
		}
		fmt.Printf("Created %s (%s).\n", me.Username, me.ID)
		return nil
	})
}

type userListCmd struct{}

func (userListCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "USERNAME\tNAME\tE-MAIL\tADMIN\tCREATED")
		for cursor := ""; ; {
			page, err := a.Auth.ListUsers(e.ctx, cursor, 200)
			if err != nil {
				return err
			}
			for _, u := range page.Items {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%t\t%s\n", u.Username, u.Name, u.Email, u.IsAdmin, u.CreatedAt.Format("2006-01-02"))
			}
			if page.NextCursor == nil {
				return w.Flush()
			}
			cursor = *page.NextCursor
		}
	})
}

type userResetCmd struct {
	Login         string `arg:"" help:"Username or e-mail address."`
	PasswordStdin bool   `help:"Read the password from standard input instead of asking."`
}

func (c *userResetCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		password, err := readPassword(c.PasswordStdin)
		if err != nil {
			return err
		}
		if err := a.Auth.SetPassword(e.ctx, c.Login, password); err != nil {
			return err
		}
		fmt.Printf("The password of %s is set; their sessions have ended.\n", c.Login)
		return nil
	})
}

type userDisableCmd struct {
	Login string `arg:"" help:"Username or e-mail address."`
}

func (c *userDisableCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		if err := a.Auth.SetDisabled(e.ctx, c.Login, true); err != nil {
			return err
		}
		fmt.Printf("%s is locked out; their sessions have ended.\n", c.Login)
		return nil
	})
}

type userEnableCmd struct {
	Login string `arg:"" help:"Username or e-mail address."`
}

func (c *userEnableCmd) Run(e *env) error {
	return withApp(e, func(a *app.App) error {
		if err := a.Auth.SetDisabled(e.ctx, c.Login, false); err != nil {
			return err
		}
		fmt.Printf("%s may log in again.\n", c.Login)
		return nil
	})
}

func withApp(e *env, fn func(*app.App) error) error {
	a, err := app.New(e.ctx, e.cfg, e.log)
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

// readPassword asks without showing what is typed, twice; or takes a line of standard input.
func readPassword(stdin bool) (string, error) {
	if stdin || !term.IsTerminal(int(os.Stdin.Fd())) { //nolint:gosec // a file descriptor
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if line == "" && err != nil {
			return "", errors.New("no password on standard input")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(os.Stderr, prompt)
		b, err := term.ReadPassword(int(os.Stdin.Fd())) //nolint:gosec // a file descriptor
		fmt.Fprintln(os.Stderr)
		return string(b), err
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask("Again: ")
	if err == nil && first != second {
		err = errors.New("the passwords differ")
	}
	return first, err
}
