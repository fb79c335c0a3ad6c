package suite

import (
	"os"

	"egov/libs/conf"
	"egov/libs/module"
)

// Run reads the configuration and runs the services that target names until
// the process is asked to stop.
func Run(file, target string) error {
	var c Config
	if err := conf.Load(&c, file, os.LookupEnv); err != nil {
		return err
	}
	services, err := Services(c, target)
	if err != nil {
		return err
	}
	return module.Run(conf.Service{LogLevel: c.LogLevel, Telemetry: c.Telemetry}, "egov-"+target, services...)
}
