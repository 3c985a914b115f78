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
	"hail/runner/sshconn"
)

// loginPassword gets the password that the options ask for, before anything is reached; nil when they ask for none.
func (e environment) loginPassword(c *cli.Context) (*sshconn.Password, error) {
	command := c.String("pass-command")
	if c.IsSet("pass-refusals") && c.Int("pass-refusals") < 0 {
		return nil, usage("0 never gives up", "--pass-refusals: %d is below 0", c.Int("pass-refusals"))
	}
	var secret string
	var err error
	switch {
	case c.Bool("ask-pass") && command != "":
		return nil, usage("", "--ask-pass and --pass-command don't go together")
	case c.Bool("dry-run"):
		return nil, nil
	case command != "":
		secret, err = e.passwordOf(command)
	case c.Bool("ask-pass"):
		if !e.stdinTerminal {
			return nil, usage("--pass-command CMD does without one", "--ask-pass needs a terminal")
		}
		secret, err = e.secret("password for logging in: ")
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, usage("", "the password is empty")
	}
	return sshconn.NewPassword(secret, c.Int("pass-refusals")), nil
}

// passwordOf is the first line that a command prints.
func (e environment) passwordOf(command string) (string, error) {
	c := exec.Command("/bin/sh", "-c", command)
	c.Stderr = e.stderr
	out, err := c.Output()
	if err != nil {
		return "", usage("", "--pass-command: %v", err)
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
