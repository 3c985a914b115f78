package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"hail/inventory"
	"hail/runner/become"
	"hail/runner/sshconn"
)

// passwords are those that the options ask for; nil where they ask for none.
type passwords struct {
	login *sshconn.Password
	sudo  *become.Password
}

// passwords gets them before anything is reached. A dry run asks for none.
func (e environment) passwords(c *cli.Context) (p passwords, err error) {
	if c.IsSet("pass-refusals") && c.Int("pass-refusals") < 0 {
		return p, usage("0 never gives up", "--pass-refusals: %d is below 0", c.Int("pass-refusals"))
	}
	secret, err := e.password(c, "ask-pass", "pass-command", "password for logging in: ")
	if err != nil {
		return p, err
	}
	if secret != "" {
		p.login = sshconn.NewPassword(secret, c.Int("pass-refusals"))
	}
	if secret, err = e.password(c, "ask-sudo-pass", "sudo-pass-command", "password for sudo: "); err != nil {
		return p, err
	}
	if secret != "" {
		p.sudo = become.NewPassword(secret)
	}
	return p, nil
}

// password is the one that two options may ask for: on the terminal, or the first line that a command prints. It is empty
// when neither is there.
func (e environment) password(c *cli.Context, ask, from, prompt string) (secret string, err error) {
	command := c.String(from)
	switch {
	case c.Bool(ask) && command != "":
		return "", usage("", "--%s and --%s don't go together", ask, from)
	case c.Bool("dry-run"), command == "" && !c.Bool(ask):
		return "", nil
	case command != "":
		secret, err = e.passwordOf(from, command)
	default:
		if !e.stdinTerminal {
			return "", usage("--"+from+" CMD does without one", "--%s needs a terminal", ask)
		}
		secret, err = e.secret(prompt)
	}
	if err == nil && secret == "" {
		err = usage("", "the password is empty")
	}
	return secret, err
}

// passwordOf is the first line that a command prints.
func (e environment) passwordOf(option, command string) (string, error) {
	c := exec.Command("/bin/sh", "-c", command)
	c.Stderr = e.stderr
	out, err := c.Output()
	if err != nil {
		return "", usage("", "--%s: %v", option, err)
	}
	line, _, _ := bytes.Cut(out, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r"))), nil
}

const passphraseTries = 3

// unlock asks for the passphrases of the keys that hosts name, each once for the whole run. Without a terminal nobody is
// asked, and these keys are left out.
func (e environment) unlock(ssh *sshconn.Dialer, hosts []inventory.Host) error {
	if !e.stdinTerminal {
		return nil
	}
	for _, path := range ssh.Locked(hosts) {
		for range passphraseTries {
			passphrase, err := e.secret("passphrase for " + path + ": ")
			if err != nil {
				return err
			}
			if passphrase == "" {
				break
			}
			if err = ssh.Unlock(path, passphrase); err == nil {
				break
			}
			fmt.Fprintf(e.stderr, "hail: %v\n", err)
		}
	}
	return nil
}

// readSecret asks on the terminal and does not show the answer. A signal leaves the terminal as it was.
func (e environment) readSecret(prompt string) (secret string, err error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(e.stderr, prompt)
	signals, stop := e.signals()
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-signals:
			term.Restore(fd, before) // nothing else can be done about an error
			fmt.Fprintln(e.stderr)
			e.exit(exitInterrupt)
		case <-done:
		}
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
