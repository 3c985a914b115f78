package check

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hail/runner"
	"hail/runner/action/program"
)

// Baseline is an action that writes checks describing a host as it is: it prints a file for Read whose checks the host
// passes. It leaves out packages and whatever changes by the hour.
type Baseline struct{}

// Spec describes the action as data.
func (Baseline) Spec() runner.Spec { return runner.Spec{Kind: runner.ActionBaseline} }

// surveyScript lists what is worth describing.
//
//go:embed sh/survey.sh
var surveyScript string

var surveyLine = program.Line(surveyScript)

// description says which attributes of a kind a baseline has.
type description struct {
	kind  string
	attrs []string
}

var described = []description{
	{"file", []string{"type", "mode", "owner", "group"}},
	{"service", []string{"running", "enabled"}},
	{"port", []string{"listening"}},
	{"user", []string{"uid", "gid", "home", "shell"}},
	{"mount", []string{"fstype"}},
	{"kernel_param", []string{"value"}},
	{"interface", []string{"up", "mtu"}},
}

// mostDescribed is how many things of a host a baseline describes at most: no machine has more.
const mostDescribed = 10_000

// Do implements runner.Action.
func (Baseline) Do(ctx context.Context, t *runner.Target) error {
	var checks []*Check
	known := map[string]bool{}
	nonce := rand.Text()
	err := program.Run(ctx, t, nonce, surveyLine()+" "+nonce, runner.Stdio{}, func(name, subject string) error {
		i := slices.IndexFunc(described, func(d description) bool { return d.kind == name })
		if i < 0 {
			return nil
		}
		k := kinds[name]
		c := &Check{Params: map[string]string{k.subject: subject}, Timeout: defaultTimeout}
		c.Type, c.ID = name, c.id(k)
		if k.verify != nil && k.verify(c) != nil || known[c.ID] {
			return nil
		}
		if len(checks) == mostDescribed {
			return fmt.Errorf("the host has more than %d things to describe", mostDescribed)
		}
		known[c.ID] = true
		for _, a := range described[i].attrs {
			c.Wants = append(c.Wants, Want{Attribute: a})
		}
		checks = append(checks, c)
		return nil
	})
	if err != nil {
		return err
	}
	found, err := inspect(ctx, t, checks)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# The state of %s. Remove what may differ, then check the rest: hail test -a FILE\nchecks:\n", t.Host.Name)
	for _, d := range described {
		for i, c := range checks {
			if c.Type == d.kind && found[i].cannot[""] == "" {
				c.describe(&b, found[i])
			}
		}
	}
	_, err = t.Out.Write([]byte(b.String()))
	return err
}

// describe writes the check that expects what is seen.
func (c *Check) describe(b *strings.Builder, s *seen) {
	k := kinds[c.Type]
	fmt.Fprintf(b, "  - {%s: {%s: %s", c.Type, k.subject, literalText(c.Params[k.subject], text))
	for _, w := range c.Wants {
		if value, known := s.values[w.Attribute]; known {
			fmt.Fprintf(b, ", %s: %s", w.Attribute, literalText(value, k.attrs[w.Attribute]))
		}
	}
	b.WriteString("}}\n")
}

// plainWord matches texts that YAML takes for nothing but texts.
var plainWord = regexp.MustCompile(`^/[\w./-]*$|^[a-z][\w.-]{5,}$|^(file|dir|link|root)$`)

// literalText writes a value as parseLiteral reads it: as JSON, which is YAML.
func literalText(v any, s shape) string {
	if s == rights {
		v = "0" + fmt.Sprint(v)
	} else if word, ok := v.(string); ok && plainWord.MatchString(word) {
		return word
	}
	said, err := json.Marshal(v)
	if err != nil {
		return `""`
	}
	return string(said)
}
