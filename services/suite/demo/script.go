package demo

import (
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed script.yaml
var scriptYAML []byte

// script is what the demonstration decides where the notices are silent.
type script struct {
	Start        string             `yaml:"start"` // YYYY-MM-DD
	Declarers    []declarer         `yaml:"declarers"`
	Supervisors  map[string]string  `yaml:"supervisors"`
	Verdicts     map[string]verdict `yaml:"verdicts"`
	LateContract string             `yaml:"late_contract"`
	Returned     string             `yaml:"returned"`
	KeyAnnual    []string           `yaml:"key_annual"`
}

type declarer struct {
	Word    string `yaml:"word"`
	Unit    string `yaml:"unit"`
	Account string `yaml:"account"`
}

type verdict struct {
	Outcome string `yaml:"outcome"`
	Reason  string `yaml:"reason"`
}

func readScript() (s script, err error) {
	if err := yaml.Unmarshal(scriptYAML, &s); err != nil {
		return s, fmt.Errorf("demo script: %w", err)
	}
	return s, nil
}

// declarer finds under which bureau a buyer's project is declared.
func (s script) declarer(buyer string) declarer {
	for _, d := range s.Declarers {
		if strings.Contains(buyer, d.Word) {
			return d
		}
	}
	return declarer{}
}
