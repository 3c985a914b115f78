package main

import (
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
	if err := positive(c, "fanout", "connecting", "per-address"); err != nil {
		return err
	}
	if err := notNegative(c, "retries", "retry-failed"); err != nil {
		return err
	}
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
	if p.Budget.Fail, err = share(c, "max-fail"); err != nil {
		return err
	}
	if p.Budget.Unreachable, err = share(c, "max-unreachable"); err != nil {
		return err
	}
	onBudget, err := oneOf(c, "on-budget")
	if err != nil {
		return err
	}
	p.Budget.Cancel = onBudget == "cancel"
	if isGiven(c, "on-budget") && p.Budget.Cancel && p.Budget.Fail == nil && p.Budget.Unreachable == nil {
		return wrongValue("on-budget", "set one, for example --max-fail 10%", "there is no budget")
	}
	if text := c.String("serial"); c.IsSet("serial") {
		if p.Waves, err = runner.ParseWaves(text); err != nil {
			return wrongValue("serial", "for example --serial 1,10%,100%", "%v", err)
		}
	}
	if p.Gate = c.String("gate"); c.IsSet("gate") && strings.TrimSpace(p.Gate) == "" {
		return wrongValue("gate", "", "the command is missing")
	}
	for _, name := range []string{"gate", "pause"} {
		if isGiven(c, name) && p.Waves == nil {
			return wrongValue(name, "make waves, for example --serial 1,10%,100%", "there is only one wave")
		}
	}
	if p.Rate, err = rate(c); err != nil {
		return err
	}
	p.Per, err = per(c)
	return err
}

// share reads an option that is a number of hosts or a percentage; nil when it is not given.
func share(c *cli.Context, name string) (*runner.Share, error) {
	if !c.IsSet(name) {
		return nil, nil
	}
	s, err := runner.ParseShare(c.String(name))
	if err != nil {
		return nil, wrongValue(name, "", "%v", err)
	}
	return &s, nil
}

// rate reads --rate, such as 5/s, 30/m or 100/h, and returns it per second; 0 when it is not given.
func rate(c *cli.Context) (float64, error) {
	if !c.IsSet("rate") {
		return 0, nil
	}
	number, unit, _ := strings.Cut(c.String("rate"), "/")
	n, err := strconv.ParseFloat(number, 64)
	every, known := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if err != nil || !known || !(n > 0) || math.IsInf(n, 0) {
		return 0, wrongValue("rate", "write it as 10/s, 30/m or 100/h", "%q is not a rate", c.String("rate"))
	}
	return n / every.Seconds(), nil
}

// per reads --per, as VAR=N; nil when it is not given.
func per(c *cli.Context) (*runner.PerVar, error) {
	if !c.IsSet("per") {
		return nil, nil
	}
	name, number, _ := strings.Cut(c.String("per"), "=")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || name == "" {
		return nil, wrongValue("per", "for example --per rack=2", "%q is not VAR=N", c.String("per"))
	}
	return &runner.PerVar{Var: name, Most: n}, nil
}
