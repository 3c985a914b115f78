package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
)

// setLimits puts the options about how many, how fast, how long and how often into the plan. What a command has no option
// for keeps its zero value.
func setLimits(p *runner.Plan, c *cli.Context) (err error) {
	for _, o := range []struct {
		name string
		into *inventory.Duration
	}{
		{"connect-timeout", &p.Clocks.Connect}, {"timeout", &p.Clocks.Attempt}, {"run-timeout", &p.Clocks.Run}, {"grace", &p.Clocks.Grace},
		{"splay", &p.Splay}, {"pause", &p.Pause}, {"retry-delay", &p.Retry.Delay},
	} {
		if *o.into, err = duration(c, o.name); err != nil {
			return err
		}
	}
	p.Retry.Unreachable, p.Retry.Failed = c.Int("retries"), c.Int("retry-failed")
	if p.Retry.Unreachable+p.Retry.Failed == 0 {
		p.Retry.Delay = 0
	}
	onBudget, err := oneOf(c, "on-budget")
	p.Budget.Cancel = onBudget == "cancel"
	err = cmp.Or(err,
		positive(c, "fanout", "connecting", "per-address"),
		notNegative(c, "retries", "retry-failed"),
		parseInto(&p.Budget.Fail, c, "max-fail", share, ""),
		parseInto(&p.Budget.Unreachable, c, "max-unreachable", share, ""),
		parseInto(&p.Waves, c, "serial", runner.ParseWaves, "for example --serial 1,10%,100%"),
		parseInto(&p.Gate, c, "gate", command, ""),
		parseInto(&p.Rate, c, "rate", rate, "write it as 10/s, 30/m or 100/h"),
		parseInto(&p.Per, c, "per", per, "for example --per rack=2"),
	)
	if err != nil {
		return err
	}
	if isGiven(c, "on-budget") && p.Budget.Cancel && p.Budget.Fail == nil && p.Budget.Unreachable == nil {
		return wrongValue("on-budget", "set one, for example --max-fail 10%", "there is no budget")
	}
	for _, name := range []string{"gate", "pause"} {
		if isGiven(c, name) && p.Waves == nil {
			return wrongValue(name, "make waves, for example --serial 1,10%,100%", "there is only one wave")
		}
	}
	return nil
}

// parseInto puts what parse makes of the text of an option into to, if the option is set.
func parseInto[T any](to *T, c *cli.Context, name string, parse func(string) (T, error), hint string) (err error) {
	if !c.IsSet(name) {
		return nil
	}
	if *to, err = parse(c.String(name)); err != nil {
		return wrongValue(name, hint, "%v", err)
	}
	return nil
}

// share reads a number of hosts or a percentage.
func share(text string) (*runner.Share, error) {
	s, err := runner.ParseShare(text)
	return &s, err
}

// command reads a command, which may not be empty.
func command(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", errors.New("the command is missing")
	}
	return text, nil
}

// rate reads a rate such as 5/s, 30/m or 100/h, and returns it per second.
func rate(text string) (float64, error) {
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	every, known := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if err != nil || !known || !(n > 0) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q is not a rate", text)
	}
	return n / every.Seconds(), nil
}

// per reads VAR=N.
func per(text string) (*runner.PerVar, error) {
	name, number, _ := strings.Cut(text, "=")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || name == "" {
		return nil, fmt.Errorf("%q is not VAR=N", text)
	}
	return &runner.PerVar{Var: name, Most: n}, nil
}
