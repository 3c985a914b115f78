package main

import (
	"context"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
	"hail/runner/become"
	"hail/runner/sshconn"
	"hail/runner/wrap"
)

// newDialer stacks the dialers, wrap → become → ssh → jump → TCP, and prepares them for the hosts of the plan. The wrapper
// runs as the other user, so that it can end the processes of that user. The caller closes the sshconn.Dialer, which ends
// everything that is still open. warn and trace are as in sshconn.Config.
func newDialer(e environment, p *runner.Plan, inv *inventory.Inventory, given passwords, warn func(string), trace sshconn.Trace) (runner.Dialer, *sshconn.Dialer, error) {
	local := e.sshLocal()
	local.AllowExec, local.AskSSH = p.AllowExec, p.AskSSH
	config, err := sshconfig.Load(e.sshConfigFiles(p.SSHConfig), p.SSHOptions, local)
	if err != nil {
		return nil, nil, err
	}
	ssh := sshconn.New(sshconn.Config{
		SSHConfig:      config,
		Local:          local,
		Environ:        e.environ,
		Agent:          e.getenv("SSH_AUTH_SOCK"),
		Password:       given.login,
		HostKeys:       p.HostKeys,
		ConnectTimeout: p.Clocks.Connect.Value(),
		Connecting:     p.Connecting,
		ConnectingMost: p.ConnectingMost,
		PerAddress:     p.PerAddress,
		Find:           inv.Host,
		Control:        p.Control,
		Warn:           warn,
		Trace:          trace,
	})
	if err := e.untilSignal(func(ctx context.Context) error { return ssh.Prepare(ctx, p.Hosts) }); err != nil { // ssh_config may run programs
		ssh.Close()
		return nil, nil, err
	}
	return wrap.Dialer{Inner: become.Dialer{Inner: ssh, Password: given.sudo}}, ssh, nil
}
