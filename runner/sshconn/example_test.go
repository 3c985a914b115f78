package sshconn_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/become"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
	"hail/runner/wrap"
)

// A run over SSH: here to servers in this process, whose inventory names the key that may log in and their known_hosts.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "hail-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	fleet, err := sshtest.StartFleet(dir, []sshtest.Server{{Name: "web1"}, {Name: "web2", Faults: sshtest.Faults{Greeting: "too many connections"}}})
	if err != nil {
		panic(err)
	}
	defer fleet.Close()
	ctx := context.Background()
	inv, err := inventory.Load(ctx, []string{fleet.Inventory()}, inventory.Surroundings{})
	if err != nil {
		panic(err)
	}

	ssh := sshconn.New(sshconn.Config{Find: inv.Host})
	defer ssh.Close()
	plan := runner.Plan{Fanout: 1, Hosts: inv.Hosts()}
	dialer := wrap.Dialer{Inner: become.Dialer{Inner: ssh}} // the wrapper runs as the other user
	for batch := range runner.Run(ctx, plan, action.Exec{Line: "uptime"}, dialer, nil) {
		for _, e := range batch {
			if e.Kind == runner.KindFinish {
				fmt.Printf("%s %s(%s)\n", e.Host, e.Status, e.Reason)
			}
		}
	}
	// Output:
	// web1 ok()
	// web2 unreachable(closed)
}

// With ssh_config, agent and environment, hosts are reached as ssh reaches them. Here, the home folder has what the server
// needs; for the user's own, Local is made of os/user, os.Hostname and os.Getenv.
func ExampleConfig() {
	home, err := os.MkdirTemp("", "hail-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	fleet, err := sshtest.StartFleet(home, []sshtest.Server{{Name: "web1"}})
	if err != nil {
		panic(err)
	}
	defer fleet.Close()
	text := fmt.Sprintf("Host box\nHostName 127.0.0.1\nPort %d\nIdentityFile ~/id_ed25519\nUserKnownHostsFile ~/known_hosts\n", fleet.Servers[0].Port())
	config := filepath.Join(home, "config")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		panic(err)
	}

	local := sshconfig.Local{Home: home, User: "demo", UID: os.Getuid(), Getenv: os.Getenv}
	files, err := sshconfig.Load([]string{config, "/etc/ssh/ssh_config"}, nil, local)
	if err != nil {
		panic(err)
	}
	ssh := sshconn.New(sshconn.Config{
		SSHConfig:  files,
		Local:      local,
		Environ:    os.Environ(),
		Agent:      os.Getenv("SSH_AUTH_SOCK"),
		Connecting: 50, // handshakes at once, whatever the fan-out
		PerAddress: 8,
		Warn:       func(text string) { fmt.Fprintln(os.Stderr, text) },
	})
	defer ssh.Close()
	conn, err := ssh.Dial(context.Background(), inventory.Host{Name: "box"})
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Println(conn.Exec(context.Background(), "hostname", runner.Stdio{Out: os.Stdout}))
	// Output:
	// web1
	// <nil>
}
