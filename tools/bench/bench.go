// Package bench measures what the suite promises beside what it is compared
// with, and prints one line a measure. Each measure runs both sides in turn, on
// servers of its own; absolute figures drift with the machine, ratios of one
// run hold. It judges nothing: floors and goals are printed beside.
package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"egov/libs/event/eventbench"
	"egov/services/suite/effectbench"
	"egov/services/suite/ledgerbench"
	"egov/services/suite/writebench"
)

// measure is one ratio.
type measure struct {
	pair
	less bool // less is better: the ratio is of the reference to ours
}

// pair is a measure as the packages give it that measure.
type pair struct {
	Name  string
	Unit  string
	Floor float64
	Goal  float64
	Run   func(ctx context.Context) (ours, reference float64, err error)
}

// listed takes what a package measures.
func listed[M ~struct {
	Name  string
	Unit  string
	Floor float64
	Goal  float64
	Run   func(ctx context.Context) (ours, reference float64, err error)
}](all []M) (list []measure) {
	for _, m := range all {
		list = append(list, measure{pair: pair(m)})
	}
	return list
}

// group is measures that share their servers.
type group struct {
	names []string
	// open prepares the group's measures; what it registers with the servers is
	// closed with them.
	open func(ctx context.Context, s *servers) ([]measure, error)
}

// options are what the command line says besides which measure to run.
type options struct {
	report  func(line string) // takes what a watcher may want to know
	rounds  int               // of the write measures; 0 = their default
	profile string            // folder for CPU profiles; empty = none are made
}

// groups are all measures, in the order in which they are printed. stable: the
// names are those of `make bench ONLY=`.
var groups = []group{
	{[]string{"relay", "outbox_to_ack", "outbox_to_effect", "consume_ack", "inbox_batch"}, events},
	{[]string{"decide"}, decisions},
	{[]string{"submit_c8", "submit_c64_group", "pgx_batch", "submit_c8_prepared", "submit_c64_prepared", "submit_c64_relayed", "traced"}, writes},
	{[]string{"effect_p99", "effect_p99_bare", "effect_p99_whole"}, effects},
	{[]string{"ledger_append", "export_jsonl", "export_gzip", "export_zstd"}, ledgers},
	{[]string{"verify_sha256", "verify_sha256_core", "verify_sm3", "verify_sm3_core"}, verification},
	{[]string{"search_project", "search_person", "search_unit_time", "search_provision", "search_amount", "search_text", "search_mixed"}, searches},
}

// Run measures what args ask for, everything without any, and prints it.
func Run(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	only := flags.String("only", "", "the measures to run, with commas between; empty = all")
	o := options{report: func(line string) { _, _ = fmt.Fprintln(errs, line) }} // for whoever watches
	flags.IntVar(&o.rounds, "rounds", 0, "rounds of each side of the write measures; 0 = five")
	flags.StringVar(&o.profile, "cpuprofile", "", "folder for CPU profiles of this process and of the services it measures")
	if err := flags.Parse(args); err != nil {
		return err
	}
	names := allNames()
	if *only != "" {
		names = strings.Split(*only, ",")
		for _, n := range names {
			if !slices.Contains(allNames(), n) {
				return fmt.Errorf("there is no measure %q; there are: %s", n, strings.Join(allNames(), " "))
			}
		}
	}
	return profiled(o.profile, func() error {
		var failed []error
		for _, g := range groups {
			if slices.ContainsFunc(g.names, func(n string) bool { return slices.Contains(names, n) }) {
				failed = append(failed, g.run(ctx, names, o, out))
			}
		}
		return errors.Join(failed...)
	})
}

func allNames() (names []string) {
	for _, g := range groups {
		names = append(names, g.names...)
	}
	return names
}

func (g group) run(ctx context.Context, names []string, o options, out io.Writer) (err error) {
	s := &servers{options: o}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	measures, err := g.open(ctx, s)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(g.names, ", "), err)
	}
	var failed []error
	for _, m := range measures {
		if !slices.Contains(names, m.Name) {
			continue
		}
		o.report("measuring " + m.Name + " …")
		ours, reference, err := m.Run(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.Name, err))
			continue
		}
		if _, err := fmt.Fprintln(out, line(m, ours, reference)); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// line is the outside form of one measure.
func line(m measure, ours, reference float64) string {
	ratio := ours / reference
	if m.less {
		ratio = reference / ours
	}
	return fmt.Sprintf("bench %s ours=%s reference=%s unit=%s ratio=%.2f floor=%g goal=%g",
		m.Name, figure(ours), figure(reference), m.Unit, ratio, m.Floor, m.Goal)
}

// figure writes a figure with as many digits as mean anything.
func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func events(ctx context.Context, s *servers) ([]measure, error) {
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	db, err := s.database(ctx, "bench")
	if err != nil {
		return nil, err
	}
	b, err := eventbench.Open(ctx, eventbench.Options{OwnerURL: db.owner, AppURL: db.app, AppRole: db.role, RedisURL: s.redis.URL(0)})
	if err != nil {
		return nil, err
	}
	s.later(func(context.Context) error { b.Close(); return nil })
	return listed(b.Measures()), nil
}

func writes(ctx context.Context, s *servers) ([]measure, error) {
	pgbench, err := program("pgbench")
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	db, err := s.database(ctx, "declaration")
	if err != nil {
		return nil, err
	}
	b, err := writebench.Open(ctx, writebench.Options{
		SuperuserURL: db.superuser, OwnerURL: db.owner, AppURL: db.app, AppRole: db.role, RedisURL: s.redis.URL(0),
		PGBench: pgbench, Dir: s.dir, Serve: s.serve, Report: s.options.report, Rounds: s.options.rounds,
	})
	if err != nil {
		return nil, err
	}
	s.later(func(context.Context) error { return b.Close() })
	return listed(b.Measures()), nil
}

func effects(ctx context.Context, s *servers) ([]measure, error) {
	if err := s.folder(); err != nil {
		return nil, err
	}
	b, err := effectbench.Open(ctx, effectbench.Options{Dir: s.dir, Serve: s.serve, Report: s.options.report, Rounds: s.options.rounds})
	if err != nil {
		return nil, err
	}
	s.later(b.Close)
	list := listed(b.Measures())
	for i := range list {
		list[i].less = true
	}
	return list, nil
}

func ledgers(ctx context.Context, s *servers) ([]measure, error) {
	psql, err := program("psql")
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	db, err := s.database(ctx, "auditexport")
	if err != nil {
		return nil, err
	}
	b, err := ledgerbench.Open(ctx, ledgerbench.Options{OwnerURL: db.owner, AppURL: db.app, AppRole: db.role, PSQL: psql})
	if err != nil {
		return nil, err
	}
	s.later(func(context.Context) error { b.Close(); return nil })
	return listed(b.Measures()), nil
}
