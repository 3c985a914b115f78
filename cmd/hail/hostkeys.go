package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/sshconn"
)

func hostkeysCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "hostkeys",
		Usage: "show the keys of hosts, and record new ones",
		Description: `The exit code is 1 when a key has changed or is revoked, or when there is a new key and no terminal to ask on, and 3
when a host was not reached.

Examples:
  hail hostkeys -w 'web[01-20]'         each host's key, and whether it is known
  hail hostkeys -g new --yes            record the keys of a new rack
  hail hostkeys -a --known-hosts fleet_hosts`,
		Flags: slices.Concat(targetFlags(), reachFlags(), atOnceFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Category: "Record", Usage: "record new keys without asking"},
			quietFlag(),
			runsDirFlag(),
		}),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return hostkeys(e, c)
		},
	}
}

// scanned is the key of a host, or the error of asking for it.
type scanned struct {
	key sshconn.HostKey
	err error
}

func hostkeys(e environment, c *cli.Context) error {
	inv, hosts, err := e.selectHosts(c)
	if err != nil {
		return err
	}
	if err := checkFollowed(c, inv, hosts, false); err != nil {
		return err
	}
	e.remarkHosts(c, inv, hosts, false)
	plan, err := newPlan(e, c, runner.Spec{Kind: "hostkeys"}, hosts)
	if err != nil {
		return err
	}
	_, ssh, err := newDialer(e, plan, inv, passwords{}, nil, nil)
	if err != nil {
		return err
	}
	defer ssh.Close()
	var found []scanned
	err = e.untilSignal(func(ctx context.Context) error {
		found = scanAll(ctx, ssh, hosts, plan.Fanout)
		return nil
	})
	if err != nil {
		return err
	}
	if err := showKeys(e.stdout, hosts, found); err != nil {
		return err
	}
	return e.recordKeys(c, ssh, found)
}

// scanAll asks all hosts for their keys, atOnce at a time.
func scanAll(ctx context.Context, ssh *sshconn.Dialer, hosts []inventory.Host, atOnce int) []scanned {
	found := make([]scanned, len(hosts))
	slots := make(chan struct{}, max(1, atOnce))
	var wait sync.WaitGroup
	for i, h := range hosts {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			found[i].key, found[i].err = ssh.Scan(ctx, h)
		})
	}
	wait.Wait()
	return found
}

// keyState returns a word for what known_hosts says about the key, or for why the host was not reached.
func (s scanned) keyState() string {
	switch {
	case s.err != nil:
		_, reason := runner.StatusOf(s.err)
		return fmt.Sprintf("unreachable(%s)", reason)
	case s.key.State == "":
		return "known"
	case s.key.State == runner.HostKeyUnknown:
		return "new"
	case s.key.State == runner.HostKeyChanged:
		return "changed"
	}
	return "revoked"
}

// showKeys prints a line for each key and state, with its hosts folded: several hosts with one key deserve attention.
func showKeys(w io.Writer, hosts []inventory.Host, found []scanned) error {
	type line struct{ state, key string }
	lines := make([]line, len(found))
	for i, s := range found {
		lines[i] = line{s.keyState(), s.key.Fingerprint}
		switch {
		case s.err != nil:
			lines[i].key = s.err.Error()
		case s.key.Why != nil && s.key.State != runner.HostKeyUnknown:
			lines[i].key = s.key.Why.Error()
		}
	}
	rows := [][]string{{"STATE", "HOSTS", "KEY"}}
	for l, members := range byKey(inventory.Names(hosts), lines) {
		rows = append(rows, []string{l.state, inventory.Fold(members), l.key})
	}
	return writeLines(w, report.Table(rows))
}

// recordKeys records the new keys after asking once, and turns the other results into an exit code.
func (e environment) recordKeys(c *cli.Context, ssh *sshconn.Dialer, found []scanned) error {
	var fresh []sshconn.HostKey
	code := exitOK
	for _, s := range found {
		switch {
		case s.err != nil && code == exitOK:
			code = exitUnreachable
		case s.err == nil && s.key.State == runner.HostKeyUnknown:
			fresh = append(fresh, s.key)
		case s.err == nil && s.key.State != "":
			code = exitFailed
		}
	}
	if len(fresh) > 0 {
		if err := e.confirmKeys(c, len(fresh)); err != nil {
			return err
		}
		for _, k := range fresh {
			if err := ssh.Accept(c.Context, k); err != nil {
				return usage("", "recording the key of %s: %v", k.Name, err)
			}
		}
		if !c.Bool("quiet") {
			fmt.Fprintf(e.stderr, "hail: %s recorded\n", report.Plural(len(fresh), "new key"))
		}
	}
	if code != exitOK {
		return &exitError{code}
	}
	return nil
}

func (e environment) confirmKeys(c *cli.Context, n int) error {
	switch {
	case c.Bool("yes"):
		return nil
	case !e.stdinTerminal || !e.stderrTerminal:
		tell(e.stderr, usage("compare the fingerprints, then record them with --yes", "%s not recorded: there is no terminal to ask on", report.Plural(n, "new key")), false)
		return &exitError{exitFailed}
	}
	return e.ask(fmt.Sprintf("Record %s? [y/N] ", report.Plural(n, "new key")))
}
