package sshconfig

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func localSide(t testing.TB) Local {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return Local{Home: me.HomeDir, User: me.Username, Hostname: machine, UID: os.Getuid(), Getenv: os.Getenv}
}

// write writes a file, and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func load(t testing.TB, text string, options ...string) (*Config, string, error) {
	t.Helper()
	file := write(t, text)
	c, err := Load([]string{file, file + ".missing"}, options, Local{Home: "/home/me", User: "me", Hostname: "box.example", UID: 7, Getenv: func(name string) string { return map[string]string{"DIR": "/dir"}[name] }})
	return c, file, err
}

func TestErrors(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"ProxyUseFdpass yes":            "F:2: proxyusefdpass yes is not supported: ssh would reach web1 in another way",
		"KnownHostsCommand /bin/keys":   "F:2: knownhostscommand /bin/keys is not supported: ssh would reach web1 in another way",
		"CanonicalizeHostname always":   "F:2: canonicalizehostname always is not supported: ssh would reach web1 in another way",
		"Port 0":                        `F:2: port: "0" is not a port`,
		"Port 65536":                    `F:2: port: "65536" is not a port`,
		"ConnectTimeout soon":           `F:2: connecttimeout: "soon" is not a time`,
		"ConnectTimeout 5y":             `F:2: connecttimeout: "5y" is not a time`,
		"ConnectTimeout none":           "",
		"User \"www":                    "F:2: a quote is not closed",
		"User a b":                      `F:2: user takes one value, but "b" follows it`,
		"User":                          "F:2: user: a value is missing",
		"Usr www":                       `F:2: unknown keyword "usr"`,
		"Match host":                    "F:2: match host: a value is missing",
		"Match moon full":               "F:2: match moon: unknown criterion",
		"Match all host x":              "F:2: match all stands alone, or follows canonical or final",
		"Match":                         "F:2: match: a criterion is missing",
		"Match tagged x\nUser a":        "F:2: match tagged is not supported",
		"Match exec true\nUser a":       "F:2: match exec would run a program",
		"IdentityFile %q":               `F:2: identityfile: "%q": %q has no meaning here`,
		"IdentityFile ${NO}":            "F:2: identityfile: NO is not set in the environment",
		"HostName %p":                   `F:2: hostname: "%p": %p has no meaning here`,
		"HostName x%":                   `F:2: hostname: "x%" ends with a %`,
		"ProxyJump a,,b":                `F:2: proxyjump: "a,,b" has an empty hop`,
		"ProxyCommand nc %d":            `F:2: proxycommand: "nc %d": %d has no meaning here`,
		"SetEnv NAME":                   `F:2: setenv: "NAME" is not NAME=VALUE`,
		"SendEnv A=b":                   `F:2: sendenv: "A=b" is not the name of a variable`,
		"AddressFamily ipx":             `F:2: addressfamily: "ipx" is none of any, inet, inet6`,
		"StrictHostKeyChecking perhaps": `F:2: stricthostkeychecking: "perhaps" is none of yes, no, ask, accept-new`,
		"IdentitiesOnly perhaps":        `F:2: identitiesonly: "perhaps" is neither yes nor no`,
		"Include":                       "F:2: include: a file is missing",
		"Include [":                     `F:2: include: "[" is not a file pattern`,
		"Include ~no-such-user/config":  "",
		"Match all=x":                   "F:2: match all takes no value",
		"Include /dev/zero":             "/dev/zero: this is not a regular file",
		"Include " + fifo:               fifo + ": this is not a regular file",
		"Include /dev":                  "/dev: is a directory",

		"IdentityFile %q\nIdentityFile b": `F:2: identityfile: "%q": %q has no meaning here`,
	} {
		c, file, err := load(t, "Host web1 other2\n"+text+"\nHost other\n  ProxyUseFdpass yes\n")
		if err == nil {
			_, err = c.Lookup(t.Context(), "web1", Given{})
		}
		if got := strings.ReplaceAll(fmt.Sprint(err), file, "F"); got != cmp.Or(want, "<nil>") {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
	var none *Config
	if s, err := none.Lookup(t.Context(), "web1", Given{User: "www"}); err != nil || s.HostName != "web1" || s.User != "www" || none.Aliases() != nil {
		t.Errorf("no ssh_config: %+v, %v", s, err)
	}
	for option, want := range map[string]string{
		"Port":        `-o "Port": an option has the form Key=Value`,
		"Prot=22":     `-o "Prot=22": unknown keyword "prot"`,
		"Port=x":      `-o "Port=x": port: "x" is not a port`,
		"Host=x":      `-o "Host=x": host is not allowed in an option`,
		"User='x":     `-o "User='x": a quote is not closed`,
		"Match all":   `-o "Match all": match is not allowed in an option`,
		"Include=x.y": `-o "Include=x.y": include is not allowed in an option`,
	} {
		if _, err := Load(nil, []string{option}, Local{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", option, err, want)
		}
		if _, err := none.Lookup(t.Context(), "h", Given{Options: []string{option}}); err == nil || err.Error() != strings.Replace(want, "-o", "the option", 1) {
			t.Errorf("%s of a host: %v, want %s", option, err, want)
		}
	}
}

// TestNamesInCommands: what an inventory calls the user and the host is no part of a shell's line.
func TestNamesInCommands(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	for _, tt := range []struct {
		config, option string
		command        string // empty: refused
	}{
		{"ProxyCommand nc %r %h", `User=dom\\me`, `nc dom\me web1`},
		{"ProxyCommand nc %h", "User=a;b", "nc web1"},
		{"ProxyCommand nc %r %h", "User=a;b", ""},
		{"ProxyCommand nc %r %h", "User=a`id`", ""},
		{"ProxyCommand nc %r %h", "User=-x", ""},
		{"ProxyCommand nc %r %h", "HostName=a|b", ""},
		{"Match exec \"echo %r >>" + ran + "\"\nProxyCommand nc", "User=me", "nc"},
		{"Match exec \"echo %r >>" + ran + "\"\nProxyCommand nc", "User=$(id)", ""},
		{"Match exec \"echo %h >>" + ran + "\"\nProxyCommand nc", "HostName=a&b", ""},
	} {
		c, err := Load([]string{write(t, tt.config+"\n")}, nil, Local{AllowExec: true})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Lookup(t.Context(), "web1", Given{Options: []string{tt.option}})
		switch {
		case tt.command != "" && (err != nil || s.ProxyCommand != tt.command):
			t.Errorf("%s with %s: %q, %v", tt.config, tt.option, s.ProxyCommand, err)
		case tt.command == "" && (err == nil || !strings.Contains(err.Error(), "which a shell would not take as a name")):
			t.Errorf("%s with %s: %v", tt.config, tt.option, err)
		}
	}
	if text, err := os.ReadFile(ran); err != nil || string(text) != "me\n" {
		t.Errorf("%v, and what ran is %q", err, text)
	}
}

// TestIgnoreUnknown: among the options, too, it is for those after it.
func TestIgnoreUnknown(t *testing.T) {
	options := []string{"IgnoreUnknown=Use*", "UseKeychain=yes"}
	if _, err := Load(nil, options, Local{}); err != nil {
		t.Error(err)
	}
	var none *Config
	if _, err := none.Lookup(t.Context(), "h", Given{Options: options}); err != nil {
		t.Error(err)
	}
}

// TestForeignFile: a file that others may write to is refused, because it decides where to connect.
func TestForeignFile(t *testing.T) {
	_, file, err := load(t, "User a\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o620); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{file}, nil, Local{}); err == nil || err.Error() != file+": it is not taken: others may write to it (chmod go-w)" {
		t.Errorf("the error is %v", err)
	}
	if os.Geteuid() != 0 {
		return // only root can give a file away
	}
	if err := errors.Join(os.Chmod(file, 0o600), os.Chown(file, 12345, 12345)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{file}, nil, Local{}); err == nil || err.Error() != file+": it is not taken: it belongs to somebody else" {
		t.Errorf("the error is %v", err)
	}
}

// TestInclude: a relative name begins at ~/.ssh, wherever the file is that has it.
func TestInclude(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(t.TempDir(), "config")
	if err := errors.Join(os.Mkdir(filepath.Join(home, ".ssh"), 0o700), os.WriteFile(filepath.Join(home, ".ssh", "sub"), []byte("User sub\n"), 0o600), os.WriteFile(file, []byte("Include su*\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, err := Load([]string{file}, nil, Local{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.Lookup(t.Context(), "web1", Given{}); err != nil || s.User != "sub" {
		t.Errorf("the user is %q, %v, want that of the file in ~/.ssh", s.User, err)
	}
}

func TestIncludeCircle(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("User a\nInclude "+file+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{file}, nil, Local{}); err == nil || err.Error() != file+":2: files include each other more than 16 deep" {
		t.Errorf("the error is %v", err)
	}
}

func TestPrecedence(t *testing.T) {
	c, _, err := load(t, "Host web1\n  User file\n  Port 1\n  HostName file\n  IdentityFile ${DIR}/a\n", "Port=2", "HostName=option")
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Lookup(t.Context(), "web1", Given{User: "given", Options: []string{"HostName given", "HostKeyAlias given"}})
	if want := (Settings{HostName: "option", HostKeyAlias: "given", User: "given", Port: 2, IdentityFile: []string{"/dir/a"}}); err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, %v, want %+v", s, err, want)
	}
}

func TestMatchExec(t *testing.T) {
	file := write(t, "Match exec \"test %n = web1\"\n  User yes\nMatch !exec false\n  Port 5\n")
	c, err := Load([]string{file}, nil, Local{AllowExec: true})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{"web1": "yes", "web2": ""} {
		if s, err := c.Lookup(t.Context(), host, Given{}); err != nil || s.User != want || s.Port != 5 {
			t.Errorf("%s is %+v, %v", host, s, err)
		}
	}
	shell := filepath.Join(t.TempDir(), "shell")
	if err := os.WriteFile(shell, []byte("#!/bin/sh\n[ \"$1 $2\" = '-c test web2 = web1' ]\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	own := Local{AllowExec: true, Getenv: func(name string) string { return map[string]string{"SHELL": shell}[name] }}
	if c, err = Load([]string{file}, nil, own); err != nil {
		t.Fatal(err)
	}
	if s, err := c.Lookup(t.Context(), "web2", Given{}); err != nil || s.User != "yes" {
		t.Errorf("with a shell of the user's own: %+v, %v", s, err)
	}
}

func TestAliases(t *testing.T) {
	c, file, err := load(t, "Host web1 web* !web3 \"db 1\"\nHost db1 web1\nMatch host x\n  User y\nHost [::1] 10.0.0.1\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Alias{{"web1", file, 1}, {"db 1", file, 1}, {"db1", file, 2}, {"[::1]", file, 5}, {"10.0.0.1", file, 5}}
	if got := c.Aliases(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestExplain(t *testing.T) {
	c, file, err := load(t, "Host web1\n  User www\n  Compression yes\nHost *\n  User never\n  IdentityFile \"a b\"\n  Compression no\n", "Port=22")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Explain(t.Context(), "web1", Given{})
	want := []Origin{{"port", "22", `-o "Port=22"`, 0, true}, {"user", "www", file, 2, true}, {"compression", "yes", file, 3, false}, {"identityfile", `"a b"`, file, 6, true}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v, %v\nwant %v", got, err, want)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"Host a\n User b", "Match host a,!b user c\n Port 1", "Host=\"a b\" # c\nUser\t=\tx", "Include /x*\n", "IgnoreUnknown *\nX y", "IdentityFile %h\\\"'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") { // an include could name any file on this machine
			return
		}
		directives, err := parseLines("F", []byte(text))
		if err != nil {
			return
		}
		l := loader{c: &Config{byName: map[string][]int{}}}
		for _, d := range directives {
			if d.line < 1 || d.keyword == "" {
				t.Errorf("%q: bad line %+v", text, d)
			}
			if d.keyword != "host" && d.keyword != "match" {
				l.check(d)
			}
		}
	})
}

// manyBlocks is a configuration of n blocks. Every tenth has a wildcard.
func manyBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		star := ""
		if i%10 == 0 {
			star = "*"
		}
		fmt.Fprintf(&b, "Host host%d%s\n  HostName host%d.example.com\n  User user%d\n  IdentityFile ~/.ssh/%d\n", i, star, i, i, i)
	}
	return b.String() + "Host *\n  ServerAliveInterval 15\n"
}

// BenchmarkLookup looks up 10,000 hosts, in a configuration of 1,000 blocks and in one of 10,000.
func BenchmarkLookup(b *testing.B) {
	var one time.Duration
	for _, blocks := range []int{1000, 10_000} {
		b.Run(strconv.Itoa(blocks), func(b *testing.B) {
			c, _, err := load(b, manyBlocks(blocks))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for i := range 10_000 {
					if _, err := c.Lookup(b.Context(), "host"+strconv.Itoa(i), Given{}); err != nil {
						b.Fatal(err)
					}
				}
			}
			took := b.Elapsed() / time.Duration(b.N)
			if one == 0 {
				one = took
			} else {
				b.ReportMetric(float64(took)/float64(one), "growth")
			}
		})
	}
}

// TestAskSSH: with AskSSH, ssh decides, also about directives that this package does not support. The defaults of ssh
// are left out.
func TestAskSSH(t *testing.T) {
	local := localSide(t)
	local.AskSSH = true
	file := write(t, "Match exec \"test %h = web1\"\n  User www\n  IdentityFile ~/.ssh/%h\nHost web*\n  Port 2222\n  ProxyJump a,b\n  CanonicalizeHostname always\n")
	c, err := Load([]string{file}, []string{"ConnectTimeout=7"}, local)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Lookup(t.Context(), "web1", Given{Options: []string{"BindAddress=127.0.0.2", "ConnectTimeout=9"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{HostName: "web1", User: "www", Port: 2222, ProxyJump: []string{"a", "b"}, ConnectTimeout: 7 * time.Second,
		IdentityFile: []string{filepath.Join(local.Home, ".ssh/web1")}, BindAddress: "127.0.0.2"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("web1 is\n%+v, want\n%+v", got, want)
	}
	if got, err := c.Lookup(t.Context(), "db1", Given{HostName: "fe80::1%eth0", User: "me", Port: 22}); err != nil || got.HostName != "fe80::1%eth0" || got.User != "me" || got.IdentityFile != nil {
		t.Errorf("db1 is %+v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("Nonsense yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lookup(t.Context(), "web2", Given{}); err == nil || !strings.Contains(err.Error(), "ssh -G: ") {
		t.Errorf("a bad file: %v", err)
	}
}

// TestContextEndsPrograms: when the context ends, a program that the file has started is ended, and the lookup fails.
func TestContextEndsPrograms(t *testing.T) {
	for _, ask := range []bool{false, true} {
		local := localSide(t)
		local.AllowExec, local.AskSSH = true, ask
		pid := filepath.Join(t.TempDir(), "pid")
		c, err := Load([]string{write(t, "Match exec \"sleep 1000 & echo $! >"+pid+"; wait\"\n  User www\n")}, nil, local)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		child := 0
		go func() {
			for begin := time.Now(); child == 0 && time.Since(begin) < 30*time.Second; time.Sleep(time.Millisecond) {
				text, _ := os.ReadFile(pid)
				child, _ = strconv.Atoi(strings.TrimSpace(string(text)))
			}
			cancel()
		}()
		if _, err := c.Lookup(ctx, "web1", Given{}); !errors.Is(err, context.Canceled) || child == 0 {
			t.Fatalf("with ssh %v: process %d, %v", ask, child, err)
		}
		for begin := time.Now(); ; time.Sleep(time.Millisecond) {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
			if err != nil || bytes.Contains(stat, []byte(") Z ")) {
				break
			}
			if time.Since(begin) > 30*time.Second {
				t.Fatalf("with ssh %v: process %d is still there", ask, child)
			}
		}
	}
}

func TestPath(t *testing.T) {
	c, _, err := load(t, "Host web1\n  HostName 10.0.0.1\n  User www\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Path(t.Context(), "web1", Given{Port: 2222}, "~/%r@%h:%p-%n${DIR}"); err != nil || got != "/home/me/www@10.0.0.1:2222-web1/dir" {
		t.Errorf("the path is %q, %v, want /home/me/www@10.0.0.1:2222-web1/dir", got, err)
	}
	if got, err := c.Path(t.Context(), "web1", Given{}, "~root/x"); err != nil || got != "/root/x" {
		t.Errorf("in the home folder of root: %q, %v", got, err)
	}
	if _, err := c.Path(t.Context(), "web1", Given{}, "%q"); err == nil {
		t.Error("an unknown token is not refused")
	}
}
