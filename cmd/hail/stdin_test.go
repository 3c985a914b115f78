package main

import (
	"strings"
	"testing"
)

// TestStdinTerminal: what is read from a terminal is asked for, in talk.
func TestStdinTerminal(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ args, typed, out, said string }{
		{"hosts --any-host -w ^-", "web1\nweb2\n", "web1\nweb2\n", "hail: reading hosts from the terminal; end with Ctrl-D\n"},
		{"hosts -i - -a", "web1\n", "web1\n", "hail: reading hosts from the terminal; end with Ctrl-D\n"},
		{"run -q --any-host -w ^- --dry-run -- true", "web1\n", "what     true", ""},
		{"run --any-host -w 127.0.0.1 -p 1 -F none --retries 0 --output none --stdin - -- cat", "text", "", "hail: reading the input of the hosts from the terminal; end with Ctrl-D\nhail: cat on 127.0.0.1"},
		{"run -q --any-host -w 127.0.0.1 -p 1 -F none --retries 0 --output none --stdin - -- cat", "text", "", "  unreachable"},
		{"test --any-host -w web1 --dry-run -", "checks: [{file: /etc/passwd}]\n", "what ", "hail: reading the checks from the terminal; end with Ctrl-D\n"},
		{"test --any-host -w web1 --dry-run -", "checks: [{fil: /etc/passwd}]\n", "", "hail: reading the checks from the terminal; end with Ctrl-D\nhail: -:1:11: unknown key"},
		{"test -i - -a --dry-run -", "x", "", "hail: the inventory and the checks can't both be standard input\n"},
		{"push -i csv:- -a --dry-run -", "x", "", "hail: the inventory and the spec can't both be standard input\n"},
		{"run -i - -a --stdin - -- cat", "web1\n", "", "hail: the inventory and the input of the hosts can't both be standard input\n"},
		{"script --any-host -w web1,@file:- --stdin - audit.sh", "web1\n", "", "hail: the names of hosts and the input of the hosts can't both be standard input\n"},
		{"script --any-host -w web1 -x ^- -", "web1\n", "", "hail: the names of hosts and the script can't both be standard input\n"},
		{"test --any-host -w web1 --dry-run - -", "x", "", "hail: the checks can be read from standard input only once\n"},
		{"push --any-host -w web1 --dry-run - -", "x", "", "hail: the spec can be read from standard input only once\n"},
		{"hosts -i - -i list:- -a", "web1\n", "", "hail: the inventory can be read from standard input only once\n"},
		{"hosts --any-host -w ^- -x ^-", "web1\n", "", "hail: the names of hosts can be read from standard input only once\n"},
		{"hosts --any-host -w web1,@file:-!@file:-", "web1\n", "", "hail: the names of hosts can be read from standard input only once\n"},
		{"test -i - -a --watch 1m checks.yaml", "web1\n", "", "hail: --watch looks for the hosts again each time, and standard input can be read only once\n"},
		{"push --any-host -w 127.0.0.1 -p 1 -F none --retries 0 --output none --dry-run -", "files: [{content: x, dest: /tmp/x}]\n", "", "hail: reading the spec from the terminal; end with Ctrl-D\nhail: dry run"},
		{"script --any-host -w web1 --dry-run -", "true\n", "what     stdin", "hail: reading the script from the terminal; end with Ctrl-D\n"},
		{"hosts -q --any-host -w ^-", strings.Repeat("#\n", 33<<20), "", "hail: target \"^-\":1: standard input is larger than 64 MiB"},
		{"script -q --any-host -w web1 --dry-run -", strings.Repeat("#\n", 33<<20), "", "hail: standard input is larger than 64 MiB"},
	} {
		e, stdout, stderr := environmentIn(dir, tt.args)
		e.stdin, e.stdinTerminal = strings.NewReader(tt.typed), true
		if run(e); !strings.HasPrefix(stdout.String(), tt.out) || !strings.HasPrefix(stderr.String(), tt.said) || tt.said == "" && stderr.Len() > 0 {
			t.Errorf("hail %s:\n%sand on stderr\n%swant\n%s and\n%s", tt.args, stdout, stderr, tt.out, tt.said)
		}
	}
}

// TestStdinSocket: standard input need not be a file or a pipe: sshd and other programs may give a socket.
func TestStdinSocket(t *testing.T) {
	e, stdout, stderr := environmentIn(t.TempDir(), "hosts --any-host -w ^-")
	e.stdin, e.stdinTerminal = strings.NewReader("web1\n"), false
	if run(e); stdout.String() != "web1\n" || stderr.Len() > 0 {
		t.Errorf("%q, and on stderr %q, want web1", stdout, stderr)
	}
}
