package report

import (
	"strings"
	"testing"
	"unicode"

	"hail/inventory"
	"hail/runner"
)

// TestNotFinished: of a host that has not ended, each display says so in the same words.
func TestNotFinished(t *testing.T) {
	ended, _ := fleet([]Result{{Host: "web1", Status: runner.OK}}, nil, nil)
	going, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": "hi\n"}, nil)
	going.Hosts[0].Status, going.Hosts[0].Stdout = "", Output{}
	var diff, ping strings.Builder
	if err := Diff(&diff, &Report{Summary: going, Files: files}, &Report{Summary: ended, Files: files}, Gathering{}, Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "── web1\n-not finished yet\n+ok\n"; diff.String() != want {
		t.Errorf("the difference is %q, want %q", diff.String(), want)
	}
	if err := PingTable(&ping, going, Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(ping.String(), "\nweb1  not finished yet  ") {
		t.Errorf("the table of ping is\n%s", ping.String())
	}
	going.Hosts[0].Stdout = Output{Length: 3, Checksum: crcOf("hi\n")}
	if page := (&Report{Summary: going, Files: files}).written(t, "html"); strings.Count(page, `"how":"not finished yet"`) != 2 {
		t.Errorf("the page does not say it of the host and of its group:\n%s", page)
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
		if got := hint(r, &runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}, Login: runner.LoginPassword{Password: p}}, 0); got != want {
			t.Errorf("%v: the hint is %q, want %q", p, got, want)
		}
	}
}

// TestHintOfSudo: the hint does not ask for a password that was given. Where it was withheld, since the host's key was not
// verified, another one is no remedy.
func TestHintOfSudo(t *testing.T) {
	p := &runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}, Sudo: runner.Password{Ask: true}}
	for unverified, want := range map[bool]string{false: "check that the password is that", true: "hail hostkeys -w web1 shows its key"} {
		r := &Result{Host: "web1", Status: runner.Failed, Reason: runner.Escalation, Reach: &runner.Reach{Unverified: unverified}}
		if got := hint(r, p, 0); !strings.HasPrefix(got, want) {
			t.Errorf("unverified %v: the hint is %q, want %q", unverified, got, want)
		}
	}
}

// TestHintOfJump: the hint says what to try, depending on how far it came.
func TestHintOfJump(t *testing.T) {
	for _, tt := range []struct {
		phase               runner.Phase
		jump, control, want string
	}{
		{"", "gate", "", "hail ping --any-host -w gate shows how the jump host itself is reached"},
		{"", "", "", "hail ping its jump host, to see why that is not reached"},
		{"", "admin@gate:2222", "", "hail ping its jump host, to see why that is not reached"},
		{"", "gate,inner", "", "hail ping its jump host, to see why that is not reached"},
		{"", "gate; rm \x1b[2J", "", "hail ping its jump host, to see why that is not reached"},
		{"tcp", "gate", "", "the jump host has to allow forwarding (AllowTcpForwarding), and to reach that address itself"},
		{"proxy", "", "", "run the ProxyCommand by hand, or see its steps with -v"},
		{"handshake", "", "", "run the ProxyCommand by hand, or see its steps with -v"},
		{"master", "", "", "without --control, hail makes a connection of its own"},
		{"tcp", "", "/run/gate", "without %h or %C in --control, the master is a jump host: it has to allow forwarding, and to reach that address itself"},
	} {
		r := &Result{Host: "web1", Status: runner.Unreachable, Reason: runner.Jump, Reach: &runner.Reach{Phase: tt.phase}}
		p := &runner.Plan{Control: tt.control, Hosts: []inventory.Host{{Name: "web1", Connection: inventory.Connection{Jump: tt.jump}}}}
		if got := hint(r, p, 0); got != tt.want {
			t.Errorf("%v: the hint is %q", tt, got)
		}
	}
}

// TestDoingIsHarmless: a record may be somebody else's, and name any user.
func TestDoingIsHarmless(t *testing.T) {
	yes := true
	p := &runner.Plan{Hosts: []inventory.Host{{Name: "web1", Connection: inventory.Connection{Become: &yes, BecomeUser: "a\x1b[2J\nb"}}}}
	if got := (Style{}).Doing("uptime", p, ""); strings.ContainsFunc(got, unicode.IsControl) {
		t.Errorf("%q has control characters", got)
	}
}

// TestHintOfTerminal: a server that refuses a terminal may well run the command without one.
func TestHintOfTerminal(t *testing.T) {
	r := &Result{Status: runner.Unreachable, Reason: runner.ChannelRefused}
	if got := hint(r, &runner.Plan{TTY: true}, 0); !strings.HasSuffix(got, "without --tty, none is asked for") {
		t.Errorf("the hint is %q, want it to name --tty", got)
	}
}

// TestHintOfHostKey: where several runs are shown together, the host has ended so in one of them.
func TestHintOfHostKey(t *testing.T) {
	for run, want := range map[string]string{"": "run:r1/hostkey-unknown", "r2": "run:r2/hostkey-unknown"} {
		r := &Result{Status: runner.Unreachable, Reason: runner.HostKeyUnknown, Run: run}
		if got := hint(r, &runner.Plan{Run: "r1"}, 0); !strings.HasSuffix(got, want) {
			t.Errorf("the hint is %q, want it to name %s", got, want)
		}
	}
}

// TestHintOfLost: a command may have run; a push is done again safely.
func TestHintOfLost(t *testing.T) {
	for kind, want := range map[string]string{runner.ActionExec: "it may have run to its end: look before running it again", runner.ActionPush: "hail retry r1 --only lost pushes again, and first settles what this push has left"} {
		if got := hint(&Result{Status: runner.Lost}, &runner.Plan{Run: "r1", Action: runner.Spec{Kind: kind}}, 0); got != want {
			t.Errorf("%s: the hint is %q, want %q", kind, got, want)
		}
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
