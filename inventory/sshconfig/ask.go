package sshconfig

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// oracle lets ssh itself say what its configuration means for a host. It runs ssh -G, which takes about 5 ms, once
// for each host.
type oracle struct {
	args    []string // for the files of Load
	options []string // for its options

	mu       sync.Mutex
	answers  map[string]*Config
	defaults map[string]bool // lines that ssh prints for any host
}

// newOracle has ssh read the same files and options as Load: no file, the one that is named, or, for several paths,
// those that ssh reads by default.
func newOracle(paths, options []string) *oracle {
	o := &oracle{answers: map[string]*Config{}}
	switch len(paths) {
	case 0:
		o.args = []string{"-F", "none"}
	case 1:
		o.args = []string{"-F", paths[0]}
	}
	for _, text := range options {
		o.options = append(o.options, "-o", text)
	}
	return o
}

// ask returns a Config that holds what ssh says about this host, as plain lines.
func (o *oracle) ask(ctx context.Context, local Local, name string, given Given) (*Config, error) {
	args := slices.Concat(o.args, o.options)
	if given.HostName != "" {
		args = append(args, "-o", "HostName="+given.hostName())
	}
	for _, text := range given.Options {
		args = append(args, "-o", text)
	}
	if given.User != "" {
		args = append(args, "-l", given.User)
	}
	if given.Port != 0 {
		args = append(args, "-p", strconv.Itoa(given.Port))
	}
	args = append(args, "--", name)
	key := strings.Join(args, "\x00")
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.answers[key]; c != nil {
		return c, nil
	}
	if o.defaults == nil {
		lines, err := sshG(ctx, []string{"-F", "none", "--", "host"})
		if err != nil {
			return nil, err
		}
		o.defaults = map[string]bool{}
		for _, line := range lines {
			o.defaults[line] = true
		}
	}
	lines, err := sshG(ctx, args)
	if err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(line string) bool {
		keyword, _, _ := strings.Cut(line, " ")
		// ssh has resolved the canonical name already, and a host line would begin a block.
		return o.defaults[line] || keyword == "host" || keyword == "canonicalizehostname"
	})
	for i, line := range lines {
		if strings.HasPrefix(line, "hostname ") { // its tokens are expanded, and a % is that of an IPv6 zone
			lines[i] = strings.ReplaceAll(line, "%", "%%")
		}
	}
	directives, err := parseLines("ssh -G "+name, []byte(strings.Join(lines, "\n")+"\n"))
	if err != nil {
		return nil, err
	}
	c := &Config{local: local, byName: map[string][]int{}, blocks: []block{{directives: directives}}}
	c.index()
	o.answers[key] = c
	return c, nil
}

func sshG(ctx context.Context, args []string) ([]string, error) {
	out, err := program(ctx, "ssh", append([]string{"-G"}, args...)...).Output()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("ssh -G: %s", strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("ssh -G: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}

// program returns a command that is killed when ctx ends, together with everything in its process group.
func program(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	return c
}
