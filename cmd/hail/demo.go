package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/runner"
	"hail/runner/sshtest"
)

func demoCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "start SSH hosts on this machine, to try hail out",
		Description: `Starts SSH servers on the loopback interface and goes through some ordinary runs.
The hosts run real commands, each in a folder of its own. Nothing is installed,
and nothing but a temporary folder is touched.

Examples:
  hail demo
  hail demo --hosts 200
  hail demo --serve                     keep the fleet up, to try things by hand`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "hosts", Category: "Demo", Value: 24, Usage: "start `N` hosts"},
			&cli.BoolFlag{Name: "serve", Category: "Demo", Usage: "keep the fleet up until Ctrl-C"},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if n := c.Int("hosts"); n < 8 || n > 2000 {
				return wrongValue("hosts", "", "%d is not a number from 8 to 2000", n)
			}
			return demo(e, c.Int("hosts"), c.Bool("serve"))
		},
	}
}

func demo(e environment, hosts int, serve bool) error {
	dir, err := os.MkdirTemp("", "hail-demo-")
	if err != nil {
		return err
	}
	fleet, err := demoFleet(dir, hosts)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer fleet.Close()
	fmt.Fprintf(e.stdout, "%d SSH hosts on loopback: web01 to web%02d and db1 to db4. All are up but db3.\nTheir inventory, key and known_hosts are in %s\n", hosts, hosts-4, dir)
	if serve {
		serveDemo(e, dir)
		return errors.Join(fleet.Close(), os.RemoveAll(dir)) // in this order, for a host may still write there
	}
	for _, step := range []struct {
		say  string
		args []string
	}{
		{"Who can be reached?", []string{"ping", "-a"}},
		{"A command on all of them. One host differs.", []string{"run", "-a", "--", "cat release"}},
		{"A command that fails on one host.", []string{"run", "-g", "web", "-x", "web04", "--", "./healthcheck"}},
		{"That run again, from its record: the log of one host.", []string{"show", "last", "web02"}},
	} {
		e.demoStep(dir, step.say, step.args)
	}
	fmt.Fprintf(e.stdout, "\nThe records of these runs stay in %s\nTry it by hand: hail demo --serve\n", filepath.Join(dir, "runs"))
	return nil
}

// demoStep prints a command as the user would type it, and runs it, without the user's own settings and ssh_config.
func (e environment) demoStep(dir, say string, args []string) {
	fmt.Fprintf(e.stdout, "\n# %s\n$ hail %s\n", say, runner.QuoteWords(args))
	outer := e.getenv
	e.args = args
	e.stdinTerminal = false // there is nothing to ask
	e.home = dir
	e.getenv = func(name string) string {
		switch {
		case name == "HAIL_INVENTORY":
			return filepath.Join(dir, "inventory.yaml")
		case name == "HAIL_RUNS_DIR":
			return filepath.Join(dir, "runs")
		case strings.HasPrefix(name, "HAIL_"), name == "XDG_CONFIG_HOME", name == "SSH_AUTH_SOCK":
			return ""
		}
		return outer(name)
	}
	run(e) // its exit code is part of what is shown, not ours
}

// demoFleet starts hosts with something to show: a release file, which differs on one, and a health check, which one fails.
func demoFleet(dir string, hosts int) (*sshtest.Fleet, error) {
	servers := make([]sshtest.Server, 0, hosts)
	for i := 1; i <= hosts-4; i++ {
		servers = append(servers, sshtest.Server{Name: fmt.Sprintf("web%02d", i)})
	}
	for i := 1; i <= 4; i++ {
		servers = append(servers, sshtest.Server{Name: fmt.Sprintf("db%d", i)})
	}
	for i := range servers {
		s := &servers[i]
		s.Dir = filepath.Join(dir, "hosts", s.Name)
		release, check := "2.4.1", "echo healthy"
		switch s.Name {
		case "web03":
			release = "2.3.9"
		case "web02":
			check = "echo 'health check: disk full on /var' >&2; exit 3"
		}
		if err := os.MkdirAll(s.Dir, 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "release"), []byte(release+"\n"), 0o600); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "healthcheck"), []byte("#!/bin/sh\n"+check+"\n"), 0o700); err != nil {
			return nil, err
		}
	}
	fleet, err := sshtest.StartFleet(dir, servers)
	if err != nil {
		return nil, err
	}
	return fleet, fleet.Servers[hosts-2].Close() // db3
}

func serveDemo(e environment, dir string) {
	hail := "hail"
	if exe, err := os.Executable(); err == nil && !strings.Contains(exe, "go-build") {
		hail = exe
	}
	fmt.Fprintf(e.stdout, `
In another terminal:

  export HAIL_INVENTORY=%s
  export HAIL_RUNS_DIR=%s
  %[3]s ping -a
  %[3]s run -a -- hostname
  %[3]s run -w '@web!web02' -- 'cat release; uptime'
  %[3]s show last

The hosts are folders on this machine: commands on them run here, as you.
Ctrl-C ends the fleet.
`, filepath.Join(dir, "inventory.yaml"), filepath.Join(dir, "runs"), hail)
	signals, ignore := e.signals()
	defer ignore()
	<-signals
}
