package sshconn

import (
	"io"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"

	"hail/inventory/sshconfig"
)

// forwardedAgent is the socket of the agent that a host may use, as ForwardAgent has it; empty: none.
func (d *Dialer) forwardedAgent(f sshconfig.Settings, agent string) string {
	switch f.ForwardAgent {
	case "", "no":
		return ""
	case "yes":
		return agent
	}
	return d.variable(f.ForwardAgent)
}

// opened answers a channel that the host opens: the agent's, where it was forwarded, and no other.
func (c *conn) opened(nc ssh.NewChannel) {
	if nc.ChannelType() != "auth-agent@openssh.com" || c.agent == "" {
		nc.Reject(ssh.Prohibited, "")
		return
	}
	socket, err := net.DialTimeout("unix", c.agent, agentTimeout)
	if err != nil {
		nc.Reject(ssh.ConnectionFailed, "")
		return
	}
	ch, reqs, err := nc.Accept()
	if err != nil {
		socket.Close()
		return
	}
	c.wg.Go(func() { ssh.DiscardRequests(reqs) })
	c.wg.Go(func() { // both ends close as soon as one does
		closeBoth := sync.OnceFunc(func() { ch.Close(); socket.Close() })
		var wg sync.WaitGroup
		wg.Go(func() { io.Copy(ch, socket); closeBoth() })
		io.Copy(socket, ch)
		closeBoth()
		wg.Wait()
	})
}
