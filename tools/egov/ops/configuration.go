package ops

import (
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"egov/libs/conf"
	"egov/services/suite"
)

// standIns are values for the variables that a pod gets from Secrets, so that a
// configuration can be checked without them.
func standIns(pod *corev1.PodSpec) map[string]string {
	vars := map[string]string{}
	for _, c := range pod.Containers {
		for _, v := range c.Env {
			switch {
			case strings.HasSuffix(v.Name, "_DATABASE_URL"):
				vars[v.Name] = "postgres://role@host/database"
			case strings.HasSuffix(v.Name, "_REDIS_URL"):
				vars[v.Name] = "rediss://user@host"
			case v.Value != "":
				vars[v.Name] = v.Value
			}
		}
	}
	return vars
}

// accepts says what a program of this release would refuse about a
// configuration file.
func accepts(program, text string, vars map[string]string) error {
	env := func(k string) (string, bool) { v, ok := vars[k]; return v, ok }
	all := suite.Default()
	switch program {
	case "suite":
		errs := []error{load(&all, text, env)}
		for _, n := range suite.Names() {
			errs = append(errs, all.CheckService(n))
		}
		return errors.Join(errs...)
	case "identity":
		return errors.Join(load(&all.Identity, text, env), all.Identity.Check())
	case "portal":
		return errors.Join(load(&all.Portal, text, env), all.Portal.Check())
	}
	c := conf.Default(program)
	return errors.Join(load(&c, text, env), c.Check())
}

func load(cfg any, text string, env func(string) (string, bool)) error {
	if err := conf.Decode(cfg, []byte(text)); err != nil {
		return err
	}
	return conf.Load(cfg, "", env)
}
