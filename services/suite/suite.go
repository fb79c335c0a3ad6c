// Package suite is all services from their modules, in one process or one at a
// time. It is the only module that imports services; they never import each
// other.
package suite

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"egov/libs/conf"
	"egov/libs/host"
	auditexport "egov/services/auditexport/module"
	budgeting "egov/services/budgeting/module"
	conference "egov/services/conference/module"
	cryptoassessment "egov/services/cryptoassessment/module"
	cybersecurity "egov/services/cybersecurity/module"
	dataresource "egov/services/dataresource/module"
	declaration "egov/services/declaration/module"
	expertreview "egov/services/expertreview/module"
	identity "egov/services/identity/module"
	legalization "egov/services/legalization/module"
	"egov/services/portal"
	portalmodule "egov/services/portal/module"
	procurement "egov/services/procurement/module"
)

// business are the services that are configured alike, in the order in which
// they are set up.
var business = []struct {
	name  string
	build func(conf.Service) host.Service
}{
	{declaration.Name, declaration.New},
	{expertreview.Name, expertreview.New},
	{conference.Name, conference.New},
	{budgeting.Name, budgeting.New},
	{procurement.Name, procurement.New},
	{cybersecurity.Name, cybersecurity.New},
	{cryptoassessment.Name, cryptoassessment.New},
	{legalization.Name, legalization.New},
	{dataresource.Name, dataresource.New},
	{auditexport.Name, auditexport.New},
}

// Config is the configuration of every service of one installation.
type Config struct {
	LogLevel  string          `yaml:"log_level"`
	Telemetry conf.Telemetry  `yaml:"telemetry"`
	Identity  identity.Config `yaml:"identity"`
	Portal    portal.Config   `yaml:"portal"`
	Services  Business        `yaml:"services"`
}

// Business is the configuration of the services that are configured alike, by
// name.
type Business map[string]conf.Service

// UnmarshalYAML reads each service's settings over the defaults of its own.
func (b *Business) UnmarshalYAML(n *yaml.Node) error {
	var entries map[string]yaml.Node
	if err := n.Decode(&entries); err != nil {
		return err
	}
	*b = Business{}
	for name, entry := range entries {
		text, err := yaml.Marshal(&entry)
		if err != nil {
			return err
		}
		c := conf.Default(name)
		if err := conf.Decode(&c, text); err != nil {
			return fmt.Errorf("services.%s, line %d and below: %w", name, entry.Line, err)
		}
		(*b)[name] = c
	}
	return nil
}

// Default is the configuration of an installation that is told nothing but
// where its services listen.
func Default() Config {
	c := conf.Default("")
	return Config{LogLevel: c.LogLevel, Telemetry: c.Telemetry, Identity: identity.Default(), Portal: portal.Default()}
}

// Names lists every service, identity first and the portal last.
func Names() []string {
	names := []string{identity.Name}
	for _, b := range business {
		names = append(names, b.name)
	}
	return append(names, portalmodule.Name)
}

// Databases lists the services that own a database.
func Databases() []string {
	return slices.DeleteFunc(Names(), func(n string) bool { return n == portalmodule.Name })
}

// Services builds the services that target names; "all" builds every one.
func Services(c Config, target string) ([]host.Service, error) {
	all := []host.Service{identity.New(c.Identity)}
	for _, b := range business {
		s, ok := c.Services[b.name]
		if !ok {
			return nil, fmt.Errorf("configuration: services.%s is missing", b.name)
		}
		all = append(all, b.build(s))
	}
	all = append(all, portalmodule.New(c.Portal))
	return host.Pick(all, target)
}
