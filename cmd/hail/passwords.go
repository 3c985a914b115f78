package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/become"
	"hail/runner/sshconn"
)

// passwordSources puts into the plan where passwords come from, according to the options.
func passwordSources(c *cli.Context, p *runner.Plan) error {
	keepRefusals := p.Login != (runner.LoginPassword{}) && !isGiven(c, "pass-refusals") // a repeated run keeps its limit
	for _, o := range []struct {
		ask, command string
		into         *runner.Password
	}{{"ask-pass", "pass-command", &p.Login.Password}, {"ask-sudo-pass", "sudo-pass-command", &p.Sudo}} {
		ask, command := c.Bool(o.ask), c.String(o.command)
		if !isGiven(c, o.command) && (ask || *o.into != (runner.Password{})) {
			command = "" // it is from a setting, which gives way to the command line, and to what a repeated run did
		}
		switch {
		case ask && command != "":
			return usage("", "--%s and --%s don't go together", o.ask, o.command)
		case ask || command != "":
			o.into.Ask, o.into.Command = ask, command
		}
	}
	if n := c.Int("pass-refusals"); n < 0 {
		return wrongValue("pass-refusals", "0 never gives up", "%d is below 0", n)
	} else if p.Login != (runner.LoginPassword{}) && !keepRefusals {
		p.Login.Refusals = n
	}
	return nil
}

// passwords holds the passwords that a plan asks for; nil where it asks for none.
type passwords struct {
	login *sshconn.Password
	sudo  *become.Password
}

// passwords gets the passwords of a plan. It is called before any host is reached.
func (e environment) passwords(p *runner.Plan) (all passwords, err error) {
	if e.answers.passwords != (passwords{}) { // the same ones, because they count how often hosts refused them
		return e.answers.passwords, nil
	}
	secret, err := e.password(p.Login.Password, "ask-pass", "pass-command", "login password: ")
	if err != nil {
		return all, err
	}
	if secret != "" {
		all.login = sshconn.NewPassword(secret, p.Login.Refusals)
	}
	if secret, err = e.password(p.Sudo, "ask-sudo-pass", "sudo-pass-command", "sudo password: "); err != nil {
		return all, err
	}
	if secret != "" {
		all.sudo = become.NewPassword(secret)
	}
	e.answers.passwords = all
	return all, nil
}

// password gets one password, as the options ask and command say. It is "" when the plan asks for none.
func (e environment) password(p runner.Password, ask, command, prompt string) (secret string, err error) {
	switch {
	case p.Command != "":
		secret, err = e.passwordOf(command, p.Command)
	case !p.Ask:
		return "", nil
	case !e.stdinTerminal:
		return "", usage("--"+command+" CMD works without one", "--%s needs a terminal", ask)
	default:
		secret, err = e.secret(prompt)
	}
	if err == nil && secret == "" {
		err = usage("", "the password is empty")
	}
	return secret, err
}

// passwordOf returns the first line that a command prints.
func (e environment) passwordOf(option, command string) (string, error) {
	c := exec.Command("/bin/sh", "-c", command)
	c.Stderr, c.Env = e.stderr, e.environ
	out, err := c.Output()
	if err != nil {
		return "", wrongValue(option, "", "%v", err)
	}
	line, _, _ := bytes.Cut(out, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r"))), nil
}

const passphraseTries = 3

// unlock asks for the passphrases of the keys of the hosts, once per key for the whole run. An empty answer leaves a key
// out. Without a terminal it asks for none, and leaves all of these keys out.
func (e environment) unlock(ssh *sshconn.Dialer, hosts []inventory.Host) error {
	if !e.stdinTerminal {
		return nil
	}
	var locked []string
	err := e.untilSignal(func(ctx context.Context) error {
		locked = ssh.Locked(ctx, hosts)
		return nil
	})
	if err != nil {
		return err
	}
	for _, path := range locked {
		for range passphraseTries {
			passphrase, err := e.passphrase(path)
			if err != nil {
				return err
			}
			if passphrase == "" {
				break
			}
			if err = ssh.Unlock(path, passphrase); err == nil {
				e.answers.passphrases[path] = passphrase
				break
			}
			fmt.Fprintf(e.stderr, "hail: %s\n", report.OneLine(err.Error()))
		}
	}
	return nil
}

// answers holds what the user has entered, for the further rounds of hail test --watch.
type answers struct {
	passwords
	passphrases map[string]string // the ones that have unlocked a key, by its path
}

// passphrase returns the passphrase of a key, which is asked for unless it is known.
func (e environment) passphrase(path string) (string, error) {
	if known := e.answers.passphrases[path]; known != "" {
		return known, nil
	}
	return e.secret("passphrase for " + report.OneLine(path) + ": ")
}

// readSecret asks on the terminal without echoing the answer. On a signal, it restores the terminal and exits, also when the
// process was suspended and goes on: the shell has turned the echo on by then.
func (e environment) readSecret(prompt string) (secret string, err error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(e.stderr, prompt)
	signals, stop := e.signals()
	resumed := make(chan os.Signal, 1)
	signal.Notify(resumed, syscall.SIGCONT)
	defer signal.Stop(resumed)
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		var by os.Signal
		select {
		case <-done:
			return
		case by = <-signals:
		case <-resumed:
		}
		term.Restore(fd, before) // on an error, nothing else can be done
		fmt.Fprintln(e.stderr)
		e.exit(codeOfSignal(by))
	}()
	text, err := term.ReadPassword(fd)
	close(done)
	<-watched
	stop()
	fmt.Fprintln(e.stderr)
	if errors.Is(err, io.EOF) {
		return "", usage("", "nothing was entered")
	}
	return strings.TrimRight(string(text), "\r"), err
}
