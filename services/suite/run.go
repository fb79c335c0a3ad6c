package suite

import (
	"errors"
	"fmt"
	"os"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	identity "egov/services/identity/module"
	portal "egov/services/portal/module"
)

// Action is what is done with the services of an installation.
type Action string

// The actions.
const (
	Serve   Action = "serve"   // until the process is asked to stop
	Migrate Action = "migrate" // the databases, as their owners; then stop
	Check   Action = "check"   // the configuration; then stop
)

// Run reads the configuration and does action with the services that target
// names.
func Run(file, target string, action Action) error {
	c := Default()
	if err := conf.Load(&c, file, os.LookupEnv); err != nil {
		return err
	}
	services, err := Services(c, target)
	if err != nil {
		return err
	}
	process := conf.Service{LogLevel: c.LogLevel, Telemetry: c.Telemetry}
	switch action {
	case Serve:
		return module.Run(process, "egov-"+target, services...)
	case Migrate:
		return module.Migrate(process, services...)
	case Check:
		return c.check(services)
	}
	return fmt.Errorf("unknown action %q", action)
}

// check reports every setting that services cannot be run with.
func (c Config) check(services []host.Service) error {
	var errs []error
	for _, s := range services {
		var err error
		switch s.Name {
		case identity.Name:
			err = c.Identity.Check()
		case portal.Name:
			err = c.Portal.Check()
		default:
			err = c.Services[s.Name].Check()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}
