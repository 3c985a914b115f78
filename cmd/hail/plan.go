package main

import (
	"slices"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// newPlan makes a plan from the options.
func newPlan(e environment, c *cli.Context, spec runner.Spec, hosts []inventory.Host) (*runner.Plan, error) {
	p := &runner.Plan{
		Run:        report.NextRunID(e.runsDir(c), e.now()),
		Name:       c.String("name"),
		Action:     spec,
		Fanout:     c.Int("fanout"),
		Connecting: c.Int("connecting"),
		PerAddress: c.Int("per-address"),
		SSHConfig:  c.String("ssh-config"),
		SSHOptions: c.StringSlice("option"),
		AllowExec:  c.Bool("allow-exec"),
		AskSSH:     c.Bool("ask-ssh"),
		Control:    c.String("control"),
		TTY:        c.Bool("tty"),
	}
	if err := checkRecordOptions(c); err != nil {
		return nil, err
	}
	if err := setLimits(p, c); err != nil {
		return nil, err
	}
	if err := passwordSources(c, p); err != nil {
		return nil, err
	}
	var err error
	if p.MaxOutput, err = size(c, "max-output"); err != nil {
		return nil, err
	}
	if p.HostKeys, err = oneOf(c, "host-keys"); err != nil {
		return nil, err
	}
	if p.Clocks.Connect == 0 {
		return nil, wrongValue("connect-timeout", "", "the time has to be above 0")
	}
	if p.Fanout == 0 {
		p.Fanout = fitFanout(len(hosts), e.openFiles, e.memory)
	}
	if p.Fanout > p.Connecting && !c.IsSet("connecting") {
		p.ConnectingMost = p.Fanout
	}
	if per := p.Per; per != nil && isGiven(c, "per") && !slices.ContainsFunc(hosts, func(h inventory.Host) bool { return inventory.Attribute(h, per.Var) != "" }) {
		return nil, wrongValue("per", inventory.DidYouMean(per.Var, inventory.Of(hosts).Attributes()), "none of the hosts has the var %q", per.Var)
	}
	if p.Sudo != (runner.Password{}) && !slices.ContainsFunc(hosts, usesSudo) {
		return nil, usage("--sudo runs it as root", "there is a password for sudo, but nothing runs with sudo")
	}
	p.Hosts, err = redacted(c, hosts)
	return p, err
}

func usesSudo(h inventory.Host) bool {
	return h.Connection.Becomes() != "" && h.Connection.BecomeMethod != inventory.Doas
}

// checkRecordOptions returns an error for a --name by which the run could never be found, and for a wrong --keep-runs.
func checkRecordOptions(c *cli.Context) error {
	const hint = "for example --name nightly"
	switch name := c.String("name"); {
	case name == "last" || strings.HasPrefix(name, "last~"):
		return wrongValue("name", hint, "%q always means another run", name)
	case name == "" && c.IsSet("name"): // as from an unset shell variable; and --keep-runs would not spare the run
		return wrongValue("name", hint, "a name is missing")
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return wrongValue("name", hint, "%q has a character that can't be shown", name)
	}
	return notNegative(c, "keep-runs")
}

// What each running host needs: file descriptors for a connection, up to three files of the record, and one to spare; and
// memory, of which half is left to other processes. The process itself needs descriptors, too.
const (
	filesPerHost  = 5
	filesAside    = 30
	memoryPerHost = 256 << 10
)

// filesOfRecord returns how many files the record may keep open.
func filesOfRecord(openFiles int) int { return openFiles / 4 }

// mostAtOnce returns how many hosts can be worked on at once. With more, their connections could take all descriptors, and
// every host would wait for one in which to write its log.
func mostAtOnce(openFiles int) int {
	return max(1, fitFiles(openFiles), openFiles-filesOfRecord(openFiles)-filesAside)
}

// fitFiles returns how many hosts can be worked on at once without opening and closing their files again and again.
func fitFiles(openFiles int) int { return (openFiles - filesAside) / filesPerHost }

// fitFanout returns the default fan-out. A memory of 0 is unknown, and sets no limit.
func fitFanout(hosts, openFiles int, memory int64) int {
	n := min(hosts, 256, fitFiles(openFiles))
	if memory > 0 {
		n = int(min(int64(n), memory/2/memoryPerHost))
	}
	return max(1, n)
}
