// Command tandem is the server and its command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tandem/internal/app"
	"tandem/internal/config"
	"tandem/internal/errs"
	"tandem/internal/httpapi"
	"tandem/internal/telemetry"
)

type cli struct {
	Config string        `help:"YAML file with settings; flags and TANDEM_* variables win over it." env:"TANDEM_CONFIG" type:"path" placeholder:"FILE"`
	Set    config.Config `embed:""`

	Serve       serveCmd       `cmd:"" help:"Serve the app, the API and the sockets."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database's schema up to date and exit."`
	MigrateDB   migrateDBCmd   `cmd:"" name:"migrate-db" help:"Copy everything from SQLite to PostgreSQL."`
	Import      importCmd      `cmd:"" help:"Import a file into a project."`
	Export      exportCmd      `cmd:"" help:"Write a project to a file."`
	User        userCmd        `cmd:"" help:"Manage accounts."`
	Doctor      doctorCmd      `cmd:"" help:"Check this installation and say what to do."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask the running server whether it lives (for containers)."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
	OpenAPI     openapiCmd     `cmd:"" name:"openapi" hidden:"" help:"Print the OpenAPI document."`
}

// env is what commands work with.
type env struct {
	ctx context.Context
	cfg *config.Config
	log *slog.Logger
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tandem: "+describe(err))
		os.Exit(1)
	}
}

// addresses may have passwords in them.
var addresses = regexp.MustCompile(`://\S+`)

func run(args []string) error {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("tandem"),
		kong.Description("Tandem, a real-time task manager for teams."),
		kong.UsageOnError(),
		kong.DefaultEnvars("TANDEM"),
	)
	if err != nil {
		return err
	}
	if err := useFile(parser, args, os.Environ()); err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return errors.New(addresses.ReplaceAllString(err.Error(), "://…")) // it repeats what it does not understand
	}
	if name := command.Command(); name != "version" && name != "openapi" { // these answer whatever the settings
		if err := c.Set.Validate(os.Getenv); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	return command.Run(&env{ctx, &c.Set, telemetry.NewLogger(os.Stderr, c.Set.LogLevel, c.Set.LogFormat, httpapi.RequestID)})
}

// describe is an error as the person at the terminal needs it: joined faults one a line.
func describe(err error) string {
	if all := errs.All(err); len(all) > 1 {
		text := ""
		for _, e := range all {
			text += "\n  " + e.Field + ": " + e.Message
		}
		return text[1:]
	}
	for _, e := range errs.All(err) {
		if e.Field != "" {
			return e.Field + " " + e.Message
		}
	}
	return err.Error()
}

type serveCmd struct{}

func (serveCmd) Run(e *env) error {
	a, err := app.New(e.ctx, e.cfg, e.log)
	if e.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		e.log.InfoContext(e.ctx, "stopped before serving")
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.Listen(); err != nil {
		return errors.Join(err, a.Close())
	}
	where := e.cfg.BaseURL
	if strings.HasSuffix(e.cfg.Addr, ":0") { // whatever port was free
		where = "http://" + a.Addr()
	}
	fmt.Printf("Tandem %s is running at %s\n", telemetry.Version(), where)
	e.log.InfoContext(e.ctx, "serving", "addr", a.Addr(), "version", telemetry.Version())
	err = errors.Join(a.Run(e.ctx), a.Close())
	if err == nil {
		e.log.InfoContext(e.ctx, "stopped")
	}
	return err
}

type migrateCmd struct{}

func (migrateCmd) Run(e *env) error {
	a, err := app.New(e.ctx, e.cfg, e.log)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	if err := a.Jobs.Migrate(e.ctx); err != nil {
		return err
	}
	fmt.Println("The schema is up to date.")
	return nil
}

type versionCmd struct{}

func (versionCmd) Run(*env) error { //nolint:unparam // what kong calls
	fmt.Println(telemetry.Version())
	return nil
}

type openapiCmd struct{}

func (openapiCmd) Run(*env) error {
	doc, err := httpapi.OpenAPI()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(doc)
	return err
}
