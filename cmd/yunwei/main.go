// Command yunwei is the service desk: all of it in one process (dev), or its parts (serve, worker) and tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"yunwei/config"
)

// version is set by the linker.
var version = "development"

type cli struct {
	Config kong.ConfigFlag `env:"-" help:"YAML file with settings, by the names of the flags: a mapping like database: sqlite:///path/file.db. Flags and variables come before it." placeholder:"FILE"`

	Dev      devCommand      `cmd:"" help:"Run everything in one process, with its own Temporal server and database."`
	Serve    serveCommand    `cmd:"" help:"Serve console and API. Any number of processes."`
	Worker   workerCommand   `cmd:"" help:"Keep the cases alive. Any number of processes."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database to this release's tables, or back."`
	User     userCommand     `cmd:"" help:"Accounts."`
	Policy   policyCommand   `cmd:"" help:"Policies."`
	Holidays holidaysCommand `cmd:"" help:"Days off and make-up workdays."`
	Notify   notifyCommand   `cmd:"" help:"Notices."`
	Health   healthCommand   `cmd:"" help:"Ask a running process whether it is ready; the exit status tells."`
	Version  versionCommand  `cmd:"" help:"Say which release this is."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "yunwei:", oneLine(err))
		os.Exit(1)
	}
}

// console is where a command reads and writes.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("yunwei"), kong.Description("The service desk of a contractor that operates IT systems."),
		kong.DefaultEnvars(config.Prefix), kong.Configuration(readSettings),
		kong.Writers(out, os.Stderr), kong.UsageOnError(), kong.ShortUsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(console{in, out, os.Stderr}),
	)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return chosen.Run()
}

// oneLine keeps an error on one line, unless it is a list of mistakes, one a line.
func oneLine(err error) string {
	if many, ok := errors.AsType[mistakes](err); ok {
		return many.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// mistakes is an error of several lines.
type mistakes struct{ error }

// mistakesIn says what is wrong with something, one line for each mistake.
func mistakesIn(what string, lines []string) error {
	return mistakes{fmt.Errorf("%s has %s:\n%s", what, counted(len(lines), "mistake"), strings.Join(lines, "\n"))}
}

// counted is a number of things in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

func newLog(s config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

type versionCommand struct{}

func (versionCommand) Run(c console) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.out, "yunwei %s%s %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
