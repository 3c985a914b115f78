package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner/action"
)

// surroundings reads what the options say that a command finds on the host, and gets what the plan must not hold.
func (e environment) surroundings(c *cli.Context) (s action.Surroundings, from action.Sources, err error) {
	s.Chdir, s.ExportVars = c.String("chdir"), c.Bool("export-vars")
	if s.Env, err = envOf(c); err != nil {
		return s, from, err
	}
	for _, name := range c.StringSlice("secret-env") {
		if err := checkVariable("--secret-env", name); err != nil {
			return s, from, err
		}
		value := e.getenv(name)
		if value == "" {
			return s, from, usage("export "+name+" first", "--secret-env: %s is not set here", name)
		}
		if from.Secrets == nil {
			from.Secrets = map[string]string{}
		}
		s.Secrets, from.Secrets[name] = append(s.Secrets, name), value
	}
	if s.OKExit, err = exits(c); err != nil {
		return s, from, err
	}
	if c.Bool("tty") && (s.Secrets != nil || c.IsSet("stdin") || c.IsSet("stdin-dir")) {
		return s, from, usage("", "--tty does not go with --stdin, --stdin-dir and --secret-env")
	}
	if c.Bool("no-wrap") && s.Secrets != nil {
		return s, from, usage("", "--secret-env needs the wrapper, and --no-wrap leaves it out")
	}
	s.Stdin, from.Stdin, err = e.stdinOf(c)
	return s, from, err
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func checkVariable(option, name string) error {
	if !variableName.MatchString(name) {
		return usage("letters, digits and _", "%s: %q is no name of a variable", option, name)
	}
	return nil
}

// envOf reads --env-file, lines of NAME=value, and then --env.
func envOf(c *cli.Context) (env []string, err error) {
	add := func(place, v string) error {
		name, value, ok := strings.Cut(v, "=")
		if !ok || strings.ContainsRune(value, 0) {
			return usage("NAME=value", "%s: %q is not NAME=value", place, v)
		}
		env = append(env, v)
		return checkVariable(place, name)
	}
	for _, path := range c.StringSlice("env-file") {
		text, err := inventory.ReadFile(path)
		if err != nil {
			return nil, usage("", "--env-file: %v", err)
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

// exits reads --ok-exit.
func exits(c *cli.Context) (all []int, err error) {
	if !c.IsSet("ok-exit") {
		return nil, nil
	}
	for word := range strings.SplitSeq(c.String("ok-exit"), ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 0 || n > 255 {
			return nil, usage("--ok-exit 0,1", "--ok-exit: %q is no exit status", word)
		}
		all = append(all, n)
	}
	return all, nil
}

// stdinOf opens the input that commands are given: one file for all hosts, or one for each. Our own standard input, and what is
// no regular file, is read to its end first, since its length has to be known.
func (e environment) stdinOf(c *cli.Context) (words string, open func(inventory.Host) (io.ReadCloser, int64, error), err error) {
	file, dir := c.String("stdin"), c.String("stdin-dir")
	switch {
	case file != "" && dir != "":
		return "", nil, usage("", "--stdin and --stdin-dir don't go together")
	case dir != "":
		return dir + "/HOST", func(h inventory.Host) (io.ReadCloser, int64, error) {
			if !filepath.IsLocal(h.Name) || strings.ContainsRune(h.Name, '/') {
				return nil, 0, fmt.Errorf("%q can't be the name of a file in %s", h.Name, dir)
			}
			f, err := os.Open(filepath.Join(dir, h.Name))
			if err != nil {
				return nil, 0, err
			}
			info, err := f.Stat()
			if err == nil && !info.Mode().IsRegular() {
				err = fmt.Errorf("%s is no file", f.Name())
			}
			if err != nil {
				f.Close()
				return nil, 0, err
			}
			return f, info.Size(), nil
		}, nil
	case file == "" || c.Bool("dry-run"):
		return file, nil, nil
	}
	var in io.Reader = e.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", nil, usage("", "--stdin: %v", err)
		}
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return file, shared(f, info.Size()), nil
		}
		defer f.Close()
		in = f
	}
	spool, err := os.CreateTemp("", "hail-stdin-")
	if err != nil {
		return "", nil, err
	}
	os.Remove(spool.Name()) // it goes with us
	size, err := io.Copy(spool, in)
	if err != nil {
		return "", nil, usage("", "--stdin: %v", err)
	}
	return file, shared(spool, size), nil
}

// shared gives every host the same bytes, at its own pace.
func shared(f io.ReaderAt, size int64) func(inventory.Host) (io.ReadCloser, int64, error) {
	return func(inventory.Host) (io.ReadCloser, int64, error) {
		return io.NopCloser(io.NewSectionReader(f, 0, size)), size, nil
	}
}
