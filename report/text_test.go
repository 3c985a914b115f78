package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// TestTwins: names are of one machine if they have one address and one host key. Machines that were cloned with their
// keys are several.
func TestTwins(t *testing.T) {
	at := func(host, address, key string) Result {
		return Result{Host: host, Reach: &runner.Reach{Address: address, HostKey: key}}
	}
	for _, tt := range []struct {
		name  string
		hosts []Result
		want  []string
	}{
		{"clones", []Result{at("web1", "192.0.2.1:22", "k"), at("web2", "192.0.2.2:22", "k"), at("web3", "192.0.2.1:23", "k")}, nil},
		{"one address in two networks", []Result{at("web1", "10.0.0.1:22", "k"), at("web2", "10.0.0.1:22", "l")}, nil},
		{"no key was seen", []Result{at("web1", "192.0.2.1:22", ""), at("web2", "192.0.2.1:22", ""), {Host: "web3"}}, nil},
		{"two names", []Result{at("web2", "192.0.2.1:22", "k"), at("db", "192.0.2.9:22", "k"), at("web1", "192.0.2.1:22", "k")},
			[]string{"one machine under 2 names, at 192.0.2.1:22: web[1-2]"}},
		{"many", []Result{at("a1", "a", "k"), at("a2", "a", "k"), at("b1", "b", "k"), at("b2", "b", "k"), at("c1", "c", "k"), at("c2", "c", "k"), at("d1", "d", "k"), at("d2", "d", "k")},
			[]string{"one machine under 2 names, at a: a[1-2]", "one machine under 2 names, at b: b[1-2]", "one machine under 2 names, at c: c[1-2]", "and 1 machine more under several names"}},
	} {
		if got := twins(&Summary{Hosts: tt.hosts}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTroubles: hosts that ended for the same reason are in one block, with each of their messages, the most frequent
// first.
func TestTroubles(t *testing.T) {
	var many []Result
	for i := range 9 {
		many = append(many, Result{Host: fmt.Sprint("web", i), Status: runner.Error, Error: fmt.Sprint("no room on disk ", max(i, 2))})
	}
	exit := func(host string) Result {
		return Result{Host: host, Status: runner.Failed, Reason: runner.ExitStatus, Exit: 2, Error: "exit 2"}
	}
	sudo := Result{Host: "web1", Status: runner.Failed, Reason: runner.Escalation, Error: "sudo refuses"}
	for _, tt := range []struct {
		name   string
		hosts  []Result
		stderr map[string]string
		method string
		want   string
	}{
		{"one message", []Result{{Host: "web1", Status: runner.Error, Error: "no such file"}, {Host: "web2", Status: runner.Error, Error: "no such file"}}, nil, "", `
  error web[1-2] (2)
    web1: no such file
`},
		{"the same but for the host's name", []Result{{Host: "web1", Status: runner.Error, Error: "no file of web1"}, {Host: "web2", Status: runner.Error, Error: "no file of web2"}}, nil, "", `
  error web[1-2] (2)
    web1: no file of web1
`},
		{"several messages", []Result{{Host: "web1", Status: runner.Error, Error: "it is a device"}, {Host: "web2", Status: runner.Error, Error: "no parent"},
			{Host: "web3", Status: runner.Error, Error: "no parent"}, {Host: "web4", Status: runner.Error}}, nil, "", `
  error web[1-4] (4)
    web[2-3] (2): no parent
    web1: it is a device
`},
		{"very many", many, nil, "", `
  error web[0-8] (9)
    web[0-2] (3): no room on disk 2
    web3: no room on disk 3
    web4: no room on disk 4
    web5: no room on disk 5
    web6: no room on disk 6
    and 2 more messages
`},
		{"last lines", []Result{exit("web1"), exit("web2"), exit("web3")}, map[string]string{"web1": "a\n", "web2": "b\n", "web3": "no\nb\n"}, "", `
  failed(exit 2) web[1-3] (3)
    web[2-3] (2): b
    web1: a
    log: runs/id/hosts/web2/log
`},
		{"a formula at the end", []Result{exit("web1")}, map[string]string{"web1": "tar: /x: No such file\ntar: Exiting with failure status due to previous errors\n"}, "", `
  failed(exit 2) web1
    tar: /x: No such file
    log: runs/id/hosts/web1/log
`},
		{"a line that was overwritten", []Result{exit("web1")}, map[string]string{"web1": "10%\r20%\rno room\r\n"}, "", `
  failed(exit 2) web1
    … no room
    log: runs/id/hosts/web1/log
`},
		{"nothing but a formula", []Result{exit("web1")}, map[string]string{"web1": "tar: Error is not recoverable: exiting now\n"}, "", `
  failed(exit 2) web1
    tar: Error is not recoverable: exiting now
    log: runs/id/hosts/web1/log
`},
		{"a health check", []Result{{Host: "web1", Status: runner.Failed, Reason: runner.Unhealthy, Error: "it did not pass"}}, map[string]string{"web1": "curl: no\n"}, "", `
  failed(health) web1
    it did not pass
    log: runs/id/hosts/web1/log
`},
		{"what is left", []Result{{Host: "web1", Status: runner.Timeout, Remains: runner.Unknown}, {Host: "web2", Status: runner.Timeout, Remains: runner.Gone},
			{Host: "web3", Status: runner.Timeout, Remains: runner.Alive}, {Host: "web4", Status: runner.Timeout, Remains: runner.Unknown}}, nil, "", `
  timeout web[1-4] (4)
    nothing is left running on 1 host
    something is still running on web3
    it is not known whether anything is left running on web[1,4] (2)
    hint: --timeout allows more time
`},
		{"sudo", []Result{sudo}, nil, "", `
  failed(sudo) web1
    sudo refuses
    hint: -K asks for the sudo password; --tty gives sudo a terminal if it wants one
`},
		{"no user", []Result{{Host: "web1", Status: runner.Failed, Reason: runner.NoUser, Error: "there is no user x"}}, nil, "", `
  failed(no-user) web1
    there is no user x
    hint: check --sudo-user, or become_user in the inventory
`},
		{"no sudo", []Result{{Host: "web1", Status: runner.Failed, Reason: runner.NoTool, Error: "sudo is not installed"}}, nil, "", `
  failed(no-sudo) web1
    sudo is not installed
`},
		{"doas", []Result{sudo}, nil, "doas", `
  failed(sudo) web1
    sudo refuses
    hint: permit it with nopass in the host's doas.conf: doas takes no password from a program
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, files := fleet(tt.hosts, nil, tt.stderr)
			s.Plan.Hosts[0].Connection = inventory.Connection{BecomeMethod: tt.method}
			var b strings.Builder
			if err := Text(&b, s, files, Style{Width: 100}); err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(b.String(), "\n")
			got, _, _ = strings.Cut(got, "wall ")
			if got != tt.want[1:] {
				t.Errorf("got\n%swant\n%s", got, tt.want[1:])
			}
		})
	}
}

// TestHintOfAuth: where a password was given, the hint speaks of it.
func TestHintOfAuth(t *testing.T) {
	r := &Result{Host: "web1", Status: runner.Unreachable, Reason: runner.Auth}
	for p, want := range map[runner.Password]string{
		{}:               "check the user (-l), the key (--identity), and whether the agent holds it",
		{Ask: true}:      "check the user (-l), the password, and whether the server accepts passwords",
		{Command: "gpg"}: "check the user (-l), the password, and whether the server accepts passwords",
	} {
		if got := hint(r, &runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}, Login: p}, 0); got != want {
			t.Errorf("%v: the hint is %q, want %q", p, got, want)
		}
	}
}

// TestHintOfSudo: the hint does not ask for a password that was given.
func TestHintOfSudo(t *testing.T) {
	r := &Result{Host: "web1", Status: runner.Failed, Reason: runner.Escalation, Error: "wrong password for sudo"}
	p := &runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}, Sudo: runner.Password{Ask: true}}
	if got := hint(r, p, 0); !strings.HasPrefix(got, "check that the password is that") {
		t.Errorf("the hint is %q, want it to ask whether the password is right", got)
	}
}

// TestHintOfLost: a command may have run; a push is done again safely.
func TestHintOfLost(t *testing.T) {
	for kind, want := range map[string]string{"exec": "it may have run to its end: look before running it again", "push": "hail retry r1 --only lost pushes again, and first settles what this push has left"} {
		if got := hint(&Result{Status: runner.Lost}, &runner.Plan{Run: "r1", Action: runner.Spec{Kind: kind}}, 0); got != want {
			t.Errorf("%s: the hint is %q, want %q", kind, got, want)
		}
	}
}

// TestCounts: the counts say how many hosts ended well only at a later attempt.
func TestCounts(t *testing.T) {
	s, _ := fleet([]Result{{Host: "a", Status: runner.OK}, {Host: "b", Status: runner.OK}, {Host: "c", Status: runner.Changed}, {Host: "d", Status: runner.Failed}}, nil, nil)
	s.Hosts[1].Attempt, s.Hosts[3].Attempt = 2, 3
	if got, want := Counts(s, Style{}), "4 hosts: 2 ok (1 at the second attempt or later), 1 changed, 1 failed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOvercome: the reason why hosts that ended well had to be tried again is shown once.
func TestOvercome(t *testing.T) {
	s, files := fleet([]Result{{Host: "a", Status: runner.OK}, {Host: "b1", Status: runner.OK}, {Host: "b2", Status: runner.Changed}, {Host: "c", Status: runner.Failed}}, nil, nil)
	for _, r := range s.Hosts[1:] {
		s.Add([]runner.Event{{Kind: runner.KindRetry, Host: r.Host, Time: s.Ended, Status: runner.Unreachable, Reason: runner.Closed, Error: "it said: Exceeded MaxStartups"}})
	}
	var b strings.Builder
	if err := Text(&b, s, files, Style{}); err != nil {
		t.Fatal(err)
	}
	const want = `
  failed c
  retried after unreachable(closed) b[1-2] (2)
    b1: it said: Exceeded MaxStartups
    hint: a busy server hangs up: lower --per-address or --connecting for fewer logins at once
wall `
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s\nwant in it\n%s", b.String(), want)
	}
}

// TestOverBudget: the text says which budget was exceeded, and how many it allows.
func TestOverBudget(t *testing.T) {
	s, _ := fleet([]Result{{Host: "a", Status: runner.Failed}, {Host: "b", Status: runner.Timeout}, {Host: "c", Status: runner.Unreachable}, {Host: "d", Status: runner.Skipped}}, nil, nil)
	s.Stopped = runner.OverBudget
	one, quarter, half := &runner.Share{Value: 1}, &runner.Share{Value: 25, Percent: true}, &runner.Share{Value: 50, Percent: true}
	for want, b := range map[string]runner.Budget{
		"2 failed, --max-fail allows 1":                                            {Fail: one, Unreachable: one},
		"2 failed, --max-fail allows 1 (25%)":                                      {Fail: quarter},
		"1 unreachable, --max-unreachable allows 0":                                {Fail: half, Unreachable: &runner.Share{}},
		"2 failed, --max-fail allows 0; 1 unreachable, --max-unreachable allows 0": {Fail: &runner.Share{}, Unreachable: &runner.Share{}},
		"more hosts went wrong than the budget allows":                             {Fail: half},
	} {
		if s.Plan.Budget = b; stopText(s) != want {
			t.Errorf("%q, want %q", stopText(s), want)
		}
	}
}

// TestSays: a report with room for one message says how many others there are.
func TestSays(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.Error, Error: "it is a device"}, {Host: "web2", Status: runner.Error, Error: "no parent"}, {Host: "web3", Status: runner.Error, Error: "no parent"},
		{Host: "web4", Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Error: "exit 3"}}, nil, nil)
	text := (&Report{Summary: s, Files: files}).written(t, "markdown")
	for _, want := range []string{`| error | web\[1-3] (3) | no parent (and 1 other message) |`, `| failed(exit 3) | web4 (1) |  |`} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not contain %q:\n%s", want, text)
		}
	}
}

// TestGroupsLeft: a report with room for some groups says how many others there are.
func TestGroupsLeft(t *testing.T) {
	var results []Result
	out := map[string]string{}
	for i := range mostGroups + 1 {
		name := fmt.Sprintf("web%d", i)
		results = append(results, Result{Host: name, Status: runner.OK})
		out[name] = name
	}
	s, files := fleet(results, out, nil)
	if text := (&Report{Summary: s, Files: files}).written(t, "markdown"); !strings.Contains(text, "\nThe record has 1 more group.\n") {
		t.Errorf("the report does not say that one group is left:\n%s", text)
	}
}

// TestTextWithoutRecord: without a record, the summary does not point to one.
func TestTextWithoutRecord(t *testing.T) {
	s, _ := forty()
	var b strings.Builder
	if err := Text(&b, s, &Piped{Summary: s}, Style{}); err != nil || strings.Contains(b.String(), "\nrecord ") || strings.Contains(b.String(), "log: ") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
