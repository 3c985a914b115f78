package report

import (
	"fmt"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

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
		{"the same, with the name of one", []Result{{Host: "web1", Status: runner.Error, Error: "no file of web1"}, {Host: "web2", Status: runner.Error, Error: "no file of web1"}}, nil, "", `
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
		{"a last line that the error ends with", []Result{{Host: "web1", Status: runner.Failed, Reason: runner.NotFetched, Error: "1 refused; the first: /f is a device"}}, map[string]string{"web1": "/f is a device\n"}, "", `
  failed(fetch) web1
    1 refused; the first: /f is a device
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

// TestLeftByBareCommands: the hosts that need looking after are named in a narrow terminal, too.
func TestLeftByBareCommands(t *testing.T) {
	s, files := fleet([]Result{{Host: "db", Status: runner.Timeout, Remains: runner.Unknown}, {Host: "web", Status: runner.Timeout, Remains: runner.Unknown}}, nil, nil)
	for i := range s.Plan.Hosts {
		s.Plan.Hosts[i].Connection.Shell = "none"
	}
	var b strings.Builder
	if err := Text(&b, s, files, Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if want := "is left running on db web (2): a command sent bare is only hung up on\n"; !strings.Contains(b.String(), want) {
		t.Errorf("got\n%swant %s", b.String(), want)
	}
}
