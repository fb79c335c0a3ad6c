package telemetry

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// target are the labels that Prometheus itself gives every series of a target.
var target = []string{"instance", "job", "namespace", "pod", "service"}

// Known are the series that expressions may name, with their labels.
type Known map[string][]string

// NewKnown gives the series of the metrics, and the one by which Prometheus
// says whether a target answers.
func NewKnown(metrics []Metric) Known {
	k := Known{"up": target}
	for _, m := range metrics {
		all := slices.Concat(m.Labels, target)
		if m.Type != "histogram" {
			k[m.Name] = all
			continue
		}
		k[m.Name+"_count"], k[m.Name+"_sum"] = all, all
		k[m.Name+"_bucket"] = append(slices.Clone(all), labels.BucketLabel)
	}
	return k
}

// Record adds a recorded series, once its expression is found good.
func (k Known) Record(r Record) error {
	have, err := k.check(r.Expr)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	k[r.Name] = have
	return nil
}

// Check reports what an expression names that there is not: a series, a label
// of it in a matcher, or a label to group or join by.
func (k Known) Check(expr string) error {
	_, err := k.check(expr)
	return err
}

// check is Check; it gives the labels that the result can have.
func (k Known) check(expr string) ([]string, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	return k.result(e)
}

// result are the labels that an expression's result can have.
func (k Known) result(e parser.Node) ([]string, error) {
	switch e := e.(type) {
	case *parser.VectorSelector:
		have, ok := k[e.Name]
		if !ok {
			return nil, fmt.Errorf("no service exports %q", e.Name)
		}
		for _, m := range e.LabelMatchers {
			if m.Name != model.MetricNameLabel && !slices.Contains(have, m.Name) {
				return nil, fmt.Errorf("%s has no label %q", e.Name, m.Name)
			}
		}
		return have, nil
	case *parser.AggregateExpr:
		have, err := k.result(e.Expr)
		if err != nil {
			return nil, err
		}
		if missing := without(e.Grouping, have); len(missing) > 0 {
			return nil, fmt.Errorf("%s: nothing below has the label %s", e, strings.Join(missing, ", "))
		}
		switch {
		case e.Op == parser.TOPK || e.Op == parser.BOTTOMK:
			return have, nil
		case e.Without:
			return without(have, e.Grouping), nil
		}
		return e.Grouping, nil
	case *parser.BinaryExpr:
		left, err := k.result(e.LHS)
		if err != nil {
			return nil, err
		}
		right, err := k.result(e.RHS)
		if err != nil {
			return nil, err
		}
		if m := e.VectorMatching; m != nil {
			for _, side := range [][]string{left, right} {
				if missing := without(m.MatchingLabels, side); m.On && len(missing) > 0 {
					return nil, fmt.Errorf("%s: one side has no label %s", e, strings.Join(missing, ", "))
				}
			}
			if !m.On && m.Card != parser.CardManyToMany && !sameLabels(left, right) {
				return nil, fmt.Errorf("%s: the sides have other labels, so nothing matches", e)
			}
		}
		if _, number := e.LHS.(*parser.NumberLiteral); number || len(left) == 0 {
			return right, nil
		}
		return left, nil
	default:
		var all []string
		var errs []error
		for c := range parser.ChildrenIter(e) {
			have, err := k.result(c)
			all, errs = append(all, have...), append(errs, err)
		}
		return all, errors.Join(errs...)
	}
}

func without(list, drop []string) (rest []string) {
	for _, x := range list {
		if !slices.Contains(drop, x) {
			rest = append(rest, x)
		}
	}
	return rest
}

func sameLabels(a, b []string) bool { return len(without(a, b)) == 0 && len(without(b, a)) == 0 }
