package module

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/telemetry"
)

// Main runs one service alone: configuration from -config and the environment,
// JSON logs on standard error, an ordered stop on SIGINT and SIGTERM. It is the
// whole of a service's command.
func Main(name string, build func(conf.Service) host.Service) {
	MainWith(name, conf.Default(name), build)
}

// Config is the configuration of a service that has settings of its own: a
// struct with conf.Service inline.
type Config interface {
	Base() conf.Service
	Check() error
}

// MainWith is Main for a service with settings of its own.
func MainWith[C Config](name string, defaults C, build func(C) host.Service) {
	err := run(name, defaults, build, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run[C Config](name string, c C, build func(C) host.Service, args []string) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	file := flags.String("config", "", "configuration file (YAML)")
	check := flags.Bool("check", false, "check the configuration and stop")
	migrate := flags.Bool("migrate", false, "migrate the database as its owner and stop")
	version := flags.Bool("version", false, "print the version and stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version {
		fmt.Println(name, host.Version())
		return nil
	}
	if err := conf.Load(&c, *file, os.LookupEnv); err != nil {
		return err
	}
	if *migrate { // the owner knows nothing of the rest of the service
		return Migrate(c.Base(), build(c))
	}
	if err := c.Check(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if *check {
		return nil
	}
	return Run(c.Base(), name, build(c))
}

// Migrate migrates the databases of services and stops.
func Migrate(c conf.Service, services ...host.Service) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	log, err := logger(c)
	if err != nil {
		return err
	}
	return host.Migrate(ctx, log, services...)
}

// logger makes the process's logger: JSON lines on standard error.
func logger(c conf.Service) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, fmt.Errorf("log_level: %w", err)
	}
	log := telemetry.NewLogger(os.Stderr, level)
	slog.SetDefault(log)
	return log, nil
}

// Run runs services in one process until SIGINT or SIGTERM.
func Run(c conf.Service, process string, services ...host.Service) (err error) {
	tuneMemory(containerMemory(), os.Getenv)
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	log, err := logger(c)
	if err != nil {
		return err
	}
	stop, err := telemetry.Start(ctx, process, c.Telemetry)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(context.WithoutCancel(ctx))) }()
	return host.Run(ctx, log, services...)
}
