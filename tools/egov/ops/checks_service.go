package ops

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"

	"egov/libs/calendar"
)

// From when on a figure is a finding. The alerts of deploy/telemetry have
// limits of their own, over time.
const (
	keyWaits     = time.Minute
	oldStatement = 30 * time.Minute   // a source signs its windows every ten
	keyRunsOut   = 3 * 24 * time.Hour // keys follow one another a week ahead
	clocksApart  = 5 * time.Second    // what a token's verification forgives
	minorsApart  = 1
)

// configurations finds settings that the programs do not know, and a clock that
// is not the world's.
func (c *chart) configurations(s *Survey) {
	o := s.cluster
	for _, d := range o.deployments {
		for i := range o.configMaps {
			m := &o.configMaps[i]
			if m.Namespace == d.Namespace && m.Name == d.Name {
				if err := checkConfiguration(d.Name, m, &d.Spec.Template.Spec); err != nil {
					c.add("configuration_refused", d.Namespace+"/"+d.Name, "ConfigMap %s: %v", m.Name, err)
				}
			}
		}
	}
	for _, x := range s.Services {
		for _, i := range x.seen() {
			var said struct {
				Clock struct {
					File string `yaml:"file"`
				} `yaml:"clock"`
			}
			if yaml.Unmarshal([]byte(i.config), &said) == nil && said.Clock.File != "" {
				c.add("virtual_clock", x.place(), "clock.file: %s", said.Clock.File)
			}
		}
	}
}

// links finds ways to servers that others could read or use.
func (c *chart) links(x *Service) {
	for _, i := range x.seen() {
		for _, l := range i.Status.Links {
			if l.Local {
				continue
			}
			if !l.TLS {
				c.add(l.To+"_without_tls", x.place(), "%s is reached without TLS", l.To)
			}
			if !l.Named {
				c.add("redis_default_user", x.place(), "%s is used as its default user", l.To)
			}
		}
	}
	if n := x.total(outboxRewinds); n != nil && *n > 0 {
		c.add("redis_forgets", x.place(), "%s = %.0f", outboxRewinds, *n)
	}
}

// outbox says why facts are not sent.
func (c *chart) outbox(x, earlier *Service) {
	age := x.total(outboxAge)
	if age == nil || *age < oldOutbox.Seconds() {
		return
	}
	rows := x.total(outboxRows)
	if rows == nil {
		rows = new(float64)
	}
	seen := fmt.Sprintf("%.0f facts, the oldest for %s", *rows, short(time.Duration(*age*float64(time.Second))))
	if earlier == nil {
		c.add("outbox_old", x.place(), "%s", seen)
		return
	}
	grown := func(name string, labels ...string) bool {
		a, b := earlier.total(name, labels...), x.total(name, labels...)
		return a != nil && b != nil && *b > *a
	}
	switch {
	case grown(outboxPublished):
		c.add("outbox_old", x.place(), "%s, being sent", seen)
	case grown(outboxFailures, "part"):
		c.add("outbox_stuck", x.place(), "%s; the relay fails again and again", seen)
	default:
		c.add("transaction_open", x.place(), "%s; the relay does not fail and sends nothing", seen)
	}
}

func (c *chart) consumers(x *Service) {
	for _, h := range x.series(heldFacts, "consumer", "state") {
		if h.labels["state"] == "dead" && h.value > 0 {
			c.add("dead_letters", x.place(), "%s: %.0f", h.labels["consumer"], h.value)
		}
	}
	for _, l := range x.series(lostFacts, "consumer") {
		if l.value > 0 {
			c.add("facts_lost", x.place(), "%s: %.0f since its start", l.labels["consumer"], l.value)
		}
	}
	for _, l := range x.series(lagEntries, "consumer", "source") {
		if l.value >= manyEntries {
			c.add("consumer_behind", x.place(), "%s: %.0f entries of %s", l.labels["consumer"], l.value, l.labels["source"])
		}
	}
	for _, k := range x.series(keyUnknown, "source") {
		if k.value >= keyWaits.Seconds() {
			c.add("event_key_unknown", x.place(), "facts of %s have waited for its key for %s", k.labels["source"], short(time.Duration(k.value*float64(time.Second))))
		}
	}
	for _, s := range x.series(statementAge, "source") {
		if s.value >= oldStatement.Seconds() {
			c.add("windows_old", x.place(), "nothing newly signed of %s for %s", s.labels["source"], short(time.Duration(s.value*float64(time.Second))))
		}
	}
}

func (c *chart) ledger(x *Service, now time.Time) {
	if v := x.total(ledgerBroken); v != nil && *v > 0 {
		c.add("ledger_broken", x.place(), "%s = 1", ledgerBroken)
	}
	for _, l := range x.series(ledgerLate, "what") {
		if l.value > 0 {
			c.add("checkpoint_late", x.place(), "%s is overdue", l.labels["what"])
		}
	}
	if at, rows := x.total(checkpointTime), x.total(ledgerRows); at != nil && rows != nil && *rows > 0 && *at > 0 {
		if age := now.Sub(time.Unix(int64(*at), 0)); age >= oldCheckpoint && !c.has("checkpoint_late", x.place()) {
			c.add("checkpoint_late", x.place(), "last found signed %s ago", short(age))
		}
	}
	if v := x.total(witnessRefused); v != nil && *v > 0 {
		c.add("ledger_refused", x.place(), "%s = 1", witnessRefused)
	}
}

func (c *chart) has(code, where string) bool {
	return slices.ContainsFunc(c.found, func(f Finding) bool { return f.Code == code && f.Where == where })
}

// keys finds a service whose newest key of events runs out before another one
// is there.
func (c *chart) keys(x *Service, now time.Time) {
	var newest time.Time
	for _, i := range x.seen() {
		for _, k := range i.keys {
			if k.Holder == x.Name && k.NotAfter.After(newest) {
				newest = k.NotAfter
			}
		}
	}
	if !newest.IsZero() && newest.Sub(now) < keyRunsOut {
		c.add("event_key_expiring", x.place(), "its newest key of events holds until %s", newest.In(calendar.Shanghai).Format(time.DateTime))
	}
}

func (c *chart) jobs(x *Service) {
	for _, j := range x.series(jobCounts, "kind", "state") {
		if j.labels["state"] == "discarded" && j.value > 0 {
			c.add("job_given_up", x.place(), "%s: %.0f", j.labels["kind"], j.value)
		}
	}
}

// replicas finds replicas of one service that do not agree on who they are.
func (c *chart) replicas(x *Service) {
	seals, versions, configs := map[string]bool{}, map[string]bool{}, map[string]bool{}
	refused := map[float64]bool{}
	for _, i := range x.seen() {
		if !i.Ready {
			continue
		}
		if i.seal != "" {
			seals[i.seal] = true
		}
		if i.config != "" {
			configs[i.config] = true
		}
		versions[i.Status.Version] = true
		for _, w := range i.figures[witnessRefused] {
			refused[w.value] = true
		}
	}
	if len(seals) > 1 {
		c.add("replicas_at_odds", x.place(), "%d seals: %s", len(seals), strings.Join(slices.Sorted(maps.Keys(seals)), ", "))
	}
	if len(refused) > 1 {
		c.add("replicas_at_odds", x.place(), "as witnesses of the ledger, some refuse it and others do not")
	}
	switch {
	case len(versions) > 1:
		c.add("versions_mixed", x.place(), "%s", strings.Join(slices.Sorted(maps.Keys(versions)), ", "))
	case len(configs) > 1:
		c.add("configurations_mixed", x.place(), "%d different configurations are in force", len(configs))
	}
}

func (c *chart) notices(x *Service) {
	for _, i := range x.seen() {
		for _, n := range i.Status.Notices {
			c.add("service_says", x.place(), "%s: %s", i.Pod, n)
		}
	}
}

// unanswered finds replicas that run and could not be asked.
func (c *chart) unanswered(x *Service) {
	for _, i := range x.Instances {
		if i.Unseen != nil && i.Ready {
			c.add("not_answering", x.place(), "%s: %v", i.address(), i.Unseen)
		} else if i.Unseen != nil && x.Namespace == "" {
			c.add("not_running", x.place(), "%v", i.Unseen)
		}
	}
}

// versions finds services further apart than releases are proven together.
func (c *chart) versions(services []*Service) {
	low, high := math.MaxInt, -1
	var lowest, highest, majors []string
	for _, x := range services {
		for _, v := range x.versions() {
			major, minor, ok := release(v)
			if !ok {
				continue
			}
			majors = append(majors, strconv.Itoa(major))
			at := x.place() + " " + v
			switch {
			case minor < low:
				low, lowest = minor, []string{at}
			case minor == low:
				lowest = append(lowest, at)
			}
			switch {
			case minor > high:
				high, highest = minor, []string{at}
			case minor == high:
				highest = append(highest, at)
			}
		}
	}
	slices.Sort(majors)
	if high-low > minorsApart || len(slices.Compact(majors)) > 1 {
		c.add("versions_apart", "–", "%s; %s", strings.Join(lowest, ", "), strings.Join(highest, ", "))
	}
}

// release reads major and minor of a version such as v0.2.1-3-gabcdef.
func release(v string) (major, minor int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(v, "v"), ".", 3)
	if len(parts) < 3 {
		return 0, 0, false
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(parts[1])
	return major, minor, err == nil
}

// clocks finds machines whose time is not the others'. Each is held against
// where most are, so that the time of whoever looks does not count.
func (c *chart) clocks(services []*Service) {
	type ahead struct {
		place string
		by    time.Duration
	}
	var all []ahead
	for _, x := range services {
		for _, i := range x.seen() {
			if !i.Status.Now.IsZero() {
				all = append(all, ahead{x.place() + " " + i.Pod, i.Status.Now.Sub(i.said)})
			}
		}
	}
	if len(all) == 0 {
		return
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b ahead) int { return cmp.Compare(a.by, b.by) })
	middle := sorted[len(sorted)/2].by
	for _, a := range all {
		if off := (a.by - middle).Abs(); off >= clocksApart {
			c.add("clocks_apart", a.place, "%s off the others", off.Round(time.Second))
		}
	}
}

// checkConfiguration reads a ConfigMap as the program would that it is for.
func checkConfiguration(program string, m *corev1.ConfigMap, pod *corev1.PodSpec) error {
	text, ok := m.Data["config.yaml"]
	if !ok {
		return errors.New("no key config.yaml")
	}
	return accepts(program, text, standIns(pod))
}
