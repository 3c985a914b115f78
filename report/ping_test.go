package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hail/runner"
)

// TestPingTableColor: the status has its colour, and not a part of the host's name.
func TestPingTableColor(t *testing.T) {
	var b strings.Builder
	if err := PingTable(&b, &Summary{Hosts: []Result{{Host: "tokyo", Status: runner.OK}}}, Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	if want := "HOST   STATUS\ntokyo  \x1b[32mok\x1b[0m\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestPingTableWidth: where a line is too long, the name of the server is shortened, and not the columns after it.
func TestPingTableWidth(t *testing.T) {
	reach := func(server string) *runner.Reach {
		return &runner.Reach{TCP: time.Millisecond, Handshake: 30 * time.Millisecond, Login: 20 * time.Millisecond,
			Server: "SSH-2.0-" + server, HostKey: "ssh-ed25519 SHA256:x"}
	}
	s := &Summary{Hosts: []Result{
		{Host: "web01", Status: runner.OK, Reach: reach("OpenSSH_9.2p1 Debian-2+deb12u10")},
		{Host: "web02", Status: runner.OK, Reach: reach("dropbear_2022.83")},
	}}
	for width, want := range map[int]string{
		0: "web01  ok      1ms  30ms       20ms   OpenSSH_9.2p1 Debian-2+deb12u10  ssh-ed25519\n" +
			"web02  ok      1ms  30ms       20ms   dropbear_2022.83                 ssh-ed25519\n",
		80: "web01  ok      1ms  30ms       20ms   OpenSSH_9.2p1 Debian-2+deb12…  ssh-ed25519\n" +
			"web02  ok      1ms  30ms       20ms   dropbear_2022.83               ssh-ed25519\n",
		40: "web01  ok      1ms  30ms       20ms   O…\nweb02  ok      1ms  30ms       20ms   d…\n",
	} {
		var b strings.Builder
		if err := PingTable(&b, s, Style{Width: width}); err != nil {
			t.Fatal(err)
		}
		if _, got, _ := strings.Cut(b.String(), "\n"); got != want {
			t.Errorf("width %d:\n%s, want\n%s", width, got, want)
		}
	}
}

// TestPingTableOfMany: on a terminal, many hosts that were reached alike share a row, with the longest times. Elsewhere,
// each has its own.
func TestPingTableOfMany(t *testing.T) {
	s := &Summary{}
	for i := range 60 {
		s.Hosts = append(s.Hosts, Result{Host: fmt.Sprintf("web%02d", i+1), Status: runner.OK,
			Reach: &runner.Reach{TCP: time.Millisecond, Login: time.Duration(i) * time.Millisecond, Server: "SSH-2.0-Go", HostKey: "ssh-rsa x"}})
	}
	s.Hosts[7].Reach.Server = "SSH-2.0-dropbear"
	s.Hosts[30] = Result{Host: "web31", Status: runner.Unreachable, Reason: runner.Refused}
	var b strings.Builder
	if err := PingTable(&b, s, Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	const want = `HOST                         STATUS                TCP   LOGIN  SERVER    KEY
web[01-07,09-30,32-60] (58)  ok                    ≤1ms  ≤59ms  Go        ssh-rsa
web08                        ok                    1ms   7ms    dropbear  ssh-rsa
web31                        unreachable(refused)
`
	if b.String() != want {
		t.Errorf("%s, want\n%s", &b, want)
	}
	b.Reset()
	if err := PingTable(&b, s, Style{}); err != nil || strings.Count(b.String(), "\n") != 61 {
		t.Errorf("%v, and without a terminal:\n%s", err, &b)
	}
}
