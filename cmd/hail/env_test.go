package main

import (
	"strings"
	"testing"
)

// environmentIn returns an environment for a command line in which dir is the home folder, and the folder of the records.
func environmentIn(dir, args string) (e environment, stdout, stderr *strings.Builder) {
	stdout, stderr = &strings.Builder{}, &strings.Builder{}
	e = osEnvironment(strings.Fields(args))
	e.getenv = func(name string) string { return map[string]string{"HAIL_RUNS_DIR": dir}[name] }
	e.home, e.stdout, e.stderr = dir, stdout, stderr
	return e, stdout, stderr
}

// TestHomeFolder: without a home, no file of the current folder is taken for one of the user's own.
func TestHomeFolder(t *testing.T) {
	for _, c := range []struct{ variable, account, want string }{
		{"/home/a", "/home/b", "/home/a"},
		{"", "/home/b", "/home/b"},
		{"", "", "/"},
	} {
		if got := homeFolder(c.variable, c.account); got != c.want {
			t.Errorf("with $HOME %q and an account in %q it is %q, want %q", c.variable, c.account, got, c.want)
		}
	}
}

// TestEnvironmentOfAPasswordCommand: the command sees the variables that hail was given, as a gate does.
func TestEnvironmentOfAPasswordCommand(t *testing.T) {
	e := environment{environ: []string{"WORD=sesame"}}
	if got, err := e.passwordOf("pass-command", "echo $WORD"); got != "sesame" || err != nil {
		t.Errorf("the password is %q, %v", got, err)
	}
}
