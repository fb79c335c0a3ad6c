package suite

import (
	"errors"
	"fmt"
	"os"

	"egov/libs/conf"
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
		var errs []error
		for _, s := range services {
			errs = append(errs, c.CheckService(s.Name))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("unknown action %q", action)
}

// CheckService reports every setting that one service cannot be run with.
func (c Config) CheckService(name string) error {
	var err error
	switch name {
	case identity.Name:
		err = c.Identity.Check()
	case portal.Name:
		err = c.Portal.Check()
	default:
		err = c.Services[name].Check()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
