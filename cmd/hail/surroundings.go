package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action"
)

// surroundings reads the options about the environment, folder and input of a remote command. What the plan must not hold,
// it puts into the job.
func (j *job) surroundings(e environment, c *cli.Context, hosts []inventory.Host) (s action.Surroundings, err error) {
	s.Chdir, s.ExportVars = runner.Text(c.String("chdir")), c.Bool("export-vars")
	if s.Env, err = envOf(c); err != nil {
		return s, err
	}
	if j.remark, err = remarkOnEnv(c, s.Env); err != nil {
		return s, err
	}
	if s.Secrets, err = j.secretEnv(e, c); err != nil {
		return s, err
	}
	if s.OKExit, err = exits(c); err != nil {
		return s, err
	}
	if c.Bool("tty") && (s.Secrets != nil || c.IsSet("stdin") || c.IsSet("stdin-dir")) {
		return s, usage("", "--tty does not go with --stdin, --stdin-dir or --secret-env")
	}
	switch bare := bareHosts(hosts); {
	case bare == nil:
	case s.Secrets != nil:
		return s, usage("", "--secret-env needs the wrapper, and there is none on %s (--no-wrap, or shell: none)", inventory.Fold(bare))
	case s.Env != nil || s.ExportVars:
		e.remark(c, &inventory.Error{
			Text: fmt.Sprintf("without the wrapper, %s takes only the variables that its server allows (AcceptEnv)", inventory.Fold(bare)),
			Hint: "write the others into the command line, in the language of the shell there",
		})
	}
	return s, j.input(e, c, hosts, &s)
}

// remarkOnEnv says which variables of an environment look secret, and will be in the record; "" if there are none.
func remarkOnEnv(c *cli.Context, env []runner.Text) (string, error) {
	secret, err := secretVars(c)
	if err != nil {
		return "", err
	}
	var open []string
	for _, v := range env {
		if name, _, _ := strings.Cut(string(v), "="); isSecret(name, secret) {
			open = append(open, name)
		}
	}
	if open == nil {
		return "", nil
	}
	return fmt.Sprintf("the value of %s is in the record; --secret-env %s keeps it out", strings.Join(open, " and "), strings.Join(open, " --secret-env ")), nil
}

// secretEnv reads --secret-env: it returns the names, and puts the values into the job.
func (j *job) secretEnv(e environment, c *cli.Context) (names []string, err error) {
	for _, name := range c.StringSlice("secret-env") {
		if err := checkVariable("--secret-env", name); err != nil {
			return nil, err
		}
		value := e.getenv(name)
		if value == "" {
			return nil, wrongValue("secret-env", "export "+name+" first", "%s is not set here", name)
		}
		names = append(names, name)
		j.addSecret(name, value)
	}
	return names, nil
}

func checkVariable(option, name string) error {
	if !runner.IsVariable(name) {
		return usage("use letters, digits and _", "%s: %q is not the name of a variable", option, name)
	}
	return nil
}

// envOf reads --env-file, which has lines of NAME=value, and then --env.
func envOf(c *cli.Context) (env []runner.Text, err error) {
	add := func(place, v string) error {
		name, value, ok := strings.Cut(v, "=")
		if !ok || strings.ContainsRune(value, 0) {
			return usage("for example LANG=C", "%s: %q is not NAME=value", place, v)
		}
		env = append(env, runner.Text(v))
		return checkVariable(place, name)
	}
	for _, path := range c.StringSlice("env-file") {
		text, err := inventory.ReadFile(path)
		if err != nil {
			return nil, wrongValue("env-file", "", "%v", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" || line[0] == '#' {
				continue
			}
			if err := add(fmt.Sprintf("%s:%d:1", path, n), line); err != nil {
				return nil, err
			}
		}
		if err := lines.Err(); err != nil {
			return nil, usage("", "%s: %v", path, err)
		}
	}
	for _, v := range c.StringSlice("env") {
		if err := add("--env", v); err != nil {
			return nil, err
		}
	}
	return env, nil
}

// exits reads --ok-exit; nil when it is not given.
func exits(c *cli.Context) (all []int, err error) {
	if !c.IsSet("ok-exit") {
		return nil, nil
	}
	for word := range strings.SplitSeq(c.String("ok-exit"), ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 0 || n > 255 {
			return nil, wrongValue("ok-exit", "for example --ok-exit 0,1", "%q is not an exit status", word)
		}
		all = append(all, n)
	}
	return all, nil
}
