// Command regobench decides the worked cases of a rule pack twice, with the
// suite's engine and with the same rules in Rego under the OPA Go module, and
// prints how many decisions a second each gives, as JSON. It first makes sure
// that both decide every case alike.
//
// It is a module of its own, outside of the workspace: nothing else needs OPA.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"egov/libs/policy"
)

func main() {
	pack := flag.String("pack", "yangpu-2023", "the rule pack")
	rounds := flag.Int("rounds", 5, "rounds of each side")
	show := flag.Bool("show", false, "print the Rego module and stop")
	flag.Parse()
	if err := run(context.Background(), *pack, *rounds, *show); err != nil {
		fmt.Fprintln(os.Stderr, "regobench:", err)
		os.Exit(1)
	}
}

// worked is one case in the forms the two sides take.
type worked struct {
	name   string
	ours   policy.Case
	theirs ast.Value
}

func run(ctx context.Context, id string, rounds int, show bool) error {
	p, err := policy.Default().ByID(id)
	if err != nil {
		return err
	}
	source, err := write(p)
	if err != nil {
		return err
	}
	if show {
		fmt.Print(source)
		return nil
	}
	query, err := rego.New(rego.Query("data.decision.decision"), rego.Module("decision.rego", source)).PrepareForEval(ctx)
	if err != nil {
		return err
	}
	cases, err := read(p)
	if err != nil {
		return err
	}
	ours := func(c worked) error {
		_, err := p.Decide(c.ours, c.ours.DeclaredOn)
		return err
	}
	theirs := func(c worked) error {
		_, err := query.Eval(ctx, rego.EvalParsedInput(c.theirs))
		return err
	}
	for _, c := range cases {
		if err := agree(ctx, p, query, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	var mine, others []float64
	for range rounds {
		for _, s := range []struct {
			decide func(worked) error
			into   *[]float64
		}{{ours, &mine}, {theirs, &others}} {
			rate, err := measure(cases, s.decide)
			if err != nil {
				return err
			}
			*s.into = append(*s.into, rate)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"ours": median(mine), "reference": median(others)})
}

// roundTime is how long one side of a round takes at least.
const roundTime = 500 * time.Millisecond

// measure decides all cases in turn and gives decisions a second.
func measure(cases []worked, decide func(worked) error) (float64, error) {
	began, n := time.Now(), 0
	for time.Since(began) < roundTime {
		for _, c := range cases {
			if err := decide(c); err != nil {
				return 0, err
			}
			n++
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// read takes the worked cases that end in a decision.
func read(p *policy.Pack) ([]worked, error) {
	var out []worked
	for _, e := range p.Examples() {
		if e.Want.Problem != "" || e.Want.Violations != nil || e.AsOf != "" {
			continue
		}
		doc, err := e.JSON()
		if err != nil {
			return nil, err
		}
		c, err := policy.DecodeCase(bytes.NewReader(doc), policy.DefaultLimit)
		if err != nil {
			return nil, err
		}
		v, err := ast.ValueFromReader(bytes.NewReader(doc))
		if err != nil {
			return nil, err
		}
		out = append(out, worked{e.Name, c, v})
	}
	if len(out) == 0 {
		return nil, errors.New("the pack has no worked cases")
	}
	return out, nil
}

// agree compares the two decisions of one case, but for the texts.
func agree(ctx context.Context, p *policy.Pack, query rego.PreparedEvalQuery, c worked) error {
	d, err := p.Decide(c.ours, c.ours.DeclaredOn)
	if err != nil {
		return err
	}
	results, err := query.Eval(ctx, rego.EvalParsedInput(c.theirs))
	if err != nil {
		return err
	}
	if len(results) != 1 {
		return errors.New("the Rego module decides nothing")
	}
	ours, err := plain(d)
	if err != nil {
		return err
	}
	theirs, err := plain(results[0].Expressions[0].Value)
	if err != nil {
		return err
	}
	delete(ours, "pack")
	delete(ours, "pack_version")
	for _, list := range []string{"findings", "notes"} {
		for _, x := range ours[list].([]any) {
			for _, text := range []string{"message", "message_en", "text", "text_en"} {
				delete(x.(map[string]any), text)
			}
		}
	}
	ours["violations"] = []any{}
	for field := range ours {
		a, b := text(ours[field]), text(theirs[field])
		if a != b {
			return fmt.Errorf("%s differs:\nours   %s\ntheirs %s", field, a, b)
		}
	}
	return nil
}

func plain(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(b, &out)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
