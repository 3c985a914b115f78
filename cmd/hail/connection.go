package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/inventory/sshconfig"
)

// override is what the command line says about every connection.
type override struct {
	inventory.Connection
	given   inventory.Connection // by options other than -o
	options []sshconfig.Origin   // of -o
}

// connectionOf reads the connection options, including those of -o. They all override the inventory.
func (e environment) connectionOf(c *cli.Context) (top override, err error) {
	from := cameFrom(c, "option")
	config, err := sshconfig.Load(nil, c.StringSlice("option"), e.sshLocal())
	if err != nil {
		if from != "" {
			err = fmt.Errorf("%s: %w", from, err)
		}
		return top, err
	}
	if top.options, err = config.Explain(c.Context, "", sshconfig.Given{}); err != nil {
		return top, err
	}
	for i := range top.options {
		top.options[i].File = cmp.Or(from, top.options[i].File)
	}
	o, err := config.Lookup(c.Context, "", sshconfig.Given{})
	if err != nil {
		return top, err
	}
	top.given, err = readConnection(c)
	byOption := inventory.Connection{User: o.User, Port: o.Port, HostKeyAlias: o.HostKeyAlias, ConnectTimeout: inventory.Duration(o.ConnectTimeout)}
	top.Connection = byOption.Overlay(top.given)
	return top, err
}

// over puts o over what the inventory says. Where a value of -o may have tokens, as %h, it only removes what
// the inventory says: the value itself is found with ssh_config, for each host.
func (o override) over(c inventory.Connection) inventory.Connection {
	for _, option := range o.options {
		switch option.Keyword {
		case "hostname":
			c.Address = ""
		case "identityfile":
			c.Identity = nil
		case "userknownhostsfile":
			c.KnownHosts = nil
		case "proxyjump", "proxycommand":
			c.Jump = ""
		}
	}
	return c.Overlay(o.Connection)
}

// readConnection reads the connection options other than -o.
func readConnection(c *cli.Context) (top inventory.Connection, err error) {
	top = inventory.Connection{
		User:       c.String("user"),
		Port:       c.Int("port"),
		Identity:   c.StringSlice("identity"),
		Jump:       c.String("jump"),
		KnownHosts: c.StringSlice("known-hosts"),
	}
	if c.IsSet("user") {
		if err := inventory.CheckUser(top.User); err != nil {
			return top, wrongValue("user", "", "%v", err)
		}
	}
	if c.IsSet("jump") {
		if err := inventory.CheckJump(top.Jump); err != nil {
			return top, wrongValue("jump", "", "%v", err)
		}
	}
	if c.Bool("no-wrap") {
		top.Shell = inventory.NoShell
	}
	if err := readBecome(c, &top); err != nil {
		return top, err
	}
	if c.IsSet("port") && (top.Port < 1 || top.Port > 65535) {
		return top, wrongValue("port", "", "%d is not a port (1 to 65535)", top.Port)
	}
	if c.IsSet("connect-timeout") {
		if top.ConnectTimeout, err = duration(c, "connect-timeout"); err != nil {
			return top, err
		}
	}
	if _, err := oneOf(c, "host-keys"); err != nil {
		return top, err
	}
	if file := c.String("ssh-config"); file != "" && file != "none" {
		info, err := os.Stat(file)
		if err == nil && info.IsDir() {
			err = &fs.PathError{Path: file, Err: syscall.EISDIR}
		}
		if err != nil {
			return top, &usageError{text: "-F " + inventory.Plain(err).Error(), hint: "-F none reads no ssh_config", option: "ssh-config"}
		}
	}
	return top, nil
}

// readBecome reads --sudo, --sudo-user and --doas.
func readBecome(c *cli.Context, top *inventory.Connection) error {
	asked := c.Bool("sudo") || c.IsSet("sudo-user") || c.Bool("doas")
	switch {
	case asked && c.IsSet("sudo") && !c.Bool("sudo"):
		return usage("", "--sudo=false does not go with --sudo-user or --doas")
	case c.Bool("sudo") && c.Bool("doas"):
		return usage("", "--sudo and --doas don't go together")
	case c.Bool("doas") && (c.Bool("ask-sudo-pass") || c.IsSet("sudo-pass-command")):
		return usage("a rule with nopass in doas.conf needs none", "doas takes passwords on a terminal only")
	case c.IsSet("sudo-user"):
		if err := inventory.CheckUser(c.String("sudo-user")); err != nil {
			return wrongValue("sudo-user", "", "%v", err)
		}
	}
	switch {
	case asked:
		top.Become, top.BecomeUser, top.BecomeMethod = &asked, c.String("sudo-user"), inventory.Sudo
	case c.IsSet("sudo"), c.IsSet("doas"): // to false
		top.Become = &asked
	}
	if c.Bool("doas") {
		top.BecomeMethod = inventory.Doas
	}
	return nil
}
